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
from tfstyle.client.session import InteractiveSession, Session
from tfstyle.core.protos import __getattr__
from tfstyle.framework import errors
from tfstyle.framework.device import DeviceSpec
from tfstyle.framework.dtypes import *
from tfstyle.framework.errors import OpError
from tfstyle.framework.importer import import_graph_def
from tfstyle.framework.indexed_slices import IndexedSlices
from tfstyle.framework.ops import (
    Graph,
    GraphKeys,
    NoGradient,
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
from tfstyle.ops.array_ops import *
from tfstyle.ops.check_ops import *
from tfstyle.ops.clip_ops import *
from tfstyle.ops.constant_op import *
from tfstyle.ops.control_flow_ops import *
from tfstyle.ops.gradients import *
from tfstyle.ops.init_ops import *
from tfstyle.ops.logging_ops import *
from tfstyle.ops.math_ops import *
from tfstyle.ops.partitioned_variables import *
from tfstyle.ops.random_ops import *
from tfstyle.ops.script_ops import *
from tfstyle.ops.state_ops import *
from tfstyle.ops.template import *
from tfstyle.ops.variable_scope import *
from tfstyle.ops.variables import *
from tfstyle.platform import (
    app,
    flags,
    gfile,
    resource_loader,
    sysconfig,
)
from tfstyle.platform import tf_logging as logging
from tfstyle.training import training as train
