"""What a world takes from the rendered template, so that a changed template changes the world."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from drtemplate.world.roles import Grants

SIDES = ("Primary", "Standby")
# Lambda's defaults. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
RETRIES, AGE = 2, 21600


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Code in modules that import one another by ``from .name``: name -> text, and where to begin."""

    entry: str
    modules: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A Lambda function. Seconds; megabytes; ``zones`` and ``nat_zones`` only within a VPC.

    ``code`` is the text that is deployed, or the modules from which it is made. ``source`` says where
    it stands, for messages.
    """

    logical: str
    name: str
    arn: str
    code: str | Package
    environment: Mapping[str, str]
    timeout: float
    memory: int
    reserved: int | None
    zones: tuple[str, ...]
    nat_zones: Mapping[str, str | None]
    log_group: str
    retries: int = RETRIES
    max_age: float = AGE
    on_failure: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A metric alarm as CloudFormation declares it; seconds."""

    name: str
    namespace: str
    metric: str
    dimensions: frozenset[tuple[str, str]]
    statistic: str
    period: int
    periods: int
    datapoints: int
    threshold: float
    comparison: str
    missing: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """A composite alarm."""

    name: str
    rule: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A load balancer with its targets, its health check and its record; seconds."""

    name: str
    target_group: str
    dimensions: frozenset[tuple[str, str]]
    interval: float
    timeout: float
    healthy_after: int
    unhealthy_after: int
    check_id: str
    check_interval: float
    check_threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A DB instance."""

    name: str
    endpoint: str
    zone: str
    tier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The Aurora cluster; windows in seconds of the week (from Monday, UTC) or of the day."""

    name: str
    arn: str
    endpoint: str
    reader_endpoint: str
    instances: tuple[Instance, ...]
    backup: tuple[float, float]
    maintenance: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An EventBridge rule: seconds between runs, or a pattern; the ARNs of its targets, its own.

    ``inputs`` has what a target is given in place of the event, where it is given something else.
    """

    every: float | None
    pattern: Mapping[str, Any]
    targets: tuple[str, ...]
    arn: str
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A stack as deployed."""

    digest: str
    functions: Mapping[str, Function]
    alarms: tuple[Alarm, ...]
    composites: tuple[Composite, ...]
    sides: Mapping[str, Side]
    cluster: Cluster
    rules: tuple[Rule, ...]
    table: str
    topic: str
    parameters: Mapping[str, str]
    configuration: str
    endpoints: frozenset[str]
    grants: Grants
    handlers: str = "template"

    def configured(self, **values: object) -> "Deployment":
        """The same with other values in the configuration parameter."""
        text = json.dumps({**json.loads(self.parameters[self.configuration]), **values})
        return replace(self, parameters={**self.parameters, self.configuration: text})

    def with_function(self, logical: str, **values: Any) -> "Deployment":
        """The same with other attributes of a function, such as its ``code`` or its ``timeout``."""
        changed = replace(self.functions[logical], **values)
        return replace(self, functions={**self.functions, logical: changed})

    def untriggered(self) -> "Deployment":
        """The same without rules and alarms, so that no function runs unless it is called."""
        return replace(self, rules=(), alarms=(), composites=())

    def settings(self) -> dict[str, str]:
        """What was read, for printing: name -> value with its unit."""
        side, schedule = self.sides["Primary"], [r.every for r in self.rules if r.every]
        shown = {
            "target group": f"every {side.interval:g} s, {side.unhealthy_after} in a row",
            "Route 53 check": f"every {side.check_interval:g} s, {side.check_threshold} in a row",
            "monitor started every": f"{min(schedule):g} s" if schedule else "never",
        }
        for name, one in self.functions.items():
            shown[f"{name} timeout, memory"] = f"{one.timeout:g} s, {one.memory} MB"
        values = json.loads(self.parameters[self.configuration])
        shown |= {key: str(value) for key, value in values.items() if not key.endswith("endpoint")}
        return shown
