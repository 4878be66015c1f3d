"""The command line: data goes to standard output, words for people to standard error.

Exit codes: 0 fine or equal; 1 findings, stale or different; 2 wrong use or cannot run.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType

from drtemplate.console import drop_output, printable, say
from drtemplate.errors import DrTemplateError, InputError
from drtemplate.settings import Settings

CANNOT = 2
DEFAULT = "render"
COMMANDS = {
    "render": "render, validate and write the template (default)",
    "lint": "run cfn-lint with our own rules",
    "equivalence": "compare with the source template, leaf by leaf",
    "scan": "run scanners, and look each finding up among the accepted",
    "diff": "tell what an update from another template would do to a stack",
    "deploy": "deploy the template with the AWS CLI, and follow",
    "drill": "run the handlers in a simulated cloud, and measure",
}


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Run a sub-command and return its exit code; ``render`` if none is named."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            return _run(words, settings)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except DrTemplateError as exc:
        say("error: " + printable(" ".join(str(exc).splitlines())))
    except KeyboardInterrupt:
        say("error: interrupted; nothing more is done")
    except BrokenPipeError:
        drop_output()  # the reader has seen enough
    except OSError as exc:
        say(f"error: cannot write to standard output: {exc.strerror}")
        drop_output()
    return CANNOT


def _run(words: list[str], settings: Settings | None) -> int:
    name, rest = _command(words)
    command = _load(name)
    parser = argparse.ArgumentParser(prog=f"generate.py {name}", description=COMMANDS[name])
    command.add_options(parser)
    options = parser.parse_args(rest)
    return int(command.run(options, settings or Settings()))


def _command(words: list[str]) -> tuple[str, list[str]]:
    """The sub-command and its words; ``generate.py --stdout`` means ``generate.py render --stdout``.

    Raises:
        SystemExit: help was asked for, or no sub-command has that name.
    """
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        return DEFAULT, words
    width = max(map(len, COMMANDS))
    parser = argparse.ArgumentParser(
        prog="generate.py",
        usage="generate.py [COMMAND] [OPTIONS]; generate.py COMMAND --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Render the disaster-recovery stack as CloudFormation, and check it.\n\ncommands:\n"
        + "\n".join(f"  {name:<{width}}  {words}" for name, words in COMMANDS.items()),
        epilog="Exit codes: 0 fine or equal; 1 findings, stale or different; 2 cannot run.",
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    return str(parser.parse_args(words[:1]).command), words[1:]


def _load(name: str) -> ModuleType:
    """The command's module; only the one that is called, since each imports what it needs."""
    try:
        return importlib.import_module(f"drtemplate.commands.{name}")
    except ModuleNotFoundError as exc:
        raise InputError(
            f"{name} needs {exc.name}, which is not installed; "
            "install all that the commands need: pip install -e '.[deploy,dev,drill]'"
        ) from exc
