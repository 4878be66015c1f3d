"""IAM documents as people write them: what stands alone needs no list around it."""

from collections.abc import Sequence
from typing import Any

from awacs import aws
from awacs.aws import Action, Allow, Condition, PolicyDocument, Principal

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


def allow(
    sid: str,
    actions: Sequence[Action],
    resources: Sequence[object],
    *,
    principal: Principal | None = None,
    condition: Condition | None = None,
) -> Statement:
    """Allow the actions on the resources.

    Args:
        sid: what the statement is for, as ``MoveTheWriter``. IAM takes letters and digits only,
            https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html,
            a key policy blanks too,
            https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html.
        actions: of one service.
        resources: ARNs, or ``*``.
        principal: whom a resource's own policy allows it.
        condition: what must hold besides.
    """
    who = {"Principal": principal} if principal else {}
    when = {"Condition": condition} if condition else {}
    return Statement(
        Sid=sid, Effect=Allow, **who, Action=list(actions), Resource=list(resources), **when
    )


def service(name: object) -> Principal:
    """A service's principal, as ``service("lambda.amazonaws.com")``."""
    return Principal("Service", name)
