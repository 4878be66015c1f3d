"""Faults of every AWS call: the outcome stays right, recorded and told."""

import pytest
from botocore.exceptions import EndpointConnectionError
from simulated import (
    DATABASE,
    DEPLOYMENT,
    FAILBACK,
    MANUAL,
    READER,
    VOTED,
    WRITER,
    Trial,
    rds_event,
)

from drtemplate.groups.handlers import HANDLERS, ORCHESTRATOR
from drtemplate.settings import PROJECT
from drtemplate.world.api.failures import Lost

FORCED = MANUAL | {"force": True, "expected_writer": WRITER}
UNREACHABLE = EndpointConnectionError(endpoint_url="https://aws.invalid")
ERRORS = ["ThrottlingException", Lost.REQUEST]
TIMEOUT = DEPLOYMENT.functions[ORCHESTRATOR].timeout
# (service, operation) -> how often a run of both components calls it at least.
CALLS = {
    ("ssm", "GetParameter"): 1,
    ("dynamodb", "GetItem"): 1,
    ("dynamodb", "PutItem"): 7,
    ("rds", "DescribeDBClusters"): 5,
    ("rds", "DescribeDBInstances"): 1,
    ("rds", "FailoverDBCluster"): 1,
    ("elbv2", "DescribeTargetHealth"): 1,
    ("route53", "UpdateHealthCheck"): 1,
    ("cloudwatch", "PutMetricData"): 1,
    ("sns", "Publish"): 1,
}
SERVICES = sorted({service for service, _ in CALLS})
# The writes of such a run, as they come.
LEASE, FENCE, PROMOTED, LATCH_FENCE, LATCHED, LAST_STATE_WRITE, AUDIT = range(1, 8)
ONCE = [
    (*call, nth, error) for call in CALLS for nth in range(1, CALLS[call] + 1) for error in ERRORS
]
# What a fault from the start makes of a run of both components.
OUTCOMES = {
    "GetItem": "REFUSED",
    "PutItem": "REFUSED",
    "DescribeDBClusters": "RAISED",
    "DescribeDBInstances": "RAISED",
    "FailoverDBCluster": "RAISED",
}
# And at the n-th call only.
OUTCOMES_ONCE = {
    ("GetItem", 1): "REFUSED",
    ("PutItem", LEASE): "REFUSED",
    ("PutItem", FENCE): "RAISED",
    ("DescribeDBClusters", 1): "RAISED",
    ("DescribeDBInstances", 1): "RAISED",
    ("FailoverDBCluster", 1): "RAISED",
}


def settled(world):
    """The stored status once the lease has expired and any event has come."""
    world.faults.clear()
    world.wait(1_000)
    world.send({})
    return world.state.get("Status")


@pytest.mark.parametrize("error", [*ERRORS, "AccessDenied"], ids=str)
@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_a_standing_fault(world, service, operation, error):
    world.faults[service, operation] = error
    reply = world.send(MANUAL)
    assert reply.outcome == OUTCOMES.get(operation, "COMPLETED")
    assert world.clock.now < TIMEOUT
    acted = operation == "FailoverDBCluster" or reply.outcome == "COMPLETED"
    assert world.acted[0] == acted
    expected = {"COMPLETED": "COMPLETED", "RAISED": "FAILED"}.get(reply.outcome)
    assert world.state.get("Status") == expected


@pytest.mark.parametrize(("service", "operation", "nth", "error"), ONCE, ids=str)
def test_a_passing_fault(world, service, operation, nth, error):
    world.on(service, operation, error, nth)
    reply = world.send(MANUAL)
    assert reply.outcome == OUTCOMES_ONCE.get((operation, nth), "COMPLETED")
    assert world.acted[0] <= 1
    assert world.clock.now < TIMEOUT
    if reply.outcome == "RAISED":
        assert world.state["Error"] == repr(reply.error)
        assert world.first_line().startswith(repr(reply.error)[:60])
    if (operation, nth) != ("PutItem", LAST_STATE_WRITE):
        assert world.state.get("Status") != "IN_PROGRESS"
    assert settled(world) != "IN_PROGRESS"


