"""The handlers with no more and no less than their roles, as deployed, allow."""

from dataclasses import replace

import pytest
from simulated import (
    CHAIN,
    DATABASE,
    DEPLOYMENT,
    FAILBACK,
    MANUAL,
    READER,
    STATUS,
    SWEEP,
    TARGETS_ALARM,
    VOTED,
    WARM,
    WHOLE,
    WRITER,
    Trial,
    alarm,
    rds_event,
)

from drtemplate.groups.handlers import MONITOR, MONITOR_2, ORCHESTRATOR
from drtemplate.world.roles import FUNCTION, Roles

# What the roles grant beside the calls of the code: Lambda's own, and that of keys.
NOT_BY_CODE = ("ec2:", "logs:", "xray:", "kms:", "sqs:")
RUNS = {
    "by hand": (MANUAL, "COMPLETED"),
    "expected": (MANUAL | {"expected_writer": WRITER}, "COMPLETED"),
    "planned": (MANUAL | {"dry_run": True}, "DRY_RUN"),
    "voted": (VOTED, "COMPLETED"),
    "an alarm": (alarm(), "COMPLETED"),
    "an alarm on the targets": (alarm(TARGETS_ALARM), "COMPLETED"),
    "an event of RDS": (rds_event("0072"), "RECORDED"),
    "failing back": (FAILBACK, "FAILED_BACK"),
    "status": (STATUS, "STATUS"),
    "sweep": (SWEEP, "RECORDED"),
    "nothing": ({}, "NOT_REQUIRED"),
}


@pytest.fixture(scope="module")
def worlds():
    """The account after each run, which denies what a role does not allow; and a whole incident."""
    found = []
    for event, outcome in RUNS.values():
        world = Trial(roles=Roles(DEPLOYMENT.grants))
        world.silent(WRITER)
        world.run(2 * WARM)
        if event == FAILBACK:
            world.send(MANUAL)
        if event in (alarm(TARGETS_ALARM), VOTED):
            world.balancers["Primary"].show("unhealthy")
        assert world.send(event).outcome == outcome
        found.append(world)
    whole = Trial(WHOLE, roles=Roles(WHOLE.grants), **CHAIN)
    whole.aurora.sees = False
    whole.kill_writer(131)
    whole.run(400)
    assert (whole.acted, whole.told()) == ((1, 0), ["COMPLETED"])
    return [*found, whole]


def test_the_roles_allow_whatever_a_run_needs(worlds):
    for world in worlds:
        assert world.api.roles.denials == []
        assert "AccessDenied" not in str(world.messages) + str(world.log)


@pytest.mark.parametrize("functions", [(ORCHESTRATOR,), (MONITOR, MONITOR_2)])
def test_a_role_has_nothing_that_no_run_uses(worlds, functions):
    uses = {one for world in worlds for one in world.api.roles.uses if one.by == FUNCTION}
    for function in functions:
        used = {one.action for one in uses if one.role == function}
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


def test_with_only_a_reader_that_is_not_the_stacks_the_cause_is_told():
    world = with_a_third(WRITER, "third")
    reply = world.send(MANUAL | DATABASE)
    assert reply.outcome == "REFUSED"
    assert "AccessDenied" in reply.body["message"]
    assert world.acted == (0, 0)


def test_an_alarm_whose_writer_is_not_the_stacks_promotes_one_that_is():
    world = with_a_third("third", WRITER, READER)
    world.silent("third")
    world.run(2 * WARM)
    assert world.send(alarm()).outcome == "COMPLETED"
    assert world.writer == WRITER


@pytest.mark.parametrize("observer", [MONITOR, MONITOR_2])
def test_an_observer_may_not_act(observer):
    roles, cluster = Roles(DEPLOYMENT.grants), {"DBClusterIdentifier": DEPLOYMENT.cluster.name}
    assert not roles.denial(observer, "rds", "DescribeDBClusters", cluster)
    for service, operation, params in (
        ("rds", "FailoverDBCluster", cluster),
        ("dynamodb", "PutItem", {"TableName": DEPLOYMENT.table}),
        (
            "route53",
            "UpdateHealthCheck",
            {"HealthCheckId": DEPLOYMENT.sides["Primary"].check_id},
        ),
        ("sns", "Publish", {"TopicArn": DEPLOYMENT.topic}),
    ):
        assert roles.denial(observer, service, operation, params)
        assert not roles.denial(ORCHESTRATOR, service, operation, params)
