"""``generate.py status``: a stack in one screen."""

import argparse

from drtemplate.commands import FINE, FOUND, add_account_options
from drtemplate.console import printable, show
from drtemplate.deploying.deployed import find_deployed
from drtemplate.deploying.status import status_rows
from drtemplate.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--stack", required=True, metavar="NAME", help="the stack's name")
    add_account_options(parser)


def run(options: argparse.Namespace, _: Settings) -> int:
    """Show it; 1 if somebody should look at something, which then has a mark.

    Raises:
        DrTemplateError: there is no such stack, or AWS does not answer.
    """
    living = find_deployed(options.stack, options.region, options.endpoint_url, options.profile)
    target, number = living.target, living.account.identity().account
    show(printable(f"{target.stack} in account {number}, {target.region}"))
    rows = list(status_rows(living))
    for row in rows:
        show(printable(f"{' ' if row.well else '!'} {row.name:<9} {row.text}"))
    return FINE if all(row.well for row in rows) else FOUND
