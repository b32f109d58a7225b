"""All ops that programs reach as `tf.<name>`, in one module."""

from tfstyle.ops.array_ops import *
from tfstyle.ops.check_ops import *
from tfstyle.ops.clip_ops import *
from tfstyle.ops.constant_op import *
from tfstyle.ops.control_flow_ops import *
from tfstyle.ops.functional_ops import *
from tfstyle.ops.gradients import *
from tfstyle.ops.init_ops import *
from tfstyle.ops.linalg_ops import *
from tfstyle.ops.logging_ops import *
from tfstyle.ops.math_ops import *
from tfstyle.ops.numerics import *
from tfstyle.ops.partitioned_variables import *
from tfstyle.ops.random_ops import *
from tfstyle.ops.script_ops import *
from tfstyle.ops.session_ops import *
from tfstyle.ops.sparse_ops import *
from tfstyle.ops.special_math_ops import *
from tfstyle.ops.state_ops import *
from tfstyle.ops.template import *
from tfstyle.ops.tensor_array_ops import *
from tfstyle.ops.variable_scope import *
from tfstyle.ops.variables import *
