"""Makes `import tensorflow` and all paths below it import tfstyle.

`tensorflow.python.ops.rnn_cell` *is* `tfstyle.ops.rnn_cell`, the same module
object: the import system is told to put the module that exists under a second
name, and nothing is wrapped or copied.
"""

import difflib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import pkgutil
import sys
import types
from collections.abc import Sequence

from tfstyle.compat import removed_names

__all__ = ["install", "uninstall", "installed"]

_ALIAS = "tensorflow"
_ROOT = __name__.partition(".")[0]

# Where a module has another place here than the prefix rule says. Both sides are
# relative to the root of tfstyle; the first that exists counts.
_MOVED = {
    "client.client_lib": ("client.session",),
    "client.graph_util": ("framework.graph_util",),
    "framework.constant_op": ("ops.constant_op",),
    "framework.op_def_library": ("ops.op_def_library",),
    "framework.graph_util": ("client.graph_util",),
    "framework.test_util": ("client.test_util",),
    "ops.op_def_library": ("framework.op_def_library",),
    "ops.gradients_impl": ("ops.gradients",),
    "platform.default": ("platform",),
    "platform.logging": ("platform.tf_logging",),
    "platform.test": ("client.test",),
    "pywrap_tensorflow": ("training.checkpoint_reader",),
    "training.gen_training_ops": ("training.training_ops",),
    "training.training": ("training",),
    "training.checkpoint_state_pb2": ("core.training.checkpoint_state_pb2",),
}
# Folders that lie beside `tensorflow.python`, not inside it.
_BESIDE_PYTHON = ("contrib", "core", "examples", "models", "tensorboard", "tools")
# TensorBoard uses TensorFlow where it finds one, unless this module exists.
_NO_TENSORFLOW = "tensorboard.compat.notf"


def install(sources: str | None = None) -> None:
    """Makes `import tensorflow` and what is below it import tfstyle.

    A TensorFlow that is installed, or even imported already, is shadowed until
    `uninstall()`. Until then, too, Python and NumPy have again the names that they
    removed since 2016 (`np.int`, `time.clock`). Installing twice is the same as
    once.

    Args:
      sources: A folder. Modules imported from it, or from a folder below it, that
        are Python 2 source are converted while they are imported.
    """
    if not installed():
        _finder.shadowed = _take_from_sys_modules()
        sys.meta_path.insert(0, _finder)
        sys.meta_path.append(_fallback)
        removed_names.add()
        sys.modules.setdefault(_NO_TENSORFLOW, types.ModuleType(_NO_TENSORFLOW))
    if sources is not None:
        from tfstyle.compat import loader

        loader.add_folder(sources)


def uninstall() -> None:
    """Undoes `install()`; modules imported under their old names stay usable."""
    if not installed():
        return
    sys.meta_path.remove(_finder)
    sys.meta_path.remove(_fallback)
    removed_names.remove()
    sys.modules.pop(_NO_TENSORFLOW, None)
    _take_from_sys_modules()
    sys.modules.update(_finder.shadowed)
    _finder.shadowed = {}
    loader = sys.modules.get(f"{_ROOT}.compat.loader")
    if loader is not None:
        loader.remove_folders()


def installed() -> bool:
    """True between `install()` and `uninstall()`."""
    return _finder in sys.meta_path


class _AliasLoader(importlib.abc.Loader):
    """Puts a module of tfstyle under the name that is being imported."""

    def __init__(self, real_name: str):
        self._real_name = real_name

    def exec_module(self, module: types.ModuleType) -> None:
        # The import system takes from sys.modules what is there afterwards. The
        # real module keeps its own name and spec, so that reload and pickle work.
        sys.modules[module.__name__] = importlib.import_module(self._real_name)


class _AliasFinder(importlib.abc.MetaPathFinder):
    """Finds everything below `tensorflow`."""

    def __init__(self) -> None:
        self.shadowed: dict[str, types.ModuleType] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _ALIAS and not fullname.startswith(_ALIAS + "."):
            return None
        real_name = _real_name(fullname)
        if real_name is None:
            raise _not_provided(fullname)
        return importlib.machinery.ModuleSpec(fullname, _AliasLoader(real_name))


