"""Python 2 programs do in Python 3 what they did."""

import contextlib
import io
import pathlib
import pickle
import sys
import traceback

import numpy as np
import pytest

pytest.importorskip("fissix")
from tfstyle.compat import loader, run_file, source, uninstall

# Programs of Python 2 left it to the reference count to close their files.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CASES = pathlib.Path(__file__).parent / "python2"


@pytest.fixture(autouse=True)
def _clean():
    modules = set(sys.modules)
    yield
    uninstall()
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__file__", None) and "pytest-of" in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]


def run(folder, text, files=()):
    """Runs `text` with sibling `files`; returns what it printed."""
    for name, content in dict(files).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        run_file(str(script))
    return out.getvalue()


def test_language(tmp_path):
    # The expected text is what Python 2.7.18 prints. To record it again:
    # python2.7 tests/compat/python2/language.py2 > tests/compat/python2/language.out
    text = (CASES / "language.py2").read_text(encoding="utf-8")
    expected = (CASES / "language.out").read_text(encoding="utf-8")
    assert run(tmp_path, text) == expected


def test_slash_between_tensors_is_the_division_of_tensorflow(tmp_path):
    # As under TensorFlow 0.12.1 with Python 2: `Div`, which rounds towards zero,
    # while whole numbers of Python and NumPy are rounded down.
    text = """
import tensorflow as tf
import numpy as np
a = tf.constant([7, -7, 6], name="a")
b = tf.constant([2, 2, 4])
c = a
c /= 2
v = tf.Variable(9)
x = tf.placeholder(tf.float32, [None, 128 / 3])
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    print (a / b).op.type, (-7) / 2, np.array([-7]) / 2
    print sess.run(a / b), sess.run(a / 2), sess.run(7 / b), sess.run(c)
    print sess.run(np.array([7, 9, -9], np.int32) / b), sess.run(v / 2)
    print sess.run(tf.constant([7.0]) / 2), x.get_shape()
    print sess.run(tf.truediv(a, b))
"""
    assert run(tmp_path, text).splitlines() == [
        "Div -4 [-4]",
        "[ 3 -3  1] [ 3 -3  3] [3 3 1] [ 3 -3  3]",
        "[ 3  4 -2] 4",
        "[3.5] (?, 42)",
        "[ 3.5 -3.5  1.5]",
    ]


def test_future_division_between_tensors(tmp_path):
    text = """
from __future__ import division
import tensorflow as tf
with tf.Session() as sess:
    print sess.run(tf.constant([7]) / tf.constant([2])), 7 / 2
"""
    assert run(tmp_path, text) == "[3.5] 3.5\n"


def test_future_division_holds(tmp_path):
    text = "from __future__ import division\nprint 7 / 2, xrange(3)[1]\n"
    assert run(tmp_path, text) == "3.5 1\n"


def test_division_of_arrays(tmp_path):
    text = (
        "import numpy as np\n"
        "a = np.array([5, -7])\n"
        "print a / 2, (a / 2.0).tolist(), np.int64(7) / np.int64(2)\n"
        "b = a\n"
        "a /= 2\n"
        "print b.tolist()\n"
        "f = np.array([1., 2.]); f /= 2; print f.tolist()\n"
        "m = np.arange(6).reshape(2, 3); m[:, 1:] /= 2; print m.tolist()\n"
    )
    assert run(tmp_path, text) == (
        "[ 2 -4] [2.5, -3.5] 3\n[2, -4]\n[0.5, 1.0]\n[[0, 0, 1], [3, 2, 2]]\n"
    )


def test_division_uses_the_operators_of_python2(tmp_path):
    text = (
        "class T:\n"
        "    def __div__(self, other): return 'div'\n"
        "    def __rdiv__(self, other): return 'rdiv'\n"
        "    def __truediv__(self, other): return 'truediv'\n"
        "t = T()\nprint t / 2, 2 / t\n"
        "import numpy as np\n"
        "t /= 3\nprint t\n"
    )
    assert run(tmp_path, text) == "div rdiv\ndiv\n"


def test_parts_of_the_program_are_python2_too(tmp_path):
    text = (
        "import helper, pkg.sub\nfrom pkg import other\n"
        "print helper.half(7), pkg.sub.half(9), other.__name__\n"
        "from pkg.third import third\nprint third(7)\n"
    )
    files = {
        "helper.py": "def half(n): return n / 2\n",
        "pkg/__init__.py": "",
        "pkg/sub.py": "import other\nprint 'sub'\ndef half(n): return other.h(n)\n",
        "pkg/other.py": "def h(n): return n / 2\n",
        "pkg/third.py": "def third(n: int): return n / 2\n",
    }
    assert run(tmp_path, text, files) == "sub\n3 4 pkg.other\n3.5\n"


def test_python2_part_of_a_python3_program(tmp_path):
    text = "import part, plain\nprint(part.half(7), plain.half(7), f'{1 / 2}')\n"
    files = {
        "part.py": "print 'part'\ndef half(n): return n / 2\n",
        "plain.py": "def half(n): return n / 2\n",
    }
    assert run(tmp_path, text, files) == "part\n3 3.5 0.5\n"


