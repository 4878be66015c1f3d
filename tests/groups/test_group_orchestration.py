import json

import pytest


def test_the_observers_are_started_every_minute(properties):
    rule = properties["HealthCheckScheduleRule"]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule["State"] == "ENABLED"
    assert [target["Arn"] for target in rule["Targets"]] == [
        "HealthMonitorFunction.Arn",
        "HealthMonitorFunction2.Arn",
    ]


def test_the_sweep_comes_every_minute(properties):
    rule = properties["SweepRule"]
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    (target,) = rule["Targets"]
    assert target["Arn"] == "FailoverOrchestratorFunction.Arn"
    assert json.loads(target["Input"]) == {"action": "sweep"}


@pytest.mark.parametrize(
    ("permission", "function", "rule"),
    [
        ("HealthCheckPermission", "HealthMonitorFunction", "HealthCheckScheduleRule"),
        ("HealthCheckPermission2", "HealthMonitorFunction2", "HealthCheckScheduleRule"),
        ("SweepPermission", "FailoverOrchestratorFunction", "SweepRule"),
        ("RDSEventPermission", "FailoverOrchestratorFunction", "RDSEventRule"),
    ],
)
def test_a_rule_may_start_its_function_and_no_other_rule_may(
    properties, permission, function, rule
):
    assert properties[permission] == {
        "FunctionName": function,
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": f"{rule}.Arn",
    }


@pytest.fixture
def pattern(properties):
    return properties["RDSEventRule"]["EventPattern"]


def test_the_rule_hears_failovers_of_clusters(pattern):
    assert pattern["source"] == ["aws.rds"]
    assert "RDS DB Cluster Event" in pattern["detail-type"]
    assert "failover" in pattern["detail"]["EventCategories"]


def test_the_rule_hears_of_this_cluster_only(pattern):
    assert pattern["detail"]["SourceArn"] == ["AuroraDBCluster.DBClusterArn"]


def test_the_rule_is_on(properties):
    assert properties["RDSEventRule"]["State"] == "ENABLED"


def test_failovers_are_told_to_people(properties):
    targets = {target["Arn"]: target for target in properties["RDSEventRule"]["Targets"]}
    assert "AlertTopic" in targets


def retries(properties, rule):
    """Target -> seconds and attempts."""
    return {
        target["Arn"]: tuple(target["RetryPolicy"].values())
        for target in properties[rule]["Targets"]
    }


@pytest.mark.parametrize("rule", ["HealthCheckScheduleRule", "SweepRule"])
def test_a_tick_is_not_delivered_when_the_next_one_is_due(properties, rule):
    for age, attempts in retries(properties, rule).values():
        assert age == 60
        assert attempts < 5


def test_a_failover_is_told_and_written_down_for_an_hour(properties):
    assert retries(properties, "RDSEventRule") == {
        "AlertTopic": (3600, 185),
        "FailoverOrchestratorFunction.Arn": (3600, 185),
    }


def test_the_alarms_that_act_may_call_and_no_alarm_of_another_stack(properties):
    """A stack dr-test-2 has alarms whose names begin with dr-test- too."""
    function = "FailoverOrchestratorFunction.Arn"
    acting = {
        facts["AlarmName"]
        for facts in properties.values()
        if function in facts.get("AlarmActions", ())
    }
    sources = {
        facts["SourceArn"].rpartition(":alarm:")[2]
        for facts in properties.values()
        if facts.get("Principal") == "lambda.alarms.cloudwatch.amazonaws.com"
    }
    assert sources == acting
