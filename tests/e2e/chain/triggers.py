"""EventBridge and CloudWatch as the deployed rules and alarms make them act.

What a pattern and a schedule say is the drill's model of them: one for both.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chain.delivery import ALARMS, ALARMS_TO_LAMBDA, EVENTS
from chain.metrics import Alarm, Composite
from drtemplate.cloudformation.patterns import matches, period

TARGET_KEYS = {"Id", "Arn", "RetryPolicy", "DeadLetterConfig"}


def iso(when: float) -> str:
    """As EventBridge writes a time."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its targets."""

    facts: Mapping[str, Any]
    targets: tuple[Mapping[str, Any], ...]

    @property
    def seconds(self) -> int:
        """The period of its schedule; 0 without one.

        Raises:
            ValueError: A schedule that is no rate.
        """
        schedule = self.facts.get("ScheduleExpression")
        return period(schedule) if schedule else 0


class Triggers:
    """The enabled rules and all alarms of the stack.

    Attributes:
        alarmed: (seconds since the beginning, name) of each alarm that went off.
    """

    def __init__(self, world: Any) -> None:
        self.world = world
        self.alarmed: list[tuple[float, str]] = []
        deployment = world.deployment
        self.rules = [
            Rule(one, deployment.targets[one["Name"]])
            for one in world.client("events").list_rules()["Rules"]
            if one["Name"] in deployment.targets and one["State"] == "ENABLED"
        ]
        self.alarms = [Alarm(one) for one in deployment.alarms]
        self.composites = [Composite(one) for one in deployment.composites]

    def begin(self) -> None:
        """Start the schedules, AWS's own metrics and the alarms."""
        for rule in self.rules:
            if rule.seconds:
                self.world.every(rule.seconds, lambda rule=rule: self._scheduled(rule))
        self.world.every(10, self._evaluate)

    def put(self, event: Mapping[str, Any]) -> None:
        """Hand an event to every rule whose pattern it fits."""
        for rule in self.rules:
            pattern = rule.facts.get("EventPattern")
            if pattern and matches(json.loads(pattern), event):
                self._deliver(rule, event)

    def _scheduled(self, rule: Rule) -> None:
        """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html."""
        event = self.event("aws.events", "Scheduled Event", [rule.facts["Arn"]], {})
        self._deliver(rule, event)

    def event(
        self, source: str, kind: str, resources: list[str], detail: Mapping[str, Any]
    ) -> dict[str, Any]:
        """An event as EventBridge envelops it."""
        account = self.world.deployment.account
        return {
            "version": "0",
            "id": f"event-{self.world.clock.now:.0f}",
            "detail-type": kind,
            "source": source,
            "account": account.number,
            "time": iso(self.world.clock.now),
            "region": account.region,
            "resources": resources,
            "detail": dict(detail),
        }

    def _deliver(self, rule: Rule, event: Mapping[str, Any]) -> None:
        for target in rule.targets:
            unknown = target.keys() - TARGET_KEYS
            assert not unknown, f"what {sorted(unknown)} of a target does is not modelled"
            self.world.delivery.hand(target["Arn"], event, EVENTS, EVENTS, rule.facts["Arn"])

    def _evaluate(self) -> None:
        now = self.world.clock.now
        gone_off = [one for one in self.alarms if one.evaluate(self.world.metrics, now)]
        states = {one.name: one.state for one in self.alarms}
        for alarm in (*gone_off, *(one for one in self.composites if one.evaluate(states))):
            self.alarmed.append((now - self.world.start, alarm.name))
            for action in alarm.facts["AlarmActions"] if alarm.facts["ActionsEnabled"] else ():
                self.world.delivery.hand(
                    action, self._alarm(alarm), ALARMS_TO_LAMBDA, ALARMS, alarm.facts["AlarmArn"]
                )

    def _alarm(self, alarm: Alarm | Composite) -> dict[str, Any]:
        """The event of an alarm action, as the page on its principal shows it."""
        account, facts = self.world.deployment.account, alarm.facts
        when = datetime.fromtimestamp(self.world.clock.now, UTC)
        stamp = when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}+0000"
        metric = {
            "namespace": facts.get("Namespace"),
            "name": facts.get("MetricName"),
            "dimensions": {one["Name"]: one["Value"] for one in facts.get("Dimensions", ())},
        }
        stat = {"metric": metric, "period": facts.get("Period"), "stat": facts.get("Statistic")}
        return {
            "source": "aws.cloudwatch",
            "alarmArn": facts["AlarmArn"],
            "accountId": account.number,
            "time": stamp,
            "region": account.region,
            "alarmData": {
                "alarmName": alarm.name,
                "state": {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": stamp},
                "previousState": {"value": "OK"},
                "configuration": {
                    "description": facts.get("AlarmDescription", ""),
                    "metrics": [{"id": "m1", "metricStat": stat, "returnData": True}],
                },
            },
        }
