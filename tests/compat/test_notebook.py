import json
import traceback

import pytest

from tfstyle.compat import notebook, run_file, uninstall
from tfstyle.compat.source import Dialect


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    yield
    uninstall()


def cell(source, kind="code"):
    return {"cell_type": kind, "source": source.splitlines(keepends=True)}


def write(folder, cells, metadata=None):
    path = folder / "book.ipynb"
    content = {"nbformat": 4, "cells": cells, "metadata": metadata or {}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def code(source):
    content = {"nbformat": 4, "cells": [cell(source)]}
    return notebook.read_notebook(json.dumps(content).encode(), "b").cells[0].code


def test_cells_share_their_names_and_run_in_order(tmp_path):
    path = write(
        tmp_path,
        [
            cell("# Title\n", "markdown"),
            cell(
                "%matplotlib inline\nimport tensorflow.python.util.nest as nest\nx = 1"
            ),
            cell("!pip install tensorflow\nx += 1\n"),
            cell("%%bash\nthis is no Python\n"),
            cell("y = nest.flatten([x, [x]])"),
        ],
    )
    assert run_file(path)["y"] == [2, 2]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline\nx = 1\n", "pass\nx = 1\n"),
        ("if a:\n    %time x = f()\n    !ls 'it\n", "if a:\n    x = f()\n    pass\n"),
        ("%%time\nx = 1\n", "\nx = 1\n"),
        ("%%timeit x = 1\ny = x\n", "x = 1\ny = x\n"),
        ("\n%%html\n<b>\n", "\n\n\n"),
        ("files = !ls\nv = %env HOME\n", "pass\npass\n"),
        ("print?\n?print\nnp.sum??\n", "pass\npass\npass\n"),
        ("get_ipython().magic('pylab')\n", "pass\n"),
        ("print('%d'\n% 3)\n", "print('%d'\n% 3)\n"),
        ("x = '''\n%magic\n!ls'''\n%magic\n", "x = '''\n%magic\n!ls'''\npass\n"),
        ("x = a \\\n  % b\n", "x = a \\\n  % b\n"),
        ("x = a # (\n%magic\n", "x = a # (\npass\n"),
        ('!echo "(\n%magic\nf(1,\n  2)\n!ls\n', "pass\npass\nf(1,\n  2)\npass\n"),
        ("x %= 3\nx = y%z\n", "x %= 3\nx = y%z\n"),
        ("s = 'a?'\nassert a != b\n", "s = 'a?'\nassert a != b\n"),
    ],
)
def test_magics_go_and_lines_stay(source, expected):
    assert code(source) == expected


def test_pylab_brings_its_names(tmp_path):
    pytest.importorskip("matplotlib")
    path = write(
        tmp_path, [cell("%pylab inline"), cell("x = np.ones(2); plt.figure()")]
    )
    assert run_file(path)["x"].sum() == 2


@pytest.mark.parametrize("version", [2, 3])
def test_old_formats(tmp_path, version):
    cells = [
        {"cell_type": "heading", "source": "Title"},
        {"cell_type": "code", "language": "python", "input": ["x = 1\n", "y = x"]},
        {"cell_type": "code", "language": "bash", "input": "ls"},
    ]
    content = {"nbformat": version, "metadata": {}, "worksheets": [{"cells": cells}]}
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(content))
    assert run_file(str(path))["y"] == 1


def test_errors_name_the_cell_and_show_its_line(tmp_path):
    cells = [
        cell("text", "markdown"),
        cell("%matplotlib inline\ndef f():\n  1 / 0"),
        cell("f()"),
    ]
    path = write(tmp_path, cells)
    with pytest.raises(ZeroDivisionError) as caught:
        run_file(path)
    frames = traceback.extract_tb(caught.value.__traceback__)[-2:]
    assert [(f.filename, f.lineno, f.line) for f in frames] == [
        (f"{path}, cell 3", 1, "f()"),
        (f"{path}, cell 2", 3, "1 / 0"),
    ]


def test_python2_notebook(tmp_path):
    pytest.importorskip("fissix")
    cells = [cell("x = 7 / 2"), cell("print 'x', x"), cell("for i in xrange(x): pass")]
    assert run_file(write(tmp_path, cells))["x"] == 3


def test_metadata_decides(tmp_path):
    python2 = {"language_info": {"version": "2.7.10"}}
    python3 = {"kernelspec": {"name": "python3"}, "language_info": {"version": "3.5.1"}}
    cells = [cell("from __future__ import division"), cell("x = 7 / 2")]
    assert run_file(write(tmp_path, cells[1:], python2))["x"] == 3
    assert run_file(write(tmp_path, cells, python2))["x"] == 3.5
    assert run_file(write(tmp_path, cells[1:], python3))["x"] == 3.5
    read = notebook.read_notebook(b'{"nbformat": 4, "cells": []}', "b")
    assert read.dialect is Dialect.EITHER


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no json", "book is no notebook"),
        (b"[1]", "got `nbformat` None"),
        (b'{"nbformat": 5}', "formats? 2, 3 and 4 can be run, got `nbformat` 5"),
    ],
)
def test_what_is_no_notebook(data, message):
    with pytest.raises(ValueError, match=message):
        notebook.read_notebook(data, "book")