@pytest.mark.parametrize(("service", "operation", "nth", "error"), ONCE, ids=str)
def test_after_a_passing_fault_a_repeat_makes_no_second_promotion(
    world, service, operation, nth, error
):
    world.on(service, operation, error, nth)
    for _ in range(4):
        world.send(VOTED, attempt_id="one")
        world.wait(15)
    assert world.acted[0] - (operation == "FailoverDBCluster") == 1
    assert world.writer == READER


@pytest.mark.parametrize("error", [*ERRORS, UNREACHABLE], ids=str)
@pytest.mark.parametrize("stalled", [False, True])
def test_telling_and_measuring_change_no_outcome(world, error, stalled):
    world.aurora.stalled = stalled
    world.faults["sns", "*"] = world.faults["cloudwatch", "*"] = error
    reply = world.send(MANUAL)
    assert reply.outcome == ("RAISED" if stalled else "COMPLETED")
    assert world.state["Status"] == ("FAILED" if stalled else "COMPLETED")
    for told in (str(reply.error), world.state["Error"]):
        assert ("not replaced" in told) is stalled


def test_a_failing_topic_hides_no_error(world):
    world.faults["sns", "*"] = "InternalError"
    world.faults["rds", "FailoverDBCluster"] = "DBClusterNotFoundFault"
    assert "DBClusterNotFoundFault" in repr(world.send(MANUAL).error)
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_without_the_fence_before_the_latch_nothing_is_latched(world, error):
    world.on("dynamodb", "PutItem", error, nth=LATCH_FENCE)
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.acted == (1, 0)
    assert world.state["LatchError"]


# Time.


@pytest.mark.parametrize("stalled", [False, True])
def test_a_run_ends_recorded_and_told_in_time_when_every_call_is_slow(world, stalled):
    world.aurora.stalled = stalled
    # The longest answer that is still one: two tries of a second to connect and three to read.
    world.faults["*", "*"] = world.slow(7.8)
    assert world.send(MANUAL).outcome == ("RAISED" if stalled else "COMPLETED")
    assert world.state["Status"] == ("FAILED" if stalled else "COMPLETED")
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
    for settles in range(20, 221, 4):
        world, reply = slow_but_rds(settles)
        assert reply.outcome != "KILLED", f"killed at {settles} s"
        status = "FAILED" if reply.outcome == "RAISED" else "COMPLETED"
        assert world.state["Status"] == status, settles
        assert [item["Status"] for item in world.items()] == [status], settles
        assert world.subjects == [status], settles
        assert world.latched
        outcomes.add(status)
    assert outcomes == {"COMPLETED", "FAILED"}


@pytest.mark.parametrize("kept", [105, 90])
def test_a_shorter_reserve_would_be_noticed(kept):
    source = (PROJECT / "handlers" / HANDLERS[ORCHESTRATOR]).read_text("utf-8")
    assert source.count("= 115, 45, set()") == 1
    shorter = source.replace("= 115, 45, set()", f"= {115 - kept}, 45, set()")
    mutant = DEPLOYMENT.with_function(ORCHESTRATOR, code=shorter)
    assert any(slow_but_rds(settles, mutant)[1].outcome == "KILLED" for settles in range(150, 281))


@pytest.mark.parametrize("stalled", [False, True])
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_hangs_lets_no_run_be_killed(world, service, stalled):
    world.aurora.stalled = stalled

    def outage(_):
        world.network.outages[service] = "silent"

    world.on("rds", "FailoverDBCluster", outage)
    assert world.send(MANUAL).outcome in ("RAISED", "COMPLETED")
    assert service == "sns" or world.messages
    assert service == "dynamodb" or world.state["Status"] in ("FAILED", "COMPLETED")


# Writes that are lost on the way.


