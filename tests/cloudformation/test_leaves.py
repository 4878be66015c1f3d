import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.leaves import KEYED, SETS, leaves
from drtemplate.rendering.yaml import to_yaml
from drtemplate.settings import Settings
from drtemplate.stack import build

ANY = "SomeValue"
TEMPLATE = build(Settings()).to_dict()
POLICY_SETS = {"Action", "NotAction", "Resource", "Service", "AWS", "aws:SourceArn"}


def ref(name):
    return {"Ref": name}


def att(*path):
    return {"Fn::GetAtt": list(path)}


def sub(text, variables=None):
    return {"Fn::Sub": text if variables is None else [text, variables]}


def join(delimiter, *values):
    return {"Fn::Join": [delimiter, list(values)]}


def statement(**facts):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | facts]}


def tags(*pairs):
    return [{"Key": key, "Value": value} for key, value in pairs]


def dimensions(*pairs):
    return [{"Name": name, "Value": value} for name, value in pairs]


def leaves_of(key, value):
    return leaves({"Resources": {"X": {"Type": "T", "Properties": {key: value}}}})


SAME = {
    "GetAtt as text and as list": (ANY, {"Fn::GetAtt": "A.B"}, att("A", "B")),
    "GetAtt with a nested attribute": (ANY, att("A", "B.C"), {"Fn::GetAtt": "A.B.C"}),
    "Sub of one variable and Ref": (ANY, sub("${X}"), ref("X")),
    "Sub of one attribute and GetAtt": (ANY, sub("${X.Y}"), att("X", "Y")),
    "Sub of one nested attribute": (ANY, sub("${X.Y.Z}"), att("X", "Y.Z")),
    "Sub of a pseudo parameter and Ref": (ANY, sub("${AWS::Region}"), ref("AWS::Region")),
    "Sub without a variable and text": (ANY, sub("plain"), "plain"),
    "Sub with a literal and text": (ANY, sub("${!X}"), "${X}"),
    "Sub with its own scalar": (ANY, sub("a-${V}", {"V": "b"}), "a-b"),
    "Sub with its own Ref": (ANY, sub("a-${V}", {"V": ref("X")}), sub("a-${X}")),
    "Sub with its own GetAtt": (ANY, sub("${V}/${W}", {"V": att("X", "Y")}), sub("${X.Y}/${W}")),
    "Sub with its own Sub": (ANY, sub("a-${V}", {"V": sub("b-${X}")}), sub("a-b-${X}")),
    "Sub with its own Join": (ANY, sub("a-${V}", {"V": join("-", "b", ref("X"))}), sub("a-b-${X}")),
    "Sub with an empty map": (ANY, sub("a-${X}", {}), sub("a-${X}")),
    "Sub with its own variable, named as another's value": (
        ANY,
        sub("${A}${B}", {"A": ref("B"), "B": "x"}),
        join("", ref("B"), "x"),
    ),
    "Join of scalars and text": (ANY, join("-", "a", 1, True), "a-1-true"),
    "Join with a Ref and Sub": (ANY, join("", "a-", ref("X"), "-b"), sub("a-${X}-b")),
    "Join with a GetAtt and Sub": (ANY, join(":", "a", att("X", "Y")), sub("a:${X.Y}")),
    "Join of one Ref and Ref": (ANY, join(",", ref("X")), ref("X")),
    "Join in Join": (ANY, join("", "a", join("-", "b", ref("X"))), sub("ab-${X}")),
    "Join with a literal variable": (ANY, join("", "${X}", ref("Y")), sub("${!X}${Y}")),
    "Join with a blank before a Ref": (ANY, join("", "a ", ref("X")), sub("a ${X}")),
    "Join with a line end before a Ref": (ANY, join("", "a\n", ref("X")), sub("a\n${X}")),
    "Join with an exclamation mark": (ANY, join("", "!", ref("X")), sub("!${X}")),
    "number and text": (ANY, 443, "443"),
    "whole and integral number": (ANY, 2.0, 2),
    "boolean and text": (ANY, True, "true"),
    "false and text": (ANY, False, "false"),
    "Action as scalar": (
        "PolicyDocument",
        statement(Action="s3:Get"),
        statement(Action=["s3:Get"]),
    ),
    "Resource as scalar": (
        "KeyPolicy",
        statement(Resource=ref("X")),
        statement(Resource=[ref("X")]),
    ),
    "Principal as scalar": (
        "AssumeRolePolicyDocument",
        statement(Principal={"Service": "a.amazonaws.com"}),
        statement(Principal={"Service": ["a.amazonaws.com"]}),
    ),
    "condition's value as scalar": (
        "PolicyDocument",
        statement(Condition={"StringEquals": {"aws:SourceArn": sub("${X.Arn}")}}),
        statement(Condition={"StringEquals": {"aws:SourceArn": [att("X", "Arn")]}}),
    ),
    "condition's boolean as text": (
        "PolicyDocument",
        statement(Condition={"Bool": {"aws:SecureTransport": False}}),
        statement(Condition={"Bool": {"aws:SecureTransport": ["false"]}}),
    ),
    "order of actions": (
        "PolicyDocument",
        statement(Action=["a:One", "a:Two"]),
        statement(Action=["a:Two", "a:One"]),
    ),
    "case of actions": (
        "PolicyDocument",
        statement(Action=["SNS:Publish"]),
        statement(Action="sns:publish"),
    ),
    "order of resources": (
        "PolicyDocument",
        statement(Resource=[ref("A"), sub("${B.Arn}/*")]),
        statement(Resource=[sub("${B.Arn}/*"), ref("A")]),
    ),
    "order of statements with a Sid": (
        "PolicyDocument",
        {"Statement": [{"Sid": "A", "Effect": "Allow"}, {"Sid": "B", "Effect": "Deny"}]},
        {"Statement": [{"Sid": "B", "Effect": "Deny"}, {"Sid": "A", "Effect": "Allow"}]},
    ),
    "order of an event pattern's alternatives": (
        "EventPattern",
        {"source": ["aws.rds", "aws.ec2"]},
        {"source": ["aws.ec2", "aws.rds"]},
    ),
    "order of Tags": ("Tags", tags(("A", 1), ("B", 2)), tags(("B", "2"), ("A", "1"))),
    "order of Dimensions": (
        "Dimensions",
        dimensions(("A", ref("X")), ("B", 2)),
        dimensions(("B", 2), ("A", sub("${X}"))),
    ),
    "order of SubnetIds": ("SubnetIds", [ref("A"), ref("B")], [ref("B"), ref("A")]),
    "order of SecurityGroupIds": ("SecurityGroupIds", [ref("A"), ref("B")], [ref("B"), ref("A")]),
    "order of ingress rules": (
        "SecurityGroupIngress",
        [{"FromPort": 80, "CidrIp": "a"}, {"FromPort": 443, "CidrIp": "b"}],
        [{"CidrIp": "b", "FromPort": "443"}, {"CidrIp": "a", "FromPort": "80"}],
    ),
    "order of keys": (ANY, {"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "trailing blanks in code": ("ZipFile", "a  \n b\t\n", "a\n b\n"),
    "carriage returns in code": ("ZipFile", "a\r\nb\r\n", "a\nb\n"),
    "final line ends in code": ("ZipFile", "a\nb", "a\nb\n\n"),
    "trailing blanks in a Sub": (ANY, sub("a: ${X} \nb\n"), sub("a: ${X}\nb")),
}

DIFFERENT = {
    "order of Select": (
        ANY,
        {"Fn::Select": [0, [ref("A"), ref("B")]]},
        {"Fn::Select": [0, [ref("B"), ref("A")]]},
    ),
    "index of Select": (
        ANY,
        {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
        {"Fn::Select": [1, {"Fn::GetAZs": ""}]},
    ),
    "index of Select in a set": (
        "SubnetIds",
        [{"Fn::Select": [0, ref("A")]}],
        [{"Fn::Select": [1, ref("A")]}],
    ),
    "order of Join": (ANY, join("", ref("A"), ref("B")), join("", ref("B"), ref("A"))),
    "order of Join of Ifs": (
        ANY,
        join("", {"Fn::If": ["C", 1, 2]}, ref("B")),
        join("", ref("B"), {"Fn::If": ["C", 1, 2]}),
    ),
    "delimiter of Join": (ANY, join("-", ref("A"), ref("B")), join("", ref("A"), ref("B"))),
    "blank in a Join": (ANY, join("", "a ", ref("X")), join("", "a", ref("X"))),
    "blank in a Sub's own variable": (
        ANY,
        sub("${V}${X}", {"V": "a "}),
        sub("${V}${X}", {"V": "a"}),
    ),
    "branches of If": (ANY, {"Fn::If": ["C", 1, 2]}, {"Fn::If": ["C", 2, 1]}),
    "branches of If in a set": (
        "SubnetIds",
        {"Fn::If": ["C", [ref("A")], [ref("B")]]},
        {"Fn::If": ["C", [ref("B")], [ref("A")]]},
    ),
    "branches of If in a policy": (
        "PolicyDocument",
        statement(Resource={"Fn::If": ["C", ref("A"), ref("B")]}),
        statement(Resource={"Fn::If": ["C", ref("B"), ref("A")]}),
    ),
    "branches of If in a principal": (
        "KeyPolicy",
        statement(Principal={"AWS": {"Fn::If": ["C", ref("A"), ref("B")]}}),
        statement(Principal={"AWS": {"Fn::If": ["C", ref("B"), ref("A")]}}),
    ),
    "subnet of another set": ("SubnetIds", [ref("A"), ref("B")], [ref("A"), ref("C")]),
    "subnet more": ("SubnetIds", [ref("A")], [ref("A"), ref("B")]),
    "order of KeySchema": (
        "KeySchema",
        [{"AttributeName": "A", "KeyType": "HASH"}, {"AttributeName": "B", "KeyType": "RANGE"}],
        [{"AttributeName": "B", "KeyType": "RANGE"}, {"AttributeName": "A", "KeyType": "HASH"}],
    ),
    "order of DefaultActions": (
        "DefaultActions",
        [{"Type": "authenticate-oidc"}, {"Type": "forward"}],
        [{"Type": "forward"}, {"Type": "authenticate-oidc"}],
    ),
    "Ref and text": (ANY, ref("X"), "!Ref X"),
    "Ref and a name": (ANY, ref("X"), "X"),
    "Ref and a Sub of its text": (ANY, ref("X"), sub("!Ref X")),
    "GetAtt and text": (ANY, att("X", "Y"), "!GetAtt X.Y"),
    "GetAtt and a Sub of its text": (ANY, att("X", "Y"), sub("!GetAtt X.Y")),
    "Sub and text": (ANY, sub("a-${X}"), "!Sub a-${X}"),
    "Sub and the same text": (ANY, sub("a-${X}"), "a-${X}"),
    "text like a reference, with and without a quote": (ANY, "!Ref X", "'!Ref X"),
    "attribute": (ANY, att("X", "Arn"), ref("X")),
    "literal and variable": (ANY, sub("${!X}"), sub("${X}")),
    "literal and variable in a text": (ANY, sub("a-${!X}-${Y}"), sub("a-${X}-${Y}")),
    "own variable and a resource": (ANY, sub("${V}", {"V": "x"}), sub("${V}")),
    "own variables' values": (ANY, sub("${V}-a", {"V": ref("X")}), sub("${V}-a", {"V": ref("Y")})),
    "leading blanks in code": ("ZipFile", "if a:\n b\n", "if a:\n  b\n"),
    "leading line end in code": ("ZipFile", "\na", "a"),
    "line in code": ("ZipFile", "a\nb\n", "a\n\nb\n"),
    "Effect": ("PolicyDocument", statement(), statement(Effect="Deny")),
    "case of a resource": (
        "PolicyDocument",
        statement(Resource="arn:a"),
        statement(Resource="arn:A"),
    ),
    "action more": (
        "PolicyDocument",
        statement(Action="a:One"),
        statement(Action=["a:One", "a:Two"]),
    ),
    "Action and NotAction": (
        "PolicyDocument",
        statement(Action="a:One"),
        statement(NotAction="a:One"),
    ),
    "condition's operator": (
        "PolicyDocument",
        statement(Condition={"StringEquals": {"a": "b"}}),
        statement(Condition={"StringLike": {"a": "b"}}),
    ),
    "numbers of a pattern in order": (
        "EventPattern",
        {"n": [{"numeric": [">", 1, "<", 2]}]},
        {"n": [{"numeric": [">", 2, "<", 1]}]},
    ),
    "text of a Sub": (ANY, sub("a-${X}"), sub("b-${X}")),
    "variable of a Sub": (ANY, sub("a-${X}"), sub("a-${Y}")),
    "fraction": (ANY, 1, 1.5),
    "digits": (ANY, 443, "0443"),
    "boolean and capital": (ANY, True, "True"),
    "boolean and number": (ANY, True, 1),
    "missing tag": ("Tags", tags(("A", 1), ("B", 2)), tags(("A", 1))),
    "tag's value": ("Tags", tags(("A", 1), ("B", 2)), tags(("A", 2), ("B", 1))),
    "tag that stands twice": ("Tags", tags(("A", 1)), tags(("A", 1), ("A", 2))),
    "empty list and empty text": (ANY, [], ""),
    "empty mapping and none": (ANY, {"a": {}}, {"b": {}}),
    "scalar and list outside IAM": (ANY, "a", ["a"]),
    "order of a plain list": (ANY, ["a", "b"], ["b", "a"]),
}


def by_name(cases):
    return [pytest.param(*case, id=name) for name, case in cases.items()]


@pytest.mark.parametrize(("key", "left", "right"), by_name(SAME))
def test_equal_meaning_has_equal_leaves(key, left, right):
    assert leaves_of(key, left) == leaves_of(key, right)


@pytest.mark.parametrize(("key", "left", "right"), by_name(DIFFERENT))
def test_another_meaning_has_other_leaves(key, left, right):
    assert leaves_of(key, left) != leaves_of(key, right)


def test_depends_on_is_a_set_and_a_scalar_is_a_list_of_one():
    def depending(on):
        return leaves({"Resources": {"X": {"Type": "T", "DependsOn": on}}})

    assert depending("A") == depending(["A"])
    assert depending(["A", "B"]) == depending(["B", "A"])
    assert depending(["A", "B"]) != depending(["A"])


SHORT_AND_LONG = {
    "Ref": ("!Ref X", "{Ref: X}"),
    "GetAtt": ("!GetAtt X.Y", "{Fn::GetAtt: [X, Y]}"),
    "GetAtt of a list": ("!GetAtt [X, Y]", "{Fn::GetAtt: X.Y}"),
    "GetAtt of a nested attribute": ("!GetAtt X.Y.Z", "{Fn::GetAtt: [X, Y.Z]}"),
    "Sub": ("!Sub 'a-${X}'", "{Fn::Sub: 'a-${X}'}"),
    "Sub with a map": (
        "!Sub ['${V}-${W}', {V: !Ref X}]",
        "{Fn::Sub: ['${V}-${W}', {V: {Ref: X}}]}",
    ),
    "Join": ("!Join ['', [a, !Ref X]]", "{Fn::Join: ['', [a, {Ref: X}]]}"),
    "Select of zones": ("!Select [0, !GetAZs '']", "{Fn::Select: [0, {Fn::GetAZs: ''}]}"),
    "If": ("!If [C, !Ref X, 2]", "{Fn::If: [C, {Ref: X}, 2]}"),
    "FindInMap": ("!FindInMap [M, !Ref X, k]", "{Fn::FindInMap: [M, {Ref: X}, k]}"),
    "Base64": ("!Base64 a", "{Fn::Base64: a}"),
    "ImportValue": ("!ImportValue a", "{Fn::ImportValue: a}"),
    "logic": (
        "!Not [!Or [!Equals [a, b], !And [!Condition C]]]",
        "{Fn::Not: [{Fn::Or: [{Fn::Equals: [a, b]}, {Fn::And: [{Condition: C}]}]}]}",
    ),
}


@pytest.mark.parametrize(("short", "long"), by_name(SHORT_AND_LONG))
def test_short_and_long_form_are_equal(tmp_path, short, long):
    loaded = []
    for number, value in enumerate((short, long)):
        path = tmp_path / f"{number}.yaml"
        path.write_text(f"Resources: {{R: {{Type: T, Properties: {{P: {value}}}}}}}\n")
        loaded.append(leaves(load_template(path)))
    assert loaded[0] == loaded[1]


def test_paths_name_elements_by_what_identifies_them():
    found = leaves_of("Policies", [{"PolicyName": "P", "PolicyDocument": statement(Action="A:B")}])
    assert found["Resources.X.Properties.Policies[P].PolicyDocument.Statement[0].Action[a:b]"] == (
        "a:b"
    )


def shuffled(value, random, key=""):
    if isinstance(value, dict):
        items = [(name, shuffled(item, random, name)) for name, item in value.items()]
        if len(items) > 1:
            random.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        items = [shuffled(item, random) for item in value]
        named = KEYED.get(key)
        is_keyed = named and all(isinstance(item, dict) and named in item for item in items)
        if key in SETS or key in POLICY_SETS or is_keyed:
            random.shuffle(items)
        return items
    return value


@settings(derandomize=True, deadline=None, max_examples=80)
@given(
    titles=st.sets(st.sampled_from(sorted(TEMPLATE["Resources"])), min_size=1, max_size=4),
    random=st.randoms(use_true_random=False),
)
def test_shuffled_sets_in_short_form_have_the_same_leaves(tmp_path_factory, titles, random):
    part = TEMPLATE | {"Resources": {title: TEMPLATE["Resources"][title] for title in titles}}
    path = tmp_path_factory.getbasetemp() / "shuffled.yaml"
    path.write_text(to_yaml(shuffled(copy.deepcopy(part), random)))
    assert leaves(load_template(path)) == leaves(part)


def test_the_whole_template_has_the_same_leaves_as_short_form_yaml_and_json(tmp_path):
    for name, text in (("t.yaml", to_yaml(TEMPLATE)), ("t.json", json.dumps(TEMPLATE))):
        path = tmp_path / name
        path.write_text(text)
        assert leaves(load_template(path)) == leaves(TEMPLATE)
