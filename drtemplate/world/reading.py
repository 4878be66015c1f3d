"""Reads a rendered template into a `Deployment`, with its parameters' defaults."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from drtemplate.cloudformation.document import load_template, read_text
from drtemplate.cloudformation.patterns import check_pattern, period
from drtemplate.errors import InputError
from drtemplate.settings import PROJECT
from drtemplate.world.aws.alarms import check_rule
from drtemplate.world.deployment import (
    AGE,
    FILES,
    MONITOR,
    ORCHESTRATOR,
    RETRIES,
    SIDES,
    Alarm,
    Cluster,
    Composite,
    Deployment,
    Function,
    Instance,
    Rule,
    Side,
)
from drtemplate.world.granting import read_grants
from drtemplate.world.physical import ZONES, Resolver

TEMPLATE = PROJECT / "templates" / "dr-template.yaml"
NEEDED = (
    MONITOR,
    ORCHESTRATOR,
    "AuroraDBCluster",
    *(f"{side}{part}" for side in SIDES for part in ("ALB", "TargetGroup", "HealthCheck")),
    "FailoverStateTable",
    "FailoverConfigParameter",
    "AlertTopic",
)


def load_deployment(path: Path = TEMPLATE, handlers: Path | None = None) -> Deployment:
    """Read a rendered template, and optionally other handlers.

    Raises:
        InputError: the template lacks what a drill needs, or the folder lacks a handler.
    """
    from drtemplate.world.reading import read_deployment  # noqa: PLC0415  it makes what is declared here

    template = load_template(path)
    missing = [name for name in NEEDED if name not in template["Resources"]]
    if missing:
        raise InputError(f"{path}: no drill without {', '.join(missing)}; render it anew")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        deployment = read_deployment(template, digest)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, AssertionError) as exc:
        raise InputError(f"{path}: a drill cannot read this template: {exc!r}") from exc
    if handlers:
        return with_handlers(deployment, handlers)
    functions = {
        logical: replace(one, source=f"{path}: {logical}")
        for logical, one in deployment.functions.items()
    }
    return replace(deployment, functions=functions)


def with_handlers(deployment: Deployment, folder: Path) -> Deployment:
    """The same stack running the handlers of another folder.

    Raises:
        InputError: a handler is missing, or is no Python.
    """
    functions = {}
    for logical, name in FILES.items():
        path = folder / name
        code = read_text(path, "handler")
        try:
            compile(code, str(path), "exec")
        except (SyntaxError, ValueError) as exc:
            raise InputError(f"{path}: the handler is no Python: {exc}") from exc
        functions[logical] = replace(deployment.functions[logical], code=code, source=str(path))
    return replace(deployment, functions=functions, handlers=folder.name)


def read_deployment(template: Mapping[str, Any], digest: str) -> Deployment:
    """The stack that the template declares, with its parameters' defaults."""
    resolver = Resolver(template, {})
    found = Found(resolver)
    parameters = {
        resolver.ref(name): str(properties["Value"])
        for name, properties in found.of("AWS::SSM::Parameter")
    }
    composites = tuple(
        Composite(name=one["AlarmName"], rule=one["AlarmRule"], actions=_actions(one))
        for _, one in found.of("AWS::CloudWatch::CompositeAlarm")
    )
    alarms = tuple(_alarm(one) for _, one in found.of("AWS::CloudWatch::Alarm"))
    names = {one.name for one in alarms} | {one.name for one in composites}
    for one in composites:
        check_rule(one.rule, names)
    return Deployment(
        digest=digest,
        functions={name: _function(found, name) for name in FILES},
        alarms=alarms,
        composites=composites,
        sides={side: _side(resolver, side) for side in SIDES},
        cluster=_cluster(found),
        rules=tuple(
            _rule(one, resolver.attribute(name, "Arn"))
            for name, one in found.of("AWS::Events::Rule")
            if one.get("State") != "DISABLED"
        ),
        table=resolver.ref("FailoverStateTable"),
        topic=resolver.ref("AlertTopic"),
        parameters=parameters,
        configuration=resolver.ref("FailoverConfigParameter"),
        endpoints=frozenset(
            one["ServiceName"].rsplit(".", 1)[1] for _, one in found.of("AWS::EC2::VPCEndpoint")
        ),
        grants=read_grants(resolver),
    )


