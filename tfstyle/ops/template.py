"""`make_template`: a function whose variables are made once and shared by its calls."""

from __future__ import annotations

import functools
import traceback
from typing import Any

from tfstyle.framework import ops
from tfstyle.framework.frames import located, user_frames
from tfstyle.ops import variable_scope as vs

__all__ = ["Template", "make_template"]


def make_template(name_, func_, create_scope_now_=False, **kwargs):
    """Wraps a function so that all calls share the variables made by the first one.

    Args:
        name_: name of the variable scope, made unique.
        func_: the function; its variables must come from `get_variable`.
        create_scope_now_: whether the scope gets its name now, not in the first call.
        **kwargs: keyword arguments to pass to `func_` in every call.

    Returns:
        A `Template`, called as `func_`.

    Raises:
        ValueError: when `name_` is None; from a later call, when `func_` makes a
            trainable variable that the first call did not make.
    """
    if kwargs:
        func_ = functools.partial(func_, **kwargs)
    return Template(name_, func_, create_scope_now=create_scope_now_)


class Template:
    """A function together with the variable scope of its calls; see `make_template`."""

    def __init__(self, name: str, func: Any, create_scope_now: bool = False) -> None:
        """Wraps `func`; see `make_template`."""
        if name is None:
            raise ValueError("name cannot be None.")
        self._name = name
        self._func = func
        self._frames = user_frames(2)
        self._var_scope: vs.VariableScope | None = None
        self._called = False
        if create_scope_now:
            with vs.variable_op_scope([], None, name) as scope:
                self._var_scope = scope

    @property
    def var_scope(self) -> vs.VariableScope | None:
        """The variable scope, or None before the first call."""
        return self._var_scope

    def __call__(self, *args, **kwargs):
        """Calls the function in the scope of the template."""
        if self._var_scope is None:
            with vs.variable_op_scope([], None, self._name) as scope:
                self._var_scope = scope
                # A recursive call shares what has been made so far.
                self._called = True
                return self._call(args, kwargs, first=True)
        if self._called:
            with vs.variable_scope(self._var_scope, reuse=True):
                return self._call(args, kwargs, first=False)
        with vs.variable_scope(self._var_scope):
            result = self._call(args, kwargs, first=True)
        self._called = True
        return result

    def _call(self, args: Any, kwargs: Any, first: bool) -> Any:
        key = ops.GraphKeys.TRAINABLE_VARIABLES
        before = len(ops.get_collection(key))
        try:
            result = self._func(*args, **kwargs)
            new = ops.get_collection(key)[before:]
            if new and not first:
                raise ValueError(
                    "Trainable variable created when calling a template after the "
                    "first time, perhaps you used tf.Variable when you meant "
                    f"tf.get_variable: {new}"
                )
        except Exception as error:
            message = str(error.args[0]) if error.args else ""
            where = "".join(
                traceback.format_list(
                    [(f, n, c, None) for f, n, c in located(self._frames)]
                )
            )
            error.args = (
                f"{message}\n\noriginally defined at:\n{where}",
                *error.args[1:],
            )
            raise
        return result
