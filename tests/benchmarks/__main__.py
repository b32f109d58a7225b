"""`python -m tests.benchmarks [WORKLOAD …]`: measures and prints a table."""

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from workloads import PYTHONS, ROOT, SIDES, TARGETS, Run, Workload, all_workloads

__all__ = ["main"]

_MARK = "BENCHMARK "
_LIMIT_S = 1200


def execute(run: Run) -> dict[str, Any]:
    """Runs one process; returns what it reported and `None: seconds in all`."""
    # Installed packages have their bytecode: so has this checkout after a first import.
    dropped = ("GLIBC_TUNABLES", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    environment = {k: v for k, v in os.environ.items() if k not in dropped}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
    environment.setdefault("JAX_PLATFORMS", "cpu")
    if run.command[0] == sys.executable:
        environment["PYTHONPATH"] = str(ROOT)
    begin = time.perf_counter()
    done = subprocess.run(
        run.command,
        cwd=run.directory,
        env=environment | dict(run.environment),
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(f"{' '.join(run.command)}\n{done.stderr[-3000:]}")
    lines = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    reported = json.loads(lines[-1].removeprefix(_MARK)) if lines else {}
    return {None: seconds, **reported}


def measure(workload: Workload, rounds: int) -> dict[str, list[float]]:
    """What every side reported, one value per round; the sides take turns."""
    samples: dict[str, list[float]] = {side.name: [] for side in workload.sides}
    for number in range(rounds):
        shift = number % len(workload.sides)
        done: dict[Run, dict[str, Any]] = {}
        for side in workload.sides[shift:] + workload.sides[:shift]:
            if side.run not in done:
                done[side.run] = execute(side.run)
            samples[side.name].append(done[side.run][side.key])
    return samples


def ratios(samples: dict[str, list[float]]) -> dict[str, float]:
    """The first side's time by each other side's: the median over the rounds.

    Two processes of one round run close together, so what else the machine does
    disturbs their ratio less than it disturbs the times.
    """
    (_, first), *others = samples.items()
    return {
        name: statistics.median(a / b for a, b in zip(first, values, strict=True))
        for name, values in others
    }


def check_targets(found: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """The targets all of whose ratios were measured."""
    result = []
    for target in TARGETS:
        values = [found.get(name, {}).get(side) for name, side in target.ratios]
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            mean = math.exp(statistics.fmean(map(math.log, known)))
            result.append(
                {
                    "target": target.text,
                    "ratio": mean,
                    "limit": target.limit,
                    "met": mean <= target.limit,
                }
            )
    return result


def show(workload: Workload, samples: dict[str, list[float]]) -> None:
    print(f"\n{workload.name}: {workload.text}")
    compared = ratios(samples)
    for side, values in zip(workload.sides, samples.values(), strict=True):
        name, show_one = side.name, _size if side.key == "peak" else _time
        least, median, most = (
            show_one(f(values)) for f in (min, statistics.median, max)
        )
        text = f"  {name:12}{median}  ({least.strip()} to {most.strip()})"
        if name in compared:
            text = (
                f"{text:50}  {workload.sides[0].name} / {name} = {compared[name]:.2f}"
            )
        print(text, flush=True)


def _time(seconds: float) -> str:
    for unit, size in (("s ", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:8.2f} {unit}"
    return f"{seconds * 1e6:8.1f} µs"


def _size(count: float) -> str:
    return f"{count / 2**20:8.0f} MiB"


def describe() -> dict[str, Any]:
    packages = ("jax", "jaxlib", "numpy", "optax")
    return {
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        **{name: metadata.version(name) for name in packages},
    }


def choose(names: list[str], known: dict[str, Workload]) -> list[Workload]:
    if not names:
        return [workload for workload in known.values() if workload.by_default]
    chosen = []
    for name in names:
        group = [w for w in known.values() if name in (w.name, w.name.split(":")[0])]
        if not group:
            sys.exit(f"no workload {name!r}; there are: legacy {' '.join(known)}")
        chosen += group
    return chosen


def main() -> int:
    known = all_workloads()
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", metavar="WORKLOAD")
    parser.add_argument("--rounds", type=int, default=5, help="processes per side")
    parser.add_argument("--json", metavar="FILE", help="where to write all values")
    options = parser.parse_args()
    print("\n".join(f"{name:10} {text}" for name, text in SIDES.items()))
    for name, variable in PYTHONS.items():
        if not os.environ.get(variable):
            print(f"(no {name}: ${variable} is not set)")
    report: dict[str, Any] = {"machine": describe(), "workloads": {}, "failed": {}}
    found = {}
    for workload in choose(options.names, known):
        try:
            samples = measure(workload, options.rounds)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            report["failed"][workload.name] = str(error)
            print(f"\n{workload.name}: FAILED\n{error}")
            continue
        show(workload, samples)
        found[workload.name] = ratios(samples)
        report["workloads"][workload.name] = {"samples": samples} | {
            "ratios": found[workload.name]
        }
    report["targets"] = check_targets(found)
    print()
    for row in report["targets"]:
        verdict = "met" if row["met"] else "MISSED"
        limit = f"(at most {row['limit']:.2f})"
        print(f"{row['target']:42}{row['ratio']:6.2f} {limit} {verdict}")
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 1 if report["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
