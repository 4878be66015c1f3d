import pytest

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
