"""The state item: the lease, the fencing token, odd contents, failing back."""

from decimal import Decimal
from itertools import pairwise

import pytest
from botocore.exceptions import ReadTimeoutError
from simulated import (
    APPLICATION,
    COOLDOWN,
    DATABASE,
    FAILBACK,
    LEASE,
    MANUAL,
    READER,
    START,
    STATE,
    VOTED,
    WRITER,
    Heard,
    Trial,
    alarm,
    rds_event,
)

from drtemplate.world.api.failures import Lost
from drtemplate.world.clock import Killed

FORCED = {"force": True}
STATUSES = ["IDLE", "IN_PROGRESS", "COMPLETED", "FAILED", "FAILED_BACK"]
UNANSWERED = ReadTimeoutError(endpoint_url="https://aws.invalid")
FROZEN = 60  # seconds a run stands still: longer than its lease


class Writes(Heard):
    """Keeps every write of the state that was carried out: time and item."""

    def __init__(self):
        super().__init__()
        self.states = []

    def after(self, caller, service, operation, params, answer):
        super().after(caller, service, operation, params, answer)
        if operation == "PutItem" and params["Item"]["StateKey"] == STATE:
            self.states.append((START + caller.host.clock.now, params["Item"]))


@pytest.fixture
def world():
    made = Trial(witness=Writes())
    yield made
    made.close()


def written(world):
    return [item for _, item in world.witness.states]


# The lease.


@pytest.mark.parametrize("slow", [None, ("ssm", "GetParameter"), ("rds", "DescribeDBClusters")])
def test_every_write_renews_the_lease(world, slow):
    world.promotion(60, 30)
    if slow:
        world.on(*slow, world.slow(7.8))
    world.send(MANUAL, expected_writer=WRITER)
    assert written(world)[0]["Status"] == "IN_PROGRESS"
    for when, item in world.witness.states:
        # Its time was taken in whole seconds, before the write itself.
        assert -1.1 <= item["LeaseExpires"] - (when + LEASE) <= 0
    for (earlier, item), (later, _) in pairwise(world.witness.states):
        assert later - earlier <= LEASE / 2 + 3
        assert later < item["LeaseExpires"]
    # And not at every look.
    assert len(written(world)) <= 10


@pytest.mark.parametrize("at", range(1, 98, 8))
def test_nobody_takes_the_lease_of_a_long_promotion(world, at):
    world.promotion(60, 40)
    for event in (VOTED, MANUAL, MANUAL | FORCED, FAILBACK | FORCED):
        world.send_later(at, event)
    assert world.send(VOTED, attempt_id="one").outcome == "COMPLETED"
    assert world.subjects == ["REFUSED"] * 3 + ["COMPLETED"]
    assert world.acted == (1, 1)


def test_a_long_promotion_keeps_its_lease(world):
    world.promotion(60, 30)
    world.send_later(70, MANUAL)
    assert world.send(VOTED | DATABASE).outcome == "COMPLETED"
    assert world.subjects == ["REFUSED", "COMPLETED"]
    assert world.state["Status"] == "COMPLETED"


def test_the_token_rises(world):
    world.put_state()
    world.wait(61)
    for event in (MANUAL, FAILBACK, MANUAL | FORCED):
        world.aurora.stalled = event == MANUAL | FORCED
        world.send(event)
    tokens = [7, *(item["FencingToken"] for item in written(world))]
    assert tokens == sorted(set(tokens))
    assert world.state["FencingToken"] == tokens[-1]


@pytest.mark.parametrize("event", [MANUAL, FAILBACK])
def test_a_conditional_write_of_the_state_stands_right_before_each_act(world, event):
    if event == FAILBACK:
        world.send(MANUAL)
    begun = len(world.calls)
    world.send(event)
    calls = world.calls[begun:]
    names = [one.operation for one in calls]
    for act in ("FailoverDBCluster", "UpdateHealthCheck"):
        fence = calls[names.index(act) - 1]
        assert fence.operation == "PutItem"
        assert fence.params["Item"]["StateKey"] == STATE
        assert fence.params["ConditionExpression"]


