"""``generate.py scan``: what scanners find in the template, against what is accepted."""

import argparse
from pathlib import Path

from drtemplate import pipeline
from drtemplate.checks import acceptance, equivalence, scanners
from drtemplate.cloudformation.document import read_text
from drtemplate.commands import FINE, FOUND
from drtemplate.console import say, short, show
from drtemplate.controls import AlertEndpoint, Backups, Protection, Records
from drtemplate.settings import PROJECT, Settings

PAGE = PROJECT / "docs" / "scan.md"
SOURCE = "source"
# What is off by default is scanned too, for it makes resources of its own.
EVERY_CONTROL = Settings(
    protection=Protection(
        retention_floor_days=365,
        object_lock="COMPLIANCE",
        key_deletion_role="arn:aws:iam::111122223333:role/KeyKeeper",
        snapshot="payments-final",
        extended_support=False,
        backups=Backups(
            retention_days=90,
            copy_to="arn:aws:backup:eu-west-1:111122223333:backup-vault:copies",
            lock=True,
            lock_grace_days=7,
        ),
    ),
    records=Records(
        flow_logs=True,
        load_balancer_logs=True,
        bucket_logs=True,
        database_audit=("CONNECT",),
        retention_days=90,
    ),
    alert_endpoints=(
        AlertEndpoint(protocol="email", endpoint="second@bank.example"),
        AlertEndpoint(protocol="slack", endpoint="T01ABCDEF/C01ABCDEF"),
    ),
    close_application_egress=True,
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--checkov", type=Path, metavar="FILE", help="the program, not the one in .venv-scan"
    )
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name} too, in docs/")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the table; 1 if a finding has no reason, a reason no finding, or the page is not current.

    Raises:
        DrTemplateError: a scanner cannot be run, or a file, a setting or a handler cannot be used.
    """
    accepted = acceptance.load_accepted()
    templates = {
        SOURCE: read_text(equivalence.CONTRACT, "source template"),
        "default": pipeline.render(settings).text,
        "controls": pipeline.render(EVERY_CONTROL).text,
    }
    findings = scanners.scan(templates, settings.regions, options.checkov or scanners.CHECKOV)
    result = acceptance.judge(
        {name: found for name, found in findings.items() if name != SOURCE}, accepted
    )
    show(acceptance.as_table(findings, result))
    if not result.holds:
        return FOUND
    page = acceptance.as_markdown(findings, accepted)
    if options.write:
        pipeline.store(PAGE, page)
    elif not pipeline.is_current(PAGE, page):
        say(f"{short(PAGE)} has other figures; write it anew: generate.py scan --write")
        return FOUND
    return FINE
