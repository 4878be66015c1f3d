"""Values that must not be shown, whoever repeats them: AWS, the AWS CLI, or an error of ours."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from drtemplate.cloudformation.parameters import MASK
from drtemplate.errors import DrTemplateError

SHORTEST = 4  # what is shorter hides nothing, and would tear other words apart


def without(text: str, secrets: Sequence[str]) -> str:
    """The text with each secret masked, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, MASK)
    return text


def hiding(say: Callable[[str], None], secrets: Sequence[str]) -> Callable[[str], None]:
    """Say lines with the secrets masked."""
    return lambda line: say(without(line, secrets))


@contextmanager
def hidden(secrets: Sequence[str]) -> Iterator[None]:
    """Mask the secrets in an error that leaves the block.

    Raises:
        DrTemplateError: in place of one of the same kind.
    """
    try:
        yield
    except DrTemplateError as exc:
        raise type(exc)(without(str(exc), secrets)) from None