@pytest.mark.parametrize("event", [MANUAL, MANUAL | FORCED, FAILBACK, FAILBACK | FORCED])
def test_a_live_lease_refuses(world, event):
    world.put_state()
    before = dict(world.state)
    reply = world.send(event)
    assert (reply.outcome, reply.code, reply.body["message"]) == ("REFUSED", 409, "lease held")
    assert (world.acted, world.state) == ((0, 0), before)


@pytest.mark.parametrize("event", [VOTED, VOTED | {"attempt_id": "one"} | FORCED])
def test_an_automatic_call_during_a_run_is_silent(world, event):
    world.put_state()
    assert world.send(event).outcome == "NOT_REQUIRED"
    assert (world.messages, written(world), len(world.table.items)) == ([], [], 1)


@pytest.mark.parametrize("status", ["IN_PROGRESS", "COMPLETED", "FAILED_BACK"])
@pytest.mark.parametrize("event", [VOTED, MANUAL | FORCED, FAILBACK])
def test_the_attempt_of_a_run_that_is_not_failed_is_silent(world, event, status):
    world.put_state(Status=status)
    assert world.send(event, attempt_id="other").outcome == "NOT_REQUIRED"
    assert (world.messages, written(world), len(world.table.items)) == ([], [], 1)


# Two at once, and runs that come back late.

CALLS = [
    ("ssm", "GetParameter", 1),
    ("dynamodb", "GetItem", 1),
    *[("dynamodb", "PutItem", nth) for nth in range(1, 8)],
    ("rds", "DescribeDBClusters", 1),
    ("rds", "DescribeDBClusters", 2),
    ("rds", "DescribeDBClusters", 4),
    ("rds", "DescribeDBInstances", 1),
    ("rds", "FailoverDBCluster", 1),
    ("elbv2", "DescribeTargetHealth", 1),
    ("route53", "UpdateHealthCheck", 1),
    ("cloudwatch", "PutMetricData", 1),
    ("sns", "Publish", 1),
]
# Before and at the fence.
BEFORE_THE_ACT = [
    ("ssm", "GetParameter", 1),
    ("dynamodb", "GetItem", 1),
    ("dynamodb", "PutItem", 1),
    ("rds", "DescribeDBClusters", 1),
    ("rds", "DescribeDBInstances", 1),
    ("dynamodb", "PutItem", 2),
]


def steal_at(world, service, operation):
    """Another run takes the lease at this call."""
    theft = {"AttemptId": "thief", "FencingToken": 99}
    world.on(service, operation, lambda _: world.put_state(**theft))


def frozen(world, event, kept):
    """A fault: the run stands still for longer than its lease, and another event comes."""

    def freeze(_):
        world.clock.wait(FROZEN)
        kept["outcome"] = world.meanwhile(event).outcome
        kept["state"], kept["acted"] = dict(world.state), world.acted

    return freeze


@pytest.mark.parametrize("second", [MANUAL, VOTED, VOTED | {"attempt_id": "one"}])
@pytest.mark.parametrize(("service", "operation", "nth"), CALLS)
def test_two_events_at_once_make_one_failover(world, service, operation, nth, second):
    world.on(service, operation, lambda _: world.meanwhile(second) and None, nth)
    world.send(VOTED, attempt_id="one")
    assert world.acted[0] == 1
    assert world.state["Status"] == "COMPLETED"
    assert world.writer == READER


def test_of_two_at_once_one_acts(world):
    steal_at(world, "dynamodb", "PutItem")
    assert world.send(MANUAL).outcome == "REFUSED"
    assert world.acted == (0, 0)


def test_of_two_automatic_calls_at_once_the_loser_is_silent(world):
    """Two monitors tick at the same instant: the later write of the lease loses."""
    world.on("dynamodb", "PutItem", lambda _: world.meanwhile(VOTED) and None)
    assert world.send(VOTED, attempt_id="one").outcome == "REFUSED"
    assert world.subjects == ["COMPLETED"]


def test_a_run_that_lost_its_lease_does_not_act(world):
    steal_at(world, "rds", "DescribeDBInstances")
    world.send(MANUAL | DATABASE)
    assert world.acted == (0, 0)
    assert world.state["AttemptId"] == "thief"


