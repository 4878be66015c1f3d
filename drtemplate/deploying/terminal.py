"""Questions to whoever sits at the terminal."""

import sys
from collections.abc import Callable

Ask = Callable[[str], bool]


def at_terminal() -> Ask | None:
    """A way to ask yes or no; None where nobody can answer."""
    streams = (sys.stdin, sys.stderr)
    return _ask if all(one is not None and one.isatty() for one in streams) else None


def _ask(question: str) -> bool:
    """Whether the answer is yes; anything else, and the end of the input, is no."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
