"""IAM documents as people write them: what stands alone needs no list around it."""

from typing import Any

from awacs import aws
from awacs.aws import Action, Allow, PolicyDocument, Principal

VERSION = "2012-10-17"


class Statement(aws.Statement):
    """A statement in which a list of one action or resource is written as that one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """

    def JSONrepr(self) -> dict[str, Any]:
        """The statement as a dictionary."""
        return {key: _alone(value) for key, value in super().JSONrepr().items()}


def _alone(value: object) -> object:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def document(*statements: Statement) -> PolicyDocument:
    """A policy document in IAM's current language."""
    return PolicyDocument(Version=VERSION, Statement=list(statements))


def allow(actions: list[Action], resources: list[object], **properties: object) -> Statement:
    """Allow the actions on the resources; ``properties`` are Sid, Principal and Condition."""
    return Statement(Effect=Allow, Action=actions, Resource=resources, **properties)


def service(name: object) -> Principal:
    """A service's principal, as ``service("lambda.amazonaws.com")``."""
    return Principal("Service", name)
