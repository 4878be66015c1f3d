"""The metrics that alarms and dashboards look at."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Properties,
    Template,
    branches,
    list_of,
    mapping_of,
    mappings_of,
    number_of,
    of_type,
    value_at,
)

UNKNOWN = "${}"  # in place of a word that no text is known for


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, and who looks at it.

    Attributes:
        path: steps from the template's root to where its name stands, or the text that holds it.
        dimensions: name -> value; a dashboard's value is the text of a Sub.
        period: seconds between two looks; None if none is known.
        in_text: whether it stands in a text, so that no path leads below.
    """

    path: tuple[str | int, ...]
    namespace: str
    name: str
    dimensions: Mapping[str, Any]
    period: float | None = None
    in_text: bool = False

    def at(self, key: str) -> list[str | int]:
        """The path of one of its properties."""
        if self.in_text:
            return list(self.path)
        beside = key == "Period" and self.path[-1] == "Metric"
        return [*(self.path[:-1] if beside else self.path), key]

    @property
    def is_service(self) -> bool:
        """Whether an AWS service publishes it, and not the stack itself."""
        return self.namespace.startswith("AWS/")

    @property
    def is_literal(self) -> bool:
        """Whether namespace, name and the dimensions' names are known, and depend on nothing."""
        return not any("${" in word for word in (self.namespace, self.name, *self.dimensions))

    @property
    def by(self) -> str:
        """Its dimensions, for people."""
        return "+".join(sorted(self.dimensions)) or "no dimension"


def metrics(template: Template) -> Iterator[Metric]:
    """Each metric that the template's alarms and dashboards look at."""
    yield from _of_alarms(template)
    yield from _of_dashboards(template)


def _of_alarms(template: Template) -> Iterator[Metric]:
    for title, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        path = ("Resources", title, "Properties")
        if alarm.get("MetricName"):
            yield _metric(path, alarm, alarm.get("Period"))
        for number, query in enumerate(list_of(alarm.get("Metrics"))):
            stat = mapping_of(value_at(query, "MetricStat"))
            if stat:
                facts = mapping_of(stat.get("Metric"))
                place = (*path, "Metrics", number, "MetricStat", "Metric")
                yield _metric(place, facts, stat.get("Period"))


def _metric(path: tuple[str | int, ...], facts: Properties, period: Any) -> Metric:
    return Metric(
        path,
        _word(facts.get("Namespace", "")),
        _word(facts.get("MetricName", "")),
        {
            _word(pair.get("Name")): pair.get("Value")
            for pair in mappings_of(facts.get("Dimensions"))
        },
        number_of(period),
    )


def _word(value: Any) -> str:
    return text_of(value) or ("" if value == "" else UNKNOWN)


def _of_dashboards(template: Template) -> Iterator[Metric]:
    for title, dashboard in of_type(template, "AWS::CloudWatch::Dashboard"):
        path = ("Resources", title, "Properties", "DashboardBody")
        for body in branches(dashboard.get("DashboardBody")):
            for widget in _widgets(text_of(body)):
                before: Sequence[str] = ()
                for row in list_of(value_at(widget, "properties", "metrics")):
                    words = [word for word in list_of(row) if isinstance(word, str)]
                    before = _spelt_out(words, before)
                    if len(before) >= 2:
                        pairs = dict(zip(before[2::2], before[3::2], strict=False))
                        yield Metric(path, before[0], before[1], pairs, in_text=True)


def _widgets(text: str | None) -> list[Properties]:
    try:
        return mappings_of(json.loads(text or "{}").get("widgets"))
    except (ValueError, AttributeError, RecursionError):
        return []


def _spelt_out(row: Sequence[str], before: Sequence[str]) -> Sequence[str]:
    """A row in which ``.`` repeats the word above, and ``...`` all of them."""
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    if row[:1] == ["..."]:
        row = [*before[: len(before) - len(row) + 1], *row[1:]]
    return [
        before[number] if word == "." and number < len(before) else word
        for number, word in enumerate(row)
    ]