def test_installed_packages_are_left_alone(tmp_path):
    folder = tmp_path / "env" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "plain_package.py").write_text("def half(n): return n / 2\n")
    text = (
        f"import sys; sys.path.append({str(folder)!r})\n"
        "import plain_package\nprint plain_package.half(7)\n"
    )
    assert run(tmp_path, text) == "3.5\n"


def test_other_modules_keep_their_builtins(tmp_path):
    run(tmp_path, "import json\nprint map(str, [1]), json.dumps({'a': 1})\n")
    import builtins

    assert isinstance(builtins.map(str, [1]), map)
    assert not hasattr(sys, "maxint")


TRACEBACK = '''# -*- coding: utf-8 -*-
"""Doc
string."""
from __future__ import absolute_import
import os, urllib2

def f(a, (b, c)):
    """Text."""
    x = [1,
         2]

    y = """
    """; z = 3
    print "dividing", a
    return a / b

def g(n):
\tif n:
\t\treturn f(n, (0, 1))

g(
  5)
'''


def test_traceback_shows_the_lines_of_the_file(tmp_path):
    with pytest.raises(ZeroDivisionError) as caught:
        run(tmp_path, TRACEBACK)
    frames = traceback.extract_tb(caught.value.__traceback__)
    shown = [(f.lineno, f.line) for f in frames if f.filename.endswith("script.py")]
    assert shown[-2:] == [
        (19, "return f(n, (0, 1))"),
        (15, "return a / b"),
    ]
    assert shown[-3][0] == 21
    assert frames[0].colno is not None
    assert [f.colno for f in frames if f.filename.endswith("script.py")] == [None] * 3


def test_files_hold_bytes_or_text(tmp_path):
    text = (
        "import pickle, csv\n"
        "f = open('{0}/a.txt', 'w'); f.write('x\\n'); f.write(u'é'.encode('utf-8'))\n"
        "f.close()\n"
        "print open('{0}/a.txt', 'rU').read(), list(file('{0}/a.txt'))[0].strip()\n"
        "pickle.dump([1], open('{0}/p.pkl', 'w'))\n"
        "print pickle.load(open('{0}/p.pkl'))\n"
        "w = csv.writer(open('{0}/c.csv', 'wb')); w.writerow(['a', 1]); del w\n"
        "print [row for row in csv.reader(open('{0}/c.csv', 'rb'))]\n"
    ).replace("{0}", str(tmp_path))
    assert run(tmp_path, text) == "x\né x\n[1]\n[['a', '1']]\n"


def test_pickles_of_python2_with_arrays(tmp_path):
    # pickle.dumps((numpy.array([200, 3], 'uint8'), 'caf\xc3\xa9'), 2) of Python 2
    array = np.array([200, 3], "uint8")
    data = pickle.dumps((array, "text"), 2)
    (tmp_path / "data.pkl").write_bytes(data)
    text = (
        "import cPickle\n"
        f"a, t = cPickle.load(open('{tmp_path}/data.pkl', 'rb'))\nprint a.tolist(), t\n"
    )
    assert run(tmp_path, text) == "[200, 3] text\n"


def test_bytes_of_python2_pickles_become_latin1(tmp_path):
    # pickle.dumps('\xe9', 2) of Python 2
    (tmp_path / "data.pkl").write_bytes(b"\x80\x02U\x01\xe9q\x00.")
    text = f"import pickle\nprint repr(pickle.load(open('{tmp_path}/data.pkl')))\n"
    assert run(tmp_path, text) == "'é'\n"


def test_input_is_evaluated(tmp_path, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt="": "1 + n")
    assert run(tmp_path, "n = 2\nprint input(), raw_input()\n") == "3 1 + n\n"


def test_execfile_and_imp(tmp_path):
    (tmp_path / "more.py").write_text("print 'more'\nvalue = 7 / 2\n")
    text = (
        f"import imp\nexecfile('{tmp_path}/more.py')\nprint value\n"
        f"print imp.load_source('more2', '{tmp_path}/more.py').value\n"
    )
    assert run(tmp_path, text) == "more\n3\nmore\n3\n"


def test_without_fissix_the_error_says_what_to_install(monkeypatch):
    from tfstyle.compat import python2

    monkeypatch.setattr(python2, "_refactoring_tools", None)
    monkeypatch.setitem(sys.modules, "fissix", None)
    with pytest.raises(ImportError, match=r"pip install 'tfstyle\[port\]'"):
        source.compile_source("print 'a'\n", "script.py")


def test_loader_keeps_the_cache_for_python3(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "modern.py").write_text("x = 1 / 2\n")
    loader.add_folder(str(tmp_path))
    sys.path.insert(0, str(tmp_path))
    try:
        import modern
    finally:
        sys.path.remove(str(tmp_path))
    assert modern.x == 0.5
    assert pathlib.Path(modern.__cached__).exists()