class _FallbackFinder(importlib.abc.MetaPathFinder):
    """Asked last for modules of tfstyle that are not found.

    `from tensorflow.python.ops import x` looks for `tfstyle.ops.x`, because a
    module knows only its real name. Moved modules are found here, and for the
    rest the error speaks of the name that was written.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith(_ROOT + ".") or _is_being_loaded(fullname):
            return None
        relative = fullname.removeprefix(_ROOT + ".")
        real_name = _moved(relative)
        if real_name is not None:
            return importlib.machinery.ModuleSpec(fullname, _AliasLoader(real_name))
        if importlib.machinery.PathFinder.find_spec(fullname, path) is not None:
            return None
        beside = relative.partition(".")[0] in _BESIDE_PYTHON
        raise _not_provided(f"{_ALIAS}.{'' if beside else 'python.'}{relative}")


_finder = _AliasFinder()
_fallback = _FallbackFinder()


def _take_from_sys_modules() -> dict[str, types.ModuleType]:
    """Removes `tensorflow` and what is below it; returns what was removed."""
    names = [
        name for name in sys.modules if name == _ALIAS or name.startswith(_ALIAS + ".")
    ]
    return {name: sys.modules.pop(name) for name in names}


def _relative_name(alias: str) -> str:
    """`tensorflow.python.ops.rnn` → `ops.rnn`; `tensorflow` → the empty string."""
    parts = alias.split(".")[1:]
    if parts and parts[0] == "python":
        parts = parts[1:]
    return ".".join(parts)


def _real_name(alias: str) -> str | None:
    """The name here of a module of TensorFlow, or None if there is none."""
    relative = _relative_name(alias)
    if not relative:
        # `tensorflow.python` held all public names, too: it is the root itself.
        return _ROOT
    full = f"{_ROOT}.{relative}"
    # A module of a contrib package would be found a second time through its alias.
    return full if not _contrib(relative) and _exists(full) else _moved(relative)


def _contrib(relative: str) -> tuple[str, ...]:
    """Where a module below `contrib.rnn.python.ops` may be: without these folders."""
    parts = relative.split(".")
    if parts[0] != "contrib" or parts[2:3] != ["python"]:
        return ()
    return tuple(".".join([*parts[:2], *rest]) for rest in (parts[3:], parts[4:]))


def _moved(relative: str) -> str | None:
    candidates = _MOVED.get(relative) or _contrib(relative)
    package, _, last = relative.rpartition(".")
    if package == "ops" and last.startswith("gen_"):
        candidates = (*candidates, "ops.gen_ops")
    if package.endswith("platform.default") or package == "platform":
        candidates = (*candidates, f"platform.{last.removeprefix('_')}")
    for candidate in candidates:
        full = f"{_ROOT}.{candidate}"
        if candidate != relative and _exists(full):
            return full
    return None


def _exists(name: str) -> bool:
    if sys.modules.get(name) is not None:
        return True
    parent_name = name.rpartition(".")[0]
    try:
        parent = importlib.import_module(parent_name)
    except ModuleNotFoundError as error:
        if error.name and _is_prefix(error.name, parent_name):
            return False
        raise
    path = getattr(parent, "__path__", None)
    return path is not None and (
        importlib.machinery.PathFinder.find_spec(name, path) is not None
    )


def _is_prefix(short: str, name: str) -> bool:
    """True if the module `name`, or a package around it, was not found.

    It may have been looked for under either name.
    """
    real = _ROOT + "." + _relative_name(short) if short.startswith(_ALIAS) else short
    return name == real or name.startswith(real + ".")


def _is_being_loaded(name: str) -> bool:
    """True if the package around `name` is in the middle of its import.

    Then a name may be missing because of a cycle, which Python says better.
    """
    parent = sys.modules.get(name.rpartition(".")[0])
    return bool(getattr(getattr(parent, "__spec__", None), "_initializing", False))


def _not_provided(alias: str) -> ModuleNotFoundError:
    relative = _relative_name(alias)
    package = relative.rpartition(".")[0]
    while package and not _exists(f"{_ROOT}.{package}"):
        package = package.rpartition(".")[0]
    full = f"{_ROOT}.{package}" if package else _ROOT
    module = importlib.import_module(full)
    names = [found.name for found in pkgutil.iter_modules(module.__path__)]
    names = [name for name in names if not name.startswith("_")]
    wanted = relative.removeprefix(package).lstrip(".").partition(".")[0]
    near = difflib.get_close_matches(wanted, names, 4, 0.5) or sorted(names)
    listed = ", ".join(near[:8]) + (", …" if len(near) > 8 else "")
    hint = f"{full} has: {listed}." if names else f"{full} has no modules."
    return ModuleNotFoundError(f"tfstyle does not provide {alias}. {hint}", name=alias)
