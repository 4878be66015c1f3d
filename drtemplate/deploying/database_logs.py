"""The log groups that RDS makes for a cluster: kept as long as the stack's own, under the same key.

RDS makes them when it has something to write, outside the stack, without an end and without a key.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.CloudWatch.html
"""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from drtemplate.cloudformation.reading import of_type, target_of
from drtemplate.deploying.account import Account, UnansweredError, account_call, code_of
from drtemplate.deploying.living import Living

CHAPTER = "docs/runbook.md#deploy"


def keep_database_logs(living: Living) -> Iterator[str]:
    """Give each group retention and key; each change, and what could not be done, as a line.

    A group that RDS has not made yet is made here, so that its first line is kept right already.
    """
    days, key = _of_the_stack(living)
    for title, cluster in of_type(living.template, "AWS::RDS::DBCluster"):
        exports = [
            name
            for name in cluster.get("EnableCloudwatchLogsExports") or []
            if isinstance(name, str)
        ]
        for export in exports if title in living.ids and days else []:
            name = f"/aws/rds/cluster/{living.ids[title]}/{export}"
            try:
                yield from _keep(living.account, name, days, key)
            except UnansweredError as exc:
                yield f"note: {name} is not kept as the stack's own log groups are: {exc} ({CHAPTER})"


def _of_the_stack(living: Living) -> tuple[int, str]:
    """Days and key of the stack's own log groups: the longest, and the first that is named."""
    days, key = 0, ""
    for _, group in of_type(living.template, "AWS::Logs::LogGroup"):
        text = living.text(group.get("RetentionInDays", ""))
        days = max(days, int(text) if text.isdigit() else 0)
        key = key or (target_of(group.get("KmsKeyId"))[0] or "")
    return days, living.ids.get(key, "")


def _keep(account: Account, name: str, days: int, key: str) -> Iterator[str]:
    with account_call(f"look after the log group {name}"):
        told = account.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        group = next((one for one in told if one["logGroupName"] == name), None)
        if group is None:
            try:
                account.client("logs").create_log_group(logGroupName=name)
            except ClientError as exc:
                if code_of(exc) != "ResourceAlreadyExistsException":  # RDS was quicker
                    raise
            group = {}
        if group.get("retentionInDays") != days:
            account.client("logs").put_retention_policy(logGroupName=name, retentionInDays=days)
            yield f"{name}: kept for {days} days"
        if key and not group.get("kmsKeyId"):
            arn = account.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"]
            account.client("logs").associate_kms_key(logGroupName=name, kmsKeyId=arn)
            yield f"{name}: encrypted with the stack's key"
