"""The random streams against numbers drawn by real TensorFlow 0.12.1.

To record them again: `parity.py record tests/ops/philox_cases.py
tests/ops/philox_golden.npz` (`../shared/oracle/parity.py`).
"""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tfstyle.ops import philox

DEFAULT_GRAPH_SEED = 87654321
INT_RANGES = {
    "uniform_int32": (3, 17),
    "uniform_int32_wide": (-(2**31), 2**31 - 1),
    "uniform_int64": (-5, 1000),
    "uniform_int64_wide": (-(2**62) - 2**61, 2**62 + 2**61),
}


@functools.cache
def golden():
    with np.load(Path(__file__).with_name("philox_golden.npz")) as recorded:
        return dict(recorded)


def kinds():
    return sorted({key.split("/")[0].removeprefix("case_") for key in golden()})


@functools.cache
def logits_of(kind):
    batch, classes = (1, 59) if kind.endswith("one_row") else (6, 9)
    logits = np.random.RandomState(batch).randn(batch, classes).astype(np.float32)
    logits[0, 3] = -np.inf
    return logits


def draw(kind, state, shape, dtype):
    if kind in INT_RANGES:
        return philox.uniform_int(state, shape, *INT_RANGES[kind], dtype)
    if kind == "shuffle":
        return philox.shuffle_indices(state, *shape)
    if kind.startswith("multinomial"):
        return philox.multinomial(state, logits_of(kind), shape[1])
    function = getattr(philox, kind.rsplit("_", 1)[0])
    return function(state, shape, dtype)


def used(kind, shape):
    if kind.startswith("multinomial"):
        return philox.blocks_used("multinomial", shape[1], batch=shape[0])
    name = "uniform_int" if kind in INT_RANGES else kind.split("_float")[0]
    return philox.blocks_used(name, int(np.prod(shape)))


@functools.cache
def jitted(kind, shape, dtype):
    def run(state):
        return draw(kind, state, shape, dtype), philox.advance(state, used(kind, shape))

    return jax.jit(run)


def in_jax(kind, state, shape, dtype):
    with jax.enable_x64(True):
        return jitted(kind, shape, dtype)(state)


def in_numpy(kind, state, shape, dtype):
    value = draw(kind, state, shape, dtype)
    return value, philox.advance(state, used(kind, shape))


@pytest.mark.parametrize("run", [in_jax, in_numpy])
@pytest.mark.parametrize("kind", kinds())
def test_two_draws_are_those_of_tensorflow(kind, run):
    prefix = f"case_{kind}/"
    for key in sorted(k for k in golden() if k.startswith(prefix) and k.endswith("/0")):
        graph_seed, op_seed, _ = key.removeprefix(prefix).split("-")
        seed = DEFAULT_GRAPH_SEED if graph_seed == "None" else int(graph_seed)
        state = philox.initial_state(seed, int(op_seed))
        for execution in range(2):
            want = golden()[f"{key[:-1]}{execution}"]
            got, state = run(kind, state, want.shape, want.dtype)
            assert got.shape == want.shape
            if want.dtype.kind == "f":
                assert got.dtype == want.dtype
                # log, sin and cos round differently; nothing else may.
                ulp = 0 if kind.startswith("uniform") else 3
                np.testing.assert_array_max_ulp(np.asarray(got), want, ulp)
            else:
                np.testing.assert_array_equal(got, want)


def test_first_numbers_of_op_seeds():
    float32 = philox.uniform(philox.initial_state(DEFAULT_GRAPH_SEED, 1), (3,), "f4")
    np.testing.assert_allclose(float32, [0.2390374, 0.92039955, 0.05051243], rtol=1e-6)
    shuffled = philox.shuffle_indices(philox.initial_state(DEFAULT_GRAPH_SEED, 4), 10)
    assert shuffled.tolist() == [5, 6, 8, 3, 9, 2, 4, 1, 7, 0]


@pytest.mark.parametrize("kind", ["uniform", "normal", "truncated_normal"])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_numpy_and_jax_agree_beyond_one_chunk(kind, dtype):
    # 150,001 numbers are more than one chunk of the NumPy functions.
    state, shape = philox.initial_state(2**40 + 3, 2**35 + 1), (150_001,)
    function = getattr(philox, kind)
    with jax.enable_x64(True):
        jax_value = jax.jit(lambda s: function(s, shape, dtype))(state)
    numpy_value = function(state, shape, dtype)
    assert isinstance(numpy_value, np.ndarray)
    assert numpy_value.dtype == np.dtype(dtype) == jax_value.dtype
    tolerance = 0 if kind == "uniform" else {"f2": 2e-3, "f4": 1e-6, "f8": 1e-14}[dtype]
    np.testing.assert_allclose(jax_value, numpy_value, rtol=0, atol=tolerance)


def test_counter_carries_into_its_high_word():
    state = philox.initial_state(1, 2)
    for blocks in (2**32 - 3, 5, 2**40 + 7, 2**63):
        want = (int(state[2]) | int(state[3]) << 32) + blocks
        traced = jax.jit(lambda s, blocks=blocks: philox.advance(s, blocks))(state)
        state = philox.advance(state, blocks)
        assert state[2:4].tolist() == [want & 0xFFFFFFFF, want >> 32 & 0xFFFFFFFF]
        np.testing.assert_array_equal(traced, state)


def test_numbers_go_on_across_the_carry():
    # Blocks 2**32 - 1 and 2**32, drawn at once and one by one.
    start = philox.advance(philox.initial_state(5, 6), 2**32 - 1)
    both = philox.uniform(start, (8,), np.float32)
    second = philox.uniform(philox.advance(start, 1), (4,), np.float32)
    np.testing.assert_array_equal(both[4:], second)
    with jax.enable_x64(True):
        traced = jax.jit(lambda s: philox.uniform(s, (8,), np.float32))(start)
    np.testing.assert_array_equal(traced, both)


def test_iterations_have_streams_of_their_own():
    state = philox.initial_state(5, 6)
    traced = jax.jit(jax.vmap(philox.fold_in, (None, 0)))(state, jnp.arange(50))
    nested = {
        tuple(philox.fold_in(outer, i).tolist())
        for outer in np.asarray(traced)
        for i in range(50)
    }
    assert len(nested | {tuple(s.tolist()) for s in np.asarray(traced)}) == 50 * 51
    for i in (0, 1, 49):
        np.testing.assert_array_equal(traced[i], philox.fold_in(state, i))


def test_truncated_normal_has_the_moments_of_its_distribution():
    values = philox.truncated_normal(philox.initial_state(0, 1), (200_000,), np.float32)
    assert np.abs(values).max() < 2
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 0.8796) < 0.01


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (2, 3)])
def test_any_shape(shape):
    state = philox.initial_state(1, 1)
    for function in (philox.uniform, philox.normal, philox.truncated_normal):
        with jax.enable_x64(True):
            traced = jax.jit(lambda s, f=function: f(s, shape, np.float32))(state)
        assert function(state, shape, np.float32).shape == traced.shape == shape


def test_streams_work_inside_a_scan():
    def body(state, _):
        value = philox.truncated_normal(state, (5,), np.float32)
        return philox.advance(state, philox.blocks_used("truncated_normal", 5)), value

    state = philox.initial_state(7, 11)
    with jax.enable_x64(True):
        drawn = jax.jit(lambda s: jax.lax.scan(body, s, None, length=3)[1])(state)
    for value in drawn:
        want = philox.truncated_normal(state, (5,), np.float32)
        np.testing.assert_allclose(value, want, atol=1e-6)
        state = philox.advance(state, 5 * 256)
