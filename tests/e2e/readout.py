"""The deployment as an account tells it: a `Deployment` made of the answers of its services.

Where the services give what they made up (physical ids, endpoints, the account's number), `Names` puts
what the reading of a template makes up for the same thing.
"""

import io
import json
import re
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from services import Deployed

from drtemplate.cloudformation.patterns import period
from drtemplate.cloudformation.policies import Statement, statements
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
from drtemplate.world.physical import ACCOUNT, GIVEN, STACK, Resolver
from drtemplate.world.reading import window
from drtemplate.world.roles import Grants


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
            grants=self.grants(),
        )

    # Functions.

    def facts(self, logical: str) -> dict[str, Any]:
        return dict(self.client("lambda").get_function(FunctionName=self.ids[logical]))

    def function(self, logical: str) -> Function:
        found = self.facts(logical)
        facts, name = found["Configuration"], found["Configuration"]["FunctionName"]
        file, _, entry = facts["Handler"].partition(".")
        assert entry == "handler", facts["Handler"]
        with urllib.request.urlopen(found["Code"]["Location"]) as answer:
            package = zipfile.ZipFile(io.BytesIO(answer.read()))
        queue = self.or_nothing(
            "lambda", "get_function_event_invoke_config", FunctionName=name, Qualifier="$LATEST"
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

    def or_nothing(self, service: str, operation: str, **given: str) -> dict[str, Any]:
        client = self.client(service)
        try:
            return dict(getattr(client, operation)(**given))
        except client.exceptions.ResourceNotFoundException:
            return {}

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
        )

    # Who may do what.

    def grants(self) -> Grants:
        keys = dict(self.keys())
        kms, sns = self.client("kms"), self.client("sns")
        arns = [self.facts(one)["Configuration"]["FunctionArn"] for one in HANDLERS]
        policies = {
            arn: self.or_nothing("lambda", "get_policy", FunctionName=arn).get("Policy")
            for arn in arns
        }
        topic = self.ids["AlertTopic"]
        policies[topic] = sns.get_topic_attributes(TopicArn=topic)["Attributes"].get("Policy")
        return Grants(
            region=self.of.aws.region,
            account=self.of.aws.number,
            roles={one: self.role(self.facts(one)["Configuration"]["Role"]) for one in HANDLERS},
            keys=keys,
            key_policies={
                key: read(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
                for key in set(keys.values())
            },
            resource_policies={arn: read(one) for arn, one in policies.items() if one},
        )

    def keys(self) -> Iterator[tuple[str, str]]:
        """ARN of each table and topic, and of the key that encrypts it."""
        kms, dynamodb, sns = map(self.client, ("kms", "dynamodb", "sns"))
        topic, found = self.ids["AlertTopic"], {}
        for name in dynamodb.list_tables()["TableNames"]:
            if name in self.ids.values():
                table = dynamodb.describe_table(TableName=name)["Table"]
                found[table["TableArn"]] = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
        attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        found[topic] = attributes.get("KmsMasterKeyId")
        for arn, key in found.items():
            if key:
                yield arn, kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]

    def role(self, arn: str) -> tuple[Statement, ...]:
        """The statements of a role that Lambda may assume, inline and managed."""
        iam, name = self.client("iam"), arn.rpartition("/")[2]
        (trust,) = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}, trust
        found = [
            iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]
            for one in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            policy = iam.get_policy(PolicyArn=one["PolicyArn"])["Policy"]
            version = iam.get_policy_version(
                PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
            )
            found.append(version["PolicyVersion"]["Document"])
        return tuple(statement for one in found for statement in read(one))


def mine(found: Iterable[Any], key: str, ours: set[str]) -> list[Any]:
    """Those of a listing that are the stack's."""
    return [one for one in found if one[key] in ours]


def read(policy: Any) -> tuple[Statement, ...]:
    return statements(json.loads(policy) if isinstance(policy, str) else policy)


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


class Names:
    """What the account made up -> what the reading of the template makes up for it."""

    def __init__(self, of: Deployed, resolver: Resolver) -> None:
        ids, cluster, rds = of.ids, of.cluster(), of.aws.client("rds")
        known = {physical: resolver.ref(logical) for logical, physical in ids.items()}
        known |= {of.parameters[name]: value for name, value in GIVEN.items()}
        known |= {of.stack: STACK, of.aws.number: ACCOUNT}

        def attribute(real: str, logical: str, name: str) -> None:
            known[real] = resolver.attribute(logical, name)

        attribute(cluster["Endpoint"], "AuroraDBCluster", "Endpoint.Address")
        attribute(cluster["ReaderEndpoint"], "AuroraDBCluster", "ReadEndpoint.Address")
        for logical in ("PrimaryDBInstance", "StandbyDBInstance"):
            found = rds.describe_db_instances(DBInstanceIdentifier=ids[logical])["DBInstances"][0]
            attribute(found["Endpoint"]["Address"], logical, "Endpoint.Address")
        for side in SIDES:
            balancer, group = of.load_balancer(side), ids[f"{side}TargetGroup"]
            full_name = balancer["LoadBalancerArn"].partition(":loadbalancer/")[2]
            attribute(balancer["DNSName"], f"{side}ALB", "DNSName")
            attribute(full_name, f"{side}ALB", "LoadBalancerFullName")
            attribute(group.rpartition(":")[2], f"{side}TargetGroup", "TargetGroupFullName")
        self.known = {real: made for real, made in known.items() if real}
        longest = sorted(map(re.escape, self.known), key=len, reverse=True)
        self.pattern = re.compile("|".join(longest))

    def __call__(self, text: str) -> str:
        return self.pattern.sub(lambda one: self.known[one[0]], text)


def plain(value: Any, names: Callable[[str], str] = str) -> Any:
    """A deployment as mappings, lists and texts, with other names; its code as it is.

    What has a name goes by it. The order of statements, instances, alarms and rules says nothing.
    """
    if is_dataclass(value):
        return {
            one.name: plain(getattr(value, one.name), str if one.name == "code" else names)
            for one in fields(value)
        }
    if isinstance(value, Mapping):
        return {names(key): plain(one, names) for key, one in value.items()}
    if isinstance(value, str):
        return names(value)
    if isinstance(value, frozenset):
        return sorted(plain(one, names) for one in value)
    if not isinstance(value, tuple | list):
        return value
    listed = [plain(one, names) for one in value]
    if not value or not is_dataclass(value[0]):
        return listed
    key = next((one for one in ("name", "arn") if hasattr(value[0], one)), None)
    assert key is None or len({one[key] for one in listed}) == len(listed)
    return {one[key]: one for one in listed} if key else sorted(listed, key=repr)


def differences(real: Any, made: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """Path -> what the account has, and what the template says."""
    if not (isinstance(real, dict) and isinstance(made, dict)):
        return {} if real == made else {path: (real, made)}
    return {
        where: found
        for key in sorted(real.keys() | made.keys())
        for where, found in differences(
            real.get(key), made.get(key), f"{path}.{key}".removeprefix(".")
        ).items()
    }
