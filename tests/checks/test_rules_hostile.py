"""Rules meet whatever a user has saved: what is malformed is cfn-lint's to tell, and stops none of ours."""

import copy
import random

import pytest

JUNK = [
    None, True, 0, -1, 10**400, float("nan"), float("inf"), "", "x", "${", "${!", "${A", "\0", [], [None],
    [[]], ["x"], [{}], {}, {1: 2}, {"Ref": 1}, {"Ref": None}, {"Ref": "AWS::NoValue"}, {"Fn::Sub": 1},
    {"Fn::Sub": ["${A}", None]}, {"Fn::Sub": [None, {}]}, {"Fn::GetAtt": []}, {"Fn::GetAtt": "A"},
    {"Fn::GetAtt": ["A", 1]}, {"Fn::If": None}, {"Fn::If": []}, {"Fn::If": ["C", 1, {"Fn::If": 1}]},
    {"Fn::Join": ["", 1]}, {"Fn::Join": [1, [2]]}, {"Fn::Sbu": "x"}, {"Fn::FindInMap": [1, 2]},
    {"Fn::Split": [1]}, {"Fn::Select": ["x", []]}, {"Fn::Base64": []}, {"Fn::Cidr": [1]}, {"Condition": "C"},
    {"Fn::Transform": {"Name": 1}}, {"a": {"b": {"c": []}}}, [{"Name": []}, {"Value": 1}],
]  # fmt: skip
ROUNDS = 60
# Shapes that the rules read, and that the stack does not have.
OTHERS = {
    "MathAlarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Metrics": [
                {
                    "MetricStat": {
                        "Metric": {"Namespace": "AWS/RDS", "MetricName": "X", "Dimensions": [{"Name": "Y"}]},
                        "Period": 10,
                    }
                }
            ]
        },
    },
    "Ingress": {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {"GroupId": {"Ref": "ALBSecurityGroup"}, "FromPort": 1},
    },
}  # fmt: skip


def spoil(node, chance):
    """Put junk somewhere below the node, each place as likely as any other."""
    places = []

    def walk(part):
        for key in part if isinstance(part, dict) else range(len(part)):
            places.append((part, key))
            if isinstance(part[key], dict | list):
                walk(part[key])

    walk(node)
    if places:
        part, key = chance.choice(places)
        part[key] = chance.choice(JUNK)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_no_rule_fails_on_a_template_with_junk_in_every_resource(find, template, seed):
    chance = random.Random(seed)
    broken = copy.deepcopy(template)
    broken["Resources"] |= copy.deepcopy(OTHERS)
    for section in ("Resources", "Outputs"):
        for part in broken[section].values():
            spoil(part, chance)
    broken["Resources"][1] = chance.choice(JUNK)
    find(broken)


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk)[:40])
def test_no_rule_fails_on_junk_for_a_section(find, template, junk):
    for section in template:
        find({**template, section: junk})
    find({"Resources": {"A": junk, "B": {"Type": junk, "Properties": junk, "DependsOn": junk}}})


def test_a_template_without_anything_has_no_finding(find):
    assert find({}) == []
