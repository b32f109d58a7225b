"""Pooling against values and gradients recorded from real TensorFlow 0.12.1.

To record them again: `parity.py record tests/ops/pooling_cases.py
tests/ops/pooling_golden.npz` (`../shared/oracle/parity.py`).
"""

import functools
import runpy
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tfstyle.ops import pooling

HERE = Path(__file__).parent


@functools.cache
def golden():
    with np.load(HERE / "pooling_golden.npz") as recorded:
        return dict(recorded)


@functools.cache
def windows():
    cases = runpy.run_path(str(HERE / "pooling_cases.py"))
    return {"": cases["WINDOWS"], "3d": cases["VOLUMES"]}


def cases():
    return sorted({key.rsplit("/", 1)[0] for key in golden()})


@pytest.mark.parametrize("case", cases())
def test_value_and_gradient_are_those_of_tensorflow(case):
    function, setting = case.removeprefix("case_").split("/")
    name, padding = setting.split("-")
    volume = "3d" if "3d" in function else ""
    _, ksize, strides = windows()[volume][name]
    pool = getattr(pooling, function[:8])
    if function.startswith("max_pool3d"):
        pool = functools.partial(pool, all_ties=True)
    x, want, gradient = (
        golden()[f"{case}/{part}"] for part in ("input", "output", "gradient")
    )

    def run(x):
        output, pull = jax.vjp(lambda x: pool(x, ksize, strides, padding), x)
        weights = jnp.arange(1, output.size + 1, dtype=output.dtype)
        return output, pull(weights.reshape(output.shape))[0]

    got, got_gradient = jax.jit(run)(x)
    tolerance = 0 if function.startswith("max") else 1e-6
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)
    # Sums of whole numbers are exact, whatever the order.
    tolerance = 0 if function.startswith("max") else 1e-5
    np.testing.assert_allclose(got_gradient, gradient, rtol=tolerance)


@pytest.mark.parametrize("function", ["max_pool", "avg_pool"])
def test_windows_over_channels_and_batch(function):
    x = np.random.RandomState(0).randn(4, 2, 3, 6).astype(np.float32)
    got = getattr(pooling, function)(x, [2, 1, 1, 3], [2, 1, 1, 3], "VALID")
    reduce = np.max if function == "max_pool" else np.mean
    want = reduce(x.reshape(2, 2, 2, 3, 2, 3), axis=(1, 5))
    np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int32])
def test_dtype_is_kept(dtype):
    x = np.arange(-50, 14).reshape(1, 8, 8, 1).astype(dtype)
    got = pooling.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")
    assert got.dtype == dtype
    want = [[-32, -30, -28, -27], [-16, -14, -12, -11], [0, 2, 4, 5], [8, 10, 12, 13]]
    np.testing.assert_array_equal(got[0, :, :, 0], want)


def test_gradient_of_the_gradient():
    x = np.random.RandomState(0).randn(1, 6, 6, 1).astype(np.float32)

    def twice(ksize):
        def loss(x):
            return jnp.sum(pooling.max_pool(x, ksize, ksize, "VALID") ** 3)

        return jax.hessian(loss)(x).reshape(36, 36)

    for ksize in ([1, 2, 2, 1], [1, 6, 6, 1]):
        hessian = twice(ksize)
        values = pooling.max_pool(x, ksize, ksize, "VALID").ravel()
        np.testing.assert_allclose(jnp.sum(hessian), np.sum(6 * values), rtol=1e-5)


def test_a_window_that_does_not_fit():
    x = np.zeros([1, 2, 2, 1], np.float32)
    with pytest.raises(ValueError, match="window of 3 for axis 2 of size 2"):
        pooling.max_pool(x, [1, 3, 3, 1], [1, 1, 1, 1], "VALID")
    with pytest.raises(ValueError, match="must be 'SAME' or 'VALID', got 'same'"):
        pooling.avg_pool(x, [1, 2, 2, 1], [1, 1, 1, 1], "same")
