"""What ``types.yaml`` cannot say: values that need more than a name, and rules that moto lacks."""

import io
import json
import re
import zipfile
from typing import Any

from emulator.shapes import Refused

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
OPERAND = re.compile(r"""(?:ALARM|OK|INSUFFICIENT_DATA)\(["']?([^"')]+)["']?\)""")
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Reference.ParameterGroups.html
# Cluster parameters that can be modified, of those that a template of ours may set.
MODIFIABLE = set(
    "binlog_format innodb_flush_log_at_trx_commit require_secure_transport"
    " server_audit_logging server_audit_events"
    " aurora_enhanced_binlog binlog_backup binlog_replication_globaldb".split()
)
ENHANCED = {name for name in MODIFIABLE if "enhanced" in name or "binlog_" in name} - {
    "binlog_format"
}
DOCUMENTS = {"KeyPolicy", "PolicyDocument", "AssumeRolePolicyDocument", "EventPattern"}
# Property -> what its members are called in the API, where that differs.
RENAMED = {
    "BackupPlan": {"BackupPlanRule": "Rules", "TargetBackupVault": "TargetBackupVaultName"},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": "Rules",
        "ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault",
    },
    "LoggingConfiguration": {
        "DestinationBucketName": "TargetBucket",
        "LogFilePrefix": "TargetPrefix",
    },
    "SSESpecification": {"SSEEnabled": "Enabled"},
    "LifecycleConfiguration": {"Id": "ID"},
}
EC2_TAGGED = {
    "EIP": "elastic-ip",
    "FlowLog": "vpc-flow-log",
    "NatGateway": "natgateway",
    "VPC": "vpc",
    "VPCEndpoint": "vpc-endpoint",
}


def converted(resource: Any, target: str, name: str, value: Any) -> Any:
    """A property's value as the API takes it; an unknown member stays, for the shape to refuse."""
    value = _renamed(value, RENAMED.get(name, {}))
    if name in DOCUMENTS:
        return value if isinstance(value, str) else json.dumps(value)
    if target == "TagSpecifications":
        type_ = resource.kind.type.rpartition(":")[2]
        kebab = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type_).lower()
        return [{"ResourceType": EC2_TAGGED.get(type_, kebab), "Tags": value}]
    match name, value:
        case "Tags", dict():
            return [{"Key": key, "Value": text} for key, text in value.items()]
        case "SecurityGroupIngress" | "SecurityGroupEgress", list():
            return [_permission(rule) for rule in value]
        case "LifecycleConfiguration", {"Rules": rules}:
            return value | {"Rules": [_lifecycle(rule) for rule in rules]}
        case "Parameters", dict():
            method = {"ApplyMethod": "pending-reboot"}
            return [{"ParameterName": k, "ParameterValue": v} | method for k, v in value.items()]
        case "MasterUserSecret", {"KmsKeyId": key, **rest} if not rest:
            return key
        case "Policies", list():
            return [one | {"PolicyDocument": json.dumps(one["PolicyDocument"])} for one in value]
        case "DomainValidationOptions", list():
            used = {"DomainName", "HostedZoneId"}
            return [{k: v for k, v in one.items() if k not in used} for one in value]
        case "Code", {"ZipFile": code, **rest}:
            return {"ZipFile": _zipped(code)} | rest
    return value


def _renamed(node: Any, names: dict[str, str]) -> Any:
    if names and isinstance(node, list):
        return [_renamed(one, names) for one in node]
    if names and isinstance(node, dict):
        return {names.get(key, key): _renamed(value, names) for key, value in node.items()}
    return node


def _permission(rule: dict[str, Any]) -> dict[str, Any]:
    """A flat rule as EC2's IpPermissions."""
    made = dict(rule)
    said = {"Description": made.pop("Description")} if "Description" in made else {}
    if "CidrIp" in made:
        made["IpRanges"] = [{"CidrIp": made.pop("CidrIp")} | said]
    if "SourceSecurityGroupId" in made:
        made["UserIdGroupPairs"] = [{"GroupId": made.pop("SourceSecurityGroupId")} | said]
    return made


def _lifecycle(rule: dict[str, Any]) -> dict[str, Any]:
    made = {"Filter": {"Prefix": ""}} | rule
    if "ExpirationInDays" in made:
        made["Expiration"] = {"Days": made.pop("ExpirationInDays")}
    return made


def _zipped(code: str) -> bytes:
    """Inline code as the package that Lambda makes of it: ``index.py`` in a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py"), code)
    return buffer.getvalue()


# Sources: what types.yaml calls as word().


def allocation(resource: Any) -> Any:
    return resource.response["AllocationId"]


def bucket_arn(resource: Any) -> str:
    return f"arn:aws:s3:::{resource.physical_resource_id}"


def location(resource: Any) -> dict[str, str] | None:
    """us-east-1 is the place without a name."""
    region = resource.stack.region
    return None if region == "us-east-1" else {"LocationConstraint": region}


def full_name(resource: Any) -> str:
    """A load balancer or target group as CloudWatch's dimensions name it."""
    return str(resource.physical_resource_id).rpartition(":")[2].removeprefix("loadbalancer/")


