"""Gradient functions that programs give to op types, and shapes likewise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tfstyle.framework.op_def import declaration_of
from tfstyle.framework.shape_inference import registered_shapes
from tfstyle.framework.tensor import Operation

__all__ = [
    "NoGradient",
    "RegisterGradient",
    "RegisterShape",
    "get_gradient_function",
    "gradient_function_of",
    "register_body_gradient",
]

F = TypeVar("F", bound=Callable[..., Any])

_gradients: dict[str, Callable[..., Any] | None] = {}


class RegisterGradient:
    """Decorator that makes a function the gradient of an op type.

    The function takes the `Operation` and one gradient per output, and returns one
    gradient (or None) per input. With `Graph.gradient_override_map` it applies to
    chosen operations only.
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, f: F) -> F:
        """Registers `f`; KeyError when the op type has a gradient already."""
        if self._op_type in _gradients or _has_gradient(self._op_type):
            raise KeyError(
                f"Registering two gradient with name '{self._op_type}' !(Previous "
                "registration was in this program)"
            )
        _gradients[self._op_type] = f
        return f


# Ops that TensorFlow has no gradient for, so that programs gave them one.
_OPEN = frozenset(
    """
    AvgPool3DGrad AvgPoolGrad BatchFFT BatchFFT2D BatchFFT3D BatchIFFT BatchIFFT2D
    BatchIFFT3D BatchMatrixBandPart BatchMatrixDiag BatchMatrixDiagPart
    Conv3DBackpropFilter Conv3DBackpropInput DepthwiseConv2dNativeBackpropFilter
    DepthwiseConv2dNativeBackpropInput Dilation2DBackpropFilter Dilation2DBackpropInput
    LRNGrad MaxPool3DGrad MaxPoolGrad MaxPoolWithArgmax PlaceholderWithDefault Relu6Grad
    SegmentProd SoftplusGrad SoftsignGrad SparseSegmentMeanGrad SparseSegmentSqrtNGrad
    """.split()
)


def _has_gradient(op_type: str) -> bool:
    declaration = declaration_of(op_type)
    return (
        declaration is not None
        and declaration.facts.in_r09
        and op_type not in _OPEN
        and not declaration.structural
    )


def NoGradient(op_type: str) -> None:
    """Declares that no gradient flows through ops of type `op_type`."""
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    _gradients[op_type] = None


class RegisterShape:
    """Decorator that makes a function the shape rule of an op type.

    The function takes the `Operation` and returns one shape per output. Used as
    `RegisterShape("Type")(None)` it says that nothing is known of the outputs.
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, f: Any) -> Any:
        """Registers `f`; KeyError when the op type has a rule from a program."""
        if self._op_type in registered_shapes:
            raise KeyError(
                f"Registering two shape functions with name '{self._op_type}' !"
            )
        registered_shapes[self._op_type] = f if f is not None else _unknown_shapes
        return f


def _unknown_shapes(op: Operation) -> list[Any]:
    return [None for _ in op.outputs]


def gradient_function_of(op: Operation) -> tuple[bool, Callable[..., Any] | None]:
    """How gradients flow through `op`.

    Returns:
        (whether any do, the explicit gradient function or None for the body's vjp).

    Raises:
        LookupError: when an override names a gradient nobody registered.
    """
    if op._gradient_function is not None:
        return True, op._gradient_function
    override = op._attrs.get("_gradient_op_type")
    if override is not None:
        if override in _gradients:
            function = _gradients[override]
            return function is not None, function
        named = declaration_of(override)
        if named is None:
            raise LookupError(
                f"No gradient defined for operation '{op.name}' (op type: {override})"
            )
        return named.differentiable, named.gradient
    if op.type in _gradients:
        function = _gradients[op.type]
        return function is not None, function
    declaration = op._declaration
    if declaration is None:
        return False, None
    return declaration.differentiable, declaration.gradient


_body_gradient: Callable[..., Any] | None = None


def register_body_gradient(function: Callable[..., Any]) -> None:
    """Registers the gradient of the ops that are differentiated by their bodies."""
    global _body_gradient
    _body_gradient = function


def get_gradient_function(op: Operation) -> Callable[..., Any] | None:
    """The function `(op, *grads) -> gradients of the inputs` of an operation.

    Returns:
        The function, or None when no gradient flows through `op`.

    Raises:
        LookupError: when an override names a gradient nobody registered.
    """
    flows, function = gradient_function_of(op) if op._inputs else (False, None)
    return (function or _body_gradient) if flows else None
