"""Turns Python 2 source into code that means the same in Python 3.

Three things together, each where it is simplest:

* *Syntax* that Python 3 cannot parse (print and exec statements, `except E, e`,
  backticks, `0777` …) is rewritten by fissix, the fork of lib2to3.
* *Operations* that parse but mean something else (`/` on integers, `.keys()`,
  `.next()` …) become calls of helpers, which look at the operands: a transformation
  of the syntax tree.
* *Names* (`xrange`, `map` that returns a list, `import urllib2` …) are found in
  builtins of the module's own: see `python2_builtins` and `python2_modules`.

Line numbers stay those of the original text.
"""

import __future__

import ast
import re
import types
import warnings
from collections.abc import Iterator
from typing import Any

from tfstyle.compat import source

__all__ = ["compile_python2"]

_FIXERS = "except exec ne numliterals paren print raise repr throw tuple_params".split()
_refactoring_tools: Any = None


def compile_python2(text: str, filename: str, flags: int = 0) -> types.CodeType | None:
    """Compiles Python 2 source; returns None if it is not even that.

    Args:
      text: The source, ending with a line end.
      filename: What tracebacks show.
      flags: `__future__` flags in force.

    Raises:
      ImportError: If fissix is needed and not installed.
    """
    text = _expand_tabs(text)
    tree = source.parse(text)
    flags |= source.future_flags(text)
    print_function = bool(flags & __future__.print_function.compiler_flag)
    if tree is None or (_uses_print(tree) and not print_function):
        converted = _convert_syntax(text, filename, print_function)
        if converted is None:
            return None
        converted_text, lines = converted
        converted_tree = source.parse(converted_text)
        if converted_tree is None:
            return None
        if tree is None and _is_python3(converted_tree):
            # A program for Python 3 with a mistake that Python 2 would not mind.
            return None
        tree = converted_tree
        _renumber(tree, lines)
    tree = _Python2Transformer(tree, flags).visit(tree)
    ast.fix_missing_locations(tree)
    _drop_columns(tree)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(tree, filename, "exec", flags, dont_inherit=True)


def _is_python3(tree: ast.Module) -> bool:
    # The fixers have put keywords into calls of print; and there is no text, since
    # its first line was looked at before.
    return source.dialect_of("", tree, print_function=True) is source.Dialect.PYTHON3


def _uses_print(tree: ast.Module) -> bool:
    """True if what the text means depends on whether `print` is a statement."""
    return any(
        isinstance(node, ast.Name) and node.id == "print" for node in ast.walk(tree)
    )


# Syntax ---------------------------------------------------------------------


def _convert_syntax(
    text: str, filename: str, print_function: bool
) -> tuple[str, dict[int, int]] | None:
    """Returns Python 3 text and, of each of its lines, the line it comes from."""
    tools = _tools(filename)
    from fissix.pgen2.parse import ParseError
    from fissix.pgen2.tokenize import TokenError

    for tool in reversed(tools) if print_function else tools:
        try:
            tree = tool.refactor_string(text, filename)
        except (ParseError, TokenError, IndentationError):
            continue
        _strip_ur_prefixes(tree)
        return str(tree), _line_map(tree)
    return None


def _tools(filename: str) -> Any:
    """The refactoring tools for `print` as a statement and as a function."""
    global _refactoring_tools
    if _refactoring_tools is None:
        try:
            from fissix import refactor
        except ImportError as error:
            raise ImportError(
                f"{filename} is Python 2 source, and fissix, which converts it, is "
                "not installed. Run: pip install 'tfstyle[port]'"
            ) from error
        names = [f"fissix.fixes.fix_{name}" for name in _FIXERS]
        _refactoring_tools = [
            refactor.RefactoringTool(chosen, {"print_function": function}, chosen)
            for function, chosen in (
                (False, names),
                (True, [name for name in names if not name.endswith("_print")]),
            )
        ]
    return _refactoring_tools


