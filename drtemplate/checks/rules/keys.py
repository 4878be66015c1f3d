"""Services that must be able to use a key, or what they write is lost without an error.

No emulator asks a key policy, and CloudFormation asks it only for log groups.
"""

from collections.abc import Iterator
from typing import Any

from cfnlint.rules import RuleMatch

from drtemplate.checks.rules.callers import ACTIONS, ALARM_TYPES, EVENTS
from drtemplate.checks.rules.policies import allowed, source_context
from drtemplate.checks.rules.rule import TemplateRule, at_property, at_resource
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Template,
    branches,
    list_of,
    mappings_of,
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
ALARMS = "cloudwatch.amazonaws.com"
SNS_KEY = "alias/aws/sns"


class LogGroupKey(TemplateRule):
    """A log group whose key CloudWatch Logs may not use."""

    id = "E9101"
    shortdesc = "A log group's key lets CloudWatch Logs use it"
    description = (
        "The policy of a customer managed key must name the service of the region, for this group's "
        "ARN; else the group cannot be made."
    )
    source_url = (
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
    )
    tags = ["kms", "logs"]
    example = (
        "Resources.HealthMonitorLogGroup.Properties.LogGroupName",
        {"Fn::Sub": "/apps/${AWS::StackName}-monitor"},
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each log group and each key that it may have."""
        for title, properties in of_type(template, "AWS::Logs::LogGroup"):
            name = text_of(properties.get("LogGroupName")) or f"${{{title}}}"
            arn = f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{name}"
            context = {"kms:EncryptionContext:aws:logs:arn": arn} | source_context(arn)
            for key in branches(properties.get("KmsKeyId")):
                if missing := _refused(template, key, LOGS, LOGS_ACTIONS, context):
                    yield at_property(
                        title,
                        "KmsKeyId",
                        message=f"the key's policy does not let {LOGS} do {missing} for {title}, so "
                        "it cannot be made; allow it",
                    )


class TopicKey(TemplateRule):
    """An encrypted topic to which an alarm or an event rule cannot publish."""

    id = "E9102"
    shortdesc = "A topic's key lets the services use it that publish to the topic"
    description = (
        "CloudWatch and EventBridge encrypt what they publish. Without the key they publish nothing, "
        f"and nobody is told. The policy of {SNS_KEY} cannot be changed, and EventBridge meets no "
        "condition on the source."
    )
    source_url = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
    tags = ["kms", "sns", "cloudwatch", "events"]
    example = ("Resources.AlertTopic.Properties.KmsMasterKeyId", SNS_KEY)

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each topic, publisher and key that do not go together."""
        for title, properties in of_type(template, "AWS::SNS::Topic"):
            for service in _publishers(template, title):
                for key in branches(properties.get("KmsMasterKeyId")):
                    if problem := _key_problem(template, key, service):
                        yield at_property(title, "KmsMasterKeyId", message=problem)


class TopicPublisher(TemplateRule):
    """A topic whose policy does not name a service that publishes to it."""

    id = "E9103"
    shortdesc = "A topic's policy lets the services publish that the template makes publish"
    description = (
        "EventBridge must be named by a policy of the topic, without a condition; alarms too, once a "
        "policy replaces the topic's default."
    )
    # For alarms: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    source_url = (
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"
    )
    tags = ["sns", "cloudwatch", "events"]
    example = ("Resources.AlertTopicPolicy.Properties.PolicyDocument", {"Version": "2012-10-17"})

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each topic and publisher that may not publish."""
        for title, _ in of_type(template, "AWS::SNS::Topic"):
            documents = [
                policy.get("PolicyDocument")
                for _, policy in of_type(template, "AWS::SNS::TopicPolicy")
                if title in [target_of(topic)[0] for topic in list_of(policy.get("Topics"))]
            ]
            for service in _publishers(template, title):
                if service == ALARMS and not documents:
                    continue
                publish, context = frozenset({"sns:Publish"}), _context(service)
                if not any(allowed(document, service, publish, context) for document in documents):
                    yield at_resource(
                        title,
                        f"no policy of {title} lets {service} do sns:Publish; allow it in a "
                        "TopicPolicy",
                    )


def _publishers(template: Template, topic: str) -> list[str]:
    """The services that the template makes publish to the topic, in order."""
    services = set()
    for _, alarm in of_type(template, *ALARM_TYPES):
        actions = [action for name in ACTIONS for action in list_of(alarm.get(name))]
        if topic in [target_of(action)[0] for action in actions]:
            services.add(ALARMS)
    for _, rule in of_type(template, "AWS::Events::Rule"):
        if topic in [
            target_of(target.get("Arn"))[0] for target in mappings_of(rule.get("Targets"))
        ]:
            services.add(EVENTS)
    return sorted(services)


def _context(service: str) -> dict[str, str]:
    # EventBridge meets no condition on source account or ARN, neither in key nor topic policies.
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    if service == EVENTS:
        return {}
    return source_context(
        "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${AWS::StackName}-"
    )


def _key_problem(template: Template, key: Any, service: str) -> str:
    """Why the service cannot use the key; '' if it can."""
    if text_of(key) == SNS_KEY:
        return (
            f"{service} cannot use {SNS_KEY}, so nothing it sends arrives; give a key of the "
            "stack's own"
        )
    if missing := _refused(template, key, service, PUBLISHER_ACTIONS, _context(service)):
        return (
            f"the key's policy does not let {service} do {missing}, so nothing it sends arrives; "
            "allow it" + (" without a condition" if service == EVENTS else "")
        )
    return ""


def _refused(
    template: Template, key: Any, service: str, actions: frozenset[str], context: dict[str, str]
) -> str:
    """The actions that the key's policy does not allow; '' if all, or if the key is not ours."""
    properties = properties_of(template, target_of(key)[0], "AWS::KMS::Key")
    if properties is None:
        return ""
    granted = allowed(properties.get("KeyPolicy"), service, actions, context)
    return ", ".join(sorted(actions - granted))
