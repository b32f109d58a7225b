"""`python -m tfstyle`, as a person runs it."""

import os
import signal
import subprocess
import sys

import pytest


def tfstyle(*args, cwd=None, **env):
    return subprocess.run(
        [sys.executable, "-m", "tfstyle", *map(str, args)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.getcwd(), **env},
        capture_output=True,
        text=True,
    )


def test_script_runs_as_python_would_run_it(tmp_path):
    (tmp_path / "sibling.py").write_text("name = 'sibling'\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, sibling\n"
        "from tensorflow.python.util import nest\n"
        "print(__name__, __file__, sys.argv[1:], sys.path[0])\n"
        "print(nest.__name__, sibling.name, sys.modules['__main__'].nest is nest)\n"
        "if __name__ == '__main__': sys.exit(7)\n"
    )
    done = tfstyle(script, "--flag", "a b", cwd="/")
    assert done.stdout.splitlines() == [
        f"__main__ {script} ['--flag', 'a b'] {tmp_path}",
        "tfstyle.util.nest sibling True",
    ]
    assert done.returncode == 7


@pytest.mark.parametrize(
    ("text", "code", "err"),
    [
        ("raise SystemExit('bye')\n", 1, "bye\n"),
        ("import os; os._exit(5)\n", 5, ""),
        (
            "x = (\n",
            1,
            '  File "{script}", line 1\n    x = (\n        ^\nSyntaxError: ',
        ),
        (
            "def f():\n    return 1 / 0\nf()\n",
            1,
            "Traceback (most recent call last):\n"
            '  File "{script}", line 3, in <module>\n    f()\n',
        ),
    ],
)
def test_exit_codes_and_tracebacks(tmp_path, text, code, err):
    script = tmp_path / "script.py"
    script.write_text(text)
    done = tfstyle(script)
    assert done.returncode == code
    assert done.stderr.startswith(err.replace("{script}", str(script)))
    assert "runner.py" not in done.stderr
    assert "__main__.py" not in done.stderr
    assert "importlib" not in done.stderr


def test_traceback_through_modules_of_the_program(tmp_path):
    (tmp_path / "part.py").write_text("print 'part'\ndef f(n): return 1 / n\nf(0)\n")
    script = tmp_path / "script.py"
    script.write_text("try:\n    1 / 0\nexcept ZeroDivisionError:\n    import part\n")
    lines = tfstyle(script).stderr.splitlines()
    files = [line.strip() for line in lines if line.startswith("  File")]
    part = tmp_path / "part.py"
    assert files == [
        f'File "{script}", line 2, in <module>',
        f'File "{script}", line 4, in <module>',
        f'File "{part}", line 3, in <module>',
        f'File "{part}", line 2, in f',
    ]


def test_flags_see_the_arguments_of_the_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from tensorflow.python.platform import app, flags\n"
        "flags.DEFINE_integer('n', 1, 'A number.')\n"
        "def main(argv):\n"
        "    print(flags.FLAGS.n, argv[1:])\n"
        "    return 3\n"
        "app.run()\n"
    )
    done = tfstyle(script, "--n=5", "rest")
    assert (done.stdout, done.returncode) == ("5 ['rest']\n", 3)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_interrupt_ends_as_in_python(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = tfstyle(script)
    assert done.returncode == -signal.SIGINT
    assert done.stderr.endswith("KeyboardInterrupt\n")


def test_help_version_and_mistakes(tmp_path):
    done = tfstyle("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: python -m tfstyle")
    assert "TFSTYLE_KEEP_MEMORY=0" in done.stdout
    assert tfstyle("--version").stdout.startswith("tfstyle ")
    for args, message in [
        ([], "usage: python -m tfstyle"),
        (["--nonsense"], "tfstyle: unknown option --nonsense; see"),
        (["no.py"], "tfstyle: can't open file 'no.py': [Errno 2] No such file"),
        ([tmp_path], "is a folder, expected a script or notebook"),
    ]:
        done = tfstyle(*args, cwd=tmp_path)
        assert done.returncode == 2
        assert message in done.stderr


TUNABLES = "import os; print(os.environ.get('GLIBC_TUNABLES'))\n"


def test_program_starts_with_huge_pages_where_there_are_some(tmp_path):
    from tfstyle.platform import memory

    script = tmp_path / "script.py"
    script.write_text(TUNABLES)
    off = tfstyle(script, TFSTYLE_KEEP_MEMORY="0", JAX_PLATFORMS="cpu")
    assert off.stdout == "None\n"
    gpu = tfstyle(script, JAX_PLATFORMS="cuda")
    assert gpu.stdout == "None\n"
    if not memory._kernel_has_huge_pages() or (memory._glibc_version() or ()) < (2, 35):
        pytest.skip("no huge pages here")
    on = tfstyle(script, JAX_PLATFORMS="cpu")
    assert on.stdout == "glibc.malloc.hugetlb=1\n"
    kept = tfstyle(
        script, JAX_PLATFORMS="cpu", GLIBC_TUNABLES="glibc.malloc.tcache_count=5"
    )
    assert kept.stdout == "glibc.malloc.tcache_count=5:glibc.malloc.hugetlb=1\n"
    chosen = tfstyle(
        script, JAX_PLATFORMS="cpu", GLIBC_TUNABLES="glibc.malloc.hugetlb=0"
    )
    assert chosen.stdout == "glibc.malloc.hugetlb=0\n"