class Found:
    """Resolved resources by type."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver

    def of(self, kind: str) -> Iterable[tuple[str, dict[str, Any]]]:
        """Logical id and properties of each resource of a type."""
        for name, resource in self.resolver.resources.items():
            if resource["Type"] == kind:
                yield name, self.resolver.properties(name)


def _function(found: Found, logical: str) -> Function:
    resolver = found.resolver
    properties = resolver.properties(logical)
    name, arn = resolver.ref(logical), resolver.attribute(logical, "Arn")
    variables = properties.get("Environment", {}).get("Variables", {})
    subnets = properties.get("VpcConfig", {}).get("SubnetIds", [])
    zones = {subnet: resolver.properties(subnet)["AvailabilityZone"] for subnet in subnets}
    base = Function(
        logical=logical,
        name=name,
        arn=arn,
        code=properties["Code"]["ZipFile"],
        environment={key: str(value) for key, value in variables.items()},
        timeout=float(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        reserved=properties.get("ReservedConcurrentExecutions"),
        zones=tuple(zones.values()),
        nat_zones={zone: _nat_zone(found, subnet) for subnet, zone in zones.items()},
        log_group=properties.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}"),
    )
    for _, one in found.of("AWS::Lambda::EventInvokeConfig"):
        if one["FunctionName"] in (name, arn):
            base = replace(
                base,
                retries=int(one.get("MaximumRetryAttempts", RETRIES)),
                max_age=float(one.get("MaximumEventAgeInSeconds", AGE)),
                on_failure=one.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
            )
    return base


def _nat_zone(found: Found, subnet: str) -> str | None:
    """The zone of the NAT gateway that the subnet's default route goes to."""
    tables = [
        one["RouteTableId"]
        for _, one in found.of("AWS::EC2::SubnetRouteTableAssociation")
        if one["SubnetId"] == subnet
    ]
    for _, route in found.of("AWS::EC2::Route"):
        if route["RouteTableId"] in tables and "NatGatewayId" in route:
            gateway = found.resolver.properties(route["NatGatewayId"])
            return str(found.resolver.properties(gateway["SubnetId"])["AvailabilityZone"])
    return None


def _alarm(one: Mapping[str, Any]) -> Alarm:
    periods = int(one["EvaluationPeriods"])
    return Alarm(
        name=one["AlarmName"],
        namespace=one["Namespace"],
        metric=one["MetricName"],
        dimensions=_dimensions(one.get("Dimensions", [])),
        statistic=one["Statistic"],
        period=int(one["Period"]),
        periods=periods,
        datapoints=int(one.get("DatapointsToAlarm", periods)),
        threshold=float(one["Threshold"]),
        comparison=one["ComparisonOperator"],
        missing=one.get("TreatMissingData", "missing"),
        actions=_actions(one),
    )


def _actions(one: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(one.get("AlarmActions", ())) if one.get("ActionsEnabled", True) else ()


def _dimensions(listed: Iterable[Mapping[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((one["Name"], one["Value"]) for one in listed)


def _side(resolver: Resolver, side: str) -> Side:
    group = resolver.properties(f"{side}TargetGroup")
    check = resolver.properties(f"{side}HealthCheck")["HealthCheckConfig"]
    return Side(
        name=side,
        target_group=resolver.ref(f"{side}TargetGroup"),
        dimensions=frozenset(
            {
                ("LoadBalancer", resolver.attribute(f"{side}ALB", "LoadBalancerFullName")),
                ("TargetGroup", resolver.attribute(f"{side}TargetGroup", "TargetGroupFullName")),
            }
        ),
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
        interval=float(group.get("HealthCheckIntervalSeconds", 30)),
        timeout=float(group.get("HealthCheckTimeoutSeconds", 5)),
        healthy_after=int(group.get("HealthyThresholdCount", 5)),
        unhealthy_after=int(group.get("UnhealthyThresholdCount", 2)),
        check_id=resolver.ref(f"{side}HealthCheck"),
        # https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
        check_interval=float(check.get("RequestInterval", 30)),
        check_threshold=int(check.get("FailureThreshold", 3)),
    )


def _cluster(found: Found) -> Cluster:
    resolver, name = found.resolver, "AuroraDBCluster"
    properties = resolver.properties(name)
    instances = [
        Instance(
            name=resolver.ref(logical),
            endpoint=resolver.attribute(logical, "Endpoint.Address"),
            zone=one.get("AvailabilityZone", ZONES[0]),
            tier=int(one.get("PromotionTier", 1)),
        )
        for logical, one in found.of("AWS::RDS::DBInstance")
        if one["DBClusterIdentifier"] == name
    ]
    return Cluster(
        name=name,
        arn=resolver.attribute(name, "DBClusterArn"),
        endpoint=resolver.attribute(name, "Endpoint.Address"),
        reader_endpoint=resolver.attribute(name, "ReadEndpoint.Address"),
        instances=tuple(sorted(instances, key=lambda one: one.tier)),
        backup=window(properties.get("PreferredBackupWindow", "03:00-04:00")),
        maintenance=window(properties.get("PreferredMaintenanceWindow", "sun:04:00-sun:05:00")),
    )


def window(text: str) -> tuple[float, float]:
    """``hh:mm-hh:mm`` or ``ddd:hh:mm-ddd:hh:mm`` as seconds of the day or of the week."""
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    ends = []
    for part in text.lower().split("-"):
        *day, hour, minute = part.split(":")
        ends.append(
            (days.index(day[0]) if day else 0) * 86400.0 + int(hour) * 3600 + int(minute) * 60
        )
    return ends[0], ends[1]


def _rule(one: Mapping[str, Any], arn: str) -> Rule:
    schedule, pattern = one.get("ScheduleExpression"), one.get("EventPattern", {})
    if pattern:
        check_pattern(pattern)
    return Rule(
        every=float(period(schedule)) if schedule else None,
        pattern=pattern,
        targets=tuple(target["Arn"] for target in one.get("Targets", [])),
        arn=arn,
    )
