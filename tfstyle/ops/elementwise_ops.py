"""Arithmetic, comparison and logic, element by element.

Programs import these from `math_ops`, as in TensorFlow. Ops that differ in nothing but
their formula are rows of a table: `op type, formula, documentation`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero
from jax.scipy import special

from tfstyle.framework import common_shapes, dtypes, ops
from tfstyle.framework.op_def import Array, op
from tfstyle.ops.array_module import array_module

__all__ = [
    "abs",
    "acos",
    "add",
    "asin",
    "atan",
    "betainc",
    "ceil",
    "complex",
    "complex_abs",
    "conj",
    "cos",
    "digamma",
    "div",
    "equal",
    "erf",
    "erfc",
    "exp",
    "floor",
    "floor_div",
    "floordiv",
    "floormod",
    "greater",
    "greater_equal",
    "igamma",
    "igammac",
    "imag",
    "inv",
    "is_finite",
    "is_inf",
    "is_nan",
    "less",
    "less_equal",
    "lgamma",
    "log",
    "log1p",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "mul",
    "multiply",
    "neg",
    "negative",
    "not_equal",
    "polygamma",
    "pow",
    "real",
    "realdiv",
    "reciprocal",
    "rint",
    "round",
    "rsqrt",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "square",
    "squared_difference",
    "sub",
    "subtract",
    "tan",
    "tanh",
    "truediv",
    "truncatediv",
    "truncatemod",
    "zeta",
]

# -- how the tables become ops --------------------------------------------------

Formula = Callable[..., Any]


def _formula(formula: str | Formula) -> Formula:
    """A function name stands for NumPy's and JAX's function of that name."""
    if callable(formula):
        return formula

    def compute(*values):
        # What an expression folded while tracing gives, it gives at run time: inf, NaN.
        with np.errstate(all="ignore"):
            return getattr(array_module(*values), formula)(*values)

    return compute


def _declared(op_type: str, body: Formula, doc: str, **options: Any) -> Formula:
    body.__name__ = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", op_type).lower()
    body.__qualname__ = body.__name__
    body.__doc__ = doc
    return op(op_type, **options)(body)


_KEEPS_SHAPE: dict[str, Any] = {"shape": common_shapes.first_input}
_BROADCASTS: dict[str, Any] = {"shape": common_shapes.broadcast}


def _unary(op_type: str, formula: str | Formula, doc: str, **options: Any) -> Formula:
    """Declares a function of `x` that keeps its shape."""
    compute = _formula(formula)

    def body(x: Array):
        return compute(x)

    return _declared(op_type, body, doc, **_KEEPS_SHAPE, **options)


def _broadcasting(compute: Formula, x: Any, y: Any) -> Any:
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        raise ValueError(f"Incompatible shapes: {_text(x)} vs. {_text(y)}") from None
    return compute(x, y)


def _text(array: Any) -> str:
    return "[" + ",".join(map(str, array.shape)) + "]"


def _binary(op_type: str, formula: str | Formula, doc: str, **options: Any) -> Formula:
    """Declares a function of `x` and `y`, which broadcast as in NumPy."""
    compute = _formula(formula)

    def body(x: Array, y: Array):
        return _broadcasting(compute, x, y)

    return _declared(op_type, body, doc, **_BROADCASTS, **options)


def _of_a_and_x(op_type: str, compute: Formula, doc: str) -> Formula:
    """Declares a function of `a` and `x` of which only d/dx is known."""

    def body(a: Array, x: Array):
        return _broadcasting(compute, a, x)

    return _declared(op_type, body, doc, **_BROADCASTS, no_gradient=("a",))


# -- one argument ---------------------------------------------------------------


def _inverse(x):
    if x.dtype.kind in "iu":
        return _truncated_quotient(array_module(x).ones_like(x), x)
    return 1 / x


def _magnitude(x):
    if x.dtype.kind != "f" or isinstance(x, np.ndarray):
        return array_module(x).abs(x)
    # The gradient of JAX's own is 1 at 0, that of TensorFlow is the sign: 0.
    return x * jax.lax.stop_gradient(jnp.sign(x))


neg = _unary("Neg", "negative", "`-x`, element-wise.")
sign = _unary(
    "Sign",
    "sign",
    """The sign of `x`, element-wise: -1, 0 or 1; `x / |x|` of a complex number.

    Its gradient is zero.
    """,
)
square = _unary("Square", "square", "`x * x`, element-wise.")
sqrt = _unary("Sqrt", "sqrt", "The square root of `x`, element-wise.")
rsqrt = _unary("Rsqrt", jax.lax.rsqrt, "`1 / sqrt(x)`, element-wise.")
inv = _unary("Inv", _inverse, "`1 / x`, element-wise.")
reciprocal = _unary(
    "Reciprocal", _inverse, "`1 / x`, element-wise (the name of `inv` since 0.12)."
)
exp = _unary("Exp", "exp", "e to the power of `x`, element-wise.")
log = _unary(
    "Log", "log", "The natural logarithm of `x`, element-wise; -inf at 0, NaN below."
)
log1p = _unary(
    "Log1p", "log1p", "`log(1 + x)`, exact for small `x` (an op of later releases)."
)
sin = _unary("Sin", "sin", "The sine of `x`, element-wise.")
cos = _unary("Cos", "cos", "The cosine of `x`, element-wise.")
tan = _unary("Tan", "tan", "The tangent of `x`, element-wise.")
asin = _unary("Asin", "arcsin", "The arc sine of `x`, element-wise.")
acos = _unary("Acos", "arccos", "The arc cosine of `x`, element-wise.")
atan = _unary("Atan", "arctan", "The arc tangent of `x`, element-wise.")
floor = _unary(
    "Floor",
    "floor",
    "The largest integer not above `x`, element-wise, as a float. No gradient.",
    gradient=None,
)
ceil = _unary(
    "Ceil",
    "ceil",
    "The smallest integer not below `x`, element-wise, as a float. No gradient.",
    gradient=None,
)
rint = _unary(
    "Rint",
    "rint",
    "The integer nearest to `x`, the even one of two (an op of later releases).",
    gradient=None,
)
_tanh = _unary("Tanh", "tanh", "Hyperbolic tangent.")
_sigmoid = _unary("Sigmoid", jax.nn.sigmoid, "Logistic function.")
lgamma = _unary(
    "Lgamma", special.gammaln, "The logarithm of |Gamma(`x`)|, element-wise."
)
digamma = _unary(
    "Digamma", special.digamma, "The derivative of `lgamma(x)`, element-wise."
)
erf = _unary("Erf", special.erf, "The Gauss error function of `x`, element-wise.")
erfc = _unary("Erfc", special.erfc, "`1 - erf(x)`, element-wise.")
is_nan = _unary(
    "IsNan", "isnan", "Which elements of `x` are NaN, as a bool tensor.", gradient=None
)
is_inf = _unary(
    "IsInf",
    "isinf",
    "Which elements of `x` are infinite, as a bool tensor.",
    gradient=None,
)
is_finite = _unary(
    "IsFinite",
    "isfinite",
    "Which elements of `x` are neither infinite nor NaN, as a bool tensor.",
    gradient=None,
)
logical_not = _unary(
    "LogicalNot",
    "logical_not",
    "Whether `x` is False, element-wise; bool.",
    gradient=None,
)
_abs = _unary("Abs", _magnitude, "Absolute value.")


@op("ComplexAbs", shape=common_shapes.first_input)
def _complex_abs(x: Array, Tout=None):
    return array_module(x).abs(x)


def complex_abs(x, name=None):
    """The modulus of the complex numbers `x`, element-wise.

    Args:
        x: complex64 or complex128.
        name: name of the operation.

    Returns:
        A Tensor of the same shape: float32 for complex64, float64 for complex128.
    """
    x = ops.convert_to_tensor(x, name="x")
    return _complex_abs(x, x.dtype.real_dtype, name=name)


def abs(x, name=None):
    """The absolute value of `x`, element-wise; of complex numbers the modulus.

    Args:
        x: float16, float32, float64, int32, int64, complex64 or complex128.
        name: name of the operation.

    Returns:
        A Tensor of the shape of `x`; real even if `x` is complex.
    """
    with ops.op_scope([x], name, "Abs") as scope:
        x = ops.convert_to_tensor(x, name="x")
        return (complex_abs if x.dtype.is_complex else _abs)(x, name=scope)


def tanh(x, name=None):
    """The hyperbolic tangent of `x`, element-wise.

    Args:
        x: floats or complex numbers.
        name: name of the operation.
    """
    with ops.op_scope([x], name, "Tanh") as scope:
        return _tanh(ops.convert_to_tensor(x, name="x"), name=scope)


def sigmoid(x, name=None):
    """`1 / (1 + exp(-x))`, element-wise.

    Args:
        x: floats or complex numbers.
        name: name of the operation.
    """
    with ops.op_scope([x], name, "Sigmoid") as scope:
        return _sigmoid(ops.convert_to_tensor(x, name="x"), name=scope)


def round(x, name=None):
    """`floor(x + 0.5)`, element-wise: halves go up, as in TensorFlow 0.9.

    Args:
        x: floats; integers are returned as they are.
        name: name of the operation.

    Differs from later TensorFlow, which rounds halves to the even neighbour.
    """
    x = ops.convert_to_tensor(x, name="x")
    if x.dtype.is_integer:
        return x
    return floor(add(x, 0.5), name=name)


# -- two arguments --------------------------------------------------------------


def _truncated_quotient(x, y):
    """`x / y` of integers, rounded towards zero, as in C."""
    if array_module(x, y) is np:
        with np.errstate(all="ignore"):
            return (x - np.fmod(x, y)) // y
    return jax.lax.div(*jnp.broadcast_arrays(x, y))


def _quotient(x, y):
    if x.dtype.kind in "iu":
        return _truncated_quotient(x, y)
    with np.errstate(all="ignore"):
        return x / y


def _remainder(x, y):
    """What truncating division leaves: it has the sign of `x`, as in C."""
    if array_module(x, y) is np:
        with np.errstate(all="ignore"):
            return np.fmod(x, y)
    return jax.lax.rem(*jnp.broadcast_arrays(x, y))


@jax.custom_jvp
def _real_power(x, y):
    return jnp.power(x, y)


def _real_power_jvp(primals, tangents):
    """d/dx is NaN at 0^0; d/dy is 0 where x <= 0, there being no sensible value."""
    (x, y), (dx, dy) = primals, tangents
    z = _real_power(x, y)
    tangent = jnp.zeros_like(z)
    if not isinstance(dx, SymbolicZero):
        tangent += dx * (y * _real_power(x, y - 1))
    if not isinstance(dy, SymbolicZero):
        positive = x != 0 if z.dtype.kind == "c" else x > 0
        tangent += dy * (z * jnp.log(jnp.where(positive, x, 1)))
    return z, tangent


_real_power.defjvp(_real_power_jvp, symbolic_zeros=True)


def _power(x, y):
    if array_module(x, y) is np:
        with np.errstate(all="ignore"):
            return np.power(x, y)
    if x.dtype.kind in "iu":
        return jnp.power(x, y)
    return _real_power(*jnp.broadcast_arrays(x, y))


def _selected(name: str) -> Formula:
    """`maximum` or `minimum`: the gradient goes to `x` where both are equal."""
    before = {"maximum": "greater_equal", "minimum": "less_equal"}[name]

    def compute(x, y):
        xp = array_module(x, y)
        if xp is np:
            with np.errstate(all="ignore"):
                return getattr(np, name)(x, y)
        return jnp.where(getattr(jnp, before)(x, y) | (x != x), x, y)

    return compute


def _squared_difference(x, y):
    return array_module(x, y).square(x - y)


add = _binary(
    "Add",
    "add",
    """`x + y`, element-wise, with broadcasting; joins strings.

    Args:
        x: numbers or strings.
        y: a tensor of the same dtype.
    """,
)
sub = _binary("Sub", "subtract", "`x - y`, element-wise, with broadcasting.")
mul = _binary("Mul", "multiply", "`x * y`, element-wise, with broadcasting.")
div = _binary(
    "Div",
    _quotient,
    """`x / y`, element-wise, with broadcasting; integers are rounded towards zero.

    Differs from TF: an integer divided by 0 on the device is no error.
    """,
)
realdiv = _binary(
    "RealDiv", _quotient, "`x / y`, element-wise (an op of later releases)."
)
truncatediv = _binary(
    "TruncateDiv",
    _quotient,
    "`x / y`, element-wise, rounded towards zero (an op of later releases).",
)
floor_div = _binary(
    "FloorDiv",
    "floor_divide",
    "`x / y`, element-wise, rounded down (an op of later releases).",
    gradient=None,
)
mod = _binary(
    "Mod",
    _remainder,
    """The remainder of `x / y`, element-wise, with the sign of `x`, as in C.

    Differs from Python and from later TensorFlow, where it has the sign of `y`.
    """,
    gradient=None,
)
truncatemod = _binary(
    "TruncateMod", _remainder, "As `mod` (an op of later releases).", gradient=None
)
floormod = _binary(
    "FloorMod",
    "remainder",
    "The remainder of `x / y` with the sign of `y` (an op of later releases).",
    gradient=None,
)
_pow = _binary("Pow", _power, "Power.")
maximum = _binary(
    "Maximum",
    _selected("maximum"),
    "The larger of `x` and `y`, element-wise; `x` gets the gradient of equal ones.",
)
minimum = _binary(
    "Minimum",
    _selected("minimum"),
    "The smaller of `x` and `y`, element-wise; `x` gets the gradient of equal ones.",
)
squared_difference = _binary(
    "SquaredDifference", _squared_difference, "`(x - y) * (x - y)`, element-wise."
)
equal = _binary(
    "Equal", "equal", "Whether `x == y`, element-wise; bool.", gradient=None
)
not_equal = _binary(
    "NotEqual", "not_equal", "Whether `x != y`, element-wise; bool.", gradient=None
)
less = _binary("Less", "less", "Whether `x < y`, element-wise; bool.", gradient=None)
less_equal = _binary(
    "LessEqual", "less_equal", "Whether `x <= y`, element-wise; bool.", gradient=None
)
greater = _binary(
    "Greater", "greater", "Whether `x > y`, element-wise; bool.", gradient=None
)
greater_equal = _binary(
    "GreaterEqual",
    "greater_equal",
    "Whether `x >= y`, element-wise; bool.",
    gradient=None,
)
logical_and = _binary(
    "LogicalAnd",
    "logical_and",
    "Whether both `x` and `y` are True, element-wise; bool.",
    gradient=None,
)
logical_or = _binary(
    "LogicalOr",
    "logical_or",
    "Whether `x` or `y` is True, element-wise; bool.",
    gradient=None,
)
igamma = _of_a_and_x(
    "Igamma",
    special.gammainc,
    """The lower regularized incomplete Gamma function P(`a`, `x`), element-wise.

    There is a gradient with respect to `x` only.
    """,
)
igammac = _of_a_and_x(
    "Igammac",
    special.gammaincc,
    """The upper regularized incomplete Gamma function Q(`a`, `x`) = 1 - P(`a`, `x`).

    There is a gradient with respect to `x` only.
    """,
)
polygamma = _of_a_and_x(
    "Polygamma",
    lambda a, x: jax.lax.polygamma(*jnp.broadcast_arrays(a, x)),
    """Derivative number `a` of `digamma(x)`, element-wise.

    There is a gradient with respect to `x` only.
    """,
)


@op("Zeta", shape=common_shapes.broadcast, no_gradient=("x",))
def zeta(x: Array, q: Array):
    """The Hurwitz zeta function, the sum of `(q + n) ** -x` over n = 0, 1, …

    There is a gradient with respect to `q` only.
    """
    return _broadcasting(special.zeta, x, q)


@op("Betainc", shape=common_shapes.broadcast, gradient=None)
def betainc(a: Array, b: Array, x: Array):
    """The regularized incomplete beta integral I_x(`a`, `b`) (of later releases)."""
    return special.betainc(a, b, x)


# The names of later releases.
negative = neg
multiply = mul
subtract = sub


def pow(x, y, name=None):
    """`x` to the power of `y`, element-wise, with broadcasting.

    The gradient with respect to `y` is zero where `x` is not positive.

    Args:
        x: numbers; of integers, `y` must not be negative.
        y: a tensor of the same dtype.
        name: name of the operation.
    """
    with ops.op_scope([x], name, "Pow") as scope:
        return _pow(x, y, name=scope)


# -- true and floor division ----------------------------------------------------

_QUOTIENT_TYPES = {
    dtypes.uint8: dtypes.float32,
    dtypes.int8: dtypes.float32,
    dtypes.uint16: dtypes.float32,
    dtypes.int16: dtypes.float32,
    dtypes.int32: dtypes.float64,
    dtypes.int64: dtypes.float64,
}


def truediv(x, y, name=None):
    """`x / y`, element-wise, with broadcasting, as a float even for integers.

    Args:
        x: numbers.
        y: a tensor of the same dtype.
        name: name of the operation.

    Returns:
        A Tensor of the dtype of `x`; float32 for 8 and 16 bit integers and float64 for
        32 and 64 bit ones.

    Raises:
        TypeError: when the dtypes differ or are not numeric.
    """
    from tfstyle.ops.math_ops import cast

    with ops.op_scope([x, y], name, "truediv") as scope:
        x = ops.convert_to_tensor(x, name="x")
        y = ops.convert_to_tensor(y, name="y")
        x_dtype, y_dtype = x.dtype.base_dtype, y.dtype.base_dtype
        if x_dtype != y_dtype:
            raise TypeError(
                f"x and y must have the same dtype, got {x_dtype!r} != {y_dtype!r}"
            )
        if x_dtype in _QUOTIENT_TYPES:
            x = cast(x, _QUOTIENT_TYPES[x_dtype])
            y = cast(y, _QUOTIENT_TYPES[x_dtype])
        elif not (x_dtype.is_floating or x_dtype.is_complex):
            raise TypeError(f"Invalid dtype {x_dtype!r} in __truediv__")
        return div(x, y, name=scope)


def floordiv(x, y, name=None):
    """`x / y`, element-wise: floats rounded down, integers rounded towards zero.

    Args:
        x: real numbers.
        y: a tensor of the same dtype.
        name: name of the operation.

    Raises:
        TypeError: when `x` is neither float nor integer.

    Differs from Python and from later TensorFlow on negative integers.
    """
    with ops.op_scope([x, y], name, "floordiv") as scope:
        x = ops.convert_to_tensor(x, name="x")
        if x.dtype.is_floating:
            return floor(div(x, y), name=scope)
        if not x.dtype.is_integer:
            raise TypeError(f"Expected floating point or integer, got {x.dtype!r}")
        return div(x, y, name=scope)


def logical_xor(x, y, name="LogicalXor"):
    """Whether exactly one of `x` and `y` is True, element-wise; bool.

    Args:
        x: bool.
        y: bool.
        name: name of the operation.
    """
    return logical_and(logical_or(x, y), logical_not(logical_and(x, y)), name=name)


# -- complex numbers ------------------------------------------------------------


@op("Complex", shape=common_shapes.broadcast)
def _complex(real: Array, imag: Array, Tout=None):
    return jax.lax.complex(*_broadcasting(jnp.broadcast_arrays, real, imag))


@op("Real", shape=common_shapes.first_input)
def _real(input: Array, Tout=None):
    return input.real


@op("Imag", shape=common_shapes.first_input)
def _imag(input: Array, Tout=None):
    return input.imag


@op("Conj", shape=common_shapes.first_input)
def _conj(input: Array):
    return input.conj()


def complex(real, imag, name=None):
    """Complex numbers from their parts, with broadcasting.

    Args:
        real: float32 or float64.
        imag: a tensor of the same dtype.
        name: name of the operation.

    Returns:
        A Tensor of complex64 or complex128.

    Raises:
        TypeError: when the dtypes are others or differ.
    """
    with ops.op_scope([real, imag], name, "Complex") as scope:
        real = ops.convert_to_tensor(real, name="real")
        imag = ops.convert_to_tensor(imag, name="imag")
        types = {dtypes.float32: dtypes.complex64, dtypes.float64: dtypes.complex128}
        out_type = types.get(real.dtype.base_dtype)
        if out_type is None or real.dtype.base_dtype != imag.dtype.base_dtype:
            raise TypeError(
                f"real and imag have incorrect types: {real.dtype.name} "
                f"{imag.dtype.name}"
            )
        return _complex(real, imag, out_type, name=scope)


def real(input, name=None):
    """The real part of complex numbers.

    Args:
        input: complex64 or complex128.
        name: name of the operation.

    Returns:
        A Tensor of the same shape: float32 for complex64, float64 for complex128.
    """
    with ops.op_scope([input], name, "Real") as scope:
        input = ops.convert_to_tensor(input, name="input")
        return _real(input, input.dtype.real_dtype, name=scope)


def imag(input, name=None):
    """The imaginary part of complex numbers.

    Args:
        input: complex64 or complex128.
        name: name of the operation.

    Returns:
        A Tensor of the same shape: float32 for complex64, float64 for complex128.
    """
    with ops.op_scope([input], name, "Imag") as scope:
        input = ops.convert_to_tensor(input, name="input")
        return _imag(input, input.dtype.real_dtype, name=scope)


def conj(input, name=None):
    """The complex conjugate of `input`, element-wise.

    Args:
        input: complex numbers; real ones are returned as they are.
        name: name of the operation.
    """
    input = ops.convert_to_tensor(input, name="input")
    if input.dtype.is_floating or input.dtype.is_integer:
        return input
    return _conj(input, name=name)
