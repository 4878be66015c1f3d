"""The table of budgets: a column for each promise, with its usual limit at the head."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drtemplate.drill.report.view import promise
from drtemplate.drill.report.words import amount, of_runs
from drtemplate.drill.results import Budget, DrillReport, Summary


@dataclass(frozen=True, slots=True)
class Column:
    """A promise, whatever its limit.

    Attributes:
        name, unit: the budget's.
        limit: that of most scenarios; of equally frequent ones, the first.
    """

    name: str
    unit: str
    limit: float

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return promise(self.name)

    @property
    def words(self) -> str:
        """The limit, as ``at most 12.00 s``."""
        return f"at most {amount(self.limit, self.unit)}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A scenario's figure below a column.

    Attributes:
        figure: what was measured; its unit is that of the head.
        notes: ``(at most 75)``, if the limit is not the column's, and ``in 3 of 5 runs``, if not in all.
        held: whether the promise was kept.
    """

    figure: str
    notes: tuple[str, ...]
    held: bool

    def __str__(self) -> str:
        text = " ".join((self.figure, *self.notes))
        return text if self.held else f"**{text}, not held**"


def columns(report: DrillReport) -> list[Column]:
    """Every promise made, seconds first, else in the order of its first scenario."""
    limits: dict[tuple[str, str], Counter[float]] = {}
    for one in report.summaries:
        for budget in one.budgets:
            limits.setdefault((budget.name, budget.unit), Counter())[budget.limit] += 1
    found = [Column(*key, its.most_common(1)[0][0]) for key, its in limits.items()]
    return sorted(found, key=lambda column: not column.unit)  # seconds go before counts


def cells(one: Summary, heads: Sequence[Column]) -> list[Cell | None]:
    """The scenario's figures below ``heads``; None where it makes no such promise."""
    made = {(budget.name, budget.unit): budget for budget in one.budgets}
    found = ((made.get((column.name, column.unit)), column) for column in heads)
    return [_cell(one, budget, column) if budget else None for budget, column in found]


def _cell(one: Summary, budget: Budget, column: Column) -> Cell:
    figure = amount(budget.measured, budget.unit).removesuffix(" s")
    return Cell(figure, tuple(_notes(one, budget, column)), budget.held)


def _notes(one: Summary, budget: Budget, column: Column) -> Iterator[str]:
    if budget.limit != column.limit:
        yield f"(at most {budget.limit:,g})"
    # A count rests on every run.
    if budget.unit and (runs := of_runs(budget.runs, one.runs)):
        yield runs
