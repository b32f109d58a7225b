"""Modules that programs of 2015 imported from `tensorflow.models`."""
