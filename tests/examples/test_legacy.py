"""Runs each script of examples/legacy for a few steps.

What they print is compared with what they printed under TensorFlow 0.12.1 (their
random ops are seeded, so the losses agree). To record that anew, with the python of
that TensorFlow in $TF_ORACLE:

    python tests/examples/test_legacy.py [run ...]
"""

import gzip
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "examples" / "legacy"
GOLDEN = Path(__file__).with_name("legacy_golden.json")

DATA = "--data_dir=data"
PTB = ["--batch_size=4", "--num_steps=5", "--epochs=2", "--hidden=12"]
FEW = [
    "--steps=12",
    "--batch_size=16",
    "--hidden=8",
    "--learning_rate=0.05",
    "--display_step=3",
]
TRANSLATION = [
    "--steps=8",
    "--batch_size=8",
    "--hidden=16",
    "--learning_rate=0.01",
    "--display_step=4",
    "--corpus_size=300",
    "--test_size=20",
]
# Short runs: script, or script:run -> arguments. The working directory holds what
# write_data makes.
RUNS = {
    "graph_basics": [],
    "mnist_softmax": [DATA, "--steps=40", "--learning_rate=0.1", "--display_step=5"],
    "mnist_conv": [DATA, "--steps=4", "--batch_size=16", "--display_step=1"],
    "mnist_rnn": [DATA, "--steps=12", "--hidden=32", "--display_step=3"],
    "mnist_rnn_dropout": [DATA, "--steps=8", "--hidden=16", "--display_step=2"],
    "rnn_for_loop": ["--steps=20", "--display_step=4", "--hidden=12"],
    "text_generation": [
        "text.txt",
        "--iterations=12",
        "--display_step=3",
        "--hidden=24",
        "--sample_every=6",
        "--sample_length=30",
        "--plot=",
    ],
    "ptb_lm": ["text.txt", *PTB],
    "ptb_lm:rnn": ["--data_path=ptb", *PTB, "--rnn", "--epochs=6"],
    "ptb_lm:dropout": ["text.txt", *PTB, "--model=medium", "--dropout_seed=5"],
    "bidirectional_lstm": FEW,
    "dynamic_rnn_lengths": FEW,
    "char_rnn": [
        "text.txt",
        "--iterations=12",
        "--display_step=3",
        "--hidden=16",
        "--batch_size=20",
        "--num_steps=40",
        "--sample_every=6",
        "--sample_length=30",
    ],
    "translation": [*TRANSLATION, "--buckets=2", "--num_sampled=10"],
    "translation:lstm": [
        *TRANSLATION,
        "--buckets=1",
        "--lstm",
        "--layers=2",
        "--num_sampled=0",
    ],
}
NUMBER = re.compile(r"-?\d+\.\d+")
# Lines that the reader prints, TensorFlow's advice, and what is drawn at random.
NOISE = re.compile(
    r"Extracting |Instructions for updating|Use `tf\.|Please use |after |picture of |"
    r"no matplotlib"
)


def idx(array):
    sizes = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
    return gzip.compress(sizes + array.tobytes(), 1)


def write_data(folder):
    """Writes made-up images of ten classes and texts of few words."""
    state = np.random.RandomState(0)
    blocks = np.where(state.randint(0, 5, (10, 7, 7)) == 0, 190, 0)
    classes = blocks.repeat(4, axis=1).repeat(4, axis=2)
    data = folder / "data"
    data.mkdir()
    for prefix, n in (("train", 5600), ("t10k", 200)):
        labels = state.randint(0, 10, n).astype(np.uint8)
        images = (classes[labels] + state.randint(0, 60, (n, 28, 28))).astype(np.uint8)
        (data / f"{prefix}-images-idx3-ubyte.gz").write_bytes(idx(images))
        (data / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(idx(labels))
    words = (
        "the river A boat under old trees drifts slowly while nobody, looks.".split()
    )
    text = " ".join(words[i] for i in state.randint(len(words), size=1500))
    (folder / "text.txt").write_text(text)
    treebank = folder / "ptb"
    treebank.mkdir()
    for part, n in (("train", 40), ("valid", 5), ("test", 5)):
        lines = (words[i : i + 5] for i in state.randint(len(words), size=n))
        text = "".join(f" {' '.join(line)} <unk> \n" for line in lines)
        (treebank / f"ptb.{part}.txt").write_text(text)


def script(name):
    return name.split(":")[0] + ".py"


def run(command, cwd, **env):
    """Runs a command; returns what it printed."""
    settings = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT), **env}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr[-6000:]}"
    return done.stdout


