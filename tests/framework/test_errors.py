import pytest

from tfstyle.framework import errors

CODES = {
    "CancelledError": 1,
    "UnknownError": 2,
    "InvalidArgumentError": 3,
    "DeadlineExceededError": 4,
    "NotFoundError": 5,
    "AlreadyExistsError": 6,
    "PermissionDeniedError": 7,
    "ResourceExhaustedError": 8,
    "FailedPreconditionError": 9,
    "AbortedError": 10,
    "OutOfRangeError": 11,
    "UnimplementedError": 12,
    "InternalError": 13,
    "UnavailableError": 14,
    "DataLossError": 15,
    "UnauthenticatedError": 16,
}


class FakeOperation:
    """What an error reads of an operation."""

    def __init__(self, name, line, original_op=None):
        self.name = name
        self.node_def = f"node_def of {name}"
        self.traceback = [("model.py", line, "<module>", f"{name} = make()")]
        self._original_op = original_op


@pytest.mark.parametrize("name", CODES)
def test_class_and_code(name):
    kind = getattr(errors, name)
    error = kind(None, None, "msg")
    assert isinstance(error, errors.OpError)
    assert (error.message, str(error)) == ("msg", "msg")
    assert error.op is None
    assert error.node_def is None
    assert error.error_code == CODES[name]
    assert errors.exception_type_from_error_code(CODES[name]) is kind
    assert errors.error_code_from_exception_type(kind) == CODES[name]
    assert type(errors.make_error(None, None, "msg", CODES[name])) is kind


def test_constants():
    constants = [getattr(errors, name) for name in errors.__all__ if name.isupper()]
    assert sorted(constants) == [0, *CODES.values()]
    assert errors.OK == 0


def test_any_code():
    assert errors.OpError(None, None, "m", 99).error_code == 99
    assert errors.UnknownError(None, None, "m", 77).error_code == 77
    error = errors.make_error(None, None, "m", 77)
    assert type(error) is errors.UnknownError
    assert error.error_code == 77


def test_tells_where_the_operation_was_made():
    op = FakeOperation("yy", 15)
    error = errors.InvalidArgumentError(None, op, "hello")
    assert error.op is op
    assert error.node_def == "node_def of yy"
    assert error.message == "hello"
    assert str(error) == (
        "hello\n"
        "\n"
        "Caused by op 'yy', defined at:\n"
        '  File "model.py", line 15, in <module>\n'
        "    yy = make()\n"
        "\n"
        "InvalidArgumentError (see above for traceback): hello\n"
    )


def test_tells_where_the_original_operation_was_made():
    op = FakeOperation("grad", 17, FakeOperation("mul", 4))
    assert str(errors.InternalError("given", op, "hello")) == (
        "hello\n"
        "\n"
        "Caused by op 'grad', defined at:\n"
        '  File "model.py", line 17, in <module>\n'
        "    grad = make()\n"
        "\n"
        "...which was originally created as op 'mul', defined at:\n"
        '  File "model.py", line 4, in <module>\n'
        "    mul = make()\n"
        "\n"
        "InternalError (see above for traceback): hello\n"
    )


def test_given_node_def_wins():
    op = FakeOperation("yy", 15)
    assert errors.InternalError("given", op, "hello").node_def == "given"


def test_status():
    with errors.raise_exception_on_not_ok_status() as status:
        assert status.code == errors.OK
    with (
        pytest.raises(errors.NotFoundError, match="^no such file$"),
        errors.raise_exception_on_not_ok_status() as status,
    ):
        status.code, status.message = errors.NOT_FOUND, "no such file"


def test_status_does_not_hide_an_exception():
    def fail():
        with errors.raise_exception_on_not_ok_status() as status:
            status.code = errors.NOT_FOUND
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()
