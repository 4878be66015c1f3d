"""How an AWS service hands an event to a function or a topic, and who lets it."""

import json
from collections.abc import Mapping
from typing import Any

from chain.gate import KEY_USE
from drtemplate.cloudformation.policies import Request, allows

EVENTS, ALARMS = "events.amazonaws.com", "cloudwatch.amazonaws.com"
# Alarms invoke functions under a principal of their own.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
ALARMS_TO_LAMBDA = "lambda.alarms.cloudwatch.amazonaws.com"


class Delivery:
    """The deployed resource-based policies, in front of every delivery."""

    def __init__(self, world: Any) -> None:
        self.world = world

    def hand(
        self, target: str, event: Mapping[str, Any], to_lambda: str, to_topic: str, source: str
    ) -> None:
        """A service hands an event to a target, under its principal for that kind of target."""
        if ":lambda:" in target:
            self.world.functions.invoke(target, event, to_lambda, source)
        elif ":sns:" in target:
            self._publish(target, event, to_topic, source)
        else:
            self.world.gate.violations.append(f"{to_lambda} cannot deliver to {target}")

    def _publish(self, topic: str, event: Mapping[str, Any], service: str, source: str) -> None:
        """A service publishes: the topic's policy, then the key's, must let it.

        EventBridge gives the key no source to ask for; CloudWatch does.
        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
        """
        principal, context = ("Service", service), self.source(source)
        asked = [("sns:Publish", topic, self.world.deployment.topic_policies[topic], context)]
        if topic in self.world.deployment.keys:
            policy = self.world.deployment.key_policies[self.world.deployment.keys[topic]]
            given = context if service == ALARMS else {}
            asked += [(action, "*", policy, given) for action in KEY_USE["sns"]]
        for action, resource, policy, given in asked:
            request = Request(action=action, resource=resource, principal=principal, context=given)
            if not allows(policy, request):
                self.world.gate.violations.append(f"{service} may not {action} for {topic}")
                return
        name = event.get("alarmData", {}).get("alarmName") or event.get("detail-type")
        self.world.client("sns").publish(TopicArn=topic, Subject=name, Message=json.dumps(event))

    def source(self, arn: str) -> dict[str, str]:
        """The context in which a service acts for one of the account's resources."""
        return {"aws:sourcearn": arn, "aws:sourceaccount": self.world.account.number}
