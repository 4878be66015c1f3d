"""Faults of every AWS call: once, standing, slow, hanging; the outcome stays right, and is recorded and told."""

import pytest
from botocore.exceptions import EndpointConnectionError
from simulated import (
    DATABASE,
    DEPLOYMENT,
    FAILBACK,
    MANUAL,
    READER,
    SWEEP,
    TIMEOUT,
    VOTED,
    WRITER,
    Trial,
    rds_event,
)

from drtemplate.world.api.failures import Lost

FORCED = MANUAL | {"force": True, "expected_writer": WRITER}
UNREACHABLE = EndpointConnectionError(endpoint_url="https://aws.invalid")
ERRORS = ["ThrottlingException", Lost.REQUEST]
# (service, operation) -> how often a run of both components calls it at least.
CALLS = {
    ("ssm", "GetParameter"): 1,
    ("dynamodb", "GetItem"): 2,
    ("dynamodb", "PutItem"): 7,
    ("rds", "DescribeDBClusters"): 5,
    ("rds", "DescribeDBInstances"): 2,
    ("rds", "FailoverDBCluster"): 1,
    ("elbv2", "DescribeTargetHealth"): 4,
    ("route53", "UpdateHealthCheck"): 1,
    ("cloudwatch", "PutMetricData"): 1,
    ("cloudwatch", "GetMetricStatistics"): 2,
    ("sns", "Publish"): 1,
}
SERVICES = sorted({service for service, _ in CALLS})
ONCE = [
    (*call, nth, error) for call in CALLS for nth in range(1, CALLS[call] + 1) for error in ERRORS
]
# What a standing fault makes of an automatic run of both components: outcome and what moves.
BOTH, LATCH_ONLY, DATABASE_ONLY, NOTHING = (1, 1), (0, 1), (1, 0), (0, 0)
STANDING = {
    "GetParameter": ("DRY_RUN", NOTHING),  # nobody has kept a last usable configuration
    "GetItem": ("REFUSED", NOTHING),
    "PutItem": ("REFUSED", NOTHING),
    "DescribeDBClusters": ("COMPLETED", LATCH_ONLY),
    "DescribeDBInstances": ("COMPLETED", LATCH_ONLY),
    "FailoverDBCluster": ("FAILED", LATCH_ONLY),
    "DescribeTargetHealth": ("COMPLETED", DATABASE_ONLY),
    "UpdateHealthCheck": ("COMPLETED", DATABASE_ONLY),
}


@pytest.fixture
def dead(world):
    """The primary side has no healthy target."""
    world.balancers["Primary"].show("unhealthy")
    return world


@pytest.mark.parametrize("error", [*ERRORS, "AccessDenied", UNREACHABLE], ids=str)
@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_a_standing_fault(dead, service, operation, error):
    dead.faults[service, operation] = error
    outcome, moved = STANDING.get(operation, ("COMPLETED", BOTH))
    reply = dead.send(VOTED)
    assert reply.outcome == outcome
    assert (dead.writer == READER, dead.latched) == tuple(map(bool, moved))
    assert dead.clock.now < TIMEOUT
    assert dead.state.get("Status", "IDLE") in ("IDLE", "COMPLETED", "FAILED")
    dead.send(SWEEP)  # without the table it is the sweep that tells
    assert service == "sns" or dead.told()


@pytest.mark.parametrize(("service", "operation", "nth", "error"), ONCE, ids=str)
def test_after_a_passing_fault_the_repeats_make_one_move(dead, service, operation, nth, error):
    dead.send(SWEEP)
    dead.on(service, operation, error, nth)
    for attempt in ("one", "one", "one", "two"):
        dead.send(VOTED, attempt_id=attempt)
        assert dead.clock.now < 4 * TIMEOUT
        dead.wait(15)
    dead.faults.clear()
    dead.wait(60)
    dead.send(SWEEP)
    assert (dead.acted[0] - (operation == "FailoverDBCluster"), dead.writer) == (1, READER)
    assert dead.latched
    assert dead.state["Status"] in ("COMPLETED", "FAILED")
    assert not any(item["Status"] == "IN_PROGRESS" for item in dead.items())
    assert len(dead.told()) <= 4


@pytest.mark.parametrize("error", [*ERRORS, UNREACHABLE], ids=str)
@pytest.mark.parametrize("stalled", [False, True])
def test_telling_and_measuring_change_no_outcome(world, error, stalled):
    world.aurora.stalled = stalled
    world.faults["sns", "*"] = world.faults["cloudwatch", "*"] = error
    reply = world.send(MANUAL | DATABASE)
    assert reply.outcome == ("RAISED" if stalled else "COMPLETED")
    assert world.state["Status"] == ("FAILED" if stalled else "COMPLETED")
    assert ("not replaced" in str(reply.error)) is stalled
    assert world.state["Untold"]
    # And the mail follows.
    world.faults.clear()
    world.wait(60)
    world.send(SWEEP)
    assert world.told() == ["FAILED" if stalled else "COMPLETED"]
    assert not world.state.get("Untold")


