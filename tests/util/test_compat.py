import pathlib

import numpy as np
import pytest

from tfstyle.util import compat


def test_bytes_and_text():
    assert compat.as_bytes("é") == b"\xc3\xa9"
    assert compat.as_bytes("é", "latin-1") == b"\xe9"
    assert compat.as_bytes(b"a") == b"a"
    assert compat.as_text(b"\xc3\xa9") == compat.as_text("é") == "é"
    assert compat.as_str(b"a") == "a"
    assert compat.as_str_any(3) == "3"
    assert compat.as_str_any(b"a") == "a"
    assert compat.path_to_str(pathlib.PurePosixPath("a/b")) == "a/b"
    assert compat.path_to_str("a/b") == "a/b"


@pytest.mark.parametrize("convert", [compat.as_bytes, compat.as_text, compat.as_str])
def test_numbers_are_no_text(convert):
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
        convert(3)


def test_number_types():
    assert isinstance(np.int8(1), compat.integral_types)
    assert not isinstance(np.float32(1), compat.integral_types)
    assert isinstance(np.float16(1), compat.real_types)
    assert isinstance(np.complex64(1), compat.complex_types)
    assert not isinstance(1j, compat.real_types)
