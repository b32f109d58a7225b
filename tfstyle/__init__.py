"""tfstyle: the graph-mode API of TensorFlow 0.9 on JAX.

import tfstyle as tf

x = tf.placeholder(tf.float32, [None, 2])
w = tf.Variable(tf.zeros([2, 1]))
y = tf.matmul(x, w)
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    print(sess.run(y, {x: [[1.0, 2.0]]}))
"""

from tfstyle.platform import memory as _memory

# Before JAX is imported: a program may have to start once more with other settings.
_memory.restart_if_program()

from tfstyle import compat, contrib, core, python
from tfstyle.client import test
from tfstyle.client.session import InteractiveSession, Session
from tfstyle.core.protos import __getattr__
from tfstyle.framework import errors
from tfstyle.framework.device import DeviceSpec
from tfstyle.framework.dtypes import *
from tfstyle.framework.errors import OpError
from tfstyle.framework.importer import import_graph_def
from tfstyle.framework.indexed_slices import IndexedSlices
from tfstyle.framework.load_library import load_file_system_library, load_op_library
from tfstyle.framework.ops import (
    Graph,
    GraphKeys,
    NoGradient,
    NotDifferentiable,
    Operation,
    RegisterGradient,
    RegisterShape,
    Tensor,
    add_to_collection,
    add_to_collections,
    colocate_with,
    control_dependencies,
    convert_to_tensor,
    convert_to_tensor_or_indexed_slices,
    device,
    get_collection,
    get_collection_ref,
    get_default_graph,
    get_default_session,
    name_scope,
    op_scope,
    register_tensor_conversion_function,
    reset_default_graph,
)
from tfstyle.framework.random_seed import get_seed, set_random_seed
from tfstyle.framework.session_values import IndexedSlicesValue
from tfstyle.framework.sparse_tensor import SparseTensor, SparseTensorValue
from tfstyle.framework.tensor_shape import Dimension, TensorShape
from tfstyle.framework.versions import (
    GRAPH_DEF_VERSION,
    GRAPH_DEF_VERSION_MIN_CONSUMER,
    GRAPH_DEF_VERSION_MIN_PRODUCER,
    VERSION,
    __version__,
)
from tfstyle.ops import nn, user_ops
from tfstyle.ops.standard_ops import *
from tfstyle.platform import (
    app,
    flags,
    gfile,
    resource_loader,
    sysconfig,
)
from tfstyle.platform import tf_logging as logging
from tfstyle.training import training as train

# TensorFlow 0.9 documents it, a name that one of its modules happened to have.
bytes = bytes
