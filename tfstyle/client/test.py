"""`tf.test`: what unit tests of graphs use.

class SquareTest(tf.test.TestCase):
    def testSquare(self):
        with self.test_session():
            self.assertAllEqual(tf.square([2, 3]).eval(), [4, 9])

if __name__ == "__main__":
    tf.test.main()
"""

from __future__ import annotations

from typing import Any

from tfstyle.client import test_util
from tfstyle.client.test_util import TensorFlowTestCase as TestCase
from tfstyle.client.test_util import assert_equal_graph_def
from tfstyle.ops.gradient_checker import compute_gradient, compute_gradient_error
from tfstyle.platform import googletest

__all__ = [
    "TestCase",
    "assert_equal_graph_def",
    "compute_gradient",
    "compute_gradient_error",
    "get_temp_dir",
    "googletest",
    "is_built_with_cuda",
    "main",
    "test_util",
]


def main() -> Any:
    """Runs all tests of the program, then exits with the status they have."""
    return googletest.main()


def get_temp_dir() -> str:
    """Returns a folder for the files of the tests; it goes when the program ends."""
    return googletest.GetTempDir()


def is_built_with_cuda() -> bool:
    """Whether the JAX that is installed can use NVIDIA GPUs, present or not."""
    return test_util.IsGoogleCudaEnabled()
