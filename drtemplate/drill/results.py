"""What a drill measures, from one run to the whole report: the shape that the runner fills and the
report reads. It knows neither.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from drtemplate.drill.durations import Durations
from drtemplate.drill.runs import MEASURES, STAGES, SUMS, WRONGS, Run
from drtemplate.drill.summary import Budget, Summary
from drtemplate.errors import InputError
from drtemplate.world.journal import Moment
from drtemplate.world.timings import Assumption

__all__ = [
    "MEASURES",
    "STAGES",
    "SUMS",
    "WRONGS",
    "Assumption",
    "Budget",
    "DrillReport",
    "Durations",
    "Moment",
    "Run",
    "SensitivityRow",
    "Summary",
]

VERSION = 4


@dataclass(frozen=True, slots=True)
class SensitivityRow:
    """What one value of one knob buys, everything else as the template has it.

    Attributes:
        knob: its name, as ``probe_interval_seconds``.
        value: the value tried.
        unit: ``s``, or empty for a count.
        default: whether the template has this value.
        scenario: where the reaction was measured, one that this knob is for.
        measure: which of `MEASURES` is the reaction: ``accepted`` for a knob of the automation,
            ``client_uncached`` for one that works on clients without it.
        reaction_p50, reaction_p99: seconds of that measure; None if it never came.
        p50_between, p99_between: what so many runs can tell of the two (`confidence.between`); None
            for never, or for no end that so few runs can give.
        runs: of the scenario with this value.
        client_p99: seconds from the fault until a client without DNS cache is served; None likewise.
        missed: runs in which the automation did not act, of all scenarios in which it must.
        moves: how often Route 53 moved clients in quiet runs, without need.
        false_alarms: those of the `quiet_runs` in which what needed no failover was failed over.
        quiet_runs: runs of scenarios in which the automation must not act, or not on all.
        cost_per_month: US dollars.
    """

    knob: str
    value: float
    unit: str
    default: bool
    scenario: str
    measure: str
    reaction_p50: float | None
    reaction_p99: float | None
    p50_between: tuple[float | None, float | None]
    p99_between: tuple[float | None, float | None]
    runs: int
    client_p99: float | None
    missed: int
    moves: int
    false_alarms: int
    quiet_runs: int
    cost_per_month: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SensitivityRow":
        """The inverse of `dataclasses.asdict`, as JSON has it."""
        pairs = {name: tuple(data[name]) for name in ("p50_between", "p99_between")}
        return cls(**{**data, **pairs})


@dataclass(frozen=True, slots=True)
class DrillReport:
    """A whole drill.

    Attributes:
        seed: the drill's.
        runs: in each scenario.
        template_digest: SHA-256 of the template that was drilled, hexadecimal.
        handlers: ``template``, or the folder that was given with ``--handlers``.
        command: what repeats it, from a checkout with the same template; may be empty.
        settings: what the drill read from the template, by name, for printing.
        assumptions: AWS's timings.
        summaries: one for each scenario, in the order of their declaration.
        sensitivity: the sweep; empty if none was made.
        invariants: what was checked in every run, by name, each with a sentence.
    """

    seed: int
    runs: int
    template_digest: str
    handlers: str = "template"
    command: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[Assumption, ...] = ()
    summaries: tuple[Summary, ...] = ()
    sensitivity: tuple[SensitivityRow, ...] = ()
    invariants: Mapping[str, str] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Whether every scenario kept its budgets and invariants; False if none was run."""
        return bool(self.summaries) and all(summary.held for summary in self.summaries)

    def to_json(self) -> str:
        """The results file: indented, with a newline at its end, the same bytes for the same drill."""
        data = {
            "version": VERSION,
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "settings": dict(self.settings),
            "invariants": dict(self.invariants),
            "assumptions": [asdict(row) for row in self.assumptions],
            "summaries": [summary.to_json() for summary in self.summaries],
            "sensitivity": [asdict(row) for row in self.sensitivity],
        }
        return json.dumps(data, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "drill results") -> "DrillReport":
        """The inverse of `to_json`.

        Raises:
            InputError: the text is not a drill's results; it names ``where``.
        """
        try:
            data = json.loads(text)
            if data.pop("version") != VERSION:
                raise ValueError(f"not of version {VERSION}")
            rows = {
                "assumptions": tuple(Assumption(**row) for row in data["assumptions"]),
                "summaries": tuple(Summary.from_json(one) for one in data["summaries"]),
                "sensitivity": tuple(map(SensitivityRow.from_json, data["sensitivity"])),
            }
            return cls(**{**data, **rows})
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise InputError(
                f"{where}: not the results of a drill ({exc}); make them with `make drill`"
            ) from exc
