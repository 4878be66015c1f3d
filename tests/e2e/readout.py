"""The deployment as an account tells it: a `Deployment` made of the answers of its services.

It has the physical ids, endpoints and numbers that the account has made up.
"""

import io
import json
import urllib.request
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from rights import Rights, or_nothing
from services import Deployed

from drtemplate.cloudformation.patterns import period
from drtemplate.groups.handlers import HANDLERS
from drtemplate.world.deployment import (
    AGE,
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
from drtemplate.world.parts import window


class Readout:
    """Asks the services, and nobody else."""

    def __init__(self, of: Deployed) -> None:
        self.of, self.ids = of, of.aws.physical_ids(of.stack)
        self.client = of.aws.client

    def deployment(self) -> Deployment:
        ids, ours = self.ids, set(self.ids.values())
        rules = self.client("events").list_rules()["Rules"]
        alarms = self.client("cloudwatch").describe_alarms(
            AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        endpoints = self.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        ssm = self.client("ssm")
        names = [one["Name"] for one in ssm.describe_parameters()["Parameters"]]
        found = [ssm.get_parameter(Name=name)["Parameter"] for name in names if name in ours]
        return Deployment(
            digest="",
            functions={logical: self.function(logical) for logical in HANDLERS},
            alarms=tuple(map(alarm, mine(alarms["MetricAlarms"], "AlarmName", ours))),
            composites=tuple(
                Composite(name=one["AlarmName"], rule=one["AlarmRule"], actions=actions(one))
                for one in mine(alarms["CompositeAlarms"], "AlarmName", ours)
            ),
            sides={side: self.side(side) for side in SIDES},
            cluster=self.cluster(),
            rules=tuple(
                self.rule(one) for one in mine(rules, "Name", ours) if one["State"] == "ENABLED"
            ),
            table=ids["FailoverStateTable"],
            topic=ids["AlertTopic"],
            parameters={one["Name"]: one["Value"] for one in found},
            configuration=ids["FailoverConfigParameter"],
            endpoints=frozenset(
                one["ServiceName"].rsplit(".", 1)[1]
                for one in endpoints
                if one["VpcEndpointId"] in ours and one["State"].lower() == "available"
            ),
            grants=Rights(self.of).grants(),
        )

    # Functions.

    def function(self, logical: str) -> Function:
        found = self.client("lambda").get_function(FunctionName=self.ids[logical])
        facts, name = found["Configuration"], found["Configuration"]["FunctionName"]
        file, _, entry = facts["Handler"].partition(".")
        assert entry == "handler", facts["Handler"]
        with urllib.request.urlopen(found["Code"]["Location"]) as answer:
            package = zipfile.ZipFile(io.BytesIO(answer.read()))
        queue = or_nothing(
            self.client("lambda"), "get_function_event_invoke_config", name, Qualifier="$LATEST"
        )
        reserved = self.client("lambda").get_function_concurrency(FunctionName=name)
        zones = {one: self.zone(one) for one in facts.get("VpcConfig", {}).get("SubnetIds", ())}
        # The emulator takes a log group and shows none; Lambda's default is what the template names.
        log = facts.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}")
        assert log in self.ids.values(), log
        return Function(
            logical=logical,
            name=name,
            arn=facts["FunctionArn"],
            code=package.read(f"{file}.py").decode(),
            environment=facts["Environment"]["Variables"],
            timeout=float(facts["Timeout"]),
            memory=facts["MemorySize"],
            reserved=reserved.get("ReservedConcurrentExecutions"),
            zones=tuple(zones.values()),
            nat_zones={zone: self.nat_zone(subnet) for subnet, zone in zones.items()},
            log_group=log,
            retries=queue.get("MaximumRetryAttempts", RETRIES),
            max_age=float(queue.get("MaximumEventAgeInSeconds", AGE)),
            on_failure=queue.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
        )

    def zone(self, subnet: str) -> str:
        (found,) = self.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"]
        return str(found["AvailabilityZone"])

    def nat_zone(self, subnet: str) -> str | None:
        ec2 = self.client("ec2")
        here = [{"Name": "association.subnet-id", "Values": [subnet]}]
        for table in ec2.describe_route_tables(Filters=here)["RouteTables"]:
            for route in table["Routes"]:
                if gateway := route.get("NatGatewayId"):
                    (nat,) = ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
                    return self.zone(nat["SubnetId"])
        return None

    # The sides, the database, the rules.

    def side(self, side: str) -> Side:
        elbv2, arn = self.client("elbv2"), self.ids[f"{side}TargetGroup"]
        (group,) = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
        # A load balancer sends to a group by its listeners.
        (balancer,) = group["LoadBalancerArns"]
        check_id = self.ids[f"{side}HealthCheck"]
        check = self.client("route53").get_health_check(HealthCheckId=check_id)["HealthCheck"]
        return Side(
            name=side,
            target_group=group["TargetGroupArn"],
            dimensions=frozenset(
                {
                    ("LoadBalancer", balancer.partition(":loadbalancer/")[2]),
                    ("TargetGroup", group["TargetGroupArn"].rpartition(":")[2]),
                }
            ),
            interval=float(group["HealthCheckIntervalSeconds"]),
            timeout=float(group["HealthCheckTimeoutSeconds"]),
            healthy_after=group["HealthyThresholdCount"],
            unhealthy_after=group["UnhealthyThresholdCount"],
            check_id=check["Id"],
            check_interval=float(check["HealthCheckConfig"]["RequestInterval"]),
            check_threshold=check["HealthCheckConfig"]["FailureThreshold"],
        )

    def cluster(self) -> Cluster:
        cluster, rds = self.of.cluster(), self.client("rds")
        tiers = {
            one["DBInstanceIdentifier"]: one["PromotionTier"] for one in cluster["DBClusterMembers"]
        }
        found = [
            rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0] for name in tiers
        ]
        instances = [
            Instance(
                name=one["DBInstanceIdentifier"],
                endpoint=one["Endpoint"]["Address"],
                zone=one["AvailabilityZone"],
                tier=tiers[one["DBInstanceIdentifier"]],
            )
            for one in found
        ]
        return Cluster(
            name=cluster["DBClusterIdentifier"],
            arn=cluster["DBClusterArn"],
            endpoint=cluster["Endpoint"],
            reader_endpoint=cluster["ReaderEndpoint"],
            instances=tuple(sorted(instances, key=lambda one: one.tier)),
            backup=window(cluster["PreferredBackupWindow"]),
            maintenance=window(cluster["PreferredMaintenanceWindow"]),
        )

    def rule(self, one: Mapping[str, Any]) -> Rule:
        targets = self.client("events").list_targets_by_rule(Rule=one["Name"])["Targets"]
        schedule = one.get("ScheduleExpression")
        return Rule(
            every=float(period(schedule)) if schedule else None,
            pattern=json.loads(one.get("EventPattern") or "{}"),
            targets=tuple(target["Arn"] for target in targets),
            arn=one["Arn"],
            inputs={one["Arn"]: json.loads(one["Input"]) for one in targets if "Input" in one},
        )


def mine(found: Iterable[Any], key: str, ours: set[str]) -> list[Any]:
    """Those of a listing that are the stack's."""
    return [one for one in found if one[key] in ours]


def actions(one: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(one["AlarmActions"]) if one["ActionsEnabled"] else ()


def alarm(one: Mapping[str, Any]) -> Alarm:
    return Alarm(
        name=one["AlarmName"],
        namespace=one["Namespace"],
        metric=one["MetricName"],
        dimensions=frozenset((each["Name"], each["Value"]) for each in one["Dimensions"]),
        statistic=one["Statistic"],
        period=one["Period"],
        periods=one["EvaluationPeriods"],
        datapoints=one.get("DatapointsToAlarm") or one["EvaluationPeriods"],
        threshold=one["Threshold"],
        comparison=one["ComparisonOperator"],
        missing=one.get("TreatMissingData", "missing"),
        actions=actions(one),
    )
