import pytest

from tfstyle.compat.source import Dialect, compile_source, decode, dialect_of


@pytest.mark.parametrize(
    "text",
    [
        "print 'a'\n",
        "for i in xrange(3): pass\n",
        "x = raw_input()\n",
        "for k, v in d.iteritems(): pass\n",
        "if d.has_key(1): pass\n",
        "import urllib2\n",
        "import cPickle as pickle\n",
        "from itertools import izip\n",
        "import itertools\nitertools.izip(a, b)\n",
        "import string\nstring.letters\n",
        "from utils import *\nfor i in xrange(3): pass\n",
        "batch = batches.next()\n",
        "print >>f, 'a'\n",
        "print ('%d') % 3\n",
        "print ('a'), 'b'\n",
        "def f():\n    print\n",
        "#!/usr/bin/env python2\nx = 1 / 2\n",
        "try:\n    pass\nexcept ValueError, e:\n    pass\n",
        "x = 0777\n",
        "exec 'a = 1'\n",
        "from __future__ import print_function\nprint(xrange(3))\n",
    ],
)
def test_python2_is_recognized(text):
    assert dialect_of(text) is Dialect.PYTHON2


@pytest.mark.parametrize(
    "text",
    [
        "x = f'{y}'\n",
        "def f(x: int): pass\n",
        "print('a', end='')\n",
        "raise A from b\n",
        "class A(metaclass=B): pass\n",
        "import queue\n",
        "import urllib.request\n",
        "#!/usr/bin/python3\nx = 1\n",
        "super().__init__()\n",
        "def f():\n    nonlocal a\n",
        "for k, v in d.iteritems(): print(k, file=f)\n",
    ],
)
def test_python3_is_recognized(text):
    assert dialect_of(text) is Dialect.PYTHON3


@pytest.mark.parametrize(
    "text",
    [
        "import tensorflow as tf\nprint(1 / 2)\n",
        "from __future__ import print_function\nprint('a', end='')\n",
        "from six.moves import xrange\nfor i in xrange(3): pass\n",
        "import six\nisinstance('a', unicode if six.PY2 else str)\n",
        "import sys\nif sys.version_info[0] < 3: text = unicode(text)\n",
        "try:\n    xrange\nexcept NameError:\n    xrange = range\nxrange(3)\n",
        "try:\n    input = raw_input\nexcept NameError:\n    pass\n",
        "try:\n    import cPickle as pickle\nexcept ImportError:\n    import pickle\n",
        "from functools import reduce\nreduce(f, x)\n",
        "string = 'a b'\nstring.replace('a', 'b')\n",
        "import string\ndef f(string): return string.join(x)\n",
        "from utils import *\nreduce(f, file)\n",
        "class B:\n    def next(self): pass\nB().next()\n",
        "import pandas as pd\nfor c, s in frame.iteritems(): pass\n",
        "data.next_batch(3)\nreader.next(3)\n",
    ],
)
def test_what_both_understand(text):
    assert dialect_of(text) is Dialect.EITHER


def test_python3_source_is_compiled_untouched():
    text = "def f(a, b):\n    return a / b\n"
    code, python2 = compile_source(text, "name.py")
    assert not python2
    assert code == compile(text, "name.py", "exec")


def test_either_follows_the_program():
    _, python2 = compile_source("x = 7 / 2\n", "part.py", python2_program=True)
    assert python2
    _, python2 = compile_source("x = f'{7 / 2}'\n", "part.py", python2_program=True)
    assert not python2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\ny = = 2\n", 2),
        ("print 'a'\nx = (\n", 2),
        ("def f(x: int):\n    return x\nprint f(1)\n", 3),
        ("name = f'{x}'\nraise A, 'b'\n", 2),
    ],
)
def test_errors_are_those_of_python3(text, line):
    with pytest.raises(SyntaxError) as caught:
        compile_source(text, "script.py")
    assert caught.value.filename == "script.py"
    assert caught.value.lineno in (line, 1)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfx = 1\r\ny = 2", "x = 1\ny = 2\n"),
        ("# -*- coding: latin-1 -*-\n# é\n".encode("latin-1"), None),
        ("# é\n".encode(), "# é\n"),
        ("# é\n".encode("latin-1"), "# é\n"),
        (b"# coding: no-such-codec\n", "# coding: no-such-codec\n"),
        (b"a\rb", "a\nb\n"),
    ],
)
def test_decode(data, text):
    assert decode(data) == (text or "# -*- coding: latin-1 -*-\n# é\n")


def test_a_literal_keeps_its_characters_under_any_coding():
    text = decode('# -*- coding: latin-1 -*-\nx = "é"\n'.encode("latin-1"))
    names = {}
    exec(compile_source(text, "script.py")[0], names)
    assert names["x"] == "é"
