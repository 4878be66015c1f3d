"""EventBridge: the schedules, with their delay, and the events of AWS's services."""

from collections.abc import Callable, Sequence
from typing import Any

from drtemplate.cloudformation.patterns import matches
from drtemplate.world.clock import Clock
from drtemplate.world.deployment import Rule
from drtemplate.world.timings import Timings


class EventBus:
    """The rules of the stack.

    Args:
        deliver: called with the rule's ARN, a target's, and the event.

    Attributes:
        disabled: ARNs of the rules that do nothing for now.
    """

    def __init__(
        self,
        clock: Clock,
        rules: Sequence[Rule],
        timings: Timings,
        deliver: Callable[[str, str, dict[str, Any]], None],
    ) -> None:
        self.clock = clock
        self.rules = rules
        self.timings = timings
        self.deliver = deliver
        self.random = clock.random("schedule")
        self.disabled: set[str] = set()
        for rule in rules:
            if rule.every:
                clock.at(self.random.uniform(0, rule.every), self._tick, rule)

    def _tick(self, rule: Rule) -> None:
        """A rule is due; its targets start a little later."""
        assert rule.every
        self.clock.at(rule.every, self._tick, rule)
        if rule.arn in self.disabled:
            return
        event = {"source": "aws.events", "detail-type": "Scheduled Event", "time": self.clock.iso()}
        for target in rule.targets:
            delay = self.timings.draw("schedule_delay", self.random)
            given = rule.inputs.get(target, {**event, "detail": {}})
            self.clock.at(delay, self.deliver, rule.arn, target, given)

    def put(self, event: dict[str, Any]) -> None:
        """An event of an AWS service."""
        for rule in self.rules:
            if rule.arn in self.disabled:
                continue
            if rule.pattern and matches(rule.pattern, event):
                for target in rule.targets:
                    self.deliver(rule.arn, target, event)
