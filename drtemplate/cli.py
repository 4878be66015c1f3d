"""The command line: data goes to standard output, words for people to standard error.

Exit codes: 0 fine or equal; 1 findings, stale or different; 2 wrong use or cannot run.
"""

import argparse
import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from drtemplate import __version__
from drtemplate.commands import SETTINGS_FILE, add_settings
from drtemplate.console import drop_output, printable, say
from drtemplate.errors import DrTemplateError, InputError, SettingsError
from drtemplate.settings import Settings

CANNOT = 2
DEFAULT = "render"
# They ask the stack alone: a fault in the settings keeps nobody from looking at it.
WITHOUT = ("status", "rehearse", "destroy", "completion")
COMMANDS = {
    "render": "render, validate and write the template (default)",
    "lint": "run cfn-lint with our own rules",
    "equivalence": "compare with the source template, leaf by leaf",
    "scan": "run scanners, and look each finding up among the accepted",
    "settings": "print the settings file with its defaults, or check one",
    "diff": "tell what an update from another template would do to a stack",
    "graph": "draw the architecture",
    "params": "write a parameter file to fill in, or tell all that is wrong with one",
    "docs": "write the pages that are made from code, template and ledger",
    "deploy": "show what a deployment would change, ask, make exactly that",
    "status": "a stack in one screen: its latch, its arming, its last run",
    "rehearse": "fail a Staging stack over and back, and keep what it took",
    "destroy": "with --plan: what a delete of a stack would keep and take",
    "drill": "run the handlers in a simulated cloud, and measure",
    "completion": "what bash and zsh need to complete commands and options",
}


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Run a sub-command and return its exit code; ``render`` if none is named."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            with _termination():
                return _run(words, settings)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except SettingsError as exc:
        for line in str(exc).splitlines():
            _last_words("error: " + printable(line))
    except DrTemplateError as exc:
        _last_words("error: " + printable(" ".join(str(exc).splitlines())))
    except KeyboardInterrupt:
        _last_words("error: interrupted; nothing more is done")
    except (UnicodeError, RecursionError, MemoryError) as exc:
        _last_words(
            f"error: cannot go on: {printable(' '.join(str(exc).split())) or type(exc).__name__}"
        )
    except BrokenPipeError:
        drop_output()  # the reader has seen enough
    except OSError as exc:
        _last_words(f"error: cannot write to standard output: {exc.strerror}")
        drop_output()
    return CANNOT


def _last_words(line: str) -> None:
    """Say it, if standard error still takes anything."""
    with suppress(OSError):
        say(line)


class Parser(argparse.ArgumentParser):
    """Repeats what the user has typed with nothing in it that a terminal would obey."""

    def _print_message(self, message: str, file: Any = None) -> None:
        lines = map(printable, (message or "").split("\n"))
        super()._print_message("\n".join(lines), file)


def _run(words: list[str], settings: Settings | None) -> int:
    name, rest = _command(words)
    command = _load(name)
    parser = Parser(prog=f"generate.py {name}", description=COMMANDS[name])
    command.add_options(parser)
    add_settings(parser)
    for word in rest:
        # argparse would make an empty list of it.
        if word.startswith("--") and word.endswith("=--"):
            parser.error(f"{word.removesuffix('=--')} wants a value, and -- is none")
    options = parser.parse_args(rest)
    options.stacks = [(None, settings)] if settings else _stacks(name, options.settings)
    return int(command.run(options, options.stacks[0][1]))


def _stacks(command: str, files: list[Path]) -> list[tuple[Path | None, Settings]]:
    """The settings, each with the file that it is from; the defaults are from none.

    Raises:
        InputError: a file cannot be read, or the command takes no second one.
        SettingsError: with all the faults of all the files, a line each.
    """
    if not files and command not in WITHOUT:
        files = [one for one in (SETTINGS_FILE,) if os.path.lexists(one)]
    # One checks its file by itself; the pages of the other speak of the defaults.
    if not files or command in ("settings", "docs"):
        return [(None, Settings())]
    if len(files) > 1 and command != "render":
        raise InputError(f"--settings: {command} takes one file; only render takes several")
    from drtemplate.settings_file import load  # noqa: PLC0415 (no cost without a file)

    stacks: list[tuple[Path | None, Settings]] = []
    faults: list[str] = []
    for file in files:
        try:
            stacks.append((file, load(file)))
        except SettingsError as exc:
            faults += exc.faults
    if faults:
        raise SettingsError("\n".join(faults), faults)
    return stacks


@contextmanager
def _termination() -> Iterator[None]:
    """SIGTERM and SIGHUP end the program as Ctrl-C does, so that it says what goes on.

    One that is ignored stays so: nohup means that the program outlives its terminal.
    """

    def end(*_: int | FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set them
        return
    before = {
        one: signal.signal(one, end)
        for one in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(one) != signal.SIG_IGN
    }
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _command(words: list[str]) -> tuple[str, list[str]]:
    """The sub-command and its words; ``generate.py --stdout`` means ``generate.py render --stdout``.

    Raises:
        SystemExit: help was asked for, or no sub-command has that name.
    """
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        return DEFAULT, words
    width = max(map(len, COMMANDS))
    parser = Parser(
        prog="generate.py",
        usage="generate.py [COMMAND] [OPTIONS]; generate.py COMMAND --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Render the disaster-recovery stack as CloudFormation, and check it.\n\ncommands:\n"
        + "\n".join(f"  {name:<{width}}  {words}" for name, words in COMMANDS.items()),
        epilog="Exit codes: 0 fine or equal; 1 findings, stale or different; 2 cannot run.",
    )
    parser.add_argument("--version", action="version", version=f"drtemplate {__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    return str(parser.parse_args(words[:1]).command), words[1:]


def _load(name: str) -> ModuleType:
    """The command's module; only the one that is called, since each imports what it needs."""
    try:
        return importlib.import_module(f"drtemplate.commands.{name}")
    except ModuleNotFoundError as exc:
        target = "drill" if name == "drill" else "template"
        raise InputError(
            f"{name} needs {exc.name}, which this Python does not have; `make {target}` sets one up "
            f"that has: .venv/bin/python generate.py {name}; or: pip install -e '.[deploy,dev,drill]'"
        ) from exc
