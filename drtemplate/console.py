"""What goes to standard output, what to standard error, and questions to whoever sits at the terminal."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from drtemplate.errors import InputError

Ask = Callable[[str], bool]
MOST = 4000  # characters at each end of a line for people; the command of a deployment has some 600


def show(text: str) -> None:
    """Data, to standard output.

    Raises:
        InputError: it is closed.
    """
    if sys.stdout is None:
        raise InputError("standard output is closed; nowhere to print to")
    print(text)


def printable(line: str) -> str:
    """The line with no character in it that a terminal would obey, or that cannot be seen.

    What a template or a file holds may be anything; as written in Python, it is harmless.
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in line
    )


def say(line: str) -> None:
    """Words for people, to standard error; without one they are lost, not mixed with data."""
    if sys.stderr is not None:
        print(_cut(line), file=sys.stderr)


def _cut(line: str) -> str:
    """The line without its middle if nobody would read it whole, whoever has sent it."""
    left_out = len(line) - 2 * MOST
    if left_out <= 0:
        return line
    return f"{line[:MOST]} ... {left_out:,} characters ... {line[-MOST:]}"


def plural(number: int, noun: str) -> str:
    """``1 run``, ``2,000 runs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def tell(line: str) -> None:
    """A line that may hold what others wrote, to standard error; in colour on a terminal."""
    plain = printable(line)
    say(_coloured(plain) if _has_colour() else plain)


# The first that is found in a line: ANSI's red, yellow and green.
_COLOURS = (
    (re.compile(r"^! |^error:|_FAILED\b|\bREFUSED\b"), 31),
    (re.compile(r"ROLLBACK|^interrupted|^note:|Replace\b"), 33),
    (re.compile(r"\b(CREATE|UPDATE|IMPORT|DELETE)_COMPLETE\b"), 32),
)


def _coloured(line: str) -> str:
    colour = next((number for pattern, number in _COLOURS if pattern.search(line)), None)
    return line if colour is None else f"\033[{colour}m{line}\033[0m"


def _has_colour() -> bool:
    """Whether a terminal shows it; https://no-color.org."""
    shown = sys.stderr is not None and sys.stderr.isatty()
    return shown and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def drop_output() -> None:
    """What is still to be flushed at the end, of a stream that takes nothing, has nowhere to go."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def if_heard(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Words that nobody hears any more are lost, where what has begun must be seen to its end all the same."""

    def told(line: str) -> None:
        try:
            tell(line)
        except OSError:
            drop_output()

    return told


def short(path: Path) -> str:
    """The path as people know it: relative to where they stand, if it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def at_terminal() -> Ask | None:
    """A way to ask yes or no; None where nobody can answer."""
    streams = (sys.stdin, sys.stderr)
    return _ask if all(one is not None and one.isatty() for one in streams) else None


def _ask(question: str) -> bool:
    """Whether the answer is yes; anything else, and the end of the input, is no."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except UnicodeDecodeError:
        return False
