"""``generate.py deploy``: show the changes, ask, make exactly those, and follow to the end."""

import argparse
from pathlib import Path

from drtemplate.commands import FINE, FOUND, add_account_options
from drtemplate.console import at_terminal, printable, show, tell
from drtemplate.deploying.deploy import deploy
from drtemplate.deploying.request import Request
from drtemplate.errors import InputError
from drtemplate.pipeline import output_of
from drtemplate.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add = parser.add_argument
    add("--stack", required=True, metavar="NAME", help="the stack's name")
    add("--params", required=True, type=Path, metavar="FILE", help="the parameters, as JSON")
    add("--template", type=Path, metavar="FILE", help="not templates/'s own")
    add_account_options(parser)
    add("--account", metavar="DIGITS", help="refuse any other account")
    add("--bucket", metavar="NAME", help="send it through this, not our own bucket")
    add("--role-arn", metavar="ARN", help="of a service role that CloudFormation acts with")
    add("--tags", nargs="+", metavar="KEY=VALUE", help="of the stack; else it keeps its own")
    add("--notification-arns", nargs="+", metavar="ARN", default=(), help="topics for the events")
    add("--disable-rollback", action="store_true", help="leave what was made where it fails")
    add(
        "--allow-data-loss",
        action="append",
        metavar="ID",
        default=[],
        help="this resource may be replaced or removed with what it holds; once for each",
    )
    add("--yes", action="store_true", help="make the changes, and our bucket, without a question")
    add("--force", action="store_true", help="although the failover latch is on")
    look = parser.add_mutually_exclusive_group()
    look.add_argument("--dry-run", action="store_true", help="show the changes, make none")
    look.add_argument("--offline", action="store_true", help="local checks alone, ask nobody")
    add("--events", action="store_true", help="tell every event, not only what is done")


def run(options: argparse.Namespace, _: Settings) -> int:
    """Deploy; 1 if it ended otherwise than asked for.

    Raises:
        DrTemplateError: the deployment is refused, or cannot be followed.
    """
    request = Request(
        stack=options.stack,
        parameters=options.params,
        template=options.template or output_of(options.stacks[0][0], "yaml"),
        region=options.region,
        endpoint_url=options.endpoint_url,
        bucket=options.bucket,
        account=options.account,
        profile=options.profile,
        role_arn=options.role_arn,
        tags=None if options.tags is None else _tags(options.tags),
        notification_arns=tuple(options.notification_arns),
        disable_rollback=options.disable_rollback,
        allow_data_loss=frozenset(options.allow_data_loss),
        yes=options.yes,
        force=options.force,
        dry_run=options.dry_run,
        offline=options.offline,
        events=options.events,
    )
    data = lambda line: show(printable(line))  # noqa: E731
    return FINE if deploy(request, tell, data, ask=at_terminal()) else FOUND


def _tags(words: list[str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise InputError(f"--tags: {word!r} is no tag; write KEY=VALUE")
        if key in tags:
            raise InputError(f"--tags: {key!r} stands twice; keep one")
        tags[key] = value
    return tags
