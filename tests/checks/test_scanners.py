import json

import pytest
from refusals import one_line, refusal

from drtemplate.checks import scanners
from drtemplate.checks.findings import Finding
from drtemplate.errors import InputError

LAMBDA = "AWS::Lambda::Function.Monitor"


def check(template, rule="CKV_AWS_116", resource=LAMBDA):
    return {
        "check_id": rule,
        "check_name": "Ensure a queue",
        "resource": resource,
        "file_abs_path": f"/somewhere/{template}.yaml",
    }


def report(**parts):
    empty = {"passed_checks": [], "failed_checks": [], "skipped_checks": [], "parsing_errors": []}
    return json.dumps({"check_type": "cloudformation", "results": empty | parts})


BOTH = [check("ours", "CKV_AWS_1"), check("source", "CKV_AWS_1")]
FOUND = Finding("Resources.Monitor", "CKV_AWS_116", "Ensure a queue")


def test_what_failed_is_a_finding_of_its_template():
    text = report(passed_checks=BOTH, failed_checks=[check("ours")])
    assert scanners.read_report(text, ["ours", "source"]) == {"ours": [FOUND], "source": []}


def test_what_the_template_skips_is_a_finding_too():
    text = report(passed_checks=BOTH, skipped_checks=[check("ours")])
    (found,) = scanners.read_report(text, ["ours", "source"])["ours"]
    assert (found.rule, found.where) == (FOUND.rule, FOUND.where)
    assert "skipped" in found.message


# What checkov prints where it has found nothing to look at, and what is no report.
NOTHING = {
    "no resource": '{"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0}',
    "no text": "",
    "a list": "[]",
    "another template alone": report(passed_checks=BOTH[1:]),
    "only skipped": report(passed_checks=BOTH[1:], skipped_checks=[check("ours")]),
    "a template that it cannot parse": report(passed_checks=BOTH, parsing_errors=["/x/ours.yaml"]),
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_a_report_that_has_not_looked_is_refused(text):
    one_line(InputError, scanners.read_report, text, ["ours", "source"])


def program(tmp_path, *lines):
    path = tmp_path / "checkov"
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return path


def scan(path, text="Resources: {}\n"):
    return scanners.scan({"ours": text}, ("us-east-1",), path)


def test_the_program_sees_the_templates_and_no_settings_of_the_users(tmp_path, monkeypatch):
    monkeypatch.setenv("CKV_SKIP_CHECK", "CKV_AWS_116")
    answer = report(passed_checks=[check("ours", "CKV_AWS_1")], failed_checks=[check("ours")])
    path = program(
        tmp_path,
        "grep -q Resources ours.yaml || exit 3",
        '[ -z "$CKV_SKIP_CHECK" ] && [ "$HOME" = "$(pwd)" ] || exit 3',
        f"echo '{answer}'",
        "exit 1",
    )
    found = scan(path)["ours"]
    assert FOUND in found
    assert {one.rule for one in found if one.rule.startswith("CKV")} == {"CKV_AWS_116"}


def test_a_rule_at_a_place_is_one_finding(tmp_path):
    """Two messages of cfn-lint's advice: no DeletionPolicy, and no UpdateReplacePolicy."""
    path = program(tmp_path, f"echo '{report(passed_checks=[check('ours')])}'")
    text = "Resources:\n  Group:\n    Type: AWS::Logs::LogGroup\n"
    rules = [(one.rule, one.where) for one in scan(path, text)["ours"]]
    assert rules.count(("I3011", "Resources.Group")) == 1


def test_a_program_that_fails_is_refused_with_its_last_word(tmp_path):
    path = program(tmp_path, "echo 'first\nlast' >&2", "exit 2")
    assert refusal(scan, path).endswith("ended with 2: last")


def test_a_program_that_is_none_is_refused(tmp_path):
    path = tmp_path / "checkov"
    assert "make scan" in refusal(scan, path)
    path.write_text("no program")
    refusal(scan, path)
