import json
import os

import pytest
from least_parameters import GOOD

from drtemplate.cli import main
from drtemplate.cloudformation.parameter_forms import default, for_console, rule
from drtemplate.deploying.parameters import load_parameters
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

TEMPLATE = build(Settings()).to_dict()
DECLARED = TEMPLATE["Parameters"]
SECRETS = {name for name, facts in DECLARED.items() if facts.get("NoEcho")}
REQUIRED = [name for name, facts in DECLARED.items() if "Default" not in facts]


@pytest.fixture
def check(tmp_path, capsys):
    def checked(content):
        path = tmp_path / "params.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        code = main(["params", "--check", str(path)])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    return checked


@pytest.mark.parametrize("form", ["deploy", "cli"])
def test_a_file_lacks_nothing_but_what_must_be_filled_in(form, tmp_path, capsys, check):
    assert main(["params", "--format", form]) == 0
    out, err = capsys.readouterr()
    path = tmp_path / "new.json"
    path.write_text(out)
    values = load_parameters(path)
    assert values.keys() == DECLARED.keys() - SECRETS
    assert [name for name, value in values.items() if value == ""] == REQUIRED
    assert err.startswith(for_console(TEMPLATE))
    code, found, _ = check(values)
    assert (code, [line.partition(":")[0] for line in found]) == (1, REQUIRED)
    assert check(values | GOOD)[0] == 0
    if form == "cli":
        assert all(entry.keys() == {"ParameterKey", "ParameterValue"} for entry in json.loads(out))


def test_the_console_s_reader_has_every_label_description_rule_and_default(capsys):
    assert main(["params"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    interface = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]
    for group in interface["ParameterGroups"]:
        assert group["Label"]["default"] in text
    for name, facts in DECLARED.items():
        label = interface["ParameterLabels"][name]["default"]
        default = facts.get("Default")
        told = (
            "required" if default is None else f"default {default}" if default else "default: empty"
        )
        words = facts["Description"], facts["ConstraintDescription"]
        assert f"{name} {label} ({told}) {' '.join(words)}" in text


def test_every_violation_is_told_at_once_and_in_words(check):
    wrong = {"DomainName": "Pay", "HostedZoneId": "zone 1", "BacktrackWindow": "-1"}
    wrong |= {"DomianName": "x", "AutoFailover": "on", "DBMasterPassword": "short"}
    code, found, err = check(wrong)
    assert (code, len(found)) == (1, len(wrong) + 1)
    told = dict(line.split(" ", 1) for line in found)
    assert told["DomainName:"] == f"'Pay' {DECLARED['DomainName']['ConstraintDescription']}"
    assert told["DBMasterPassword:"].startswith("its value must be empty, or 8 to 41")
    assert told["AutoFailover:"] == "'on' is not one of ON, DRY_RUN, OFF"
    assert told["DomianName"].endswith("did you mean DomainName?")
    assert told["AlertEmail"].startswith("is missing")
    assert "short" not in "".join(found)
    assert err.endswith(f"{len(found)} findings in {len(wrong)} parameters\n")


def test_an_update_keeps_what_the_file_leaves_out(tmp_path, capsys):
    path = tmp_path / "update.json"
    path.write_text('[{"ParameterKey": "DomainName", "UsePreviousValue": true}]')
    assert main(["params", "--check", str(path), "--update"]) == 0
    assert main(["params", "--check", str(path)]) == 1
    assert main(["params", "--update"]) == 2
    path.write_text('{"AutoFailover": "on"}')
    assert main(["params", "--check", str(path), "--update"]) == 1


BAD = {
    "empty": (b"", "is not JSON"),
    "huge": (b"[" * (2**20 + 1), "too large"),
    "no JSON": (b"DomainName=pay.example.com", "is not JSON"),
    "deep": (b"[" * 100_000, "cannot be used"),
    "no text": (b"\xff\xfe", "is not UTF-8"),
    "a text": (b'"DomainName"', "holds no parameters"),
    "a template": (b'{"Resources": {"A": {}}}', "Resources has no text"),
    "another stack's": (b'{"VpcId": "vpc-1", "KeyName": "k", "Environment": "Staging"}', "another"),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_what_is_no_file_of_this_stack_is_refused_in_a_line(check, content, words):
    code, out, err = check(content)
    assert (code, out, err.count("\n")) == (2, [], 1)
    assert words in err


def test_what_is_no_file_is_refused_in_a_line(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "missing.json", tmp_path / "pipe", "/dev/zero"):
        assert main(["params", "--check", str(path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_another_template_s_parameters_are_told_by_their_constraints(tmp_path, capsys):
    facts = {"Type": "String", "MinLength": 2, "AllowedPattern": "a+"}
    template = {"Resources": {"A": {"Type": "T"}}, "Parameters": {"Name\u001b": facts}}
    path = tmp_path / "other.json"
    path.write_text(json.dumps(template))
    assert main(["params", "--template", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Other parameters",
        "",
        "  Name\\x1b  Name\\x1b (required)",
        "         must be at least 2 characters, of the form a+",
    ]
    assert rule({"AllowedValues": ["a", 1]}) == "must be one of a, 1"
    assert rule({}) == ""


def test_a_secret_default_is_not_shown():
    facts = {"Type": "String", "Default": "hunter2hunter2"}
    assert default(facts | {"NoEcho": True}) == "default ****"
    assert default(facts) == "default hunter2hunter2"
