"""Names that the stack would make and somebody has already, and whose they are."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from drtemplate.cloudformation.names import NAMINGS
from drtemplate.cloudformation.reading import of_type
from drtemplate.deploying.account import Account, UnansweredError, account_call, code_of
from drtemplate.deploying.answers import pages
from drtemplate.deploying.living import Living

# Each asks for one name, and gives the physical id of what has it, or ''.
Look = Callable[[Account, str], str]


def taken_names(living: Living, say: Callable[[str], None]) -> Iterator[str]:
    """Each name that is taken, what has it and whose it is; what cannot be asked is said."""
    for type_, look in _LOOKS.items():
        for title, properties in of_type(living.template, type_):
            name = living.text(properties.get(NAMINGS[type_].key, ""))
            if title in living.ids or not name:
                continue
            what = _WORDS.get(type_, type_.rpartition(":")[2])
            try:
                if found := look(living.account, name):
                    yield f"the {what} {name} ({title}) exists: {_owner(living, type_, found)}"
            except UnansweredError as exc:
                say(f"not checked: whether {name} is taken: {exc}")


def _owner(living: Living, type_: str, found: str) -> str:
    """Whose it is: another stack's, another account's, or nobody's."""
    physical_id, _, elsewhere = found.partition("\n")
    if elsewhere:
        return elsewhere
    try:
        with account_call("ask whose it is"):
            (owner,) = {
                each["StackName"]
                for each in living.account.cloudformation.describe_stack_resources(
                    PhysicalResourceId=physical_id
                )["StackResources"]
            }
        return f"the stack {owner} has it"
    except (UnansweredError, ValueError):
        if type_ == "AWS::CloudWatch::Dashboard":
            return "dashboards are the same in all regions, and no stack of this one has it"
        return "no stack has it; a deleted one left it, or it was made by hand"


def _bucket(account: Account, name: str) -> str:
    with account_call(f"ask for the bucket {name}"):
        try:
            answer: Mapping[str, Any] = account.s3.head_bucket(Bucket=name)
        except ClientError as exc:
            code = code_of(exc)
            if code == "404":
                return ""
            if code == "403":
                return f"{name}\nit is another account's, or s3:ListBucket on it is not allowed"
            if code not in ("301", "400"):
                raise
            answer = exc.response
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = headers.get("x-amz-bucket-region", account.region)
    if region != account.region:
        return f"{name}\nin {region}, and a bucket's name is the same in all regions"
    return name


def _log_group(account: Account, name: str) -> str:
    with account_call(f"ask for the log group {name}"):
        found = account.client("logs").describe_log_groups(logGroupNamePrefix=name)
        return name if any(one["logGroupName"] == name for one in found["logGroups"]) else ""


def _vault(account: Account, name: str) -> str:
    """Out of all vaults: who describes one that is not there is told that it is not allowed."""
    with account_call(f"ask for the backup vault {name}"):
        for page in pages(account.client("backup").list_backup_vaults):
            if any(one["BackupVaultName"] == name for one in page["BackupVaultList"]):
                return name
    return ""


def _described(
    service: str, operation: str, argument: str, missing: str, path: tuple[Any, ...] = ()
) -> Look:
    """A look that describes one by its name; ``path`` leads to its physical id, else the name."""

    def look(account: Account, name: str) -> str:
        with account_call(f"ask for {name}"):
            given = [name] if argument == "Names" else name
            try:
                answer = getattr(account.client(service), operation)(**{argument: given})
                for step in path:
                    answer = answer[step]
            except ClientError as exc:
                if missing in code_of(exc) or "NotFound" in code_of(exc):
                    return ""
                raise
            return str(answer) if path else name

    return look


_WORDS = {
    "AWS::DynamoDB::Table": "table",
    "AWS::S3::Bucket": "bucket",
    "AWS::Logs::LogGroup": "log group",
    "AWS::Backup::BackupVault": "backup vault",
    "AWS::KMS::Alias": "alias",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "load balancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "target group",
    "AWS::Lambda::Function": "function",
    "AWS::SSM::Parameter": "parameter",
}
_LOOKS: Mapping[str, Look] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::DynamoDB::Table": _described("dynamodb", "describe_table", "TableName", "ResourceNotFound"),
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Backup::BackupVault": _vault,
    "AWS::KMS::Alias": _described("kms", "describe_key", "KeyId", "NotFound"),
    "AWS::CloudWatch::Dashboard": _described("cloudwatch", "get_dashboard", "DashboardName", "NotFound"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _described(
        "elbv2", "describe_load_balancers", "Names", "NotFound", ("LoadBalancers", 0, "LoadBalancerArn")
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": _described(
        "elbv2", "describe_target_groups", "Names", "NotFound", ("TargetGroups", 0, "TargetGroupArn")
    ),
    "AWS::Lambda::Function": _described(
        "lambda", "get_function_configuration", "FunctionName", "ResourceNotFound"
    ),
    "AWS::SSM::Parameter": _described("ssm", "get_parameter", "Name", "ParameterNotFound"),
}  # fmt: skip
