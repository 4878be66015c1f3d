"""``generate.py lint``: what cfn-lint and the project's own checks find in the rendered template."""

import argparse
import json
from dataclasses import asdict, replace

from drtemplate import pipeline
from drtemplate.checks.catalogue import as_markdown, load_rules
from drtemplate.checks.lint import check_regions
from drtemplate.checks.validation import validate
from drtemplate.commands import FINE, FOUND
from drtemplate.console import plural, say, show
from drtemplate.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--region", action="append", metavar="R", help="validate for R; may be given repeatedly"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--rules", action="store_true", help="print what our own rules look for, as Markdown"
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the findings; 1 if there are any.

    Raises:
        DrTemplateError: a region is unknown, or a setting or handler cannot be used.
    """
    if options.rules:
        show(as_markdown(load_rules()).removesuffix("\n"))
        return FINE
    if options.region:
        settings = replace(settings, regions=tuple(options.region))
    check_regions(settings.regions)
    findings = validate(pipeline.render(settings), settings)
    if options.format == "json":
        show(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            show(str(finding))
        say(f"{plural(len(findings), 'finding')} in {', '.join(settings.regions)}")
    return FOUND if findings else FINE
