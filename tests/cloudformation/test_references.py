import pytest

from drtemplate.cloudformation.intrinsics import variables
from drtemplate.cloudformation.references import (
    needs,
    references,
    references_in,
    unknown_functions,
)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"Ref": "X"}, ["X"]),
        ({"Fn::GetAtt": ["X", "Arn"]}, ["X.Arn"]),
        ({"Fn::GetAtt": "X.Endpoint.Port"}, ["X.Endpoint.Port"]),
        ({"Fn::Sub": "${X}-${Y.Arn}-${AWS::Region}"}, ["X", "Y.Arn", "AWS::Region"]),
        ({"Fn::Sub": ["${V}${X}", {"V": {"Ref": "Y"}}]}, ["X", "Y"]),
        ({"Fn::Sub": ["${V.W}", {"V.W": "x"}]}, []),
        ({"Fn::Sub": "${!X} $Y $(Z)"}, []),
        ({"Fn::Join": ["", ["a", {"Ref": "X"}]]}, ["X"]),
        ({"Fn::If": ["C", {"Ref": "X"}, {"Ref": "Y"}]}, ["C", "X", "Y"]),
        ({"Fn::FindInMap": ["M", {"Ref": "X"}, "k"]}, ["M", "X"]),
        ({"Fn::FindInMap": [{"Ref": "X"}, "a", "b"]}, ["X"]),
        ({"Fn::ImportValue": "X"}, []),
        ({"Statement": [{"Condition": {"Bool": {"a": "b"}}}]}, []),
        ("${X} !Ref X", []),
    ],
)
def test_the_names_that_a_value_uses(value, found):
    used = [".".join(filter(None, (one.name, one.attribute))) for one in references_in(value)]
    assert used == found


def test_paths_and_kinds_of_a_template():
    template = {
        "Resources": {
            "A": {"Type": "T", "Condition": "C", "Properties": {"P": [{"Fn::Sub": "${B.Arn}"}]}},
            "B": {"Type": "T", "DependsOn": "D", "Properties": {"Q": {"Fn::If": ["C", {"Ref": "D"}, 1]}}},
            "D": {"Type": "T", "DependsOn": ["E"], "Metadata": {"Ref": "F"}},
        },
        "Conditions": {"C": {"Fn::Not": [{"Condition": "Other"}]}},
        "Outputs": {"O": {"Condition": "C", "Value": {"Ref": "A"}}},
    }  # fmt: skip
    resource, either, condition = "resource", "parameter or resource", "condition"
    assert [(one.path, one.kind, one.name) for one in references(template)] == [
        ("Resources.A.Condition", condition, "C"),
        ("Resources.A.Properties.P[0]", resource, "B"),
        ("Resources.B.DependsOn", resource, "D"),
        ("Resources.B.Properties.Q", condition, "C"),
        ("Resources.B.Properties.Q[1]", either, "D"),
        ("Resources.D.DependsOn", resource, "E"),
        ("Resources.D.Metadata", either, "F"),
        ("Conditions.C[0]", condition, "Other"),
        ("Outputs.O.Condition", condition, "C"),
        ("Outputs.O.Value", either, "A"),
    ]
    assert needs(template["Resources"], "A") == {"B", "D"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("${A.B}-${ AWS::Region }", ["A.B", "AWS::Region"]),
        ("${!A}${B}", ["B"]),
        ("$A {B} ${C", []),
        ("${A}${A}", ["A", "A"]),
    ],
)
def test_the_variables_of_a_text(text, names):
    assert variables(text) == names


def test_functions_that_cloudformation_does_not_have():
    node = {"A": [{"Fn::If": ["C", {"Fn::Sbu": "x"}, 1]}], "B": {"Fn::ForEach::L": [{"Ref": "X"}]}}
    assert list(unknown_functions(node)) == [("A[0].Fn::If[1]", "Fn::Sbu")]
