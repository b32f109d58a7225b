"""What is measured, and what is to be reached."""

import dataclasses
import os
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = [
    "PYTHONS",
    "SIDES",
    "TARGETS",
    "Run",
    "Side",
    "Target",
    "Workload",
    "all_workloads",
    "programs",
]

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
    "torch": "the same as a PyTorch user would write it",
    "compat": "the program of TensorFlow 0.9, under compat.v1 of TensorFlow 2",
    "oracle": "the program of TensorFlow 0.9, under TensorFlow 0.12.1",
}

# The environment variables that name the Python of sides that need one of their own.
PYTHONS = {
    "torch": "TORCH_PYTHON",
    "compat": "TF_COMPAT_PYTHON",
    "oracle": "TF_ORACLE",
}


@dataclasses.dataclass(frozen=True)
class Run:
    """A command in a fresh process, and what is added to its environment."""

    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    directory: Path = PROGRAMS


@dataclasses.dataclass(frozen=True)
class Side:
    """One way to do the work. `key`: which of the reported values counts, seconds or,
    for "peak", bytes; None: the time of the whole process."""

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


def programs(
    name: str,
    text: str,
    words: str,
    sides: str = " ".join(SIDES),
    key: str = "step",
) -> Workload:
    """What each side's program reports under `key` when it is called with `words`."""
    args = words.split()
    known = (
        Side("tfstyle", _tfstyle("graph.py", *args), key),
        Side("jax", _python("peer.py", *args), key),
        Side("jax_tuned", _python("peer.py", *args, **_HUGE_PAGES), key),
        *_elsewhere("torch", key, "torch_peer.py", *args),
        *_elsewhere("compat", key, "compat.py", *args, CUDA_VISIBLE_DEVICES="-1"),
        *_elsewhere("oracle", key, "graph.py", *args),
    )
    chosen = tuple(side for side in known if side.name in sides.split())
    return Workload(name, text, chosen)


def _elsewhere(
    side: str, key: str | None, *words: str, **environment: str
) -> list[Side]:
    """The side, if there is a Python to run it."""
    python = os.environ.get(PYTHONS[side])
    if not python:
        return []
    return [Side(side, Run((python, *words), tuple(environment.items())), key)]


def _first_step(*words: object, **environment: str) -> Run:
    """A training that ends with its first step."""
    args = map(str, words)
    return _tfstyle("graph.py", *args, BENCHMARK_SECONDS="0", **environment)


def _lengths(name: str, text: str, program: str, *lengths: int) -> Workload:
    """Graph and first training step: of the first length against the others."""
    sides = [Side(f"{n} steps", _first_step(program, n), "cold") for n in lengths]
    return Workload(name, text, tuple(sides))


def _rolling(name: str, text: str, program: str, length: int) -> Workload:
    """Graph and first training step, with the loop rolled and as it is."""
    unrolled = _first_step(program, length, TFSTYLE_ROLLING="0")
    sides = (
        Side("rolled", _first_step(program, length), "cold"),
        Side("unrolled", unrolled, "cold"),
    )
    return Workload(name, text, sides)


def _cold() -> list[Workload]:
    begin = _first_step("conv_net")
    oracle = _elsewhere("oracle", "init", "graph.py", "conv_net", BENCHMARK_SECONDS="0")
    imports = [Side(m, _python("importing.py", m)) for m in ("tfstyle", "jax")]
    return [
        Workload("import", "importing the package", tuple(imports)),
        _lengths("rnn_1000", "rnn.rnn: graph and first step", "small_rnn", 1000, 10),
        _lengths(
            "ptb_compile",
            "PTB small, unrolled by the program: graph and first step",
            "ptb_small",
            *(400, 100, 35, 20),
        ),
        _rolling("ptb_rolling", "that of 20 steps", "ptb_small", 20),
        _lengths(
            "attention_compile",
            "attention decoder that reads what it wrote: graph and first step",
            "attention_fed_back",
            *(50, 25, 10),
        ),
        _rolling("attention_rolling", "that of 10 steps", "attention_fed_back", 10),
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
        oracle = _elsewhere("oracle", None, *words)
        sides = [Side("tfstyle", _tfstyle(*words), None), *oracle]
        text = f"examples/legacy/{path.name}, from start to end"
        result.append(Workload(f"legacy:{path.stem}", text, tuple(sides), False))
    return result


# Training steps of programs that every side has: what is shown, and the arguments.
_RNNS = {
    "text_generator": (
        "training step: LSTM 128, 40 one-hot characters of 59",
        "text_generator",
    ),
    "mnist_rnn": ("training step: LSTM 128, 28 rows of 28 pixels", "mnist_rnn"),
    "ptb_small": ("training step: two LSTM 200, 20 of 10,000 words", "ptb_small 20"),
    "ptb_medium": ("training step: two LSTM 650, dropout, 35 words", "ptb_medium 35"),
    "gru_400": ("training step: GRU 128, 400 rows of 28 numbers", "gru 400"),
}


def all_workloads() -> dict[str, Workload]:
    """Every workload by its name, in the order of the report."""
    local = "tfstyle jax jax_tuned"
    found = [
        *(programs(name, text, words) for name, (text, words) in _RNNS.items()),
        programs(
            "attention_seq2seq",
            "training step: two GRU 128, 20 steps each, with attention",
            "attention 20",
            local + " torch oracle",
        ),
        programs(
            "ptb_400",
            "training step: PTB small over 400 steps",
            "ptb_small 400",
            local + " torch compat",
        ),
        programs(
            "ptb_400_memory",
            "the most memory that this training holds",
            "ptb_small 400",
            local,
            key="peak",
        ),
        programs(
            "conv_net",
            "training step: MNIST with two convolutions",
            "conv_net",
            local + " compat oracle",
        ),
        programs(
            "run_overhead",
            "a run that updates ten small variables",
            "run_overhead",
            "tfstyle jax oracle",
        ),
        *_cold(),
        *_legacy(),
    ]
    return {workload.name: workload for workload in found}


def _ratios(side: str, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, side) for name in names)


def _each(text: str, side: str, limits: dict[str, float]) -> list[Target]:
    return [
        Target(f"{name} {text}", limit, ((name, side),))
        for name, limit in limits.items()
    ]


_BOTH = ("text_generator", "mnist_rnn")
_SIX = (*_RNNS, "attention_seq2seq")

TARGETS = [
    Target("both RNN steps against JAX", 0.85, _ratios("jax", _BOTH)),
    Target("both RNN steps against tuned JAX", 1.05, _ratios("jax_tuned", _BOTH)),
    Target("both RNN steps against the oracle", 1 / 1.7, _ratios("oracle", _BOTH)),
    Target("six RNN steps against JAX", 0.75, _ratios("jax", _SIX)),
    *_each("against JAX", "jax", dict.fromkeys(_SIX, 1.03)),
    Target("five RNN steps against compat.v1", 0.85, _ratios("compat", _RNNS)),
    *_each("against PyTorch", "torch", dict.fromkeys(_SIX, 1.25) | {"mnist_rnn": 1.35}),
    *_each("against the oracle", "oracle", dict.fromkeys(_SIX, 1 / 1.7)),
    Target("PTB of 400 steps against 20, cold", 1.5, (("ptb_compile", "20 steps"),)),
    Target("PTB rolled, cold", 0.25, (("ptb_rolling", "unrolled"),)),
    Target(
        "decoder of 50 steps against 10, cold",
        1.5,
        (("attention_compile", "10 steps"),),
    ),
    Target("memory of PTB over 400 steps", 1.1, (("ptb_400_memory", "jax"),)),
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
