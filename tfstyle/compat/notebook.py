"""Reads Jupyter and IPython notebooks of the formats 2, 3 and 4.

Only the code cells count. What is not Python in them (`%matplotlib inline`,
`!ls`, `%%bash` …) is replaced by nothing, line by line, so that line numbers stay.
"""

import dataclasses
import json
import re
from typing import Any

from tfstyle.compat.source import Dialect

__all__ = ["Cell", "Notebook", "read_notebook"]

# Cell magics whose cell is Python after all.
_PYTHON_CELLS = ("time", "timeit", "capture", "prun", "python", "python2", "python3")
# Line magics that run the statement behind them.
_STATEMENT_MAGIC = re.compile(r"%(?:time|prun)\s+(?!-)(?P<statement>\S.*)")
_DROPPED = re.compile(
    r"%|!|\?|get_ipython\(\)|[\w.]+\?{1,2}\s*$|[\w., ]+=\s*(?:!|%(?!\())\s*\w"
)
_PYLAB = "import numpy as np; from matplotlib import pyplot as plt; from pylab import *"
_TOKEN = re.compile(
    r"#[^\n]*|'''|\"\"\"|'(?:[^\\'\n]|\\.)*'|\"(?:[^\\\"\n]|\\.)*\"|[()\[\]{}]|\\\n|\n",
    re.DOTALL,
)


@dataclasses.dataclass(frozen=True)
class Cell:
    """One code cell.

    Attributes:
      number: Its place among all cells of the notebook, from 1.
      text: As written.
      code: Python of the same number of lines.
    """

    number: int
    text: str
    code: str


@dataclasses.dataclass(frozen=True)
class Notebook:
    """The code cells in their order, and the Python that the notebook names."""

    cells: list[Cell]
    dialect: Dialect


def read_notebook(data: bytes, path: str) -> Notebook:
    """Reads the code of a notebook.

    Args:
      data: The contents of the file.
      path: For messages.

    Raises:
      ValueError: If it is no notebook, or of a format other than 2, 3 and 4.
    """
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{path} is no notebook: {error}") from None
    version = content.get("nbformat") if isinstance(content, dict) else None
    if version not in (2, 3, 4):
        raise ValueError(
            f"{path}: notebooks of format 2, 3 and 4 can be run, got `nbformat` "
            f"{version!r}."
        )
    if version == 4:
        found = content.get("cells", [])
    else:
        sheets = content.get("worksheets", [])
        found = [cell for sheet in sheets for cell in sheet.get("cells", [])]
    cells = [
        _cell(number, cell)
        for number, cell in enumerate(found, 1)
        if cell.get("cell_type") == "code" and _is_python(cell)
    ]
    return Notebook(cells, _dialect(content.get("metadata", {})))


def _cell(number: int, cell: dict[str, Any]) -> Cell:
    text = cell.get("source", cell.get("input", ""))
    text = "".join(text) if isinstance(text, list) else text
    text = text.replace("\r\n", "\n")
    text = text if text.endswith("\n") else text + "\n"
    return Cell(number, text, _without_magics(text))


def _is_python(cell: dict[str, Any]) -> bool:
    return cell.get("language", "python") == "python"


def _dialect(metadata: dict[str, Any]) -> Dialect:
    version = str(metadata.get("language_info", {}).get("version", ""))
    kernel = str(metadata.get("kernelspec", {}).get("name", ""))
    if version.startswith("2") or kernel == "python2":
        return Dialect.PYTHON2
    if version.startswith("3") or kernel == "python3":
        return Dialect.PYTHON3
    return Dialect.EITHER


def _without_magics(text: str) -> str:
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        name, _, rest = lines[first][2:].strip().partition(" ")
        if name not in _PYTHON_CELLS:
            return "\n" * (len(lines) - 1)
        times = name == "timeit" and rest and not rest.startswith("-")
        lines[first] = rest if times else ""
    inside = _continued_lines("\n".join(lines))
    return "\n".join(
        line if number in inside else _without_magic(line)
        for number, line in enumerate(lines)
    )


def _without_magic(line: str) -> str:
    statement = line.lstrip()
    indent = line[: len(line) - len(statement)]
    if statement.startswith("%pylab"):
        return indent + _PYLAB
    if match := _STATEMENT_MAGIC.match(statement):
        return indent + match["statement"]
    return indent + "pass" if _DROPPED.match(statement) else line


def _continued_lines(text: str) -> set[int]:
    """The lines, from 0, that begin inside a string, brackets or a statement.

    A `%` there is an operator or text. Lines with a magic are not read, since what
    a shell makes of quotes and brackets is its own affair.
    """
    continued: set[int] = set()
    line = depth = position = 0
    fresh = True
    while position < len(text):
        if fresh and not depth and _DROPPED.match(text[position:].lstrip(" \t")):
            position = text.index("\n", position) if "\n" in text[position:] else -1
            if position < 0:
                break
        fresh = False
        match = _TOKEN.search(text, position)
        if match is None:
            break
        token, position = match[0], match.end()
        if token in ("'''", '"""'):
            end = text.find(token, position)
            end = len(text) if end < 0 else end + 3
            count = text.count("\n", position, end)
            continued.update(range(line + 1, line + count + 1))
            line, position = line + count, end
        elif token in ("\n", "\\\n"):
            line += 1
            if depth or token == "\\\n":
                continued.add(line)
            else:
                fresh = True
        elif token[0] in "([{":
            depth += 1
        elif token[0] in ")]}":
            depth = max(depth - 1, 0)
    return continued
