"""`tf.train`: what programs that train use."""

from tfstyle.core.protos import train_message
from tfstyle.training.adadelta import AdadeltaOptimizer
from tfstyle.training.adagrad import AdagradOptimizer
from tfstyle.training.adam import AdamOptimizer
from tfstyle.training.ftrl import FtrlOptimizer
from tfstyle.training.gradient_descent import GradientDescentOptimizer
from tfstyle.training.learning_rate_decay import exponential_decay, piecewise_constant
from tfstyle.training.momentum import MomentumOptimizer
from tfstyle.training.moving_averages import ExponentialMovingAverage
from tfstyle.training.optax_optimizer import OptaxOptimizer
from tfstyle.training.optimizer import Optimizer
from tfstyle.training.rmsprop import RMSPropOptimizer
from tfstyle.training.saver import (
    NewCheckpointReader,
    Saver,
    export_meta_graph,
    generate_checkpoint_state_proto,
    get_checkpoint_state,
    import_meta_graph,
    latest_checkpoint,
    update_checkpoint_state,
)
from tfstyle.training.training_util import (
    assert_global_step,
    get_global_step,
    global_step,
    write_graph,
)

__all__ = [
    "AdadeltaOptimizer",
    "AdagradOptimizer",
    "AdamOptimizer",
    "ExponentialMovingAverage",
    "FtrlOptimizer",
    "GradientDescentOptimizer",
    "MomentumOptimizer",
    "NewCheckpointReader",
    "OptaxOptimizer",
    "Optimizer",
    "RMSPropOptimizer",
    "Saver",
    "assert_global_step",
    "exponential_decay",
    "export_meta_graph",
    "generate_checkpoint_state_proto",
    "get_checkpoint_state",
    "get_global_step",
    "global_step",
    "import_meta_graph",
    "latest_checkpoint",
    "piecewise_constant",
    "update_checkpoint_state",
    "write_graph",
]

# Messages such as `tf.train.Example` are imported when they are asked for.
__getattr__ = train_message
