"""The API operations of what leads clients to servers: Elastic Load Balancing and Route 53."""

import functools
from collections.abc import Mapping
from typing import Any

from drtemplate.world.aws.balancers import Balancer
from drtemplate.world.aws.refusal import Refused
from drtemplate.world.aws.route53 import HealthCheck
from drtemplate.world.invocation import Invocation


class LoadBalancing:
    """Elastic Load Balancing: what is seen of the targets."""

    def __init__(self, balancers: Mapping[str, Balancer]) -> None:
        self.groups = {one.side.target_group: one for one in balancers.values()}

    def DescribeTargetHealth(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """The states of a group's targets."""
        balancer = self.groups.get(params["TargetGroupArn"])
        if balancer is None:
            raise Refused("TargetGroupNotFound")
        return {"TargetHealthDescriptions": _described(tuple(balancer.states()))}


@functools.cache
def _described(states: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"Target": {"Id": f"i-{number:017x}", "Port": 80}, "TargetHealth": {"State": state}}
        for number, state in enumerate(states)
    ]


class Route53:
    """Route 53: the health checks' configuration."""

    def __init__(self, checks: Mapping[str, HealthCheck]) -> None:
        self.checks = {one.balancer.side.check_id: one for one in checks.values()}

    def GetHealthCheck(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """How a check is configured, as Route 53 has accepted it."""
        check = self.checks.get(params["HealthCheckId"])
        if check is None:
            raise Refused("NoSuchHealthCheck")
        config = {"Type": "HTTPS", "Disabled": check.accepted[0], "Inverted": check.accepted[1]}
        return {"HealthCheck": {"Id": params["HealthCheckId"], "HealthCheckConfig": config}}

    def UpdateHealthCheck(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """Disable or invert a check; what is not given stays."""
        check = self.checks.get(params["HealthCheckId"])
        if check is None:
            raise Refused("NoSuchHealthCheck")
        check.configure(params.get("Disabled"), params.get("Inverted"))
        return {"HealthCheck": {"Id": params["HealthCheckId"]}}
