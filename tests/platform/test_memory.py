import os
import subprocess
import sys

import pytest

from tfstyle.platform import memory


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(memory, "_kept", None)
    for name in ("TFSTYLE_KEEP_MEMORY", "GLIBC_TUNABLES", "TFSTYLE_RESTARTED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.setattr(memory, "_glibc_version", lambda: (2, 36))
    monkeypatch.setattr(memory, "_kernel_has_huge_pages", lambda: True)


@pytest.fixture
def mallopt(monkeypatch):
    calls = []
    monkeypatch.setattr(memory, "_set_mallopt", lambda: calls.append(1) or True)
    return calls


def test_memory_is_kept_once(mallopt):
    assert memory.keep_memory()
    assert memory.keep_memory()
    assert len(mallopt) == 1


def test_one_variable_turns_both_off(mallopt, monkeypatch):
    monkeypatch.setenv("TFSTYLE_KEEP_MEMORY", "0")
    assert not memory.keep_memory()
    assert not mallopt
    assert memory._restart_environment() is None


def test_huge_pages_need_no_more(mallopt, monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "a=b:glibc.malloc.hugetlb=1")
    assert memory.keep_memory()
    assert not mallopt


def test_restart_keeps_other_tunables(monkeypatch):
    environment = memory._restart_environment()
    assert environment["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"
    monkeypatch.setenv("GLIBC_TUNABLES", "a=b")
    environment = memory._restart_environment()
    assert environment["GLIBC_TUNABLES"] == "a=b:glibc.malloc.hugetlb=1"


def test_no_restart_without_end(monkeypatch):
    environment = memory._restart_environment()
    # The tunables may get lost on the way, as in a program with extra rights.
    monkeypatch.setenv("TFSTYLE_RESTARTED", environment["TFSTYLE_RESTARTED"])
    assert memory._restart_environment() is None
    monkeypatch.setenv("TFSTYLE_RESTARTED", "1")
    assert memory._restart_environment() is not None


@pytest.mark.parametrize(
    ("argv", "orig_argv", "restarts"),
    [
        (["-m", "a.py"], ["python", "-u", "-m", "tfstyle", "a.py"], True),
        (["-m"], ["python", "-m", "pytest"], False),
        (["a.py"], ["python", "-m", "tfstyle", "a.py"], False),
        (["a.py", "-m", "tfstyle"], ["python", "a.py", "-m", "tfstyle"], False),
        ([""], ["python"], False),
    ],
)
def test_only_the_program_is_restarted(monkeypatch, argv, orig_argv, restarts):
    calls = []
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", orig_argv)
    monkeypatch.setattr(memory, "restart_with_huge_pages", lambda: calls.append(1))
    memory.restart_if_program()
    assert bool(calls) is restarts


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_glibc_version", lambda: (2, 34)),
        ("_glibc_version", lambda: None),
        ("_kernel_has_huge_pages", lambda: False),
        ("_will_run_on_cpu", lambda: False),
    ],
)
def test_no_restart_where_it_has_no_effect(monkeypatch, name, value):
    monkeypatch.setattr(memory, name, value)
    assert memory._restart_environment() is None


def test_where_the_computation_will_run(monkeypatch):
    assert memory._will_run_on_cpu()
    monkeypatch.setenv("JAX_PLATFORMS", "cuda,cpu")
    assert not memory._will_run_on_cpu()
    monkeypatch.delenv("JAX_PLATFORMS")
    monkeypatch.setattr(memory, "_ACCELERATORS", ("/no/such/device*",))
    assert memory._will_run_on_cpu()
    monkeypatch.setattr(memory, "_ACCELERATORS", ("/dev/null",))
    assert not memory._will_run_on_cpu()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only for glibc")
def test_freed_memory_stays():
    code = (
        "import resource, sys\n"
        "from tfstyle.platform import memory\n"
        "if not memory.keep_memory(): sys.exit(77)\n"
        "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "def use(): b'x' * 2**24\n"
        "use(); before = faults()\n"
        "for _ in range(20): use()\n"
        "print(faults() - before)\n"
    )
    environment = {**os.environ, "GLIBC_TUNABLES": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    if done.returncode == 77:
        pytest.skip("the C library is not glibc")
    # Each of the 20 blocks has 4096 pages.
    assert int(done.stdout) < 4096