def _strip_ur_prefixes(tree: Any) -> None:
    for leaf in tree.leaves():
        if re.match(r"""[uU][rR]["']""", leaf.value):
            leaf.value = leaf.value[1:]


def _line_map(tree: Any) -> dict[int, int]:
    """Of each line of the converted text, its line in the original.

    Leaves that were in the original know their line; a line without any, which a
    fixer has added, counts as the one before it.
    """
    known: dict[int, int] = {}
    line = 1
    for leaf in tree.leaves():
        line += leaf.prefix.count("\n")
        if leaf.lineno:
            known.setdefault(line, leaf.lineno)
        line += leaf.value.count("\n")
    lines: dict[int, int] = {}
    current = 1
    for number in range(1, line + 2):
        current = known.get(number, current + 1 if number - 1 not in known else current)
        lines[number] = current
    return lines


def _renumber(tree: ast.Module, lines: dict[int, int]) -> None:
    nodes: Iterator[Any] = ast.walk(tree)
    for node in nodes:
        if hasattr(node, "lineno"):
            node.lineno = lines.get(node.lineno, node.lineno)
            node.end_lineno = max(
                node.lineno, lines.get(node.end_lineno, node.end_lineno)
            )


def _drop_columns(tree: ast.Module) -> None:
    # They belong to the converted text: tracebacks would underline the wrong part
    # of the original line.
    nodes: Iterator[Any] = ast.walk(tree)
    for node in nodes:
        if hasattr(node, "lineno"):
            node.col_offset = node.end_col_offset = -1
            node.end_lineno = node.lineno


def _expand_tabs(text: str) -> str:
    """Makes indentation by tabs spaces, 8 columns each as Python 2 counted them."""
    if "\t" not in text:
        return text
    inside = _lines_inside_strings(text)
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        body = line.lstrip(" \t")
        indent = line[: len(line) - len(body)]
        if "\t" in indent and number not in inside:
            lines[number - 1] = indent.expandtabs(8) + body
    return "\n".join(lines)


_STRING = re.compile(
    r"#[^\n]*|"
    r"'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\"|"
    r"'(?:[^\\\n']|\\.)*'|\"(?:[^\\\n\"]|\\.)*\"",
    re.DOTALL,
)


def _lines_inside_strings(text: str) -> set[int]:
    """The lines that begin inside a string."""
    inside: set[int] = set()
    for match in _STRING.finditer(text):
        count = match[0].count("\n")
        if count:
            first = text.count("\n", 0, match.start()) + 1
            inside.update(range(first + 1, first + count + 1))
    return inside


# Operations -----------------------------------------------------------------

# Methods that became another one: obj.method(args) → helper(obj, args).
_METHOD_HELPERS = {
    "keys": "_py2_keys",
    "values": "_py2_values",
    "items": "_py2_items",
    "iterkeys": "_py2_iterkeys",
    "itervalues": "_py2_itervalues",
    "iteritems": "_py2_iteritems",
    "viewkeys": "_py2_viewkeys",
    "viewvalues": "_py2_viewvalues",
    "viewitems": "_py2_viewitems",
    "next": "_py2_next",
    "has_key": "_py2_has_key",
    "decode": "_py2_decode",
    "encode": "_py2_encode",
    "sort": "_py2_sort",
    "xreadlines": "_py2_xreadlines",
}
_ATTRIBUTES = {
    "func_code": "__code__",
    "func_defaults": "__defaults__",
    "func_dict": "__dict__",
    "func_globals": "__globals__",
    "func_name": "__name__",
    "im_class": "__class__",
    "im_func": "__func__",
    "im_self": "__self__",
}
# Methods of a class that Python 3 looks for under another name, or not at all.
_CLASS_METHODS = frozenset(
    "next __nonzero__ __div__ __rdiv__ __idiv__ __unicode__ __cmp__ __eq__ "
    "__getslice__ __setslice__".split()
)


