"""What a sweep says of the template's own value of a knob: against each other value, and in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from drtemplate.console import plural
from drtemplate.drill.confidence import FEWEST, apart
from drtemplate.drill.results import SensitivityRow

# Below these, a difference is nothing that anybody would feel, or anybody would pay for.
_SECONDS = 0.5
_DOLLARS = 0.10
_AT_ONCE = 3
_MISTAKES = ("false alarms", "misses", "needless DNS moves")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A value against the template's own one.

    Attributes:
        gains, losses: in what it is better and worse, by more than a sweep may differ by chance.
        doubts: of what it has more mistakes, but so few that chance may explain them.
        few: whether the runs are so few that nothing can be told.
    """

    gains: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    few: bool = False

    @property
    def better(self) -> bool:
        """Whether it gains something, and nothing speaks against it."""
        return bool(self.gains) and not self.losses and not self.doubts

    @property
    def alike(self) -> bool:
        """Whether the sweep does not tell the two apart."""
        return not self.gains and not self.losses

    def __str__(self) -> str:
        if self.few:
            return "too few runs to tell"
        if self.alike:
            return "cannot be told apart"
        return ", ".join((*self.losses, *self.gains, *(f"perhaps {one}" for one in self.doubts)))


def compare(row: SensitivityRow, own: SensitivityRow) -> Comparison:
    """What a value gains and loses.

    *Sooner* and *later* are differences of more than 0.5 s at the median or the 99th percentile, of which
    the intervals do not overlap either; *cheaper* and *dearer* are of more than 10 cents a month; *fewer*
    and *more* mistakes are so many that equal rates would seldom differ so. Each at the level of
    `confidence`, and nothing at all where no number of agreeing runs could reach it.
    """
    if min(row.runs, own.runs) < FEWEST:
        return Comparison(few=True)
    gains: list[str] = []
    losses: list[str] = []
    for where, its, mine, its_between, mine_between in (
        ("", row.reaction_p50, own.reaction_p50, row.p50_between, own.p50_between),
        (" at the 99th percentile", row.reaction_p99, own.reaction_p99, row.p99_between,
         own.p99_between),
    ):  # fmt: skip
        if _seconds(mine) - _seconds(its) > _SECONDS and _below(its_between, mine_between):
            gains.append(f"sooner{where}")
        elif _seconds(its) - _seconds(mine) > _SECONDS and _below(mine_between, its_between):
            losses.append(f"later{where}")
    cheaper = own.cost_per_month - row.cost_per_month
    if abs(cheaper) > _DOLLARS:
        (gains if cheaper > 0 else losses).append("cheaper" if cheaper > 0 else "dearer")
    doubts: list[str] = []
    for name, its, mine in zip(_MISTAKES, _mistakes(row), _mistakes(own), strict=True):
        clear = apart(its, mine)
        if its < mine and clear:
            gains.append(f"fewer {name}")
        elif its > mine:
            (losses if clear else doubts).append(f"more {name}")
    return Comparison(tuple(gains), tuple(losses), tuple(doubts))


def _below(
    one: tuple[float | None, float | None], other: tuple[float | None, float | None]
) -> bool:
    """Whether one interval ends before the other begins."""
    return _seconds(one[1]) < _seconds(other[0])


def against(row: SensitivityRow, rows: Sequence[SensitivityRow]) -> str:
    """A row of a knob against the template's own one, for a table; empty for that one itself."""
    own = _own(rows)
    return "" if own is None or row is own else str(compare(row, own))


def judge(knob: str, rows: Sequence[SensitivityRow]) -> str:
    """A sentence on the template's own value.

    It is *beaten* by a value that gains something while nothing speaks against that value, not even a
    mistake more; it is *supported* if each other value is worse in something; else the sentence names the
    values which the sweep does not tell from it, or which more runs must judge. Of too few runs it says that they
    cannot tell.
    """
    own = _own(rows)
    if own is None:
        return f"{knob}: the template's own value is not among those tried."
    mine = f"{knob} {_value(own)}"
    found = [(row, compare(row, own)) for row in rows if row is not own]
    if not found:
        return f"{mine}: no other value was tried."
    if any(its.few for _, its in found):
        return f"{mine}: cannot be told from {plural(own.runs, 'run')} of each value; {FEWEST} are the least."
    if better := [row for row, its in found if its.better]:
        best = min(
            better,
            key=lambda row: (sum(_mistakes(row)), _seconds(row.reaction_p99), row.cost_per_month),
        )
        return f"{mine} is beaten by {_value(best)} ({_difference(best, own)}){_unseen(own)}."
    alike = [_value(row) for row, its in found if its.alike]
    open_ = [row for row, its in found if not its.alike and not its.losses]
    if not alike and not open_:
        return f"{mine} is supported: each of the others is worse in something{_quicker(rows, own)}"
    parts = [f"it cannot be told from {' and '.join(alike)} here"] * bool(alike)
    parts += [
        f"more runs must show whether {_value(row)} is better ({_difference(row, own)})"
        for row in open_
    ]
    return f"{mine} is neither beaten nor supported: {'; '.join(parts)}."


def _own(rows: Sequence[SensitivityRow]) -> SensitivityRow | None:
    return next((row for row in rows if row.default), None)


def _quicker(rows: Sequence[SensitivityRow], own: SensitivityRow) -> str:
    """The end of the sentence: the least that would have to be paid for less time."""
    quicker = [
        row for row in rows if _seconds(row.reaction_p99) < _seconds(own.reaction_p99) - _SECONDS
    ]
    if not quicker:
        return ", and none reacts sooner."
    nearest = max(quicker, key=lambda row: _seconds(row.reaction_p99))
    return f". The next quicker, {_value(nearest)}: {_difference(nearest, own)}."


def _mistakes(row: SensitivityRow) -> tuple[int, ...]:
    """By kind. Clients who are moved needlessly come back: two moves are one mistake."""
    return row.false_alarms, row.missed, -(-row.moves // 2)


def _seconds(value: float | None) -> float:
    return float("inf") if value is None else value


def _unseen(own: SensitivityRow) -> str:
    """What did not happen in n runs may still happen in 3 of n (95 % confidence, the rule of three)."""
    if own.quiet_runs < _AT_ONCE:
        return ""
    rare = own.quiet_runs // _AT_ONCE
    return f"; a mistake in less than one of {rare:,} quiet runs would not show"


def _value(row: SensitivityRow) -> str:
    return f"{row.value:g} {row.unit}".rstrip()


def _difference(row: SensitivityRow, own: SensitivityRow) -> str:
    """What differs, the other value's figure first."""
    figures = (
        ("median {} against {}", _told(row.reaction_p50), _told(own.reaction_p50)),
        ("99th percentile {} against {}", _told(row.reaction_p99), _told(own.reaction_p99)),
        ("{} against {} false alarms", str(row.false_alarms), str(own.false_alarms)),
        ("{} against {} missed", str(row.missed), str(own.missed)),
        ("{} against {} needless DNS moves", str(row.moves), str(own.moves)),
        ("${} against ${} a month", f"{row.cost_per_month:.2f}", f"{own.cost_per_month:.2f}"),
    )
    return ", ".join(words.format(its, mine) for words, its, mine in figures if its != mine)


def _told(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"
