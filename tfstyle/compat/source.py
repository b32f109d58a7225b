"""Reads Python source and tells which Python it was written for."""

import __future__

import ast
import enum
import io
import re
import tokenize
import types
import warnings
from collections.abc import Iterator

__all__ = ["Dialect", "compile_source", "decode", "dialect_of", "future_flags", "parse"]

# Names that only Python 2 has, under the modules and methods that have them.
_BUILTINS = frozenset(
    "apply basestring buffer cmp coerce execfile file intern long raw_input reduce "
    "reload unichr unicode xrange StandardError".split()
)
# Those of them that no other module has under the same name.
_UNMISTAKABLE = frozenset("basestring raw_input unichr unicode xrange".split())
_MODULES = frozenset(
    "BaseHTTPServer ConfigParser Cookie HTMLParser Queue SimpleHTTPServer "
    "SocketServer StringIO Tkinter UserDict __builtin__ anydbm cPickle cStringIO "
    "commands cookielib copy_reg exceptions httplib md5 sets sha thread urllib2 "
    "urlparse xmlrpclib".split()
)
_METHODS = frozenset("iteritems iterkeys itervalues has_key viewitems".split())
_ATTRIBUTES = {
    "itertools": frozenset("izip imap ifilter izip_longest ifilterfalse".split()),
    "os": frozenset(["getcwdu"]),
    "string": frozenset(
        "letters lowercase uppercase maketrans join atoi atof replace".split()
    ),
    "sys": frozenset(["maxint", "setdefaultencoding"]),
    "urllib": frozenset("urlretrieve urlopen urlencode quote unquote".split()),
}
_PYTHON3_MODULES = frozenset(
    "asyncio builtins configparser pathlib queue tkinter typing".split()
)
# A program that uses these knows both, and means what Python 3 does with it.
_BOTH_MODULES = frozenset("six future past".split())


class Dialect(enum.Enum):
    """What the text of a program says about its Python."""

    PYTHON2 = 2
    PYTHON3 = 3
    EITHER = 0


def decode(data: bytes) -> str:
    r"""Returns the text of a source file, with `\n` as line end.

    The encoding is what a byte order mark or a coding line says, else UTF-8; text
    that is not UTF-8 is taken as Latin-1, where Python 2 looked the other way.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        text = data.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ")
    return text if text.endswith("\n") else text + "\n"


def parse(text: str) -> ast.Module | None:
    """Parses Python 3; returns None if `text` is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            return None


def dialect_of(
    text: str, tree: ast.Module | None = None, print_function: bool = False
) -> Dialect:
    """Tells for which Python `text`, which Python 3 can compile, was written.

    Syntax and names decide that only one of the two has. A name that the program
    binds itself, or uses inside a `try` that expects it to be missing, does not
    count; neither do names alone in a program that knows both Pythons.

    Args:
      text: The source.
      tree: Its syntax tree, if it is known already.
      print_function: Whether `print` with keywords says nothing.
    """
    first_line = text.partition("\n")[0]
    if match := re.match(r"#!.*\bpython([23])", first_line):
        return Dialect(int(match[1]))
    tree = tree or parse(text)
    if tree is None:
        return Dialect.PYTHON2
    evidence = _Evidence(print_function)
    evidence.visit(tree)
    if evidence.python3:
        return Dialect.PYTHON3
    names = evidence.uses_names_of_python2()
    if "next" in evidence.called and "next" not in evidence.bound:
        names = True
    if evidence.python2_syntax or (names and not evidence.both):
        return Dialect.PYTHON2
    return Dialect.EITHER


def compile_source(
    text: str, filename: str, python2_program: bool = False, flags: int = 0
) -> tuple[types.CodeType, bool]:
    """Compiles a module of Python 2 or 3.

    Args:
      text: Its source, as `decode` returns it.
      filename: What tracebacks show.
      python2_program: Whether text that could be either counts as Python 2.
      flags: `__future__` flags in force, as for `compile`.

    Returns:
      The code, whose line numbers are those of `text`, and whether it is Python 2.

    Raises:
      SyntaxError: If the text is neither; as Python 3 reports it.
      ImportError: If it is Python 2 and fissix is not installed.
    """
    tree = parse(text)
    dialect = Dialect.PYTHON2 if tree is None else dialect_of(text, tree)
    if dialect is Dialect.EITHER and python2_program:
        dialect = Dialect.PYTHON2
    if dialect is Dialect.PYTHON2:
        from tfstyle.compat import python2

        code = python2.compile_python2(text, filename, flags)
        if code is not None:
            return code, True
    return compile(text, filename, "exec", flags, dont_inherit=True), False


def future_flags(text: str) -> int:
    """The flags, as for `compile`, of the imports from `__future__` in `text`.

    The flags of compiled code do not tell: those that Python 3 always has are not
    among them.
    """
    flags = 0
    for names in re.findall(r"^from +__future__ +import +([\w, ()]+)", text, re.M):
        for name in re.findall(r"\w+", names):
            feature = getattr(__future__, name, None)
            flags |= getattr(feature, "compiler_flag", 0)
    return flags


