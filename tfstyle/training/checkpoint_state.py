"""The text file that tells which checkpoints a folder has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tfstyle.framework import errors
from tfstyle.platform import tf_logging as logging
from tfstyle.training.checkpoint_reader import checkpoint_files
from tfstyle.training.checkpoint_tensors import written_whole

__all__ = [
    "generate_checkpoint_state_proto",
    "get_checkpoint_state",
    "latest_checkpoint",
    "state_path",
    "update_checkpoint_state",
]


def state_path(save_dir: str, latest_filename: str | None) -> str:
    """Where the state of a folder is kept, by default in its file `checkpoint`."""
    return os.path.join(save_dir, latest_filename or "checkpoint")


def generate_checkpoint_state_proto(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
) -> Any:
    """A `CheckpointState` protocol buffer.

    Args:
        save_dir: folder of the checkpoints. When it is a relative path, relative paths
            of checkpoints become relative to it, so that it can be moved.
        model_checkpoint_path: path of the latest checkpoint.
        all_model_checkpoint_paths: paths of all checkpoints that are kept, the oldest
            first; the latest is added when it is not the last of them.
    """
    from tfstyle.core.training.checkpoint_state_pb2 import CheckpointState

    paths = list(all_model_checkpoint_paths or ())
    if not paths or paths[-1] != model_checkpoint_path:
        if paths:
            logging.info(
                "%s is not in all_model_checkpoint_paths. Manually adding it.",
                model_checkpoint_path,
            )
        paths.append(model_checkpoint_path)
    if not os.path.isabs(save_dir):
        paths = [p if os.path.isabs(p) else os.path.relpath(p, save_dir) for p in paths]
    return CheckpointState(
        model_checkpoint_path=paths[-1], all_model_checkpoint_paths=paths
    )


def update_checkpoint_state(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
) -> None:
    """Writes the file that tells which checkpoints a folder has.

    Args:
        save_dir: folder of the checkpoints.
        model_checkpoint_path: path of the latest checkpoint.
        all_model_checkpoint_paths: paths of all checkpoints that are kept, the oldest
            first.
        latest_filename: name of the file, default "checkpoint".

    Raises:
        RuntimeError: when the checkpoint itself lies at the path of this file.
        tf.errors.OpError: when the file cannot be written.
    """
    from google.protobuf import text_format

    path = state_path(save_dir, latest_filename)
    if path == model_checkpoint_path:
        raise RuntimeError(
            f"Save path '{model_checkpoint_path}' conflicts with path used for "
            "checkpoint state.  Please use a different save path."
        )
    state = generate_checkpoint_state_proto(
        save_dir, model_checkpoint_path, all_model_checkpoint_paths
    )
    with written_whole(path) as file:
        file.write(text_format.MessageToString(state).encode())


def get_checkpoint_state(
    checkpoint_dir: str, latest_filename: str | None = None
) -> Any:
    """Reads which checkpoints a folder has.

    Args:
        checkpoint_dir: the folder.
        latest_filename: name of the file that tells it, default "checkpoint".

    Returns:
        A `CheckpointState` whose relative paths start with the folder; None, and a
        warning, when the file is not there or cannot be read.
    """
    from google.protobuf import text_format

    from tfstyle.core.training.checkpoint_state_pb2 import CheckpointState

    path = state_path(checkpoint_dir, latest_filename)
    if not os.path.exists(path):
        return None
    try:
        with open(path, encoding="utf-8") as file:
            state = text_format.Parse(
                file.read(), CheckpointState(), allow_unknown_field=True
            )
        if not state.model_checkpoint_path:
            raise ValueError(f"Invalid checkpoint state loaded from {checkpoint_dir}")
    except (OSError, ValueError, errors.OpError, text_format.ParseError) as error:
        logging.warning("%s: %s", type(error).__name__, error)
        logging.warning("%s: Checkpoint ignored", path)
        return None
    # os.path.join leaves absolute paths as they are.
    state.model_checkpoint_path = os.path.join(
        checkpoint_dir, state.model_checkpoint_path
    )
    paths = [os.path.join(checkpoint_dir, p) for p in state.all_model_checkpoint_paths]
    state.all_model_checkpoint_paths[:] = paths
    return state


def latest_checkpoint(
    checkpoint_dir: str, latest_filename: str | None = None
) -> str | None:
    """The path of the latest checkpoint of a folder.

    Args:
        checkpoint_dir: the folder.
        latest_filename: name of the file that tells it, default "checkpoint".

    Returns:
        A path to be given to `Saver.restore`; None when there is no checkpoint.
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    path: str = state.model_checkpoint_path
    if checkpoint_files(path):
        return path
    logging.error("Couldn't match files for checkpoint %s", path)
    return None
