"""What the measured programs share. Runs on Python 3.6 and on today's."""

import json
import os
import resource
import sys
import time

__all__ = ["clock", "peak_memory", "report", "report_training", "time_calls"]

clock = time.perf_counter
_WARM_UP = 5


def time_calls(call, seconds=None):
    """The median time of `call(i)`, i = 0, 1, …, in seconds, after a warm-up.

    Measures for `seconds`, by default $BENCHMARK_SECONDS; None where they are 0.
    """
    if seconds is None:
        seconds = float(os.environ.get("BENCHMARK_SECONDS", "4"))
    if seconds == 0:
        return None
    for i in range(_WARM_UP):
        call(i)
    times = []
    end = clock() + seconds
    while clock() < end or len(times) < 5:
        begin = clock()
        call(len(times))
        times.append(clock() - begin)
    return sorted(times)[len(times) // 2]


def report(**values):
    """Hands the measured values, in seconds, to the runner."""
    print("BENCHMARK " + json.dumps(values))
    sys.stdout.flush()


def peak_memory():
    """The most memory that this process has held at once, in bytes."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def report_training(one_step, build=0.0, **times):
    """Measures and reports a training; `one_step(i)` trains and returns the loss.

    `step`: a warm step; `cold`: building the graph, in `build` seconds, and the first
    step; `peak`: memory in bytes; `losses`: of the first and of the tenth step, to see
    that the sides do the same.
    """
    begin = clock()
    losses = [one_step(0)]
    first = clock() - begin
    step = time_calls(lambda i: losses.append(one_step(i)))
    report(
        step=step,
        first_step=first,
        build=build,
        cold=build + first,
        peak=peak_memory(),
        losses=[float(loss) for loss in losses[:10:9]],
        **times,
    )
