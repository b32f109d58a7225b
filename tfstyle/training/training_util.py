"""Small helpers of training programs."""

from __future__ import annotations

import os

from tfstyle.framework import dtypes, ops
from tfstyle.ops import variables
from tfstyle.platform import gfile

__all__ = ["assert_global_step", "get_global_step", "global_step", "write_graph"]


def global_step(sess, global_step_tensor):
    """The value of the step counter in a session.

    Args:
        sess: a session.
        global_step_tensor: a Tensor or a Variable.

    Returns:
        A Python int.
    """
    return int(sess.run(global_step_tensor))


def get_global_step(graph=None):
    """The step counter of a graph, or None (a function of later releases).

    Args:
        graph: the graph; default: the default graph.

    Returns:
        The one item of the collection `GraphKeys.GLOBAL_STEP`, else the tensor
        "global_step:0".

    Raises:
        TypeError: when it is no integer scalar.
    """
    graph = graph or ops.get_default_graph()
    found = graph.get_collection(ops.GraphKeys.GLOBAL_STEP)
    if len(found) > 1:
        return None
    if found:
        tensor = found[0]
    else:
        try:
            tensor = graph.get_tensor_by_name("global_step:0")
        except KeyError:
            return None
    assert_global_step(tensor)
    return tensor


def assert_global_step(global_step_tensor):
    """Checks that a step counter is a Tensor or Variable that holds one integer.

    Raises:
        TypeError: when it is not.
    """
    if not isinstance(global_step_tensor, (variables.Variable, ops.Tensor)):
        raise TypeError(
            f'Existing "global_step" must be a Variable or Tensor: '
            f"{global_step_tensor}."
        )
    dtype = global_step_tensor.dtype.base_dtype
    if dtype not in (dtypes.int32, dtypes.int64):
        raise TypeError(
            f'Existing "global_step" does not have integer type: {dtype.name}'
        )
    shape = global_step_tensor.get_shape()
    if shape.ndims not in (0, None):
        raise TypeError(f'Existing "global_step" is not scalar: {shape}')


def write_graph(graph_def, logdir, name, as_text=True):
    """Writes a graph into a file.

    Args:
        graph_def: a `GraphDef`, or a `Graph`.
        logdir: folder, made if it does not exist.
        name: name of the file.
        as_text: whether to write the text format of protocol buffers, not the binary.
    """
    if isinstance(graph_def, ops.Graph):
        graph_def = graph_def.as_graph_def()
    gfile.MakeDirs(logdir)
    path = os.path.join(logdir, name)
    if as_text:
        from google.protobuf import text_format

        with gfile.FastGFile(path, "w") as file:
            file.write(text_format.MessageToString(graph_def))
    else:
        with gfile.FastGFile(path, "wb") as file:
            file.write(graph_def.SerializeToString())
