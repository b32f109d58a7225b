"""Values that stay in the session from one run to the next, without a copy out."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfstyle.framework import common_shapes, dtypes, errors, ops
from tfstyle.framework.op_def import Array, op
from tfstyle.framework.session_resources import session_resources
from tfstyle.framework.tensor import Tensor
from tfstyle.ops.shape_ops import placeholder

__all__ = [
    "TensorHandle",
    "delete_session_tensor",
    "get_session_handle",
    "get_session_tensor",
]

# Name of the resource of a session that holds the values, by handle.
HANDLES = "session_tensors"
_count = itertools.count()


class TensorHandle:
    """What running a tensor of `get_session_handle` returns.

    The value stays in the session until `delete` or until this object is gone.
    """

    def __init__(self, handle: str, dtype: Any, session: Any) -> None:
        """Stands for a value that `session` keeps.

        Args:
            handle: the name of the value, to be fed to the placeholder that
                `get_session_tensor` or `delete_session_tensor` makes.
            dtype: element type of the value.
            session: the session that keeps it.
        """
        self._handle = handle
        self._dtype = dtype
        self._session = session
        self._finalizer = weakref.finalize(self, session._register_dead_handle, handle)
        self._finalizer.atexit = False

    def __str__(self) -> str:
        return self._handle

    @property
    def handle(self) -> str:
        """The name of the value, a string."""
        return self._handle

    @property
    def dtype(self) -> Any:
        """The element type of the value."""
        return self._dtype

    def get_raw_handle(self) -> str:
        """The name of the value, which then stays until it is deleted explicitly."""
        self._finalizer.detach()
        return self._handle

    def eval(self) -> Any:
        """The value, a NumPy array.

        Raises:
            TypeError: when it has been deleted.
        """
        return self._run(self._dtype, lambda: get_session_tensor(self._dtype))

    def delete(self) -> None:
        """Frees the value.

        Raises:
            TypeError: when it has been deleted.
        """
        self._finalizer.detach()
        self._run("delete", delete_session_tensor)

    def _run(self, key: Any, make: Callable[[], tuple[Tensor, Any]]) -> Any:
        """Runs operations that are added to the graph once, also to a finalized one."""
        graph = self._session.graph
        known = vars(graph).setdefault("_session_tensors", {})
        if key not in known:
            finalized, graph._finalized = graph._finalized, False
            try:
                with (
                    graph.as_default(),
                    graph.name_scope(None),
                    graph.control_dependencies(None),
                ):
                    known[key] = make()
            finally:
                graph._finalized = finalized
        holder, fetch = known[key]
        try:
            return self._session.run(fetch, {holder: self._handle})
        except errors.InvalidArgumentError:
            raise TypeError(
                f"Persistent tensor {self._handle} may have already been deleted."
            ) from None


def _kept() -> dict[str, Any]:
    return session_resources().setdefault(HANDLES, {})


@op(
    "GetSessionHandle",
    host=True,
    anywhere=True,
    gradient=None,
    shape=common_shapes.scalar,
)
def _get_session_handle(value: Array):
    handle = f"GetSessionHandle;{next(_count)};/job:localhost/replica:0/task:0/cpu:0"
    # A copy: what is kept must outlive variables and arrays of the program.
    if value.dtype == object:
        _kept()[handle] = np.array(value)
    else:
        with jax.enable_x64(True):
            _kept()[handle] = jnp.array(value, copy=True)
    return np.array(handle.encode(), object)


@op(
    "GetSessionTensor",
    host=True,
    anywhere=True,
    gradient=None,
    shape=common_shapes.unknown,
)
def _get_session_tensor(handle: Array, dtype):
    name = handle.item().decode()
    if name not in _kept():
        raise errors.InvalidArgumentError(
            None,
            None,
            f"The tensor with handle '{name}' is not in the session store.",
        )
    value = _kept()[name]
    if value.dtype != dtype.as_numpy_dtype:
        raise errors.InternalError(
            None,
            None,
            f"The tensor with handle '{name}' is of type {value.dtype}, which does not "
            f"match the declared output type {dtype.name}.",
        )
    return value


@op("DeleteSessionTensor", host=True, gradient=None)
def _delete_session_tensor(handle: Array):
    name = handle.item().decode()
    if _kept().pop(name, None) is None:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Failed to delete a tensor with handle '{name}' in the session store.",
        )


def get_session_handle(data, name=None):
    """Keeps the value of `data` in the session, where it was computed.

        h = sess.run(tf.get_session_handle(tf.mul(a, b)))
        p, t = tf.get_session_tensor(tf.float32)
        print(sess.run(tf.mul(t, 10.0), {p: h.handle}))

    Args:
        data: a Tensor, of any dtype and shape.
        name: name of the operation.

    Returns:
        A string scalar Tensor. What `Session.run` returns for it is a `TensorHandle`.

    Raises:
        TypeError: when `data` is no Tensor.
    """
    if not isinstance(data, Tensor):
        raise TypeError("`data` must be of type Tensor.")
    with ops.colocate_with(data):
        return _get_session_handle(data, name=name)


def get_session_tensor(dtype, name=None):
    """A tensor whose value is one that the session keeps.

    Args:
        dtype: element type of the value.
        name: name of the operation.

    Returns:
        (placeholder, tensor): a string placeholder to feed `TensorHandle.handle` to,
        and a Tensor of `dtype`, of unknown shape.

    Evaluating the tensor raises `tf.errors.InvalidArgumentError` when the session keeps
    no value of this name.
    """
    with ops.device(None):
        holder = placeholder(dtypes.string)
        return holder, _get_session_tensor(holder, dtype, name=name)


def delete_session_tensor(name=None):
    """An operation that frees a value that the session keeps.

    Args:
        name: name of the operation.

    Returns:
        (placeholder, operation): a string placeholder to feed `TensorHandle.handle`
        to, and the Operation.
    """
    with ops.device(None):
        holder = placeholder(dtypes.string)
        return holder, _delete_session_tensor(holder, name=name)
