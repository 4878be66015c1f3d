"""The handlers with no more and no less than their roles, as deployed, allow."""

from dataclasses import replace

import pytest
from simulated import (
    DEPLOYMENT,
    FAILBACK,
    MANUAL,
    READER,
    TARGETS_ALARM,
    VOTED,
    WARM,
    WRITER,
    Trial,
    alarm,
    rds_event,
)

from drtemplate.groups.handlers import MONITOR, ORCHESTRATOR
from drtemplate.world.roles import FUNCTION, Roles

# What the roles grant beside the calls of the code: Lambda's own, and that of keys.
NOT_BY_CODE = ("ec2:", "logs:", "xray:", "kms:", "sqs:")


def enforced(*silent):
    """The account some minutes old, which denies what a role does not allow."""
    world = Trial(roles=Roles(DEPLOYMENT.grants))
    world.silent(*silent)
    world.run(WARM)
    return world


@pytest.fixture(scope="module")
def runs():
    """(account, outcome) of runs that need all that a handler ever does."""
    found = []
    for event in (
        MANUAL,
        MANUAL | {"expected_writer": WRITER},
        MANUAL | {"dry_run": True},
        VOTED,
        alarm(),
        alarm(TARGETS_ALARM),
        rds_event("0072"),
        FAILBACK,
        {"action": "status"},
        {},
    ):
        world = enforced(WRITER)
        if event == FAILBACK:
            world.send(MANUAL)
        if event == alarm(TARGETS_ALARM):
            world.balancers["Primary"].show("unhealthy")
        found.append((world, world.send(event).outcome))
    return found


def test_the_role_allows_whatever_a_run_needs(runs):
    assert [outcome for _, outcome in runs] == [
        "COMPLETED",
        "COMPLETED",
        "DRY_RUN",
        "COMPLETED",
        "COMPLETED",
        "COMPLETED",
        "RECORDED",
        "FAILED_BACK",
        "STATUS",
        "NOT_REQUIRED",
    ]
    for world, _ in runs:
        assert world.api.roles.denials == []
        assert "AccessDenied" not in str(world.messages)


def watched():
    world = enforced()
    world.balancers["Primary"].show("unhealthy")
    return world, world.watch("up", "refused")[0]


def test_the_monitor_runs_within_its_role():
    world, call = watched()
    assert (world.error, world.api.roles.denials) == (None, [])
    assert (call["writer"], call["notes"]) == (WRITER, [])


def test_a_role_has_nothing_that_no_run_uses(runs):
    worlds = [*(world for world, _ in runs), watched()[0]]
    for function in (MONITOR, ORCHESTRATOR):
        uses = {one for world in worlds for one in world.api.roles.uses}
        used = {one.action for one in uses if (one.role, one.by) == (function, FUNCTION)}
        granted = {
            action
            for statement in DEPLOYMENT.grants.roles[function]
            for action in statement.actions
            if not action.startswith(NOT_BY_CODE)
        }
        assert granted == used


# An instance that somebody has added cannot be asked for, and is not promoted.


def with_a_third(*instances):
    writer, reader = DEPLOYMENT.cluster.instances
    third = replace(reader, name="third", endpoint="third.rds")
    known = {WRITER: writer, READER: reader, "third": third}
    cluster = replace(DEPLOYMENT.cluster, instances=tuple(known[name] for name in instances))
    deployment = replace(DEPLOYMENT, cluster=cluster)
    return Trial(deployment, roles=Roles(deployment.grants))


def test_a_reader_that_is_not_the_stacks_is_passed_over():
    world = with_a_third(WRITER, "third", READER)
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.writer == READER
    (denial,) = world.api.roles.denials
    assert "DescribeDBInstances" in denial


def test_with_only_a_reader_that_is_not_the_stacks_the_database_part_fails():
    world = with_a_third(WRITER, "third")
    assert world.send(MANUAL).outcome == "RAISED"
    assert "no reader is available" in world.state["Error"]
    assert (world.acted, world.latched) == ((0, 1), True)


def test_an_alarm_whose_writer_is_not_the_stacks_promotes_one_that_is():
    world = with_a_third("third", WRITER, READER)
    world.silent("third")
    world.run(WARM)
    assert world.send(alarm()).outcome == "COMPLETED"
    assert world.writer == WRITER


CLUSTER = {"DBClusterIdentifier": DEPLOYMENT.cluster.name}
DENIED = {
    "another cluster": ("rds", "DescribeDBClusters", {"DBClusterIdentifier": "other"}),
    "a failover of another cluster": (
        "rds",
        "FailoverDBCluster",
        {"DBClusterIdentifier": "other", "TargetDBInstanceIdentifier": READER},
    ),
    "a failover to another instance": (
        "rds",
        "FailoverDBCluster",
        CLUSTER | {"TargetDBInstanceIdentifier": "third"},
    ),
    "every instance": ("rds", "DescribeDBInstances", {}),
    "another table": ("dynamodb", "PutItem", {"TableName": "other"}),
    "another health check": ("route53", "UpdateHealthCheck", {"HealthCheckId": "other"}),
    "another topic": ("sns", "Publish", {"TopicArn": "other"}),
    "another parameter": ("ssm", "GetParameter", {"Name": "/other"}),
    "another namespace": ("cloudwatch", "PutMetricData", {"Namespace": "AWS/RDS"}),
    "itself": (
        "lambda",
        "Invoke",
        {"FunctionName": DEPLOYMENT.functions[ORCHESTRATOR].name},
    ),
}


@pytest.mark.parametrize("name", DENIED)
def test_the_orchestrator_may_do_nothing_else(name):
    assert Roles(DEPLOYMENT.grants).denial(ORCHESTRATOR, *DENIED[name])


def test_the_monitor_may_not_act():
    roles = Roles(DEPLOYMENT.grants)
    assert not roles.denial(MONITOR, "rds", "DescribeDBClusters", CLUSTER)
    for service, operation, params in (
        ("rds", "FailoverDBCluster", CLUSTER),
        ("dynamodb", "PutItem", {"TableName": DEPLOYMENT.table}),
        (
            "route53",
            "UpdateHealthCheck",
            {"HealthCheckId": DEPLOYMENT.sides["Primary"].check_id},
        ),
    ):
        assert roles.denial(MONITOR, service, operation, params)
        assert bool(roles.denial(ORCHESTRATOR, service, operation, params)) is False
