"""``generate.py diff``: what an update from one template to another would do to a stack."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drtemplate import pipeline
from drtemplate.cloudformation.changes import Differences, compare
from drtemplate.cloudformation.consequences import Consequence, consequences
from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.leaves import leaves
from drtemplate.cloudformation.references import unknown_functions
from drtemplate.commands import FINE, FOUND
from drtemplate.commands.diff_markdown import as_markdown
from drtemplate.commands.diff_text import as_text
from drtemplate.console import show
from drtemplate.errors import InputError
from drtemplate.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("other", type=Path, metavar="OTHER", help="the template that is deployed")
    parser.add_argument(
        "new", type=Path, nargs="?", metavar="NEW", help="the next one; today's render by default"
    )
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print what would change; 1 if the templates differ.

    Raises:
        InputError: a file is no template, or has a function that CloudFormation does not know.
    """
    old = _load(options.other)
    new = _load(options.new) if options.new else pipeline.render(settings).template
    found = compare(old, new)
    meaning = consequences(old, new, found)
    write = {"json": _as_json, "markdown": as_markdown, "text": as_text}[options.format]
    show(write(found, meaning))
    return FOUND if found.resources or found.others else FINE


def _load(path: Path) -> dict[str, Any]:
    template = load_template(path)
    for where, name in unknown_functions(template):
        raise InputError(f"{path}: {where} has {name}, which CloudFormation does not know; mend it")
    try:
        leaves(template)
    except InputError as exc:
        raise InputError(f"{path}: {exc}; mend it") from exc
    return template


def _as_json(found: Differences, meaning: Sequence[Consequence]) -> str:
    """The changes and what they mean, for programs; a verdict's behaviours by their names."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        return str(value) if type(value).__name__ == "Behaviour" else value

    told = {"consequences": [asdict(one) for one in meaning], **asdict(found)}
    return json.dumps(plain(told), indent=2)
