"""An error that a user can meet is one line."""

import pytest

from drtemplate.errors import InputError


def one_line(error, act, *arguments, **named):
    """The message with which the act is refused."""
    with pytest.raises(error) as caught:
        act(*arguments, **named)
    message = str(caught.value)
    assert len(message.splitlines()) == 1, message
    return message


def refusal(act, path, *more):
    """The message with which a file is refused; it names the file."""
    message = one_line(InputError, act, path, *more)
    assert str(path) in message
    return message


def refused(result, *words):
    """Exit code 2, nothing on standard output, one line on standard error."""
    code, out, err = result
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1
    assert all(str(word) in err for word in words), err
