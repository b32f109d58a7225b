"""graph.py under TensorFlow 2's `compat.v1`: `compat.py WORKLOAD [STEPS]`.

The cells are those of `tf_keras`, and a loop over steps is unrolled as it was in 0.9.
`compat.v1` has no seq2seq.
"""

import importlib
import os
import sys
from types import SimpleNamespace

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import tensorflow.compat.v1 as v1

__all__ = []


class Overlay:
    """Attributes of `base`, but for those given here."""

    def __init__(self, base, **attributes):
        self._base = base
        self.__dict__.update(attributes)

    def __getattr__(self, name):
        return getattr(self._base, name)


# What lies under another name today, or takes its arguments in another order.
nn = Overlay(
    v1.nn,
    softmax_cross_entropy_with_logits=lambda logits, labels: (
        v1.nn.softmax_cross_entropy_with_logits(logits=logits, labels=labels)
    ),
    sparse_softmax_cross_entropy_with_logits=lambda logits, labels: (
        v1.nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=labels)
    ),
)
tf = Overlay(
    v1,
    nn=nn,
    split=lambda dim, n, value: v1.split(value, n, dim),
    concat=lambda dim, values: v1.concat(values, dim),
)
ops = SimpleNamespace(
    rnn=SimpleNamespace(rnn=v1.nn.static_rnn), rnn_cell=v1.nn.rnn_cell
)


def load_graph():
    """graph.py, for which `tensorflow` is what stands above."""
    modules = {"tensorflow": tf, "tensorflow.python.ops": ops}
    originals = {name: sys.modules[name] for name in modules}
    # Not for longer than this import: TensorFlow imports parts of itself when needed.
    sys.modules.update(modules)
    try:
        return importlib.import_module("graph")
    finally:
        sys.modules.update(originals)


if __name__ == "__main__":
    v1.disable_v2_behavior()
    load_graph().main(*sys.argv[1:])
