"""Intrinsic functions: short where a reader of YAML allows it, long elsewhere."""

import pytest
from emitted import LONG, assert_round_trip, assert_written, holding, written


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"Ref": "VPC"}, "!Ref VPC"),
        ({"Ref": "AWS::Region"}, "!Ref AWS::Region"),
        ({"Fn::Sub": "${AWS::StackName}-x"}, "!Sub ${AWS::StackName}-x"),
        ({"Fn::GetAtt": ["A", "B"]}, "!GetAtt A.B"),
        ({"Fn::GetAtt": ["A", "B.C"]}, "!GetAtt A.B.C"),
        ({"Fn::GetAtt": ["A", "B", "C"]}, "!GetAtt A.B.C"),
        ({"Fn::GetAtt": "A.B.C"}, "!GetAtt A.B.C"),
        ({"Fn::GetAZs": ""}, "!GetAZs ''"),
        ({"Fn::Sub": "a: b"}, "!Sub 'a: b'"),
        ({"Fn::ImportValue": "12"}, "!ImportValue '12'"),
    ],
)
def test_functions_take_their_short_form(value, line):
    assert written(value) == [f"K: {line}"]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        # the outer of two in a row
        ({"Fn::Base64": {"Fn::Sub": "a${B}"}}, ["  Fn::Base64: !Sub a${B}"]),
        ([{"Fn::ImportValue": {"Fn::Sub": "a"}}], ["- Fn::ImportValue: !Sub a"]),
        # none that has a short form
        (
            {"Fn::EachMemberIn": [["a"], {"Fn::RefAll": "T"}]},
            ["  Fn::EachMemberIn:", "  - - a", "  - Fn::RefAll: T"],
        ),
        # a value that no short form holds
        ({"Fn::GetAtt": ["A", {"Ref": "B"}]}, ["  Fn::GetAtt:", "  - A", "  - !Ref B"]),
        ({"Fn::Sub": 5}, ["  Fn::Sub: 5"]),
        ({"Fn::Base64": True}, ["  Fn::Base64: true"]),
        # a mapping that only looks like one
        ({"Ref": "A", "Other": "B"}, ["  Ref: A", "  Other: B"]),
        ({"Condition": {"Bool": {"a": "b"}}}, ["  Condition:", "    Bool:", "      a: b"]),
        ({"Ref": ["A"]}, ["  Ref:", "  - A"]),
    ],
)
def test_what_stays_long(value, lines):
    assert_written(value, ["K:", *lines])


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, ["K: !Select", "- 0", "- !GetAZs ''"]),
        ({"Fn::Join": ["-", ["a", {"Ref": "B"}]]}, ["K: !Join", "- '-'", "- - a", "  - !Ref B"]),
        ([{"Fn::If": ["C", 1, {"Ref": "D"}]}], ["K:", "- !If", "  - C", "  - 1", "  - !Ref D"]),
        (
            {"Fn::Sub": ["a\nb\n", {"x": {"Ref": "Z"}}]},
            ["K: !Sub", "- |", "  a", "  b", "- x: !Ref Z"],
        ),
        (
            {"Fn::Transform": {"Name": "T", "Parameters": {}}},
            ["K: !Transform", "  Name: T", "  Parameters: {}"],
        ),
        (
            {"Fn::Base64": {"Fn::ImportValue": {"Fn::Sub": "a"}}},
            ["K: !Base64", "  Fn::ImportValue: !Sub a"],
        ),
    ],
)
def test_the_arguments_of_a_function_stand_under_it(value, lines):
    assert_written(value, lines)


@pytest.mark.parametrize(
    "value",
    [
        [{"Fn::Join": ["", ["a\nb", "c"]]}, "z"],
        ["z", {"Fn::Join": [",", ["a\nb", {"Ref": "C"}]]}],
        [{"Fn::Sub": ["a\nb\n", {"x": "y"}]}],
        [{"Fn::If": ["C", {"A": LONG}, {"Ref": "AWS::NoValue"}]}],
        [[{"Fn::If": ["C", LONG, {"Ref": "AWS::NoValue"}]}]],
        {"Statement": [{"Fn::If": ["C", {"Resource": LONG, "Action": "a"}, {"Ref": "D"}]}]},
        {"Fn::If": ["C", {"Fn::If": ["D", LONG, {"Fn::Join": ["", [LONG]]}]}, LONG]},
        [{"Fn::Sub": "a\nb"}, {"Fn::Sub": "c\n"}],
        [{"Fn::Base64": {"Fn::Sub": "a\nb"}}],
        [{"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": LONG}}}],
        {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": LONG}}},
        {"Fn::ToJsonString": {"a": ["b", {"Ref": "C"}], "d": LONG}},
        {"Fn::Base64": {"Fn::Join": ["", ["a\n", {"Ref": "B"}]]}},
    ],
)
def test_a_function_of_several_lines_is_read_back(value):
    assert_round_trip(holding(value))
