"""The decision: from event, state, topology, witnesses and time to what is done, or why not. Pure."""

from .conditions import (
    candidates,
    check_calm,
    check_cooldown,
    check_named,
    check_sides,
    check_witnesses,
)
from .refusal import Refusal
from .view import LATCH, NOTHING, PROMOTE, RELEASE, VERIFY, Decision, listed, readable


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
        pending = state.pending.get("database")
        if pending and pending.old == (state.writer or old) and not pending.rolled_back:
            # Its own end is seen by the sweep; another run that takes it over would hide it.
            reason = f"Aurora is failing over, as {pending.attempt_id} has asked"
            return Decision("database", NOTHING, reason=reason)
        return Decision(
            "database", VERIFY, state.writer or old, reason="Aurora is failing over by itself"
        )
    if topology.writer is None:
        raise Refusal("no_writer", f"RDS lists not exactly one writer of {listed(topology)}")
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
    if (state.previous_writer, state.new_writer) == (old, writer):
        return Decision("database", NOTHING, reason=f"{writer} is known to have replaced {old}")
    pending = state.pending.get("database")
    wrote = old in (view.moved_from, pending and pending.old)
    if not wrote and not request.automatic:
        raise Refusal("another_writer", f"{old} is not the writer, {writer} is")
    if not wrote and view.recorded:
        return Decision("database", NOTHING, reason=f"{writer} writes, and {old} did not before")
    return Decision("database", VERIFY, old, reason=f"{writer} writes already")


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


def decide_return(request, view):
    """Whether the writer goes home.

    Raises:
        Refusal: it cannot, now.
    """
    topology, home = readable(view), view.state.home
    check_calm(topology)
    if topology.writer is None:
        raise Refusal("no_writer", f"RDS lists not exactly one writer of {listed(topology)}")
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
    check_calm(view.topology)
    primary = view.targets.get("PRIMARY")
    if not request.force:
        if primary is None:
            raise Refusal("targets_unreadable", "the primary's targets cannot be read")
        if "healthy" not in primary:
            raise Refusal("primary_unhealthy", "the primary has no healthy target")
    return Decision("application", RELEASE, reason="fail back")
