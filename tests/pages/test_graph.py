"""The picture has what a template has: each kind of link comes and goes with what it is read from."""

import copy
import os
import re
import subprocess
import sys

import pytest

from drtemplate.pages.graph import graph
from drtemplate.pages.graph_links import READ
from drtemplate.pages.mermaid import _frames, as_mermaid, gathered
from drtemplate.settings import PROJECT, Settings
from drtemplate.topologies.one_region import build

STACK = build(Settings())
TODAY = STACK.to_dict()
SHOWN = ("Lambda::Function", "RDS::DBCluster", "RDS::DBInstance", "V2::LoadBalancer", "SNS::Topic")


@pytest.fixture
def template():
    return copy.deepcopy(TODAY)


def links(template, groups=STACK.groups):
    """Links by the labels of their ends, with their words."""
    found = graph(template, groups)
    label = {part.id: part.label for part in found.parts}
    return {(label[one.source], label[one.target], one.kind): one.words for one in found.links}


def properties(template, name):
    return template["Resources"][name]["Properties"]


def statement(template, role, sid):
    statements = properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"]
    return next(one for one in statements if one["Sid"] == sid)


def test_everything_that_a_reader_must_see_is_there_and_little_else():
    found = graph(TODAY, STACK.groups)
    shown = {member for part in found.parts for member in part.members}
    for name, resource in TODAY["Resources"].items():
        if resource["Type"].endswith(SHOWN):
            assert name in shown, name
        if resource["Type"].startswith(("AWS::CloudWatch::Alarm", "AWS::Route53", "AWS::Events")):
            assert name in shown, name
    assert {part.id for part in found.parts} >= {"Clients", "Servers", "People"}
    assert len(found.parts) < 20
    assert {part.group for part in found.parts} - {""} <= set(STACK.groups.values())


def test_clients_come_by_route_53_and_servers_reach_the_database():
    found = links(TODAY)
    assert found["Clients", "Route 53", "call"] == ("resolve",)
    assert found["Route 53", "Primary ALB", "call"] == ("primary",)
    assert found["Your servers", "Aurora DB cluster", "call"] == ("port 3306",)


def test_a_grant_is_a_link_with_the_words_of_its_sid(template):
    act = ("Failover orchestrator", "Aurora DB cluster", "call")
    assert "move the writer" in links(template)[act]
    move = statement(template, "LambdaExecutionRole", "MoveTheWriter")
    move["Sid"] = "PromoteAReader"
    assert "promote a reader" in links(template)[act]
    move["Action"] = "rds:DescribeDBClusters"
    assert act not in links(template)
    assert "promote a reader" in links(template)[act[0], act[1], READ]


def test_a_grant_on_everything_is_for_what_the_function_is_told_of(template):
    look = ("Health monitor", "Primary ALB", READ)
    assert links(template)[look] == ("see healthy targets",)
    for observer in ("HealthMonitorFunction", "HealthMonitorFunction2"):
        del properties(template, observer)["Environment"]
    assert look not in links(template)


def test_a_denial_is_no_link_and_a_policy_of_its_own_is_as_good(template):
    look = ("Failover orchestrator", "Parameter Store", READ)
    read = statement(template, "LambdaExecutionRole", "ReadTheConfiguration")
    alone = {
        "PolicyDocument": {"Statement": [dict(read)]},
        "Roles": [{"Ref": "LambdaExecutionRole"}],
    }
    read["Effect"] = "Deny"
    assert look not in links(template)
    template["Resources"]["Alone"] = {"Type": "AWS::IAM::Policy", "Properties": alone}
    assert links(template)[look] == ("read the configuration",)


def test_rules_alarms_and_doors_are_links(template):
    before = links(template)
    assert before["EventBridge", "Health monitor", "call"] == ("every minute",)
    assert before["Aurora DB cluster", "EventBridge", "call"] == ("events",)
    assert ("Alarms that act", "Failover orchestrator", "call") in before
    assert before["Health monitor", "Aurora DB cluster", "call"] == ("port 3306",)
    properties(template, "HealthCheckScheduleRule")["Targets"] = []
    properties(template, "RDSEventRule")["EventPattern"] = {"source": ["aws.rds"]}
    properties(template, "DatabaseSecurityGroup")["SecurityGroupIngress"] = []
    for resource in template["Resources"].values():
        if "Alarm" in resource["Type"]:
            resource["Properties"]["AlarmActions"] = [{"Ref": "AlertTopic"}]
    gone = set(before) - set(links(template))
    assert gone >= {
        ("EventBridge", "Health monitor", "call"),
        ("Aurora DB cluster", "EventBridge", "call"),
        ("Alarms that act", "Failover orchestrator", "call"),
        ("Health monitor", "Aurora DB cluster", "call"),
        ("Your servers", "Aurora DB cluster", "call"),
    }


def test_another_function_is_another_part(template):
    template["Resources"]["SecondMonitorFunction"] = copy.deepcopy(
        template["Resources"]["HealthMonitorFunction"]
    )
    properties(template, "SecondMonitorFunction")["Code"] = {"ZipFile": "other"}
    groups = STACK.groups | {"SecondMonitorFunction": STACK.groups["HealthMonitorFunction"]}
    found = links(template, groups)
    assert ("Second monitor", "Failover orchestrator", "call") in found


def test_mermaid_has_every_part_and_link_and_no_text_that_breaks_it():
    groups = {name: f'{group}"]; end' for name, group in STACK.groups.items()}
    found = graph(TODAY, groups)
    text = as_mermaid(found)
    lines = text.splitlines()
    for part in found.parts:
        assert (
            sum(line.strip().startswith(f"{part.id}{mark}") for line in lines for mark in "([{")
            == 1
        )
    assert len(re.findall(r" (?:-->|---|-\.-)", text)) == len(gathered(found))
    assert text.count("subgraph") == text.count("\n    end\n")
    for line in lines[2:]:
        assert line.count('"') in (0, 2)


def test_few_lines_say_what_all_links_say():
    """A line of a frame is one of each of its parts; what is read beside a call is in the call's words."""
    found = graph(TODAY, STACK.groups)
    drawn = gathered(found)
    assert len(drawn) < len(found.links) - 5
    frames = _frames(found)
    told = {
        (source, target, word)
        for link in drawn
        for source in frames.get(link.source, {link.source})
        for target in frames.get(link.target, {link.target})
        for word in link.words or ("",)
    }
    assert told == {
        (link.source, link.target, word) for link in found.links for word in link.words or ("",)
    }
    framed = {(link.source in frames, link.target in frames, link.words) for link in drawn}
    assert {(True, False, ("port 80",)), (True, False, ("read the configuration",))} <= framed


def test_the_picture_is_the_same_bytes_whatever_the_hash_seed():
    drawn = {
        subprocess.run(
            [sys.executable, "generate.py", "graph"],
            cwd=PROJECT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert drawn == {f"{as_mermaid(graph(TODAY, STACK.groups))}\n".encode()}
