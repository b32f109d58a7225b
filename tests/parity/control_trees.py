"""Recursive nets: a loop over nodes, each reading what earlier ones wrote."""
# ruff: noqa: B905 - zip() of Python 3.6 has no `strict`.

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, error_of

# A tree in post-order: (leaf or not, word, left child, right child) of each node.
LEAF = np.array([True, True, False, True, True, False, False])
WORD = np.array([2, 0, 0, 1, 3, 0, 0], np.int32)
LEFT = np.array([0, 0, 0, 0, 0, 3, 2], np.int32)
RIGHT = np.array([0, 0, 1, 0, 0, 4, 5], np.int32)
TREES = [
    (LEAF, WORD, LEFT, RIGHT),
    (LEAF[:3], WORD[:3], LEFT[:3], RIGHT[:3]),
    (LEAF[:1], WORD[:1], LEFT[:1], RIGHT[:1]),
]
N = 3


class Tree:
    """Placeholders of a tree, and the weights of a net over it."""

    def __init__(self, tf):
        self.leaf = tf.placeholder(tf.bool, [None])
        self.word, self.left, self.right = (
            tf.placeholder(tf.int32, [None]) for _ in range(3)
        )
        self.words = tf.Variable(arr(4, N), name="words")
        self.weight = tf.Variable(arr(2 * N, N, salt=1), name="weight")
        self.bias = tf.Variable(arr(N, salt=2), name="bias")
        self.variables = [self.words, self.weight, self.bias]
        self.size = tf.squeeze(tf.shape(self.leaf))

    def feed(self, tree):
        return dict(zip((self.leaf, self.word, self.left, self.right), tree))

    def embedded(self, tf, i):
        return tf.expand_dims(tf.gather(self.words, tf.gather(self.word, i)), 0)

    def joined(self, tf, left, right):
        return tf.nn.relu(
            tf.matmul(tf.concat(1, [left, right]), self.weight) + self.bias
        )


def nodes(tf, tree, combine, **options):
    """The array of all nodes; `combine(nodes, i)` computes one."""
    options = dict(
        {"dynamic_size": True, "infer_shape": False, "clear_after_read": False},
        **options,
    )
    array = tf.TensorArray(tf.float32, options.pop("size", 0), **options)
    array, _ = tf.while_loop(
        lambda array, i: tf.less(i, tree.size),
        lambda array, i: (array.write(i, combine(array, i)), i + 1),
        [array, 0],
        parallel_iterations=1,
    )
    return array


def recursive(tf, tree, **options):
    def combine(array, i):
        return tf.cond(
            tf.gather(tree.leaf, i),
            lambda: tree.embedded(tf, i),
            lambda: tree.joined(
                tf,
                array.read(tf.gather(tree.left, i)),
                array.read(tf.gather(tree.right, i)),
            ),
        )

    return nodes(tf, tree, combine, **options)


def runs(tf, build, trees=TREES):
    """Values and gradients of `build(tree)` for each tree, on one graph."""
    tree = Tree(tf)
    ys = [tf.reduce_sum(tf.sin(y)) for y in build(tree)]
    grads = tf.gradients(ys, tree.variables)
    grads = [tf.convert_to_tensor(g) for g in grads if g is not None]
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return [
            value for shape in trees for value in sess.run(ys + grads, tree.feed(shape))
        ]


def case_all_nodes(tf, np):
    return {"runs": runs(tf, lambda tree: [recursive(tf, tree).concat()])}


def case_root(tf, np):
    return {
        "runs": runs(tf, lambda tree: [recursive(tf, tree).read(tree.size - 1)]),
        "sized": runs(
            tf,
            lambda tree: [
                recursive(tf, tree, size=tree.size, dynamic_size=False).read(0)
            ],
        ),
    }


def case_memory_of_a_tree_lstm(tf, np):
    """Two arrays, read together; the branches return pairs."""

    def build(tree):
        hidden, memory = (
            tf.TensorArray(
                tf.float32, tree.size, infer_shape=False, clear_after_read=False
            )
            for _ in range(2)
        )

        def leaf(i):
            x = tree.embedded(tf, i)
            return tf.tanh(x), tf.sigmoid(x)

        def inner(hidden, memory, i):
            left, right = tf.gather(tree.left, i), tf.gather(tree.right, i)
            h = tree.joined(tf, hidden.read(left), hidden.read(right))
            c = tf.sigmoid(h) * (memory.read(left) + memory.read(right))
            return tf.tanh(c) * h, c

        def body(hidden, memory, i):
            h, c = tf.cond(
                tf.gather(tree.leaf, i),
                lambda: leaf(i),
                lambda: inner(hidden, memory, i),
            )
            return hidden.write(i, h), memory.write(i, c), i + 1

        hidden, memory, _ = tf.while_loop(
            lambda h, c, i: i < tree.size, body, [hidden, memory, 0]
        )
        return [hidden.concat(), memory.read(tree.size - 1)]

    return {"runs": runs(tf, build)}


def children_summed(tf, tree, array, i):
    """Any number of children: those from `left` to `right` of a node."""
    return tf.while_loop(
        lambda k, total: k <= tf.gather(tree.right, i),
        lambda k, total: (k + 1, total + tf.reshape(array.read(k), [1, N])),
        [tf.gather(tree.left, i), tf.zeros([1, N])],
    )[1]


def case_children_summed_in_a_loop(tf, np):
    """Every node has a word; a leaf has no child, its range of them is empty."""

    def build(tree):
        def combine(array, i):
            summed = children_summed(tf, tree, array, i)
            return tree.embedded(tf, i) + tf.tanh(summed) * tree.bias

        return [nodes(tf, tree, combine).concat()]

    ranges = [
        (leaf, word, left, np.where(leaf, left - 1, right))
        for leaf, word, left, right in TREES
    ]
    return {"runs": runs(tf, build, ranges)}


def case_children_summed_in_a_branch(tf, np):
    """Values only: differentiating this, TensorFlow 0.12.1 does not come back."""
    tree = Tree(tf)

    def combine(array, i):
        return tf.cond(
            tf.gather(tree.leaf, i),
            lambda: tree.embedded(tf, i),
            lambda: tf.tanh(children_summed(tf, tree, array, i)) + tree.bias,
        )

    y = nodes(tf, tree, combine).concat()
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        return {"runs": [sess.run(y, tree.feed(shape)) for shape in TREES]}


def case_training(tf, np):
    tree = Tree(tf)
    root = recursive(tf, tree).read(tree.size - 1)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(root, tf.constant([1]))
    )
    train = tf.train.AdagradOptimizer(0.3).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        losses = [sess.run([loss, train], tree.feed(shape))[0] for shape in TREES * 3]
        return {"losses": losses, "variables": sess.run(tree.variables)}


def case_read_of_what_is_not_written(tf, np):
    """Only a run that takes the branch of the read fails."""
    tree = Tree(tf)
    ys = recursive(tf, tree).concat()
    found = {}
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        for name, leaf in (("first", [False]), ("later", [True, False])):
            k = len(leaf)
            # A node that is its own child.
            feed = tree.feed((leaf, WORD[:k], [k - 1] * k, [k - 1] * k))
            found[name] = np.array(error_of(tf, lambda tf, f=feed: sess.run(ys, f)))
        found["after"] = sess.run(ys, tree.feed(TREES[1]))
    return found
