import logging
import re

import pytest

from tfstyle.platform import tf_logging


@pytest.fixture(autouse=True)
def _verbosity():
    kept = tf_logging.get_verbosity()
    yield
    tf_logging.set_verbosity(kept)


def test_only_warnings_and_worse_are_shown(capfd):
    assert tf_logging.get_verbosity() == tf_logging.WARN
    tf_logging.info("hidden")
    tf_logging.debug("hidden")
    tf_logging.warn("a %d", 1)
    tf_logging.warning("b")
    tf_logging.error("c")
    tf_logging.fatal("d")
    tf_logging.log(tf_logging.ERROR, "e %s", "x")
    tf_logging.TaskLevelStatusMessage("f")
    tf_logging.flush()
    assert capfd.readouterr().err.splitlines() == [
        "WARNING:tensorflow:a 1",
        "WARNING:tensorflow:b",
        "ERROR:tensorflow:c",
        "CRITICAL:tensorflow:d",
        "ERROR:tensorflow:e x",
        "ERROR:tensorflow:f",
    ]


def test_set_verbosity(capfd):
    tf_logging.set_verbosity(tf_logging.INFO)
    tf_logging.info("shown")
    tf_logging.vlog(tf_logging.INFO, "too")
    tf_logging.vlog(1, "not")
    assert capfd.readouterr().err.count("INFO:tensorflow:") == 2


def test_conditions(capfd):
    for number in range(5):
        tf_logging.log_if(tf_logging.ERROR, "if %d", number == 3, number)
        tf_logging.log_every_n(tf_logging.ERROR, "every %d", 2, number)
        tf_logging.log_first_n(tf_logging.ERROR, "first %d", 2, number)
    shown = [line.split(":")[-1] for line in capfd.readouterr().err.splitlines()]
    assert sorted(shown) == [
        "every 0",
        "every 2",
        "every 4",
        "first 0",
        "first 1",
        "if 3",
    ]


def test_levels_are_those_of_logging():
    assert (tf_logging.DEBUG, tf_logging.FATAL) == (logging.DEBUG, logging.FATAL)


def test_google2_log_prefix():
    prefix = tf_logging.google2_log_prefix(tf_logging.INFO, 0.25, ("a/b.py", 7))
    assert re.fullmatch(r"I\d{4} \d\d:\d\d:\d\d\.250000 \s*\d+ b\.py:7\] ", prefix)
    here = tf_logging.google2_log_prefix(tf_logging.FATAL)
    assert re.fullmatch(r"F.* test_tf_logging\.py:\d+\] ", here)
