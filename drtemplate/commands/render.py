"""``generate.py render``: build the stack, write it as text, validate it, store it."""

import argparse
import gc
from pathlib import Path

from drtemplate import pipeline
from drtemplate.commands import FINE, FOUND
from drtemplate.console import plural, say, short, show
from drtemplate.errors import InputError
from drtemplate.settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--output", type=Path, metavar="PATH", help="write here instead of templates/"
    )
    where.add_argument("--stdout", action="store_true", help="print the template, write no file")
    parser.add_argument("--format", choices=("yaml", "json"), default="yaml")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if the file is not current"
    )


def run(options: argparse.Namespace, _: Settings) -> int:
    """Render; 1 if there are findings, or with ``--check`` if the file is not current.

    Raises:
        DrTemplateError: a setting, a handler or a path cannot be used.
    """
    if options.check and options.stdout:
        raise InputError("--check compares a file; leave --stdout out")
    stacks = _outputs(options)
    made = [(path, one, pipeline.render(one, options.format)) for path, one in stacks]
    if options.check:
        stale = [path for path, _, one in made if not pipeline.is_current(path, one.text)]
        for path in stale:
            say(f"{short(path)} is stale: run `make template` and commit the file")
        return FOUND if stale else FINE
    # cfn-lint makes objects that live to the end; to look for cycles among them takes a quarter of a
    # validation, which `make bench` shows.
    gc.set_threshold(100_000, 50, 50)
    # It takes most of a second to import, which a freshness check need not wait for.
    from drtemplate.checks.validation import validate  # noqa: PLC0415

    if findings := [one for _, own, rendered in made for one in validate(rendered, own)]:
        for finding in findings:
            say(str(finding))
        say(f"{plural(len(findings), 'finding')}; nothing is written")
        return FOUND
    for path, _, rendered in made:
        if options.stdout:
            show(rendered.text.removesuffix("\n"))
        else:
            written = pipeline.store(path, rendered.text)
            say(f"{short(path)}: {'written' if written else 'unchanged'}")
        _report(rendered)
    return FINE


def _outputs(options: argparse.Namespace) -> list[tuple[Path, Settings]]:
    """Where each stack goes.

    Raises:
        InputError: two would go to one place, or a file has the name of the defaults' render.
    """
    if len(options.stacks) > 1 and (options.output or options.stdout):
        raise InputError(
            "several --settings are written beside each other; leave --output and --stdout out"
        )
    places: dict[Path, Settings] = {}
    for file, settings in options.stacks:
        path = options.output or pipeline.output_of(
            None if options.stdout else file, options.format
        )
        if file and not options.stdout and path.exists() and path.samefile(file):
            raise InputError(f"{path}: this is the settings file itself; name another --output")
        if path in places:
            raise InputError(
                f"{file}: another settings file of that name is written to {path}; rename one"
            )
        places[path] = settings
    return list(places.items())


def _report(rendered: pipeline.Rendered) -> None:
    """How large the template is."""
    resources = rendered.template["Resources"]
    types = {resource["Type"] for resource in resources.values()}
    size = len(rendered.text.encode())
    say(f"{len(resources)} resources of {len(types)} types, {size:,} bytes")
