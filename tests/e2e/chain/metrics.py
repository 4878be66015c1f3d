"""Samples by virtual time, and the deployed alarms over them."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Average": fmean,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
    "Sum": sum,
}
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": float.__ge__,
    "GreaterThanThreshold": float.__gt__,
    "LessThanOrEqualToThreshold": float.__le__,
    "LessThanThreshold": float.__lt__,
}
# Of a composite alarm's rule, as Python has them.
WORDS = {"AND": "and", "OR": "or", "NOT": "not"} | {one: one for one in ("True", "False", "(", ")")}
Key = tuple[str, str, frozenset[tuple[str, str]]]


class Metrics:
    """Every sample: a metric is its namespace, its name and exactly its dimensions."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.samples: dict[Key, list[tuple[float, float]]] = defaultdict(list)

    def add(
        self, namespace: str, name: str, dimensions: Mapping[str, str], value: float, ago: float = 0
    ) -> None:
        """Record one sample, ``ago`` seconds before now."""
        key = (namespace, name, frozenset(dimensions.items()))
        self.samples[key].append((self.clock.now - ago, float(value)))

    def between(self, key: Key, begin: float, end: float) -> list[float]:
        """The values of begin <= time < end."""
        return [value for when, value in self.samples[key] if begin <= when < end]


@dataclass(slots=True)
class Alarm:
    """A metric alarm as deployed, and its state.

    The last EvaluationPeriods whole periods decide, all of them; a period without a sample counts
    as TreatMissingData says. CloudWatch also looks further back for missing data, which matters
    only to alarms that ignore it; there are none.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """

    facts: Mapping[str, Any]
    state: str = "OK"

    @property
    def name(self) -> str:
        """The alarm's name."""
        return str(self.facts["AlarmName"])

    def evaluate(self, metrics: Metrics, now: float) -> bool:
        """Look at the periods that end now; whether the alarm has just gone off."""
        facts, before = self.facts, self.state
        period = facts["Period"]
        if now % period:
            return False
        dimensions = frozenset((one["Name"], one["Value"]) for one in facts["Dimensions"])
        key = (facts["Namespace"], facts["MetricName"], dimensions)
        votes = [
            self._breaching(metrics.between(key, now - (back + 1) * period, now - back * period))
            for back in range(facts["EvaluationPeriods"])
        ]
        if None in votes:
            self.state = "INSUFFICIENT_DATA"
        else:
            self.state = "ALARM" if all(votes) else "OK"
        return self.state == "ALARM" != before

    def _breaching(self, values: list[float]) -> bool | None:
        if not values:
            missing = self.facts.get("TreatMissingData", "missing")
            return {"breaching": True, "notBreaching": False, "missing": None}[missing]
        value = float(STATISTICS[self.facts["Statistic"]](values))
        return OPERATORS[self.facts["ComparisonOperator"]](value, float(self.facts["Threshold"]))


@dataclass(slots=True)
class Composite:
    """A composite alarm as deployed: ALARM(name) joined by AND, OR, NOT and parentheses."""

    facts: Mapping[str, Any]
    state: str = "OK"

    @property
    def name(self) -> str:
        """The alarm's name."""
        return str(self.facts["AlarmName"])

    def evaluate(self, states: Mapping[str, str]) -> bool:
        """Look at the other alarms; whether this one has just gone off.

        Raises:
            KeyError: The rule names an alarm that is not there, or has a word of its own.
        """
        before = self.state
        said = re.sub(
            r'ALARM\("([^"]*)"\)',
            lambda match: str(states[match[1]] == "ALARM"),
            self.facts["AlarmRule"],
        )
        words = [WORDS[word] for word in re.findall(r"\w+|\S", said)]
        self.state = "ALARM" if eval(" ".join(words)) else "OK"
        return self.state == "ALARM" != before
