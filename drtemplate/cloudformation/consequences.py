"""What the changes between two templates mean to whoever runs the stack, in the words of the trade.

A verdict of CloudFormation says what happens to a resource. What follows from it for data, alerts and
the failover stands in no schema: it is read here from how the resources hang together.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from drtemplate.cloudformation.changes import Differences, ResourceChange
from drtemplate.cloudformation.impact import RENEWED, behaviours, changed_paths, properties, surely
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import branches, list_of, number_of, of_type, target_of
from drtemplate.cloudformation.restarts import all_restarting, restart
from drtemplate.cloudformation.retention import is_cluster_member
from drtemplate.cloudformation.updates import Behaviour

Template = Mapping[str, Any]
HEALTH_CHECK, RECORD = "AWS::Route53::HealthCheck", "AWS::Route53::RecordSet"
TOPIC, SUBSCRIPTION = "AWS::SNS::Topic", "AWS::SNS::Subscription"

# What a shorter time deletes.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Backups.html
_KEPT = {
    "AWS::Logs::LogGroup": ("RetentionInDays", "log events"),
    "AWS::RDS::DBCluster": ("BackupRetentionPeriod", "automated backups"),
}
_COUNTS = {1: "the instance", 2: "both instances"}


class Kind(StrEnum):
    """The kinds, the gravest first."""

    DELETES_DATA = "deletes data"
    COLLIDES = "collides by its fixed name"
    LIFTS_LATCH = "lifts the latch"
    RESTARTS = "restarts instances"
    DETACHES = "detaches a subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What one resource's change means.

    Attributes:
        certain: it happens in every stack; else it depends on the stack's own values or on AWS.
        words: the kind, said of this resource, as ``restarts both instances``.
        because: what makes it so.
    """

    kind: Kind
    logical_id: str
    certain: bool
    words: str
    because: str


def told(consequence: Consequence) -> str:
    """Its words; *may* where the stack's own values or AWS decide."""
    if consequence.certain:
        return consequence.words
    verb, _, rest = consequence.words.partition(" ")
    return f"may {re.sub('(?<=ch)es$|s$', '', verb)} {rest}"


def consequences(old: Template, new: Template, found: Differences) -> tuple[Consequence, ...]:
    """What the changes mean, the gravest kind first.

    Args:
        old: the template that is deployed.
        new: the one that an update would bring.
        found: what lies between them.
    """
    latched, all_ = _latched(old), all_restarting(old, found)
    kinds = list(Kind)
    every = [
        consequence
        for change in found.resources
        for consequence in (
            *_data(old, change),
            *_expiry(old, new, change),
            *_collision(change),
            *_latch(old, latched, change),
            *_restart(old, all_, change),
            *_subscriptions(old, new, change),
        )
    ]
    return tuple(sorted(every, key=lambda one: (kinds.index(one.kind), not one.certain)))


def _data(old: Template, change: ResourceChange) -> Iterator[Consequence]:
    if change.action == "Add" or not change.holds_data or change.old_resource_policy != "Delete":
        return
    if not is_cluster_member(properties(old, change)):
        yield _consequence(Kind.DELETES_DATA, change, "the old one goes, and nothing keeps it")


def _expiry(old: Template, new: Template, change: ResourceChange) -> Iterator[Consequence]:
    """What is kept for fewer days than before; a log group without a number keeps for ever."""
    kept = _KEPT.get(change.type)
    if kept is None or change.action in ("Add", "Remove"):
        return
    name, what = kept
    before, after = (properties(one, change).get(name) for one in (old, new))
    if before == after or after is None:
        return
    days = [number_of(one) for one in (before, after)]
    if before is not None and None not in days and days[1] >= days[0]:  # type: ignore[operator]
        return
    certain = days[1] is not None and (before is None or days[0] is not None)
    because = f"{what} older than {text_of(after) or 'the new number of'} days go"
    yield _consequence(Kind.DELETES_DATA, change, because, certain=certain)


