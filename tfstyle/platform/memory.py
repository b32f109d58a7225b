"""Keeps the memory of a training step for the next one, on the CPU.

XLA's CPU client takes the temporaries of a step from `malloc` and gives them
back at its end. By default glibc maps and unmaps large blocks each time, so that
up to a third of a step goes into page faults. Two ways out, both for Linux with
glibc only and both without an effect elsewhere:

* `restart_with_huge_pages()` starts the program once more with the tunable
  `glibc.malloc.hugetlb=1`. It must be set before a process begins, which only
  `python -m tfstyle` can arrange. Then blocks come in huge pages.
* `keep_memory()` tells glibc, in a running process, not to give memory back.

`TFSTYLE_KEEP_MEMORY=0` in the environment turns off both.
"""

import ctypes
import glob
import os
import sys

__all__ = ["keep_memory", "restart_if_program", "restart_with_huge_pages"]

_SWITCH = "TFSTYLE_KEEP_MEMORY"
_GUARD = "TFSTYLE_RESTARTED"
_TUNABLE = "glibc.malloc.hugetlb"
_HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage/enabled"
_ACCELERATORS = ("/dev/nvidia[0-9]*", "/dev/kfd", "/dev/accel*", "/dev/vfio/[0-9]*")

# Parameters of mallopt(3), from glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_INT_MAX = 2**31 - 1

_kept: bool | None = None


def keep_memory() -> bool:
    """Makes glibc keep the memory that is freed; does so once per process.

    Call it before the first computation on the CPU. Where huge pages are in use
    it changes nothing: they do as well, with less memory.

    Returns:
      Whether memory is kept by this call or was by an earlier one.
    """
    global _kept
    if _kept is None:
        _kept = _enabled() and (_has_huge_pages() or _set_mallopt())
    return _kept


def restart_if_program() -> None:
    """`restart_with_huge_pages()` if this is the start of `python -m tfstyle`.

    To be called before JAX is imported, so that it is imported only once.
    """
    words = sys.orig_argv
    # While Python looks for the module to run, argv[0] is still "-m".
    if sys.argv[:1] == ["-m"] and "-m" in words:
        place = words.index("-m")
        if words[place : place + 2] == ["-m", "tfstyle"]:
            restart_with_huge_pages()


def restart_with_huge_pages() -> None:
    """Replaces this process by one with huge pages, if that makes sense.

    It does when the computations will run on the CPU, glibc and the kernel know
    the tunable, and neither it nor `TFSTYLE_KEEP_MEMORY=0` is set yet. Call it
    before anything is read or written: the program begins anew.
    """
    environment = _restart_environment()
    if environment is None:
        return
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    # Where the system forbids it, the program goes on as it is.
    try:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)
    except OSError:
        return


def _restart_environment() -> dict[str, str] | None:
    """The environment to restart with, or None not to restart."""
    tunables = os.environ.get("GLIBC_TUNABLES", "")
    if (
        not _enabled()
        or _TUNABLE in tunables
        or os.environ.get(_GUARD) == str(os.getpid())
        or (_glibc_version() or (0, 0)) < (2, 35)
        or not _kernel_has_huge_pages()
        or not _will_run_on_cpu()
        or not sys.executable
    ):
        return None
    tunables = ":".join(filter(None, [tunables, f"{_TUNABLE}=1"]))
    # The process id stays the same in an exec: programs started later by this
    # one are not kept from restarting themselves.
    return {**os.environ, "GLIBC_TUNABLES": tunables, _GUARD: str(os.getpid())}


def _has_huge_pages() -> bool:
    tunables = os.environ.get("GLIBC_TUNABLES", "").split(":")
    return f"{_TUNABLE}=1" in tunables and _kernel_has_huge_pages()


def _enabled() -> bool:
    return os.environ.get(_SWITCH, "1") != "0"


def _glibc_version() -> tuple[int, int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
        major, minor = version.split(".")[:2]
        return (int(major), int(minor)) if name == "glibc" else None
    except (OSError, ValueError):
        return None


def _kernel_has_huge_pages() -> bool:
    try:
        with open(_HUGE_PAGES) as setting:
            return "[never]" not in setting.read()
    except OSError:
        return False


def _will_run_on_cpu() -> bool:
    platforms = os.environ.get("JAX_PLATFORMS", "")
    if platforms:
        return platforms == "cpu"
    return not any(glob.glob(pattern) for pattern in _ACCELERATORS)


def _set_mallopt() -> bool:
    if _glibc_version() is None:
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    done = mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, _INT_MAX)
    return bool(done)
