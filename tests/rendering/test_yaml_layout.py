"""The order of a template's parts, its groups, and lists and mappings."""

import json
import re

import pytest
from awscli.customizations.cloudformation.yamlhelper import yaml_parse
from emitted import LONG, assert_round_trip, assert_written, canonical, holding, written

from drtemplate.errors import RenderError
from drtemplate.rendering import yaml as emitter
from drtemplate.rendering.yaml import WIDTH, to_yaml


def test_sections_stand_in_the_order_of_the_template_anatomy():
    """What is no section of it comes last."""
    order = (
        "AWSTemplateFormatVersion Description Metadata Parameters Rules Mappings Conditions "
        "Transform Resources Outputs Hooks"
    ).split()
    template = {name: {"A": {"B": "c"}} for name in reversed(order)}
    template |= {"AWSTemplateFormatVersion": "2010-09-09", "Description": "d", "Transform": "t"}
    keys = re.findall(r"^(\w+):", to_yaml(template), re.MULTILINE)
    assert keys == order


@pytest.mark.parametrize(
    ("section", "order"),
    [
        (
            "Parameters",
            "Type Description Default NoEcho AllowedValues AllowedPattern MinLength MaxLength MinValue "
            "MaxValue ConstraintDescription",
        ),
        (
            "Resources",
            "Type Condition DependsOn CreationPolicy UpdatePolicy DeletionPolicy "
            "UpdateReplacePolicy Metadata Properties",
        ),
        ("Outputs", "Condition Description Value Export"),
    ],
)
def test_the_keys_of_an_entry_stand_in_aws_s_order(section, order):
    text = to_yaml({section: {"E": dict.fromkeys(reversed(order.split()), "x")}})
    assert re.findall(r"^    (\w+):", text, re.MULTILINE) == order.split()


def test_a_policy_statement_begins_with_what_it_is_for():
    keys = "Sid Effect Principal Action Resource Condition".split()
    lines = written({"Statement": [dict.fromkeys(reversed(keys), "x")]})
    assert [line[4:].partition(":")[0] for line in lines[2:]] == keys


def test_properties_and_resources_keep_their_order():
    resources = {
        name: {"Type": "T", "Properties": {"Z": 1, "A": {"y": "n" * WIDTH, "b": 2}}}
        for name in "ZMA"
    }
    loaded = yaml_parse(to_yaml({"Resources": resources}))
    assert json.dumps(loaded["Resources"]) == json.dumps(resources)


def test_writing_leaves_the_template_as_it_is():
    template = holding([{"Fn::Sub": "a\nb"}, {"Ref": "X"}])
    before = canonical(template)
    to_yaml(template)
    assert canonical(template) == before


LAYOUT = """\
# Made so
#
# not by hand
Parameters:
  P:
    Type: String

  Q:
    Type: String

Conditions:
  C: !Not
  - !Condition D
  D: !Equals
  - a
  - b

Resources:

  # One: first things

  A:
    Type: T
    Properties:
      L:
      - a: 1
        b:
          c: 2
      - d

  B:
    Type: T

  # Two

  C:
    Type: T

Outputs:
  O:
    Value: 1
  U:
    Value: !Ref A
"""


def test_the_layout_of_a_template():
    template = {
        "Parameters": {"P": {"Type": "String"}, "Q": {"Type": "String"}},
        "Conditions": {"C": {"Fn::Not": [{"Condition": "D"}]}, "D": {"Fn::Equals": ["a", "b"]}},
        "Resources": {
            "A": {"Type": "T", "Properties": {"L": [{"a": 1, "b": {"c": 2}}, "d"]}},
            "B": {"Type": "T"},
            "C": {"Type": "T"},
        },
        "Outputs": {"O": {"Value": 1}, "U": {"Value": {"Ref": "A"}}},
    }
    banners = {"A": "One: first things", "B": "One: first things", "C": "Two"}
    assert to_yaml(template, banners, "Made so\n\nnot by hand") == LAYOUT


@pytest.mark.parametrize("banners", [None, {}, {"Other": "One"}])
def test_without_a_banner_there_is_no_comment(banners):
    assert "#" not in to_yaml({"Resources": {"A": {"Type": "T"}}}, banners)


def test_without_libyaml_there_is_one_line_and_never_other_bytes(monkeypatch):
    monkeypatch.delattr(emitter.yaml, "CSafeDumper")
    with pytest.raises(RenderError, match="installed without libyaml") as error:
        to_yaml(holding("x"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({}, ["K: {}"]),
        ([], ["K: []"]),
        ([{}], ["K:", "- {}"]),
        ({"a": []}, ["K:", "  a: []"]),
        ([[], {}], ["K:", "- []", "- {}"]),
        ([{}, LONG], ["K:", "- {}", f"- {LONG}"]),
        ([[LONG]], ["K:", f"- - {LONG}"]),
        ([[[LONG], "b"], "c"], ["K:", f"- - - {LONG}", "  - b", "- c"]),
        ([{"a": LONG, "b": 1}], ["K:", f"- a: {LONG}", "  b: 1"]),
        ({"a": {"b": LONG}}, ["K:", "  a:", f"    b: {LONG}"]),
        ({"a": [{"b": LONG}]}, ["K:", "  a:", f"  - b: {LONG}"]),
    ],
)
def test_collections(value, lines):
    assert_written(value, lines)


@pytest.mark.parametrize("section", ["Parameters", "Resources", "Conditions", "Outputs"])
def test_an_empty_section_is_an_empty_mapping(section):
    assert_round_trip({section: {}})


@pytest.mark.parametrize("depth", [1, 2, 5, 12])
@pytest.mark.parametrize("leaf", [[], {}, "a", "a\nb", "  a\nb\n", {"k": "a\nb", "l": []}, LONG])
def test_lists_of_lists(depth, leaf):
    value = leaf
    for level in range(depth):
        value = [value, level] if level % 2 else [value]
    assert_round_trip(holding(value))
