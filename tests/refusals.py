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
