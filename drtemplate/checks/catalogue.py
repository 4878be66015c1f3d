"""The catalogue of our rules, docs/rules.md: made by ``generate.py docs rules``."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from cfnlint.rules import Rules

from drtemplate.checks.lint import CONFIGURATION

if TYPE_CHECKING:
    from drtemplate.checks.rules.rule import TemplateRule

LONGEST_EXAMPLE = 80  # characters
HEAD = """# The rules

Rules of our own for [cfn-lint](https://github.com/aws-cloudformation/cfn-lint), for what its own do not see:
only AWS itself would refuse it, or go on without a word. `.cfnlintrc` names their modules, so that the render,
`make lint`, the pre-commit hook and an editor that runs `.venv/bin/cfn-lint` have them alike. An `E` is refused
or does not work; a `W` is a risk, or more than a table here can know.

Made by `generate.py docs rules`. The example of a rule is a change to the rendered stack
that the rule finds, which a test tries.
"""


def load_rules(configuration: Path = CONFIGURATION) -> "list[TemplateRule]":
    """The rules that a ``.cfnlintrc`` appends, loaded as cfn-lint does, by id."""
    rules = Rules()
    for module in yaml.safe_load(configuration.read_text(encoding="utf-8"))["append_rules"]:
        rules.update(Rules.create_from_module(module))
    return sorted(rules.values(), key=_by_number)


def _by_number(rule: "TemplateRule") -> str:
    """E and W of one module stand together."""
    return str(rule.id[1:])


def as_markdown(rules: "list[TemplateRule]") -> str:
    """The page."""
    return "\n".join([HEAD, *map("\n".join, map(_section, rules))])


def _section(rule: "TemplateRule") -> Iterator[str]:
    path, value = rule.example
    yield f"## {rule.id}: {rule.shortdesc}\n"
    yield f"{rule.description}\n"
    yield f"- Source: <{rule.source_url}>"
    yield f"- Example: `{path}: {_cut(json.dumps(value, ensure_ascii=False))}`"
    yield f"- Tags: {', '.join(rule.tags)}\n"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_EXAMPLE else f"{text[:LONGEST_EXAMPLE]}..."
