"""Which database instances an update restarts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drtemplate.cloudformation.changes import Differences, ResourceChange
from drtemplate.cloudformation.impact import RENEWED, behaviours, changed_paths, properties, surely
from drtemplate.cloudformation.reading import of_type, target_of
from drtemplate.cloudformation.updates import Behaviour

Template = Mapping[str, Any]
CLUSTER, INSTANCE = "AWS::RDS::DBCluster", "AWS::RDS::DBInstance"
PARAMETER_GROUP = "AWS::RDS::DBClusterParameterGroup"
_RESTARTING = RENEWED | {Behaviour.SOME_INTERRUPTION}
# What takes an outage for sure.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Modifying.html
_OUTAGE = frozenset(("Properties.DBInstanceClass", "Properties.EngineVersion"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """How many instances of a cluster restart, and whether they surely do."""

    count: int
    certain: bool
    because: str


def _restarts(change: ResourceChange) -> bool:
    return change.action == "Modify" and not _RESTARTING.isdisjoint(behaviours(change))


def all_restarting(old: Template, found: Differences) -> set[str]:
    """Each cluster of which every instance restarts by a change of its own."""
    changed = {one.logical_id for one in found.resources if one.type == INSTANCE and _restarts(one)}
    members = {cluster: set(_members(old, cluster)) for cluster, _ in of_type(old, CLUSTER)}
    return {cluster for cluster, names in members.items() if names and names <= changed}


def restart(old: Template, all_: set[str], change: ResourceChange) -> Restart | None:
    """What a change restarts: with an instance's own change, its cluster's, or that of the parameters.

    Args:
        old: the template that is deployed.
        all_: the clusters of which every instance changes, as ``all_restarting`` has them.
        change: of any resource.
    """
    paths = changed_paths(change)
    cluster: str | None = change.logical_id
    if change.type == INSTANCE and _restarts(change):
        cluster = target_of(properties(old, change).get("DBClusterIdentifier"))[0]
        because = "a change with interruption" + (" of each" if cluster in all_ else "")
    elif change.type == CLUSTER and _restarts(change):
        because = "a change of the cluster with interruption"
    elif change.type == CLUSTER and "Properties.DBClusterParameterGroupName" in paths:
        because = "static parameters of another group count after a restart"
    elif change.type == PARAMETER_GROUP and any(
        path.startswith("Properties.Parameters") for path in paths
    ):
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbclusterparametergroup.html
        because = "static parameters count after a restart"
        cluster = _user_of(old, change.logical_id)
    else:
        return None
    count = len(_members(old, cluster)) if cluster else 0
    if change.type == INSTANCE and cluster not in all_:
        count = 1
    certain = surely(change, Behaviour.REPLACEMENT) or any(paths.get(path) for path in _OUTAGE)
    return Restart(count=count, certain=certain, because=because) if count else None


def _user_of(template: Template, group: str) -> str | None:
    """The cluster that has the parameter group."""
    for name, facts in of_type(template, CLUSTER):
        if target_of(facts.get("DBClusterParameterGroupName"))[0] == group:
            return name
    return None


def _members(template: Template, cluster: str) -> list[str]:
    return [
        name
        for name, facts in of_type(template, INSTANCE)
        if target_of(facts.get("DBClusterIdentifier"))[0] == cluster
    ]