def _collision(change: ResourceChange) -> Iterator[Consequence]:
    if change.collision:
        certain = change.action == "Add" or surely(change, Behaviour.REPLACEMENT)
        yield _consequence(Kind.COLLIDES, change, change.collision, certain=certain)


def _latched(old: Template) -> set[str]:
    """The health checks by which a failover holds clients on the standby: those of primary records."""
    records = [facts for _, facts in of_type(old, RECORD) if facts.get("Failover") == "PRIMARY"]
    names = {target_of(facts.get("HealthCheckId"))[0] for facts in records}
    return {name for name, _ in of_type(old, HEALTH_CHECK) if name in names}


def _latch(old: Template, latched: set[str], change: ResourceChange) -> Iterator[Consequence]:
    """A latch is Disabled and Inverted in the configuration, which no template has.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_UpdateHealthCheck.html
    """
    paths, removed = changed_paths(change), change.action == "Remove"
    if change.logical_id in latched:
        anew = [
            sure
            for path, sure in paths.items()
            if f"{path}.".startswith("Properties.HealthCheckConfig.")
        ]
        if removed or anew:
            because = "on a live stack, clients that a failover holds on the standby swing back"
            yield _consequence(Kind.LIFTS_LATCH, change, because, certain=removed or any(anew))
    elif target_of(properties(old, change).get("HealthCheckId"))[0] in latched:
        names = ("Properties.HealthCheckId", "Properties.Failover")
        if removed or any(paths.get(name) for name in names):
            because = "the record no longer heeds the health check that a failover latches"
            yield _consequence(Kind.LIFTS_LATCH, change, because, certain=True)


def _restart(old: Template, all_: set[str], change: ResourceChange) -> Iterator[Consequence]:
    if found := restart(old, all_, change):
        words = f"restarts {_COUNTS.get(found.count, f'all {found.count} instances')}"
        yield _consequence(Kind.RESTARTS, change, found.because, certain=found.certain, words=words)


def _subscriptions(old: Template, new: Template, change: ResourceChange) -> Iterator[Consequence]:
    """An endpoint that is subscribed no more, or must confirm again.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html
    """
    if change.action == "Add" or change.type not in (TOPIC, SUBSCRIPTION):
        return
    renewed = change.action == "Remove" or not RENEWED.isdisjoint(behaviours(change))
    if change.type == SUBSCRIPTION and renewed:
        until = "" if change.action == "Remove" else " until it confirms again"
        yield _consequence(Kind.DETACHES, change, f"its endpoint hears nothing{until}")
    elif change.type == TOPIC and renewed:
        words = "detaches every subscription"
        because = "who subscribed, by hand too, must subscribe and confirm again"
        yield _consequence(Kind.DETACHES, change, because, words=words)
    elif change.type == TOPIC:
        gone = _endpoints(old, change) - _endpoints(new, change)
        inherited = [one.path for one in change.inherited if ".Subscription" in one.path]
        for protocol, endpoint in sorted(gone):
            because = f"{protocol} {endpoint} is unsubscribed before another one is confirmed"
            yield _consequence(Kind.DETACHES, change, because, certain=True)
        if inherited and not gone:
            because = "an endpoint may have another value, which is to be confirmed first"
            yield _consequence(Kind.DETACHES, change, because, certain=False)


def _endpoints(template: Template, change: ResourceChange) -> set[tuple[str, str]]:
    """Protocol and endpoint of each subscription that the topic has, or may have by a condition."""
    return {
        (text_of(one.get("Protocol")) or "", text_of(one.get("Endpoint")) or "an endpoint")
        for listed in branches(properties(template, change).get("Subscription"))
        for item in list_of(listed)
        for one in branches(item)
        if isinstance(one, Mapping)
    }


def _consequence(
    kind: Kind,
    change: ResourceChange,
    because: str,
    *,
    certain: bool | None = None,
    words: str = "",
) -> Consequence:
    if certain is None:
        certain = surely(change, Behaviour.REPLACEMENT)
    return Consequence(
        kind=kind,
        logical_id=change.logical_id,
        certain=certain,
        words=words or kind.value,
        because=because,
    )
