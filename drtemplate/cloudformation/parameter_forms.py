"""A template's parameters as people fill them in: the files that tools read, and what to know of each."""

import json
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from drtemplate.cloudformation.parameters import MASK, Declared, is_secret
from drtemplate.cloudformation.reading import list_of, mapping_of, mappings_of, section, value_at

Template = Mapping[str, Any]
WIDTH = 98  # characters of a line for people
INTERFACE = "AWS::CloudFormation::Interface"
UNGROUPED = "Other parameters"  # as the console calls those that are in no group


def starting_values(declared: Declared) -> dict[str, str]:
    """Each parameter with its default, or empty where it must be filled in; no secret is among them.

    A secret with a default is left out, so that no file holds one by accident.
    """
    return {
        name: str(facts.get("Default", ""))
        for name, facts in declared.items()
        if not (is_secret(facts) and "Default" in facts)
    }


def for_deploy(declared: Declared) -> str:
    """What ``generate.py deploy --params`` reads: one object."""
    return json.dumps(starting_values(declared), indent=2, ensure_ascii=False)


def for_cli(declared: Declared) -> str:
    """What ``--parameters file://`` of the AWS CLI reads.

    https://docs.aws.amazon.com/cli/latest/reference/cloudformation/create-stack.html
    """
    values = starting_values(declared).items()
    entries = [{"ParameterKey": name, "ParameterValue": value} for name, value in values]
    return json.dumps(entries, indent=2, ensure_ascii=False)


def grouped(template: Template) -> dict[str, list[str]]:
    """The parameters as the console groups them: a group's label -> names.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-interface.html
    """
    declared = [name for name, _ in section(template, "Parameters")]
    interface = value_at(template, "Metadata", INTERFACE, "ParameterGroups")
    groups = {
        str(mapping_of(group.get("Label")).get("default", "")): [
            name for name in list_of(group.get("Parameters")) if name in declared
        ]
        for group in mappings_of(interface)
    }
    rest = [name for name in declared if not any(name in names for names in groups.values())]
    return groups | ({UNGROUPED: rest} if rest else {})


def label(template: Template, name: str) -> str:
    """What the console calls the parameter."""
    found = value_at(template, "Metadata", INTERFACE, "ParameterLabels", name, "default")
    return str(found or name)


def default(facts: Mapping[str, Any]) -> str:
    """The default in words."""
    if "Default" not in facts:
        return "required"
    if facts["Default"] == "":
        return "default: empty"
    return f"default {MASK if is_secret(facts) else facts['Default']}"


def rule(facts: Mapping[str, Any]) -> str:
    """What a value must be, in the template's own words, else from its constraints; '' if anything."""
    if words := facts.get("ConstraintDescription"):
        return str(words)
    if allowed := list_of(facts.get("AllowedValues")):
        return f"must be one of {', '.join(map(str, allowed))}"
    limits = {"MinValue": "at least", "MaxValue": "at most"}
    lengths = {"MinLength": "at least", "MaxLength": "at most"}
    found = [f"{words} {facts[key]}" for key, words in limits.items() if key in facts]
    found += [f"{words} {facts[key]} characters" for key, words in lengths.items() if key in facts]
    found += [f"of the form {facts['AllowedPattern']}"] if "AllowedPattern" in facts else []
    return f"must be {', '.join(found)}" if found else ""


def for_console(template: Template) -> str:
    """All that the console shows when it asks for them, to be read beside it."""
    return "\n".join(_console_lines(template))


def _console_lines(template: Template) -> Iterator[str]:
    declared = dict(section(template, "Parameters"))
    longest = max(map(len, declared), default=0)
    for number, (title, names) in enumerate(grouped(template).items()):
        yield from [""] * bool(number) + [title]
        for name in names:
            facts = declared[name]
            told = [f"{label(template, name)} ({default(facts)})"]
            told += [str(facts.get("Description", "")), rule(facts)]
            lines = [line for text in told for line in wrap(text, WIDTH - longest - 4)]
            yield ""
            for position, line in enumerate(lines):
                yield f"  {'' if position else name:<{longest}}  {line}"
