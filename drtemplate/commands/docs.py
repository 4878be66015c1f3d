"""``generate.py docs``: the pages that are made from the code, the template and the ledger."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from drtemplate import pipeline
from drtemplate.checks import catalogue, equivalence, ledger
from drtemplate.cloudformation.document import load_template, read_text
from drtemplate.commands import FINE, FOUND
from drtemplate.console import say, short
from drtemplate.errors import InputError
from drtemplate.pages import deviations, reference
from drtemplate.pages.graph import graph
from drtemplate.pages.mermaid import as_mermaid
from drtemplate.settings import PROJECT, Settings
from drtemplate.settings_docs import as_page
from drtemplate.topologies.one_region import build

DOCS = PROJECT / "docs"
BEGIN, END = "<!-- generate.py docs graph: begin -->", "<!-- generate.py docs graph: end -->"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(PAGES)}; all by default"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a page is not current"
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Write the pages; with ``--check`` 1 if one is not current.

    Raises:
        DrTemplateError: no page has that name, or a file cannot be read or written.
    """
    if unknown := [name for name in options.names if name not in PAGES]:
        raise InputError(f"no page is called {', '.join(unknown)}; there are {', '.join(PAGES)}")
    stale = False
    for name in options.names or PAGES:
        path, page = PAGES[name]
        text = page(settings)
        if not options.check:
            say(f"{short(path)}: {'written' if pipeline.store(path, text) else 'unchanged'}")
        elif not pipeline.is_current(path, text):
            say(f"{short(path)} is stale: run `generate.py docs {name}` and commit the file")
            stale = True
    return FOUND if stale else FINE


def _rules(_: Settings) -> str:
    return catalogue.as_markdown(catalogue.load_rules())


def _deviations(_: Settings) -> str:
    """Of the default settings, of which alone the ledger speaks."""
    source = load_template(equivalence.CONTRACT, "source template")
    rendered = pipeline.render(Settings()).template
    result = equivalence.compare(source, rendered, ledger.load_ledger())
    return deviations.as_markdown(result, source, rendered)


def _reference(settings: Settings) -> str:
    stack = build(settings)
    runbook = read_text(DOCS / "runbook.md", "runbook")
    return reference.as_markdown(stack.to_dict(), stack.banners, runbook)


def _graph(name: str, settings: Settings) -> str:
    """The page of that name with today's diagram between its marks.

    Raises:
        InputError: it has not both marks, each once.
    """
    path = PAGES[name][0]
    text = read_text(path, "page")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end or BEGIN in rest or END in after:
        raise InputError(f"{path}: the diagram's place is not marked; write {BEGIN} and {END}")
    stack = build(settings)
    drawn = as_mermaid(graph(stack.to_dict(), stack.groups))
    return f"{before}{begin}\n```mermaid\n{drawn}\n```\n{end}{after}"


# By name: the file, and what makes its text.
PAGES: dict[str, tuple[Path, Callable[[Settings], str]]] = {
    "rules": (DOCS / "rules.md", _rules),
    "deviations": (DOCS / "deviations.md", _deviations),
    "reference": (DOCS / "reference.md", _reference),
    "graph": (PROJECT / "README.md", partial(_graph, "graph")),
    "architecture": (DOCS / "architecture.md", partial(_graph, "architecture")),
    "settings": (DOCS / "settings.md", lambda _: as_page()),
}
