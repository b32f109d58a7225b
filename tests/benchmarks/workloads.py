"""What is measured, and what is to be reached."""

import dataclasses
import os
import sys
from pathlib import Path

__all__ = ["SIDES", "TARGETS", "Run", "Side", "Target", "Workload", "all_workloads"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAMS = HERE / "programs"
LEGACY = ROOT / "examples" / "legacy"
MNIST = ROOT.parent / "shared" / "data" / "mnist"

# Settings of the memory allocator with which `python -m tfstyle` starts itself again.
_HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}

SIDES = {
    "tfstyle": "the program of TensorFlow 0.9, under tfstyle",
    "jax": "the same by hand in JAX, as a user would run it",
    "jax_tuned": "that, with tfstyle's settings of the memory allocator",
    "oracle": "the program of TensorFlow 0.9, under TensorFlow 0.12.1",
}


@dataclasses.dataclass(frozen=True)
class Run:
    """A command in a fresh process, and what is added to its environment."""

    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    directory: Path = PROGRAMS


@dataclasses.dataclass(frozen=True)
class Side:
    """One way to do the work. `key`: which of the reported values counts; None: the
    time of the whole process."""

    name: str
    run: Run
    key: str | None = "step"


@dataclasses.dataclass(frozen=True)
class Workload:
    """The first side is compared with each of the others."""

    name: str
    text: str
    sides: tuple[Side, ...]
    by_default: bool = True


@dataclasses.dataclass(frozen=True)
class Target:
    """The geometric mean of the ratios over (workload, side) is at most `limit`."""

    text: str
    limit: float
    ratios: tuple[tuple[str, str], ...]


def _tfstyle(*words: str, **environment: str) -> Run:
    command = (sys.executable, "-m", "tfstyle", *words)
    return Run(command, tuple(environment.items()))


def _python(*words: str, **environment: str) -> Run:
    return Run((sys.executable, *words), tuple(environment.items()))


def _steps(name: str, text: str) -> Workload:
    sides = (
        Side("tfstyle", _tfstyle("graph.py", name)),
        Side("jax", _python("peer.py", name)),
        Side("jax_tuned", _python("peer.py", name, **_HUGE_PAGES)),
        *_oracle("graph.py", name),
    )
    return Workload(name, text, sides)


def _oracle(*words: str, key: str | None = "step", **environment: str) -> list[Side]:
    python = os.environ.get("TF_ORACLE")
    if not python:
        return []
    run = Run((python, *words), tuple(environment.items()))
    return [Side("oracle", run, key)]


def _cold() -> list[Workload]:
    begin = _tfstyle("graph.py", "conv_net", BENCHMARK_SECONDS="0")
    oracle = _oracle("graph.py", "conv_net", key="init", BENCHMARK_SECONDS="0")
    imports = [Side(m, _python("importing.py", m)) for m in ("tfstyle", "jax")]
    return [
        Workload("import", "importing the package", tuple(imports)),
        Workload(
            "rnn_1000",
            "rnn.rnn over 1000 steps: graph, compiling, first step; against 10 steps",
            (
                Side("tfstyle", _tfstyle("graph.py", "rnn_1000")),
                Side("10 steps", _tfstyle("graph.py", "rnn_10")),
            ),
        ),
        Workload(
            "conv_init",
            "initialize_all_variables of the conv net, cold; against its first step",
            (
                Side("tfstyle", begin, "init"),
                Side("first step", begin, "first_step"),
                *oracle,
            ),
        ),
    ]


def _legacy() -> list[Workload]:
    result = []
    for path in sorted(LEGACY.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        words = [str(path)]
        if "minimize" not in source and "apply_gradients" not in source:
            continue
        if '"data_dir"' in source:
            if not MNIST.is_dir():
                continue
            words.append(f"--data_dir={MNIST}")
        if '"plot"' in source:
            words.append("--plot=")
        sides = [Side("tfstyle", _tfstyle(*words), None), *_oracle(*words, key=None)]
        text = f"examples/legacy/{path.name}, from start to end"
        result.append(Workload(f"legacy:{path.stem}", text, tuple(sides), False))
    return result


def all_workloads() -> dict[str, Workload]:
    """Every workload by its name, in the order of the report."""
    overhead = (
        Side("tfstyle", _tfstyle("graph.py", "run_overhead")),
        Side("jax", _python("peer.py", "run_overhead")),
        *_oracle("graph.py", "run_overhead"),
    )
    found = [
        _steps(
            "text_generator", "training step: LSTM 128, 40 one-hot characters of 59"
        ),
        _steps("mnist_rnn", "training step: LSTM 128, 28 rows of 28 pixels"),
        _steps("conv_net", "training step: MNIST with two convolutions"),
        Workload("run_overhead", "a run that updates ten small variables", overhead),
        *_cold(),
        *_legacy(),
    ]
    return {workload.name: workload for workload in found}


def _rnns(side: str) -> tuple[tuple[str, str], ...]:
    return ("text_generator", side), ("mnist_rnn", side)


TARGETS = [
    Target("both RNN steps against JAX", 0.85, _rnns("jax")),
    Target("both RNN steps against tuned JAX", 1.05, _rnns("jax_tuned")),
    Target("both RNN steps against the oracle", 1 / 1.7, _rnns("oracle")),
    Target("conv net step against JAX", 0.55, (("conv_net", "jax"),)),
    Target("overhead of a run against a jitted call", 3.0, (("run_overhead", "jax"),)),
    Target("import against import jax", 1.5, (("import", "jax"),)),
    Target("1000 steps against 10 steps", 1.5, (("rnn_1000", "10 steps"),)),
    Target("cold initialization", 1 / 3, (("conv_init", "first step"),)),
    *(
        Target(f"{path.name}, whole", 1.0, ((f"legacy:{path.stem}", "oracle"),))
        for path in sorted(LEGACY.glob("*.py"))
    ),
]
