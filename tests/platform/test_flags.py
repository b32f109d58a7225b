import argparse
import copy
import subprocess
import sys

import pytest

from tfstyle.platform import app, flags


@pytest.fixture
def values(monkeypatch):
    """Flags of a new program; the function takes its command line."""
    monkeypatch.setattr(flags, "_parser", argparse.ArgumentParser())
    monkeypatch.setattr(flags, "FLAGS", flags._FlagValues())

    def run_with(*args):
        monkeypatch.setattr(sys, "argv", ["program", *args])
        return flags.FLAGS

    return run_with


def define():
    flags.DEFINE_string("name", "x", "A text.")
    flags.DEFINE_integer("n", 1, "A number.")
    flags.DEFINE_float("rate", 0.5, "100% a rate, default %(default)s.")
    flags.DEFINE_boolean("fast", False, "Whether.")
    flags.DEFINE_bool("slow", True, "Whether.")


def test_defaults_and_values(values):
    define()
    FLAGS = values("--n", "3", "--rate=0.1", "--fast", "--noslow", "rest", "--other=1")
    assert (FLAGS.name, FLAGS.n, FLAGS.rate) == ("x", 3, 0.1)
    assert (FLAGS.fast, FLAGS.slow) == (True, False)
    assert FLAGS._parse_flags() == ["rest", "--other=1"]


def test_flags_dictionary(values):
    define()
    FLAGS = values("--n=3")
    FLAGS._parse_flags()
    parsed = getattr(FLAGS, "__flags")
    assert parsed == {"name": "x", "n": 3, "rate": 0.5, "fast": False, "slow": True}


def test_values_can_be_set(values):
    define()
    FLAGS = values("--n=3")
    FLAGS.n = 9
    FLAGS.undeclared = 4
    assert (FLAGS.n, FLAGS.undeclared) == (9, 4)


@pytest.mark.parametrize(
    ("args", "value"),
    [
        (["--fast=true"], True),
        (["--fast=1"], True),
        (["--fast", "T"], True),
        (["--fast=false"], False),
        (["--fast=maybe"], False),
        (["--fast", "--nofast"], False),
    ],
)
def test_booleans(values, args, value):
    define()
    assert values(*args).fast is value


def test_mistakes(values, capsys):
    define()
    with pytest.raises(AttributeError, match="nothing"):
        _ = values().nothing
    with pytest.raises(argparse.ArgumentError, match="conflicting option string"):
        flags.DEFINE_integer("n", 1, "Again.")
    with pytest.raises(SystemExit) as caught:
        values("--n=many")._parse_flags()
    assert caught.value.code == 2
    assert "argument --n: invalid int value: 'many'" in capsys.readouterr().err


def test_help_shows_percent_signs(values, capsys):
    define()
    with pytest.raises(SystemExit):
        values("--help")._parse_flags()
    assert "100% a rate, default 0.5." in " ".join(capsys.readouterr().out.split())


def test_looking_at_flags_does_not_parse(values):
    define()
    FLAGS = values("--n=many")
    assert not hasattr(FLAGS, "__wrapped__")
    copy.copy(FLAGS)


def test_app_run(values, monkeypatch):
    define()
    values("--n=3", "rest")
    with pytest.raises(SystemExit) as caught:
        app.run(lambda argv: argv)
    assert caught.value.code == ["program", "rest"]
    assert app.flags is flags


def test_app_run_calls_main_of_the_program():
    code = (
        "from tfstyle.platform import app\n"
        "def main(_): return 5\n"
        "if __name__ == '__main__': app.run()\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 5
