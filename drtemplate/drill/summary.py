"""All runs of a scenario, counted as they come."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from drtemplate.drill.durations import MICROSECONDS, Durations
from drtemplate.drill.runs import MEASURES, WRONGS, Run

_SEEDS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Budget:
    """A promise, measured.

    Attributes:
        name: what is promised, as ``detect, 99th percentile``.
        limit: what it may be at most; seconds, or a count.
        measured: what it was; None if nothing was measured, which does not hold.
        unit: ``s``, or empty for a count.
        held: whether it was kept.
        mechanism: where it was not, the AWS mechanism that takes the time; else empty.
        runs: in how many runs it was measured.
        due: in how many it had to be; fewer do not hold.
    """

    name: str
    limit: float
    measured: float | None
    unit: str
    held: bool
    mechanism: str = ""
    runs: int = 0
    due: int = 0


@dataclass(slots=True)
class Summary:
    """All runs of one scenario; merging is the same in any order.

    Attributes:
        scenario: its name.
        title: what happens in it, in a few words.
        must_act: whether the automation must fail over in it.
        cost_per_month: US dollars of the automation at the load of this scenario.
        costs: the same by what is billed.
        budgets: the verdicts, filled when all runs are counted.
        measures: the durations for each name of `MEASURES`.
        counts: totals of right, unneeded, missed, repeated, unsent, moves, notifications and calls.
        lambda_us, virtual_us: totals, microseconds.
        most_notifications, most_mails: in a single run; mails are the orchestrator's own.
        outcomes: runs by outcome.
        broken: runs by violated invariant.
        denials: runs by what a deployed role or policy denied in them.
        excused: by measure, runs that could not have it.
        seeds: the lowest seeds of the runs that were unneeded, missed, repeated or broke an invariant.
        example: the shown run, the one with the lowest seed of those with a timeline.
    """

    scenario: str
    title: str = ""
    must_act: bool = False
    cost_per_month: float = 0.0
    costs: dict[str, float] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    runs: int = 0
    measures: dict[str, Durations] = field(
        default_factory=lambda: {name: Durations() for name in MEASURES}
    )
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("right", *WRONGS, "unsent", "moves", "notifications", "calls"), 0
        )
    )
    lambda_us: int = 0
    virtual_us: int = 0
    most_notifications: int = 0
    most_mails: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    denials: dict[str, int] = field(default_factory=dict)
    excused: dict[str, int] = field(default_factory=dict)
    seeds: dict[str, tuple[int, ...]] = field(default_factory=dict)
    example: Run | None = None

    def add(self, run: Run) -> None:
        """Count a run.

        Raises:
            ValueError: it is of another scenario, or one of its durations is no duration.
        """
        if run.scenario != self.scenario:
            raise ValueError(f"a run of {run.scenario} does not belong to {self.scenario}")
        self.runs += 1
        for name, seconds in run.measures().items():
            self.measures[name].add(seconds, run.seed)
        for name in self.counts:
            self.counts[name] += getattr(run, name)
        self.lambda_us += round(run.lambda_seconds * MICROSECONDS)
        self.virtual_us += round(run.virtual_seconds * MICROSECONDS)
        self.most_notifications = max(self.most_notifications, run.notifications)
        self.most_mails = max(self.most_mails, run.mails)
        _count(self.outcomes, {run.outcome: 1})
        _count(self.broken, dict.fromkeys(run.broken, 1))
        _count(self.denials, dict.fromkeys(run.denials, 1))
        _count(self.excused, dict.fromkeys(run.excused, 1))
        for name in (*(wrong for wrong in WRONGS if getattr(run, wrong)), *run.broken):
            self._keep_seeds(name, (run.seed,))
        self._show(run)

    def merge(self, other: "Summary") -> None:
        """Count all runs of ``other``, a part of the same scenario counted elsewhere."""
        if other.scenario != self.scenario:
            raise ValueError(f"runs of {other.scenario} do not belong to {self.scenario}")
        self.runs += other.runs
        for name, durations in other.measures.items():
            self.measures[name].merge(durations)
        _count(self.counts, other.counts)
        self.lambda_us += other.lambda_us
        self.virtual_us += other.virtual_us
        self.most_notifications = max(self.most_notifications, other.most_notifications)
        self.most_mails = max(self.most_mails, other.most_mails)
        _count(self.outcomes, other.outcomes)
        _count(self.broken, other.broken)
        _count(self.denials, other.denials)
        _count(self.excused, other.excused)
        for name, seeds in other.seeds.items():
            self._keep_seeds(name, seeds)
        self._show(other.example)

    def _keep_seeds(self, name: str, seeds: tuple[int, ...]) -> None:
        together = {*self.seeds.get(name, ()), *seeds}
        self.seeds[name] = tuple(sorted(together)[:_SEEDS_KEPT])

    def _show(self, run: Run | None) -> None:
        if run and run.timeline and (self.example is None or run.seed < self.example.seed):
            self.example = run

    @property
    def lambda_seconds(self) -> float:
        """Billed seconds of both functions in all runs together."""
        return self.lambda_us / MICROSECONDS

    @property
    def virtual_seconds(self) -> float:
        """Virtual time of all runs together."""
        return self.virtual_us / MICROSECONDS

    @property
    def held(self) -> bool:
        """Whether every budget and every invariant was kept."""
        return not self.broken and all(budget.held for budget in self.budgets)

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON's types."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return data | {
            "budgets": [asdict(budget) for budget in self.budgets],
            "measures": {name: one.to_json() for name, one in self.measures.items()},
            "outcomes": dict(sorted(self.outcomes.items())),
            "broken": dict(sorted(self.broken.items())),
            "denials": dict(sorted(self.denials.items())),
            "excused": dict(sorted(self.excused.items())),
            "seeds": {name: list(seeds) for name, seeds in sorted(self.seeds.items())},
            "example": asdict(self.example) if self.example else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Summary":
        """The inverse of `to_json`."""
        example = data["example"]
        return cls(
            **{
                **data,
                "budgets": tuple(Budget(**budget) for budget in data["budgets"]),
                "measures": {n: Durations.from_json(h) for n, h in data["measures"].items()},
                "seeds": {name: tuple(seeds) for name, seeds in data["seeds"].items()},
                "example": Run.from_json(example) if example else None,
            }
        )


def _count(into: dict[str, int], what: Mapping[str, int]) -> None:
    for name, times in what.items():
        into[name] = into.get(name, 0) + times
