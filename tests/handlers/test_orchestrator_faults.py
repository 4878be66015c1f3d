"""Faults of every AWS call: the outcome stays right, recorded and told."""

from itertools import product

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from world import READER, START, WRITER, Killed, World

MANUAL = {"trigger_failover": True}
VOTED = MANUAL | {"votes": {"database": 2, "alb_targets": 1}, "writer": WRITER}
DATABASE = MANUAL | {"components": ["database"]}
FORCED = MANUAL | {"force": True, "expected_writer": WRITER}
TIMED_OUT = ReadTimeoutError(endpoint_url="https://aws.invalid")
UNREACHABLE = EndpointConnectionError(endpoint_url="https://aws.invalid")
ERRORS = ["ThrottlingException", "AccessDenied", TIMED_OUT]
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
# The writes of such a run, as they come.
LEASE, FENCE, PROMOTED, LATCH_FENCE, LATCHED, LAST_STATE_WRITE, AUDIT = range(1, 8)
ONCE = [
    (*call, nth, error)
    for call in CALLS
    for nth, error in product(range(1, CALLS[call] + 1), ERRORS)
]
ALWAYS = [(*call, error) for call in CALLS for error in ERRORS]
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


def title(value):
    return value if isinstance(value, str | int) else type(value).__name__


def settled(world, send):
    """The stored status once the lease has expired and any event has come."""
    world.faults.clear()
    world.clock.advance(1_000)
    send({})
    return world.state.get("Status")


@pytest.mark.parametrize(("service", "operation", "error"), ALWAYS, ids=title)
def test_a_standing_fault(world, send, orchestrator, service, operation, error):
    world.faults[service, operation] = error
    reply = send(MANUAL)
    assert reply.outcome == OUTCOMES.get(operation, "COMPLETED")
    assert world.clock.now - START < orchestrator.timeout
    acted = operation == "FailoverDBCluster" or reply.outcome == "COMPLETED"
    assert world.count("FailoverDBCluster") == acted
    expected = {"COMPLETED": "COMPLETED", "RAISED": "FAILED"}.get(reply.outcome)
    assert world.state.get("Status") == expected


@pytest.mark.parametrize(("service", "operation", "nth", "error"), ONCE, ids=title)
def test_a_passing_fault(world, send, on_call, orchestrator, service, operation, nth, error):
    on_call(service, operation, lambda _: error, nth)
    reply = send(MANUAL)
    assert reply.outcome == OUTCOMES_ONCE.get((operation, nth), "COMPLETED")
    assert world.count("FailoverDBCluster") <= 1
    assert world.clock.now - START < orchestrator.timeout
    if (operation, nth) != ("PutItem", LAST_STATE_WRITE):
        assert world.state.get("Status") != "IN_PROGRESS"
    assert settled(world, send) != "IN_PROGRESS"


@pytest.mark.parametrize(("service", "operation", "nth", "error"), ONCE, ids=title)
def test_after_a_passing_fault_a_repeat_makes_no_second_promotion(
    world, send, on_call, service, operation, nth, error
):
    on_call(service, operation, lambda _: error, nth)
    send(VOTED | {"attempt_id": "one"})
    for _ in range(3):
        world.clock.advance(15)
        send(VOTED | {"attempt_id": "one"})
    accepted = world.count("FailoverDBCluster") - (operation == "FailoverDBCluster")
    assert accepted == 1
    assert world.writer == READER


RAISING = [fault for fault in ONCE if OUTCOMES_ONCE.get(fault[1:3]) == "RAISED"]


@pytest.mark.parametrize(("service", "operation", "nth", "error"), RAISING, ids=title)
def test_a_raised_run_shows_its_first_error(world, send, on_call, service, operation, nth, error):
    on_call(service, operation, lambda _: error, nth)
    reply = send(MANUAL)
    assert world.state["Error"] == repr(reply.error)
    first = world.published[-1][1].splitlines()[0]
    assert first.startswith(repr(reply.error)[:60])


@pytest.mark.parametrize("error", [*ERRORS, UNREACHABLE], ids=title)
@pytest.mark.parametrize("stalled", [False, True])
def test_telling_and_measuring_change_no_outcome(world, send, error, stalled):
    world.stalled = stalled
    world.faults["sns", "*"] = world.faults["cloudwatch", "*"] = error
    reply = send(MANUAL)
    assert reply.outcome == ("RAISED" if stalled else "COMPLETED")
    assert world.state["Status"] == ("FAILED" if stalled else "COMPLETED")
    assert ("not replaced" in str(reply.error)) is stalled
    assert ("not replaced" in world.state["Error"]) is stalled


