"""The sub-commands, one module each: ``add_options`` declares what it takes, ``run`` gives its exit code.

``diff_text`` and ``diff_markdown`` are none: they have the words of ``diff``.

A module is imported when its command is called, so that none waits for what another one needs.
"""

import argparse
from pathlib import Path

SETTINGS_FILE = Path("drtemplate.toml")
FINE, FOUND = 0, 1  # exit codes: fine or equal; findings, stale or different


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Declare what every command takes."""
    parser.add_argument(
        "--settings",
        action="append",
        type=Path,
        metavar="FILE",
        default=[],
        help=f"other settings than {SETTINGS_FILE} in the working directory, or the defaults",
    )


def add_account_options(parser: argparse.ArgumentParser) -> None:
    """Declare where a stack is looked for."""
    parser.add_argument(
        "--region", metavar="R", help="else AWS_REGION, AWS_DEFAULT_REGION, profile"
    )
    parser.add_argument("--profile", metavar="NAME", help="of the AWS CLI's files")
    parser.add_argument("--endpoint-url", metavar="URL", help="of a server other than AWS's")
