"""One run of a scenario: what it measured, and what happened in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drtemplate.world.journal import Moment

# Seconds each, as design section 6 parts them.
STAGES = (
    "signal",  # fault -> AWS's own signal shows it (debounced target, refused connection)
    "detect",  # AWS's signal -> the monitor's signal stands
    "grace",  # the configured wait where one signal decides alone
    "wait",  # of what follows the call, the wait for another observer's word
    "decide",  # the rest: the call -> AWS accepted the promotion or the latch; a cold start included
    "promote",  # accepted -> another instance writes, in a cluster that is available again
    "latch",  # that -> AWS accepted the latch, where both are moved; a part of verify
    "verify",  # promoted -> the orchestrator has recorded it
    "client_cached",  # fault -> a client that caches DNS is served again
    "client_uncached",  # fault -> a client that asks DNS each time is served again
)
# Sums of a single run: the percentile of a sum is not the sum of percentiles.
SUMS = {
    "accepted": ("signal", "detect", "grace", "wait", "decide"),
    "own_share": ("detect", "wait", "decide", "verify"),
}
MEASURES = (*STAGES, *SUMS)
WRONGS = ("unneeded", "missed", "repeated")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one scenario.

    Attributes:
        scenario: its name.
        seed: what the run's randomness came from; the same seed gives the same run.
        stages: seconds by the names of `STAGES`; None or absent where a stage did not take place.
        right, unneeded, missed, repeated: failovers, by what they should have been.
        unsent: messages that the scenario declares owed and that did not come.
        moves: how often Route 53 moved clients to the other side, back included.
        notifications: messages that reached SNS.
        mails: those of them that the orchestrator sent.
        lambda_seconds: billed seconds of both functions.
        calls: API calls that the handlers made.
        virtual_seconds: how much virtual time the run covered.
        outcome: one word, as ``COMPLETED``, ``FAILED``, ``REFUSED``, ``NONE``.
        broken: the invariants that it violated.
        denials: what a deployed role or policy denied in it, a line each.
        excused: measures that it could not have, as a reaction where Aurora had reacted first.
        timeline: what happened, in order; only for a run that is shown, else empty.
    """

    scenario: str
    seed: int
    stages: Mapping[str, float | None]
    right: int = 0
    unneeded: int = 0
    missed: int = 0
    repeated: int = 0
    unsent: int = 0
    moves: int = 0
    notifications: int = 0
    mails: int = 0
    lambda_seconds: float = 0.0
    calls: int = 0
    virtual_seconds: float = 0.0
    outcome: str = "NONE"
    broken: tuple[str, ...] = ()
    denials: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    timeline: tuple[Moment, ...] = ()

    def measures(self) -> dict[str, float]:
        """The stages that took place and, where all of their parts are known, the sums.

        A missing grace or wait counts as 0 in a sum, since most runs have none. What is excused is left out.
        """
        known = {name: value for name in STAGES if (value := self.stages.get(name)) is not None}
        parts = {"grace": 0.0, "wait": 0.0} | known
        sums = {
            name: sum(parts[part] for part in of)
            for name, of in SUMS.items()
            if all(part in parts for part in of)
        }
        return {name: value for name, value in (known | sums).items() if name not in self.excused}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Run":
        """The inverse of `dataclasses.asdict`."""
        timeline = tuple(Moment(**moment) for moment in data["timeline"])
        lists = {name: tuple(data[name]) for name in ("broken", "denials", "excused")}
        return cls(**{**data, **lists, "timeline": timeline})
