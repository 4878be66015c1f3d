"""The handlers with no more than their roles, as deployed, allow."""

import pytest
from test_monitor import Network
from world import READER, WRITER, World

MANUAL = {"trigger_failover": True, "reason": ["drill"]}
VOTED = MANUAL | {"votes": {"database": False, "application": False}, "writer": WRITER}
ALARM = {"alarmData": {"alarmName": "stack-writer"}}
TARGETS = {"alarmData": {"alarmName": "stack-alb-unhealthy-targets"}}
RDS_EVENT = {"source": "aws.rds", "detail": {"EventID": "RDS-EVENT-0072"}}


@pytest.fixture
def held(world):
    """The world, which denies what the role does not allow."""
    world.enforcing = True
    world.denied = []
    fail = world.fail

    def noted(client, operation, code):
        if code == "AccessDenied":
            world.denied.append(operation)
        fail(client, operation, code)

    world.fail = noted
    return world


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (MANUAL, "COMPLETED"),
        (MANUAL | {"expected_writer": WRITER}, "COMPLETED"),
        (MANUAL | {"dry_run": True}, "DRY_RUN"),
        (VOTED, "COMPLETED"),
        (ALARM, "COMPLETED"),
        (TARGETS, "COMPLETED"),
        (RDS_EVENT, "RECORDED"),
        ({"action": "failback"}, "FAILED_BACK"),
        ({"action": "status"}, "STATUS"),
        ({}, "NOT_REQUIRED"),
    ],
    ids=str,
)
def test_the_role_allows_whatever_a_run_needs(held, send, event, outcome):
    held.health = [0.0]
    held.targets["PrimaryTargetGroup"] = ["unhealthy" if event is TARGETS else "healthy"]
    assert send(event).outcome == outcome
    assert held.denied == []
    for _, message in held.published:
        assert "AccessDenied" not in message


def test_the_role_allows_the_way_back(held, send):
    send(MANUAL)
    assert send({"action": "failback"}).outcome == "FAILED_BACK"
    assert (held.writer, held.latched) == (WRITER, False)
    assert held.denied == []


def test_a_reader_that_is_not_the_stacks_is_passed_over(held, send):
    """An instance that somebody has added cannot be asked for, and is not promoted."""
    held.instances = {WRITER: "available", "instance-c": "available", READER: "available"}
    assert send(MANUAL).outcome == "COMPLETED"
    assert held.writer == READER
    assert held.denied == ["DescribeDBInstances"]


def test_with_only_a_reader_that_is_not_the_stacks_the_database_part_fails(held, send):
    held.instances = {WRITER: "available", "instance-c": "available"}
    assert send(MANUAL).outcome == "RAISED"
    assert "no reader is available" in held.state["Error"]
    assert held.count("FailoverDBCluster") == 0
    assert held.latched


def test_an_alarm_whose_writer_is_not_the_stacks_promotes_one_that_is(held, send):
    held.health = []
    held.instances["instance-c"] = "available"
    held.silent = {"instance-c"}
    held.writer = "instance-c"
    assert send(ALARM).outcome == "COMPLETED"
    assert held.writer in (WRITER, READER)


DENIED = {
    "rds": ("rds", "DescribeDBClusters", {"DBClusterIdentifier": "other"}),
    "failover of another cluster": (
        "rds",
        "FailoverDBCluster",
        {"DBClusterIdentifier": "other", "TargetDBInstanceIdentifier": READER},
    ),
    "failover to another instance": (
        "rds",
        "FailoverDBCluster",
        {"DBClusterIdentifier": "AuroraDBCluster", "TargetDBInstanceIdentifier": "instance-c"},
    ),
    "every instance": ("rds", "DescribeDBInstances", {}),
    "reboot": ("rds", "RebootDBInstance", {"DBInstanceIdentifier": WRITER}),
    "another table": ("dynamodb", "PutItem", {"TableName": "other"}),
    "deletion": ("dynamodb", "DeleteItem", {"TableName": "FailoverStateTable"}),
    "another health check": ("route53", "UpdateHealthCheck", {"HealthCheckId": "Standby"}),
    "another topic": ("sns", "Publish", {"TopicArn": "other"}),
    "another parameter": ("ssm", "GetParameter", {"Name": "other"}),
    "another namespace": ("cloudwatch", "PutMetricData", {"Namespace": "AWS/RDS"}),
    "itself": ("lambda", "Invoke", {"FunctionName": "FailoverOrchestratorFunction"}),
}


@pytest.mark.parametrize("name", DENIED)
def test_the_orchestrator_may_do_nothing_else(orchestrator, name):
    service, operation, params = DENIED[name]
    assert not orchestrator.role.allows(service, operation, params)


def test_the_monitor_runs_within_its_role():
    world = World()
    world.enforcing = True
    world.targets["PrimaryTargetGroup"] = ["unhealthy"]
    monitor = world.load("HealthMonitorFunction")
    monitor.socket = Network(world.clock, "alive", "refused")
    _, error = world.invoke(monitor, {})
    assert error is None
    assert not [line for line in world.log if "AccessDenied" in line]
    call = world.invoked[0][1]
    assert call["writer"] == WRITER
    assert call["votes"]["application"] is False
    assert call["notes"] == []


def test_the_monitor_may_not_act():
    role = World().load("HealthMonitorFunction").role
    cluster = {"DBClusterIdentifier": "AuroraDBCluster"}
    assert role.allows("rds", "DescribeDBClusters", cluster)
    assert not role.allows("rds", "FailoverDBCluster", cluster)
    assert not role.allows("route53", "UpdateHealthCheck", {"HealthCheckId": "PrimaryHealthCheck"})
    assert not role.allows("dynamodb", "PutItem", {"TableName": "FailoverStateTable"})