class _Python2Transformer(ast.NodeTransformer):
    """Replaces operations by calls of the helpers in `python2_builtins`."""

    def __init__(self, tree: ast.Module, flags: int):
        self._floor = not flags & __future__.division.compiler_flag
        self._stored = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
        }
        self._temporaries = 0

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not (self._floor and isinstance(node.op, ast.Div)):
            return node
        return _at(node, _call("_py2_div", node.left, node.right))

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        self.generic_visit(node)
        if not (self._floor and isinstance(node.op, ast.Div)):
            return node
        before, load, store = self._evaluate_once(node.target)
        value = _call("_py2_idiv", load, node.value)
        before.append(ast.Assign(targets=[store], value=value))
        return [_at(node, statement) for statement in before]

    def _evaluate_once(
        self, target: ast.expr
    ) -> tuple[list[ast.stmt], ast.expr, ast.expr]:
        """Statements before, an expression to read `target` and one to assign to."""
        before: list[ast.stmt] = []

        def keep(value: ast.expr) -> ast.expr:
            self._temporaries += 1
            name = f"_py2_{self._temporaries}"
            store = ast.Name(id=name, ctx=ast.Store())
            before.append(ast.Assign(targets=[store], value=value))
            return ast.Name(id=name, ctx=ast.Load())

        match target:
            case ast.Attribute(value=value, attr=attr):
                owner = keep(value)
                load: ast.expr = ast.Attribute(owner, attr, ast.Load())
                return before, load, ast.Attribute(owner, attr, ast.Store())
            case ast.Subscript(value=value, slice=index):
                owner, key = keep(value), keep(_slice_value(index))
                load = ast.Subscript(owner, key, ast.Load())
                return before, load, ast.Subscript(owner, key, ast.Store())
            case ast.Name(id=name):
                return before, ast.Name(id=name, ctx=ast.Load()), target
        raise AssertionError(f"No target of an augmented assignment: {target}")

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute):
            return node
        helper = _METHOD_HELPERS.get(function.attr)
        if helper is None:
            return node
        call = _call(helper, function.value, *node.args)
        call.keywords = node.keywords
        return _at(node, call)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and node.attr not in self._stored:
            node.attr = _ATTRIBUTES.get(node.attr, node.attr)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        defined = set()
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                defined.add(statement.name)
            elif isinstance(statement, ast.Assign):
                names = [t.id for t in statement.targets if isinstance(t, ast.Name)]
                defined.update(names)
                if names == ["__metaclass__"] and not node.keywords:
                    node.keywords = [ast.keyword("metaclass", statement.value)]
        if defined & _CLASS_METHODS:
            node.decorator_list.append(ast.Name("_py2_class", ast.Load()))
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        if not (_has_yield(node) and _may_stop(node)):
            return node
        # StopIteration used to end the generator that it passed through.
        first = 1 if ast.get_docstring(node, clean=False) is not None else 0
        handler = ast.ExceptHandler(
            ast.Name("StopIteration", ast.Load()), None, [ast.Return(None)]
        )
        guarded = ast.Try(node.body[first:], [handler], [], [])
        node.body[first:] = [_at(node, guarded)]
        return node


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[*args], keywords=[])


def _at(place: ast.AST, node: Any) -> Any:
    return ast.fix_missing_locations(ast.copy_location(node, place))


def _slice_value(index: ast.expr) -> ast.expr:
    """An index as a value that can be kept in a variable."""
    match index:
        case ast.Slice(lower=lower, upper=upper, step=step):
            parts = [part or ast.Constant(None) for part in (lower, upper, step)]
            return _call("slice", *parts)
        case ast.Tuple(elts=elts):
            return ast.Tuple([_slice_value(item) for item in elts], ast.Load())
    return index


def _own_nodes(function: ast.FunctionDef) -> Any:
    """The nodes of a function without those of functions inside it."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))


def _has_yield(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Yield) for node in _own_nodes(function))


def _may_stop(function: ast.FunctionDef) -> bool:
    stopping = {"_py2_next", "next", "StopIteration"}
    return any(
        isinstance(node, ast.Name) and node.id in stopping
        for node in _own_nodes(function)
    )
