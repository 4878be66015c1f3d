import copy

import pytest

from drtemplate.checks.references import PSEUDO_PARAMETERS, check_references, sub_variables
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build


def template(value="x", **more):
    base = {"Resources": {"A": {"Type": "T", "Properties": {"P": value}}}}
    return base | more


def parameter():
    return {"Type": "String"}


def always():
    return {"Fn::Equals": ["a", "a"]}


PROPERTY = "Resources.A.Properties.P"
DANGLING = {
    "Ref": ({"Ref": "Nothing"}, "Nothing"),
    "Ref of an unknown pseudo parameter": ({"Ref": "AWS::Zone"}, "AWS::Zone"),
    "Ref in another case": ({"Ref": "a"}, "a"),
    "GetAtt": ({"Fn::GetAtt": ["Nothing", "Arn"]}, "Nothing"),
    "GetAtt as text": ({"Fn::GetAtt": "Nothing.Arn"}, "Nothing"),
    "Sub": ({"Fn::Sub": "a-${Nothing}-b"}, "Nothing"),
    "Sub of an attribute": ({"Fn::Sub": "${Nothing.Arn}"}, "Nothing"),
    "second variable of a Sub": ({"Fn::Sub": "${A}${Nothing}"}, "Nothing"),
    "Sub with a map": ({"Fn::Sub": ["${V}${Nothing}", {"V": "x"}]}, "Nothing"),
    "Ref in a Sub's map": ({"Fn::Sub": ["${V}", {"V": {"Ref": "Nothing"}}]}, "Nothing"),
    "Ref in a Join": ({"Fn::Join": ["", ["a", {"Ref": "Nothing"}]]}, "Nothing"),
    "condition of an If": ({"Fn::If": ["Nothing", 1, 2]}, "Nothing"),
    "FindInMap": ({"Fn::FindInMap": ["Nothing", "a", "b"]}, "Nothing"),
}


@pytest.mark.parametrize(("value", "name"), DANGLING.values(), ids=DANGLING)
def test_a_dangling_name_is_found(value, name):
    (finding,) = check_references(template(value))
    assert finding.rule == "dangling"
    assert finding.where.startswith(PROPERTY)
    assert repr(name) in finding.message


@pytest.mark.parametrize("depends", ["Nothing", ["Nothing"], ["A", "Nothing"]])
def test_a_dangling_depends_on_is_found(depends):
    broken = template()
    broken["Resources"]["A"]["DependsOn"] = depends
    (finding,) = check_references(broken)
    assert (finding.where, finding.rule) == ("Resources.A.DependsOn", "dangling")


def test_depends_on_a_parameter_is_found():
    broken = template({"Ref": "Name"}, Parameters={"Name": parameter()})
    broken["Resources"]["A"]["DependsOn"] = "Name"
    (finding,) = check_references(broken)
    assert finding.where == "Resources.A.DependsOn"


def test_the_dangling_condition_of_a_resource_is_found():
    broken = template()
    broken["Resources"]["A"]["Condition"] = "Nothing"
    (finding,) = check_references(broken)
    assert (finding.where, finding.rule) == ("Resources.A.Condition", "dangling")


def test_dangling_names_outside_resources_are_found():
    broken = template(
        Outputs={"O": {"Value": {"Ref": "Nothing"}, "Condition": "Never"}},
        Conditions={"C": {"Fn::Not": [{"Condition": "Nowhere"}]}},
    )
    found = {
        finding.where: finding.message
        for finding in check_references(broken)
        if finding.rule == "dangling"
    }
    assert {where.split("[")[0] for where in found} == {
        "Outputs.O.Value",
        "Outputs.O.Condition",
        "Conditions.C",
    }


def test_the_attribute_of_a_parameter_is_found():
    broken = template({"Fn::Sub": "${Name.Arn}${Name}"}, Parameters={"Name": parameter()})
    (finding,) = check_references(broken)
    assert finding.rule == "dangling"


@pytest.mark.parametrize(
    ("section", "facts"),
    [("Parameters", parameter()), ("Mappings", {"a": {"b": 1}}), ("Conditions", always())],
)
def test_what_nothing_uses_is_found(section, facts):
    (finding,) = check_references(template(**{section: {"Idle": facts}}))
    assert (finding.where, finding.rule) == (f"{section}.Idle", "unused")


def test_a_name_is_used_only_as_what_it_is():
    idle = template(
        {"Fn::If": ["Name", 1, 2]},
        Parameters={"Name": parameter()},
        Conditions={"Name": always()},
    )
    assert [finding.where for finding in check_references(idle)] == ["Parameters.Name"]


def test_a_condition_of_a_policy_is_no_reference():
    statement = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert check_references(template({"Statement": [statement]})) == []


@pytest.mark.parametrize("name", sorted(PSEUDO_PARAMETERS))
def test_pseudo_parameters_are_known(name):
    assert check_references(template([{"Ref": name}, {"Fn::Sub": f"a-${{{name}}}"}])) == []


FINE = {
    "a literal": {"Fn::Sub": "${!Literal} and ${!Other.One}"},
    "a Sub's own variable": {"Fn::Sub": ["${Own}-${A.Arn}", {"Own": "x"}]},
    "a Sub's own variable with a dot": {"Fn::Sub": ["${Own.One}", {"Own.One": "x"}]},
    "text that only looks like a reference": "${Nothing} !Ref Nothing",
    "a shell's variable": {"Fn::Sub": "$HOME and $(A)"},
    "the resource itself": {"Fn::GetAtt": ["A", "Arn"]},
    "a value from elsewhere": {"Fn::ImportValue": "Nothing"},
    "a map whose name is computed": {"Fn::FindInMap": [{"Ref": "AWS::Region"}, "a", "b"]},
}


@pytest.mark.parametrize("value", FINE.values(), ids=FINE)
def test_what_is_no_dangling_reference_passes(value):
    assert check_references(template(value)) == []


def test_names_used_only_in_outputs_and_conditions_count():
    used = template(
        Parameters={"InOutput": parameter(), "InCondition": parameter(), "InSub": parameter()},
        Mappings={"Map": {"a": {"b": 1}}},
        Conditions={
            "ForOutput": {"Fn::Equals": [{"Ref": "InCondition"}, "x"]},
            "ForCondition": always(),
            "Outer": {"Fn::Not": [{"Condition": "ForCondition"}]},
        },
        Outputs={
            "One": {"Value": {"Ref": "InOutput"}, "Condition": "ForOutput"},
            "Two": {"Value": {"Fn::FindInMap": ["Map", "a", "b"]}, "Condition": "Outer"},
            "Three": {"Value": 1, "Export": {"Name": {"Fn::Sub": "${InSub}-x"}}},
        },
    )
    assert check_references(used) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("plain", []),
        ("${A}", ["A"]),
        ("${A.B}-${AWS::Region}", ["A.B", "AWS::Region"]),
        ("${!A}${B}", ["B"]),
        ("$A {B} ${C", []),
        ("${A}${A}", ["A", "A"]),
    ],
)
def test_the_variables_of_a_text(text, names):
    assert sub_variables(text) == names


@pytest.fixture(scope="module")
def rendered():
    return build(Settings()).to_dict()


def test_the_stack_has_no_finding(rendered):
    assert check_references(rendered) == []


def test_every_parameter_of_the_stack_is_needed(rendered):
    for section in ("Parameters", "Conditions"):
        for name in rendered[section]:
            broken = copy.deepcopy(rendered)
            del broken[section][name]
            assert any(f"{name!r}" in found.message for found in check_references(broken)), name
