import pytest
from refusals import one_line

from drtemplate.cloudformation.intrinsics import NO_VALUE, Evaluator, Text
from drtemplate.cloudformation.lookups import Concrete, symbolic, text_of
from drtemplate.errors import InputError

MAPPINGS = {"M": {"eu": {"size": 3, "zones": ["a", "b"]}}}
CONDITIONS = {
    "Yes": {"Fn::Equals": [{"Ref": "Count"}, 3]},
    "No": {"Fn::Not": [{"Condition": "Yes"}]},
    "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
    "Either": {"Fn::Or": [{"Condition": "No"}, {"Condition": "Yes"}]},
}


def resource(name, attribute):
    return f"{name}/{attribute}" if attribute else f"id-{name}"


concrete = Evaluator(
    Concrete(
        names={"Count": "3", "Zones": ["x", "y"], "AWS::Region": "eu"},
        resource=resource,
        zones=("eu-a", "eu-b"),
        conditions=CONDITIONS,
        mappings=MAPPINGS,
        imports={"shared": "vpc-1"},
    )
)
REF, ATT = {"Ref": "X"}, {"Fn::GetAtt": ["X", "Arn"]}
KNOWN = {
    "Ref": (REF, "id-X"),
    "Ref of a parameter": ({"Ref": "Count"}, "3"),
    "GetAtt": (ATT, "X/Arn"),
    "GetAtt as text": ({"Fn::GetAtt": "X.Endpoint.Port"}, "X/Endpoint.Port"),
    "GetAtt of more parts": ({"Fn::GetAtt": ["X", "Outputs", "Y"]}, "X/Outputs.Y"),
    "GetAtt of a computed attribute": ({"Fn::GetAtt": ["X", {"Ref": "AWS::Region"}]}, "X/eu"),
    "Sub": ({"Fn::Sub": "${X}-${ X.Arn }-${Count}"}, "id-X-X/Arn-3"),
    "Sub with a literal": ({"Fn::Sub": "${!X} $Y {Z}"}, "${X} $Y {Z}"),
    "Sub with a map": ({"Fn::Sub": ["${V}${V}", {"V": {"Fn::Sub": "<${X}>"}}]}, "<id-X><id-X>"),
    # All at once: a value may hold what looks like the next variable.
    "Sub whose value looks like a variable": (
        {"Fn::Sub": ["${V}", {"V": {"Fn::Sub": "${!X}"}}]},
        "${X}",
    ),
    "Join": ({"Fn::Join": ["-", ["a", 1, True, REF]]}, "a-1-true-id-X"),
    "Join without what has no value": (
        {"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, "b"]]},
        "a,b",
    ),
    "Join of a list": ({"Fn::Join": [",", {"Ref": "Zones"}]}, "x,y"),
    "Select": ({"Fn::Select": ["1", {"Fn::GetAZs": ""}]}, "eu-b"),
    "Split": ({"Fn::Split": ["/", ATT]}, ["X", "Arn"]),
    "Select of a Split": ({"Fn::Select": [1, {"Fn::Split": ["/", ATT]}]}, "Arn"),
    "FindInMap": ({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "size"]}, 3),
    "FindInMap with a default": (
        {"Fn::FindInMap": ["M", "us", "size", {"DefaultValue": REF}]},
        "id-X",
    ),
    "If": ([{"Fn::If": [name, 1, 2]} for name in CONDITIONS], [1, 2, 2, 1]),
    "ImportValue": ({"Fn::ImportValue": "shared"}, "vpc-1"),
    "Base64": ({"Fn::Base64": {"Fn::Sub": "${X}"}}, "aWQtWA=="),
    "Length": ({"Fn::Length": {"Ref": "Zones"}}, 2),
    "ToJsonString": ({"Fn::ToJsonString": {"a": [REF, 1]}}, '{"a":["id-X",1]}'),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html
    "Cidr": ({"Fn::Cidr": ["10.0.0.0/16", 2, "8"]}, ["10.0.0.0/24", "10.0.1.0/24"]),
    "no value": ({"a": 1, "b": {"Ref": "AWS::NoValue"}, "c": [{"Ref": "AWS::NoValue"}]}, {"a": 1, "c": []}),
    "a policy's condition": ({"Condition": {"Bool": {"a": "b"}}}, {"Condition": {"Bool": {"a": "b"}}}),
}  # fmt: skip


