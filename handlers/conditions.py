"""The conditions of an act: who must have seen what, and how long after the last one. Pure."""

from .refusal import Refusal
from .view import listed, readable

# Statuses in which an instance or a cluster serves, or should: no sign of somebody at work on it.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Status.html and, for instances,
# .../AuroraUserGuide/accessing-monitoring.html
IN_SERVICE = frozenset(
    "available backing-up storage-optimization storage-full failed failing-over inaccessible-encryption-credentials"
    " configuring-enhanced-monitoring configuring-log-exports configuring-iam-database-auth"
    " incompatible-network incompatible-option-group incompatible-parameters incompatible-restore".split()
)
# In somebody's hands for as long as they last.
IN_HANDS = frozenset("backtracking upgrading stopping stopped starting deleting".split())
# Seconds of the writer's row in which any other status, such as rebooting, passes.
PASSING = 90
# Seconds for which both observers must have had the writer dead: it, and not the one before it.
AGREED = 180
# Seconds after which an act whose run was lost should show; how old the newest word of a writer may be; and
# for how long an outage of which nobody speaks counts as the one that a lost run met.
SHOWS, SPOKEN, SAME = 60, 5, 300


def check_named(request, view):
    """The instances that a request names are members, and the expected writer writes.

    Raises:
        Refusal: one is not, or nobody can say.
    """
    if request.automatic and view.topology is None:
        return  # the application does not wait for RDS
    named = {"writer": request.writer, "expected_writer": request.expected_writer}
    for field, name in named.items():
        if name and name not in readable(view).members:
            members = listed(view.topology)
            raise Refusal("field", f"{field}: {name!r} is no member; they are {members}")
    expected = request.expected_writer
    if expected and expected != view.topology.writer:
        raise Refusal("another_writer", f"{expected} is not the writer, {view.topology.writer} is")


def check_witnesses(request, view):
    """What an automatic promotion needs: a vote, its witnesses, and nobody at work on the writer.

    Raises:
        Refusal: one does not hold.
    """
    if request.votes is not None and request.votes.get("database") is not False:
        raise Refusal("no_vote", "the call does not say that the writer is dead")
    if request.alarm and not view.aws_silent:
        raise Refusal("not_corroborated", "AWS still hears the writer, or hears no reader")
    if view.word and view.word.alive:
        # An alarm stands for a while after the writer is back.
        kind = "not_corroborated" if request.alarm else "seen_alive"
        raise Refusal(kind, f"observer {view.word.alive} has seen the writer alive since")
    topology = view.topology
    for name, status in (
        (topology.writer, view.statuses.get(topology.writer)),
        ("the cluster", topology.status),
    ):
        check_hands(name, status)
        if status is not None and status not in IN_SERVICE and view.row_age < PASSING:
            raise Refusal(
                "passing", f"{name} is {status}, which may pass: for {PASSING} s it is left alone"
            )
    statuses = (view.statuses.get(topology.writer), topology.status)
    if view.lately_held and all(one is None or one in IN_SERVICE for one in statuses):
        # It may be back just now, and the observers' next looks will tell.
        raise Refusal("settling", "somebody was at work on the writer seconds ago")


def check_hands(name, status):
    """Nobody is at work on the cluster or an instance; raises `Refusal` while somebody is."""
    if status in IN_HANDS:
        raise Refusal("in_hands", f"{name} is {status}: in somebody's hands")


def check_cooldown(request, view, component):
    """The cooldown of a component, in which a lost run's act is made again once while what it met lasts.

    One more automatic promotion passes it if AWS itself, or both observers for three minutes, have the
    writer dead.

    Raises:
        Refusal: it stands in the way.
    """
    state, now = view.state, view.now
    pending = state.pending.get(component)
    if request.automatic and pending and pending.lost and not pending.repeated:
        since, again = now - pending.since, pending.action == "failover"
        # Whether a lost latch took was read; a second one harms nothing.
        if component == "application" and again and since < SAME:
            return
        if component == "database" and pending.old == view.topology.writer:
            if since < SHOWS:
                raise Refusal(
                    "lost_run", f"the act of a lost run, {int(since)} s ago, may still show"
                )
            # A writer that has lived in between, and is dead again, is another outage.
            unseen = view.word and view.word.unseen
            same = since < SAME if unseen is None else unseen >= since - SPOKEN
            if again and same:
                return
    moves = state.moves_within(component, view.cooldown, now)
    if request.force or not moves:
        return
    if (
        request.automatic
        and component == "database"
        and moves == 1
        and (view.aws_silent or (view.agreed and now - max(state.moves[component]) >= AGREED))
    ):
        return
    last = int(now - max(state.moves[component]))
    raise Refusal("cooldown", f"in cooldown: the {component} was moved {last} s ago; force passes")


def check_calm(topology):
    """Nothing goes back while Aurora fails over; raises `Refusal` while it is known to."""
    if topology and topology.failing_over:
        raise Refusal("failing_over", "Aurora is failing over; ask again when it is done")


def candidates(view):
    """The available readers, lowest promotion tier first.

    Raises:
        Refusal: there is none; the reason has the first cause.
    """
    topology = view.topology
    found = tuple(one for one in topology.readers if view.statuses.get(one) == "available")
    if found:
        return found
    causes = [
        f"{one}: {view.statuses.get(one) or view.causes.get(one, 'unknown')}"
        for one in topology.readers
    ]
    raise Refusal(
        "no_reader", f"no reader is available; {'; '.join(causes) or 'the cluster has none'}"
    )


def check_sides(request, targets):
    """What a latch needs, right before it too: an automatic one a dead primary, and a standby that serves.

    Raises:
        Refusal: it does not hold.
    """
    primary, standby = targets.get("PRIMARY"), targets.get("STANDBY")
    if request.automatic:
        if primary is None:
            raise Refusal("targets_unreadable", "the primary's targets cannot be read")
        if "unhealthy" not in primary or "healthy" in primary:
            raise Refusal(
                "not_corroborated", "the primary has a healthy target, or no unhealthy one"
            )
    if standby is None:
        raise Refusal("targets_unreadable", "the standby's targets cannot be read")
    if "healthy" not in standby:
        raise Refusal("no_standby", "no healthy standby target: clients would be led to nobody")
