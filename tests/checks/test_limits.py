"""Each limit of AWS, at its edge and one step behind it: what our rules count, and cfn-lint."""

import json

import pytest

from drtemplate.checks.lint import lint


def resource(kind, **properties):
    return {"Resources": {"R": {"Type": kind, "Properties": properties}}}


def described(kind):
    return lambda text: resource(kind, AlarmDescription=text)


# The rule -> what it takes at most, and a template with a text of that length.
LIMITS = {
    "E9801": (1_024, lambda text: {"Description": text}),
    "E9802": (1_024, described("AWS::CloudWatch::Alarm")),
    "E9802 of a composite": (1_024, described("AWS::CloudWatch::CompositeAlarm")),
    "E9803": (4_096, lambda text: resource("AWS::SSM::Parameter", Value=text)),
    "E9804": (
        4_096,
        lambda text: resource(
            "AWS::Lambda::Function", Environment={"Variables": {"A": text[2:], "B": ""}}
        ),
    ),
    "E9805": (
        4_194_304,
        lambda text: resource("AWS::Lambda::Function", Code={"ZipFile": text}),
    ),
}


@pytest.fixture
def limits(find):
    """What the rules of limits find."""

    def found(template):
        return [(rule, match) for rule, match in find(template) if rule.startswith("E98")]

    return found


@pytest.mark.parametrize(("name", "limit", "holding"), [(n, *both) for n, both in LIMITS.items()])
def test_a_text_may_be_as_long_as_the_limit_and_no_longer(limits, name, limit, holding):
    assert limits(holding("x" * limit)) == []
    ((rule, match),) = limits(holding("x" * (limit + 1)))
    assert rule == name.partition(" ")[0]
    assert f"has {limit + 1:,} " in match.message
    assert f"{limit:,}" in match.message


def test_a_description_is_counted_in_bytes(limits):
    assert limits({"Description": "é" * 512}) == []
    assert [rule for rule, _ in limits({"Description": "é" * 513})] == ["E9801"]


@pytest.mark.parametrize("text", ["x" * 1_000_001, "x" + "é" * 500_000, "𝄞" * 250_001])
def test_a_file_of_more_than_one_megabyte_is_found(text):
    (finding,) = lint(text, ["us-east-1"])
    assert (finding.where, finding.rule) == ("the template", "E1002")
    assert f"{len(text.encode()):,}" in finding.message


@pytest.mark.parametrize("text", ["x" * 1_000_000, "é" * 500_000])
def test_a_file_of_one_megabyte_is_linted(text):
    assert "E1002" not in {finding.rule for finding in lint(text, ["us-east-1"])}


@pytest.mark.parametrize("section", ["Parameters", "Mappings"])
def test_too_many_entries_are_found(limits, section):
    full = {section: {f"X{number}": {} for number in range(200)}}
    assert limits(full) == []
    full[section]["OneMore"] = {}
    ((rule, match),) = limits(full)
    assert (rule, match.path) == ("E9806", [section])
    assert "201" in match.message


def test_cfn_lint_counts_what_our_rules_do_not():
    """Outputs; it counts resources alike (E3010), in ten seconds."""
    outputs = {f"O{number}": {"Value": "x"} for number in range(201)}
    template = {"Resources": {"R": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    assert "E6010" in {finding.rule for finding in lint(json.dumps(template), ["us-east-1"])}


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Sub": "x" * 4_097 + "${AWS::StackName}"},
        {"Fn::Sub": ["${A}" + "x" * 4_097, {"A": "b"}]},
        {"Fn::Join": ["xx", ["x" * 4_094, {"Ref": "A"}, "x"]]},
    ],
)
def test_of_a_text_with_references_the_literal_parts_count(limits, value):
    ((_, match),) = limits(resource("AWS::SSM::Parameter", Value=value))
    assert match.path == ["Resources", "R", "Properties", "Value"]


def test_what_a_reference_stands_for_is_not_counted(limits):
    value = {"Fn::Sub": "x" * 4_096 + "${AWS::StackName}"}
    assert limits(resource("AWS::SSM::Parameter", Value=value)) == []
    advanced = resource("AWS::SSM::Parameter", Value="x" * 5_000, Tier="Advanced")
    assert limits(advanced) == []
