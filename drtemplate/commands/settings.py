"""``generate.py settings``: print the settings file with its defaults, or check one."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from drtemplate.commands import FINE, FOUND
from drtemplate.console import printable, say, show
from drtemplate.errors import InputError, SettingsError
from drtemplate.settings import Settings
from drtemplate.settings_file import load
from drtemplate.settings_text import as_toml


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--check", type=Path, metavar="FILE", help="tell every fault of a file")


def run(options: argparse.Namespace, _: Settings) -> int:
    """Print, or check; 1 if the file has a fault.

    Raises:
        InputError: the file cannot be read.
    """
    if not options.check:
        show(as_toml().removesuffix("\n"))
        return FINE
    if faults := _faults(options.check):
        for fault in faults:
            show(printable(fault))
        return FOUND
    say(f"{options.check}: fine")
    return FINE


def _faults(file: Path) -> Sequence[str]:
    """What is wrong with a file, a line each."""
    try:
        settings = load(file)
    except SettingsError as exc:
        return exc.faults
    # It takes most of a second to import, which a file with faults need not wait for.
    from drtemplate.checks.lint import check_regions  # noqa: PLC0415

    try:
        check_regions(settings.regions)
    except InputError as exc:
        return [f"{file}: regions: {exc}"]
    return ()
