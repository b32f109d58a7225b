"""That the benchmarks can run and that their programs do the same work."""

import pytest

from tests.benchmarks import workloads
from tests.benchmarks.__main__ import execute


def test_targets_can_be_checked(monkeypatch):
    for variable in workloads.PYTHONS.values():
        monkeypatch.setenv(variable, "python")
    measured = {
        (workload.name, side.name)
        for workload in workloads.all_workloads().values()
        for side in workload.sides[1:]
    }
    asked = {
        ratio
        for target in workloads.TARGETS
        for ratio in target.ratios
        if not ratio[0].startswith("legacy:")
    }
    assert asked <= measured


def test_sides_without_a_python_are_left_out(monkeypatch):
    for variable in workloads.PYTHONS.values():
        monkeypatch.delenv(variable, raising=False)
    steps = workloads.all_workloads()["ptb_small"]
    assert [side.name for side in steps.sides] == ["tfstyle", "jax", "jax_tuned"]


@pytest.mark.slow
@pytest.mark.parametrize("words", ["gru 3", "ptb_medium 2", "attention 2"])
def test_program_and_peer_start_with_the_same_loss(words, monkeypatch):
    monkeypatch.setenv("BENCHMARK_SECONDS", "0")
    sides = workloads.programs("", "", words, "tfstyle jax").sides
    ours, theirs = (execute(side.run)["losses"][0] for side in sides)
    # They draw their first weights and masks differently.
    assert ours == pytest.approx(theirs, rel=0.05)
