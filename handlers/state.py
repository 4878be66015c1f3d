"""The state of the automation: what it holds, and in which order a run may change it."""

from typing import NamedTuple

# Allowed transitions of Status. FAILED -> COMPLETED and FAILED_BACK: what a run had begun was found done later.
TRANSITIONS = {
    "IDLE": ("IN_PROGRESS",),
    "IN_PROGRESS": ("COMPLETED", "FAILED", "FAILED_BACK"),
    "COMPLETED": ("IN_PROGRESS",),
    "FAILED": ("IN_PROGRESS", "COMPLETED", "FAILED_BACK"),
    "FAILED_BACK": ("IN_PROGRESS",),
}
# Seconds that a lease lives without a write, and that clocks of two hosts may be apart.
LEASE, SKEW = 45, 240
# Seconds after which nobody waits any longer for the end of what a run has begun.
PENDING = 3600
# Why people are told of a run that was lost, as long as nothing else is known of it.
LOST = "abandoned: the run was lost"


class Pending(NamedTuple):
    """What a run has begun on a component, and has not yet seen the end of.

    Attributes:
        old, target: the instances; for the application None.
        since: epoch seconds of the intent.
        run: the key of the run's item.
        accepted: whether AWS has said yes.
        lost: whether the run was abandoned.
        repeated: whether the one repeat of a lost act was made.
        rolled_back: whether Aurora was seen to give it up.
    """

    attempt_id: str
    action: str
    old: str | None
    target: str | None
    since: float
    run: str
    accepted: bool = False
    lost: bool = False
    repeated: bool = False
    rolled_back: bool = False


class State(NamedTuple):
    """The item. What is not there is None or empty, and is not written.

    Attributes:
        token: the fencing token as it was read; None before the first write.
        writer: who wrote when somebody looked last.
        home: where the writer was before the first move since the last completed fail back.
        moves: by component, epoch seconds of each accepted move or observed change.
        pending: by component, see `Pending`.
        untold: by the key of a run's record, why people still have to be told how it ended.
        configuration: the last usable one.
        alarms: by name, since when: alarms whose run was refused and is to be made again.
        faults_told: the faults of the configuration that people were told of.
        odd_latch_told: whether people were told of a health check that is disabled and not inverted.
    """

    status: str = "IDLE"
    token: object = None
    lease_expires: float = 0.0
    owner: str = ""
    attempt_id: str = ""
    automatic: bool = False
    mode: str = ""
    reason: str = ""
    votes: dict | None = None
    start_time: str = ""
    completed_time: str = ""
    duration: float | None = None
    stages: dict = {}
    previous_writer: str = ""
    new_writer: str = ""
    latched: bool | None = None
    error: str = ""
    latch_error: str = ""
    notes: tuple = ()
    unlocked: bool = False
    writer: str = ""
    home: str = ""
    moves: dict = {}
    pending: dict = {}
    untold: dict = {}
    configuration: dict = {}
    alarms: dict = {}
    faults_told: str = ""
    odd_latch_told: bool = False

    @property
    def run_key(self):
        """The key of the present or last run's own item."""
        return f"RUN#{self.start_time}#{self.attempt_id}"

    def leased(self, now):
        """Whether a run is under way; a lease far beyond what any host writes is void."""
        return self.status == "IN_PROGRESS" and now <= self.lease_expires <= now + LEASE + SKEW

    def moves_within(self, component, seconds, now):
        """How many moves of a component began in so many seconds past."""
        return sum(now - when < seconds for when in self.moves.get(component, ()))

    def with_move(self, component, now):
        """The same after a move."""
        # More than the longest cooldown looks back at nobody asks for.
        kept = [when for when in self.moves.get(component, ()) if now - when < 90000][-9:]
        return self._replace(moves={**self.moves, component: (*kept, now)})

    def at_home(self):
        """The same after a fail back: a new beginning, in which the cooldown counts from here alone."""
        last = {name: times[-1:] for name, times in self.moves.items()}
        return self._replace(home="", moves=last)

    def owing(self, run, reason):
        """The same, with people to be told how a run ended; no more than they can read."""
        return self._replace(untold={**dict(list(self.untold.items())[-9:]), run: reason})

    def made_good(self, attempt_id):
        """The same when an attempt has got there: of its lost runs that left nothing to see through, no mail speaks.

        It would come after that of the end, and say that the attempt has failed.
        """
        waited_for = {pending.run for pending in self.pending.values()}
        untold = {
            run: why
            for run, why in self.untold.items()
            if why != LOST
            or run in waited_for
            or run.partition("#")[2].partition("#")[2] != attempt_id
        }
        return self._replace(untold=untold)

    def without(self, run):
        """The same, waiting for nothing of a run any more."""
        return self._replace(
            pending={name: one for name, one in self.pending.items() if one.run != run}
        )

    def with_pending(self, component, pending):
        """The same, waiting for something else, or for nothing."""
        others = {name: one for name, one in self.pending.items() if name != component}
        return self._replace(pending=others if pending is None else {**others, component: pending})
