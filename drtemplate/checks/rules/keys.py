"""Services that must be able to use a key, or what they write is lost without an error.

No emulator asks a key policy, and CloudFormation asks it only for log groups.
"""

from collections.abc import Iterator
from typing import Any

from drtemplate.checks.findings import Finding
from drtemplate.checks.rules.policies import allowed, source_context
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Template,
    branches,
    list_of,
    of_type,
    properties_of,
    target_of,
)

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
LOGS = "logs.${AWS::Region}.amazonaws.com"
LOGS_ACTIONS = frozenset(
    """kms:Encrypt kms:Decrypt kms:ReEncryptFrom kms:ReEncryptTo kms:GenerateDataKey
    kms:DescribeKey""".split()
)
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
PUBLISHER_ACTIONS = frozenset({"kms:Decrypt", "kms:GenerateDataKey"})
ALARMS, EVENTS = "cloudwatch.amazonaws.com", "events.amazonaws.com"
ALARM_TYPES = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def check_keys(template: Template) -> Iterator[Finding]:
    """Key and topic policies that do not let in the services that the template makes use them."""
    yield from _log_groups(template)
    for title, properties in of_type(template, "AWS::SNS::Topic"):
        for service in sorted(_publishers(template, title)):
            yield from _topic_policy(template, title, service)
            yield from _topic_key(template, title, properties, service)


def _log_groups(template: Template) -> Iterator[Finding]:
    for title, properties in of_type(template, "AWS::Logs::LogGroup"):
        name = text_of(properties.get("LogGroupName")) or f"${{{title}}}"
        arn = f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{name}"
        context = {"kms:EncryptionContext:aws:logs:arn": arn} | source_context(arn)
        for key in branches(properties.get("KmsKeyId")):
            if missing := _refused(template, key, LOGS, LOGS_ACTIONS, context):
                yield Finding(
                    f"Resources.{title}.Properties.KmsKeyId",
                    "key-logs",
                    f"the key's policy does not let {LOGS} do {missing} for this log group, so it "
                    "cannot be made; allow it",
                )


def _publishers(template: Template, topic: str) -> set[str]:
    """The services that the template makes publish to the topic."""
    services = set()
    for _, alarm in of_type(template, *ALARM_TYPES):
        actions = [one for name in ACTIONS for one in list_of(alarm.get(name))]
        if topic in [target_of(one)[0] for one in actions]:
            services.add(ALARMS)
    for _, rule in of_type(template, "AWS::Events::Rule"):
        if topic in [target_of(one.get("Arn"))[0] for one in list_of(rule.get("Targets"))]:
            services.add(EVENTS)
    return services


def _context(service: str) -> dict[str, str]:
    # EventBridge meets no condition on source account or ARN, neither in key nor topic policies.
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    if service == EVENTS:
        return {}
    return source_context(
        "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${AWS::StackName}-"
    )


def _topic_key(template: Template, title: str, properties: Any, service: str) -> Iterator[Finding]:
    for key in branches(properties.get("KmsMasterKeyId")):
        where = f"Resources.{title}.Properties.KmsMasterKeyId"
        if text_of(key) == "alias/aws/sns":
            yield Finding(
                where,
                "key-publisher",
                f"{service} cannot use alias/aws/sns, so nothing it sends arrives; give a key of "
                "the stack's own",
            )
        elif missing := _refused(template, key, service, PUBLISHER_ACTIONS, _context(service)):
            yield Finding(
                where,
                "key-publisher",
                f"the key's policy does not let {service} do {missing}, so nothing it sends "
                "arrives; allow it" + (" without a condition" if service == EVENTS else ""),
            )


def _topic_policy(template: Template, title: str, service: str) -> Iterator[Finding]:
    """EventBridge must be named by a policy; alarms too, once one replaces the topic's default."""
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    # https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    publish = frozenset({"sns:Publish"})
    documents = [
        policy.get("PolicyDocument")
        for _, policy in of_type(template, "AWS::SNS::TopicPolicy")
        if title in [target_of(one)[0] for one in list_of(policy.get("Topics"))]
    ]
    if service == ALARMS and not documents:
        return
    if not any(allowed(one, service, publish, _context(service)) for one in documents):
        yield Finding(
            f"Resources.{title}",
            "topic-publisher",
            f"no policy of the topic lets {service} do sns:Publish; allow it in a TopicPolicy",
        )


def _refused(
    template: Template, key: Any, service: str, actions: frozenset[str], context: dict[str, str]
) -> str:
    """The actions that the key's policy does not allow; '' if all, or if the key is not ours."""
    properties = properties_of(template, target_of(key)[0], "AWS::KMS::Key")
    if properties is None:
        return ""
    granted = allowed(properties.get("KeyPolicy"), service, actions, context)
    return ", ".join(sorted(actions - granted))
