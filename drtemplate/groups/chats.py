"""Channels of a chat that hear both topics; made if a setting names one.

The chat service subscribes by its service-linked role, and SNS hands it what is decrypted: it needs no
statement in the topics' policies nor in that of a key.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSChatbotServiceLinkedRolePolicy.html
https://docs.aws.amazon.com/chatbot/latest/adminguide/security_iam_service-with-iam-resource-based-policies.html
"""

from collections.abc import Iterable

from awacs import sts as sts_actions
from awacs.aws import Allow
from troposphere import Sub, chatbot, iam, sns

from drtemplate.controls import CHAT, AlertEndpoint
from drtemplate.groups.alerts import digest
from drtemplate.groups.policies import Statement, document, service
from drtemplate.groups.roles import role_properties
from drtemplate.plans import Roles
from drtemplate.template import StackTemplate


def add_chats(
    template: StackTemplate,
    topics: Iterable[sns.Topic],
    endpoints: Iterable[AlertEndpoint],
    roles: Roles,
) -> None:
    """Add a configuration for each channel, all with one role, which may do nothing."""
    channels = [one for one in endpoints if one.protocol == CHAT]
    if not channels:
        return
    role = template.add_resource(
        iam.Role(
            "ChatRole",
            **role_properties(roles, "chat"),
            AssumeRolePolicyDocument=document(
                Statement(
                    Sid="LetTheChatServiceTakeTheRole",
                    Effect=Allow,
                    Principal=service("chatbot.amazonaws.com"),
                    Action=[sts_actions.AssumeRole],
                )
            ),
        )
    )
    arns = [topic.ref() for topic in topics]
    for one in channels:
        workspace, channel = one.endpoint.split("/")
        template.add_resource(
            chatbot.SlackChannelConfiguration(
                f"Chat{digest(one)}",
                ConfigurationName=Sub(f"${{AWS::StackName}}-${{AWS::Region}}-{digest(one)}"),
                SlackWorkspaceId=workspace,
                SlackChannelId=channel,
                IamRoleArn=role.get_att("Arn"),
                # Without one the guardrail is AdministratorAccess, whatever the role may be given.
                GuardrailPolicies=[
                    Sub("arn:${AWS::Partition}:iam::aws:policy/CloudWatchReadOnlyAccess")
                ],
                SnsTopicArns=arns,
            )
        )
