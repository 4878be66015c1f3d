"""``generate.py graph``: the architecture as a picture's source, or as data."""

import argparse
import json
from dataclasses import asdict

from drtemplate.commands import FINE
from drtemplate.console import show
from drtemplate.pages.graph import graph
from drtemplate.pages.mermaid import as_mermaid
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--format", choices=("mermaid", "json"), default="mermaid")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the architecture of today's stack.

    Raises:
        DrTemplateError: a setting or a handler cannot be used.
    """
    stack = build(settings)
    found = graph(stack.to_dict(), stack.groups)
    show(json.dumps(asdict(found), indent=2) if options.format == "json" else as_mermaid(found))
    return FINE
