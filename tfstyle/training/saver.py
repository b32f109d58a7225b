"""`Saver`: writes the variables of a session into files and restores them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np

from tfstyle.client.session import BaseSession
from tfstyle.framework import errors
from tfstyle.framework.ops import GraphKeys
from tfstyle.ops import variables
from tfstyle.training import meta_graph, training_util
from tfstyle.training.checkpoint_reader import NewCheckpointReader, checkpoint_files
from tfstyle.training.checkpoint_state import (
    generate_checkpoint_state_proto,
    get_checkpoint_state,
    latest_checkpoint,
    update_checkpoint_state,
)
from tfstyle.training.meta_graph import export_meta_graph, read_meta_graph_file
from tfstyle.training.saver_builder import V1, BaseSaverBuilder

__all__ = [
    "BaseSaverBuilder",
    "NewCheckpointReader",
    "Saver",
    "export_meta_graph",
    "generate_checkpoint_state_proto",
    "get_checkpoint_state",
    "import_meta_graph",
    "latest_checkpoint",
    "read_meta_graph_file",
    "update_checkpoint_state",
]


class _MissingCheckpointError(errors.NotFoundError, ValueError):
    """0.9 raised `ValueError` for a path without a file, later releases this error."""


class Saver:
    """Saves variables into checkpoints and restores them.

        saver = tf.train.Saver()
        ...
        path = saver.save(sess, "logs/model", global_step=step)  # "logs/model-100"
        ...
        saver.restore(sess, path)

    Files are those of TensorFlow, in both directions. As in 0.9 a checkpoint is one
    file at the returned path; `write_version=tf.train.SaverDef.V2` writes the format of
    later releases. Restoring takes either. Files appear whole or not at all.

    The newest checkpoints are kept and older ones deleted; a file `checkpoint` in the
    folder tells what there is (see `tf.train.latest_checkpoint`).
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: Any = None,
        builder: Any = None,
        write_version: int = V1,
    ) -> None:
        """Adds the operations that save and restore to the default graph.

        Args:
            var_list: a list of variables, or a dict: name in the checkpoint ->
                variable. Default: `tf.all_variables()`.
            reshape: whether values with another shape than the variable are accepted,
                when they have as many elements.
            sharded: whether to write one file for each device.
            max_to_keep: how many checkpoints to keep; None or 0: all.
            keep_checkpoint_every_n_hours: in addition, of every so many hours one
                checkpoint is never deleted.
            name: name scope of the operations, default "save".
            restore_sequentially: accepted; one variable is restored after the other.
            saver_def: a `SaverDef` of operations that are there already.
            builder: a `BaseSaverBuilder` to use.
            write_version: `tf.train.SaverDef.V1` or `V2` (of later releases).

        Raises:
            TypeError: when `var_list` is neither list nor dict, or has something in it
                that is no variable.
            ValueError: when there are no variables, or two of them have one name.

        Differs from TF: format V2 with `sharded` writes one file with all values.
        """
        if saver_def is None:
            if builder is None:
                builder = BaseSaverBuilder(write_version)
            if var_list is None:
                var_list = variables.all_variables()
            if not var_list and isinstance(var_list, (list, tuple, dict)):
                raise ValueError("No variables to save")
            saver_def = builder.build(
                var_list,
                reshape=reshape,
                sharded=sharded,
                max_to_keep=max_to_keep,
                keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
                name=name,
                restore_sequentially=restore_sequentially,
            )
        _check_saver_def(saver_def)
        self.saver_def = saver_def
        # Path and time of the checkpoints that may be deleted, the oldest first.
        self._last_checkpoints: list[tuple[str, float]] = []
        self._next_checkpoint_time = (
            time.time() + saver_def.keep_checkpoint_every_n_hours * 3600
        )

    # -- as a protocol buffer ---------------------------------------------------

    def as_saver_def(self) -> Any:
        """The `SaverDef` of this saver."""
        return self.saver_def

    def to_proto(self) -> Any:
        """The `SaverDef` of this saver."""
        return self.saver_def

    @staticmethod
    def from_proto(saver_def: Any) -> Saver:
        """The saver whose operations, named in a `SaverDef`, are in the graph."""
        return Saver(saver_def=saver_def)

    # -- which checkpoints there are --------------------------------------------

    @property
    def last_checkpoints(self) -> list[str]:
        """Paths of the checkpoints that are not deleted yet, the oldest first."""
        return [path for path, _ in self._last_checkpoints]

    def set_last_checkpoints(self, last_checkpoints: Any) -> None:
        """Sets the paths of the checkpoints that are there, the oldest first.

        Their times are not known: none is kept for `keep_checkpoint_every_n_hours`.
        Deprecated: use `set_last_checkpoints_with_time`.
        """
        assert isinstance(last_checkpoints, list)
        self._last_checkpoints = [(path, np.inf) for path in last_checkpoints]

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: Any) -> None:
        """Sets the (path, time of writing) of the checkpoints, the oldest first.

        Args:
            last_checkpoints_with_time: list of pairs; seconds as of `time.time()`.
        """
        assert isinstance(last_checkpoints_with_time, list)
        self._last_checkpoints = last_checkpoints_with_time

    def _note_checkpoint(self, path: str, meta_graph_suffix: str) -> None:
        """Adds a checkpoint, and deletes the oldest when there are too many."""
        limit = self.saver_def.max_to_keep
        if not limit:
            return
        known = [entry for entry in self._last_checkpoints if entry[0] != path]
        known.append((path, time.time()))
        deleted: list[str] = []
        while len(known) > limit:
            oldest, written = known.pop(0)
            if written > self._next_checkpoint_time:
                hours = self.saver_def.keep_checkpoint_every_n_hours
                self._next_checkpoint_time += hours * 3600
            else:
                deleted.append(oldest)
        self._last_checkpoints = known
        for old in deleted:
            for file in (
                *checkpoint_files(old),
                _meta_graph_path(old, meta_graph_suffix),
            ):
                # Somebody may have removed or moved it.
                with suppress(OSError):
                    os.remove(file)

    # -- saving and restoring ---------------------------------------------------

    def save(
        self,
        sess: Any,
        save_path: str,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
    ) -> str:
        """Saves the variables.

        Args:
            sess: the session whose variables are saved; they must be initialised.
            save_path: path of the checkpoint; a prefix of it when `sharded`.
            global_step: a number that is added to the path, `"model-100"`; an int, or
                a Tensor or Variable that holds it.
            latest_filename: name of the file that tells which checkpoints there are,
                default "checkpoint".
            meta_graph_suffix: what the name of the file with the graph ends with.
            write_meta_graph: whether to write that file.

        Returns:
            The path to be given to `restore`.

        Raises:
            TypeError: when `sess` is no session.
            ValueError: when the folder does not exist, or `latest_filename` has a
                folder in it or is the name of the checkpoint.
            tf.errors.OpError: when the files cannot be written, or a variable is not
                initialised.
        """
        if not isinstance(sess, BaseSession):
            raise TypeError(f"'sess' must be a Session; {sess}")
        save_path = os.fspath(save_path)
        latest_filename = latest_filename or "checkpoint"
        target = self._target(sess, save_path, global_step, latest_filename)
        written = sess.run(
            self.saver_def.save_tensor_name,
            {self.saver_def.filename_tensor_name: target},
        )
        path = os.fsdecode(np.asarray(written).item())
        self._note_checkpoint(path, meta_graph_suffix)
        update_checkpoint_state(
            os.path.dirname(save_path), path, self.last_checkpoints, latest_filename
        )
        if write_meta_graph:
            with sess.graph.as_default():
                self.export_meta_graph(_meta_graph_path(target, meta_graph_suffix))
        return path

    def _target(
        self, sess: Any, save_path: str, global_step: Any, latest_filename: str
    ) -> str:
        if os.path.dirname(latest_filename):
            raise ValueError("'latest_filename' must not contain path components")
        folder = os.path.dirname(save_path)
        if folder and not os.path.isdir(folder):
            raise ValueError(
                f"Parent directory of {save_path} doesn't exist, can't save."
            )
        if global_step is not None:
            if not isinstance(global_step, (int, np.integer)):
                global_step = training_util.global_step(sess, global_step)
            return f"{save_path}-{global_step}"
        if os.path.basename(save_path) == latest_filename and not (
            self.saver_def.sharded
        ):
            raise ValueError(
                f"'latest_filename' collides with 'save_path': '{latest_filename}' and "
                f"'{save_path}'"
            )
        return save_path

    def restore(self, sess: Any, save_path: str) -> None:
        """Restores the variables; they need not be initialised.

        Args:
            sess: the session.
            save_path: what `save` or `tf.train.latest_checkpoint` returned.

        Raises:
            tf.errors.NotFoundError: when there is no checkpoint at the path (this error
                is a ValueError, too), or a variable is not in it.
            tf.errors.InvalidArgumentError: when a variable has another shape or dtype
                in it.
            tf.errors.DataLossError: when a file is damaged or no checkpoint.
        """
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        save_path = os.fsdecode(save_path)
        if not checkpoint_files(save_path):
            raise _MissingCheckpointError(
                None,
                None,
                "Unsuccessful TensorSliceReader constructor: Failed to find any "
                f"matching files for {save_path}",
            )
        sess.run(
            self.saver_def.restore_op_name,
            {self.saver_def.filename_tensor_name: save_path},
        )

    def export_meta_graph(
        self,
        filename: str | None = None,
        collection_list: Iterable[str] | None = None,
        as_text: bool = False,
    ) -> Any:
        """`tf.train.export_meta_graph` with this saver.

        Args:
            filename: file to write it to.
            collection_list: keys of the collections to take; default: all.
            as_text: whether to write text, not binary.

        Returns:
            The `MetaGraphDef`.
        """
        return export_meta_graph(
            filename,
            saver_def=self.saver_def,
            collection_list=collection_list,
            as_text=as_text,
        )


