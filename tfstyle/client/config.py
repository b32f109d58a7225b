"""What a session does with its `ConfigProto` and its `RunOptions`."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

from tfstyle.framework.graph import Graph
from tfstyle.lowering.plan import Plan

__all__ = ["apply", "check", "log_placements", "rolls_loops", "traced"]

_started = False


def check(config: Any) -> None:
    """Raises TypeError when `config` is no ConfigProto."""
    from tfstyle.core.protobuf import config_pb2

    if not isinstance(config, config_pb2.ConfigProto):
        raise TypeError(f"config must be a tf.ConfigProto, but got {type(config)}")


def apply(config: Any) -> None:
    """Applies the memory options of a GPU, as long as no backend has started.

    JAX reads them from the environment when its backend starts; a later session gets a
    warning that says so.
    """
    global _started
    gpu = getattr(config, "gpu_options", None)
    wanted: dict[str, str] = {}
    if gpu is not None and config.HasField("gpu_options"):
        if gpu.per_process_gpu_memory_fraction:
            wanted["XLA_PYTHON_CLIENT_MEM_FRACTION"] = str(
                gpu.per_process_gpu_memory_fraction
            )
        if gpu.allow_growth:
            wanted["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    changed = {k: v for k, v in wanted.items() if os.environ.get(k) != v}
    if changed and _started:
        if jax.default_backend() != "cpu":
            warnings.warn(
                "gpu_options have no effect: the device was already in use. Make the "
                "first session of the program with them.",
                stacklevel=4,
            )
    else:
        os.environ.update(changed)
    _started = True


def rolls_loops(config: Any) -> bool:
    """Whether loops that Python unrolled are put together; `opt_level` L0: no."""
    if config is None:
        return True
    options = config.graph_options.optimizer_options
    return bool(options.opt_level != options.L0)


def log_placements(graph: Graph) -> None:
    """Prints the device of every operation, as `log_device_placement` asks for."""
    device = jax.devices()[0]
    kind = "gpu" if device.platform in ("gpu", "cuda", "rocm") else device.platform
    where = f"/job:localhost/replica:0/task:0/{kind}:{device.id}"
    lines = [f"{op.name}: ({op.type}): {where}" for op in graph.get_operations()]
    print("\n".join(lines), file=sys.stderr, flush=True)


@contextmanager
def traced(options: Any, run_metadata: Any, plan: Plan) -> Iterator[None]:
    """Fills `run_metadata` with the time the run took, when a trace is asked for."""
    full = getattr(options, "trace_level", 0) > 0
    if not full or run_metadata is None:
        yield
        return
    begin = time.time_ns()
    yield
    stats = run_metadata.step_stats.dev_stats.add()
    stats.device = "/job:localhost/replica:0/task:0/cpu:0"
    micros = (time.time_ns() - begin) // 1000
    node = stats.node_stats.add()
    node.node_name = f"run of {len(plan.steps)} steps"
    node.all_start_micros = begin // 1000
    node.op_end_rel_micros = node.all_end_rel_micros = micros
