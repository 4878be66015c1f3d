"""What matters of a deployed stack's automation: functions, triggers, alarms, alerts, settings.

As in ``services``, every check yields its findings as text.
"""

import io
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

import services
from services import Deployed

from drtemplate.cloudformation.policies import arn_like
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

ORCHESTRATOR, MONITOR = "FailoverOrchestratorFunction", "HealthMonitorFunction"
MONITOR_2 = "HealthMonitorFunction2"
# By observer, its subnet and what it calls itself.
OBSERVERS = {MONITOR: ("PrivateSubnet1", "zone-1"), MONITOR_2: ("PrivateSubnet2", "zone-2")}
ROLES = {ORCHESTRATOR: "LambdaExecutionRole"} | dict.fromkeys(OBSERVERS, "HealthMonitorRole")

LOG_GROUPS = ("FailoverLogGroup", "HealthMonitorLogGroup", "HealthMonitorLogGroup2")


def functions(of: Deployed) -> Iterator[str]:
    client, ids = of.aws.client("lambda"), of.ids
    declared = build(Settings()).to_dict()["Resources"]
    real = set(ids.values()) | {of.stack, of.cluster()["Endpoint"], *of.parameters.values()}
    real |= {"ON", "2555", "zone-1", "zone-2", "zone-1,zone-2"}
    members = of.member_endpoints()
    for name, role in ROLES.items():
        found = client.get_function(FunctionName=ids[name])
        facts, wanted = found["Configuration"], declared[name]["Properties"]
        with urllib.request.urlopen(found["Code"]["Location"]) as answer:
            package = zipfile.ZipFile(io.BytesIO(answer.read()))
        if package.read("index.py").decode() != wanted["Code"]["ZipFile"]:
            yield f"{name}: other code than the template's"
        if (facts["Handler"], facts["Runtime"]) != ("index.handler", "python3.13"):
            yield f"{name}: runs {facts['Handler']} in {facts['Runtime']}"
        if facts["Timeout"] != wanted["Timeout"] or facts["MemorySize"] != wanted["MemorySize"]:
            yield f"{name}: {facts['Timeout']} s, {facts['MemorySize']} MB"
        if facts["Role"].rpartition("/")[2] != ids[role]:
            yield f"{name}: runs as {facts['Role']}"
        given = of.aws.client("iam").get_role(RoleName=ids[role])["Role"]
        (trust,) = given["AssumeRolePolicyDocument"]["Statement"]
        if trust["Principal"] != {"Service": "lambda.amazonaws.com"}:
            yield f"{role}: may be assumed by {trust['Principal']}"
        for variable, value in facts["Environment"]["Variables"].items():
            fits = json.loads(value) == members if variable == "MEMBER_ENDPOINTS" else value in real
            if not fits:
                yield f"{name}: {variable} is {value}, which is nothing of this stack"
        config = client.get_function_event_invoke_config(
            FunctionName=ids[name], Qualifier="$LATEST"
        )
        if (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) != (0, 60):
            yield f"{name}: is called again after a failure"
    destination = client.get_function_event_invoke_config(
        FunctionName=ids[ORCHESTRATOR], Qualifier="$LATEST"
    )["DestinationConfig"]
    if destination.get("OnFailure") != {"Destination": ids["AlertTopic"]}:
        yield f"{ORCHESTRATOR}: failures go to {destination}"


def observers(of: Deployed) -> Iterator[str]:
    """Each is pinned to its zone, and knows its name."""
    client, ids = of.aws.client("lambda"), of.ids
    for name, (subnet, observer) in OBSERVERS.items():
        facts = client.get_function_configuration(FunctionName=ids[name])
        if facts["VpcConfig"]["SubnetIds"] != [ids[subnet]]:
            yield f"{name}: in {facts['VpcConfig']['SubnetIds']}"
        if facts["Environment"]["Variables"]["OBSERVER"] != observer:
            yield f"{name}: calls itself {facts['Environment']['Variables']['OBSERVER']}"


def logs(of: Deployed) -> Iterator[str]:
    for name in LOG_GROUPS:
        found = of.aws.client("logs").describe_log_groups(logGroupNamePrefix=of.ids[name])
        (group,) = (one for one in found["logGroups"] if one["logGroupName"] == of.ids[name])
        if (
            not of.is_key(group.get("kmsKeyId"), "OperationsKey")
            or group.get("retentionInDays") != 90
        ):
            yield f"{name}: key {group.get('kmsKeyId')}, {group.get('retentionInDays')} days"
    queries = of.aws.client("logs").describe_query_definitions()["queryDefinitions"]
    asked = {one["name"]: set(one["logGroupNames"]) for one in queries}
    if asked.get(f"{of.stack}-incident") != {of.ids[one] for one in LOG_GROUPS}:
        yield f"IncidentQuery: {asked}"


