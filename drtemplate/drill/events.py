"""EventBridge: the schedules, with their delay, and the events of AWS's services."""

from collections.abc import Callable, Sequence
from typing import Any

from drtemplate.cloudformation.patterns import matches
from drtemplate.drill.assumptions import Assumptions
from drtemplate.drill.deployment import Rule
from drtemplate.drill.kernel import Kernel


class EventBus:
    """The rules of the stack.

    Args:
        deliver: called with a target's ARN and the event.
    """

    def __init__(
        self,
        kernel: Kernel,
        rules: Sequence[Rule],
        assumptions: Assumptions,
        deliver: Callable[[str, dict[str, Any]], None],
        iso: Callable[[], str],
    ) -> None:
        self.kernel = kernel
        self.rules = rules
        self.assumptions = assumptions
        self.deliver = deliver
        self.iso = iso
        self.random = kernel.random("schedule")
        for rule in rules:
            if rule.every:
                kernel.at(self.random.uniform(0, rule.every), self._tick, rule)

    def _tick(self, rule: Rule) -> None:
        """A rule is due; its targets start a little later."""
        assert rule.every
        self.kernel.at(rule.every, self._tick, rule)
        event = {"source": "aws.events", "detail-type": "Scheduled Event", "time": self.iso()}
        for target in rule.targets:
            delay = self.assumptions.draw("schedule_delay", self.random)
            self.kernel.at(delay, self.deliver, target, {**event, "detail": {}})

    def put(self, event: dict[str, Any]) -> None:
        """An event of an AWS service."""
        for rule in self.rules:
            if rule.pattern and matches(rule.pattern, event):
                for target in rule.targets:
                    self.deliver(target, event)
