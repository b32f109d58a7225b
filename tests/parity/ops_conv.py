"""Convolutions, pooling and morphology: strides, paddings, odd sizes, ties."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from casekit import arr, case, const, each, fed, unknown

TOL = (1e-4, 1e-5)
IMAGE = arr(2, 5, 4, 2)


def conv2d(strides=(1, 1), padding="SAME"):
    return lambda tf, x, w: tf.nn.conv2d(x, w, [1, *strides, 1], padding)


case_conv2d = case(
    each(conv2d(), IMAGE, arr(3, 3, 2, 3)),
    each(conv2d((2, 2)), IMAGE, arr(3, 3, 2, 2)),
    const(conv2d((1, 1), "VALID"), IMAGE, arr(3, 2, 2, 1)),
    fed(conv2d((2, 2), "VALID"), IMAGE, arr(2, 2, 2, 2)),
    const(conv2d((2, 2)), arr(1, 6, 7, 1), arr(5, 5, 1, 2)),
    fed(conv2d((3, 3)), arr(1, 7, 8, 1), arr(2, 4, 1, 2)),
    const(conv2d((2, 2), "VALID"), arr(1, 7, 6, 1), arr(1, 1, 1, 2)),
    const(conv2d((1, 1), "VALID"), arr(1, 3, 3, 2), arr(3, 3, 2, 2)),
    fed(
        lambda tf, x, w: tf.nn.conv2d(
            x,
            w,
            strides=[1, 1, 1, 1],
            padding="SAME",
            use_cudnn_on_gpu=False,
            name="named",
        ),
        arr(1, 3, 3, 1),
        arr(2, 2, 1, 1),
    ),
    bad=[
        lambda tf: conv2d()(tf, tf.zeros([1, 4, 4, 2]), tf.zeros([3, 3, 3, 1])),
        lambda tf: conv2d()(tf, tf.zeros([4, 4, 2]), tf.zeros([3, 3, 2, 1])),
        lambda tf: conv2d()(tf, tf.zeros([1, 4, 4, 2]), tf.zeros([3, 2, 1])),
        lambda tf: conv2d(padding="text")(
            tf, tf.zeros([1, 4, 4, 2]), tf.zeros([3, 3, 2, 1])
        ),
        lambda tf: tf.nn.conv2d(
            tf.zeros([1, 4, 4, 2]), tf.zeros([3, 3, 2, 1]), [1, 1], "SAME"
        ),
        lambda tf: conv2d((1, 1), "VALID")(
            tf, tf.zeros([1, 2, 2, 1]), tf.zeros([3, 3, 1, 1])
        ),
        lambda tf: conv2d()(
            tf, tf.zeros([1, 4, 4, 2], tf.int32), tf.zeros([3, 3, 2, 1], tf.int32)
        ),
    ],
    tol=TOL,
)
case_conv1d = case(
    each(
        lambda tf, x, w: tf.nn.conv1d(x, w, 1, "SAME"),
        arr(2, 5, 2),
        arr(3, 2, 2),
        name=False,
    ),
    const(lambda tf, x, w: tf.nn.conv1d(x, w, 2, "VALID"), arr(1, 6, 1), arr(2, 1, 3)),
    tol=TOL,
)


def conv2d_transpose(shape, stride=2, padding="SAME"):
    return lambda tf, x, w: tf.nn.conv2d_transpose(
        x, w, shape, [1, stride, stride, 1], padding
    )


case_conv2d_transpose = case(
    each(conv2d_transpose([2, 6, 4, 2]), arr(2, 3, 2, 3), arr(3, 3, 2, 3), name=False),
    const(conv2d_transpose([2, 5, 4, 2]), arr(2, 3, 2, 3), arr(3, 3, 2, 3)),
    fed(conv2d_transpose([1, 4, 5, 1], 1, "VALID"), arr(1, 2, 3, 2), arr(3, 3, 1, 2)),
    const(conv2d_transpose([1, 7, 5, 1], 2, "VALID"), arr(1, 3, 2, 1), arr(3, 3, 1, 1)),
    unknown(
        lambda tf, x, w: tf.nn.conv2d_transpose(
            x, w, tf.pack([tf.shape(x)[0], 4, 4, 2]), [1, 2, 2, 1]
        ),
        arr(1, 2, 2, 1),
        arr(3, 3, 2, 1),
        name=False,
    ),
    bad=[
        lambda tf: conv2d_transpose([1, 4, 4, 3])(
            tf, tf.zeros([1, 2, 2, 1]), tf.zeros([3, 3, 2, 1])
        ),
        lambda tf: conv2d_transpose([1, 4, 4, 2], padding="text")(
            tf, tf.zeros([1, 2, 2, 1]), tf.zeros([3, 3, 2, 1])
        ),
    ],
    tol=TOL,
)


def depthwise(strides=(1, 1), padding="SAME", native=False):
    def build(tf, x, w):
        name = "depthwise_conv2d_native" if native else "depthwise_conv2d"
        return getattr(tf.nn, name)(x, w, [1, *strides, 1], padding)

    return build


case_depthwise_conv2d = case(
    each(depthwise(), IMAGE, arr(3, 3, 2, 2), name=False),
    const(depthwise((2, 2), "VALID"), IMAGE, arr(2, 2, 2, 1)),
    fed(depthwise((2, 2)), arr(1, 5, 5, 3), arr(3, 3, 3, 2)),
    each(depthwise(native=True), IMAGE, arr(3, 2, 2, 2)),
    const(depthwise((2, 2), "VALID", native=True), IMAGE, arr(2, 2, 2, 1)),
    bad=[
        lambda tf: depthwise(native=True)(
            tf, tf.zeros([1, 4, 4, 2]), tf.zeros([3, 3, 3, 1])
        )
    ],
    tol=TOL,
)


def separable(stride=1, padding="SAME"):
    return lambda tf, x, d, p: tf.nn.separable_conv2d(
        x, d, p, [1, stride, stride, 1], padding
    )


case_separable_conv2d = case(
    each(separable(), IMAGE, arr(3, 3, 2, 2), arr(1, 1, 4, 5), name=False),
    const(separable(2, "VALID"), IMAGE, arr(2, 2, 2, 1), arr(1, 1, 2, 3)),
    tol=TOL,
)


def atrous(rate, padding):
    return lambda tf, x, w: tf.nn.atrous_conv2d(x, w, rate, padding)


case_atrous_conv2d = case(
    each(atrous(2, "SAME"), arr(1, 6, 5, 2), arr(3, 3, 2, 2), name=False),
    const(atrous(2, "VALID"), arr(1, 7, 6, 1), arr(3, 2, 1, 2)),
    const(atrous(1, "SAME"), IMAGE, arr(3, 3, 2, 1)),
    fed(atrous(3, "SAME"), arr(1, 7, 7, 1), arr(2, 2, 1, 1)),
    bad=[
        lambda tf: atrous(0, "SAME")(tf, tf.zeros([1, 4, 4, 1]), tf.zeros([2, 2, 1, 1]))
    ],
    tol=TOL,
)
case_conv2d_backprops = case(
    const(
        lambda tf, w, g: tf.nn.conv2d_backprop_input(
            [1, 5, 4, 2], w, g, [1, 2, 2, 1], "SAME"
        ),
        arr(3, 3, 2, 3),
        arr(1, 3, 2, 3),
    ),
    fed(
        lambda tf, x, g: tf.nn.conv2d_backprop_filter(
            x, [3, 3, 2, 3], g, [1, 2, 2, 1], "SAME"
        ),
        arr(1, 5, 4, 2),
        arr(1, 3, 2, 3),
    ),
    fed(
        lambda tf, w, g: tf.nn.depthwise_conv2d_native_backprop_input(
            [1, 4, 4, 2], w, g, [1, 1, 1, 1], "SAME"
        ),
        arr(3, 3, 2, 1),
        arr(1, 4, 4, 2),
        grad=False,
    ),
    const(
        lambda tf, x, g: tf.nn.depthwise_conv2d_native_backprop_filter(
            x, [3, 3, 2, 1], g, [1, 1, 1, 1], "SAME"
        ),
        arr(1, 4, 4, 2),
        arr(1, 4, 4, 2),
        grad=False,
    ),
    const(lambda tf, g: tf.nn.bias_add_grad(g), arr(2, 3, 3), grad=False),
    tol=TOL,
)

TIES = np.float32([[1, 1, 2, 0], [1, 1, 2, 2], [3, 0, 0, 0], [3, 3, 0, 0]])[
    None, ..., None
]


def pool(name, ksize, stride, padding):
    return lambda tf, x: getattr(tf.nn, name)(
        x, [1, *ksize, 1], [1, *stride, 1], padding
    )


def pooling(name):
    """Windows that touch, overlap, leave gaps, and reach over the edge."""
    return case(
        each(pool(name, (2, 2), (2, 2), "SAME"), arr(2, 4, 4, 2)),
        each(pool(name, (2, 2), (2, 2), "SAME"), IMAGE),
        const(pool(name, (2, 2), (2, 2), "VALID"), arr(1, 5, 4, 2)),
        fed(pool(name, (3, 3), (2, 2), "SAME"), arr(1, 5, 6, 2)),
        const(pool(name, (3, 3), (2, 2), "VALID"), arr(1, 7, 6, 2)),
        const(pool(name, (2, 3), (1, 1), "SAME"), arr(1, 3, 4, 2)),
        fed(pool(name, (1, 2), (1, 2), "VALID"), arr(1, 2, 4, 2)),
        # TensorFlow has no gradient of an average over such a window.
        const(pool(name, (1, 1), (2, 2), "SAME"), arr(1, 3, 4, 2), grad=False),
        const(pool(name, (3, 3), (3, 3), "SAME"), arr(1, 2, 2, 1)),
        const(pool(name, (2, 2), (2, 2), "SAME"), TIES),
        const(pool(name, (3, 3), (1, 1), "SAME"), TIES),
        bad=[
            lambda tf: pool(name, (2, 2), (2, 2), "text")(tf, tf.zeros([1, 4, 4, 1])),
            lambda tf: pool(name, (2, 2), (2, 2), "SAME")(tf, tf.zeros([4, 4, 1])),
            lambda tf: getattr(tf.nn, name)(
                tf.zeros([1, 4, 4, 1]), [2, 2], [1, 1, 1, 1], "SAME"
            ),
        ],
        tol=TOL,
    )


case_max_pool = pooling("max_pool")
case_avg_pool = pooling("avg_pool")


# TensorFlow's CPU has no kernel for it: what is compared is the graph.
def case_max_pool_with_argmax(tf, np):
    found = []
    for size in (4, 5):
        for tensor in tf.nn.max_pool_with_argmax(
            tf.zeros([1, size, 4, 2]), [1, 2, 2, 1], [1, 2, 2, 1], "SAME"
        ):
            shape = tensor.get_shape().as_list()
            found.append(f"{tensor.dtype.name} {shape}")
    return {"types": np.array(found)}


def morphology(name, stride=1, rate=1, padding="SAME"):
    return lambda tf, x, w: getattr(tf.nn, name)(
        x, w, [1, stride, stride, 1], [1, rate, rate, 1], padding
    )


case_dilation2d = case(
    each(morphology("dilation2d"), arr(1, 4, 4, 2), arr(2, 3, 2)),
    const(morphology("dilation2d", 2, 1, "VALID"), arr(1, 5, 5, 1), arr(2, 2, 1)),
    fed(morphology("dilation2d", 1, 2), arr(1, 5, 4, 1), arr(2, 2, 1)),
    bad=[
        lambda tf: morphology("dilation2d")(
            tf, tf.zeros([1, 4, 4, 2]), tf.zeros([2, 2, 3])
        )
    ],
)
case_erosion2d = case(
    each(morphology("erosion2d"), arr(1, 4, 4, 2), arr(2, 3, 2), name=False),
    const(morphology("erosion2d", 2, 1, "VALID"), arr(1, 5, 5, 1), arr(2, 2, 1)),
)

case_small_conv_net = case(
    each(
        lambda tf, x, w, v: tf.nn.max_pool(
            tf.nn.relu(
                tf.nn.conv2d(
                    tf.nn.max_pool(
                        tf.nn.relu(tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME")),
                        [1, 2, 2, 1],
                        [1, 2, 2, 1],
                        "SAME",
                    ),
                    v,
                    [1, 1, 1, 1],
                    "SAME",
                )
            ),
            [1, 2, 2, 1],
            [1, 2, 2, 1],
            "SAME",
        ),
        arr(2, 6, 6, 1),
        arr(3, 3, 1, 3),
        arr(3, 3, 3, 2),
    ),
    tol=TOL,
)