@pytest.mark.parametrize(("service", "operation", "nth"), CALLS)
def test_a_late_owner_neither_acts_nor_overwrites(world, service, operation, nth):
    kept = {}
    world.on(service, operation, frozen(world, VOTED, kept), nth)
    world.send(VOTED, attempt_id="late")
    assert world.state == kept["state"]
    if (service, operation, nth) in BEFORE_THE_ACT:
        assert kept["outcome"] == "COMPLETED"
        assert world.acted == kept["acted"] == (1, 1)


@pytest.mark.parametrize("event", [{}, rds_event("0072"), MANUAL | {"components": ["nothing"]}])
def test_a_late_owner_whose_run_was_recorded_as_abandoned_does_not_act(world, event):
    world.on("rds", "DescribeDBInstances", frozen(world, event, {}))
    assert world.send(MANUAL).outcome == "RAISED"
    assert world.acted == (0, 0)
    assert (world.state["Status"], world.state["Error"]) == ("FAILED", "abandoned")


def test_a_late_owner_whom_nobody_has_noticed_takes_its_lease_anew(world):
    world.on("rds", "DescribeDBInstances", world.slow(FROZEN))
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    assert world.acted == (1, 0)
    assert written(world)[1]["LeaseExpires"] >= START + FROZEN + LEASE - 1


# An unanswered write.


@pytest.mark.parametrize("lost", Lost)
@pytest.mark.parametrize("nth", range(1, 8))
def test_an_unanswered_write_is_recognised_as_ones_own(world, nth, lost):
    world.on("dynamodb", "PutItem", lost, nth)
    reply = world.send(MANUAL)
    if lost is Lost.ANSWER:
        assert reply.outcome == "COMPLETED"
        assert (world.writer, world.latched) == (READER, True)
        assert world.state["Status"] == "COMPLETED"
    elif nth == 1:
        assert reply.outcome == "REFUSED"


@pytest.mark.parametrize(
    ("nth", "theirs"),
    [(1, {"Owner": "thief"}), (2, {"FencingToken": 99}), (2, {"Owner": "thief"})],
)
def test_an_unanswered_write_of_another_is_not(world, nth, theirs):
    def arrives(params):
        world.put_state(**params["Item"] | theirs)
        return UNANSWERED

    world.on("dynamodb", "PutItem", arrives, nth)
    assert world.send(MANUAL | DATABASE).outcome == ("REFUSED" if nth == 1 else "RAISED")
    assert world.acted == (0, 0)


# Abandoned runs.


@pytest.fixture
def abandoned(world):
    """A run that was killed at its promotion, which never reached Aurora; its lease is over."""
    world.on("rds", "FailoverDBCluster", Killed)
    assert world.send(MANUAL | DATABASE, attempt_id="killed").outcome == "KILLED"
    assert world.state["Status"] == "IN_PROGRESS"
    assert world.send(MANUAL).outcome == "REFUSED"
    world.wait(47)
    return world


def test_an_expired_lease_refuses_nobody(world):
    world.put_state()
    world.wait(61)
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.state["Owner"] == "request-1"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({}, "FAILED"),
        (None, "FAILED"),
        (rds_event("0072"), "FAILED"),
        (rds_event("0071"), "FAILED"),
        (MANUAL | {"expected_writer": "nobody"}, "FAILED"),
        (MANUAL, "COMPLETED"),
        (FAILBACK, "FAILED_BACK"),
        (alarm(), "FAILED"),
    ],
    ids=str,
)
def test_the_next_event_records_an_abandoned_run(abandoned, event, status):
    before = len(written(abandoned))
    abandoned.send(event)
    first = written(abandoned)[before]
    assert (first["Status"], first["Error"], first["Owner"]) == ("FAILED", "abandoned", "")
    assert abandoned.state["Status"] == status


def test_a_refused_automatic_event_records_an_abandoned_run(abandoned):
    abandoned.configure(auto_failover="OFF")
    assert abandoned.send(VOTED).outcome == "REFUSED"
    assert abandoned.state["Status"] == "FAILED"


def test_a_status_and_a_dry_run_show_an_abandoned_run_and_write_no_state(abandoned):
    before = len(written(abandoned))
    shown = abandoned.send({"action": "status"}).body["state"]
    assert (shown["Status"], shown["Error"]) == ("FAILED", "abandoned")
    assert abandoned.send(MANUAL, dry_run=True).outcome == "DRY_RUN"
    assert len(written(abandoned)) == before


