"""Whether a stack may be rehearsed with: a Staging one, at home, that nobody is at work on."""

from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.reading import mapping_of
from drtemplate.deploying.account import account_call
from drtemplate.deploying.living import Living
from drtemplate.deploying.preflight import READY
from drtemplate.errors import DeployError

# The orchestrator's own default: groups/handlers.py.
COOLDOWN = 3600
CLUSTER = "AuroraDBCluster"
_RESTING = ("IDLE", "COMPLETED", "FAILED_BACK")
_BACK = "fail back first (docs/runbook.md#fail-back)"


def check_staging(living: Living) -> None:
    """Refuse any stack but a Staging one that is not being deployed.

    Raises:
        DeployError: it is another.
    """
    stack, environment = living.target.stack, living.values.get("Environment")
    if environment != "Staging":
        raise DeployError(
            f"{stack} has Environment {environment or 'unknown'}, and a rehearsal moves the writer and "
            "the clients: it is for Staging stacks alone; in Production make a planned failover "
            "(docs/runbook.md#planned-failover)"
        )
    if living.stack.status not in READY:
        raise DeployError(
            f"{stack} is in {living.stack.status}; rehearse when nothing is at work on it"
        )


def members(living: Living) -> dict[str, str]:
    """Instance -> status of the stack's cluster.

    Raises:
        DeployError: RDS does not answer.
    """
    with account_call("ask for the cluster's instances"):
        told = living.account.client("rds").describe_db_instances(
            Filters=[{"Name": "db-cluster-id", "Values": [living.ids[CLUSTER]]}]
        )
        return {
            str(one["DBInstanceIdentifier"]): str(one["DBInstanceStatus"])
            for one in told["DBInstances"]
        }


def disquiet(
    status: Mapping[str, Any], members: Mapping[str, str], components: tuple[str, ...], now: float
) -> Iterator[str]:
    """Why this is no moment for a rehearsal, one line each; none if it is one.

    Args:
        status: the orchestrator's answer to ``status``.
        members: the cluster's instances and their statuses.
        components: what is to be moved.
        now: epoch seconds.
    """
    state, check = status.get("state"), status.get("health_check")
    if not isinstance(state, dict):
        yield "the failover's state cannot be read: look at the state table"
        return
    if state.get("Status") not in _RESTING:
        yield (
            f"its last run is {state.get('Status')}: see it to its end "
            "(docs/runbook.md#after-a-failed-or-abandoned-run)"
        )
    yield from (
        f"the end of a run for the {one} is not known yet: wait for it"
        for one in mapping_of(state.get("Pending"))
    )
    for alarm in mapping_of(state.get("Alarms")):
        yield f"the alarm {alarm} stands, and its run is made again: look at what it tells of"
    if not isinstance(check, dict):
        yield "the latch cannot be read: ask Route 53"
    elif check.get("disabled") or check.get("inverted"):
        yield f"the primary's health check is latched: {_BACK}"
    yield from _database(status, state, members)
    yield from _cooldown(state, components, now)


def _database(
    status: Mapping[str, Any], state: Mapping[str, Any], members: Mapping[str, str]
) -> Iterator[str]:
    writer, home = status.get("writer"), state.get("Home")
    if not writer or not status.get("readers"):
        yield "the cluster has not exactly one writer and a reader: look at its instances"
    if home and home != writer:
        yield f"{writer} writes, and home is {home}: {_BACK}"
    if status.get("cluster_status") != "available":
        yield f"the cluster is {status.get('cluster_status')}: wait until it is available"
    yield from (
        f"{name} is {found}, and so in somebody's hands: wait until it is available"
        for name, found in members.items()
        if found != "available"
    )


def _cooldown(state: Mapping[str, Any], components: tuple[str, ...], now: float) -> Iterator[str]:
    whole = float(mapping_of(state.get("Configuration")).get("cooldown_seconds", COOLDOWN))
    for component in components:
        moves = [float(when) for when in mapping_of(state.get("Moves")).get(component, ())]
        left = max(moves, default=0.0) + whole - now
        if left > 0:
            yield f"the {component} was moved lately: wait for the cooldown, {left:.0f} s more"
