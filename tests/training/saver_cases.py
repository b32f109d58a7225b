"""Variables to save and restore, under tfstyle and under TensorFlow 0.12.1.

    python saver_cases.py save FOLDER   writes the checkpoints
    python saver_cases.py load FOLDER   restores them and compares

The checkpoints in `checkpoints/` were written by `save` under TensorFlow 0.12.1.
Without another module, runs on Python 3.6, too.
"""

import os
import sys

import numpy as np

# What there is in the folder: path to restore, version that wrote it, sharded.
CHECKPOINTS = (
    ("v1-3", 1, False),
    ("v2-3", 2, False),
    ("shards-3-?????-of-00001", 1, True),
)
VALUES = {
    "float": np.array([[1.5, -2.0, 3.25], [0.0, -0.0, np.inf]], np.float32),
    "double": np.array(1e-300),
    "half": np.array([0.5, 65504.0], np.float16),
    "complex": np.array([1 + 2j, -0.5j], np.complex64),
    "int": np.array([-(2**31), -1, 7], np.int32),
    "long": np.array(2**40, np.int64),
    "small": np.array([-128, 127], np.int8),
    "byte": np.array([0, 200], np.uint8),
    "flag": np.array([True, False, True]),
    "empty": np.zeros([0, 3], np.float32),
    "same": np.full([40], 2.5, np.float32),
    "scope/inner": np.arange(12, dtype=np.float32).reshape(3, 4),
}
STRINGS = [[b"", b"a"], [b"\x00\xff", b"z" * 200]]
PARTITIONED = np.arange(8, dtype=np.float32).reshape(4, 2)


def build(tf, filled):
    """Variables with the values above, or others; in order of their names."""
    tf.reset_default_graph()
    made = {
        name: tf.Variable(value if filled else np.zeros_like(value), name=name)
        for name, value in VALUES.items()
    }
    strings = STRINGS if filled else [[b"", b""], [b"", b""]]
    made["text"] = tf.Variable(strings, name="text")
    with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(2)):
        weights = tf.get_variable("w", [4, 2], initializer=tf.constant_initializer(0.0))
    parts = list(weights)
    assigned = [
        part.assign(PARTITIONED[2 * i : 2 * i + 2]) for i, part in enumerate(parts)
    ]
    return made, parts, assigned


def save(tf, folder):
    """Writes each of `CHECKPOINTS`; returns the paths that `save` returned."""
    paths = []
    for path, version, sharded in CHECKPOINTS:
        _, _, assigned = build(tf, filled=True)
        saver = tf.train.Saver(write_version=version, sharded=sharded)
        with tf.Session() as sess:
            sess.run(tf.initialize_all_variables())
            sess.run(assigned)
            base = os.path.join(folder, path.split("-")[0])
            paths.append(saver.save(sess, base, global_step=3, write_meta_graph=False))
    return paths


def restored(tf, path, version=1, filled=False):
    """The values of all variables after restoring `path`."""
    made, parts, _ = build(tf, filled)
    saver = tf.train.Saver(write_version=version)
    with tf.Session() as sess:
        saver.restore(sess, path)
        return sess.run(dict(made)), sess.run(parts)


def check(values, parts):
    """Raises AssertionError when what was restored is not what was saved."""
    for name, value in VALUES.items():
        got = np.asarray(values[name])
        assert got.dtype == value.dtype, name
        assert got.shape == value.shape, name
        assert got.tobytes() == value.tobytes(), name
    assert values["text"].tolist() == STRINGS
    assert np.array_equal(np.concatenate(parts), PARTITIONED)


def main(tf, command, folder):
    if command == "save":
        save(tf, folder)
        return
    for path, _, _ in CHECKPOINTS:
        check(*restored(tf, os.path.join(folder, path)))


if __name__ == "__main__":
    import tensorflow

    main(tensorflow, *sys.argv[1:])