class _Evidence(ast.NodeVisitor):
    """Collects what only one of the two Pythons has."""

    def __init__(self, print_function: bool) -> None:
        self.python3 = False
        self.python2_syntax = False
        self.python2_names = False
        self.both = False
        self.bound: set[str] = set()
        self.called: set[str] = set()
        self._loaded: set[str] = set()
        self._modules: set[str] = set()
        self._attributes: set[tuple[str, str]] = set()
        self._star = False
        self._print_function = print_function
        self._pandas = False

    def uses_names_of_python2(self) -> bool:
        free = self._loaded - self.bound - self._modules
        # `from x import *` may bring names, though hardly those of Python itself.
        names = _BUILTINS & _UNMISTAKABLE if self._star else _BUILTINS
        modules = self._modules - self.bound
        return (
            self.python2_names
            or bool(free & names)
            or any(
                owner in modules and name in _ATTRIBUTES[owner]
                for owner, name in self._attributes
            )
        )

    def visit_Name(self, node: ast.Name) -> None:
        used = self._loaded if isinstance(node.ctx, ast.Load) else self.bound
        used.add(node.id)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.asname:
                self.bound.add(alias.asname)
            else:
                self._modules.add(alias.name.partition(".")[0])
            self._imported(alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        names = {alias.name for alias in node.names}
        self.bound.update(alias.asname or alias.name for alias in node.names)
        self._star |= "*" in names
        module = node.module or ""
        if module == "__future__":
            self._print_function |= "print_function" in names
        if node.level == 0:
            self._imported(module)
        self.python2_names |= bool(names & _ATTRIBUTES.get(module, frozenset()))

    def _imported(self, module: str) -> None:
        top = module.partition(".")[0]
        self.python2_names |= top in _MODULES
        self.python3 |= top in _PYTHON3_MODULES or module.startswith("urllib.")
        self.both |= top in _BOTH_MODULES
        self._pandas |= top == "pandas"

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            owner = node.value.id
            if owner in _ATTRIBUTES:
                self._attributes.add((owner, node.attr))
            self.both |= owner == "sys" and node.attr in ("version_info", "version")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if isinstance(function, ast.Attribute) and not node.keywords:
            if not node.args:
                self.called.add(function.attr)
            if function.attr in _METHODS and not self._pandas:
                self.python2_names = True
        if isinstance(function, ast.Name):
            self.python3 |= function.id == "super" and not node.args
            if function.id == "print" and node.keywords and not self._print_function:
                self.python3 = True
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not self._print_function:
            self.python2_syntax |= _is_print_statement(node.value)
        self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> None:
        if any(_catches_missing(handler.type) for handler in node.handlers):
            # What is tried here may be missing; only what it binds counts.
            for child in [*node.body, *node.handlers]:
                self.bound.update(_names_bound(child))
            for child in [*node.orelse, *node.finalbody]:
                self.visit(child)
            return
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.python3 |= isinstance(node.op, ast.MatMult)
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.python3 |= node.cause is not None
        self.generic_visit(node)

    def visit_arguments(self, node: ast.arguments) -> None:
        self.python3 |= bool(node.kwonlyargs or node.posonlyargs)
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self.bound.add(node.arg)
        self.python3 |= node.annotation is not None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        self.python3 |= node.returns is not None
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bound.add(node.name)
        self.python3 |= bool(node.keywords)
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    def _is_python3(self, node: ast.AST) -> None:
        self.python3 = True

    visit_AnnAssign = visit_AsyncFunctionDef = visit_JoinedStr = _is_python3
    visit_Nonlocal = visit_YieldFrom = visit_NamedExpr = visit_Match = _is_python3
    visit_TryStar = _is_python3


def _is_print_statement(node: ast.expr) -> bool:
    """True for what Python 3 compiles but only Python 2 means: `print >>f, x`."""
    if isinstance(node, ast.Tuple) and node.elts:
        first = node.elts[0]
        return _is_print_call(first) or _is_print_statement(first)
    if isinstance(node, ast.BinOp):
        left = node.left
        if isinstance(node.op, ast.RShift) and isinstance(left, ast.Name):
            return left.id == "print"
        return _is_print_call(left) or _is_print_statement(left)
    return isinstance(node, ast.Name) and node.id == "print"


def _is_print_call(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    )


def _catches_missing(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    names = {node.id for node in ast.walk(kind) if isinstance(node, ast.Name)}
    missing = {"ImportError", "NameError", "AttributeError", "Exception"}
    return bool(names & missing)


def _names_bound(node: ast.AST) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        elif isinstance(child, ast.alias):
            yield (child.asname or child.name).partition(".")[0]
        elif isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield child.name
