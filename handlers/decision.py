"""The decision: from event, state, topology, witnesses and time to what is done, or why not. Pure."""

from typing import NamedTuple

from .refusal import Refusal
from .topology import Topology

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
# Seconds after which an act whose run was lost should show.
SHOWS = 60

# What is done with a component.
PROMOTE, LATCH, RELEASE, VERIFY, NOTHING = "PROMOTE", "LATCH", "RELEASE", "VERIFY", "NOTHING"


class Word(NamedTuple):
    """What the observers say of the writer.

    Attributes:
        alive: which observer has seen it alive since it was first missed, and None if none has.
        waited: seconds that observers were waited for.
        heard: epoch seconds at which they were heard; 0 if nobody was asked.
        spoken: for an alarm, when AWS has heard a reader last, on CloudWatch's clock.
    """

    alive: str | None = None
    waited: float = 0.0
    heard: float = 0.0
    spoken: float | None = None


class Decision(NamedTuple):
    """What is to be done with one component.

    Attributes:
        kind: PROMOTE, LATCH, RELEASE, VERIFY (wait for who writes), or NOTHING.
        old: the writer that is to be replaced.
        targets: whom to promote, in the order in which they are tried.
        refused: one word for why nothing is done; empty where nothing need be done.
        reason: in words.
    """

    component: str
    kind: str
    old: str | None = None
    targets: tuple = ()
    refused: str = ""
    reason: str = ""

    @property
    def acts(self):
        """Whether it takes the lease."""
        return self.kind != NOTHING


class View(NamedTuple):
    """All that a decision rests on, read before it.

    Attributes:
        state: as reconciled with the topology.
        topology: None if it cannot be read, and ``unreadable`` says why.
        statuses: by instance; None where it cannot be read.
        targets: by side, PRIMARY and STANDBY, the states of its targets; None if unreadable.
        word: of the observers; None where nobody was asked.
        aws_silent, agreed: the two ways of rule 7; None where nobody was asked.
        now: epoch seconds.
        row_age: seconds that the writer has been bad.
        lately_held: whether calls were refused seconds ago since somebody was at work on the writer.
        recorded: whether anybody had recorded who writes.
        moved_from: who wrote before, if another instance was found to write just now.
        causes: by instance, why its status is unreadable.
    """

    state: object
    topology: Topology | None
    cooldown: float
    now: float
    unreadable: str = ""
    statuses: dict = {}
    targets: dict = {}
    word: Word | None = None
    aws_silent: bool | None = None
    agreed: bool | None = None
    row_age: float = 0.0
    lately_held: bool = False
    recorded: bool = False
    moved_from: str | None = None
    causes: dict = {}


def decide(request, view):
    """A decision for each component that is asked for.

    The components of a fail back hold together: the conditions of both before either moves.

    Raises:
        Refusal: an instance that the request names is no member, or not the expected one; then nothing of it is done.
    """
    check_named(request, view)
    back = request.action == "failback"
    deciders = {
        "database": decide_return if back else decide_database,
        "application": decide_release if back else decide_application,
    }
    made = []
    for component in request.components:
        try:
            made.append(deciders[component](request, view))
        except Refusal as refusal:
            made.append(Decision(component, NOTHING, refused=refusal.kind, reason=refusal.reason))
    if back and any(one.refused for one in made):
        return tuple(one for one in made if one.refused)
    return tuple(reversed(made)) if back else tuple(made)


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
            members = _listed(view.topology)
            raise Refusal("field", f"{field}: {name!r} is no member; they are {members}")
    expected = request.expected_writer
    if expected and expected != view.topology.writer:
        raise Refusal("another_writer", f"{expected} is not the writer, {view.topology.writer} is")


def decide_database(request, view):
    """Whom to replace, and by whom.

    Raises:
        Refusal: one of the conditions of an automatic promotion does not hold, or nobody can write.
    """
    topology, state = readable(view), view.state
    old = request.writer or request.expected_writer
    if topology.failing_over:
        # Whom Aurora replaces, only what was recorded before it began can say.
        if not (state.writer or old):
            raise Refusal(
                "nobody_named", "Aurora is failing over, and nobody knows who wrote before"
            )
        return Decision(
            "database", VERIFY, state.writer or old, reason="Aurora is failing over by itself"
        )
    if topology.writer is None:
        raise Refusal("no_writer", f"RDS lists not exactly one writer of {_listed(topology)}")
    if request.alarm or not (old or request.automatic):
        old = topology.writer
    if old is None and view.moved_from:
        old = view.moved_from
    if old is None:
        raise Refusal("nobody_named", f"the call names no writer, and {topology.writer} writes")
    if topology.writer != old:
        return decide_other_writer(request, view, old)
    if request.automatic:
        check_witnesses(request, view)
    check_cooldown(request, view, "database")
    return Decision("database", PROMOTE, old, candidates(view), reason=request.reason)