def triggers(of: Deployed) -> Iterator[str]:
    """Every rule and alarm that calls a function is allowed to, and calls the right one."""
    events, ids = of.aws.client("events"), of.ids
    arns = {name: of.function_arn(name) for name in ROLES}
    expected = {
        "HealthCheckScheduleRule": {arns[MONITOR], arns[MONITOR_2]},
        "SweepRule": {arns[ORCHESTRATOR]},
        "RDSEventRule": {arns[ORCHESTRATOR], ids["AlertTopic"]},
        "KeyLossRule": {ids["KeyLossTopic"]},
    }
    for name, wanted in expected.items():
        rule = events.describe_rule(Name=ids[name])
        listed = events.list_targets_by_rule(Rule=ids[name])["Targets"]
        targets = {one["Arn"] for one in listed}
        inputs = [json.loads(one["Input"]) for one in listed if "Input" in one]
        if inputs != ([{"action": "sweep"}] if name == "SweepRule" else []):
            yield f"{name}: gives {inputs}"
        if targets != wanted or rule["State"] != "ENABLED":
            yield f"{name}: {rule['State']}, calls {targets}"
        for arn in targets & set(arns.values()):
            if not _allowed(of, arn, "events.amazonaws.com", rule["Arn"]):
                yield f"{name}: may not call {arn}"
    for name in ("HealthCheckScheduleRule", "SweepRule"):
        schedule = events.describe_rule(Name=ids[name]).get("ScheduleExpression")
        if schedule != "rate(1 minute)":
            yield f"{name}: {schedule}"
    pattern = json.loads(events.describe_rule(Name=ids["RDSEventRule"])["EventPattern"])
    if pattern["detail"]["SourceArn"] != [of.cluster()["DBClusterArn"]]:
        yield f"RDSEventRule: listens to {pattern['detail']['SourceArn']}"
    calling = set()
    for alarm in _alarms(of):
        for arn in set(alarm["AlarmActions"]) & set(arns.values()):
            calling.add(alarm["AlarmName"].removeprefix(f"{of.stack}-"))
            if not _allowed(of, arn, "lambda.alarms.cloudwatch.amazonaws.com", alarm["AlarmArn"]):
                yield f"{alarm['AlarmName']}: may not call {arn}"
    if calling != {"writer", "alb-unhealthy-targets"}:
        yield f"the alarms that call the orchestrator are {sorted(calling)}"


def _allowed(of: Deployed, function: str, principal: str, source: str) -> bool:
    policy = of.aws.client("lambda").get_policy(FunctionName=function)["Policy"]
    return any(
        one["Principal"] == {"Service": principal}
        and one["Action"] == "lambda:InvokeFunction"
        and arn_like(one["Condition"]["ArnLike"]["AWS:SourceArn"], source)
        for one in json.loads(policy)["Statement"]
    )


