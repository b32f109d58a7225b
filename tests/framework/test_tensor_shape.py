import copy
import operator

import numpy as np
import pytest

from tfstyle.framework.tensor_shape import (
    Dimension,
    TensorShape,
    as_dimension,
    as_shape,
    matrix,
    scalar,
    unknown_shape,
    vector,
)

UNKNOWN = Dimension(None)
BINARY = [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod]
ORDER = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize(
    ("value", "size"),
    [(None, None), (0, 0), (3, 3), ("3", 3), (2.0, 2), (np.int32(3), 3)]
    + [(Dimension(3), 3), (True, 1), (np.array(3), 3), (b"3", 3), (2**40, 2**40)],
)
def test_dimension_value(value, size):
    assert Dimension(value).value == size
    assert type(Dimension(value).value) is type(size)
    assert as_dimension(value).value == size


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (-1, ValueError, "Dimension -1 must be >= 0"),
        (2.5, ValueError, "Ambiguous dimension: 2.5"),
        ("x", ValueError, "invalid literal for int() with base 10: 'x'"),
    ],
)
def test_dimension_refuses(value, kind, message):
    with pytest.raises(kind) as error:
        Dimension(value)
    assert str(error.value) == message


def test_dimension_keeps_itself():
    dimension = Dimension(3)
    assert as_dimension(dimension) is dimension


def test_dimension_prints():
    assert (str(Dimension(3)), repr(Dimension(3))) == ("3", "Dimension(3)")
    assert (str(UNKNOWN), repr(UNKNOWN)) == ("?", "Dimension(None)")
    assert "%d" % Dimension(3) == "3"  # noqa: UP031 - programs of 2016 print so


def test_dimension_is_an_index():
    assert list(range(Dimension(3))) == [0, 1, 2]
    assert np.zeros((Dimension(2), 3)).shape == (2, 3)
    assert int(Dimension(3)) == 3
    with pytest.raises(TypeError, match="__int__ returned non-int"):
        int(UNKNOWN)


@pytest.mark.parametrize("function", BINARY)
@pytest.mark.parametrize("other", [Dimension(2), 2, "2", 2.0])
def test_dimension_arithmetic(function, other):
    result = function(Dimension(7), other)
    assert isinstance(result, Dimension)
    assert result.value == function(7, 2)


@pytest.mark.parametrize("function", BINARY)
def test_dimension_arithmetic_unknown(function):
    for left, right in [(Dimension(3), None), (UNKNOWN, 3), (UNKNOWN, UNKNOWN)]:
        assert function(left, right).value is None


def test_dimension_arithmetic_refuses():
    with pytest.raises(ValueError, match="^Dimension -1 must be >= 0$"):
        Dimension(2) - 3
    with pytest.raises(ValueError, match="^Ambiguous dimension: 2.5$"):
        Dimension(2) + 2.5
    with pytest.raises(TypeError, match="unsupported operand"):
        2 * Dimension(3)
    with pytest.raises(TypeError, match="unsupported operand"):
        Dimension(8) / 2


@pytest.mark.parametrize("function", ORDER)
def test_dimension_order(function):
    for a in (2, 3):
        assert function(Dimension(a), 3) is function(a, 3)
        assert function(Dimension(a), Dimension(3)) is function(a, 3)
    for left, right in [(Dimension(3), None), (UNKNOWN, 3), (UNKNOWN, UNKNOWN)]:
        assert function(left, right) is None


def test_dimension_equality_with_other_things():
    assert Dimension(3) != "x"
    assert Dimension(3) != 2.5
    with pytest.raises(TypeError, match="unhashable type: 'Dimension'"):
        hash(Dimension(3))


def test_dimension_merge():
    assert Dimension(3).merge_with(3).value == 3
    assert Dimension(3).merge_with(None).value == 3
    assert UNKNOWN.merge_with(3).value == 3
    assert UNKNOWN.merge_with(None).value is None
    assert UNKNOWN.is_compatible_with(4)
    assert not Dimension(3).is_compatible_with(4)
    for method in (Dimension.merge_with, Dimension.assert_is_compatible_with):
        with pytest.raises(ValueError, match="^Dimensions 3 and 4 are not compatible$"):
            method(Dimension(3), 4)


