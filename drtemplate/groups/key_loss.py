"""Who is told that one of the keys was disabled, is to be deleted or has another policy.

The alert topic falls silent with its own key, so this has a topic that is under neither: what it says
is an event of CloudTrail, which holds no data of the stack.
"""

from collections.abc import Iterable

from awacs import sns as sns_actions
from troposphere import events, sns

from drtemplate.controls import AlertEndpoint
from drtemplate.groups.alerts import add_subscriptions, tls_only
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.policies import allow, document, service
from drtemplate.template import ExistingResource, StackTemplate, bundle, stack_name

# All take effect at once: a key that is pending deletion cannot be used either, and another policy may leave
# out whoever encrypts the alerts with it.
# https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying.html
LOSSES = ("DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy")
# The news is worth an hour of attempts; left alone EventBridge tries for a day.
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html
EVENT_AGE, EVENT_RETRIES = 3600, 185  # seconds; the most attempts that EventBridge takes


@bundle
class KeyLoss:
    """The topic that needs no key."""

    topic: sns.Topic


def add_key_loss(
    template: StackTemplate,
    parameters: Parameters,
    encryption: Encryption,
    endpoints: Iterable[AlertEndpoint] = (),
) -> KeyLoss:
    """Add the topic, its policy, and the rule that publishes to it."""
    topic = template.add_resource(
        sns.Topic(
            "KeyLossTopic",
            TopicName=stack_name("-key-loss"),
            DisplayName="DR System Key Loss",
            Subscription=[
                sns.Subscription(Endpoint=parameters.alert_email.ref(), Protocol="email")
            ],
        )
    )
    template.add_resource(
        sns.TopicPolicy(
            "KeyLossTopicPolicy",
            Topics=[topic.ref()],
            # A topic policy takes no condition on EventBridge.
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
            PolicyDocument=document(
                allow(
                    "LetEventBridgePublishKeyLosses",
                    [sns_actions.Publish],
                    [topic.ref()],
                    principal=service("events.amazonaws.com"),
                ),
                tls_only(topic),
            ),
        )
    )
    add_subscriptions(template, topic, endpoints)
    _add_rule(template, encryption, topic)
    return KeyLoss(topic=topic)


def _add_rule(template: StackTemplate, encryption: Encryption, topic: sns.Topic) -> None:
    """Such calls come from CloudTrail only, so the account needs a trail of management events.

    https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-kms.html
    """
    # A caller may name a key by its id or its ARN, and the event says what the caller said.
    names = [
        name
        for key in encryption.keys
        for name in (
            key.ref().rpartition("/")[2] if isinstance(key, ExistingResource) else key.ref(),
            key.get_att("Arn"),
        )
    ]
    template.add_resource(
        events.Rule(
            "KeyLossRule",
            Description="Tell of a key that is disabled, to be deleted or under another policy",
            EventPattern={
                "source": ["aws.kms"],
                "detail-type": ["AWS API Call via CloudTrail"],
                "detail": {
                    "eventSource": ["kms.amazonaws.com"],
                    "eventName": list(LOSSES),
                    "requestParameters": {"keyId": names},
                },
            },
            State="ENABLED",
            Targets=[
                events.Target(
                    Id="KeyLossTarget",
                    Arn=topic.ref(),
                    RetryPolicy=events.RetryPolicy(
                        MaximumEventAgeInSeconds=EVENT_AGE, MaximumRetryAttempts=EVENT_RETRIES
                    ),
                )
            ],
        )
    )