@pytest.mark.parametrize(("node", "value"), KNOWN.values(), ids=KNOWN)
def test_a_value_that_is_known(node, value):
    assert concrete(node) == value


def test_nothing_is_a_value():
    assert concrete({"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, 1]}) is NO_VALUE


REFUSED = {
    "unknown function": ({"Fn::Nothing": 1}, "Fn::Nothing is not known here"),
    "a macro": ({"Fn::Transform": {"Name": "x"}}, "Fn::Transform is not known here"),
    "unknown condition": ({"Fn::If": ["Nothing", 1, 2]}, "condition Nothing"),
    "unknown mapping": ({"Fn::FindInMap": ["Nothing", "a", "b"]}, "'Nothing'"),
    "unknown import": ({"Fn::ImportValue": "other"}, "Fn::ImportValue"),
    "Ref of no name": ({"Ref": ["X"]}, "Ref cannot take"),
    "GetAtt without attribute": ({"Fn::GetAtt": "X"}, "Fn::GetAtt cannot take"),
    "Sub of a list in a text": ({"Fn::Sub": "${Zones}"}, "Fn::Sub cannot take"),
    "Join of no list": ({"Fn::Join": ["", "a"]}, "Fn::Join cannot take"),
    "Select past the end": ({"Fn::Select": [2, ["a"]]}, "Fn::Select cannot take"),
    "Select before the start": ({"Fn::Select": [-1, ["a"]]}, "Fn::Select cannot take"),
    "Split of no text": ({"Fn::Split": [",", ["a"]]}, "Fn::Split cannot take"),
    "Cidr that is too small": ({"Fn::Cidr": ["10.0.0.0/24", 2, 8]}, "Fn::Cidr cannot take"),
    "Cidr of two arguments": ({"Fn::Cidr": ["10.0.0.0/16"]}, "Fn::Cidr cannot take"),
    "If of two": ({"Fn::If": ["Yes", 1]}, "Fn::If cannot take"),
    "Equals of one": ({"Fn::Equals": [1]}, "Fn::Equals cannot take"),
}


@pytest.mark.parametrize(("node", "words"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_value_is_refused(node, words):
    assert words in one_line(InputError, concrete, node)


LEFT = {"Fn::If": ["C", REF, 1]}
OPEN = {
    "Ref": (REF, "${X}"),
    "GetAtt": ({"Fn::GetAtt": "X.Y.Z"}, "${X.Y.Z}"),
    "Sub": ({"Fn::Sub": ["a-${V}-${!L}", {"V": ATT}]}, "a-${X.Arn}-${!L}"),
    "Join": ({"Fn::Join": [":", ["${L}", 1, REF]]}, "${!L}:1:${X}"),
    "no variable": ({"Fn::Join": ["-", ["a", 1]]}, "a-1"),
    "an open list": ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    "a known list": ({"Fn::Select": [1, ["a", REF]]}, "${X}"),
    "If": (LEFT, {"Fn::If": ["C", "${X}", 1]}),
    "Join of an If": ({"Fn::Join": ["", [LEFT]]}, {"Fn::Join": ["", [{"Fn::If": ["C", "${X}", 1]}]]}),
    "Sub of an If": ({"Fn::Sub": ["${V}", {"V": LEFT}]}, {"Fn::Sub": ["${V}", {"V": {"Fn::If": ["C", "${X}", 1]}}]}),
    "Split of a Ref": ({"Fn::Split": [",", REF]}, {"Fn::Split": [",", "${X}"]}),
    "unknown": ({"Fn::Nothing": REF}, {"Fn::Nothing": "${X}"}),
}  # fmt: skip


@pytest.mark.parametrize(("node", "value"), OPEN.values(), ids=OPEN)
def test_without_values_references_stay(node, value):
    assert symbolic(node) == value
    assert isinstance(symbolic(node), Text) == (isinstance(value, str) and "${" in value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(REF, "${X}"), ("${X}", "${!X}"), (2.0, "2"), (True, "true"), (None, None), ([], None), (LEFT, None)],
)  # fmt: skip
def test_a_value_as_the_text_of_a_sub(value, text):
    assert text_of(value) == text
