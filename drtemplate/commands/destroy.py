"""``generate.py destroy --plan``: what a delete of a stack would keep and take, and in which order."""

import argparse

from drtemplate.commands import FINE, add_account_options
from drtemplate.console import printable, show
from drtemplate.deploying.deployed import find_deployed
from drtemplate.deploying.destruction import destroy_plan
from drtemplate.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--stack", required=True, metavar="NAME", help="the stack's name")
    parser.add_argument(
        "--plan",
        action="store_true",
        required=True,
        help="the only thing it does: it deletes nothing",
    )
    add_account_options(parser)


def run(options: argparse.Namespace, _: Settings) -> int:
    """Show the plan.

    Raises:
        DrTemplateError: there is no such stack, or AWS does not answer.
    """
    living = find_deployed(options.stack, options.region, options.endpoint_url, options.profile)
    for line in destroy_plan(living):
        show(printable(line))
    return FINE
