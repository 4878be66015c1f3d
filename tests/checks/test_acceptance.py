import re

import pytest
import yaml
from refusals import refusal

from drtemplate.checks.acceptance import (
    ACCEPTED,
    Accepted,
    as_markdown,
    as_table,
    judge,
    load_accepted,
)
from drtemplate.checks.findings import Finding
from drtemplate.settings import PROJECT

LOGS = Finding("Resources.ALB", "CKV_AWS_91", "Ensure access logging")
LOGS_OF_ANOTHER = Finding("Resources.Other", "CKV_AWS_91", "Ensure access logging")
POLICY = Finding("Resources.Group", "I3011", "'DeletionPolicy' is a required property (line 3)")
ERROR = Finding("Resources.ALB", "E3002", "no such property (line 3)")
FINDINGS = {"default": [LOGS, POLICY], "controls": [LOGS]}
GOOD = {
    "rule": "CKV_AWS_91",
    "where": ["Resources.ALB"],
    "because": "A setting turns them on.",
    "evidence": "docs/security.md",
}


def accepted(*pairs):
    return [
        Accepted(rule=rule, where=tuple(where), because="It stays so.", evidence="docs/x.md")
        for rule, *where in pairs
    ]


ALL = accepted(("CKV_AWS_91", "Resources.ALB"), ("I3011", "Resources.Group"))


def test_a_finding_in_any_template_with_its_reason_holds():
    result = judge(FINDINGS, ALL)
    assert result.holds
    assert result.found == 2


NO_REASON = {
    "no entry": (LOGS, []),
    "an entry for the rule elsewhere": (LOGS_OF_ANOTHER, ALL),
    "an entry for another rule there": (ERROR, ALL),
    "an entry for what lies above": (Finding("Resources.ALB.Properties", "CKV_AWS_91", ""), ALL),
}


@pytest.mark.parametrize(("finding", "entries"), NO_REASON.values(), ids=NO_REASON)
def test_a_finding_without_a_reason_of_its_own_fails(finding, entries):
    result = judge({"default": [], "controls": [finding]}, entries)
    assert not result.holds
    assert result.unexplained == {finding: ["controls"]}


def test_an_accepted_place_without_a_finding_is_stale():
    result = judge(FINDINGS, ALL + accepted(("I3011", "Resources.Gone")))
    assert not result.holds
    assert not result.unexplained
    assert result.stale == [("I3011", "Resources.Gone")]


def test_one_place_of_several_is_stale_by_itself():
    entries = accepted(("CKV_AWS_91", "Resources.ALB", "Resources.Gone"))
    assert judge({"default": [LOGS]}, entries).stale == [("CKV_AWS_91", "Resources.Gone")]


def test_the_table_counts_by_template_and_names_what_needs_a_hand():
    findings = {"source": [ERROR, LOGS], **FINDINGS}
    result = judge(FINDINGS, accepted(("I3011", "Resources.Group", "Resources.Gone")))
    assert as_table(findings, result).splitlines() == [
        "                        source   default  controls",
        "checkov                      1         1         1",
        "cfn-lint, errors             1         0         0",
        "cfn-lint, warnings           0         0         0",
        "cfn-lint, advice             0         1         0",
        "",
        "findings in ours             2",
        "accepted                     1",
        "unexplained                  1",
        "stale                        1",
        "unexplained  Resources.ALB: CKV_AWS_91 Ensure access logging [default, controls]",
        "stale        Resources.Gone: I3011 finds nothing there; remove it",
    ]


def test_the_page_has_counts_and_reasons_but_no_line_of_a_template():
    page = as_markdown({"source": [ERROR, LOGS], **FINDINGS}, ALL)
    assert "| checkov | 1 | 1 | 1 |" in page
    assert "| CKV_AWS_91 | Ensure access logging | 1 | 1 | 1 |" in page
    assert "| I3011 | Group | It stays so. | docs/x.md |" in page
    assert "(line 3)" not in page


def written(tmp_path, *entries):
    path = tmp_path / "accepted.yaml"
    path.write_text(yaml.safe_dump(list(entries)))
    return path


MALFORMED = {
    **{f"lacks {key}": {k: v for k, v in GOOD.items() if k != key} for key in GOOD},
    **{f"has an empty {key}": GOOD | {key: ""} for key in GOOD},
    "has no reason": GOOD | {"because": "  "},
    "is nowhere": GOOD | {"where": []},
    "is at a number": GOOD | {"where": [3]},
    "is at one place twice": GOOD | {"where": ["Resources.A", "Resources.A"]},
    "has a key more": GOOD | {"until": "2027"},
    "accepts an error": GOOD | {"rule": "E3002"},
    "accepts a warning": GOOD | {"rule": "W1011"},
    "accepts all advice": GOOD | {"rule": "I"},
    "stands in another": GOOD | {"where": ["Resources.B", "Resources.Other"]},
}


@pytest.mark.parametrize("entry", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_entry_is_refused_by_number(tmp_path, entry):
    other = GOOD | {"where": ["Resources.Other"]}
    assert "entry 2" in refusal(load_accepted, written(tmp_path, other, entry))


def test_an_entry_is_read(tmp_path):
    assert load_accepted(written(tmp_path, GOOD)) == [
        Accepted(
            rule="CKV_AWS_91",
            where=("Resources.ALB",),
            because=GOOD["because"],
            evidence=GOOD["evidence"],
        )
    ]


def test_the_accepted_findings_give_evidence():
    sections = re.findall(r"^## (.+)$", (PROJECT / "docs" / "security.md").read_text(), re.M)
    for entry in load_accepted(ACCEPTED):
        if not entry.evidence.startswith("https://docs.aws.amazon.com/"):
            page, _, section = entry.evidence.partition(", ")
            assert page == "docs/security.md"
            assert any(title.startswith(section) for title in sections), section