def decide_other_writer(request, view, old):
    """Another instance writes than the one to be replaced: a move, or a name that never wrote.

    Raises:
        Refusal: by hand, and nothing shows that it has written.
    """
    state, writer = view.state, view.topology.writer
    replaced = (state.previous_writer, state.new_writer) == (old, writer)
    if replaced and state.status in ("COMPLETED", "FAILED_BACK"):
        return Decision("database", NOTHING, reason=f"{writer} is known to have replaced {old}")
    pending = state.pending.get("database")
    wrote = old in (view.moved_from, pending and pending.old)
    if not wrote and not request.automatic:
        raise Refusal("another_writer", f"{old} is not the writer, {writer} is")
    if not wrote and view.recorded:
        return Decision("database", NOTHING, reason=f"{writer} writes, and {old} did not before")
    return Decision("database", VERIFY, old, reason=f"{writer} writes already")


def check_witnesses(request, view):
    """Rules 1 to 4 of an automatic promotion.

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
        if status in IN_HANDS:
            raise Refusal("in_hands", f"{name} is {status}: in somebody's hands")
        if status is not None and status not in IN_SERVICE and view.row_age < PASSING:
            raise Refusal(
                "passing", f"{name} is {status}, which may pass: for {PASSING} s it is left alone"
            )
    statuses = (view.statuses.get(topology.writer), topology.status)
    if view.lately_held and all(one is None or one in IN_SERVICE for one in statuses):
        # It may be back just now, and the observers' next looks will tell.
        raise Refusal("settling", "somebody was at work on the writer seconds ago")


def check_cooldown(request, view, component):
    """The cooldown of a component; a lost run's act is made again once, and rule 7 allows one more.

    Raises:
        Refusal: it stands in the way.
    """
    state, now = view.state, view.now
    pending = state.pending.get(component)
    if request.automatic and pending and pending.lost and not pending.repeated:
        if component == "application":
            return  # whether the lost latch took was read; a second one harms nothing
        if pending.old == view.topology.writer:
            if now - pending.since >= SHOWS:
                return
            seconds = int(now - pending.since)
            raise Refusal("lost_run", f"the act of a lost run, {seconds} s ago, may still show")
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


def decide_application(request, view):
    """Whether to latch the primary's health check, so that clients stay on the standby.

    Raises:
        Refusal: the standby cannot serve, or the primary can.
    """
    if view.state.latched and not request.force:
        return Decision("application", NOTHING, reason="latched already")
    if len(request.components) == 1 or None not in view.targets.values():
        check_sides(request, view.targets)  # and again right before the act
    check_cooldown(request, view, "application")
    return Decision("application", LATCH, reason=request.reason)


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


def decide_return(request, view):
    """Whether the writer goes home.

    Raises:
        Refusal: it cannot, now.
    """
    topology, home = readable(view), view.state.home
    if topology.failing_over:
        raise Refusal("failing_over", "Aurora is failing over; ask again when it is done")
    if topology.writer is None:
        raise Refusal("no_writer", f"RDS lists not exactly one writer of {_listed(topology)}")
    if not home or home == topology.writer:
        return Decision("database", NOTHING, reason=f"{topology.writer} is home")
    if home not in topology.members:
        return Decision("database", NOTHING, reason=f"{home} is gone")
    status = view.statuses.get(home)
    if status != "available" and not request.force:
        raise Refusal(
            "home_unavailable",
            f"{home} is not available but {status or view.causes.get(home, 'unknown')}",
        )
    return Decision("database", PROMOTE, topology.writer, (home,), reason="fail back")


def decide_release(request, view):
    """Whether the latch is released; it is so at every fail back, since a second time harms nothing.

    Raises:
        Refusal: the primary cannot serve.
    """
    if view.topology and view.topology.failing_over:
        raise Refusal("failing_over", "Aurora is failing over; ask again when it is done")
    primary = view.targets.get("PRIMARY")
    if not request.force:
        if primary is None:
            raise Refusal("targets_unreadable", "the primary's targets cannot be read")
        if "healthy" not in primary:
            raise Refusal("primary_unhealthy", "the primary has no healthy target")
    return Decision("application", RELEASE, reason="fail back")


def readable(view):
    """The topology.

    Raises:
        Refusal: it could not be read.
    """
    if view.topology is None:
        raise Refusal("unreadable", f"the cluster cannot be read: {view.unreadable}")
    return view.topology


def _listed(topology):
    return ", ".join(topology.members)
