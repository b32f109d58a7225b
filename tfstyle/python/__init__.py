"""`tf.python`: the modules that programs reach into, as `tf.python.framework.ops`."""

from tfstyle import client, framework, ops, platform, training, util

__all__ = ["client", "framework", "ops", "platform", "training", "util"]
