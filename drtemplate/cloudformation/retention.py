"""What becomes of a resource that is removed or replaced, from its policies."""

from collections.abc import Iterable, Mapping
from typing import Any

from drtemplate.cloudformation.updates import Behaviour

Resource = Mapping[str, Any]
# What becomes of the old resource, from the worst on.
OUTCOMES = ("Delete", "Snapshot", "Retain")


def is_cluster_member(properties: Mapping[str, Any]) -> bool:
    """Whether a database instance keeps its data in its cluster's storage, and none of its own."""
    return "DBClusterIdentifier" in properties


def when_removed(resource: Resource) -> str:
    """What becomes of it when the stack no longer has it: Delete, Snapshot or Retain.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    alone = not is_cluster_member(resource.get("Properties", {}))
    type_ = resource["Type"]
    is_database = type_ == "AWS::RDS::DBCluster" or (type_ == "AWS::RDS::DBInstance" and alone)
    return _outcome(resource.get("DeletionPolicy") or ("Snapshot" if is_database else "Delete"))


def when_modified(versions: Iterable[Resource], behaviours: Iterable[Behaviour]) -> str:
    """The worst that may become of the old resource; '' if it stays for sure.

    Args:
        versions: the resource in both templates.
        behaviours: of all its changes.
    """
    both, found = list(versions), set(behaviours)
    outcomes: list[str] = []
    if found & {Behaviour.CONDITIONAL, Behaviour.REPLACEMENT}:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
        outcomes += [_outcome(resource.get("UpdateReplacePolicy")) for resource in both]
    if Behaviour.ADDED_OR_REMOVED in found:
        outcomes += map(when_removed, both)
    return min(outcomes, key=OUTCOMES.index, default="")


def _outcome(policy: Any) -> str:
    """What a policy does to a resource that has been made; without one it is deleted."""
    if policy == "RetainExceptOnCreate":
        return "Retain"
    return policy if policy in OUTCOMES else "Delete"
