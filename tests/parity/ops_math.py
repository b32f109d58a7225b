"""Element-wise arithmetic, its gradients at kinks and ties, and complex numbers."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, case, const, each, fed, ints, pick, unknown


def unary(
    name, low=-2.0, high=2.0, more=(), grad=True, ints_too=False, bad=(), tol=None
):
    """The op `name` on three shapes and two dtypes, numbers from [low, high)."""

    def build(tf, x):
        return getattr(tf, name)(x)

    settings = [
        const(build, arr(2, 3, lo=low, hi=high), grad=grad),
        unknown(build, arr(3, 1, 2, lo=low, hi=high), grad=grad),
        fed(build, arr(lo=low, hi=high, dtype="float64"), grad=grad),
        const(build, arr(0, 2, lo=low, hi=high), grad=grad),
    ]
    if ints_too:
        settings.append(fed(build, ints(4, lo=-4, hi=5)))
        settings.append(const(build, ints(3, lo=-4, hi=5, dtype="int64")))
    settings += [const(build, np.array(x, "float32"), grad=grad) for x in more]
    refused = [lambda tf: build(tf, tf.constant(["text"])), *bad]
    return case(*settings, bad=refused, tol=tol)


def binary(name, low=-2.0, high=2.0, grad=True, ints_too=True, more=(), tol=None):
    """The op `name`, without and with broadcasting, and with operands that disagree."""

    def build(tf, x, y):
        return getattr(tf, name)(x, y)

    def number(*shape, salt=0, dtype="float32"):
        return arr(*shape, lo=low, hi=high, salt=salt, dtype=dtype)

    settings = [
        const(build, number(2, 3), number(2, 3, salt=1), grad=grad),
        *each(build, number(2, 3), number(3), grad=grad),
        unknown(build, number(2, 1, 3), number(4, 1), grad=grad),
        fed(build, number(), number(2), grad=grad),
        const(build, number(2, 0), number(2, 1), grad=grad),
        fed(
            build, number(3, dtype="float64"), number(2, 3, dtype="float64"), grad=grad
        ),
    ]
    if ints_too:
        settings.append(fed(build, ints(6, lo=-9, hi=9), ints(6, lo=1, hi=4)))
        settings.append(const(build, ints(2, 3, dtype="int64"), np.int64(2)))
    settings += [
        const(build, np.array(x, "float32"), np.array(y, "float32"), grad=grad)
        for x, y in more
    ]
    bad = [
        lambda tf: build(tf, tf.constant([1.0, 2.0]), tf.constant([1.0, 2.0, 3.0])),
        lambda tf: build(tf, tf.constant([1.0]), tf.constant([1.0], tf.float64)),
        lambda tf: build(tf, tf.constant([1.0]), tf.constant([1])),
        lambda tf: build(tf, tf.constant([1]), 1.5),
        lambda tf: build(tf, tf.placeholder(tf.float32, [None, 2]), tf.zeros([3, 3])),
    ]
    return case(*settings, bad=bad, tol=tol)


case_add = binary("add")
case_sub = binary("sub")
case_mul = binary("mul")
case_div = binary("div", 0.5, 3.0)
case_truediv = binary("truediv", 0.5, 3.0)
case_floordiv = binary("floordiv", 0.5, 3.0, grad=False)
case_mod = binary("mod", 0.5, 3.0, grad=False)
case_squared_difference = binary("squared_difference")
case_pow = binary(
    "pow", 0.3, 2.0, ints_too=False, more=[([0.0, 0.0, 0.0, 4.0], [2.0, 1.0, 3.0, 0.0])]
)
case_maximum = binary("maximum", more=[([1.0, 2.0, 3.0], [1.0, 2.5, 2.5])])
case_minimum = binary("minimum", more=[([1.0, 2.0, 3.0], [1.0, 2.5, 2.5])])

case_neg = unary("neg", ints_too=True)
case_abs = unary("abs", ints_too=True, more=[[-1.0, 0.0, -0.0, 2.0]])
case_sign = unary("sign", ints_too=True, more=[[-1.0, 0.0, 2.0]])
case_square = unary("square", ints_too=True)
case_sqrt = unary("sqrt", 0.1, 4.0, more=[[0.0, 1.0, -1.0]])
case_rsqrt = unary("rsqrt", 0.1, 4.0, more=[[0.0, 1.0]])
case_exp = unary("exp", more=[[-200.0, 0.0, 80.0]])
case_log = unary("log", 0.1, 4.0, more=[[0.0, -1.0, 1e-30]])
case_cos = unary("cos")
case_sin = unary("sin")
case_tan = unary("tan", -1.2, 1.2)
case_asin = unary("asin", -0.9, 0.9)
case_acos = unary("acos", -0.9, 0.9)
case_atan = unary("atan")
case_ceil = unary("ceil", grad=False)
case_floor = unary("floor")
case_tanh = unary("tanh", more=[[-30.0, 0.0, 30.0]])
case_sigmoid = unary("sigmoid", more=[[-90.0, 0.0, 30.0]])
case_lgamma = unary("lgamma", 0.2, 6.0, tol=(1e-4, 1e-5))
case_digamma = unary("digamma", 0.2, 6.0, tol=(1e-4, 1e-5))
case_erf = unary("erf")
case_erfc = unary("erfc")
case_is_nan = unary("is_nan", more=[[np.nan, np.inf, 1.0]])
case_is_inf = unary("is_inf", more=[[np.nan, -np.inf, 1.0]])
case_is_finite = unary("is_finite", more=[[np.nan, -np.inf, 1.0]])


def case_inv(tf, np):
    inv = pick(tf, "inv", "reciprocal")
    return case(
        *each(lambda tf, x: inv(x), arr(2, 3, lo=0.4), name=False),
        const(lambda tf, x: inv(x), np.array([1e-3, -2.0, np.inf]), name=False),
    )(tf, np)


# round(.5) is decided by 0.9 alone; these are not halves.
# 0.9 makes it of `floor`; 0.12 has an op of this name.
case_round = case(
    each(
        lambda tf, x: tf.round(x),
        np.float32([-1.7, -0.2, 0.4, 0.6, 2.3]),
        grad=False,
        name=False,
    ),
    const(lambda tf, x: tf.round(x), ints(3)),
)

case_igamma = case(
    each(
        lambda tf, a, x: tf.igamma(a, x), arr(2, 3, lo=0.3), arr(2, 3, lo=0.2, salt=1)
    ),
    const(lambda tf, a, x: tf.igamma(a, x), arr(3, lo=0.5), arr(2, 1, lo=0.3)),
    tol=(1e-4, 1e-5),
)
case_igammac = case(
    each(
        lambda tf, a, x: tf.igammac(a, x), arr(2, 3, lo=0.3), arr(2, 3, lo=0.2, salt=1)
    ),
    fed(lambda tf, a, x: tf.igammac(a, x), arr(lo=0.5), arr(2, 2, lo=0.3)),
    tol=(1e-4, 1e-5),
)
case_zeta = case(
    each(lambda tf, x, q: tf.zeta(x, q), arr(3, lo=1.5, hi=4), arr(3, lo=0.5, salt=1)),
    const(lambda tf, x, q: tf.zeta(x, q), arr(2, 1, lo=1.5, hi=4), arr(2, lo=0.5)),
    tol=(1e-4, 1e-5),
)
case_polygamma = case(
    each(lambda tf, a, x: tf.polygamma(a, x), np.float32([1, 2, 3]), arr(3, lo=0.6)),
    const(lambda tf, a, x: tf.polygamma(a, x), np.float32(1), arr(2, 2, lo=0.6)),
    tol=(1e-4, 1e-5),
)
case_lbeta = case(
    each(lambda tf, x: tf.lbeta(x), arr(2, 3, lo=0.4), name=False),
    const(lambda tf, x: tf.lbeta(x), arr(4, lo=0.4), name=False),
    tol=(1e-4, 1e-5),
)

case_add_n = case(
    each(lambda tf, *xs: tf.add_n(xs), arr(2, 3), arr(2, 3, salt=1), arr(2, 3, salt=2)),
    const(lambda tf, x: tf.add_n([x]), arr(2)),
    fed(lambda tf, *xs: tf.add_n(xs), ints(3), ints(3, salt=1)),
    bad=[
        lambda tf: tf.add_n([tf.zeros([2]), tf.zeros([3])]),
        lambda tf: tf.add_n([tf.zeros([2]), tf.zeros([2], tf.int32)]),
        lambda tf: tf.add_n([]),
    ],
)
case_accumulate_n = case(
    const(
        lambda tf, *xs: tf.accumulate_n(xs), arr(2, 3), arr(2, 3, salt=1), grad=False
    ),
    fed(
        lambda tf, *xs: tf.accumulate_n(xs, shape=[2], tensor_dtype=tf.float32),
        arr(2),
        arr(2, salt=1),
        arr(2, salt=2),
        grad=False,
    ),
    bad=[
        lambda tf: tf.accumulate_n([tf.zeros([2]), tf.zeros([3])]),
        lambda tf: tf.accumulate_n([]),
        lambda tf: tf.accumulate_n([tf.placeholder(tf.float32)] * 2),
    ],
)
case_scalar_mul = case(
    each(lambda tf, s, x: tf.scalar_mul(s, x), np.float32(1.5), arr(2, 3)),
    const(lambda tf, x: tf.scalar_mul(3.0, x), arr(3)),
    bad=[lambda tf: tf.scalar_mul(tf.zeros([2]), tf.zeros([2]))],
)
case_cross = case(
    each(lambda tf, a, b: tf.cross(a, b), arr(2, 3), arr(2, 3, salt=1)),
    const(lambda tf, a, b: tf.cross(a, b), arr(3), arr(3, salt=1)),
    bad=[lambda tf: tf.cross(tf.zeros([2, 3]), tf.zeros([3, 3]))],
)

case_operators = case(
    each(
        lambda tf, x, y: [x + y, x - y, x * y, x / y, x % y, x // y, -x, abs(x), x**y],
        arr(2, 3, lo=0.5),
        arr(3, lo=0.5),
        grad=False,
    ),
    fed(
        lambda tf, x: [1 + x, 1 - x, 2 * x, 1 / x, 2.0**x, x + 1, x - 1, x * 2, x / 2],
        arr(3, lo=0.5),
    ),
    fed(lambda tf, x, y: [x // y, x % y, x / y], ints(4, lo=-9, hi=9), ints(4, lo=1)),
    const(
        lambda tf, x, y: [x < y, x <= y, x > y, x >= y, x < 1.0, x > 1.0],
        arr(3),
        arr(3, salt=1),
    ),
    const(lambda tf, x: [x & True, x | False, x ^ True, ~x], np.array([True, False])),
    bad=[
        lambda tf: tf.constant([1.0]) + "text",
        lambda tf: tf.constant([1]) + 1.5,
        lambda tf: bool(tf.constant(True)),
        lambda tf: list(tf.constant([1.0])),
        lambda tf: [1.0, 2.0] + tf.constant([1, 2]),
        lambda tf: np.float64(2.0) * tf.constant([1.0]),
    ],
)

C = {"dtype": "complex64"}
case_complex = case(
    each(lambda tf, r, i: tf.complex(r, i), arr(2, 3), arr(2, 3, salt=1)),
    const(lambda tf, r, i: tf.complex(r, i), arr(3), arr(2, 1), grad=False),
    fed(lambda tf, r, i: tf.complex(r, i), np.float64([1, 2]), np.float64([3, 4])),
    bad=[
        lambda tf: tf.complex(tf.zeros([2]), tf.zeros([2], tf.float64)),
        lambda tf: tf.complex(tf.constant([1]), tf.constant([2])),
    ],
)
case_real_imag_conj = case(
    each(lambda tf, z: [tf.real(z), tf.imag(z)], arr(2, 3, **C)),
    const(lambda tf, z: tf.conj(z), arr(2, 3, **C)),
    fed(lambda tf, z: [tf.imag(z), tf.conj(z)], arr(3, dtype="complex128")),
)
case_complex_abs = case(
    each(lambda tf, z: tf.complex_abs(z), arr(2, 3, **C), name=False),
    fed(lambda tf, z: tf.abs(z), arr(3, dtype="complex128")),
)
case_complex_arithmetic = case(
    each(
        lambda tf, a, b: [a + b, a - b, a * b, tf.neg(a), tf.square(a)],
        arr(2, 3, **C),
        arr(3, **C),
        grad=False,
    ),
    const(lambda tf, a, b: a * b, arr(2, 3, **C), arr(3, **C)),
    const(lambda tf, a, b: a - b, arr(2, 3, **C), arr(3, **C)),
    fed(lambda tf, a: [tf.exp(a), tf.sqrt(a), tf.cos(a)], arr(2, **C)),
    const(lambda tf, a, b: a / b, arr(2, lo=0.5, **C), arr(2, lo=0.5, salt=1, **C)),
    bad=[lambda tf: tf.constant([1j]) < tf.constant([1j])],
)
