"""Every test builds a graph of its own."""

import pytest

import tfstyle as tf


@pytest.fixture(autouse=True)
def graph():
    """An empty graph, the default one during the test."""
    with tf.Graph().as_default() as graph:
        yield graph
