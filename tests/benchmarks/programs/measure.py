"""What the measured programs share. Runs on Python 3.6 and on today's."""

import json
import os
import sys
import time

__all__ = ["clock", "report", "time_calls"]

clock = time.perf_counter
_WARM_UP = 5


def time_calls(call, seconds=None):
    """The median time of `call(i)`, i = 0, 1, …, in seconds, after a warm-up."""
    if seconds is None:
        seconds = float(os.environ.get("BENCHMARK_SECONDS", "4"))
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
