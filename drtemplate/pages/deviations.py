"""docs/deviations.md: every difference from the source template, by class, for whoever audits the stack."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from drtemplate.checks.equivalence import Comparison, Explained
from drtemplate.checks.ledger import CHANGES, CLASSES
from drtemplate.pages.words import anchor, cell

LONGEST = 70  # characters of a value
HEAD = """# The deviations

The stack was first written by hand, as one YAML file. What drtemplate renders is equal to it, value by value
(added descriptions aside), except for what stands here: each with what is different, why, and where that can
be verified. Each deviation has one of {count} reasons; one without is a mistake, and `generate.py equivalence`
fails on it, as it does on an entry that no difference needs.

Made by `generate.py docs deviations` from [`templates/deviations.yaml`](../templates/deviations.yaml), from
[the source](../templates/source-contract.yaml) and from [today's render](../templates/dr-template.yaml). A path is that
of a property, and covers all below it; a long value is cut, and stands whole in the templates. To verify one: read its
evidence, and look at its path in both files. `generate.py equivalence` compares them anew.
"""
# Class of the ledger -> heading, and what is wrong with the source there.
MEANINGS = {
    "deploys": ("Deploys", "The source cannot be created, updated or deleted so."),
    "works": ("Works", "It does nothing, or fails when it runs."),
    "promise": ("Keeps the promise", "It misses what the author says it does."),
    "safe": ("Safe", "Data could be lost."),
    "secure": ("Secure", "It is too open."),
    "operable": ("Operable", "It is hard to run."),
}


def as_markdown(result: Comparison, source: Mapping[str, Any], rendered: Mapping[str, Any]) -> str:
    """The page.

    Args:
        result: the comparison of both templates.
        source: the template as it was written by hand.
        rendered: today's.
    """
    by_class = {
        name: [one for one in result.deviations if one.deviation.reason == name] for name in CLASSES
    }
    types = {
        title: resource.get("Type", "")
        for template in (source, rendered)
        for title, resource in template["Resources"].items()
    }
    lines = [HEAD.format(count=len(CLASSES)), *_overview(by_class, result.equal)]
    for name, members in by_class.items():
        title, meaning = MEANINGS[name]
        lines += ["", f"## {title}", "", f"{meaning} {len(members)} deviations."]
        lines += _tables(members, types)
    return "\n".join(lines) + "\n"


def _overview(by_class: Mapping[str, Sequence[Explained]], equal: int) -> Iterator[str]:
    yield f"| reason | {' | '.join(CHANGES)} | all |"
    yield f"|---|{'--:|' * (len(CHANGES) + 1)}"
    total: Counter[str] = Counter()
    for name, members in by_class.items():
        counts = Counter(one.deviation.change for one in members)
        total += counts
        title = MEANINGS[name][0]
        yield _counts(f"[{title}](#{anchor(title)})", counts)
    yield _counts("all", total)
    yield f"\n{equal:,} values are equal in both."


def _counts(title: str, counts: Counter[str]) -> str:
    numbers = [counts[change] for change in CHANGES]
    return f"| {title} | {' | '.join(map(str, [*numbers, sum(numbers)]))} |"


def _tables(members: Sequence[Explained], types: Mapping[str, str]) -> Iterator[str]:
    """A table for each resource, or for what is none."""
    places: dict[str, list[Explained]] = {}
    for one in members:
        steps = one.deviation.path.split(".")
        places.setdefault(steps[1] if steps[0] == "Resources" else steps[0], []).append(one)
    for place, group in places.items():
        kind = f" ({types[place]})" if place in types else ""
        yield from ("", f"**{place}**{kind}", "", "| what | why | evidence |", "|---|---|---|")
        for one in group:
            evidence = cell(_linked(one.deviation.evidence))
            yield f"| {_what(one, place)} | {cell(one.deviation.because)} | {evidence} |"


def _what(one: Explained, place: str) -> str:
    """The path below its place, and the values where there is one."""
    path = one.deviation.path.removeprefix("Resources.").removeprefix(f"{place}")
    path = path.removeprefix(".Properties").removeprefix(".")
    text = f"{one.deviation.change} `{path}`" if path else one.deviation.change
    if len(one.differences) == 1 and one.differences[0].path == one.deviation.path:
        sides = one.differences[0].source, one.differences[0].rendered
        values = [_code(side) for side in sides if side]
        text += f": {' → '.join(values)}" if values else ""
    return text


def _code(text: str) -> str:
    line = cell(text)
    line = line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    return f"{fence}{line}{fence}"


def _linked(evidence: str) -> str:
    """Each address as a link with the page's own name."""

    def link(found: re.Match[str]) -> str:
        address = found[0].rstrip(".,;")
        page, issue = address.partition("#")[0].rstrip("/"), r".*/([^/]+)/(?:issues|pull)/(\d+)$"
        name = re.sub(r"\.html?$", "", re.sub(issue, r"\1#\2", page).rpartition("/")[2])
        return f"[{name}]({address}){found[0][len(address) :]}"

    return re.sub(r"https?://[^\s|)]+", link, evidence)
