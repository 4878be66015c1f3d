"""``generate.py equivalence``: the rendered template against the source template."""

import argparse
import json
from pathlib import Path

from drtemplate import pipeline
from drtemplate.checks import equivalence, ledger
from drtemplate.cloudformation.document import load_template
from drtemplate.commands import FINE, FOUND
from drtemplate.console import say, show
from drtemplate.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--source", type=Path, metavar="FILE", help="another template in place of the source"
    )
    parser.add_argument(
        "--ledger", type=Path, metavar="FILE", help="deviations, not templates/deviations.yaml"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the comparison; 1 if a difference has no entry in the ledger, or an entry no difference.

    Source and ledger speak of the default settings: those of a file are another stack.

    Raises:
        DrTemplateError: a file, a setting or a handler cannot be used.
    """
    if file := options.stacks[0][0]:
        settings = Settings()
        say(f"{file}: other settings are another stack, and not compared; this is of the defaults")
    source = load_template(options.source or equivalence.CONTRACT, "source template")
    deviations = ledger.load_ledger(options.ledger or ledger.LEDGER)
    result = equivalence.compare(source, pipeline.render(settings).template, deviations)
    if options.format == "json":
        show(json.dumps(equivalence.as_json(result), indent=2))
    else:
        show(equivalence.as_table(result))
    return FINE if result.holds else FOUND
