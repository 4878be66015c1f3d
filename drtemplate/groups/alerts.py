"""The topic on which people are told, and who may publish to it."""

import hashlib
from collections.abc import Iterable

from awacs import sns as sns_actions
from awacs.aws import Bool, Condition, Deny, Everybody, PolicyDocument, Principal, StringEquals
from troposphere import AccountId, sns

from drtemplate.controls import CHAT, AlertEndpoint
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.policies import Statement, allow, document, service
from drtemplate.template import StackTemplate, bundle, stack_name


@bundle
class Alerts:
    """The alert topic."""

    topic: sns.Topic


def add_alerts(
    template: StackTemplate,
    parameters: Parameters,
    encryption: Encryption,
    endpoints: Iterable[AlertEndpoint] = (),
) -> Alerts:
    """Add the topic with its subscriptions, and its policy."""
    topic = template.add_resource(
        sns.Topic(
            "AlertTopic",
            TopicName=stack_name("-alerts"),
            DisplayName="DR System Alerts",
            KmsMasterKeyId=encryption.operations.ref(),
            Subscription=[
                sns.Subscription(Endpoint=parameters.alert_email.ref(), Protocol="email")
            ],
        )
    )
    template.add_resource(
        sns.TopicPolicy(
            "AlertTopicPolicy", Topics=[topic.ref()], PolicyDocument=publishers_policy(topic)
        )
    )
    add_subscriptions(template, topic, endpoints)
    return Alerts(topic=topic)


def add_subscriptions(
    template: StackTemplate, topic: sns.Topic, endpoints: Iterable[AlertEndpoint]
) -> None:
    """Add a subscription of its own for each endpoint, so that a change of one touches no other.

    Their logical ids are made of what they are, not of their place: an endpoint that moved up in the
    list would be subscribed again, which is no change to SNS, and then unsubscribed as the old one.
    """
    for one in endpoints:
        if one.protocol != CHAT:
            template.add_resource(
                sns.SubscriptionResource(
                    f"{topic.title}Reader{digest(one)}",
                    TopicArn=topic.ref(),
                    Protocol=one.protocol,
                    Endpoint=one.endpoint,
                )
            )


def digest(endpoint: AlertEndpoint) -> str:
    """A reader's part of a logical id."""
    named = f"{endpoint.protocol} {endpoint.endpoint}"
    return hashlib.sha256(named.encode()).hexdigest()[:8]


def publishers_policy(topic: sns.Topic) -> PolicyDocument:
    """CloudWatch for this account, and EventBridge, for which a topic policy takes no condition.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    return document(
        allow(
            "LetCloudWatchPublishAlarms",
            [sns_actions.Publish],
            [topic.ref()],
            principal=service("cloudwatch.amazonaws.com"),
            condition=Condition(StringEquals("aws:SourceAccount", AccountId)),
        ),
        allow(
            "LetEventBridgePublishEvents",
            [sns_actions.Publish],
            [topic.ref()],
            principal=service("events.amazonaws.com"),
        ),
        tls_only(topic),
    )


def tls_only(topic: sns.Topic) -> Statement:
    """Refuse what is not published over TLS. A service that sends no such key is not held to it.

    https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html#enforce-encryption-data-in-transit
    """
    return Statement(
        Sid="RefuseToPublishWithoutTLS",
        Effect=Deny,
        Principal=Principal(Everybody),
        Action=[sns_actions.Publish],
        Resource=[topic.ref()],
        Condition=Condition(Bool("aws:SecureTransport", False)),
    )
