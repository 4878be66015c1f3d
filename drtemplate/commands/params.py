"""``generate.py params``: a parameter file to fill in, and what is wrong with one."""

import argparse
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from drtemplate import pipeline
from drtemplate.cloudformation import parameter_forms as forms
from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.parameters import problems
from drtemplate.commands import FINE, FOUND
from drtemplate.console import plural, printable, say, short, show
from drtemplate.deploying.parameters import load_parameters
from drtemplate.errors import InputError
from drtemplate.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--format",
        choices=("console", "deploy", "cli"),
        default="console",
        help="console: a table to read (default); deploy: a file for deploy --params; "
        "cli: a file for the AWS CLI's --parameters",
    )
    parser.add_argument(
        "--check",
        type=Path,
        metavar="FILE",
        help="tell all that is wrong with FILE, of either form",
    )
    parser.add_argument(
        "--update", action="store_true", help="with --check: what FILE leaves out stays as it is"
    )
    parser.add_argument(
        "--template", type=Path, metavar="FILE", help="of this template, not today's render"
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the file or the findings; 1 if there are any.

    Raises:
        DrTemplateError: a file cannot be used, or belongs to another stack.
    """
    if options.template:
        template: Mapping[str, Any] = load_template(options.template)
    else:
        template = pipeline.render(settings).template
    declared = template.get("Parameters", {})
    if options.update and not options.check:
        raise InputError("--update says how a file is checked; name it with --check FILE")
    if options.check:
        return _check(options.check, declared, options.update)
    words = printable_lines(forms.for_console(template))
    if options.format == "console":
        show(words)
        return FINE
    say(f"{words}\n\nFill in what is empty, and check it: generate.py params --check FILE")
    show(forms.for_cli(declared) if options.format == "cli" else forms.for_deploy(declared))
    return FINE


def printable_lines(text: str) -> str:
    """The text, with nothing in a line of it that a terminal would obey."""
    return "\n".join(map(printable, text.split("\n")))


def _check(path: Path, declared: Mapping[str, Any], update: bool) -> int:
    given = load_parameters(path)
    foreign = [name for name in given if not get_close_matches(name, declared, 1)]
    if len(foreign) > len(given) - len(foreign):
        raise InputError(
            f"{path}: the file is of another stack: it has {', '.join(foreign[:3])}, and the "
            f"template asks for {', '.join(declared)}; name this stack's file"
        )
    kept = dict.fromkeys(declared, "") if update else {}
    found = [_in_words(problem, declared) for problem in problems(declared, given, kept)]
    for problem in found:
        show(printable(problem))
    say(
        f"{printable(short(path))}: {plural(len(found), 'finding')} in {plural(len(given), 'parameter')}"
    )
    return FOUND if found else FINE


def _in_words(problem: str, declared: Mapping[str, Any]) -> str:
    """A rule in the template's words, in place of its regular expression."""
    facts = declared.get(problem.partition(":")[0], {})
    words = facts.get("ConstraintDescription")
    pattern = f"does not match {facts.get('AllowedPattern')}"
    return problem.replace(pattern, str(words)) if words else problem
