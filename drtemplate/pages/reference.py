"""docs/reference.md: all names that an operator meets, out of the template and the handlers' settings."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.parameter_forms import default, grouped, label, rule
from drtemplate.cloudformation.reading import list_of, mapping_of, mappings_of, of_type, section
from drtemplate.cloudformation.references import references_in
from drtemplate.cloudformation.retention import when_removed
from drtemplate.cloudformation.schemas import resource_facts
from drtemplate.groups.handlers import SETTINGS, Setting
from drtemplate.pages.words import cell

Template = Mapping[str, Any]
Lines = Iterator[str]
HEAD = """# Reference

Every name of the stack with its meaning. `<stack>` stands for the stack's name. What to do with it stands in the
[runbook](runbook.md); how it works together in the [architecture](architecture.md); why it is so in
[the deviations](deviations.md).

Made by `generate.py docs reference` from the template and the handlers' settings.

[Parameters](#parameters) · [Resources](#resources) · [Outputs](#outputs) · [Alarms](#alarms) ·
[State items](#state-items) · [Configuration keys](#configuration-keys)
"""
_OPERATORS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at least",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at most",
}
_MISSING = {"breaching": "counts as bad", "notBreaching": "counts as good", "ignore": "is ignored"}


def as_markdown(template: Template, banners: Mapping[str, str], runbook: str) -> str:
    """The page.

    Args:
        template: as dictionaries, intrinsics in long form.
        banners: logical id -> title and purpose of its resource group.
        runbook: its text, which has the meaning of the state's attributes.
    """
    lines = [
        HEAD,
        *_parameters(template),
        *_resources(template, banners),
        *_outputs(template),
        *_alarms(template),
        *_state(template, runbook),
        *_configuration(),
    ]
    return "\n".join(lines) + "\n"


def _table(*columns: str) -> list[str]:
    return ["", f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(cell, cells))} |"


def _plain(value: Any) -> str:
    """A value as people know it: a reference by its name."""
    text = text_of(value) or ""
    return re.sub(r"\$\{([\w.]+)\}", r"<\1>", text.replace("${AWS::StackName}", "<stack>")).replace(
        "${AWS::AccountId}", "<account>"
    )


def _parameters(template: Template) -> Lines:
    yield "## Parameters"
    declared = dict(section(template, "Parameters"))
    for title, names in grouped(template).items():
        yield from ("", f"### {title}", *_table("parameter", "default", "meaning", "a value"))
        for name in names:
            facts = declared[name]
            value = f"`{facts['Default']}`" if facts.get("Default", "") != "" else default(facts)
            meaning = f"**{label(template, name)}.** {facts.get('Description', '')}"
            yield _row(f"`{name}`", value.removeprefix("default: "), meaning, rule(facts))


def _resources(template: Template, banners: Mapping[str, str]) -> Lines:
    resources = dict(section(template, "Resources"))
    types = {resource["Type"] for resource in resources.values()}
    yield from ("", "## Resources", "")
    yield f"{len(resources)} resources of {len(types)} types, in the order of the template. Where no name stands, AWS"
    yield "makes one; what has nothing in the last column goes with the stack."
    for banner in dict.fromkeys(banners.values()):
        title, _, purpose = banner.partition(": ")
        yield from ("", f"### {title}", "", f"{purpose[:1].upper()}{purpose[1:]}.")
        yield from _table("resource", "type", "name", "after a delete")
        for name, resource in resources.items():
            if banners.get(name) == banner:
                kept = {"Snapshot": "a snapshot stays", "Retain": "stays"}.get(
                    when_removed(resource), ""
                )
                physical = _plain(_name(resource))
                named = f"`{physical}`" if physical else ""
                yield _row(f"`{name}`", resource["Type"], named, kept)


def _name(resource: Mapping[str, Any]) -> Any:
    """The name that it is given, else its Name tag; None if AWS makes one."""
    facts, properties = resource_facts(resource["Type"]), mapping_of(resource.get("Properties"))
    if facts and facts.name and (name := properties.get(facts.name)) is not None:
        return name
    tags = mappings_of(properties.get("Tags"))
    return next((tag.get("Value") for tag in tags if tag.get("Key") == "Name"), None)


def _outputs(template: Template) -> Lines:
    yield from ("", "## Outputs", *_table("output", "meaning", "exported as"))
    for name, facts in section(template, "Outputs"):
        export = _plain(mapping_of(facts.get("Export")).get("Name"))
        yield _row(f"`{name}`", facts.get("Description", ""), f"`{export}`" if export else "")


def _alarms(template: Template) -> Lines:
    yield from ("", "## Alarms", "")
    yield "*2 x 60 s*: in each of two periods of 60 seconds, one after the other. What to do: [runbook](runbook.md#alerts)."
    yield from _table("alarm", "when", "tells and starts", "meaning")
    for _, facts in of_type(template, "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        actions = references_in(facts.get("AlarmActions"))
        starts = ", ".join(f"`{name}`" for name in dict.fromkeys(one.name for one in actions))
        when = _composite(facts) if "AlarmRule" in facts else _condition(facts)
        yield _row(
            f"`{_plain(facts.get('AlarmName'))}`", when, starts, facts.get("AlarmDescription", "")
        )


def _condition(facts: Mapping[str, Any]) -> str:
    """The metric and its threshold, in words."""
    statistic = facts.get("Statistic") or facts.get("ExtendedStatistic") or "metric math"
    times, period = facts.get("EvaluationPeriods"), facts.get("Period")
    metric = f"`{facts.get('Namespace', '')} {facts.get('MetricName', '')}`".replace("` `", "")
    missing = _MISSING.get(str(facts.get("TreatMissingData")), "")
    operator = facts.get("ComparisonOperator")
    compared = f"{_OPERATORS.get(str(operator), operator)} {facts.get('Threshold')}"
    return f"{statistic} of {metric} {compared}, {times} x {period} s" + (
        f"; no data {missing}" if missing else ""
    )


def _composite(facts: Mapping[str, Any]) -> str:
    return re.sub(r'ALARM\("<(\w+)>"\)', r"`\1`", _plain(facts.get("AlarmRule")))


def _state(template: Template, runbook: str) -> Lines:
    yield from ("", "## State items", *_table("table", "key", "an item expires at"))
    for name, facts in of_type(template, "AWS::DynamoDB::Table"):
        key = ", ".join(
            f"`{one.get('AttributeName')}`" for one in mappings_of(facts.get("KeySchema"))
        )
        expiry = mapping_of(facts.get("TimeToLiveSpecification")).get("AttributeName", "")
        yield _row(f"`{_plain(facts.get('TableName'))}` (`{name}`)", key, f"`{expiry}`")
    kinds = ", ".join(f"`{key}`" for key in state_keys(runbook))
    yield from ("", f"The keys of the failover state: {kinds}. The attributes of its items:")
    yield from _table("attribute", "meaning")
    diagram = "see [the diagram](architecture.md#the-states-of-a-run)"
    yield from (one.replace("see the diagram", diagram) for one in state_attributes(runbook))
    yield from ("", "How to read them: [runbook](runbook.md#read-the-state).")


def state_keys(runbook: str) -> list[str]:
    """The keys of items that the runbook names: the state's own, then those of the history."""
    own = re.findall(r'"StateKey": \{"S": "(\w+)"\}', runbook)
    others = re.findall(r"`([A-Z]+#<[^`]*|INCIDENT)`", runbook)
    return list(dict.fromkeys([*own, *others]))


def state_attributes(runbook: str) -> list[str]:
    """The rows of the runbook's table of attributes."""
    table = runbook.partition("\n| attribute | meaning |\n")[2].partition("\n\n")[0]
    return table.splitlines()[1:]


def _configuration() -> Lines:
    yield from ("", "## Configuration keys", "")
    yield "JSON in Parameter Store; how to change it: [runbook](runbook.md#configuration). No function reads what has no range."
    yield from _table("key", "unit", "default", "range", "meaning")
    for key, setting in SETTINGS.items():
        yield _row(f"`{key}`", *configuration_cells(key, setting))


def configuration_cells(key: str, setting: Setting) -> tuple[str, str, str, str]:
    """Unit, default, range and meaning of a key of the configuration."""
    decided = "" if setting.default is None else str(setting.default).lower()
    allowed = setting.allowed
    if isinstance(allowed, range):
        heeded = f"{allowed[0]} to {allowed[-1]}"
    else:
        heeded = ", ".join(
            str(one).lower() if isinstance(one, bool) else str(one) for one in list_of(allowed)
        )
    if key == "auto_failover":
        decided = "the parameter `AutoFailover`"
    return setting.unit, decided, heeded, setting.meaning
