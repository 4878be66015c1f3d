"""May an AWS service hand an event to a function or a topic: the resource's own policy decides."""

from collections.abc import Iterator

from drtemplate.cloudformation.policies import Request, Statement, allows
from drtemplate.world.roles import KEY_USE, Grants, Roles

ALARMS = "cloudwatch.amazonaws.com"
# By the service of the source and of the target, as their ARNs name them. Alarms invoke functions
# under a principal of their own.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
PRINCIPALS = {
    ("cloudwatch", "lambda"): "lambda.alarms.cloudwatch.amazonaws.com",
    ("cloudwatch", "sns"): ALARMS,
    ("events", "lambda"): "events.amazonaws.com",
    ("events", "sns"): "events.amazonaws.com",
}
ACTIONS = {"lambda": "lambda:InvokeFunction", "sns": "sns:Publish"}


class Deliveries:
    """The deployed policies of functions, topics and keys, in front of every delivery.

    Args:
        roles: what is deployed; a denial is noted there. None allows all.
    """

    def __init__(self, roles: Roles | None) -> None:
        self.roles = roles

    def may(self, source: str, target: str) -> bool:
        """Whether a rule or an alarm may call a target; ARNs."""
        if self.roles is None:
            return True
        decided = self.roles.deliveries
        if (source, target) not in decided:
            decided[source, target] = self._denial(self.roles.grants, source, target)
        denial = decided[source, target]
        if denial:
            self.roles.denials.append(denial)
        return denial is None

    def _denial(self, grants: Grants, source: str, target: str) -> str | None:
        kinds = source.split(":")[2], target.split(":")[2]
        principal = PRINCIPALS.get(kinds)
        if principal is None:
            return f"{source} cannot call {target}"
        for policy, request in self._asked(grants, principal, source, target):
            if not allows(policy, request):
                return f"{principal} may not {request.action} for {source} on {target}"
        return None

    def _asked(
        self, grants: Grants, principal: str, source: str, target: str
    ) -> Iterator[tuple[tuple[Statement, ...], Request]]:
        """What the target's policy is asked, and then the policy of the key that encrypts it.

        EventBridge gives the key no source to ask for; CloudWatch does.
        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
        """
        kind, who = target.split(":")[2], ("Service", principal)
        origin = {"aws:sourcearn": source, "aws:sourceaccount": grants.account}
        request = Request(action=ACTIONS[kind], resource=target, principal=who, context=origin)
        yield grants.resource_policies.get(target, ()), request
        key = grants.keys.get(target)
        given = origin if principal == ALARMS else {}
        for action in KEY_USE[kind] if key else ():
            request = Request(action=action, resource="*", principal=who, context=given)
            yield grants.key_policies.get(str(key), ()), request
