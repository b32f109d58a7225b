"""The entry point of a program with flags."""

import sys
from collections.abc import Callable
from typing import Any, NoReturn

from tfstyle.platform import flags

__all__ = ["flags", "run"]


def run(main: Callable[[list[str]], Any] | None = None) -> NoReturn:
    """Parses the flags, calls `main` and exits with what it returns.

    Args:
      main: Called with a list: the name of the program and the arguments that are
        no flag of it. Default: the function `main` of the running program.

    Raises:
      SystemExit: Always.
    """
    rest = flags.FLAGS._parse_flags()
    main = main or sys.modules["__main__"].main  # type: ignore[attr-defined]
    sys.exit(main(sys.argv[:1] + rest))
