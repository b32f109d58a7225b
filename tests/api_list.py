"""Writes `api_r0_9.txt`: what of TensorFlow 0.9's API is there, one name a line.

    python tests/api_list.py

A name is listed when `../shared/api/check.py` finds it compatible, with the parameters
it has here; those are what `test_public_names.py` holds it to. Run this when names are
added, and read the difference: a line that goes away is a name that programs lose.
"""

import importlib.util
import inspect
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
LIST = HERE / "api_r0_9.txt"
SHARED = HERE.parent.parent / "shared" / "api"
_MISSING = object()


def find(root, name):
    """What `name`, such as "tf.Session.run", stands for; `_MISSING` if nothing."""
    found = root
    for part in name.split(".")[1:]:
        if inspect.isclass(found):
            found = _member(found, part)
        else:
            found = getattr(found, part, _MISSING)
        if found is _MISSING:
            break
    return found


def is_missing(found):
    """Whether `find` found nothing."""
    return found is _MISSING


def _member(cls, name):
    try:
        return inspect.getattr_static(cls, name)
    except AttributeError:
        pass
    # Fields of messages and attributes that `__init__` sets have no static value.
    fields = getattr(getattr(cls, "DESCRIPTOR", None), "fields_by_name", {})
    if name in fields:
        return fields[name]
    return getattr(cls, name, _assigned(cls, name))


def _assigned(cls, name):
    for base in cls.__mro__:
        if base.__module__.startswith("tfstyle"):
            source = inspect.getsource(base)
            if f"self.{name} =" in source or f"self.{name}:" in source:
                return None
    return _MISSING


def parameters(found):
    """The parameters of a function or of a constructor: `["x", "name=", "**kwds"]`.

    `name=` is one that may be left out. None for what cannot be called.
    """
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    if not callable(found) or getattr(found, "DESCRIPTOR", None) is not None:
        return None
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return None
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [
        stars.get(p.kind, "") + p.name + ("" if p.default is p.empty else "=")
        for p in signature.parameters.values()
    ]


def line(name, found):
    """The line of the list for a name."""
    operator = name.rpartition(".")[2].startswith("__") and not name.endswith(
        "__call__"
    )
    listed = None if operator else parameters(found)
    return name if listed is None else f"{name}({', '.join(listed)})"


def checker():
    """`../shared/api/check.py` as a module."""
    spec = importlib.util.spec_from_file_location("api_check", SHARED / "check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entries():
    """The table of TensorFlow 0.9's API that `check.py` reads."""
    table = json.loads((SHARED / "r0.9.json").read_text(encoding="utf-8"))
    return [*table["symbols"], *table["contrib"]]


def main():
    import tfstyle

    check = checker()
    lines = set()
    for entry in entries():
        if check.judge_safely(entry, tfstyle)[0] == check.COMPATIBLE:
            found = find(tfstyle, entry["name"])
            if not is_missing(found):
                lines.add(line(entry["name"], found))
    LIST.write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
    print(f"{len(lines)} names in {LIST.name}")


if __name__ == "__main__":
    main()
