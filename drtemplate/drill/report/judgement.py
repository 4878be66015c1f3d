"""Whether a sweep supports the template's own value of a knob, in a sentence."""

from collections.abc import Sequence

from drtemplate.drill.results import SensitivityRow

# Below these, a difference is within what the histograms resolve, or what anybody would pay for.
_SECONDS = 0.5
_DOLLARS = 0.10
_AT_ONCE = 3


def judge(knob: str, rows: Sequence[SensitivityRow]) -> str:
    """A sentence on the template's own value: supported, or which value the sweep prefers and why.

    A value is *better* if it has no more false alarms, misses and needless moves of clients, and reacts
    sooner at the 99th percentile (by more than 0.5 s) without costing more (by more than 10 cents a
    month), or costs less, or errs less, without reacting later. The template's own value is supported if
    no other is better.
    """
    own = next((row for row in rows if row.default), None)
    if own is None:
        return f"{knob}: the template's own value is not among those tried."
    better = [row for row in rows if row is not own and _better(row, own)]
    mine = f"{knob} {_value(own)}"
    if better:
        best = min(better, key=lambda row: (sum(_wrongs(row)), _reaction(row), row.cost_per_month))
        return f"{mine} is beaten by {_value(best)} ({_difference(best, own)}){_unseen(own)}."
    quicker = [row for row in rows if _reaction(row) < _reaction(own) - _SECONDS]
    if not quicker:
        return f"{mine} is supported: none of the others reacts sooner."
    nearest = max(quicker, key=_reaction)
    return f"{mine} is supported: none beats it on every count. The next quicker, {_value(nearest)}: {_difference(nearest, own)}."


def _better(row: SensitivityRow, own: SensitivityRow) -> bool:
    if any(its > mine for its, mine in zip(_wrongs(row), _wrongs(own), strict=True)):
        return False
    sooner = _reaction(own) - _reaction(row)
    cheaper = own.cost_per_month - row.cost_per_month
    fewer = sum(_wrongs(row)) < sum(_wrongs(own))
    gains = sooner > _SECONDS or cheaper > _DOLLARS or fewer
    return gains and sooner >= -_SECONDS and cheaper >= -_DOLLARS


def _wrongs(row: SensitivityRow) -> tuple[int, int, int]:
    return row.false_alarms, row.missed, row.moves


def _reaction(row: SensitivityRow) -> float:
    return float("inf") if row.reaction_p99 is None else row.reaction_p99


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
        ("99th percentile {} against {}", _reaction_words(row), _reaction_words(own)),
        ("{} against {} false alarms", str(row.false_alarms), str(own.false_alarms)),
        ("{} against {} missed", str(row.missed), str(own.missed)),
        ("{} against {} needless DNS moves", str(row.moves), str(own.moves)),
        ("${} against ${} a month", f"{row.cost_per_month:.2f}", f"{own.cost_per_month:.2f}"),
    )
    differing = [words.format(its, mine) for words, its, mine in figures if its != mine]
    return ", ".join(differing) or "no difference"


def _reaction_words(row: SensitivityRow) -> str:
    return "never" if row.reaction_p99 is None else f"{row.reaction_p99:.1f} s"
