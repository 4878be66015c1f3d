"""``generate.py settings``: print the settings file with its defaults, or check one."""

import argparse
from pathlib import Path

from drtemplate.commands import FINE
from drtemplate.console import say, show
from drtemplate.settings import Settings
from drtemplate.settings_file import load
from drtemplate.settings_text import as_toml


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--check", type=Path, metavar="FILE", help="tell every fault of a file")


def run(options: argparse.Namespace, _: Settings) -> int:
    """Print, or check.

    Raises:
        InputError: the file cannot be read, or names a region that cfn-lint does not know.
        SettingsError: with every fault of the file, a line each.
    """
    if options.check:
        settings = load(options.check)
        # It takes most of a second to import, which a file with faults need not wait for.
        from drtemplate.checks.lint import check_regions  # noqa: PLC0415

        check_regions(settings.regions)
        say(f"{options.check}: fine")
    else:
        show(as_toml().removesuffix("\n"))
    return FINE
