"""Samples by virtual time, and the deployed alarms over them."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from drtemplate.world.aws.alarms import ALARM, COMPARE, SURPLUS, evaluate, holds

NAMED = re.compile(r'ALARM\("([^"]*)"\)')
STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Average": fmean,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
    "Sum": sum,
}
# Of a composite alarm's rule, beside ALARM(name).
WORDS = frozenset({"AND", "OR", "NOT", "(", ")"})
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

    It follows from the periods as in a drill: one model of CloudWatch's rule for both.
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
        periods = facts["EvaluationPeriods"]
        points = [
            self._breaching(metrics.between(key, now - back * period, now - (back - 1) * period))
            for back in range(periods + SURPLUS, 0, -1)
        ]
        wanted = facts.get("DatapointsToAlarm", periods)
        missing = facts.get("TreatMissingData", "missing")
        self.state = evaluate(points, periods, wanted, missing, before)
        return self.state == ALARM != before

    def _breaching(self, values: list[float]) -> bool | None:
        if not values:
            return None
        value = float(STATISTICS[self.facts["Statistic"]](values))
        return COMPARE[self.facts["ComparisonOperator"]](value, float(self.facts["Threshold"]))


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
        before, rule = self.state, self.facts["AlarmRule"]
        unknown = set(NAMED.findall(rule)) - states.keys()
        unknown |= set(re.findall(r"\w+|\S", NAMED.sub("", rule))) - WORDS
        if unknown:
            raise KeyError(*unknown)
        self.state = ALARM if holds(rule, states) else "OK"
        return self.state == ALARM != before
