"""What a scenario is: what happens, what it takes, and whether the automation must act; what many begin with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drtemplate.drill import faults
from drtemplate.drill.faults import Fault

DATABASE = frozenset({"database"})
APPLICATION = frozenset({"application"})
BOTH = DATABASE | APPLICATION

# How the orchestrator's runs end: what was asked for is done; there was nothing to do.
DONE = frozenset({"COMPLETED", "FAILED_BACK"})
IDLE = frozenset({"NONE", "NOT_REQUIRED"})
REFUSED = frozenset({"REFUSED"})

# Seconds until everything runs and every alarm has data; then the fault, within a minute.
WARM, SPREAD = 150.0, 60.0
# After the fault: longer than lease and slowest promotion, so that a second failover would show.
LASTS = 420.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A declaration.

    Attributes:
        name: for the command line.
        title: for people.
        faults: seconds after the fault (negative: before it), and what happens then.
        setup: what holds from the beginning of the run.
        needs: the components that really fail, or that a person asks to be moved.
        must_act: whether the automation must move them.
        manual: whether a person asks for it while all is well, so that nothing is to be detected.
        outcomes: how the orchestrator's runs may end, the weightiest of a drill's run; by default
            done where it must act, and nothing to do elsewhere.
        owed: parts of the subjects of messages of which each must reach the topic after the fault.
        untaken: the share of latches that AWS may not take.
        warm, lasts: seconds before and after the fault.
        sliced: the runs are consecutive parts of a week instead of repetitions.
        allowed: seconds by measure where the scenario itself takes what a budget grants; what it
            takes then has a bound of its own.
    """

    name: str
    title: str
    faults: tuple[tuple[float, Fault], ...]
    setup: tuple[Fault, ...] = ()
    needs: frozenset[str] = frozenset()
    must_act: bool = False
    manual: bool = False
    outcomes: frozenset[str] = frozenset()
    owed: tuple[str, ...] = ()
    untaken: float = 0.0
    warm: float = WARM
    lasts: float = LASTS
    sliced: bool = False
    allowed: Mapping[str, float] = field(default_factory=dict)

    @property
    def ends_well(self) -> frozenset[str]:
        """How its runs may end."""
        return self.outcomes or (DONE if self.must_act else IDLE)

    @property
    def ends(self) -> bool:
        """Whether what is asked for can be done in this world."""
        return bool(self.ends_well & DONE)


def now(*what: Fault) -> tuple[tuple[float, Fault], ...]:
    """All at the moment of the fault."""
    return tuple((0.0, one) for one in what)


# A writer that hangs and that Aurora takes for well: what the automation is for.
HANGS = faults.writer_stops("hung", seen=False)
CRASHES = faults.writer_stops("refused", seen=True)
BOTH_DEAD = now(HANGS, faults.servers_die())