def test_what_hangs_delays_the_decision_by_seconds(dead):
    dead.send(SWEEP)
    for service in ("ssm", "cloudwatch", "sns", "route53"):
        dead.network.outages[service] = "silent"
    dead.send(VOTED)
    accepted = next(one.at for one in dead.calls if one.operation == "FailoverDBCluster")
    assert accepted < 25


# Time.


@pytest.mark.parametrize("stalled", [False, True])
def test_a_run_ends_recorded_and_told_in_time_when_every_call_is_slow(world, stalled):
    world.aurora.stalled = stalled
    # The longest answer that is still one: two tries of a second to connect and three to read.
    world.faults["*", "*"] = world.slow(7.8)
    reply = world.send(MANUAL | DATABASE)
    assert reply.outcome in ("FAILED", "COMPLETED")
    assert world.state["Status"] == reply.outcome
    assert world.messages


def slow_but_rds(settles, deployment=DEPLOYMENT):
    """A run whose promotion settles then, while all other services take as long as they can."""
    world = Trial(deployment)
    world.promotion(settles - 5, 5)
    for service in SERVICES:
        if service != "rds":
            world.faults[service, "*"] = world.slow(7.8)
    return world, world.send(MANUAL)


def test_a_promotion_may_settle_at_any_time_when_all_but_rds_is_slow():
    """No run is killed before it is recorded and told, and none stays in progress."""
    outcomes = set()
    for settles in range(20, 221, 8):
        world, reply = slow_but_rds(settles)
        assert reply.outcome != "KILLED", f"killed at {settles} s"
        assert world.state["Status"] == reply.outcome, settles
        assert [item["Status"] for item in world.items()] == [reply.outcome], settles
        assert world.told() == [reply.outcome], settles
        outcomes.add(reply.outcome)
        world.close()
    assert outcomes == {"COMPLETED", "FAILED"}


@pytest.mark.parametrize("stalled", [False, True])
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_hangs_lets_no_run_be_killed(world, service, stalled):
    world.aurora.stalled = stalled
    world.on(
        "rds", "FailoverDBCluster", lambda _: world.network.outages.update({service: "silent"})
    )
    assert world.send(MANUAL).outcome in ("RAISED", "FAILED", "COMPLETED")
    assert service == "sns" or world.messages
    assert service == "dynamodb" or world.state["Status"] in ("FAILED", "COMPLETED")


# The table's outage.


def test_a_table_lost_after_the_promotion_changes_no_outcome(world):
    world.send(SWEEP)
    world.on(
        "rds", "FailoverDBCluster", lambda _: world.faults.update({("dynamodb", "*"): "Throttling"})
    )
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    world.faults.clear()
    world.wait(60)
    world.send(SWEEP)
    assert (world.state["Status"], world.state["Home"]) == ("COMPLETED", WRITER)


@pytest.mark.parametrize("operation", ["*", "GetItem", "PutItem"])
@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (VOTED | {"expected_writer": WRITER}, "REFUSED"),
        (MANUAL, "REFUSED"),
        (MANUAL | {"force": True}, "REFUSED"),
        (MANUAL | {"expected_writer": WRITER}, "REFUSED"),
        (FORCED | {"expected_writer": READER}, "REFUSED"),
        (FORCED, "COMPLETED"),
    ],
)
def test_without_the_table_only_a_forced_manual_run_that_names_the_writer_acts(
    dead, operation, event, outcome
):
    dead.faults["dynamodb", operation] = "InternalServerError"
    assert dead.send(event).outcome == outcome
    acted = outcome == "COMPLETED"
    assert dead.acted == (acted, acted)
    assert dead.told() == ([] if event.get("votes") else [outcome])
    # Who calls again and again is told of by the sweep, once an hour.
    for _ in range(3):
        dead.send(SWEEP)
    assert len(dead.told()) <= 2


def test_a_table_that_hangs_is_an_outage_too(world):
    world.network.outages["dynamodb"] = "silent"
    assert world.send(VOTED).outcome == "REFUSED"
    assert world.send(FORCED).outcome == "COMPLETED"


def test_without_the_table_events_and_sweeps_still_get_answers(world):
    world.faults["dynamodb", "*"] = "InternalServerError"
    assert world.send({}).outcome == "NOT_REQUIRED"
    assert world.send(rds_event("0071")).outcome == "RECORDED"
    assert world.send(SWEEP).outcome in ("RECORDED", "REFUSED")
    assert world.told() == ["REFUSED"]


@pytest.mark.parametrize("error", ERRORS, ids=str)
@pytest.mark.parametrize(
    ("service", "operation"),
    [("elbv2", "DescribeTargetHealth"), ("rds", "DescribeDBInstances"), ("dynamodb", "GetItem")],
)
def test_a_failback_that_cannot_look_is_refused(world, service, operation, error):
    world.send(MANUAL)
    world.faults[service, operation] = error
    assert world.send(FAILBACK).outcome == "REFUSED"
    assert (world.writer, world.latched) == (READER, True)
