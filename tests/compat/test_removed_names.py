"""Names that NumPy and Python removed are there while a legacy program runs."""

import collections
import inspect
import subprocess
import sys
import threading
import time
import unittest

import numpy as np
import pytest

from tfstyle import compat
from tfstyle.compat import removed_names


@pytest.fixture
def installed():
    compat.install()
    yield
    compat.uninstall()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("np.int is int and np.float is float and np.object is object", True),
        ("np.str is str and np.unicode is str and np.complex is complex", True),
        ("np.zeros(2, np.bool).dtype.name, np.long(3)", ("bool", 3)),
        ("np.float_ is np.float64 and np.complex_ is np.complex128", True),
        ("np.string_ is np.bytes_ and np.unicode_ is np.str_", True),
        ("np.Inf == np.infty == np.PINF == -np.NINF == np.inf", True),
        ("np.isnan(np.NaN) and np.isnan(np.NAN)", True),
        ("np.asscalar(np.array([3.5]))", 3.5),
        ("np.product([2, 3]), np.cumproduct([2, 3])[1]", (6, 6)),
        ("np.alltrue([1, 0]), np.sometrue([1, 0])", (False, True)),
        ("np.in1d([[1, 2], [3, 4]], [2, 3]).tolist()", [False, True, True, False]),
        ("np.row_stack([[1], [2]]).shape", (2, 1)),
        ("np.round_(2.6), np.rank([[1]]), np.alen([1, 2])", (3.0, 2, 2)),
        (
            "np.asfarray([1]).dtype.name, np.asfarray([1], int).dtype.name",
            ("float64",) * 2,
        ),
        ("np.trapz([1.0, 3.0]), np.msort([2, 1]).tolist()", (2.0, [1, 2])),
        ("np.mat([[1, 2]]).T.shape, np.math.factorial(4)", ((2, 1), 24)),
        ("np.find_common_type([np.float32], [np.int64]).name", "float32"),
        ("np.find_common_type([np.int32], [np.float64]).name", "float64"),
        ("np.issubclass_(np.int32, np.integer), np.issubclass_(3, int)", (True, False)),
        ("issubclass(np.ComplexWarning, Warning)", True),
        ("np.version.version == np.__version__", True),
        ("{np.random.random_integers(1, 2) for _ in range(50)}", {1, 2}),
        ("sum(np.random.random_integers(3, size=(2, 9)).ravel() > 3)", 0),
        ("np.fromstring(b'\\x01\\x02', np.uint8).tolist()", [1, 2]),
        ("np.fromstring('\\x01\\xff', np.uint8, count=1).tolist()", [1]),
        ("np.fromstring('1 2 3', sep=' ').tolist()", [1.0, 2.0, 3.0]),
        ("np.fromstring(b'\\x01', np.uint8).flags.writeable", True),
        ("isinstance(collections.OrderedDict(), collections.Mapping)", True),
        (
            "isinstance([], collections.Sequence), callable(collections.Callable)",
            (True,) * 2,
        ),
        ("inspect.getargspec(lambda a, b=2, *c, **d: 0)", (["a", "b"], "c", "d", (2,))),
        ("inspect.getargspec(lambda a: 0).args", ["a"]),
        ("0 <= time.clock() < 1e6", True),
        ("threading.current_thread().isAlive()", True),
        ("__import__('os').errno.EEXIST > 0", True),
        ("__import__('fractions').gcd(12, 18)", 6),
        ("__import__('base64').decodestring(b'YQ==')", b"a"),
        ("__import__('configparser').SafeConfigParser().sections()", []),
        ("__import__('imp').reload(collections) is collections", True),
        ("__import__('imp').new_module('m').__name__", "m"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*matrix subclass:PendingDeprecationWarning")
def test_name_means_what_it_meant(expression, expected):
    modules = (collections, inspect, np, threading, time)
    assert eval(expression, {m.__name__: m for m in modules} | {"np": np}) == expected


@pytest.mark.usefixtures("installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("assertEquals", (1, 1), (1, 2)),
        ("assertNotEquals", (1, 2), (1, 1)),
        ("assertItemsEqual", ([1, 2], [2, 1]), ([1], [2])),
        ("failUnless", (True,), (False,)),
        ("assertRegexpMatches", ("abc", "b"), ("abc", "d")),
    ],
)
def test_old_names_of_assertions(name, good, bad):
    check = getattr(unittest.TestCase(), name)
    check(*good)
    with pytest.raises(AssertionError):
        check(*bad)


@pytest.mark.usefixtures("installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_make_suite():
    assert unittest.makeSuite(unittest.TestCase, "none").countTestCases() == 0


def test_what_is_there_is_left_alone(monkeypatch):
    monkeypatch.setattr(time, "clock", "own", raising=False)
    compat.install()
    try:
        assert time.clock == "own"
    finally:
        compat.uninstall()
    assert time.clock == "own"


def test_uninstall_takes_them_away():
    owners = [np, np.random, collections, inspect, time, unittest.TestCase]
    before = [dict(vars(owner)) for owner in owners]
    compat.install()
    compat.install()
    assert "int" in vars(np)
    compat.uninstall()
    assert [dict(vars(owner)) for owner in owners] == before


def test_import_alone_adds_none():
    program = (
        "import tfstyle, time, numpy\n"
        "print(vars(numpy).get('float_'), hasattr(time, 'clock'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "None False\n"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_program_uses_them(tmp_path):
    part = tmp_path / "part.py"
    part.write_text("import numpy as np\nkind = np.float\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import imp, time\n"
        "import numpy as np\n"
        "from collections import Mapping\n"
        f"part = imp.load_source('part', {str(part)!r})\n"
        "x = np.zeros(3, dtype=np.int)\n"
        "start = time.clock()\n"
    )
    try:
        names = compat.run_file(str(script))
    finally:
        compat.uninstall()
        sys.modules.pop("part", None)
    assert names["x"].dtype == np.dtype(int)
    assert names["part"].kind is float


def test_table_needs_nothing_that_numpy_lacks():
    words = removed_names._NUMPY_ALIASES.split()
    missing = [new for new in words[1::2] if not hasattr(np, new)]
    assert missing in ([], ["trapezoid"])
