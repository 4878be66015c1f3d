"""``generate.py deploy``: deploy the template with the AWS CLI, and follow it to its end."""

import argparse
from pathlib import Path

from drtemplate.commands import FINE, FOUND
from drtemplate.console import at_terminal, say, show
from drtemplate.deploying.deploy import Request, deploy
from drtemplate.pipeline import default_output
from drtemplate.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--stack", required=True, metavar="NAME", help="the stack's name")
    parser.add_argument(
        "--params", required=True, type=Path, metavar="FILE", help="the parameters, as JSON"
    )
    parser.add_argument("--template", type=Path, metavar="FILE", help="not templates/'s own")
    parser.add_argument("--region", metavar="R", help="not the AWS CLI's own choice")
    parser.add_argument("--endpoint-url", metavar="URL", help="of a server other than AWS's")
    parser.add_argument("--bucket", metavar="NAME", help="send it through this, not our own bucket")
    parser.add_argument(
        "--yes", action="store_true", help="make or complete our bucket without a question"
    )
    parser.add_argument("--force", action="store_true", help="although the failover latch is on")
    parser.add_argument("--dry-run", action="store_true", help="check everything, send nothing")


def run(options: argparse.Namespace, _: Settings) -> int:
    """Deploy; 1 if it ended otherwise than asked for.

    Raises:
        DrTemplateError: the deployment is refused, or cannot be followed.
    """
    request = Request(
        stack=options.stack,
        parameters=options.params,
        template=options.template or default_output("yaml"),
        region=options.region,
        endpoint_url=options.endpoint_url,
        bucket=options.bucket,
        yes=options.yes,
        force=options.force,
        dry_run=options.dry_run,
    )
    return FINE if deploy(request, say, show, ask=at_terminal()) else FOUND
