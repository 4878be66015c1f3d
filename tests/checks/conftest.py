from collections.abc import Callable
from typing import Any

import pytest
from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from drtemplate.checks.catalogue import load_rules

Find = Callable[[Any], list[tuple[str, RuleMatch]]]


@pytest.fixture(scope="session")
def rules():
    return load_rules()


@pytest.fixture(scope="session")
def find(rules) -> Find:
    """Every match of our rules in a template, with its rule's id; nothing of cfn-lint's own."""

    def found(template: Any) -> list[tuple[str, RuleMatch]]:
        linted = Template("", {}, ["us-east-1"])
        linted.template = template  # no rule of ours asks for more, which takes cfn-lint longer
        return [(rule.id, match) for rule in rules for match in rule.match(linted)]

    return found
