"""Reads the parts of a rendered template into those of a `Deployment`, values resolved."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from drtemplate.cloudformation.patterns import check_pattern, period
from drtemplate.groups.handlers import OBSERVERS
from drtemplate.world.aws.alarms import check_rule
from drtemplate.world.deployment import (
    AGE,
    RETRIES,
    Alarm,
    Cluster,
    Composite,
    Function,
    Instance,
    Rule,
    Side,
)
from drtemplate.world.physical import ZONES, Resolver


class Found:
    """Resolved resources by type."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver

    def of(self, kind: str) -> Iterable[tuple[str, dict[str, Any]]]:
        """Logical id and properties of each resource of a type."""
        for name, resource in self.resolver.resources.items():
            if resource["Type"] == kind:
                yield name, self.resolver.properties(name)


def read_function(found: Found, logical: str) -> Function:
    """A function, with its network and what becomes of its failed events."""
    resolver = found.resolver
    properties = resolver.properties(logical)
    name, arn = resolver.ref(logical), resolver.attribute(logical, "Arn")
    variables = properties.get("Environment", {}).get("Variables", {})
    subnets = properties.get("VpcConfig", {}).get("SubnetIds", [])
    zones = {subnet: _zone(found, subnet, logical) for subnet in subnets}
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
        nat_zones={
            zone: _nat_zone(found, subnet) if subnet in resolver.resources else zone
            for subnet, zone in zones.items()
        },
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


def _zone(found: Found, subnet: str, logical: str) -> str:
    """The zone of a function's subnet.

    One that is not the template's is in the zone of the observer, whose order is that of the database's
    zones, the writer's first; its way out is taken to be in that zone too.
    """
    if subnet in found.resolver.resources:
        return str(found.resolver.properties(subnet)["AvailabilityZone"])
    zones = dict.fromkeys(one["AvailabilityZone"] for _, one in found.of("AWS::RDS::DBInstance"))
    return str(list(zones)[list(OBSERVERS).index(logical)])


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


def read_alarm(one: Mapping[str, Any]) -> Alarm:
    """A metric alarm."""
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
        actions=read_actions(one),
    )


def read_actions(one: Mapping[str, Any]) -> tuple[str, ...]:
    """The ARNs of what an alarm acts on; none if its actions are off."""
    return tuple(one.get("AlarmActions", ())) if one.get("ActionsEnabled", True) else ()


def read_composites(found: Found, alarms: Iterable[Alarm]) -> tuple[Composite, ...]:
    """The composite alarms.

    Raises:
        ValueError: a rule has words, or alarms, that are not known here.
    """
    composites = tuple(
        Composite(name=one["AlarmName"], rule=one["AlarmRule"], actions=read_actions(one))
        for _, one in found.of("AWS::CloudWatch::CompositeAlarm")
    )
    names = {one.name for one in alarms} | {one.name for one in composites}
    for one in composites:
        check_rule(one.rule, names)
    return composites


def _dimensions(listed: Iterable[Mapping[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((one["Name"], one["Value"]) for one in listed)


def read_side(resolver: Resolver, side: str) -> Side:
    """A load balancer with its target group and its health check."""
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


def read_cluster(found: Found) -> Cluster:
    """The cluster and its instances, the likeliest to be promoted first."""
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


def read_rule(one: Mapping[str, Any], arn: str) -> Rule:
    """A rule of EventBridge.

    Raises:
        ValueError, InputError: its schedule or pattern is not known here.
    """
    schedule, pattern = one.get("ScheduleExpression"), one.get("EventPattern", {})
    if pattern:
        check_pattern(pattern)
    return Rule(
        every=float(period(schedule)) if schedule else None,
        pattern=pattern,
        targets=tuple(target["Arn"] for target in one.get("Targets", [])),
        inputs={
            target["Arn"]: json.loads(target["Input"])
            for target in one.get("Targets", [])
            if "Input" in target
        },
        arn=arn,
    )