@pytest.mark.parametrize("error", ERRORS, ids=title)
def test_without_the_fence_before_the_latch_nothing_is_latched(world, send, on_call, error):
    on_call("dynamodb", "PutItem", lambda _: error, nth=LATCH_FENCE)
    assert send(MANUAL).outcome == "COMPLETED"
    assert not world.latched
    assert world.count("UpdateHealthCheck") == 0
    assert world.state["LatchError"]


def slow(world, seconds, error=None):
    """A call that takes so long, and then fails or not."""

    def fault(_):
        world.clock.advance(seconds)
        return error

    return fault


SERVICES = sorted({service for service, _ in CALLS})


@pytest.mark.parametrize("stalled", [False, True])
def test_a_run_ends_recorded_and_told_in_time_when_every_call_is_slow(world, send, stalled):
    world.stalled = stalled
    for service in SERVICES:
        # The longest answer that is still one: two tries of a second to connect and three to read.
        world.faults[service, "*"] = slow(world, 7.8)
    reply = send(MANUAL)
    assert reply.outcome == ("RAISED" if stalled else "COMPLETED")
    assert world.state["Status"] == ("FAILED" if stalled else "COMPLETED")
    assert world.published


OTHERS = [service for service in SERVICES if service != "rds"]


def test_a_promotion_may_settle_at_any_time_when_all_but_rds_is_slow():
    """No run is killed before it is recorded and told, and none stays in progress."""
    outcomes = set()
    for settles in range(20, 221, 2):
        world = World()
        orchestrator = world.load("FailoverOrchestratorFunction")
        world.promotion = (settles - 5, settles)
        for service in OTHERS:
            # The longest answer: two tries of a second to connect and three to read.
            world.faults[service, "*"] = slow(world, 7.8)
        answer, error = world.invoke(orchestrator, MANUAL)
        assert not isinstance(error, Killed), f"killed at {settles} s"
        status = "FAILED" if answer is None else "COMPLETED"
        assert world.state["Status"] == status, settles
        assert [item["Status"] for item in world.runs()] == [status], settles
        assert [subject for subject, _ in world.published] == [f"stack: {status}"], settles
        assert world.latched
        outcomes.add(status)
    assert outcomes == {"COMPLETED", "FAILED"}


@pytest.mark.parametrize("kept", [105, 90])
def test_a_shorter_reserve_would_be_noticed(kept):
    killed = 0
    for settles in range(150, 281):
        world = World()
        orchestrator = world.load("FailoverOrchestratorFunction")
        orchestrator.RESERVE -= kept
        world.promotion = (settles - 5, settles)
        for service in OTHERS:
            world.faults[service, "*"] = slow(world, 7.8)
        _, error = world.invoke(orchestrator, MANUAL)
        killed += isinstance(error, Killed)
    assert killed


@pytest.mark.parametrize("stalled", [False, True])
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_hangs_lets_no_run_be_killed(world, send, service, stalled):
    world.stalled = stalled

    def promotion(_):
        world.faults[service, "*"] = slow(world, 8, TIMED_OUT)

    world.faults["rds", "FailoverDBCluster"] = promotion
    reply = send(MANUAL)
    assert reply.outcome in ("RAISED", "COMPLETED")
    assert service == "sns" or world.published
    assert service == "dynamodb" or world.state["Status"] in ("FAILED", "COMPLETED")


@pytest.mark.parametrize("operation", ["PutItem", "*"])
def test_the_first_error_survives_a_table_lost_on_the_way(world, send, operation):
    def promotion(_):
        world.faults["dynamodb", operation] = "InternalServerError"
        return "AccessDenied"

    world.faults["rds", "FailoverDBCluster"] = promotion
    reply = send(DATABASE)
    assert "AccessDenied" in str(reply.error)
    assert "AccessDenied" in world.published[-1][1].splitlines()[0]


def test_a_table_lost_after_the_promotion_changes_no_outcome(world, send):
    def promotion(_):
        world.faults["dynamodb", "*"] = "InternalServerError"

    world.faults["rds", "FailoverDBCluster"] = promotion
    assert send(DATABASE).outcome == "COMPLETED"
    assert settled(world, send) == "FAILED"


@pytest.mark.parametrize("error", ERRORS, ids=title)
def test_a_write_lost_after_the_promotion_costs_neither_cooldown_nor_home(
    world, send, on_call, error
):
    on_call("dynamodb", "PutItem", lambda _: error, nth=PROMOTED)
    assert send(DATABASE).outcome == "COMPLETED"
    assert world.state.get("PreviousWriter") == WRITER
    assert "database_at" in world.state


@pytest.mark.parametrize("error", ERRORS, ids=title)
def test_a_write_lost_after_the_latch_still_shows_the_latch(world, send, on_call, error):
    on_call("dynamodb", "PutItem", lambda _: error, nth=LATCHED)
    assert send(MANUAL).outcome == "COMPLETED"
    assert world.latched
    assert world.state.get("Latched") is True


