"""Runs every parity case under tfstyle and compares with what TensorFlow left.

A case file `NAME.py` lies beside its golden file `NAME.npz`; `README.md` says how
they are written and recorded.
"""

import functools
import traceback
from pathlib import Path

import numpy as np
import pytest

import tfstyle as tf

HERE = Path(__file__).parent
RTOL, ATOL = 1e-5, 1e-6

pytestmark = [
    # TensorFlow's own advice, given wherever a case makes a sparse gradient dense.
    pytest.mark.filterwarnings("ignore:Converting sparse IndexedSlices:UserWarning"),
    # Cases divide by zero and overflow on purpose, on the host too.
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]


def load_cases(path):
    """Returns the `case_*` functions of the file at `path`, by name."""
    namespace = {"__name__": "cases", "__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    return {n: f for n, f in namespace.items() if n.startswith("case_") and callable(f)}


@functools.cache
def load_golden(stem):
    """Returns the recorded values of one case file: case -> (key -> array)."""
    golden = {}
    with np.load(HERE / f"{stem}.npz") as archive:
        for key in archive.files:
            golden.setdefault(key.split("/")[0], {})[key] = archive[key]
    return golden


def flatten(key, value):
    """Yields (key, array) for each leaf of what a case returned."""
    if isinstance(value, dict):
        for name in sorted(value):
            yield from flatten(f"{key}/{name}", value[name])
    elif isinstance(value, list | tuple) and not all(
        isinstance(item, int | float) for item in value
    ):
        for i, item in enumerate(value):
            yield from flatten(f"{key}/{i}", item)
    else:
        array = np.asarray(value)
        if array.dtype == object:
            array = array.astype(str) if array.ndim else np.array([str(array.item())])
        yield key, array


def difference(want, got, tolerance):
    """Says in what `got` differs from `want`; an empty string if it does not."""
    texts = want.dtype.kind in "US" and got.dtype.kind in "US"
    if want.shape != got.shape or (want.dtype != got.dtype and not texts):
        return f"{got.dtype}{got.shape}, TensorFlow {want.dtype}{want.shape}"
    if want.dtype.kind not in "fc":
        same = np.array_equal(want.astype(str), got.astype(str))
        return "" if same else f"{got.ravel()[:6]}, TensorFlow {want.ravel()[:6]}"
    rtol, atol = tolerance
    close = np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)
    if close.all():
        return ""
    at = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(~close)))
    return (
        f"{np.count_nonzero(~close)} of {close.size} numbers, first at {at}: "
        f"{np.atleast_1d(got)[at]}, TensorFlow {np.atleast_1d(want)[at]}"
    )


def outcome(name, case):
    """Runs a case; returns what it left and, if it raised, the traceback."""
    tf.reset_default_graph()
    np.random.seed(0)
    try:
        return dict(flatten(name, case(tf, np))), ""
    except Exception as error:
        # What is compared is the class; the traceback is for whoever reads the log.
        return {f"{name}/!raises": np.array([type(error).__name__])}, (
            traceback.format_exc()
        )


FILES = {
    golden.stem: load_cases(golden.with_suffix(".py")) for golden in HERE.glob("*.npz")
}
CASES = [
    pytest.param(stem, name, id=f"{stem}-{name.removeprefix('case_')}")
    for stem, cases in sorted(FILES.items())
    for name in cases
]


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_case_leaves_what_tensorflow_left(stem, name):
    case = FILES[stem][name]
    want = load_golden(stem).get(name, {})
    got, trace = outcome(name, case)
    tolerance = getattr(case, "tol", (RTOL, ATOL))
    problems = []
    for key in sorted(want.keys() | got.keys()):
        if key not in got:
            problems.append(f"{key}: missing, TensorFlow has it")
        elif key not in want:
            problems.append(f"{key}: TensorFlow left no such value")
        elif why := difference(want[key], got[key], tolerance):
            problems.append(f"{key}: {why}")
    if problems:
        pytest.fail(
            "\n".join([*problems, trace]) + f"\nRecord anew after changing the case: "
            f"../shared/oracle/parity.py record tests/parity/{stem}.py "
            f"tests/parity/{stem}.npz ($TF_ORACLE: the recorded TensorFlow's python)",
            pytrace=False,
        )


@pytest.mark.parametrize("stem", sorted(FILES))
def test_golden_file_has_no_stale_case(stem):
    stale = load_golden(stem).keys() - FILES[stem].keys()
    assert not stale, f"{stem}.npz has cases that {stem}.py lacks: record it anew"
