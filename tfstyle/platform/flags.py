"""Command-line flags: `DEFINE_*` declares one, `FLAGS.name` is its value.

The command line is parsed when a flag is read for the first time. Arguments
that are no flag of the program are left alone, so a program may run inside a
notebook or a test runner.
"""

import argparse
import re
from typing import Any

__all__ = [
    "DEFINE_string",
    "DEFINE_boolean",
    "DEFINE_bool",
    "DEFINE_integer",
    "DEFINE_float",
    "FLAGS",
]

_parser = argparse.ArgumentParser()


class _FlagValues:
    """The values of all flags, as attributes.

    `FLAGS.__flags` is the dictionary of them; it is empty until the command line
    is parsed. Setting an attribute sets the flag, also one that is not declared.
    """

    def __init__(self):
        self.__dict__["__flags"] = {}
        self.__dict__["__parsed"] = False

    def _parse_flags(self, args: list[str] | None = None) -> list[str]:
        """Parses `args`, by default `sys.argv[1:]`; returns what is no flag."""
        values, unparsed = _parser.parse_known_args(args)
        self.__dict__["__flags"].update(vars(values))
        self.__dict__["__parsed"] = True
        return unparsed

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # copy and inspect look for such names
        if not self.__dict__["__parsed"]:
            self._parse_flags()
        try:
            return self.__dict__["__flags"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if not self.__dict__["__parsed"]:
            self._parse_flags()
        self.__dict__["__flags"][name] = value


FLAGS = _FlagValues()


def DEFINE_string(flag_name: str, default_value, docstring: str) -> None:
    """Declares the flag `--flag_name`, whose value is a string."""
    _define(flag_name, default_value, docstring, str)


def DEFINE_integer(flag_name: str, default_value, docstring: str) -> None:
    """Declares the flag `--flag_name`, whose value is an `int`."""
    _define(flag_name, default_value, docstring, int)


def DEFINE_float(flag_name: str, default_value, docstring: str) -> None:
    """Declares the flag `--flag_name`, whose value is a `float`."""
    _define(flag_name, default_value, docstring, float)


def DEFINE_boolean(flag_name: str, default_value, docstring: str) -> None:
    """Declares `--flag_name` and its contrary `--noflag_name`.

    `--flag_name` alone means True; with a value, `true`, `t` and `1` in upper or
    lower case mean True and all else False.
    """
    _parser.add_argument(
        "--" + flag_name,
        nargs="?",
        const=True,
        default=default_value,
        help=_help_text(docstring),
        type=lambda text: text.lower() in ("true", "t", "1"),
    )
    _parser.add_argument("--no" + flag_name, action="store_false", dest=flag_name)


DEFINE_bool = DEFINE_boolean


def _define(flag_name: str, default_value, docstring: str, flag_type: type) -> None:
    _parser.add_argument(
        "--" + flag_name,
        default=default_value,
        help=_help_text(docstring),
        type=flag_type,
    )


def _help_text(docstring: str) -> str:
    # argparse reads "100%" as the start of a format, and since Python 3.14
    # refuses it when the flag is declared.
    return re.sub(r"%(?!%|\((?:default|type|prog|dest)\)s)", "%%", docstring or "")
