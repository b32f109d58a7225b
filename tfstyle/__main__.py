"""Runs a program written for TensorFlow 0.9: `python -m tfstyle script.py args…`."""

import importlib.metadata
import os
import sys

from tfstyle.platform import memory

__all__ = ["main"]

_HELP = """\
usage: python -m tfstyle [--help] [--version] FILE [ARGUMENT ...]

Runs FILE, a Python 3 or Python 2 script or an .ipynb notebook that was written for
TensorFlow 0.9, unchanged: `import tensorflow` imports tfstyle. All ARGUMENTs are
the program's own.

environment:
  TFSTYLE_KEEP_MEMORY=0  do not keep the memory of one training step on the CPU for
                         the next; by default the program is started with huge
                         pages (GLIBC_TUNABLES) where the system has them
  JAX_PLATFORMS          where to compute: cpu, cuda, tpu; by default the best found
"""


def main(args: list[str] | None = None) -> int:
    """Runs the program that the command line names.

    Args:
      args: The words after `python -m tfstyle`; by default those of this process,
        which may then be started anew with other memory settings.

    Returns:
      The exit status. The program's own `SystemExit` is passed on.
    """
    if args is None:
        memory.restart_with_huge_pages()
        args = sys.argv[1:]
    if not args or args[0] in ("-h", "--help"):
        print(_HELP, end="", file=sys.stdout if args else sys.stderr)
        return 0 if args else 2
    if args[0] == "--version":
        print(f"tfstyle {_version()}")
        return 0
    if args[0].startswith("-"):
        return _fail(f"unknown option {args[0]}; see python -m tfstyle --help")
    path = args[0]
    if os.path.isdir(path):
        return _fail(f"{path!r} is a folder, expected a script or notebook")
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        return _fail(
            f"can't open file {path!r}: [Errno {error.errno}] {error.strerror}"
        )

    from tfstyle.compat import runner

    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = runner.show_exception
    runner.run_main(path, args[1:])
    return 0


def _version() -> str:
    try:
        return importlib.metadata.version("tfstyle")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def _fail(message: str) -> int:
    print(f"tfstyle: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
