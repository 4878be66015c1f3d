"""The findings of the scanners against those that are accepted, each with its reason."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drtemplate.checks.entries import load_entries
from drtemplate.checks.findings import Finding
from drtemplate.errors import InputError
from drtemplate.settings import PROJECT

ACCEPTED = PROJECT / "scan" / "accepted.yaml"
# Errors and warnings of cfn-lint are mended; what it must not look for stands in .cfnlintrc.
ACCEPTABLE = re.compile(r"CKV2?_[A-Z]+_\d+|I\d{4}")
KINDS = {
    "checkov": "CKV",
    "cfn-lint, errors": "E",
    "cfn-lint, warnings": "W",
    "cfn-lint, advice": "I",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One entry: a rule, and the places where it finds something that stays.

    Attributes:
        rule: the rule's id, as CKV_AWS_18 or I3011.
        where: paths into the template, as ``Resources.PrimaryALB``; each is exactly a finding's.
        because: why it stays, in a sentence or two.
        evidence: an address, or the part of the documentation that says more.
    """

    rule: str
    where: tuple[str, ...]
    because: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result.

    Attributes:
        found: number of findings, a rule at a place counted once for all templates.
        unexplained: findings without a reason, and the templates that have them.
        stale: rules and places that are accepted and not found in any template.
    """

    found: int
    unexplained: dict[Finding, list[str]]
    stale: list[tuple[str, str]]

    @property
    def holds(self) -> bool:
        """Whether every finding has its reason, and every reason its finding."""
        return not self.unexplained and not self.stale


def load_accepted(path: Path = ACCEPTED) -> list[Accepted]:
    """Read and check the file of accepted findings.

    Raises:
        InputError: the file is missing or no YAML, or an entry is malformed or stands twice.
    """
    entries = []
    seen: set[tuple[str, str]] = set()
    for number, item in load_entries(
        path, "list of accepted findings", ("rule", "because", "evidence"), ("where",)
    ):
        rule, where = item["rule"], tuple(item["where"])
        if not ACCEPTABLE.fullmatch(rule):
            raise InputError(f"{number}: {rule} cannot be accepted, only CKV_... and I...; mend it")
        if twice := [place for place in where if (rule, place) in seen]:
            raise InputError(f"{number}: {rule} at {twice[0]} stands twice; leave it out once")
        seen.update((rule, place) for place in where)
        entries.append(
            Accepted(rule=rule, where=where, because=item["because"], evidence=item["evidence"])
        )
    return entries


def judge(findings: Mapping[str, Sequence[Finding]], accepted: Sequence[Accepted]) -> Judgement:
    """Look each finding up among the accepted ones, and each of those among the findings.

    Args:
        findings: by the names of the templates.
        accepted: what stays, and why.
    """
    reasons = {(entry.rule, place) for entry in accepted for place in entry.where}
    places: dict[tuple[str, str], list[str]] = {}
    first: dict[tuple[str, str], Finding] = {}
    for name, found in findings.items():
        for one in found:
            key = (one.rule, one.where)
            first.setdefault(key, one)
            places.setdefault(key, []).append(name)
    return Judgement(
        found=len(first),
        unexplained={one: places[key] for key, one in first.items() if key not in reasons},
        stale=sorted(reasons - first.keys()),
    )


def counts(findings: Mapping[str, Sequence[Finding]]) -> list[tuple[str, list[int]]]:
    """How many findings of each kind each template has."""
    return [
        (kind, [sum(one.rule.startswith(prefix) for one in found) for found in findings.values()])
        for kind, prefix in KINDS.items()
    ]


def as_table(findings: Mapping[str, Sequence[Finding]], result: Judgement) -> str:
    """The result for people: counts, then everything that needs a hand."""
    lines = [
        " " * 20 + "".join(f"{name:>10}" for name in findings),
        *(
            f"{kind:<20}" + "".join(f"{count:>10}" for count in row)
            for kind, row in counts(findings)
        ),
        "",
        f"{'findings in ours':<20}{result.found:>10}",
        f"{'accepted':<20}{result.found - len(result.unexplained):>10}",
        f"{'unexplained':<20}{len(result.unexplained):>10}",
        f"{'stale':<20}{len(result.stale):>10}",
        *(f"unexplained  {one} [{', '.join(names)}]" for one, names in result.unexplained.items()),
        *(
            f"stale        {where}: {rule} finds nothing there; remove it"
            for rule, where in result.stale
        ),
    ]
    return "\n".join(lines)


HEAD = """# What scanners find

`make scan` runs [checkov](https://www.checkov.io/) and [cfn-lint](https://github.com/aws-cloudformation/cfn-lint), with
its informational rules and [our own](rules.md), over three templates: the
[source template](../templates/source-contract.yaml), ours as it is rendered by default, and ours with every
[control](security.md#off-by-default-and-how-to-turn-it-on) on. It fails on a finding in ours that has no reason in
[`scan/accepted.yaml`](../scan/accepted.yaml), and on a reason that has no finding any more. A rule at a place counts
once. This page is made by `generate.py scan --write`, and held to what was found by `make scan`.
"""


def as_markdown(findings: Mapping[str, Sequence[Finding]], accepted: Sequence[Accepted]) -> str:
    """The page: counts by scanner, those of each rule of checkov, and the reasons."""
    titles = {one.rule: one.message for found in findings.values() for one in found}
    by_rule = {name: Counter(one.rule for one in found) for name, found in findings.items()}
    rules = sorted((one for one in titles if one.startswith("CKV")), key=_by_number)
    blocks = [
        HEAD,
        _rows(["scanner", *findings], [[kind, *cells] for kind, cells in counts(findings)]),
        "\n## By rule of checkov\n",
        _rows(
            ["rule", "asks", *findings],
            [[rule, titles[rule], *(count[rule] for count in by_rule.values())] for rule in rules],
        ),
        "\n## Accepted in ours\n",
        _rows(
            ["rule", "where", "because", "evidence"],
            [
                [
                    one.rule,
                    ", ".join(place.removeprefix("Resources.") for place in one.where),
                    one.because,
                    one.evidence,
                ]
                for one in accepted
            ],
        ),
    ]
    return "\n".join(blocks) + "\n"


def _by_number(rule: str) -> tuple[str, int]:
    name, _, number = rule.rpartition("_")
    return name, int(number)


def _rows(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