def _alarms(of: Deployed) -> list[dict[str, Any]]:
    found = of.aws.client("cloudwatch").describe_alarms(
        AlarmNamePrefix=f"{of.stack}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return list(found["MetricAlarms"] + found["CompositeAlarms"])


def alarms(of: Deployed) -> Iterator[str]:
    """Alarms and dashboard look at real things, and tell the topic."""
    real = {
        "DBClusterIdentifier": {of.cluster()["DBClusterIdentifier"]},
        "Role": {"READER", "WRITER"},
        "StackName": {of.stack},
        "FunctionName": {of.ids[name] for name in ROLES},
        "Observer": {observer for _, observer in OBSERVERS.values()},
        "LoadBalancer": set(),
        "TargetGroup": set(),
    }
    elbv2 = of.aws.client("elbv2")
    for group in elbv2.describe_target_groups()["TargetGroups"]:
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
        for balancer in set(group["LoadBalancerArns"]) & set(of.ids.values()):
            real["TargetGroup"].add(group["TargetGroupArn"].rpartition(":")[2])
            real["LoadBalancer"].add(balancer.partition(":loadbalancer/")[2])
    for alarm in _alarms(of):
        for one in alarm.get("Dimensions", ()):
            if one["Value"] not in real.get(one["Name"], ()):
                yield f"{alarm['AlarmName']}: {one['Name']} {one['Value']} does not exist"
        if of.ids["AlertTopic"] not in alarm["AlarmActions"] or not alarm["ActionsEnabled"]:
            yield f"{alarm['AlarmName']}: tells nobody"
    dashboard = of.aws.client("cloudwatch").get_dashboard(
        DashboardName=of.ids["MonitoringDashboard"]
    )
    for widget in json.loads(dashboard["DashboardBody"])["widgets"]:
        last: list[Any] = []
        for row in widget["properties"].get("metrics", ()):
            texts = [one for one in row if isinstance(one, str)]
            last = [last[i] if one == "." else one for i, one in enumerate(texts)]
            for name, value in zip(last[2::2], last[3::2], strict=True):
                if value not in real[name]:
                    yield f"MonitoringDashboard: {name} {value} does not exist"


def alerts(of: Deployed) -> Iterator[str]:
    sns, topic = of.aws.client("sns"), of.ids["AlertTopic"]
    facts = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    if not of.is_key(facts.get("KmsMasterKeyId"), "OperationsKey"):
        yield f"AlertTopic: encrypted with {facts.get('KmsMasterKeyId')}"
    for name in ("AlertTopic", "KeyLossTopic"):
        found = sns.list_subscriptions_by_topic(TopicArn=of.ids[name])["Subscriptions"]
        heard = [(one["Protocol"], one["Endpoint"]) for one in found]
        if heard != [("email", of.parameters["AlertEmail"])]:
            yield f"{name}: read by {heard}"
    statements = json.loads(facts["Policy"])["Statement"]
    publishers = {
        one["Principal"].get("Service")
        for one in statements
        if one["Effect"] == "Allow" and "sns:Publish" in one["Action"]
    }
    if not publishers >= {"cloudwatch.amazonaws.com", "events.amazonaws.com"}:
        yield f"AlertTopicPolicy: lets {publishers} publish"


def settings(of: Deployed) -> Iterator[str]:
    ssm = of.aws.client("ssm")
    found = ssm.get_parameter(Name=of.ids["FailoverConfigParameter"])["Parameter"]["Value"]
    config = json.loads(found)
    wanted = {
        "primary_endpoint": of.load_balancer("Primary")["DNSName"],
        "standby_endpoint": of.load_balancer("Standby")["DNSName"],
        "auto_failover": of.parameters.get("AutoFailover", "ON"),
        "rto_seconds": 30,
        "rpo_seconds": 1,
    }
    for name, value in wanted.items():
        if config.get(name) != value:
            yield f"FailoverConfigParameter: {name} is {config.get(name)}"
    endpoint = ssm.get_parameter(Name=of.ids["DatabaseEndpointParameter"])["Parameter"]
    if (endpoint["Type"], endpoint["Value"]) != ("String", of.cluster()["Endpoint"]):
        yield f"DatabaseEndpointParameter: {endpoint['Type']} {endpoint['Value']}"


def outputs(of: Deployed) -> Iterator[str]:
    """Every output is what its service says."""
    ids, cluster, stack = of.ids, of.cluster(), of.stack
    console = f"https://console.aws.amazon.com/cloudwatch/home?region={of.aws.region}"
    wanted = {
        "VPCId": ids["VPC"],
        "PrimaryEndpoint": of.load_balancer("Primary")["DNSName"],
        "StandbyEndpoint": of.load_balancer("Standby")["DNSName"],
        "DatabaseEndpoint": cluster["Endpoint"],
        "DatabaseReadEndpoint": cluster["ReaderEndpoint"],
        "SessionTableName": f"{stack}-sessions",
        "FailoverStateTableName": f"{stack}-failover-state",
        "ArtifactsBucket": f"{stack}-artifacts-{of.aws.number}",
        "ConfigBucket": f"{stack}-config-{of.aws.number}",
        "AlertTopicArn": f"arn:aws:sns:{of.aws.region}:{of.aws.number}:{stack}-alerts",
        "DashboardURL": f"{console}#dashboards:name={ids['MonitoringDashboard']}",
        "KMSKeyId": ids["KMSKey"],
        "OperationsKeyId": ids["OperationsKey"],
        "FailoverFunctionArn": of.function_arn(ORCHESTRATOR),
        "HealthMonitorFunctionArn": of.function_arn(MONITOR),
        "PrimaryTargetGroupArn": ids["PrimaryTargetGroup"],
        "StandbyTargetGroupArn": ids["StandbyTargetGroup"],
        "ApplicationSubnetIds": f"{ids['PrivateSubnet1']},{ids['PrivateSubnet2']}",
        "ApplicationSecurityGroupId": ids["AppSecurityGroup"],
    }
    if not of.parameters.get("DBMasterPassword"):
        wanted["DatabaseSecretArn"] = cluster["MasterUserSecret"]["SecretArn"]
    found = of.aws.outputs(stack)
    for name in sorted(wanted.keys() | found):
        if found.get(name) != wanted.get(name):
            yield f"{name}: {found.get(name)}, not {wanted.get(name)}"
    exports = of.aws.client("cloudformation").list_exports()["Exports"]
    if (f"{stack}-VPC", ids["VPC"]) not in [(one["Name"], one["Value"]) for one in exports]:
        yield f"VPCId: exported as {exports}"


CHECKS = [
    services.network, services.security_groups, services.key, services.buckets, services.database,
    services.tables, services.load_balancers, services.dns,
    functions, observers, logs, triggers, alarms,
    alerts, settings, outputs,
]  # fmt: skip