def everything(resource: Any) -> list[dict[str, Any]]:
    """The rule that a group has until it has one of its own: whatever goes out."""
    return [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


def flowing(resource: Any) -> list[str]:
    return [resource.properties["ResourceId"]]


def target_ids(resource: Any) -> list[str]:
    return [target["Id"] for target in resource.properties["Targets"]]


def subscriptions(resource: Any) -> list[dict[str, str]]:
    """Those that the topic has, whatever the template says now."""
    sns, topic = resource.stack.client("sns"), resource.physical_resource_id
    found = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return [{"SubscriptionArn": one["SubscriptionArn"]} for one in found]


def no_snapshot(resource: Any) -> bool:
    return bool(resource.policy != "Snapshot")


def snapshot(resource: Any) -> str | None:
    return None if no_snapshot(resource) else f"{resource.physical_resource_id}-snapshot"


def record(resource: Any) -> dict[str, Any]:
    """The record as a change: it is made if there is nothing yet, and else deleted."""
    made = {k: v for k, v in resource.properties.items() if k != "HostedZoneId"}
    return _batch("DELETE" if resource.physical_resource_id else "CREATE", made)


def validation_zone(resource: Any) -> Any:
    return resource.properties["DomainValidationOptions"][0].get("HostedZoneId")


def validation(resource: Any) -> dict[str, Any]:
    """The record by which CloudFormation proves that the domain is the user's."""
    acm, arn = resource.stack.client("acm"), resource.physical_resource_id
    (option,) = acm.describe_certificate(CertificateArn=arn)["Certificate"][
        "DomainValidationOptions"
    ]
    given = option["ResourceRecord"]
    value = [{"Value": given["Value"]}]
    record = {"Name": given["Name"], "Type": given["Type"], "TTL": 300, "ResourceRecords": value}
    return _batch("UPSERT", record)


def _batch(action: str, record: dict[str, Any]) -> dict[str, Any]:
    return {"Changes": [{"Action": action, "ResourceRecordSet": record}]}


# Rules: what a service or CloudFormation refuses and moto takes.


def bucket_rules(resource: Any) -> None:
    name = resource.properties.get("BucketName", "")
    if not BUCKET_NAME.fullmatch(name):
        raise Refused(
            f"Bucket name {name} is ill-formed; it should not contain uppercase characters"
        )
    rules = resource.properties.get("LifecycleConfiguration", {}).get("Rules", ())
    if any(int(rule.get("ExpirationInDays", 1)) < 1 for rule in rules):
        raise Refused("'Days' for Expiration action must be a positive integer")


def parameter_rules(resource: Any) -> None:
    given = resource.properties.get("Parameters", {}).keys()
    if given - MODIFIABLE:
        lost = ", ".join(sorted(given - MODIFIABLE))
        raise Refused(f"Invalid / Unmodifiable / Unsupported DB Parameter: {lost}")
    if given & ENHANCED and not given >= ENHANCED:
        raise Refused(f"{', '.join(sorted(ENHANCED))} can only be set together")


def load_balancer_rules(resource: Any) -> None:
    """A name of 32 characters, not ``internal-``; and a way to the internet, if it faces it."""
    name = resource.properties.get("Name", "")
    if len(name) > 32 or name.startswith("internal-"):
        raise Refused(f"The load balancer name '{name}' is longer than 32 characters or reserved")
    ec2 = resource.stack.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=resource.properties["Subnets"])["Subnets"]
    attached = [{"Name": "attachment.vpc-id", "Values": [subnets[0]["VpcId"]]}]
    facing = resource.properties.get("Scheme") != "internal"
    if facing and not ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]:
        raise Refused(f"VPC {subnets[0]['VpcId']} has no internet gateway")


def parameter_store_rules(resource: Any) -> None:
    if resource.properties.get("Type") not in {"String", "StringList"}:
        raise Refused("CloudFormation doesn't support creating a SecureString parameter")


def alarm_rules(resource: Any) -> None:
    """A composite alarm's rule names alarms that are there, and has no white space around it.

    https://github.com/hashicorp/terraform-provider-aws/issues/19575
    """
    rule = resource.properties.get("AlarmRule", "")
    if rule != rule.strip():
        raise Refused("AlarmRule must not contain leading or trailing whitespace or be null")
    named = set(OPERAND.findall(rule))
    found = resource.stack.client("cloudwatch").describe_alarms(AlarmNames=sorted(named))
    lacking = sorted(named - {one["AlarmName"] for one in found["MetricAlarms"]})
    if lacking or not named:
        raise Refused(f"The alarm rule names alarms that do not exist: [{', '.join(lacking)}]")
