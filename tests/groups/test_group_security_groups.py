import re

import pytest

from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

SECURITY_GROUPS = [
    "ALBSecurityGroup",
    "AppSecurityGroup",
    "DatabaseSecurityGroup",
    "LambdaSecurityGroup",
]


def allowed(properties, group):
    return {
        (rule["FromPort"], rule.get("SourceSecurityGroupId", rule.get("CidrIp")))
        for rule in properties[group].get("SecurityGroupIngress", [])
    }


def test_clients_reach_the_load_balancers_over_http_and_https(properties):
    assert allowed(properties, "ALBSecurityGroup") == {(443, "0.0.0.0/0"), (80, "0.0.0.0/0")}


def test_only_the_load_balancers_reach_the_servers(properties):
    assert allowed(properties, "AppSecurityGroup") == {(80, "ALBSecurityGroup")}


def test_servers_and_functions_reach_the_database(properties):
    assert allowed(properties, "DatabaseSecurityGroup") == {
        (3306, "AppSecurityGroup"),
        (3306, "LambdaSecurityGroup"),
    }


def ways_out(properties, group):
    return {
        (rule.get("FromPort"), rule["CidrIp"]) for rule in properties[group]["SecurityGroupEgress"]
    }


TO_DATABASE = {(3306, "10.0.20.0/24"), (3306, "10.0.21.0/24")}
TO_SERVICES = {(443, "0.0.0.0/0")}


def test_each_tier_reaches_the_next_and_what_it_needs(properties):
    assert ways_out(properties, "ALBSecurityGroup") == {(80, "10.0.10.0/24"), (80, "10.0.11.0/24")}
    assert ways_out(properties, "LambdaSecurityGroup") == TO_DATABASE | TO_SERVICES
    assert ways_out(properties, "DatabaseSecurityGroup") == {(None, "127.0.0.1/32")}


def test_what_servers_reach_is_theirs_unless_a_setting_closes_it(properties):
    assert ways_out(properties, "AppSecurityGroup") == {(None, "0.0.0.0/0")}
    closed = build(Settings(close_application_egress=True)).to_dict()["Resources"]
    facts = {title: one["Properties"] for title, one in closed.items()}
    assert ways_out(facts, "AppSecurityGroup") == TO_DATABASE | TO_SERVICES


@pytest.mark.parametrize("group", SECURITY_GROUPS)
def test_every_rule_says_what_it_is_for(properties, group):
    rules = properties[group].get("SecurityGroupIngress", [])
    for rule in rules + properties[group]["SecurityGroupEgress"]:
        assert re.fullmatch(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}", rule["Description"])


def test_nobody_reaches_the_functions(properties):
    assert allowed(properties, "LambdaSecurityGroup") == set()


@pytest.mark.parametrize("group", SECURITY_GROUPS)
def test_a_rule_opens_one_tcp_port(properties, group):
    for rule in properties[group].get("SecurityGroupIngress", []):
        assert rule["IpProtocol"] == "tcp"
        assert rule["FromPort"] == rule["ToPort"]


@pytest.mark.parametrize("group", SECURITY_GROUPS)
def test_a_security_group_is_in_the_vpc(properties, group):
    assert properties[group]["VpcId"] == "VPC"