@pytest.mark.parametrize("operation", ["PutItem", "*"])
def test_the_first_error_survives_a_table_lost_on_the_way(world, operation):
    def promotion(_):
        world.faults["dynamodb", operation] = "InternalServerError"
        return "AccessDenied"

    world.on("rds", "FailoverDBCluster", promotion)
    assert "AccessDenied" in str(world.send(MANUAL | DATABASE).error)
    assert "AccessDenied" in world.first_line()


def test_a_table_lost_after_the_promotion_changes_no_outcome(world):
    def promotion(_):
        world.faults["dynamodb", "*"] = "InternalServerError"

    world.on("rds", "FailoverDBCluster", promotion)
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    assert settled(world) == "FAILED"


@pytest.mark.parametrize("error", ERRORS, ids=str)
@pytest.mark.parametrize("nth", [PROMOTED, LATCHED])
def test_a_write_lost_after_an_act_still_shows_it(world, nth, error):
    world.on("dynamodb", "PutItem", error, nth)
    assert world.send(MANUAL).outcome == "COMPLETED"
    state = world.state
    assert (state["PreviousWriter"], state["Latched"]) == (WRITER, True)
    assert "database_at" in state


@pytest.mark.parametrize("nth", range(LEASE, AUDIT + 1))
def test_an_unanswered_write_leaves_a_final_state(world, nth):
    world.on("dynamodb", "PutItem", Lost.ANSWER, nth)
    assert world.send(VOTED, attempt_id="one").outcome == "COMPLETED"
    assert world.state["Status"] == "COMPLETED"


# The table's outage.


@pytest.mark.parametrize("operation", ["*", "GetItem"])
@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (VOTED | {"force": True, "expected_writer": WRITER}, "REFUSED"),
        (MANUAL | {"force": True}, "REFUSED"),
        (MANUAL | {"expected_writer": WRITER}, "REFUSED"),
        (FORCED | {"force": "true"}, "REFUSED"),
        (FORCED | {"expected_writer": ""}, "REFUSED"),
        (FORCED | {"expected_writer": READER}, "REFUSED"),
        (FORCED, "COMPLETED"),
    ],
)
def test_without_the_table_only_a_forced_manual_run_acts(world, operation, event, outcome):
    world.faults["dynamodb", operation] = "InternalServerError"
    assert world.send(event).outcome == outcome
    acted = outcome == "COMPLETED"
    assert world.acted == (acted, acted)
    assert world.subjects == [outcome]


def test_without_a_state_nothing_acts(world):
    world.network.outages["dynamodb"] = "silent"
    assert world.send(VOTED).outcome == "REFUSED"
    assert world.send(MANUAL | {"force": True}).outcome == "REFUSED"
    assert world.acted == (0, 0)
    assert world.send(FORCED).outcome == "COMPLETED"


def test_a_table_that_can_only_be_read_is_an_outage_too(world):
    world.faults["dynamodb", "PutItem"] = "AccessDenied"
    assert world.send(MANUAL, dry_run=True).outcome == "REFUSED"
    assert world.send(MANUAL).outcome == "REFUSED"
    assert world.send(FORCED).outcome == "COMPLETED"


def test_without_the_table_events_still_get_answers(world):
    world.faults["dynamodb", "*"] = "InternalServerError"
    assert world.send({}).outcome == "NOT_REQUIRED"
    assert world.send(rds_event("0071")).outcome == "RECORDED"


# Other outages.


@pytest.mark.parametrize("error", [*ERRORS, UNREACHABLE, "ParameterNotFound"], ids=str)
@pytest.mark.parametrize("event", [MANUAL, VOTED])
def test_without_the_configuration_defaults_hold_and_are_noted(world, error, event):
    world.configure(cooldown_seconds=0)
    world.faults["ssm", "GetParameter"] = error
    assert world.send(event).outcome == "COMPLETED"
    notes = str(world.items()[0]["Notes"])
    assert {Lost.REQUEST: "ReadTimeout", UNREACHABLE: "EndpointConnection"}.get(
        error, error
    ) in notes
    for key in ("auto_failover", "cooldown_seconds"):
        assert key in notes
    assert world.send(event).outcome == "REFUSED"


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
