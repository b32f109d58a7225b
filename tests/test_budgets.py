"""Rules of the source tree that no linter knows."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tfstyle"
FILES = sorted(PACKAGE.rglob("*.py"))
FUNCTION_LINES = 60
FILE_LINES, OPS_FILE_LINES = 500, 800


def _id(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=_id)
def test_source_file(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    problems = [
        *_too_long(path, text),
        *_long_functions(tree),
        *_forbidden(text),
        *_without_all(path, tree),
    ]
    assert not problems, f"{_id(path)}:\n  " + "\n  ".join(problems)


def _too_long(path, text):
    budget = OPS_FILE_LINES if path.parent == PACKAGE / "ops" else FILE_LINES
    count = text.count("\n")
    if count > budget:
        yield f"{count} lines, at most {budget} allowed: split the file"


def _long_functions(tree):
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        count = node.end_lineno - node.lineno + 1 - _docstring_lines(node)
        if count > FUNCTION_LINES:
            yield (
                f"line {node.lineno}: function {node.name} has {count} lines without "
                f"its docstring, at most {FUNCTION_LINES} allowed"
            )


def _docstring_lines(node):
    if ast.get_docstring(node, clean=False) is None:
        return 0
    docstring = node.body[0]
    return docstring.end_lineno - docstring.lineno + 1


def _forbidden(text):
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.search(r"\bjax\._src\b|\bTODO\b|\bFIXME\b", line):
            yield f"line {number}: {match[0]} is not allowed"


def _without_all(path, tree):
    """A module with public names of its own lists them."""
    if path.name == "__init__.py" and path.parent == PACKAGE:
        return
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    public = {name for name in defined | assigned if not name.startswith("_")}
    if public and "__all__" not in assigned:
        yield f"no __all__, but public names: {', '.join(sorted(public))}"


def test_every_folder_is_a_package():
    # A folder without __init__.py is left out by import-linter and type checks.
    folders = {path.parent for path in FILES}
    missing = [_id(f) for f in sorted(folders) if not (f / "__init__.py").exists()]
    assert not missing
