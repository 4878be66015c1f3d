"""CloudWatch alarms: evaluation of periods, missing data, composites, actions on transitions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from drtemplate.world.aws.metrics import Metrics
from drtemplate.world.clock import Clock
from drtemplate.world.deployment import Alarm, Composite
from drtemplate.world.journal import Journal
from drtemplate.world.physical import ACCOUNT, REGION
from drtemplate.world.timings import Timings

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
# CloudWatch looks at more periods than it needs, so that late data do not count as missing. Its own
# examples look at five periods for three; the number for others is not documented.
SURPLUS = 2


def evaluate(
    points: Sequence[bool | None], periods: int, datapoints: int, missing: str, state: str
) -> str:
    """The state that follows from an evaluation range.

    Args:
        points: oldest first: breaching, not breaching, or None for missing.
        periods: EvaluationPeriods.
        datapoints: DatapointsToAlarm.
        missing: TreatMissingData.
        state: the present one.
    """
    real = [point for point in points if point is not None]
    if len(real) >= periods:
        return ALARM if sum(real[-periods:]) >= datapoints else OK
    bad, gap = sum(real), periods - len(real)
    match missing:
        case "breaching":
            return ALARM if bad + gap >= datapoints else OK
        case "notBreaching":
            return ALARM if bad >= datapoints else OK
        case "ignore":
            # Only what holds whatever the missing ones are.
            return ALARM if bad >= datapoints else OK if bad + gap < datapoints else state
    if not real:
        return INSUFFICIENT
    return ALARM if bad >= min(datapoints, len(real)) else OK


_ATOM = re.compile(
    r"""(ALARM|OK|INSUFFICIENT_DATA)\(\s*["']?([^"')]+)["']?\s*\)|\b(AND|OR|NOT|TRUE|FALSE)\b|([()])"""
)


def check_rule(rule: str, names: Collection[str]) -> None:
    """Whether every word of a composite alarm's rule is known.

    Raises:
        ValueError: one is not, or an alarm is not among these.
    """
    rest = _ATOM.sub("", rule).strip()
    if rest:
        raise ValueError(f"alarm rule with words that the world does not know: {rest}")
    alarms = {one[2].rsplit(":", 1)[-1] for one in _ATOM.finditer(rule) if one[2]}
    if unknown := alarms - set(names):
        raise ValueError(f"alarm rule on alarms that do not exist: {', '.join(sorted(unknown))}")


def holds(rule: str, states: Mapping[str, str]) -> bool:
    """Whether a composite alarm's rule holds.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    """
    tokens: list[bool | str] = []
    for match in _ATOM.finditer(rule):
        wanted, name, word, bracket = match.groups()
        if wanted:
            tokens.append(states.get(name.rsplit(":", 1)[-1], INSUFFICIENT) == wanted)
        else:
            tokens.append({"TRUE": True, "FALSE": False}.get(word, word or bracket))
    return _disjunction(tokens)


def _disjunction(tokens: list[bool | str]) -> bool:
    value = _conjunction(tokens)
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        value = _conjunction(tokens) or value
    return value


def _conjunction(tokens: list[bool | str]) -> bool:
    value = _atom(tokens)
    while tokens and tokens[0] == "AND":
        tokens.pop(0)
        value = _atom(tokens) and value
    return value


def _atom(tokens: list[bool | str]) -> bool:
    token = tokens.pop(0)
    if token == "NOT":
        return not _atom(tokens)
    if token == "(":
        value = _disjunction(tokens)
        tokens.pop(0)
        return value
    return bool(token)


class Alarms:
    """All alarms of the stack.

    Args:
        act: called with an action's ARN and the event or message for it.
        down: whether CloudWatch itself is down, and evaluates nothing.
    """

    def __init__(
        self,
        clock: Clock,
        alarms: Sequence[Alarm],
        composites: Sequence[Composite],
        metrics: Metrics,
        timings: Timings,
        journal: Journal,
        act: Callable[[str, dict[str, Any]], None],
        down: Callable[[], bool],
    ) -> None:
        self.clock = clock
        self.composites = composites
        self.metrics = metrics
        self.timings = timings
        self.journal = journal
        self.act = act
        self.down = down
        self.random = clock.random("alarms")
        names = [one.name for one in alarms] + [one.name for one in composites]
        self.states = dict.fromkeys(names, OK)
        self.since: dict[str, float] = {}
        for alarm in alarms:
            # As many periods must have passed as it evaluates; before the run all was well.
            self._plan(alarm, alarm.period * alarm.periods)

    def _plan(self, alarm: Alarm, end: float) -> None:
        delay = self.timings.draw("alarm_delay", self.random)
        self.clock.at(max(0.0, end - self.clock.now) + delay, self._evaluate, alarm, end)

    def _evaluate(self, alarm: Alarm, end: float) -> None:
        self._plan(alarm, end + alarm.period)
        if self.down():
            return
        breaching = COMPARE[alarm.comparison]
        values = self.metrics.points(
            (alarm.namespace, alarm.metric, alarm.dimensions),
            alarm.statistic,
            alarm.period,
            end,
            # Nothing is known of the time before the run, so it is not looked at.
            min(alarm.periods + SURPLUS, round(end / alarm.period)),
            self.clock.now,
        )
        points = [None if one is None else breaching(one, alarm.threshold) for one in values]
        state = evaluate(
            points, alarm.periods, alarm.datapoints, alarm.missing, self.states[alarm.name]
        )
        self._set(alarm, state)

    def _set(self, alarm: Alarm | Composite, state: str) -> None:
        """A transition; only that acts."""
        before = self.states[alarm.name]
        if state == before:
            return
        self.states[alarm.name] = state
        self.since[alarm.name] = self.clock.now
        self.journal.note("CloudWatch", f"{alarm.name} {state}")
        if state == ALARM:
            for action in alarm.actions:
                self.act(action, self._event(alarm.name, state, before))
        if isinstance(alarm, Alarm):
            for composite in self.composites:
                self._set(composite, ALARM if holds(composite.rule, self.states) else OK)

    def _event(self, name: str, state: str, before: str) -> dict[str, Any]:
        """What an alarm hands to its Lambda action.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
        """
        now = self.clock.iso()
        return {
            "source": "aws.cloudwatch",
            "alarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}",
            "accountId": ACCOUNT,
            "time": now,
            "region": REGION,
            "alarmData": {
                "alarmName": name,
                "state": {"value": state, "reason": "Threshold Crossed", "timestamp": now},
                "previousState": {"value": before, "reason": "", "timestamp": now},
                "configuration": {"metrics": []},
            },
        }