def run_legacy(name, folder, *args, **env):
    command = [sys.executable, "-m", "tfstyle", str(SCRIPTS / name), *args]
    return run(command, folder, **env)


def check_picture(name, printed, folder):
    """Scripts with --plot draw, if they can."""
    source = (SCRIPTS / script(name)).read_text()
    wanted = 'DEFINE_string("plot"' in source and "--plot=" not in RUNS[name]
    pictures = re.findall(r"^picture of .*: (\S+)$", printed, re.MULTILINE)
    assert len(pictures) == (wanted and "no matplotlib" not in printed)
    for picture in pictures:
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")


def told(printed):
    """The lines that tell something, without seconds."""
    lines = [re.sub(r" \(\d+ (words/)?s\)$", "", s) for s in printed.splitlines()]
    if any("different" in s for s in lines):
        lines = [s for s in lines if re.match(r"(iter|final|\d+ char|char_rnn/)", s)]
    return [s for s in lines if s and not NOISE.match(s)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("legacy")
    write_data(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_script_prints_what_it_printed_under_tensorflow(name, folder):
    want = json.loads(GOLDEN.read_text())[name]
    printed = run_legacy(script(name), folder, *RUNS[name])
    check_picture(name, printed, folder)
    got = told(printed)
    assert [NUMBER.sub("#", s) for s in got] == [NUMBER.sub("#", s) for s in want]
    for line, expected in zip(got, want, strict=True):
        numbers = [[float(n) for n in NUMBER.findall(s)] for s in (line, expected)]
        # One image of the test set more or less is within rounding.
        tolerance = 0.011 if "accuracy" in line else 1e-3
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-3, abs=tolerance), (
            f"{name}: {line!r}, TensorFlow {expected!r}"
        )


@pytest.mark.slow
def test_text_generation_writes_samples_and_a_picture(folder):
    pytest.importorskip("matplotlib")
    printed = run_legacy(
        "text_generation.py",
        folder,
        "text.txt",
        "--iterations=6",
        "--sample_every=3",
        "--sample_length=50",
        "--plot=loss.png",
    )
    samples = re.findall(r'^after "(.{40})":\n(.*)\n$', printed, re.MULTILINE)
    assert len(samples) == 2
    characters = set((folder / "text.txt").read_text().lower())
    assert all(len(drawn) == 50 and set(drawn) <= characters for _, drawn in samples)
    assert (folder / "loss.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_text_generation_brings_its_own_text(tmp_path):
    printed = run_legacy(
        "text_generation.py", tmp_path, "--iterations=1", "--sample_every=0", "--plot="
    )
    characters, different = map(int, re.findall(r"^(\d+) ch.*, (\d+) diff", printed)[0])
    assert characters > 100_000
    assert 40 < different < 120


def test_python_2_script(tmp_path):
    assert run_legacy("python2_counter.py", tmp_path).splitlines() == [
        "half of 7: 3",
        "counter: 0",
        "counter: 1 sum: 0.0",
        "counter: 2 sum: 0.0",
        "counter: 3 sum: 1.0",
        "no batch left",
        "counter []",
        "squares: 4 3",
    ]


@pytest.mark.slow
def test_python_2_notebook(folder):
    printed = run_legacy("mnist_softmax.ipynb", folder, MNIST_DIR=str(folder / "data"))
    assert "(600, 784)" in printed
    losses = [float(n) for n in re.findall(r"loss[:,]? (\d+\.\d+)", printed)]
    assert len(losses) == 5
    assert losses[0] == pytest.approx(np.log(10), abs=1e-3)
    assert losses[-1] < 0.1
    accuracy = re.search(r"test accuracy: (\d\.\d+)", printed)
    assert float(accuracy.group(1)) > 0.95


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=lambda p: p.stem)
def test_script_begins_with_the_import(path):
    assert path.read_text().splitlines()[0] == "import tensorflow as tf"


def record(names):
    oracle = os.environ["TF_ORACLE"]
    golden = json.loads(GOLDEN.read_text())
    with tempfile.TemporaryDirectory() as made:
        write_data(Path(made))
        for name in names:
            path = SCRIPTS / script(name)
            printed = run([oracle, str(path), *RUNS[name]], made)
            golden[name] = told(printed)
            print(name, "|", golden[name][-1])
    kept = {name: golden[name] for name in RUNS if name in golden}
    GOLDEN.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    record(sys.argv[1:] or RUNS)