def test_a_status_writes_nothing(world):
    assert world.send({"action": "status"}).body["state"]["Status"] == "IDLE"
    world.put_state()
    world.wait(61)
    before = dict(world.table.items)
    assert world.send(MANUAL | {"action": "status"}).code == 200
    assert world.table.items == before
    assert {one.operation for one in world.calls} == {"GetItem"}
    world.faults["dynamodb", "*"] = "InternalServerError"
    assert world.send({"action": "status"}).outcome == "STATUS"


# Odd contents, as a hand may leave them.

ODD = [
    {"Status": None},
    {"Status": ["COMPLETED"]},
    {"Status": Decimal(3)},
    {"Status": "completed"},
    {"LeaseExpires": "tomorrow"},
    {"LeaseExpires": ["x"]},
    {"FencingToken": "seven"},
    {"FencingToken": None},
    {"FencingToken": Decimal("4.5")},
    {"database_at": "never"},
    {"database_at": None},
    {"application_at": {"a": "b"}},
    {"Latched": "true"},
    {"PreviousWriter": ["x"]},
    {"Stages": "none"},
    {"Error": Decimal(1)},
    {"AttemptId": ["x"]},
    {"StartTime": Decimal(1)},
    {"Unheard": {"of": ["x"]}},
]
LOOKS = [{}, {"action": "status"}, rds_event("0072"), rds_event("0071")]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_odd_state_starts_nothing_and_stops_no_run(world, odd):
    world.put_state(**{"Status": "COMPLETED", "LeaseExpires": 1} | odd)
    for event in LOOKS:
        assert world.send(event).outcome in {"NOT_REQUIRED", "STATUS", "RECORDED"}
    assert world.acted == (0, 0)
    reply = world.send(VOTED)
    assert reply.outcome in {"COMPLETED", "REFUSED"}
    assert world.acted[0] == (reply.outcome == "COMPLETED")
    assert world.items() or world.items("REFUSED")


@pytest.mark.parametrize("missing", ["Status", "AttemptId", "FencingToken", "LeaseExpires"])
@pytest.mark.parametrize("status", STATUSES)
def test_a_missing_attribute_stops_nothing(world, status, missing):
    world.put_state(Status=status, LeaseExpires=1)
    del world.state[missing]
    assert world.send(VOTED).outcome == "COMPLETED"
    assert world.acted == (1, 1)


@pytest.mark.parametrize("lease", ["tomorrow", None, ["x"], Decimal(-1)])
def test_an_unreadable_lease_is_expired(world, lease):
    world.put_state(LeaseExpires=lease)
    assert world.send(VOTED).outcome == "COMPLETED"


@pytest.mark.parametrize("value", ["true", Decimal(1), None])
def test_only_true_is_latched(world, value):
    world.put_state(Status="COMPLETED", Latched=value)
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.latched


# Failing back.


@pytest.fixture
def failed_over(world):
    return after_a_failover(world)


def after_a_failover(world):
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.acted == (1, 1)
    return world


def test_a_fail_back_undoes_both(world):
    after_a_failover(world)
    reply = world.send(FAILBACK)
    assert (reply.outcome, reply.code) == ("FAILED_BACK", 200)
    assert (world.writer, world.latched) == (WRITER, False)
    state = world.state
    assert (state["Latched"], state["Status"], state["NewWriter"]) == (False, "FAILED_BACK", WRITER)
    assert "FAILED_BACK" in [item["Status"] for item in world.items()]
    assert world.subjects[-1] == "FAILED_BACK"
    # A second one leaves the writer at home, and a failover works as ever.
    world.send(FAILBACK)
    assert (world.writer, world.acted[0]) == (WRITER, 2)
    world.wait(COOLDOWN)
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert (world.writer, world.latched) == (READER, True)


def test_a_fail_back_needs_a_healthy_primary(world):
    after_a_failover(world)
    for states in ([], ["unhealthy"], ["initial", "draining", "unused"]):
        world.balancers["Primary"].show(*states)
        reply = world.send(FAILBACK)
        assert (reply.outcome, reply.code) == ("REFUSED", 409)
    assert world.acted == (1, 1)
    assert world.send(FAILBACK | FORCED).outcome == "FAILED_BACK"


