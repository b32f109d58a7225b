"""Op types under the names that TensorFlow generated for them."""

import numpy as np
import pytest

import tfstyle as tf
from tfstyle.ops import gen_ops


@pytest.fixture
def sess():
    with tf.Graph().as_default(), tf.Session() as sess:
        yield sess


@pytest.mark.parametrize(
    ("name", "op_type"),
    [
        ("relu_grad", "ReluGrad"),
        ("conv2d_backprop_input", "Conv2DBackpropInput"),
        ("mat_mul", "MatMul"),
        ("l2_loss", "L2Loss"),
        ("lrn", "LRN"),
        ("top_kv2", "TopKV2"),
        ("batch_ifft3d", "BatchIFFT3D"),
    ],
)
def test_generated_name(name, op_type):
    assert gen_ops._generated_name(op_type) == name
    assert getattr(gen_ops, name) is getattr(gen_ops, f"_{name}")
    assert name in gen_ops.__all__
    assert name in dir(gen_ops)


def test_inputs_are_those_of_the_definition(sess):
    loss, gradient = gen_ops._softmax_cross_entropy_with_logits(
        features=[[0.0, 0.0]], labels=[[1.0, 0.0]]
    )
    assert loss.op.type == "SoftmaxCrossEntropyWithLogits"
    np.testing.assert_allclose(sess.run(gradient), [[-0.5, 0.5]])


def test_guided_backpropagation(sess):
    @tf.RegisterGradient("GenOpsGuidedRelu")
    def guided(op, grad):
        kept = gen_ops._relu_grad(grad, op.outputs[0])
        return tf.select(grad > 0.0, kept, tf.zeros_like(grad))

    with tf.get_default_graph().gradient_override_map({"Relu": "GenOpsGuidedRelu"}):
        x = tf.constant([-1.0, 2.0, 3.0])
        y = tf.nn.relu(x)
    found = sess.run(tf.gradients(y, x, [tf.constant([1.0, -1.0, 1.0])]))
    np.testing.assert_array_equal(found, [[0.0, 0.0, 1.0]])


def test_unknown_name():
    with pytest.raises(AttributeError, match="'_nope'"):
        gen_ops._nope  # noqa: B018
