"""What a sweep says of the template's own value of a knob: against each other value, and in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    """

    gains: tuple[str, ...]
    losses: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def better(self) -> bool:
        """Whether it gains something, and nothing speaks against it."""
        return bool(self.gains) and not self.losses and not self.doubts

    @property
    def alike(self) -> bool:
        """Whether the sweep does not tell the two apart."""
        return not self.gains and not self.losses

    def __str__(self) -> str:
        if self.alike:
            return "no different here"
        return ", ".join((*self.losses, *self.gains, *(f"perhaps {one}" for one in self.doubts)))


def compare(row: SensitivityRow, own: SensitivityRow) -> Comparison:
    """What a value gains and loses.

    *Sooner* and *later* are differences of more than 0.5 s at the 99th percentile or at the median;
    *cheaper* and *dearer* are of more than 10 cents a month; *fewer* and *more* mistakes are so many that
    equal rates would seldom differ so.
    """
    gains: list[str] = []
    losses: list[str] = []
    last = _seconds(own.reaction_p99) - _seconds(row.reaction_p99)
    middle = _seconds(own.reaction_p50) - _seconds(row.reaction_p50)
    for sign, found, word in ((1, gains, "sooner"), (-1, losses, "later")):
        if sign * last > _SECONDS:
            found.append(word)
        elif sign * middle > _SECONDS:
            found.append(f"{word} at the median")
    cheaper = own.cost_per_month - row.cost_per_month
    if abs(cheaper) > _DOLLARS:
        (gains if cheaper > 0 else losses).append("cheaper" if cheaper > 0 else "dearer")
    doubts: list[str] = []
    for name, its, mine in zip(_MISTAKES, _mistakes(row), _mistakes(own), strict=True):
        if its < mine and _apart(its, mine):
            gains.append(f"fewer {name}")
        elif its > mine:
            (losses if _apart(its, mine) else doubts).append(f"more {name}")
    return Comparison(tuple(gains), tuple(losses), tuple(doubts))


def against(row: SensitivityRow, rows: Sequence[SensitivityRow]) -> str:
    """A row of a knob against the template's own one, for a table; empty for that one itself."""
    own = _own(rows)
    return "" if own is None or row is own else str(compare(row, own))


def judge(knob: str, rows: Sequence[SensitivityRow]) -> str:
    """A sentence on the template's own value.

    It is *beaten* by a value that gains something while nothing speaks against that value, not even a
    mistake more; it is *supported* if each other value is worse in something; else the sentence names the
    values which the sweep does not tell from it, or which more runs must judge.
    """
    own = _own(rows)
    if own is None:
        return f"{knob}: the template's own value is not among those tried."
    mine = f"{knob} {_value(own)}"
    found = [(row, compare(row, own)) for row in rows if row is not own]
    if not found:
        return f"{mine}: no other value was tried."
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


def _mistakes(row: SensitivityRow) -> tuple[float, ...]:
    """By kind. Clients who are moved needlessly come back: two moves are one mistake."""
    return row.false_alarms, row.missed, row.moves / 2


def _apart(one: float, other: float) -> bool:
    """Whether two counts differ by more than two standard deviations of their difference.

    That is the square root of their sum, if both count rare things of the same rate; so 5 against 0.
    """
    return (one - other) ** 2 > 4 * (one + other)


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
