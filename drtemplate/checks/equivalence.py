"""The rendered template against the source: equal, or explained by the ledger."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from drtemplate.checks.ledger import CLASSES, Deviation, covering_paths
from drtemplate.cloudformation.leaves import leaves
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
    was, now, uncompared = (
        {above for path in paths for above in covering_paths(path)}
        for paths in (before, after, left_out)
    )
    unexplained = []
    for difference in differences:
        # The most precise entry counts.
        path = next(
            (above for above in covering_paths(difference.path) if above in explained), None
        )
        if path is None:
            unexplained.append(difference)
            continue
        item = explained[path]
        item.differences.append(difference)
        change = "changed" if path in was and path in now else "removed" if path in was else "added"
        if change != item.deviation.change:
            problem = f"the ledger says {item.deviation.change}, it is {change}"
            unexplained.append(replace(difference, problem=problem))
    used = [item for path, item in explained.items() if item.differences or path in uncompared]
    stale = [
        item.deviation
        for path, item in explained.items()
        if not item.differences and path not in uncompared
    ]
    return Comparison(equal, used, unexplained, stale)


def as_json(result: Comparison) -> dict[str, Any]:
    """The result for programs: ``equal`` is a number, the others are lists of objects."""
    return {
        "equal": result.equal,
        "deviations": [
            _entry_json(item.deviation)
            | {"differences": [_difference_json(difference) for difference in item.differences]}
            for item in result.deviations
        ],
        "unexplained": [asdict(difference) for difference in result.unexplained],
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


def _difference_json(difference: Difference) -> dict[str, str | None]:
    return {"path": difference.path, "source": difference.source, "rendered": difference.rendered}


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
    for difference in result.unexplained:
        problem = f" ({difference.problem})" if difference.problem else ""
        lines.append(
            f"unexplained  {difference.path}: {_short(difference.source)} -> {_short(difference.rendered)}{problem}"
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