def test_a_fail_back_needs_its_instance(world):
    after_a_failover(world)
    for status in ("rebooting", "modifying", "storage-full"):
        world.aurora.nodes[WRITER].status = status
        assert world.send(FAILBACK).outcome == "REFUSED"
    assert world.acted == (1, 1)
    assert world.send(FAILBACK | FORCED).outcome == "FAILED_BACK"
    assert world.writer == WRITER


def test_a_fail_back_to_a_deleted_home_is_refused_and_claims_no_return(failed_over):
    del failed_over.aurora.nodes[WRITER]
    assert failed_over.send(FAILBACK).outcome == "REFUSED"
    failed_over.send(FAILBACK | FORCED | DATABASE)
    assert failed_over.writer == READER
    assert failed_over.state["Status"] != "FAILED_BACK"


def test_a_fail_back_that_has_no_writer_to_move_promotes_nothing(world):
    assert world.send(FAILBACK).outcome == "FAILED_BACK"
    assert world.acted[0] == 0
    # And it starts no cooldown.
    assert world.send(VOTED | DATABASE).outcome == "COMPLETED"


def test_a_fail_back_of_a_writer_that_is_home_promotes_nothing(failed_over):
    failed_over.replace_writer()
    assert failed_over.send(FAILBACK).outcome == "FAILED_BACK"
    assert failed_over.acted == (1, 2)
    assert not failed_over.latched


def test_a_fail_back_of_the_database_keeps_the_latch(failed_over):
    assert failed_over.send(FAILBACK | DATABASE).outcome == "FAILED_BACK"
    assert (failed_over.writer, failed_over.latched) == (WRITER, True)


def test_a_fail_back_of_the_application_keeps_the_home(world):
    after_a_failover(world)
    assert world.send(FAILBACK | APPLICATION).outcome == "FAILED_BACK"
    assert (world.writer, world.latched) == (READER, False)
    assert world.state["PreviousWriter"] == WRITER
    assert world.send(FAILBACK | DATABASE).outcome == "FAILED_BACK"
    assert (world.writer, world.latched) == (WRITER, False)
    assert world.state["PreviousWriter"] is None


@pytest.mark.parametrize("how", ["stalled", "AccessDenied", "InvalidDBInstanceState"])
def test_a_fail_back_that_fails_keeps_its_home(world, how):
    after_a_failover(world)
    world.aurora.stalled = how == "stalled"
    if how != "stalled":
        world.faults["rds", "FailoverDBCluster"] = how
    assert world.send(FAILBACK).outcome == "RAISED"
    assert world.state["Status"] == "FAILED"
    assert world.subjects[-1] == "FAILED"
    assert world.state["PreviousWriter"] == WRITER
    assert not world.latched
    world.end_stall()
    world.faults.clear()
    assert world.send(FAILBACK).outcome == "FAILED_BACK"
    assert world.writer == WRITER
    assert world.state["PreviousWriter"] is None


def test_a_fail_back_releases_the_latch_first(world):
    after_a_failover(world)
    world.send(FAILBACK)
    last = {one.operation: one.at for one in world.calls}
    assert last["UpdateHealthCheck"] < last["FailoverDBCluster"]


def test_a_fail_back_without_a_writer_does_not_forget_its_home(failed_over):
    failed_over.aurora.writer = ""
    for event in (MANUAL | FORCED, FAILBACK, FAILBACK | FORCED):
        assert failed_over.send(event).outcome in ("RAISED", "REFUSED")
        assert failed_over.state["Status"] == "FAILED"
        assert failed_over.state["PreviousWriter"] == WRITER


def test_a_release_that_fails_fails_the_run(world):
    after_a_failover(world)
    world.faults["route53", "UpdateHealthCheck"] = "ThrottlingException"
    reply = world.send(FAILBACK)
    assert reply.outcome == "RAISED"
    for told in (str(reply.error), world.state["Error"], world.first_line()):
        assert "ThrottlingException" in told
    assert world.state["Status"] == "FAILED"
    assert world.state["Latched"] is True
    # The components fail apart.
    assert world.writer == WRITER
    assert world.state["PreviousWriter"] is None
    world.faults.clear()
    assert world.send(FAILBACK).outcome == "FAILED_BACK"
    assert (world.latched, world.acted[0]) == (False, 2)