def _check_saver_def(saver_def: Any) -> None:
    from tfstyle.core.protobuf.saver_pb2 import SaverDef

    if not isinstance(saver_def, SaverDef):
        raise ValueError(f"saver_def must be a saver_pb2.SaverDef: {saver_def}")
    if not saver_def.save_tensor_name:
        raise ValueError(f"saver_def must specify the save_tensor_name: {saver_def}")
    if not saver_def.restore_op_name:
        raise ValueError(f"saver_def must specify the restore_op_name: {saver_def}")


def _meta_graph_path(path: str, suffix: str) -> str:
    """Where the graph of a checkpoint lies; one file for all of its shards."""
    return f"{re.sub(r'-[0-9?]+-of-[0-9]+$', '', path)}.{suffix}"


def import_meta_graph(meta_graph_or_file: Any) -> Saver | None:
    """Adds a graph and its collections to the default graph.

    Args:
        meta_graph_or_file: a `MetaGraphDef`, or the path of a file with one, such as
            `"model-100.meta"`.

    Returns:
        The `Saver` that was exported with it; None when there is none and no variables.

    Raises:
        OSError: when there is no such file, or it holds something else.
        ValueError: when the graph has loops or gradients of this library (see
            `tf.train.export_meta_graph`).
        KeyError: when it has an op whose type is not known.
    """
    if isinstance(meta_graph_or_file, (str, bytes, os.PathLike)):
        meta = read_meta_graph_file(os.fsdecode(meta_graph_or_file))
    else:
        meta = meta_graph_or_file
    meta_graph.import_collections(meta)
    if meta.HasField("saver_def"):
        return Saver(saver_def=meta.saver_def)
    return Saver() if variables.all_variables() else None


meta_graph.register_late(
    GraphKeys.SAVERS,
    "core.protobuf.saver_pb2",
    "SaverDef",
    Saver.to_proto,
    Saver.from_proto,
)
