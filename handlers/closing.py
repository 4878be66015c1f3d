"""What the state says, set right by what is: moves that others made, and runs whose end nobody saw. Pure."""

from typing import NamedTuple

from .conditions import SHOWS
from .item import iso
from .state import LOST, PENDING


class Closed(NamedTuple):
    """A run that has ended otherwise than its own record says.

    Attributes:
        run: the key of its record.
        status: COMPLETED, FAILED_BACK, or FAILED; empty while another part of the run decides that.
        waiting: the components of which the end is not seen yet.
    """

    run: str
    status: str
    old: str = ""
    new_writer: str = ""
    error: str = ""
    waiting: tuple = ()

    @property
    def reason(self):
        """In words, as people are told it."""
        left = f"; not yet seen: {', '.join(self.waiting)}" if self.waiting else ""
        return self.error or f"seen through later: {self.status}{left}"


def reconcile(state, topology, latched, now):
    """The state as it should be, and who wrote before if another instance was found to write.

    Another writer than the recorded one: somebody (Aurora, a person, a run without the table) has moved it,
    which starts the cooldown. A home that is gone is forgotten.
    """
    moved_from = None
    if latched is not None and latched is not state.latched:
        known = state.latched is not None
        state = (state.with_move("application", now) if known else state)._replace(latched=latched)
    if topology is None or topology.writer is None or topology.failing_over:
        return state, moved_from
    writer = topology.writer
    if state.home and state.home not in topology.members:
        state = state._replace(home="")
    if state.writer and state.writer != writer:
        moved_from = state.writer
        pending = state.pending.get("database")
        counted = pending and pending.accepted and pending.old == moved_from
        # What came of a promotion that was given up is another move.
        counted = counted and not pending.rolled_back
        state = state if counted else state.with_move("database", now)
        home = state.home or (moved_from if moved_from in topology.members else "")
        state = state._replace(home=home)
        if state.previous_writer == writer:
            state = state._replace(previous_writer=moved_from, new_writer=writer)
    return state._replace(writer=writer), moved_from


def abandon(state, now):
    """A run whose lease has expired has failed; what it had begun is still to be seen through."""
    if state.status != "IN_PROGRESS" or state.leased(now):
        return state
    pending = {name: one._replace(lost=True) for name, one in state.pending.items()}
    state = state.owing(state.run_key, LOST)
    return state._replace(status="FAILED", error=LOST, pending=pending)


def close(state, topology, latched, now):
    """Close what runs have begun and is now over, each bound to its own old and new instance.

    Returns:
        The state, and a `Closed` for each.
    """
    closed = []
    for component, pending in state.pending.items():
        if now - pending.since > PENDING:
            state = state.with_pending(component, None)
            continue
        end = (
            _end_of_latch(pending, latched)
            if component == "application"
            else _end_of_promotion(pending, topology, now)
        )
        if end is None:
            continue
        if end.status == "FAILED":
            state = state.with_pending(component, pending._replace(rolled_back=True))
        else:
            state = state.with_pending(component, None)
            waiting = tuple(name for name, one in state.pending.items() if one.run == pending.run)
            end = end._replace(waiting=waiting)
            # What was asked for of the database is the greater part; of a fail back both are needed.
            if waiting and (component == "application" or pending.action == "failback"):
                end = end._replace(status="")
        closed.append(end)
        state = _close_status(state, pending, end, now)
    return state, closed


def _end_of_promotion(pending, topology, now):
    if topology is None or topology.status != "available" or topology.writer is None:
        return None
    if topology.writer == pending.target or (
        pending.target is None and topology.writer != pending.old
    ):
        status = "FAILED_BACK" if pending.action == "failback" else "COMPLETED"
        return Closed(pending.run, status, old=pending.old or "", new_writer=topology.writer)
    gone = topology.writer == pending.old and now - pending.since >= SHOWS
    if gone and pending.accepted and not pending.rolled_back:
        return Closed(pending.run, "FAILED", error=f"{pending.old} not replaced: rolled back")
    return None


def _end_of_latch(pending, latched):
    if latched is None or latched is (pending.action == "failback"):
        return None
    return Closed(pending.run, "FAILED_BACK" if pending.action == "failback" else "COMPLETED")


def _close_status(state, pending, end, now):
    """The item's own status, if it is still about that run and waits for nothing else."""
    if end.status and end.run in state.untold:
        state = state.owing(end.run, end.reason)
    if state.attempt_id != pending.attempt_id or state.status != "FAILED":
        return state
    if end.status == "FAILED":
        return state.owing(end.run, end.error)._replace(error=end.error)
    done = state
    if end.new_writer:
        done = done._replace(previous_writer=end.old, new_writer=end.new_writer)
    if end.new_writer and pending.action == "failback":
        done = done.at_home()
    waiting = any(one.attempt_id == pending.attempt_id for one in state.pending.values())
    if waiting or state.latch_error:
        return done
    done = done.owing(end.run, end.reason)
    return done._replace(status=end.status, error="", completed_time=iso(now))
