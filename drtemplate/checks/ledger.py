"""The ledger of deliberate differences from the source template."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drtemplate.checks.entries import load_entries
from drtemplate.errors import InputError
from drtemplate.settings import PROJECT

LEDGER = PROJECT / "templates" / "deviations.yaml"
CHANGES = ("removed", "added", "changed")
# Why the project may deviate; a difference without such a reason is a mistake.
CLASSES = ("deploys", "works", "promise", "safe", "secure", "operable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One entry: it covers the leaf at ``path`` and all leaves below it.

    Attributes:
        path: at least a section and a name in it, so it never covers two resources.
        change: removed, added or changed.
        reason: one of CLASSES; ``class`` in the file.
        because: why, in a sentence or two.
        evidence: an address, a rule of cfn-lint, or where the fact can be seen.
    """

    path: str
    change: str
    reason: str
    because: str
    evidence: str


def covering_paths(path: str) -> Iterator[str]:
    """The paths of entries that cover this one: itself, then all above it, the longest first."""
    yield path
    for end in range(len(path) - 1, 0, -1):
        if path[end] in ".[":
            yield path[:end]


def load_ledger(path: Path = LEDGER) -> list[Deviation]:
    """Read and check the ledger.

    Raises:
        InputError: the file is missing or no YAML, or an entry is malformed or stands twice.
    """
    keys = ("path", "change", "class", "because", "evidence")
    entries = [_entry(where, item) for where, item in load_entries(path, "ledger", keys)]
    seen: set[str] = set()
    for entry in entries:
        if entry.path in seen:
            raise InputError(f"{path}: {entry.path} stands twice; merge the entries")
        seen.add(entry.path)
    return entries


def _entry(where: str, item: dict[str, str]) -> Deviation:
    if len(item["path"].splitlines()) > 1:
        raise InputError(f"{where}: the path spans lines; write it on one")
    where = f"{where} ({item['path']})"
    if item["change"] not in CHANGES:
        raise InputError(f"{where}: change {item['change']!r} is none of {', '.join(CHANGES)}")
    if item["class"] not in CLASSES:
        raise InputError(f"{where}: class {item['class']!r} is none of {', '.join(CLASSES)}")
    if "." not in item["path"]:
        raise InputError(f"{where} covers a whole section; name one resource, output or key")
    return Deviation(
        path=item["path"],
        change=item["change"],
        reason=item["class"],
        because=item["because"],
        evidence=item["evidence"],
    )
