"""The rendered template against the source: equal, or explained by the ledger."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from drtemplate.checks.leaves import leaves
from drtemplate.checks.ledger import CLASSES, Deviation
from drtemplate.settings import PROJECT

CONTRACT = PROJECT / "templates" / "source-contract.yaml"
# Stands in a contract for code that it leaves out.
LEFT_OUT = "<inline>"
# Prose that a contract may leave out.
_PROSE = re.compile(r"Description|(Parameters|Outputs)\.\w+\.(Constraint)?Description")


@dataclass(frozen=True, slots=True)
class Difference:
    """A leaf that is not the same on both sides; None stands for no such leaf."""

    path: str
    source: str | None
    rendered: str | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """An entry of the ledger with the differences that it covers."""

    deviation: Deviation
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result.

    Attributes:
        equal: number of equal leaves.
        deviations: entries that cover a difference, or code that the source leaves out.
        unexplained: differences that no entry covers, or that one covers wrongly.
        stale: entries that cover nothing.
    """

    equal: int
    deviations: list[Explained]
    unexplained: list[Difference]
    stale: list[Deviation]

    @property
    def holds(self) -> bool:
        """Whether every difference has its entry, and every entry its difference."""
        return not self.unexplained and not self.stale


def compare(
    source: Mapping[str, Any], rendered: Mapping[str, Any], ledger: Sequence[Deviation]
) -> Comparison:
    """Compare two templates leaf by leaf and look each difference up in the ledger."""
    before, after = leaves(source), leaves(rendered)
    left_out = [path for path, text in before.items() if text == LEFT_OUT]
    differences = [
        Difference(path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
        and path not in left_out
        and not (path not in before and _PROSE.fullmatch(path))
    ]
    equal = sum(before[path] == after.get(path) for path in before)
    explained = {entry.path: Explained(entry) for entry in ledger}
    unexplained = []
    for difference in differences:
        entry = _entry_for(difference.path, ledger)
        if entry is None:
            unexplained.append(difference)
        elif problem := _contradiction(entry, before, after):
            unexplained.append(
                Difference(difference.path, difference.source, difference.rendered, problem)
            )
            explained[entry.path].differences.append(difference)
        else:
            explained[entry.path].differences.append(difference)
    used = [
        item
        for item in explained.values()
        if item.differences or any(item.deviation.covers(path) for path in left_out)
    ]
    stale = [item.deviation for item in explained.values() if item not in used]
    return Comparison(equal, used, unexplained, stale)


def _entry_for(path: str, ledger: Sequence[Deviation]) -> Deviation | None:
    """The most precise entry that covers the path."""
    covering = [entry for entry in ledger if entry.covers(path)]
    return max(covering, key=lambda entry: len(entry.path), default=None)


def _contradiction(entry: Deviation, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Why the entry's ``change`` is not what happened at its path, or nothing."""
    was = any(entry.covers(path) for path in before)
    now = any(entry.covers(path) for path in after)
    change = "changed" if was and now else "removed" if was else "added"
    return "" if change == entry.change else f"the ledger says {entry.change}, it is {change}"


def as_json(result: Comparison) -> dict[str, Any]:
    """The result for programs: ``equal`` is a number, the others are lists of objects."""
    return {
        "equal": result.equal,
        "deviations": [
            _entry_json(item.deviation)
            | {"differences": [_difference_json(one) for one in item.differences]}
            for item in result.deviations
        ],
        "unexplained": [asdict(one) for one in result.unexplained],
        "stale": [_entry_json(entry) for entry in result.stale],
    }


def _entry_json(entry: Deviation) -> dict[str, str]:
    return {
        "path": entry.path,
        "change": entry.change,
        "class": entry.reason,
        "because": entry.because,
        "evidence": entry.evidence,
    }


def _difference_json(one: Difference) -> dict[str, str | None]:
    return {"path": one.path, "source": one.source, "rendered": one.rendered}


def as_table(result: Comparison) -> str:
    """The result for people: counts, then everything that needs a hand."""
    by_class = Counter(item.deviation.reason for item in result.deviations)
    rows = [
        ("equal leaves", result.equal),
        ("deviations", len(result.deviations)),
        *((f"  {reason}", by_class[reason]) for reason in CLASSES if by_class[reason]),
        ("unexplained", len(result.unexplained)),
        ("stale", len(result.stale)),
    ]
    lines = [f"{name:<14}{count:>6}" for name, count in rows]
    for one in result.unexplained:
        problem = f" ({one.problem})" if one.problem else ""
        lines.append(
            f"unexplained  {one.path}: {_short(one.source)} -> {_short(one.rendered)}{problem}"
        )
    lines += [
        f"stale        {entry.path}: covers no difference; remove it" for entry in result.stale
    ]
    return "\n".join(lines)


def _short(text: str | None, most: int = 60) -> str:
    if text is None:
        return "(none)"
    line = text.replace("\n", "\\n")
    return line if len(line) <= most else line[: most - 3] + "..."