def written_but_unanswered(world):
    """The write arrives, its answer does not."""

    def fault(params):
        world.items[params["Item"]["StateKey"]] = dict(params["Item"])
        return TIMED_OUT

    return fault


def test_an_unanswered_lease_does_not_block_its_own_attempt(world, send, on_call):
    on_call("dynamodb", "PutItem", written_but_unanswered(world), nth=1)
    send(VOTED | {"attempt_id": "one"})
    world.clock.advance(15)
    send(VOTED | {"attempt_id": "one"})
    assert world.writer == READER


@pytest.mark.parametrize("nth", range(LEASE, AUDIT + 1))
def test_an_unanswered_write_leaves_a_final_state(world, send, on_call, nth):
    on_call("dynamodb", "PutItem", written_but_unanswered(world), nth=nth)
    assert send(MANUAL).outcome == "COMPLETED"
    assert world.state["Status"] == "COMPLETED"


# The table's outage.


@pytest.mark.parametrize("operation", ["*", "GetItem"])
@pytest.mark.parametrize("error", [*ERRORS, UNREACHABLE], ids=title)
@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (VOTED, "REFUSED"),
        (VOTED | {"force": True, "expected_writer": WRITER}, "REFUSED"),
        (MANUAL, "REFUSED"),
        (MANUAL | {"force": True}, "REFUSED"),
        (MANUAL | {"expected_writer": WRITER}, "REFUSED"),
        (MANUAL | {"force": "true", "expected_writer": WRITER}, "REFUSED"),
        (MANUAL | {"force": True, "expected_writer": ""}, "REFUSED"),
        (MANUAL | {"force": True, "expected_writer": READER}, "REFUSED"),
        (FORCED, "COMPLETED"),
    ],
)
def test_without_the_table_only_a_forced_manual_run_acts(
    world, send, operation, error, event, outcome
):
    world.faults["dynamodb", operation] = error
    assert send(event).outcome == outcome
    acted = outcome == "COMPLETED"
    assert world.count("FailoverDBCluster") == acted
    assert world.latched is acted
    assert world.writer == (READER if acted else WRITER)


def test_a_table_that_can_only_be_read_is_an_outage_too(world, send):
    world.faults["dynamodb", "PutItem"] = "AccessDenied"
    assert send(MANUAL).outcome == "REFUSED"
    assert send(FORCED).outcome == "COMPLETED"


def test_a_forced_run_without_the_table_is_told(world, send):
    world.faults["dynamodb", "*"] = "InternalServerError"
    send(FORCED)
    assert "COMPLETED" in world.published[-1][0]


def test_a_run_refused_without_the_table_is_told(world, send):
    world.faults["dynamodb", "*"] = "InternalServerError"
    assert send(VOTED).outcome == "REFUSED"
    assert "REFUSED" in world.published[-1][0]


def test_without_the_table_events_still_get_answers(world, send):
    world.faults["dynamodb", "*"] = "InternalServerError"
    assert send({}).outcome == "NOT_REQUIRED"
    event = {"source": "aws.rds", "detail": {"EventID": "RDS-EVENT-0071"}}
    assert send(event).outcome == "RECORDED"


def test_a_dry_run_without_its_audit_item_is_refused(world, send):
    world.faults["dynamodb", "PutItem"] = "InternalServerError"
    assert send(MANUAL | {"dry_run": True}).outcome == "REFUSED"


# The configuration's outage.


@pytest.mark.parametrize("error", [*ERRORS, UNREACHABLE, "ParameterNotFound"], ids=title)
@pytest.mark.parametrize("event", [MANUAL, VOTED])
def test_without_the_configuration_defaults_hold_and_are_noted(world, send, error, event):
    world.configuration["cooldown_seconds"] = 0
    world.faults["ssm", "GetParameter"] = error
    assert send(event).outcome == "COMPLETED"
    (item,) = world.runs()
    notes = str(item["Notes"])
    assert title(error) in notes
    for key in ("auto_failover", "cooldown_seconds"):
        assert key in notes
    assert send(event).outcome == "REFUSED"


def test_every_answer_of_a_fault_keeps_the_audit_item(world, send):
    world.faults["rds", "FailoverDBCluster"] = "AccessDenied"
    send(MANUAL)
    (item,) = world.runs()
    assert (item["Status"], "AccessDenied" in item["Error"]) == ("FAILED", True)


@pytest.mark.parametrize("error", ERRORS, ids=title)
@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("elbv2", "DescribeTargetHealth"),
        ("rds", "DescribeDBInstances"),
        ("dynamodb", "GetItem"),
    ],
)
def test_a_failback_that_cannot_look_is_refused(world, send, service, operation, error):
    send(MANUAL)
    world.faults[service, operation] = error
    assert send({"action": "failback"}).outcome == "REFUSED"
    assert (world.writer, world.latched) == (READER, True)
