"""Runs programs with loops that Python unrolled, rolled and unrolled."""

import numpy as np

import tfstyle as tf
from tfstyle.lowering import segment
from tfstyle.lowering.rolling.units import Group

__all__ = ["Rolled", "compare", "initialize", "shapes"]


class Rolled:
    """The groups that were found while a program ran."""

    def __init__(self):
        self.groups = []

    def watch(self, monkeypatch):
        original = segment.roll

        def roll(*args):
            units = original(*args)
            self.groups.extend(_groups(units))
            return units

        monkeypatch.setattr(segment, "roll", roll)

    def sizes(self, carried=True):
        """(repeats, operations of a repeat) of each group, the largest first."""
        return sorted(
            (
                (len(g.repeats), len(g.repeats[0]))
                for g in self.groups
                if g.carried or not carried
            ),
            reverse=True,
        )


def _groups(units):
    for unit in units:
        if isinstance(unit, Group):
            yield unit
            yield from _groups(unit.body)


def initialize(sess, scale=0.5):
    """Gives all variables values that do not depend on how they were initialised."""
    random = np.random.RandomState(0)
    for variable in tf.all_variables():
        shape = variable.get_shape().as_list()
        value = random.uniform(-scale, scale, shape)
        if variable.dtype.base_dtype.is_integer:
            value = np.zeros(shape)
        variable.load(value.astype(variable.dtype.base_dtype.as_numpy_dtype), sess)


def shapes(shape, seed=1):
    """Data of a shape."""
    return np.random.RandomState(seed).randn(*shape).astype(np.float32)


def compare(program, monkeypatch, runs=2, rtol=2e-4, atol=2e-5):
    """Runs a program rolled and unrolled, and compares what it fetches.

    Args:
        program: makes a graph; returns what to fetch, and a feed_dict.
        monkeypatch: the fixture.
        runs: how often to run it, with the variables of the run before.

    Returns:
        What was rolled.
    """
    rolled = Rolled()
    rolled.watch(monkeypatch)
    monkeypatch.setenv("TFSTYLE_ROLLING", "1")
    one = _run(program, runs)
    groups = list(rolled.groups)
    monkeypatch.setenv("TFSTYLE_ROLLING", "0")
    other = _run(program, runs)
    rolled.groups = groups
    for run, (a, b) in enumerate(zip(one, other, strict=True)):
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            np.testing.assert_allclose(
                x, y, rtol=rtol, atol=atol, err_msg=f"fetch {i} of run {run}"
            )
    return rolled


def _run(program, runs):
    with tf.Graph().as_default():
        tf.set_random_seed(5)
        fetches, feed = program()
        with tf.Session() as sess:
            initialize(sess)
            results = []
            for _ in range(runs):
                found = sess.run(fetches, feed)
                # A gradient of a lookup has indices and values.
                flat = []
                for value in found:
                    parts = value if isinstance(value, tuple) else (value,)
                    flat.extend(p for p in parts if p is not None)
                results.append(flat)
            return results
