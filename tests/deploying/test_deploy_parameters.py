import json
import signal
import time

import pytest
from least_parameters import GOOD

from drtemplate.cloudformation import parameters
from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.parameters import is_secret, problems
from drtemplate.deploying.parameters import load_parameters
from drtemplate.errors import InputError
from drtemplate.pipeline import default_output

DECLARED = load_template(default_output("yaml"))["Parameters"]
AS_LIST = [{"ParameterKey": name, "ParameterValue": value} for name, value in GOOD.items()]


def loaded(tmp_path, content):
    path = tmp_path / "params.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_parameters(path)


AS_TEXTS = [f"{name}={value}" for name, value in GOOD.items()]
AS_PASTED = GOOD | {
    "DomainName": "pay.example.com.",
    "HostedZoneId": "/hostedzone/Z0123456789ABCDEFGHIJ",
}
FORMS = {
    "object": GOOD, "list": AS_LIST, "texts": AS_TEXTS, "below Parameters": {"Parameters": GOOD, "Tags": {}},
    "as pasted": AS_PASTED,
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_every_form_is_read(tmp_path, form, mark):
    assert loaded(tmp_path, mark + json.dumps(form)) == GOOD


def test_an_empty_object_and_an_empty_list_are_no_parameters(tmp_path):
    assert loaded(tmp_path, "{}") == loaded(tmp_path, "[]") == {}


@pytest.mark.parametrize("text", ["7", "0", "1.50", "-3", "1e3", "99999999999999999999"])
def test_a_number_stays_as_it_is_written(tmp_path, text):
    assert loaded(tmp_path, f'{{"DataRetentionDays": {text}}}') == {"DataRetentionDays": text}


def test_a_previous_value_is_left_to_the_stack(tmp_path):
    entry = {"ParameterKey": "DBMasterPassword", "UsePreviousValue": True}
    assert loaded(tmp_path, json.dumps([*AS_LIST, entry])) == GOOD


BAD = {
    "empty": "",
    "no JSON": "DomainName: pay.example.com\n",
    "cut off": '{"DomainName": "pay.example.com"',
    "a text": '"DomainName"',
    "a number": "3",
    "nothing": "null",
    "a nested object": '{"Parameters": {"DomainName": {"a": "b"}}}',
    "another nested object": '{"Parameter": {"DomainName": "pay.example.com"}}',
    "NUL": '{"DomainName": "pay\\u0000"}',
    "an escape": '{"DomainName": "pay\\u001b[31m"}',
    "half a character": '{"DomainName": "\\ud800"}',
    "half a character as a name": '{"\\udc00": "a"}',
    "a carriage return": '{"DomainName": "pay\\r"}',
    "a list as a value": '{"DomainName": ["a"]}',
    "true": '{"DomainName": true}',
    "null": '{"DomainName": null}',
    "twice": '{"DomainName": "a.example.com", "DomainName": "b.example.com"}',
    "twice in a list": json.dumps([AS_LIST[0], AS_LIST[0]]),
    "a list of texts": '["DomainName"]',
    "twice in a list of texts": '["DomainName=a", "DomainName=b"]',
    "texts and objects": '["DomainName=a", {"ParameterKey": "A", "ParameterValue": "b"}]',
    "an entry without a value": '[{"ParameterKey": "DomainName"}]',
    "an entry without a key": '[{"ParameterValue": "pay.example.com"}]',
    "an entry of null": '[{"ParameterKey": "DomainName", "ParameterValue": 1}, null]',
    "null in a list": '[{"ParameterKey": "DomainName", "ParameterValue": null}]',
    "a value beside the previous one": '[{"ParameterKey": "A", "UsePreviousValue": true}, {"ParameterKey": "A", "ParameterValue": "b"}]',
    "turned round": '{"AlertEmail": "\\u202emoc.b@a"}',
    "nobody sees it": '{"AlertEmail": "a\\u200b@b.com"}',
    "infinity": '{"DataRetentionDays": Infinity}',
    "not UTF-8": b'{"DomainName": "\xff"}',
    "nested without end": "[" * 100_000,
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_bad_file_is_one_line(tmp_path, content):
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, content)
    assert "params.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_many_names_are_read_at_once(tmp_path):
    begun = time.process_time()
    assert len(loaded(tmp_path, json.dumps({f"k{n}": "v" for n in range(30_000)}))) == 30_000
    assert time.process_time() - begun < 3


def test_a_missing_file_and_a_directory_are_one_line(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(InputError, match="cannot read the parameter file"):
            load_parameters(path)


def test_good_parameters_have_no_problem():
    assert list(problems(DECLARED, GOOD, {})) == []


# The parameter, its value, and what the message must say.
MISFITS = [
    ("Environment", "production", "Production, Staging"),
    ("Environment", "", "Production, Staging"),
    ("AutoFailover", "on", "ON, DRY_RUN, OFF"),
    ("DomainName", "pay", "must be "),
    ("DomainName", "Pay.example.com", "must be "),
    ("DomainName", "pay.example.com\n", "must be "),
    ("DomainName", "pay.example.com.", "must be "),
    ("DomainName", "a" * 60 + ".example.com", "72 characters, of at most 64"),
    ("HostedZoneId", "/hostedzone/Z1", "must be "),
    ("HostedZoneId", "", "must be "),
    ("AlertEmail", "oncall", "must be "),
    ("AlertEmail", "a@b.c d", "must be "),
    ("DBMasterUsername", "1admin", "must be "),
    ("DBMasterUsername", "a" * 17, "must be "),
    ("BacktrackWindow", "-1", "less than 0"),
    ("BacktrackWindow", "259201", "more than 259200"),
    ("BacktrackWindow", "72h", "not a number"),
    ("BacktrackWindow", "nan", "not a number"),
    ("BacktrackWindow", "1_000", "not a number"),
    ("DataRetentionDays", "99999999999", "more than 2147483647"),
    ("DataRetentionDays", "0", "less than 1"),
    ("DataRetentionDays", "", "not a number"),
    ("DataRetentionDays", "٣٦٥", "not a number"),
    ("DataRetentionDays", "5.5", "not a whole number"),
    ("DataRetentionDays", "1e3", "not a whole number"),
]


@pytest.mark.parametrize(("name", "value", "words"), MISFITS)
def test_a_value_that_breaks_a_constraint_is_told(name, value, words):
    (problem,) = problems(DECLARED, GOOD | {name: value}, {})
    assert name in problem
    assert words in problem


@pytest.mark.parametrize("value", ["short", "with blank 1", "a" * 42, 'quote"1234', "slash/12345"])
def test_a_secret_is_told_without_its_value(value):
    (problem,) = problems(DECLARED, GOOD | {"DBMasterPassword": value}, {})
    assert "DBMasterPassword" in problem
    assert value not in problem


@pytest.mark.parametrize("value", ["", "long-enough", "!" * 41])
def test_a_good_secret_has_no_problem(value):
    assert list(problems(DECLARED, GOOD | {"DBMasterPassword": value}, {})) == []


def test_an_unknown_parameter_is_told_with_its_neighbour():
    (problem,) = problems(DECLARED, GOOD | {"DomainNam": "x"}, {})
    assert "DomainNam is no parameter" in problem
    assert "DomainName?" in problem
    (problem,) = problems(DECLARED, GOOD | {"Colour": "red"}, {})
    assert "AlertEmail" in problem


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_parameter_is_told_unless_the_stack_has_it(name):
    given = {key: value for key, value in GOOD.items() if key != name}
    (problem,) = problems(DECLARED, given, {})
    assert f"{name} is missing" in problem
    assert list(problems(DECLARED, given, {name: "of the stack"})) == []


def test_what_nobody_would_read_whole_is_cut():
    found = list(problems(DECLARED, GOOD | {f"k{n}": "v" for n in range(1000)}, {}))
    assert len(found) == 6
    assert "995 more" in found[-1]
    (problem,) = problems(DECLARED, GOOD | {"DataRetentionDays": "9" * 4000}, {})
    assert len(problem) < 500


def test_a_value_is_not_longer_than_cloudformation_takes():
    for text in ("a" * 4097, "é" * 2049):
        (problem,) = problems({"P": {"Type": "String"}}, {"P": text}, {})
        assert "takes 4,096" in problem
    assert list(problems({"P": {"Type": "String"}}, {"P": "é" * 2048}, {})) == []


def test_all_problems_are_told_at_once():
    found = list(problems(DECLARED, {"Environment": "x", "Nothing": "y"}, {}))
    assert len(found) == 5


@pytest.mark.parametrize(
    ("facts", "value", "words"),
    [
        ({"Type": "String", "MinLength": 2}, "a", "at least 2"),
        ({"Type": "String", "MinLength": "2"}, "ab", ""),
        ({"Type": "String", "MinLength": "x", "MaxLength": [1]}, "ab", ""),
        ({"Type": "Number", "MinValue": "x", "MaxValue": {}}, "2", ""),
        ({"Type": "Number", "AllowedValues": [1, 2]}, "3", "one of 1, 2"),
        ({"Type": "Number", "AllowedValues": [1, 2]}, "2", ""),
        ({"Type": "Number", "MaxLength": 1}, "22", ""),
        ({"Type": "String", "AllowedPattern": "[a-z"}, "anything", ""),
        ({"Type": "String", "AllowedPattern": "a|b"}, "ab", "does not match"),
    ],
)
def test_constraints_that_the_template_does_not_use(facts, value, words):
    found = list(problems({"P": facts}, {"P": value}, {}))
    assert words in found[0] if words else found == []


def test_a_pattern_without_an_end_is_left_to_aws(monkeypatch):
    monkeypatch.setattr(parameters, "PATIENCE", 0.05)
    assert parameters.misfit({"AllowedPattern": "(a+)+$"}, "a" * 60 + "b") == ""
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert parameters.misfit({"AllowedPattern": "a+"}, "b") == "does not match a+"


def test_only_no_echo_is_secret():
    assert [name for name, facts in DECLARED.items() if is_secret(facts)] == ["DBMasterPassword"]
    assert is_secret({"NoEcho": "true"})
    assert not is_secret({"NoEcho": "false"})
