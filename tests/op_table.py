"""The table that `test_all_ops` runs: one row for each op of the device, or several.

A row is an op type, arrays for its inputs, and attributes. Inputs that the op takes as
`Static` become constants, all others placeholders. An op whose module is imported by
tfstyle and that has no row here fails the test.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["ROWS", "Row"]


class Row:
    """One use of an op.

    Attributes:
        type: the op type.
        inputs: an array, or a list of arrays, for each input of the op.
        attrs: attributes.
        static: shape of the first result, as far as it is known while the graph is
            built, where that is less than all.
        results: how many of the results gradients flow through, where not all.
        symmetric: whether inputs stay symmetric matrices.
        step: how far finite differences go, where the body computes in float32.
    """

    def __init__(
        self,
        type: str,
        /,
        *inputs: Any,
        static: list[int | None] | None = None,
        results: int | None = None,
        symmetric: bool = False,
        step: float = 1e-6,
        **attrs: Any,
    ) -> None:
        self.type = type
        self.inputs = inputs
        self.attrs = attrs
        self.static = static
        self.results = results
        self.symmetric = symmetric
        self.step = step


def f(*shape: int, lo: float = -2.0, hi: float = 2.0, salt: int = 0) -> np.ndarray:
    """Fixed random float64 numbers in [lo, hi)."""
    return np.random.RandomState([*shape, salt]).uniform(lo, hi, shape)


def f32(*shape: int, **options: Any) -> np.ndarray:
    """Fixed random numbers, for ops that have no float64."""
    return f(*shape, **options).astype(np.float32)


def c(*shape: int, salt: int = 0) -> np.ndarray:
    """Fixed random complex numbers."""
    return (f(*shape, salt=salt) + 1j * f(*shape, salt=salt + 9)).astype(np.complex64)


def i(*shape: int, lo: int = 0, hi: int = 5, salt: int = 0) -> np.ndarray:
    """Fixed random integers in [lo, hi)."""
    state = np.random.RandomState([*shape, salt])
    return state.randint(lo, hi, shape).astype(np.int32)


def i32(*values: Any) -> np.ndarray:
    return np.array(values, np.int32)


def spd(*batch: int) -> np.ndarray:
    """Symmetric positive definite 3 × 3 matrices."""
    a = f(*batch, 3, 3, lo=-1, hi=1)
    return a @ np.swapaxes(a, -1, -2) + np.eye(3)


def regular(*batch: int) -> np.ndarray:
    """Well-conditioned 3 × 3 matrices."""
    return f(*batch, 3, 3, lo=-1, hi=1) + 2 * np.eye(3)


def apart(*shape: int) -> np.ndarray:
    """Numbers no two of which are close, so that none is nearly the largest."""
    order = np.random.RandomState([*shape]).permutation(int(np.prod(shape)))
    return (order.reshape(shape) * 0.25 - 1.0).astype(np.float32)


def unary(types: str, lo: float = -2.0, hi: float = 2.0) -> list[Row]:
    return [Row(t, f(2, 3, lo=lo, hi=hi)) for t in types.split()]


def binary(types: str, lo: float = -2.0, hi: float = 2.0) -> list[Row]:
    x, y = f(2, 3, lo=lo, hi=hi), f(3, lo=lo, hi=hi, salt=1)
    return [Row(t, x, y) for t in types.split()]


def on_integers(types: str) -> list[Row]:
    x, y = i(2, 3, lo=-7, hi=8), i(3, lo=1, hi=4)
    return [Row(t, x, y) for t in types.split()]


ELEMENTWISE = [
    *unary("Abs Atan Cos Elu Erf Erfc Exp Identity Neg Relu Relu6 Sigmoid Sign Sin"),
    *unary("Softplus Softsign Square Tanh"),
    *unary("Acos Asin Log1p Tan", -0.9, 0.9),
    *unary("Digamma Inv Lgamma Log Reciprocal Rsqrt Sqrt", 0.4, 4.0),
    *unary("Ceil Floor IsFinite IsInf IsNan Rint StopGradient ZerosLike"),
    *unary("Rank Shape Size"),
    Row("ShapeN", [f(2, 3), f(4)]),
    *binary("Add Div Maximum Minimum Mul RealDiv SquaredDifference Sub"),
    *binary("Pow Igamma Igammac", 0.4, 3.0),
    Row("Zeta", f(2, 3, lo=1.5, hi=4), f(2, 3, lo=0.5, hi=3)),
    Row("Polygamma", np.float64([1, 2, 3]), f(2, 3, lo=0.5, hi=3)),
    Row("Betainc", f(3, lo=0.5), f(3, lo=0.5, salt=1), f(3, lo=0.1, hi=0.9)),
    *on_integers("Equal Greater GreaterEqual Less LessEqual NotEqual"),
    *on_integers("Add Div FloorDiv FloorMod Maximum Mod Mul Sub TruncateDiv"),
    *on_integers("TruncateMod"),
    *binary("Greater Less FloorDiv FloorMod Mod TruncateMod"),
    Row("LogicalNot", i(4) > 2),
    Row("LogicalAnd", i(2, 4) > 2, i(4, salt=1) > 2),
    Row("LogicalOr", i(2, 4) > 2, i(4, salt=1) > 2),
    Row("AddN", [f(2, 3), f(2, 3, salt=1), f(2, 3, salt=2)]),
    Row("Select", i(2, 3) > 2, f(2, 3), f(2, 3, salt=1)),
    Row("Select", i(2) > 2, f(2, 3), f(2, 3, salt=1)),
    Row("Cast", f32(2, 3), DstT=np.float64),
    Row("Cast", f(2, 3), DstT=np.int32),
    Row("Bitcast", f32(2, 3), type=np.int32),
    Row("ReluGrad", f(2, 3), f(2, 3, salt=1)),
    Row("Relu6Grad", f(2, 3), f(2, 3, lo=-3, hi=9, salt=1)),
    Row("EluGrad", f(2, 3), f(2, 3, lo=-0.9, salt=1)),
    Row("SoftplusGrad", f(2, 3), f(2, 3, salt=1)),
    Row("SoftsignGrad", f(2, 3), f(2, 3, salt=1)),
]

COMPLEX = [
    Row("Complex", f(2, 3), f(2, 3, salt=1), Tout=np.complex128),
    Row("ComplexAbs", c(2, 3), Tout=np.float32),
    Row("Conj", c(2, 3)),
    Row("Imag", c(2, 3), Tout=np.float32),
    Row("Real", c(2, 3), Tout=np.float32),
    Row("Mul", c(2, 3), c(3)),
    Row("Div", c(2, 3), c(3)),
    Row("Exp", c(2, 3)),
    Row("BatchMatMul", c(2, 2, 3), c(2, 2, 3, salt=1), adj_y=True),
    *(Row(t, c(4)) for t in "FFT IFFT".split()),
    *(Row(t, c(2, 3)) for t in "FFT2D IFFT2D BatchFFT BatchIFFT".split()),
    *(Row(t, c(2, 3, 2)) for t in "FFT3D IFFT3D BatchFFT2D BatchIFFT2D".split()),
    *(Row(t, c(2, 2, 1, 3)) for t in "BatchFFT3D BatchIFFT3D".split()),
]

REDUCTIONS = [
    *(Row(t, f(2, 3, 2), i32(0, 2)) for t in "Sum Mean Max Min Prod".split()),
    *(Row(t, f(2, 3), i32(1), keep_dims=True) for t in "Sum Max Prod".split()),
    Row("Sum", i(2, 3), np.int32(0)),
    *(Row(t, i(2, 3) > 1, i32(1)) for t in "All Any".split()),
    *(Row(t, f(2, 3), np.int32(1)) for t in "ArgMax ArgMin".split()),
    *(Row(t, f(3, 2, lo=0.4), np.int32(0)) for t in "Cumsum Cumprod".split()),
    Row("Cumsum", f(2, 3), np.int32(1), exclusive=True, reverse=True),
    Row("L2Loss", f(2, 3)),
    *(
        Row(t, f(5, 2), i32(0, 0, 1, 2, 2), static=[None, 2])
        for t in "SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum".split()
    ),
    Row("UnsortedSegmentSum", f(4, 2), i32(2, 0, 2, 1), np.int32(4)),
    *(
        Row(
            f"SparseSegment{t}",
            f(5, 2),
            i32(4, 0, 2, 2),
            i32(0, 0, 1, 1),
            static=[None, 2],
        )
        for t in "Mean SqrtN Sum".split()
    ),
    *(
        Row(
            f"SparseSegment{t}Grad",
            f(2, 2),
            i32(4, 0, 2, 2),
            i32(0, 0, 1, 1),
            np.int32(6),
        )
        for t in "Mean SqrtN".split()
    ),
]

SHAPES = [
    Row("Reshape", f(2, 3), i32(3, -1)),
    Row("ExpandDims", f(2, 3), np.int32(1)),
    Row("Squeeze", f(2, 1, 3, 1)),
    Row("Squeeze", f(2, 1, 3, 1), squeeze_dims=[1]),
    Row("Transpose", f(2, 3, 4), i32(2, 0, 1)),
    Row("Fill", i32(2, 3), np.float64(1.5)),
    Row("Range", np.int32(1), np.int32(9), np.int32(3)),
    Row("LinSpace", np.float64(1), np.float64(3), np.int32(5)),
    Row("OneHot", i(2, 3), np.int32(4), np.float64(2), np.float64(-1)),
    Row("OneHot", i(3), np.int32(4), np.float64(2), np.float64(-1), axis=0),
    Row("Concat", np.int32(1), [f(2, 3), f(2, 1), f(2, 2)]),
    Row("Split", np.int32(1), f(2, 6), num_split=3),
    Row("Pack", [f(2, 3), f(2, 3, salt=1)]),
    Row("Pack", [f(2, 3), f(2, 3, salt=1)], axis=1),
    Row("Unpack", f(3, 2), num=3),
    Row("Unpack", f(2, 3), num=3, axis=1),
    Row("Pad", f(2, 3), i32([1, 0], [0, 2])),
    Row("MirrorPad", f(2, 3), i32([1, 1], [2, 1]), mode="REFLECT"),
    Row("MirrorPad", f(2, 3), i32([1, 2], [0, 3]), mode="SYMMETRIC"),
    Row("Tile", f(2, 3), i32(2, 1)),
    Row("Reverse", f(2, 3), np.array([False, True])),
    Row("ReverseV2", f(2, 3), i32(0)),
    Row("ReverseSequence", f(2, 4, 2), i32(3, 2), seq_dim=1),
    Row("Slice", f(3, 4), i32(1, 0), i32(2, 3)),
    Row(
        "StridedSlice",
        f(3, 4),
        i32(0, 3),
        i32(3, 0),
        i32(2, -1),
        begin_mask=1,
    ),
    Row("PlaceholderWithDefault", f(2, 3), shape=[2, 3]),
    Row("Gather", f(4, 2), i32(3, 0, 3)),
    Row("GatherNd", f(3, 2), i32([2, 1], [0, 0])),
    Row("InvertPermutation", i32(2, 0, 1)),
    Row("ScatterNd", i32([3], [0], [3]), f(3, 2), i32(5, 2)),
    Row("SparseToDense", i32([0, 2], [1, 0]), i32(2, 3), f(2), np.float64(-1)),
    Row("TopK", f(2, 5), k=2),
    Row("TopKV2", f(2, 5), np.int32(3)),
    Row("InTopK", f32(2, 4), i32(3, 0), k=2),
    Row("SpaceToBatch", f(1, 4, 2, 2), i32([0, 0], [1, 1]), block_size=2),
    Row("BatchToSpace", f(4, 2, 2, 1), i32([0, 1], [0, 0]), block_size=2),
    Row("SpaceToDepth", f(1, 4, 2, 2), block_size=2),
    Row("DepthToSpace", f(1, 2, 1, 8), block_size=2),
    Row(
        "ExtractImagePatches",
        f(1, 4, 4, 2),
        ksizes=[1, 2, 2, 1],
        strides=[1, 2, 1, 1],
        rates=[1, 1, 2, 1],
        padding="VALID",
    ),
]

MATRICES = [
    Row("MatMul", f(2, 3), f(3, 4)),
    Row("MatMul", f(3, 2), f(4, 3), transpose_a=True, transpose_b=True),
    Row("SparseMatMul", f32(2, 3), f32(3, 4), a_is_sparse=True, step=0.25),
    Row("BatchMatMul", f(2, 2, 3), f(2, 3, 4)),
    Row("BatchMatMul", f(2, 3, 2), f(2, 3, 4), adj_x=True),
    Row("Einsum", [f(2, 3), f(3, 4)], equation="ij,jk->ik"),
    Row("Cross", f(2, 3), f(2, 3, salt=1)),
    *(Row(t, f(3)) for t in "Diag MatrixDiag BatchMatrixDiag".split()),
    *(Row(t, f(3, 3)) for t in "DiagPart MatrixDiagPart BatchMatrixDiagPart".split()),
    *(
        Row(t, f(2, 3, 3), np.int64(1), np.int64(0))
        for t in "MatrixBandPart BatchMatrixBandPart".split()
    ),
    Row("Cholesky", spd(), symmetric=True),
    Row("BatchCholesky", spd(2), symmetric=True),
    Row("MatrixDeterminant", regular()),
    Row("BatchMatrixDeterminant", regular(2)),
    Row("MatrixInverse", regular()),
    Row("BatchMatrixInverse", regular(2), adjoint=True),
    Row("MatrixSolve", regular(), f(3, 2)),
    Row("BatchMatrixSolve", regular(2), f(2, 3, 1), adjoint=True),
    Row("MatrixTriangularSolve", regular(), f(3, 2)),
    Row("BatchMatrixTriangularSolve", regular(2), f(2, 3, 1), lower=False),
    Row("MatrixSolveLs", f(4, 2), f(4, 3), np.float64(0.1)),
    Row("BatchMatrixSolveLs", f(2, 4, 2), f(2, 4, 1), np.float64(0.1)),
    Row("SelfAdjointEig", spd()),
    Row("BatchSelfAdjointEig", spd(2)),
    Row("Svd", regular(), compute_uv=False),
]

ONES, TWOS = {"strides": [1] * 4}, {"strides": [1, 2, 2, 1]}
WINDOWS = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
VOLUMES = {"ksize": [1, 2, 2, 1, 1], "strides": [1, 2, 1, 1, 1], "padding": "VALID"}
STEPS = {"strides": [1, 2, 1, 1, 1], "padding": "SAME"}
RATES = {"rates": [1, 1, 2, 1], "padding": "SAME", **ONES}
NORM = {"depth_radius": 2, "bias": 1.5, "alpha": 0.3, "beta": 0.6}

NEURAL = [
    Row("BiasAdd", f(2, 2, 3), f(3)),
    Row("BiasAdd", f(2, 3, 2, 2), f(3), data_format="NCHW"),
    Row("BiasAddV1", f(2, 3), f(3)),
    Row("BiasAddGrad", f(2, 2, 3)),
    *(Row(t, f(2, 3)) for t in "Softmax LogSoftmax".split()),
    Row(
        "SoftmaxCrossEntropyWithLogits",
        f(2, 3),
        np.array([[0, 1, 0], [0.5, 0.25, 0.25]]),
        results=1,
    ),
    Row("SparseSoftmaxCrossEntropyWithLogits", f(2, 3), i32(2, 0), results=1),
    Row("LRN", f32(1, 2, 1, 7), **NORM),
    Row("LRNGrad", f32(1, 1, 2, 5), f32(1, 1, 2, 5, salt=1), f32(1, 1, 2, 5), **NORM),
    Row("Conv2D", f(1, 4, 5, 2), f(3, 2, 2, 3), padding="SAME", **TWOS),
    Row("Conv2D", f(1, 4, 5, 2), f(3, 2, 2, 3), padding="VALID", **ONES),
    Row(
        "Conv2DBackpropInput",
        i32(1, 4, 5, 2),
        f(3, 2, 2, 3),
        f(1, 2, 3, 3),
        padding="SAME",
        **TWOS,
    ),
    Row(
        "Conv2DBackpropFilter",
        f(1, 4, 5, 2),
        i32(3, 2, 2, 3),
        f(1, 2, 3, 3),
        padding="SAME",
        **TWOS,
    ),
    Row("DepthwiseConv2dNative", f(1, 4, 4, 2), f(2, 2, 2, 3), padding="SAME", **ONES),
    Row(
        "DepthwiseConv2dNativeBackpropInput",
        i32(1, 4, 4, 2),
        f(2, 2, 2, 3),
        f(1, 2, 2, 6),
        padding="SAME",
        **TWOS,
    ),
    Row(
        "DepthwiseConv2dNativeBackpropFilter",
        f(1, 4, 4, 2),
        i32(2, 2, 2, 3),
        f(1, 2, 2, 6),
        padding="SAME",
        **TWOS,
    ),
    Row("Conv3D", f(1, 4, 3, 3, 1), f(2, 2, 1, 1, 2), **STEPS),
    Row(
        "Conv3DBackpropInput",
        f(1, 4, 3, 3, 1),
        f(2, 2, 1, 1, 2),
        f(1, 2, 3, 3, 2),
        **STEPS,
    ),
    Row(
        "Conv3DBackpropFilter",
        f(1, 4, 3, 3, 1),
        f(2, 2, 1, 1, 2),
        f(1, 2, 3, 3, 2),
        **STEPS,
    ),
    Row(
        "Conv3DBackpropInputV2",
        i32(1, 4, 3, 3, 1),
        f(2, 2, 1, 1, 2),
        f(1, 2, 3, 3, 2),
        **STEPS,
    ),
    Row(
        "Conv3DBackpropFilterV2",
        f(1, 4, 3, 3, 1),
        i32(2, 2, 1, 1, 2),
        f(1, 2, 3, 3, 2),
        **STEPS,
    ),
    Row("AvgPool", f(1, 3, 4, 2), **WINDOWS),
    Row("AvgPoolGrad", i32(1, 3, 4, 2), f(1, 2, 2, 2), **WINDOWS),
    Row("AvgPool3D", f(1, 4, 3, 2, 1), **VOLUMES),
    Row("AvgPool3DGrad", i32(1, 4, 3, 2, 1), f(1, 2, 2, 2, 1), **VOLUMES),
    Row("MaxPool", apart(1, 3, 4, 2), **WINDOWS),
    Row("MaxPoolGrad", apart(1, 3, 4, 2), f32(1, 2, 2, 2), f32(1, 2, 2, 2), **WINDOWS),
    Row("MaxPool3D", apart(1, 4, 3, 2, 1), **VOLUMES),
    Row(
        "MaxPool3DGrad",
        apart(1, 4, 3, 2, 1),
        f32(1, 2, 2, 2, 1),
        f32(1, 2, 2, 2, 1),
        **VOLUMES,
    ),
    Row("MaxPoolWithArgmax", apart(1, 3, 4, 2), **WINDOWS),
    Row("Dilation2D", f(1, 4, 4, 2), f(2, 2, 2), **RATES),
    Row("Dilation2DBackpropInput", f(1, 4, 4, 2), f(2, 2, 2), f(1, 4, 4, 2), **RATES),
    Row("Dilation2DBackpropFilter", f(1, 4, 4, 2), f(2, 2, 2), f(1, 4, 4, 2), **RATES),
    Row("CheckSequenceLength", i(3), f(4, 3, 2), batch_dim=1, tensor_name="lengths:0"),
]

SEEDS = {"seed": 7, "seed2": 3}
RANDOM = [
    *(
        Row(t, i32(2, 3), dtype=np.float64, **SEEDS)
        for t in "RandomUniform RandomStandardNormal TruncatedNormal".split()
    ),
    Row("RandomUniformInt", i32(4), np.int32(2), np.int32(9), **SEEDS),
    Row("RandomShuffle", f(5, 2), **SEEDS),
    Row("Multinomial", f(2, 3), np.int32(4), **SEEDS),
    *(
        Row(t, np.array([[1], [5], [2]]), num_true=1, num_sampled=6, **attrs, **SEEDS)
        for t, attrs in [
            ("UniformCandidateSampler", {"unique": False, "range_max": 9}),
            ("LogUniformCandidateSampler", {"unique": True, "range_max": 9}),
            ("AllCandidateSampler", {"unique": True}),
            (
                "FixedUnigramCandidateSampler",
                {"unique": True, "range_max": 9, "unigrams": list(range(1, 10))},
            ),
        ]
    ),
]

ROWS = [
    *ELEMENTWISE,
    *COMPLEX,
    *REDUCTIONS,
    *SHAPES,
    *MATRICES,
    *NEURAL,
    *RANDOM,
]
