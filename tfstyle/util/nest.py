"""Nested sequences: lists, tuples and named tuples, one inside another.

A *structure* is a scalar or a sequence of structures. Whatever is not a
sequence is a scalar: a tensor, an array, a string, a dictionary, a set.
"""

import collections.abc
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

__all__ = [
    "is_sequence",
    "flatten",
    "pack_sequence_as",
    "assert_same_structure",
    "map_structure",
    "flatten_dict_items",
]


def is_sequence(seq: Any) -> bool:
    """True for lists, tuples and other sequences except strings."""
    return isinstance(seq, collections.abc.Sequence) and not isinstance(
        seq, str | bytes
    )


def flatten(nest: Any) -> list[Any]:
    """Returns the scalars of `nest` in order; of a scalar, a list of itself."""
    return list(_flat(nest)) if is_sequence(nest) else [nest]


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any]) -> Any:
    """Gives the scalars `flat_sequence` the nesting of `structure`.

    Args:
      structure: A nested structure, or a scalar.
      flat_sequence: As many scalars as `structure` has, in the order of `flatten`.

    Raises:
      TypeError: If `flat_sequence` is no sequence.
      ValueError: If the numbers of scalars differ.
    """
    if not is_sequence(flat_sequence):
        raise TypeError("flat_sequence must be a sequence")
    if not is_sequence(structure):
        if len(flat_sequence) != 1:
            raise ValueError(
                f"Structure is a scalar but len(flat_sequence) == "
                f"{len(flat_sequence)} > 1"
            )
        return flat_sequence[0]
    expected = len(flatten(structure))
    if expected != len(flat_sequence):
        raise ValueError(
            f"Could not pack sequence. Structure had {expected} elements, but "
            f"flat_sequence had {len(flat_sequence)} elements.  Structure: "
            f"{structure}, flat_sequence: {flat_sequence}."
        )
    return _pack(structure, iter(flat_sequence))


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True) -> None:
    """Checks that two structures are nested in the same way.

    Args:
      nest1: A structure.
      nest2: Another one.
      check_types: Whether the types of the sequences must be the same too.

    Raises:
      ValueError: If the numbers of scalars or the nesting differ.
      TypeError: If two sequences in the same place are of different types.
    """
    count1, count2 = len(flatten(nest1)), len(flatten(nest2))
    if count1 != count2:
        raise ValueError(
            "The two structures don't have the same number of elements. First "
            f"structure: {nest1}, second structure: {nest2}."
        )
    _assert_same_nesting(nest1, nest2, check_types)


def map_structure(func: Callable[..., Any], *structure: Any, **check_types: bool):
    """Applies `func` to the scalars in the same place of each structure.

    Args:
      func: Called with one scalar of each structure.
      *structure: One or more structures of the same nesting.
      **check_types: Only `check_types=`, as for `assert_same_structure`.

    Returns:
      The results, nested as the first structure.

    Raises:
      TypeError: If `func` is not callable, or sequence types differ.
      ValueError: If no structure is given, or the nesting differs.
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    same_types = check_types.pop("check_types", True)
    if check_types:
        raise ValueError("Only valid keyword argument is check_types")
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types=same_types)
    scalars = zip(*(flatten(one) for one in structure), strict=True)
    return pack_sequence_as(structure[0], [func(*group) for group in scalars])


def flatten_dict_items(dictionary: dict[Any, Any]) -> dict[Any, Any]:
    """Splits items whose key is a structure into items of its scalars.

    `{(1, 2): (3, 4), 5: 6}` becomes `{1: 3, 2: 4, 5: 6}`.

    Raises:
      TypeError: If `dictionary` is none.
      ValueError: If key and value have other numbers of scalars, or a key comes twice.
    """
    if not isinstance(dictionary, dict):
        raise TypeError("input must be a dictionary")
    flat: dict[Any, Any] = {}
    for key, value in dictionary.items():
        for flat_key, flat_value in _flat_items(key, value):
            if flat_key in flat:
                raise ValueError(
                    f"Could not flatten dictionary: key {flat_key} is not unique."
                )
            flat[flat_key] = flat_value
    return flat


def _flat(nest: Sequence[Any]) -> Iterator[Any]:
    for item in nest:
        if is_sequence(item):
            yield from _flat(item)
        else:
            yield item


def _flat_items(key: Any, value: Any) -> Iterable[tuple[Any, Any]]:
    if not is_sequence(key):
        return [(key, value)]
    keys, values = flatten(key), flatten(value)
    if len(keys) != len(values):
        raise ValueError(
            f"Could not flatten dictionary. Key had {len(keys)} elements, but value "
            f"had {len(values)} elements. Key: {keys}, value: {values}."
        )
    return zip(keys, values, strict=True)


def _pack(structure: Sequence[Any], scalars: Iterator[Any]) -> Any:
    items = [
        _pack(item, scalars) if is_sequence(item) else next(scalars)
        for item in structure
    ]
    kind = type(structure)
    if hasattr(structure, "_fields"):
        return kind(*items)
    return kind(items)  # type: ignore[call-arg]


def _assert_same_nesting(nest1: Any, nest2: Any, check_types: bool) -> None:
    sequence1, sequence2 = is_sequence(nest1), is_sequence(nest2)
    if sequence1 != sequence2:
        raise ValueError(
            "The two structures don't have the same nested structure. First "
            f"structure: {nest1}, second structure: {nest2}."
        )
    if not sequence1:
        return
    if check_types and type(nest1) is not type(nest2):
        raise TypeError(
            "The two structures don't have the same sequence type. First structure "
            f"has type {type(nest1)}, while second structure has type {type(nest2)}."
        )
    if len(nest1) != len(nest2):
        raise ValueError(
            "The two structures don't have the same nested structure. First "
            f"structure: {nest1}, second structure: {nest2}."
        )
    for item1, item2 in zip(nest1, nest2, strict=True):
        _assert_same_nesting(item1, item2, check_types)
