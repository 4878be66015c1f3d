import json
import re

import pytest

SOURCE_ALARMS = {
    "DatabaseConnectionAlarm": ("AWS/RDS", "DatabaseConnections"),
    "ReplicationLagAlarm": ("AWS/RDS", "AuroraReplicaLag"),
    "ALBUnhealthyTargetsAlarm": ("AWS/ApplicationELB", "HealthyHostCount"),
}


@pytest.fixture
def widgets(properties):
    return json.loads(properties["MonitoringDashboard"]["DashboardBody"])["widgets"]


@pytest.fixture
def rule(properties):
    return properties["CompositeAlarm"]["AlarmRule"]


def stands(rule, standing):
    """Does the composite alarm stand while these alarms do?"""
    text = re.sub(r'ALARM\("([^"]+)"\)', lambda match: str(match[1] in standing), rule)
    text = re.sub(r"\b(AND|OR|NOT)\b", lambda match: match[1].lower(), text)
    assert set(re.findall(r"\w+", text)) <= {"True", "False", "and", "or", "not"}
    return eval(f"({text})", {"__builtins__": {}})


def alarms_in(rule):
    return set(re.findall(r'\("([^"]+)"\)', rule))


def test_the_composite_has_nothing_around_its_rule(rule):
    """CloudWatch refuses a rule that ends with a line end."""
    assert rule == rule.strip()


@pytest.mark.parametrize(("title", "metric"), SOURCE_ALARMS.items())
def test_an_alarm_of_the_source_watches_its_metric(properties, title, metric):
    assert (properties[title]["Namespace"], properties[title]["MetricName"]) == metric


def test_the_worst_reader_counts_for_the_lag(properties):
    alarm = properties["ReplicationLagAlarm"]
    assert alarm["Statistic"] == "Maximum"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 1000)


def test_a_lost_standby_raises_the_lag_alarm(properties):
    assert properties["ReplicationLagAlarm"]["TreatMissingData"] == "breaching"


def test_no_healthy_target_raises_the_alarm_of_the_primary_side(properties):
    alarm = properties["ALBUnhealthyTargetsAlarm"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert {one["Name"]: one["Value"] for one in alarm["Dimensions"]} == {
        "LoadBalancer": "PrimaryALB.LoadBalancerFullName",
        "TargetGroup": "PrimaryTargetGroup.TargetGroupFullName",
    }


def test_a_writer_alarm_means_that_none_is_heard_of(properties):
    """A writer that has just begun is none: its uptime is a second at least."""
    alarm = properties["WriterAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/RDS", "EngineUptime")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"


def test_a_run_longer_than_the_objective_raises_the_alarm(properties):
    alarm = properties["SlowFailoverAlarm"]
    objective = json.loads(properties["FailoverConfigParameter"]["Value"])["rto_seconds"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("DRSystem", "FailoverDuration")
    assert alarm["Statistic"] == "Maximum"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", objective)


def test_the_composite_names_alarms_of_this_stack(resources, rule):
    titles = alarms_in(rule)
    assert titles >= {"ALBUnhealthyTargetsAlarm"}
    assert {resources[title]["Type"] for title in titles} == {"AWS::CloudWatch::Alarm"}


def test_the_composite_is_quiet_while_nothing_stands(rule):
    assert not stands(rule, set())


def test_the_composite_stands_when_everything_does(rule):
    assert stands(rule, alarms_in(rule))


def test_every_graph_names_the_dimensions_of_its_metric(widgets):
    """A metric is an array: namespace, name, pairs of dimensions, perhaps options."""
    for widget in widgets:
        for metric in widget["properties"].get("metrics", []):
            names = [part for part in metric if isinstance(part, str)]
            if names:
                assert len(names) >= 4, metric
                assert len(names) % 2 == 0, metric


def test_no_graph_lies_over_another(widgets):
    taken = set()
    for widget in widgets:
        columns = range(widget["x"], widget["x"] + widget["width"])
        rows = range(widget["y"], widget["y"] + widget["height"])
        cells = {(column, row) for column in columns for row in rows}
        assert columns.stop <= 24
        assert not taken & cells
        taken |= cells


def test_the_graphs_are_of_the_stacks_region(widgets):
    regions = {widget["properties"].get("region", "xx-test-1") for widget in widgets}
    assert regions == {"xx-test-1"}


def test_the_output_opens_this_dashboard(properties, outputs):
    name = properties["MonitoringDashboard"]["DashboardName"]
    assert outputs["DashboardURL"]["Value"].endswith(f"region=xx-test-1#dashboards:name={name}")


@pytest.mark.parametrize("title", [*SOURCE_ALARMS, "CompositeAlarm"])
def test_an_alarm_of_the_source_tells_people_itself(properties, title):
    assert "AlertTopic" in properties[title]["AlarmActions"]
    assert properties[title].get("ActionsEnabled", True) is True


def test_no_registered_target_raises_the_alarm_too(properties):
    """The metric is only reported while targets are registered."""
    assert properties["ALBUnhealthyTargetsAlarm"]["TreatMissingData"] == "breaching"


def test_the_load_balancer_node_with_the_fewest_targets_counts(properties):
    assert properties["ALBUnhealthyTargetsAlarm"]["Statistic"] == "Minimum"


def test_a_standby_that_is_rotten_is_told_and_starts_nothing(properties):
    primary, standby = properties["ALBUnhealthyTargetsAlarm"], properties["StandbyTargetsAlarm"]
    assert {one["Name"]: one["Value"] for one in standby["Dimensions"]} == {
        "LoadBalancer": "StandbyALB.LoadBalancerFullName",
        "TargetGroup": "StandbyTargetGroup.TargetGroupFullName",
    }
    alike = ("MetricName", "Statistic", "Threshold", "ComparisonOperator", "TreatMissingData")
    assert [standby[one] for one in alike] == [primary[one] for one in alike]
    assert standby["AlarmActions"] == ["AlertTopic"]


ONCE = {"OrchestratorErrorAlarm", "SlowFailoverAlarm"}


def test_people_are_told_that_an_alarm_has_passed(properties):
    alarms = {title: one for title, one in properties.items() if "AlarmName" in one}
    told = {title for title, one in alarms.items() if one.get("OKActions") == ["AlertTopic"]}
    assert told == alarms.keys() - ONCE


@pytest.mark.parametrize(
    ("title", "zone"), [("MonitorAlarm", "zone-1"), ("MonitorAlarm2", "zone-2")]
)
def test_each_observer_is_missed_by_an_alarm_of_its_own(properties, title, zone):
    alarm = properties[title]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("Heartbeat", "SampleCount")
    assert {one["Name"]: one["Value"] for one in alarm["Dimensions"]} == {
        "StackName": "dr-test",
        "Observer": zone,
    }
    assert alarm["TreatMissingData"] == "breaching"


def test_another_arming_than_the_deployed_one_is_told_after_15_minutes(properties):
    alarm = properties["ArmingAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("DRSystem", "ArmedAsDeployed")
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 15 * 60
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"  # a sweep that does not run says nothing


@pytest.mark.parametrize(
    ("title", "metric", "worst"),
    [
        ("ConfigurationAlarm", "ConfigurationUsable", ("LessThanThreshold", 1)),
        ("UntoldAlarm", "Untold", ("GreaterThanThreshold", 0)),
    ],
)
def test_what_the_sweep_finds_raises_an_alarm(properties, title, metric, worst):
    alarm = properties[title]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("DRSystem", metric)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == worst
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 180
