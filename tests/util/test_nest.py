import collections

import numpy as np
import pytest

from tfstyle.util import nest

Pair = collections.namedtuple("Pair", "a b")


def test_flatten_goes_into_lists_tuples_and_named_tuples():
    assert nest.flatten([1, [2, (3, Pair(4, 5))]]) == [1, 2, 3, 4, 5]
    assert nest.flatten([]) == []


@pytest.mark.parametrize("scalar", [3, "abc", b"abc", {1: 2}, np.ones(2), None])
def test_flatten_leaves_scalars_alone(scalar):
    assert not nest.is_sequence(scalar)
    (result,) = nest.flatten(scalar)
    assert result is scalar


def test_pack_sequence_as_keeps_types():
    packed = nest.pack_sequence_as([1, (2, Pair(3, 4))], [5, 6, 7, 8])
    assert packed == [5, (6, Pair(7, 8))]
    assert type(packed[1][1]) is Pair
    assert nest.pack_sequence_as(1, [5]) == 5


def test_pack_sequence_as_refuses_other_counts():
    with pytest.raises(ValueError, match="Structure had 2 elements, but flat_seq"):
        nest.pack_sequence_as([1, 2], [5])
    with pytest.raises(ValueError, match=r"scalar but len\(flat_sequence\) == 2 > 1"):
        nest.pack_sequence_as(1, [5, 6])
    with pytest.raises(TypeError, match="flat_sequence must be a sequence"):
        nest.pack_sequence_as([1], 5)


def test_assert_same_structure():
    nest.assert_same_structure([1, (2, Pair(3, 4))], [5, (6, Pair(7, 8))])
    nest.assert_same_structure([1], (1,), check_types=False)
    with pytest.raises(ValueError, match="same number of elements"):
        nest.assert_same_structure([1, 2], [1])
    with pytest.raises(ValueError, match=r"nested structure. First structure: \[2\]"):
        nest.assert_same_structure([1, [2]], [1, 2])
    with pytest.raises(ValueError, match="nested structure. First structure: 1"):
        nest.assert_same_structure([1, [2]], [[1], 2])
    with pytest.raises(TypeError, match="same sequence type. First structure has"):
        nest.assert_same_structure([1], (1,))


def test_map_structure():
    total = nest.map_structure(lambda a, b: a + b, [1, (2,)], [3, (4,)])
    assert total == [4, (6,)]
    loose = nest.map_structure(max, [1, 5], (3, 4), check_types=False)
    assert loose == [3, 5]
    with pytest.raises(TypeError, match="func must be callable, got: 3"):
        nest.map_structure(3, [1])
    with pytest.raises(ValueError, match="at least one structure"):
        nest.map_structure(abs)
    with pytest.raises(ValueError, match="Only valid keyword argument is check_types"):
        nest.map_structure(abs, [1], strict=True)


def test_flatten_dict_items():
    assert nest.flatten_dict_items({(1, (2, 8)): (3, (4, 9)), 5: 6}) == {
        1: 3,
        2: 4,
        8: 9,
        5: 6,
    }
    assert nest.flatten_dict_items({1: (3, 4)}) == {1: (3, 4)}
    with pytest.raises(TypeError, match="input must be a dictionary"):
        nest.flatten_dict_items(3)
    with pytest.raises(ValueError, match="Key had 2 elements, but value had 1"):
        nest.flatten_dict_items({(1, 2): (3,)})
    with pytest.raises(ValueError, match="key 1 is not unique"):
        nest.flatten_dict_items({(1, 2): (3, 4), 1: 6})
