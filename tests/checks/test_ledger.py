import re

import pytest
import yaml
from refusals import refusal

from drtemplate.checks.equivalence import CONTRACT
from drtemplate.checks.ledger import (
    CHANGES,
    CLASSES,
    LEDGER,
    Deviation,
    covering_paths,
    load_ledger,
)
from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.leaves import leaves
from drtemplate.settings import Settings
from drtemplate.stack import build

GOOD = {
    "path": "Resources.VPC.Properties.CidrBlock",
    "change": "changed",
    "class": "works",
    "because": "The block is taken by another network.",
    "evidence": "https://docs.aws.amazon.com/vpc/",
}
LEAST_REASON = 15
EVIDENCE = re.compile(
    r"https://docs\.aws\.amazon\.com/\S+|https://github\.com/\S+|cfn-lint [EWI]\d{4}"
    r"|the handlers and their tests"
)


def written(tmp_path, document):
    path = tmp_path / "ledger.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
    return path


def without(key):
    return {name: value for name, value in GOOD.items() if name != key}


MALFORMED = {
    "is text": "Resources.VPC",
    "is a list": ["Resources.VPC"],
    "is null": None,
    "is empty": {},
    **{f"lacks {key}": without(key) for key in GOOD},
    **{f"has an empty {key}": GOOD | {key: ""} for key in GOOD},
    **{f"has a blank {key}": GOOD | {key: "  \n"} for key in GOOD},
    **{f"has a number as {key}": GOOD | {key: 3} for key in GOOD},
    **{f"has a list as {key}": GOOD | {key: ["a"]} for key in GOOD},
    "has a key more": GOOD | {"note": "more"},
    "has another change": GOOD | {"change": "replaced"},
    "has a change in capitals": GOOD | {"change": "Changed"},
    "has another class": GOOD | {"class": "nice"},
    "covers all resources": GOOD | {"path": "Resources"},
    "covers all outputs": GOOD | {"path": "Outputs"},
}


@pytest.mark.parametrize("entry", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_entry_is_refused_by_number(tmp_path, entry):
    other = GOOD | {"path": "Resources.Other"}
    assert "entry 2" in refusal(load_ledger, written(tmp_path, [other, entry]))


@pytest.mark.parametrize("change", [{"change": "replaced"}, {"class": "nice"}])
def test_a_wrong_word_is_shown_with_the_path_and_the_right_ones(tmp_path, change):
    message = refusal(load_ledger, written(tmp_path, [GOOD | change]))
    assert GOOD["path"] in message
    assert next(iter(change.values())) in message
    assert all(word in message for word in (CHANGES if "change" in change else CLASSES))


def test_a_path_that_stands_twice_is_refused(tmp_path):
    assert GOOD["path"] in refusal(
        load_ledger, written(tmp_path, [GOOD, GOOD | {"change": "added"}])
    )


NO_LEDGER = {
    "empty": "",
    "mapping": "a: 1\n",
    "text": "words\n",
    "not YAML": "- [\n",
    "tab": "-\n\tpath: a\n",
}


@pytest.mark.parametrize("text", NO_LEDGER.values(), ids=NO_LEDGER)
def test_what_is_no_ledger_is_refused(tmp_path, text):
    assert "ledger" in refusal(load_ledger, written(tmp_path, text))


def test_a_missing_ledger_is_refused(tmp_path):
    refusal(load_ledger, tmp_path / "missing.yaml")


def test_an_entry_is_read(tmp_path):
    assert load_ledger(written(tmp_path, [GOOD])) == [
        Deviation(
            path=GOOD["path"],
            change="changed",
            reason="works",
            because=GOOD["because"],
            evidence=GOOD["evidence"],
        )
    ]


def test_an_empty_list_is_a_ledger(tmp_path):
    assert load_ledger(written(tmp_path, "[]\n")) == []


COVERED = {
    "itself": ("Resources.A", True),
    "what lies below": ("Resources.A.Properties.P", True),
    "its elements": ("Resources.A[0]", True),
    "a longer name": ("Resources.AB", False),
    "a shorter name": ("Resources", False),
    "another": ("Resources.B", False),
}


@pytest.mark.parametrize(("path", "expected"), COVERED.values(), ids=COVERED)
def test_an_entry_covers(path, expected):
    entry = Deviation(path="Resources.A", change="added", reason="works", because="-", evidence="-")
    assert (entry.path in covering_paths(path)) is expected


@pytest.fixture(scope="module")
def ledger():
    return load_ledger()


def test_the_ledger_has_entries_of_every_class(ledger):
    assert {entry.reason for entry in ledger} == set(CLASSES)
    assert {entry.change for entry in ledger} == set(CHANGES)


def test_there_are_six_classes():
    assert CLASSES == ("deploys", "works", "promise", "safe", "secure", "operable")


def test_every_reason_is_a_sentence(ledger):
    assert [entry.path for entry in ledger if len(entry.because) < LEAST_REASON] == []


def test_every_entry_has_evidence(ledger):
    unproven = [
        entry.path
        for entry in ledger
        if not all(EVIDENCE.fullmatch(part) for part in entry.evidence.split("; "))
    ]
    assert unproven == []


def test_no_entry_covers_two_resources(ledger):
    paths = leaves(load_template(CONTRACT)).keys() | leaves(build(Settings()).to_dict()).keys()
    for entry in ledger:
        covered = {
            tuple(path.split(".")[:2]) for path in paths if (entry.path in covering_paths(path))
        }
        assert len(covered) == 1, entry.path


def test_the_ledger_is_where_the_design_puts_it():
    assert LEDGER.parts[-2:] == ("templates", "deviations.yaml")
