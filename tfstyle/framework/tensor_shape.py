"""Static shapes: `tf.TensorShape` and the `tf.Dimension`s it is made of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, cast, overload

__all__ = [
    "Dimension",
    "TensorShape",
    "as_dimension",
    "as_shape",
    "matrix",
    "scalar",
    "unknown_shape",
    "vector",
]


class Dimension:
    """The size of one dimension of a shape: an integer, or unknown (None).

    Sums, products and the like of dimensions are dimensions again, unknown when one
    of the operands is. The other operand may be anything `Dimension` accepts.
    Comparisons with an unknown dimension give None, which is neither true nor equal.
    """

    __slots__ = ("_value",)
    # The truth of `==` is not decided for unknown sizes, so there is no hash either.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any) -> None:
        """Makes a dimension.

        Args:
            value: an integer, something `int` converts without rounding, or None.

        Raises:
            ValueError: when `value` is negative or not a whole number.
        """
        self._value: int | None = None
        if value is None:
            return
        self._value = int(value)
        # A string of digits is a size, and never equals the number it stands for.
        if not isinstance(value, str | bytes) and self._value != value:
            raise ValueError(f"Ambiguous dimension: {value}")
        if self._value < 0:
            raise ValueError(f"Dimension {self._value} must be >= 0")

    @property
    def value(self) -> int | None:
        """The size, or None if it is unknown."""
        return self._value

    def is_compatible_with(self, other: Any) -> bool:
        """Whether both can be the same size: they are equal, or one is unknown."""
        other = as_dimension(other)
        return self._value is None or other._value in (None, self._value)

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises ValueError when `other` is surely another size."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        """Combines what is known of one size from two sides.

        Raises:
            ValueError: when `other` is surely another size.
        """
        other = as_dimension(other)
        self.assert_is_compatible_with(other)
        return Dimension(other._value if self._value is None else self._value)

    def __add__(self, other: Any) -> Dimension:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return Dimension(None)
        return Dimension(self._value + other._value)

    def __sub__(self, other: Any) -> Dimension:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return Dimension(None)
        return Dimension(self._value - other._value)

    def __mul__(self, other: Any) -> Dimension:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return Dimension(None)
        return Dimension(self._value * other._value)

    def __floordiv__(self, other: Any) -> Dimension:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return Dimension(None)
        return Dimension(self._value // other._value)

    __div__ = __floordiv__  # `/` of Python 2, which TF defined as well

    def __mod__(self, other: Any) -> Dimension:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return Dimension(None)
        return Dimension(self._value % other._value)

    def __eq__(self, other: Any) -> bool | None:  # type: ignore[override]
        try:
            other = as_dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or other._value is None:
            return None
        return self._value == other._value  # type: ignore[no-any-return]

    def __ne__(self, other: Any) -> bool | None:  # type: ignore[override]
        try:
            other = as_dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or other._value is None:
            return None
        return self._value != other._value  # type: ignore[no-any-return]

    def __lt__(self, other: Any) -> bool | None:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return None
        return cast(bool, self._value < other._value)

    def __le__(self, other: Any) -> bool | None:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return None
        return cast(bool, self._value <= other._value)

    def __gt__(self, other: Any) -> bool | None:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return None
        return cast(bool, self._value > other._value)

    def __ge__(self, other: Any) -> bool | None:
        other = as_dimension(other)
        if self._value is None or other._value is None:
            return None
        return cast(bool, self._value >= other._value)

    def __int__(self) -> int:
        # Python turns a None into the TypeError that an unknown size deserves.
        return cast(int, self._value)

    def __index__(self) -> int:
        return cast(int, self._value)

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __repr__(self) -> str:
        return f"Dimension({self._value})"


def as_dimension(value: Any) -> Dimension:
    """Converts `value` to a `Dimension`; one that already is a `Dimension` is kept."""
    return value if isinstance(value, Dimension) else Dimension(value)


class TensorShape:
    """The static shape of a tensor, known in full, in part or not at all.

    Either the rank is unknown, or the rank is known and each dimension has a size or
    is unknown. A shape is never changed; what combines shapes returns a new one.

    Two shapes with unknown dimensions are equal only when they share them, as a slice
    and the shape it was cut from do: two unknown sizes need not be the same size.
    """

    __slots__ = ("_dims",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, dims: Any) -> None:
        """Makes a shape.

        Args:
            dims: a list of sizes (integers, `Dimension`s or None), one size for a
                vector, a `TensorShape`, a `TensorShapeProto`, or None if nothing is
                known.

        Raises:
            TypeError: when `dims` is a string, or a size is not a number.
            ValueError: when a size is negative or not a whole number.
        """
        self._dims: list[Dimension] | None
        if dims is None:
            self._dims = None
        elif isinstance(dims, TensorShape):
            self._dims = dims._dims
        elif isinstance(dims, str | bytes):
            raise TypeError(
                "A string has ambiguous TensorShape, please wrap in a list or convert "
                f"to an int: {dims!s}"
            )
        elif hasattr(dims, "unknown_rank"):
            self._dims = None if dims.unknown_rank else _proto_dims(dims)
        else:
            try:
                sizes = iter(dims)
            except TypeError:
                sizes = iter((dims,))
            self._dims = [as_dimension(size) for size in sizes]

    @property
    def dims(self) -> list[Dimension] | None:
        """The dimensions, or None if the rank is unknown."""
        return self._dims

    @property
    def ndims(self) -> int | None:
        """The rank, or None if it is unknown."""
        return None if self._dims is None else len(self._dims)

    def as_list(self) -> list[int | None]:
        """The sizes as Python integers, None for unknown ones.

        Raises:
            ValueError: when the rank is unknown.
        """
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return [dim._value for dim in self._dims]

    def as_proto(self) -> Any:
        """The shape as a `TensorShapeProto`; unknown sizes are -1."""
        from tensorboard.compat.proto import tensor_shape_pb2

        proto = tensor_shape_pb2.TensorShapeProto()
        if self._dims is None:
            proto.unknown_rank = True
        else:
            for dim in self._dims:
                proto.dim.add(size=-1 if dim._value is None else dim._value)
        return proto

    def num_elements(self) -> int | None:
        """The product of the sizes, or None unless all are known."""
        if not self.is_fully_defined():
            return None
        return math.prod(cast("list[int]", self.as_list()))

    def is_fully_defined(self) -> bool:
        """Whether the rank and all sizes are known."""
        return self._dims is not None and all(
            dim._value is not None for dim in self._dims
        )

    def assert_is_fully_defined(self) -> None:
        """Raises ValueError unless the rank and all sizes are known."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other: Any) -> bool:
        """Whether one shape, fully known, could agree with both."""
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return True
        return len(self._dims) == len(other._dims) and all(
            a.is_compatible_with(b)
            for a, b in zip(self._dims, other._dims, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises ValueError when no shape agrees with both."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def assert_same_rank(self, other: Any) -> None:
        """Raises ValueError when both ranks are known and differ."""
        other = as_shape(other)
        if None not in (self.ndims, other.ndims) and self.ndims != other.ndims:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank: int) -> None:
        """Raises ValueError when the rank is known and is not `rank`."""
        if self.ndims not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def merge_with(self, other: Any) -> TensorShape:
        """Combines what is known of one shape from two sides.

        Raises:
            ValueError: when no shape agrees with both.
        """
        other = as_shape(other)
        if self._dims is None:
            return cast(TensorShape, other)
        if other._dims is None:
            return self
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are not compatible")
        pairs = zip(self._dims, other._dims, strict=True)
        return TensorShape([a.merge_with(b) for a, b in pairs])

    def concatenate(self, other: Any) -> TensorShape:
        """The dimensions of this shape followed by those of `other`."""
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return unknown_shape()
        return TensorShape(self._dims + other._dims)

    def with_rank(self, rank: int | None) -> TensorShape:
        """This shape, of rank `rank`: with unknown dimensions if it had no rank.

        Raises:
            ValueError: when the rank is another one.
        """
        if rank is None:
            return self
        self.assert_has_rank(rank)
        return unknown_shape(ndims=rank) if self._dims is None else self

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """This shape, whose rank is at least `rank` or unknown.

        Raises:
            ValueError: when the rank is less.
        """
        if self.ndims is not None and self.ndims < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """This shape, whose rank is at most `rank` or unknown.

        Raises:
            ValueError: when the rank is greater.
        """
        if self.ndims is not None and self.ndims > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError("Cannot take the length of Shape with unknown rank.")
        return len(self._dims)

    def __bool__(self) -> bool:
        """Whether the rank is known (a scalar's shape is true too)."""
        return self._dims is not None

    def __iter__(self) -> Iterator[Dimension]:
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self._dims)

    @overload
    def __getitem__(self, key: int) -> Dimension: ...
    @overload
    def __getitem__(self, key: slice) -> TensorShape: ...
    def __getitem__(self, key: int | slice) -> Dimension | TensorShape:
        """One dimension, or the shape of the dimensions in a slice.

        Raises:
            ValueError: when the rank is unknown and the slice has a step.
        """
        if isinstance(key, slice):
            if self._dims is not None:
                return TensorShape(self._dims[key])
            return _unknown_slice(key)
        return Dimension(None) if self._dims is None else self._dims[key]

    def __eq__(self, other: object) -> bool:
        try:
            shape = as_shape(other)
        except TypeError:
            return NotImplemented
        return self._dims == shape._dims

    def __ne__(self, other: object) -> bool:
        shape = as_shape(other)
        if self._dims is None or shape._dims is None:
            raise ValueError("The inequality of unknown TensorShapes is undefined.")
        return self._dims != shape._dims

    def __str__(self) -> str:
        if self._dims is None:
            return "<unknown>"
        if len(self._dims) == 1:
            return f"({self._dims[0]},)"
        return f"({', '.join(map(str, self._dims))})"

    def __repr__(self) -> str:
        return f"TensorShape({self._dims})"


def _proto_dims(proto: Any) -> list[Dimension]:
    return [Dimension(None if dim.size == -1 else dim.size) for dim in proto.dim]


def _unknown_slice(key: slice) -> TensorShape:
    """The shape of the dimensions `key` selects from a shape of unknown rank."""
    if key.step is not None:
        raise ValueError("Steps are not yet handled")
    start = 0 if key.start is None else key.start
    if key.stop is None or start < 0 or key.stop < 0:
        return unknown_shape()
    return unknown_shape(ndims=key.stop - start)


def as_shape(shape: Any) -> TensorShape:
    """Converts `shape` to a `TensorShape`; one that already is one is kept."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(ndims: int | None = None) -> TensorShape:
    """A shape of rank `ndims` of which nothing else is known."""
    return TensorShape(None if ndims is None else [Dimension(None)] * ndims)


def scalar() -> TensorShape:
    """The shape `()`."""
    return TensorShape([])


def vector(length: Any) -> TensorShape:
    """The shape `(length,)`."""
    return TensorShape([length])


def matrix(rows: Any, cols: Any) -> TensorShape:
    """The shape `(rows, cols)`."""
    return TensorShape([rows, cols])