@pytest.mark.parametrize(
    ("dims", "sizes", "text"),
    [
        ([], [], "()"),
        ([1], [1], "(1,)"),
        ([3, None], [3, None], "(3, ?)"),
        ((2, 3), [2, 3], "(2, 3)"),
        (5, [5], "(5,)"),
        (Dimension(3), [3], "(3,)"),
        ([Dimension(None), 4], [None, 4], "(?, 4)"),
        (np.array([2, 3]), [2, 3], "(2, 3)"),
        (np.array(3), [3], "(3,)"),
        (["1"], [1], "(1,)"),
        ([2.0], [2], "(2,)"),
        (TensorShape([1, 2]), [1, 2], "(1, 2)"),
        (iter([1, 2]), [1, 2], "(1, 2)"),
    ],
)
def test_shape(dims, sizes, text):
    shape = TensorShape(dims)
    assert shape.as_list() == sizes
    assert shape.ndims == len(shape) == len(sizes)
    assert str(shape) == text
    assert shape
    assert [dim.value for dim in shape] == sizes
    assert shape.is_fully_defined() is (None not in sizes)


def test_shape_of_unknown_rank():
    shape = TensorShape(None)
    assert (str(shape), repr(shape)) == ("<unknown>", "TensorShape(None)")
    assert shape.dims is shape.ndims is shape.num_elements() is None
    assert not shape
    assert not shape.is_fully_defined()
    assert TensorShape(shape).ndims is None


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (len, "Cannot take the length of Shape with unknown rank."),
        (iter, "Cannot iterate over a shape with unknown rank."),
        (TensorShape.as_list, "as_list() is not defined on an unknown TensorShape."),
        (TensorShape.assert_is_fully_defined, "Shape <unknown> is not fully defined"),
    ],
)
def test_unknown_rank_refuses(function, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
        function(TensorShape(None))
    assert str(error.value) == message


@pytest.mark.parametrize("text", ["ab", "5", b"ab"])
def test_shape_refuses_strings(text):
    with pytest.raises(TypeError) as error:
        TensorShape(text)
    assert str(error.value) == (
        "A string has ambiguous TensorShape, please wrap in a list or convert to an "
        f"int: {text!s}"
    )


@pytest.mark.parametrize(
    ("dims", "message"),
    [([-1], "Dimension -1 must be >= 0"), (3.5, "Ambiguous dimension: 3.5")],
)
def test_shape_refuses_sizes(dims, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        TensorShape(dims)


def test_repr():
    assert repr(TensorShape([3, None])) == (
        "TensorShape([Dimension(3), Dimension(None)])"
    )


@pytest.mark.parametrize(
    "key",
    [slice(1, None), slice(None, 2), slice(-1, None), slice(None, None, 2)]
    + [slice(5, None), slice(2, 1), slice(-5, None)],
    ids=repr,
)
def test_slice(key):
    assert TensorShape([3, None, 2])[key].as_list() == [3, None, 2][key]


@pytest.mark.parametrize(
    ("key", "rank"),
    [
        (slice(1, None), None),
        (slice(None, 2), 2),
        (slice(-1, None), None),
        (slice(None, -1), None),
        (slice(0, 1), 1),
        (slice(2, 1), 0),
    ],
    ids=repr,
)
def test_slice_of_unknown_rank(key, rank):
    shape = TensorShape(None)[key]
    assert shape.ndims == rank
    assert not rank or shape.as_list() == [None] * rank


def test_index():
    shape = TensorShape([3, None])
    assert shape[0].value == 3
    assert shape[-1].value is None
    assert TensorShape(None)[7].value is None
    with pytest.raises(IndexError, match="^list index out of range$"):
        shape[5]
    with pytest.raises(ValueError, match="^Steps are not yet handled$"):
        TensorShape(None)[::2]


def test_num_elements():
    assert TensorShape([2, 3, 4]).num_elements() == 24
    assert TensorShape([]).num_elements() == 1
    assert TensorShape([0, 3]).num_elements() == 0
    assert TensorShape([2, None]).num_elements() is None


def test_equality():
    shape = TensorShape([None, 2])
    assert shape == shape[:]
    assert shape == TensorShape(shape.dims)
    assert (shape == [None, 2]) is False
    assert TensorShape([1, 2]) == (1, 2)
    assert TensorShape([3]) == 3
    assert TensorShape(None) == None  # noqa: E711 - the comparison is what is tested
    assert (TensorShape([3]) == "zz") is False
    assert TensorShape([3]) != [4]
    with pytest.raises(
        ValueError, match="^The inequality of unknown TensorShapes is undefined.$"
    ):
        _ = TensorShape([3]) != None  # noqa: E711
    with pytest.raises(TypeError, match="unhashable type: 'TensorShape'"):
        hash(shape)


PAIRS = [
    (None, None, None),
    (None, [3], [3]),
    ([3], None, [3]),
    ([None, 2], [3, None], [3, 2]),
    ([], [], []),
    ([3, 4], [3, 4], [3, 4]),
]


@pytest.mark.parametrize(("a", "b", "merged"), PAIRS)
def test_merge(a, b, merged):
    shape = TensorShape(a)
    assert shape.is_compatible_with(b)
    shape.assert_is_compatible_with(b)
    result = shape.merge_with(b)
    assert (result.as_list() if result else None) == merged


@pytest.mark.parametrize(
    ("b", "text"), [([], "()"), ([3], "(3,)"), ([None], "(?,)"), ([2, 4], "(2, 4)")]
)
def test_mismatch(b, text):
    shape = TensorShape([3, 4])
    assert not shape.is_compatible_with(b)
    with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
        shape.merge_with(b)
    assert str(error.value) == f"Shapes (3, 4) and {text} are not compatible"
    with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
        shape.assert_is_compatible_with(TensorShape(b))
    assert str(error.value) == f"Shapes (3, 4) and {text} are incompatible"


def test_concatenate():
    shape = TensorShape([3, None])
    assert shape.concatenate([1]).as_list() == [3, None, 1]
    assert shape.concatenate(2).as_list() == [3, None, 2]
    assert shape.concatenate(None).ndims is None
    assert TensorShape(None).concatenate([1]).ndims is None


def test_ranks():
    shape = TensorShape([3, None])
    assert shape.with_rank(2) is shape
    assert shape.with_rank(None) is shape
    assert shape.with_rank_at_least(2) is shape
    assert shape.with_rank_at_most(2) is shape
    shape.assert_has_rank(2)
    shape.assert_same_rank([1, 1])
    shape.assert_same_rank(None)
    unknown = TensorShape(None)
    assert unknown.with_rank(2).as_list() == [None, None]
    assert unknown.with_rank_at_least(2) is unknown
    assert unknown.with_rank_at_most(2) is unknown
    unknown.assert_has_rank(7)


@pytest.mark.parametrize(
    ("method", "argument", "message"),
    [
        ("with_rank", 1, "Shape (3, ?) must have rank 1"),
        ("assert_has_rank", 1, "Shape (3, ?) must have rank 1"),
        ("with_rank_at_least", 3, "Shape (3, ?) must have rank at least 3"),
        ("with_rank_at_most", 1, "Shape (3, ?) must have rank at most 1"),
        ("assert_same_rank", [1], "Shapes (3, ?) and (1,) must have the same rank"),
    ],
)
def test_rank_mismatch(method, argument, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
        getattr(TensorShape([3, None]), method)(argument)
    assert str(error.value) == message


def test_not_fully_defined():
    with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
        TensorShape([3, None]).assert_is_fully_defined()
    assert str(error.value) == "Shape (3, ?) is not fully defined"


@pytest.mark.parametrize("dims", [None, [], [3, None], [2]])
def test_proto_and_back(dims):
    shape = TensorShape(dims)
    proto = shape.as_proto()
    assert proto.unknown_rank is (dims is None)
    assert [dim.size for dim in proto.dim] == [
        -1 if size is None else size for size in dims or []
    ]
    assert repr(TensorShape(proto)) == repr(shape)


def test_numpy_takes_shapes():
    assert np.zeros(TensorShape([2, 3])).shape == (2, 3)
    assert np.zeros(6).reshape(TensorShape([2, 3])).shape == (2, 3)


def test_makers():
    assert unknown_shape().ndims is None
    assert unknown_shape(ndims=2).as_list() == [None, None]
    assert scalar().as_list() == []
    assert vector(3).as_list() == [3]
    assert matrix(3, None).as_list() == [3, None]
    shape = TensorShape([2, None])
    assert as_shape(shape) is shape
    assert as_shape([2, None]).as_list() == [2, None]
    assert copy.deepcopy(shape).as_list() == [2, None]
