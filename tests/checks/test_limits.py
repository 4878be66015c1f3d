"""Each limit of AWS that is left, at its edge and one step behind it."""

import pytest
from drtemplate.checks.limits import check_limits

from drtemplate.rendering.yaml import to_yaml
from drtemplate.settings import Settings
from drtemplate.stack import build


def resource(kind, **properties):
    return {"Resources": {"R": {"Type": kind, "Properties": properties}}}


def described(kind):
    return lambda text: resource(kind, AlarmDescription=text)


LIMITS = {
    "description-size": (1_024, lambda text: {"Description": text}),
    "alarm-description-size": (1_024, described("AWS::CloudWatch::Alarm")),
    "alarm-description-size of a composite": (1_024, described("AWS::CloudWatch::CompositeAlarm")),
    "parameter-value-size": (4_096, lambda text: resource("AWS::SSM::Parameter", Value=text)),
    "environment-size": (
        4_096,
        lambda text: resource(
            "AWS::Lambda::Function", Environment={"Variables": {"A": text[2:], "B": ""}}
        ),
    ),
    "inline-code-size": (
        4_194_304,
        lambda text: resource("AWS::Lambda::Function", Code={"ZipFile": text}),
    ),
}


@pytest.mark.parametrize(("name", "limit", "holding"), [(n, *both) for n, both in LIMITS.items()])
def test_a_text_may_be_as_long_as_the_limit_and_no_longer(name, limit, holding):
    assert check_limits(holding("x" * limit), "") == []
    (finding,) = check_limits(holding("x" * (limit + 1)), "")
    assert finding.rule == name.partition(" ")[0]
    assert f"has {limit + 1:,} " in finding.message
    assert f"{limit:,}" in finding.message


@pytest.mark.parametrize("text", ["x" * 1_000_000, "é" * 500_000, ""])
def test_a_file_of_one_megabyte_passes(text):
    assert check_limits({"Resources": {}}, text) == []


@pytest.mark.parametrize("text", ["x" * 1_000_001, "x" + "é" * 500_000, "𝄞" * 250_001])
def test_a_byte_more_is_found(text):
    (finding,) = check_limits({"Resources": {}}, text)
    assert (finding.where, finding.rule) == ("the template", "template-size")
    assert f"{len(text.encode()):,}" in finding.message


@pytest.mark.parametrize(
    ("section", "most"),
    [("Resources", 500), ("Parameters", 200), ("Outputs", 200), ("Mappings", 200)],
)
def test_too_many_entries_are_found(section, most):
    full = {section: {f"X{number}": {} for number in range(most)}}
    assert check_limits(full, "") == []
    full[section]["OneMore"] = {}
    (finding,) = check_limits(full, "")
    assert (finding.where, finding.rule) == (section, "section-count")
    assert str(most + 1) in finding.message


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Sub": "x" * 4_097 + "${AWS::StackName}"},
        {"Fn::Sub": ["${A}" + "x" * 4_097, {"A": "b"}]},
        {"Fn::Join": ["xx", ["x" * 4_094, {"Ref": "A"}, "x"]]},
    ],
)
def test_of_a_text_with_references_the_literal_parts_count(value):
    (finding,) = check_limits(resource("AWS::SSM::Parameter", Value=value), "")
    assert finding.where == "Resources.R.Properties.Value"


def test_what_a_reference_stands_for_is_not_counted():
    value = {"Fn::Sub": "x" * 4_096 + "${AWS::StackName}"}
    assert check_limits(resource("AWS::SSM::Parameter", Value=value), "") == []
    advanced = resource("AWS::SSM::Parameter", Value="x" * 5_000, Tier="Advanced")
    assert check_limits(advanced, "") == []


def test_the_stack_is_within_the_limits():
    stack = build(Settings())
    template = stack.to_dict()
    assert check_limits(template, to_yaml(template, stack.banners)) == []
