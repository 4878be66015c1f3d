"""The state item: its edges, the lease, the fencing token, odd contents, failing back."""

from decimal import Decimal
from itertools import pairwise, product

import pytest
from botocore.exceptions import ReadTimeoutError
from world import READER, START, WRITER, Killed

MANUAL = {"trigger_failover": True}
VOTED = MANUAL | {"votes": {"database": 2}, "writer": WRITER}
DATABASE = MANUAL | {"components": ["database"]}
FAILBACK = {"action": "failback"}
TIMED_OUT = ReadTimeoutError(endpoint_url="https://aws.invalid")
LEASE, LEASE_ENDS = 45, 1_000
COOLDOWN = 3600
EDGES = {
    ("IDLE", "IN_PROGRESS"),
    ("IN_PROGRESS", "COMPLETED"),
    ("IN_PROGRESS", "FAILED"),
    ("IN_PROGRESS", "FAILED_BACK"),
    ("COMPLETED", "IN_PROGRESS"),
    ("FAILED", "IN_PROGRESS"),
    ("FAILED", "COMPLETED"),
    ("FAILED_BACK", "IN_PROGRESS"),
}
STATUSES = ["IDLE", "IN_PROGRESS", "COMPLETED", "FAILED", "FAILED_BACK"]
PAIRS = [pair for pair in product(STATUSES, [*STATUSES, "DONE", "", None]) if pair[0] != pair[1]]
RDS_EVENT = {
    "source": "aws.rds",
    "time": "2027-01-15T09:00:00Z",
    "detail": {"EventID": "RDS-EVENT-0072"},
}
ALARM = {
    "source": "aws.cloudwatch",
    "time": "2027-01-15T08:30:00.000+0000",
    "alarmData": {"alarmName": "stack-database", "state": {"value": "ALARM"}},
}


def held(**more):
    return {
        "StateKey": "FAILOVER_STATUS",
        "Status": "IN_PROGRESS",
        "AttemptId": "other",
        "FencingToken": Decimal(4),
        "LeaseExpires": Decimal(START + 100),
        "StartTime": "2027-01-15T07:59:00Z",
        **more,
    }


def states_written(world):
    return [
        params["Item"]
        for _, name, params in world.calls
        if name == "PutItem" and params["Item"]["StateKey"] == "FAILOVER_STATUS"
    ]


# The edges.


def test_the_module_declares_the_edges(orchestrator):
    declared = {(a, b) for a, many in orchestrator.EDGES.items() for b in many.split()}
    assert declared == EDGES


@pytest.fixture
def save(world, orchestrator):
    """``save`` on a stored state, within the world; returns the exception or None."""

    def saver(was, status):
        world.items["FAILOVER_STATUS"] = held(Status=was)
        caught = []

        def probe(event, context):
            try:
                orchestrator.save(orchestrator.stored(), Status=status)
            except orchestrator.Stop as error:
                caught.append(error)

        handler, orchestrator.handler = orchestrator.handler, probe
        _, error = world.invoke(orchestrator, {})
        orchestrator.handler = handler
        assert error is None
        return caught

    return saver


@pytest.mark.parametrize(("was", "status"), [pair for pair in PAIRS if pair in EDGES])
def test_an_edge_is_allowed(world, save, was, status):
    assert save(was, status) == []
    assert (world.state["Status"], world.state["FencingToken"]) == (status, 5)


@pytest.mark.parametrize(("was", "status"), [pair for pair in PAIRS if pair not in EDGES])
def test_every_other_pair_is_forbidden(world, save, was, status):
    (error,) = save(was, status)
    assert "no edge" in str(error)
    assert world.state == held(Status=was)


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_may_stay(world, save, status):
    assert save(status, status) == []
    assert world.state["FencingToken"] == 5


# The lease.


@pytest.fixture
def writes(world):
    """(time, item) of each write of the state that was carried out."""
    found, put = [], world.dynamodb_putitem

    def recorded(client, Item, **named):
        answer = put(client, Item, **named)
        if Item["StateKey"] == "FAILOVER_STATUS":
            found.append((world.clock.now, Item))
        return answer

    world.dynamodb_putitem = recorded
    return found


@pytest.mark.parametrize("promotion", [(12.0, 18.0), (60.0, 90.0)])
def test_every_write_renews_the_lease(world, send, writes, promotion):
    world.promotion = promotion
    send(MANUAL)
    assert writes[0][1]["Status"] == "IN_PROGRESS"
    for when, item in writes:
        # Its time was taken in whole seconds, before the write itself.
        assert -1.1 <= item["LeaseExpires"] - (when + LEASE) <= 0


@pytest.mark.parametrize("slow", [("ssm", "GetParameter"), ("rds", "DescribeDBClusters")])
def test_slow_calls_before_the_lease_do_not_shorten_it(world, send, writes, slow):
    world.faults[slow] = lambda _: world.clock.advance(7.8)
    send(DATABASE | {"expected_writer": WRITER})
    when, item = writes[0]
    assert when >= START + 7
    assert -1.1 <= item["LeaseExpires"] - (when + LEASE) <= 0


def test_a_long_promotion_keeps_its_lease(world, send, writes):
    world.promotion = (60.0, 90.0)
    send(DATABASE)
    for (earlier, item), (later, _) in pairwise(writes):
        assert later - earlier <= LEASE / 2 + 3
        assert later < item["LeaseExpires"]


def test_a_long_promotion_is_not_written_down_at_every_look(world, send, writes):
    world.promotion = (60.0, 90.0)
    send(DATABASE)
    assert len(writes) <= 10


@pytest.mark.parametrize("at", range(1, 98, 4))
def test_nobody_takes_the_lease_of_a_long_promotion(world, send, at):
    world.promotion = (60.0, 100.0)
    replies = []

    def others():
        deadline = world.clock.deadline
        for event in (VOTED, MANUAL, MANUAL | {"force": True}, FAILBACK | {"force": True}):
            replies.append(send(event).outcome)
        world.clock.deadline = deadline

    world.clock.at(at, others)
    assert send(VOTED | {"attempt_id": "one"}).outcome == "COMPLETED"
    assert replies == ["NOT_REQUIRED"] + ["REFUSED"] * 3
    assert world.count("FailoverDBCluster") == 1


@pytest.mark.parametrize(("waited", "outcome"), [(40, "REFUSED"), (47, "COMPLETED")])
def test_an_abandoned_run_is_taken_over_when_its_lease_is_over(world, send, waited, outcome):
    """Killed at its promotion, which never reached Aurora."""

    def killed(_):
        raise Killed

    world.faults["rds", "FailoverDBCluster"] = killed
    assert send(DATABASE | {"attempt_id": "killed"}).outcome == "KILLED"
    world.faults.clear()
    world.clock.advance(waited)
    assert send(MANUAL).outcome == outcome


def test_a_taken_run_belongs_to_who_took_it(world, send, abandoned):
    assert world.state["Owner"] == "request-1"
    send({})
    assert (world.state["Status"], world.state["Owner"]) == ("FAILED", "")
    send(MANUAL)
    assert world.state["Owner"] == "request-3"


def test_the_token_rises_with_every_write(world, send):
    send(MANUAL)
    world.clock.advance(600)
    send(FAILBACK)
    world.clock.advance(600)
    world.stalled = True
    send(MANUAL)
    tokens = [item["FencingToken"] for item in states_written(world)]
    assert tokens == sorted(set(tokens))
    assert world.state["FencingToken"] == tokens[-1]


@pytest.mark.parametrize("act", ["FailoverDBCluster", "UpdateHealthCheck"])
@pytest.mark.parametrize("event", [MANUAL, FAILBACK])
def test_a_conditional_write_stands_right_before_each_act(world, send, act, event):
    send(MANUAL)
    world.clock.advance(COOLDOWN)
    world.items["FAILOVER_STATUS"]["Latched"] = event is FAILBACK
    world.calls.clear()
    send(event)
    names = [name for _, name, _ in world.calls]
    service, fence, params = world.calls[names.index(act) - 1]
    assert (service, fence) == ("dynamodb", "PutItem")
    assert params["Item"]["StateKey"] == "FAILOVER_STATUS"
    assert params["ConditionExpression"]


def test_a_live_lease_refuses_a_manual_run_and_stays(world, send):
    world.items["FAILOVER_STATUS"] = held()
    for event in (MANUAL, MANUAL | {"force": True}, FAILBACK, FAILBACK | {"force": True}):
        reply = send(event)
        assert (reply.outcome, reply.code) == ("REFUSED", 409)
        assert "lease held" in reply.body["message"]
    assert world.state == held()


@pytest.mark.parametrize("event", [VOTED, VOTED | {"attempt_id": "one"}, VOTED | {"force": True}])
def test_a_live_lease_silences_an_automatic_run_and_stays(world, send, event):
    world.items["FAILOVER_STATUS"] = held()
    assert send(event).outcome == "NOT_REQUIRED"
    assert world.items == {"FAILOVER_STATUS": held()}
    assert not world.published


@pytest.mark.parametrize("status", ["IN_PROGRESS", "COMPLETED", "FAILED_BACK"])
@pytest.mark.parametrize("event", [VOTED, MANUAL, MANUAL | {"force": True}, FAILBACK])
def test_the_attempt_of_a_run_that_is_not_failed_is_silent(world, send, event, status):
    world.items["FAILOVER_STATUS"] = held(Status=status)
    assert send(event | {"attempt_id": "other"}).outcome == "NOT_REQUIRED"
    assert world.items == {"FAILOVER_STATUS": held(Status=status)}
    assert not world.published


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


@pytest.mark.parametrize("second", [MANUAL, VOTED, VOTED | {"attempt_id": "one"}])
@pytest.mark.parametrize(("service", "operation", "nth"), CALLS)
def test_two_events_at_once_make_one_failover(
    world, send, on_call, service, operation, nth, second
):
    def inner(_):
        world.faults.clear()
        send(second)

    on_call(service, operation, inner, nth)
    send(VOTED | {"attempt_id": "one"})
    assert world.count("FailoverDBCluster") == 1
    assert world.state["Status"] == "COMPLETED"
    assert world.writer == READER


def test_of_two_automatic_calls_at_once_the_loser_is_silent(world, send, on_call):
    """Two monitors tick at the same instant: the later write of the lease loses."""
    on_call("dynamodb", "PutItem", lambda _: send(VOTED | {"attempt_id": "two"}) and None)
    reply = send(VOTED | {"attempt_id": "one"})
    assert world.count("FailoverDBCluster") == 1
    assert reply.outcome == "REFUSED"
    assert [subject for subject, _ in world.published] == ["stack: COMPLETED"]


# Before and at the fence: whoever comes back later must not act.
BEFORE_THE_ACT = [
    ("ssm", "GetParameter", 1),
    ("dynamodb", "GetItem", 1),
    ("dynamodb", "PutItem", 1),
    ("rds", "DescribeDBClusters", 1),
    ("rds", "DescribeDBInstances", 1),
    ("dynamodb", "PutItem", 2),
]


def frozen(world, send, event, kept):
    """The outer function stands still for longer than its lease, while another event runs."""

    def freeze(_):
        world.faults.clear()
        world.clock.deadline = float("inf")
        world.clock.advance(LEASE_ENDS)
        kept["reply"] = send(event)
        kept["state"] = dict(world.state)
        kept["promotions"] = world.count("FailoverDBCluster")

    return freeze


@pytest.mark.parametrize(("service", "operation", "nth"), BEFORE_THE_ACT)
def test_a_late_owner_does_not_act(world, send, on_call, service, operation, nth):
    kept = {}
    on_call(service, operation, frozen(world, send, VOTED, kept), nth)
    send(VOTED | {"attempt_id": "late"})
    assert kept["reply"].outcome == "COMPLETED"
    assert world.count("FailoverDBCluster") == kept["promotions"] == 1
    assert world.count("UpdateHealthCheck") == 1


@pytest.mark.parametrize(("service", "operation", "nth"), CALLS)
def test_a_late_owner_does_not_overwrite(world, send, on_call, service, operation, nth):
    kept = {}
    on_call(service, operation, frozen(world, send, VOTED, kept), nth)
    send(VOTED | {"attempt_id": "late"})
    assert world.state == kept["state"]


@pytest.mark.parametrize("event", [{}, RDS_EVENT, MANUAL | {"components": ["nothing"]}])
def test_a_late_owner_whose_run_was_recorded_as_abandoned_does_not_act(world, send, on_call, event):
    kept = {}
    on_call("rds", "DescribeDBInstances", frozen(world, send, event, kept))
    assert send(MANUAL).outcome == "RAISED"
    assert world.count("FailoverDBCluster") == world.count("UpdateHealthCheck") == 0
    assert (world.state["Status"], world.state["Error"]) == ("FAILED", "abandoned")


def test_a_late_owner_whom_nobody_has_noticed_takes_its_lease_anew(world, send, on_call, writes):
    def freeze(_):
        world.clock.deadline = float("inf")
        world.clock.advance(LEASE_ENDS)

    on_call("rds", "DescribeDBInstances", freeze)
    assert send(DATABASE).outcome == "RAISED"  # its time is over
    assert world.count("FailoverDBCluster") == 1
    assert writes[1][1]["LeaseExpires"] >= START + LEASE_ENDS + LEASE - 1


# An unanswered write.


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("nth", range(1, 7))
def test_an_unanswered_write_is_recognised_as_ones_own(world, send, on_call, nth, arrived):
    def fault(params):
        if arrived:
            world.items["FAILOVER_STATUS"] = dict(params["Item"])
        return TIMED_OUT

    on_call("dynamodb", "PutItem", fault, nth)
    reply = send(MANUAL)
    if arrived:
        assert reply.outcome == "COMPLETED"
        assert (world.writer, world.latched) == (READER, True)
        assert world.state["Status"] == "COMPLETED"
    elif nth == 1:
        assert reply.outcome == "REFUSED"


@pytest.mark.parametrize("theirs", [{"FencingToken": Decimal(9)}, {"Owner": "somebody"}])
def test_an_unanswered_write_that_is_anothers_stops_the_run(world, send, on_call, theirs):
    def fault(params):
        world.items["FAILOVER_STATUS"] = dict(params["Item"]) | theirs
        return TIMED_OUT

    on_call("dynamodb", "PutItem", fault, 2)
    assert send(DATABASE).outcome == "RAISED"
    assert world.count("FailoverDBCluster") == 0


# Abandoned runs.


@pytest.fixture
def abandoned(world, send):
    """A run that Lambda killed at the promotion, its lease expired."""
    world.faults["rds", "FailoverDBCluster"] = lambda _: world.clock.advance(60)
    assert send(DATABASE | {"attempt_id": "killed"}, timeout=5).outcome == "KILLED"
    assert world.state["Status"] == "IN_PROGRESS"
    world.faults.clear()
    world.clock.advance(LEASE_ENDS)
    return world.state


def test_a_killed_run_leaves_its_lease(world, send):
    world.faults["rds", "FailoverDBCluster"] = lambda _: world.clock.advance(60)
    assert send(MANUAL, timeout=5).outcome == "KILLED"
    assert world.state["Status"] == "IN_PROGRESS"
    assert send(MANUAL).outcome == "REFUSED"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({}, "FAILED"),
        (None, "FAILED"),
        (RDS_EVENT, "FAILED"),
        (RDS_EVENT | {"detail": {"EventID": "RDS-EVENT-0071"}}, "FAILED"),
        (MANUAL | {"expected_writer": "nobody"}, "FAILED"),
        (FAILBACK | {"components": ["nothing"]}, "FAILED"),
        (MANUAL, "COMPLETED"),
        (FAILBACK, "FAILED_BACK"),
        (ALARM, "FAILED"),
    ],
    ids=str,
)
def test_the_next_event_records_an_abandoned_run(world, send, abandoned, event, status):
    before = len(states_written(world))
    send(event)
    first = states_written(world)[before]
    assert (first["Status"], first["Error"]) == ("FAILED", "abandoned")
    assert world.state["Status"] == status


def test_a_refused_automatic_event_records_an_abandoned_run(world, send, abandoned):
    world.configuration["auto_failover"] = "OFF"
    assert send(VOTED).outcome == "REFUSED"
    assert world.state["Status"] == "FAILED"


def test_the_status_shows_an_abandoned_run_and_writes_nothing(world, send, abandoned):
    before = world.count("PutItem")
    shown = send({"action": "status"}).body["state"]
    assert (shown["Status"], shown["Error"]) == ("FAILED", "abandoned")
    assert world.state["Status"] == "IN_PROGRESS"
    assert world.count("PutItem") == before


def test_a_dry_run_writes_no_abandoned_state(world, send, abandoned):
    assert send(MANUAL | {"dry_run": True}).outcome == "DRY_RUN"
    assert world.state["Status"] == "IN_PROGRESS"


@pytest.mark.parametrize("status", STATUSES)
def test_the_status_has_no_side_effect(world, send, status):
    world.items["FAILOVER_STATUS"] = held(Status=status)
    reply = send({"action": "status"})
    assert (reply.outcome, reply.code) == ("STATUS", 200)
    assert reply.body["state"]["Status"] == status
    assert {name for _, name, _ in world.calls} == {"GetItem"}


def test_the_status_without_a_state_is_idle(world, send):
    assert send({"action": "status"}).body["state"]["Status"] == "IDLE"
    assert not world.items


def test_the_status_without_a_table_answers(world, send):
    world.faults["dynamodb", "*"] = "InternalServerError"
    assert send({"action": "status"}).outcome == "STATUS"


# Odd contents, as a hand may leave them.

ODD = [
    {"Status": "IDLE"},
    {"Status": "MAINTENANCE"},
    {"Status": None},
    {"Status": ["COMPLETED"]},
    {"Status": {"a": "b"}},
    {"Status": Decimal(3)},
    {"Status": "completed"},
    {"LeaseExpires": "tomorrow"},
    {"LeaseExpires": None},
    {"LeaseExpires": ["x"]},
    {"FencingToken": "seven"},
    {"FencingToken": ["x"]},
    {"FencingToken": None},
    {"FencingToken": Decimal("4.5")},
    {"database_at": "never"},
    {"database_at": None},
    {"application_at": {"a": "b"}},
    {"Latched": "true"},
    {"Latched": Decimal(1)},
    {"PreviousWriter": Decimal(7)},
    {"PreviousWriter": ["x"]},
    {"Stages": "none"},
    {"Error": Decimal(1)},
    {"AttemptId": ["x"]},
    {"StartTime": Decimal(1)},
    {"Unheard": {"of": ["x"]}},
]


@pytest.fixture
def odd(request, world):
    world.items["FAILOVER_STATUS"] = held(Status="COMPLETED", LeaseExpires=Decimal(1))
    world.items["FAILOVER_STATUS"] |= request.param
    return dict(world.items["FAILOVER_STATUS"])


@pytest.mark.parametrize("odd", ODD, ids=str, indirect=True)
def test_an_odd_state_and_a_run_end_recorded(world, send, odd):
    reply = send(VOTED)
    assert reply.outcome in {"COMPLETED", "REFUSED"}
    assert world.count("FailoverDBCluster") == (reply.outcome == "COMPLETED")
    assert world.runs() or world.runs("REFUSED")


@pytest.mark.parametrize("odd", ODD, ids=str, indirect=True)
@pytest.mark.parametrize(
    "event",
    [{}, {"action": "status"}, RDS_EVENT, RDS_EVENT | {"detail": {"EventID": "RDS-EVENT-0071"}}],
    ids=["other", "status", "rds", "failover-completed"],
)
def test_an_odd_state_causes_no_failover(world, send, odd, event):
    assert send(event).outcome in {"NOT_REQUIRED", "STATUS", "RECORDED"}
    assert not {"FailoverDBCluster", "UpdateHealthCheck"} & {name for _, name, _ in world.calls}


@pytest.mark.parametrize("missing", sorted(held()))
@pytest.mark.parametrize("status", STATUSES)
def test_a_missing_attribute_stops_nothing(world, send, status, missing):
    world.items["FAILOVER_STATUS"] = held(Status=status, LeaseExpires=Decimal(1))
    del world.items["FAILOVER_STATUS"][missing]
    assert send(VOTED).outcome == "COMPLETED"
    assert world.count("FailoverDBCluster") == 1


@pytest.mark.parametrize("lease", ["tomorrow", "", None, ["x"], Decimal(0), Decimal(-1)])
def test_an_unreadable_lease_is_expired(world, send, lease):
    world.items["FAILOVER_STATUS"] = held(LeaseExpires=lease)
    assert send(VOTED).outcome == "COMPLETED"


@pytest.mark.parametrize("value", ["true", Decimal(1), None, False])
def test_only_true_is_latched(world, send, value):
    world.items["FAILOVER_STATUS"] = held(Status="COMPLETED", Latched=value)
    assert send(MANUAL).outcome == "COMPLETED"
    assert world.latched


# Failing back.


@pytest.fixture
def failed_over(world, send):
    assert send(MANUAL).outcome == "COMPLETED"
    world.clock.advance(60)
    world.calls.clear()


def test_a_failback_returns_the_writer_and_releases_the_latch(world, send, failed_over):
    reply = send(FAILBACK)
    assert (reply.outcome, reply.code) == ("FAILED_BACK", 200)
    assert world.writer == WRITER
    assert not world.latched
    assert world.state["Latched"] is False
    assert world.state["Status"] == "FAILED_BACK"
    assert world.state["NewWriter"] == WRITER
    assert "FAILED_BACK" in [item["Status"] for item in world.runs()]
    assert "FAILED_BACK" in world.published[-1][0]


@pytest.mark.parametrize(
    "states", [[], ["unhealthy"], ["initial"], ["draining", "unused"], ["unavailable"]]
)
def test_a_failback_needs_a_healthy_primary_target(world, send, failed_over, states):
    world.targets["PrimaryTargetGroup"] = states
    reply = send(FAILBACK)
    assert (reply.outcome, reply.code) == ("REFUSED", 409)
    assert world.latched
    assert world.writer == READER
    assert send(FAILBACK | {"force": True}).outcome == "FAILED_BACK"


@pytest.mark.parametrize("status", ["rebooting", "failed", "modifying", "storage-full"])
def test_a_failback_needs_an_available_home(world, send, failed_over, status):
    world.instances[WRITER] = status
    assert send(FAILBACK).outcome == "REFUSED"
    assert world.count("FailoverDBCluster") == 0
    assert world.latched
    assert send(FAILBACK | {"force": True}).outcome == "FAILED_BACK"
    assert world.writer == WRITER


def test_a_failback_to_a_deleted_home_is_refused(world, send, failed_over):
    del world.instances[WRITER]
    assert send(FAILBACK).outcome == "REFUSED"
    assert world.latched


def test_a_forced_failback_to_a_deleted_home_claims_no_return(world, send, failed_over):
    del world.instances[WRITER]
    send(FAILBACK | {"force": True, "components": ["database"]})
    assert world.writer == READER
    assert world.state["Status"] != "FAILED_BACK"


def test_a_failback_needs_no_cooldown(world, send):
    send(MANUAL)
    assert send(FAILBACK).outcome == "FAILED_BACK"


def test_a_failback_of_a_writer_that_is_home_promotes_nothing(world, send, failed_over):
    world.writer = WRITER
    assert send(FAILBACK).outcome == "FAILED_BACK"
    assert world.count("FailoverDBCluster") == 0
    assert not world.latched


def test_a_failback_that_moved_nothing_starts_no_cooldown(world, send):
    assert send(FAILBACK | {"components": ["database"]}).outcome == "FAILED_BACK"
    assert world.count("FailoverDBCluster") == 0
    assert send(VOTED | {"components": ["database"]}).outcome == "COMPLETED"


def test_a_second_failback_leaves_the_writer_at_home(world, send, failed_over):
    assert send(FAILBACK).outcome == "FAILED_BACK"
    world.clock.advance(600)
    send(FAILBACK)
    assert world.writer == WRITER
    assert world.count("FailoverDBCluster") == 1


def test_a_failback_of_the_application_leaves_the_writer(world, send, failed_over):
    assert send(FAILBACK | {"components": ["application"]}).outcome == "FAILED_BACK"
    assert world.writer == READER
    assert not world.latched
    assert not [one for one in world.calls if one[0] == "rds"]


def test_a_failback_of_the_database_keeps_the_latch(world, send, failed_over):
    assert send(FAILBACK | {"components": ["database"]}).outcome == "FAILED_BACK"
    assert world.writer == WRITER
    assert world.latched


def test_a_stalled_failback_fails_and_says_so(world, send, failed_over):
    world.stalled = True
    assert send(FAILBACK).outcome == "RAISED"
    assert world.state["Status"] == "FAILED"
    assert "FAILED" in world.published[-1][0]
    assert not world.latched


@pytest.mark.parametrize("how", ["stalls", "is denied", "names a home that is busy"])
def test_a_failback_that_fails_keeps_its_home(world, send, failed_over, how):
    if how == "stalls":
        world.stalled = True
    elif how == "is denied":
        world.faults["rds", "FailoverDBCluster"] = "AccessDenied"
    else:
        world.faults["rds", "FailoverDBCluster"] = "InvalidDBInstanceState"
    assert send(FAILBACK).outcome == "RAISED"
    assert world.state["Status"] == "FAILED"
    assert world.state["PreviousWriter"] == WRITER
    world.stalled, world.cluster_status = False, "available"
    world.faults.clear()
    assert send(FAILBACK).outcome == "FAILED_BACK"
    assert world.writer == WRITER
    assert world.state["PreviousWriter"] is None


def test_a_failback_of_the_application_and_then_of_the_database(world, send, failed_over):
    assert send(FAILBACK | {"components": ["application"]}).outcome == "FAILED_BACK"
    assert (world.writer, world.latched) == (READER, False)
    assert world.state["PreviousWriter"] == WRITER
    assert send(FAILBACK | {"components": ["database"]}).outcome == "FAILED_BACK"
    assert (world.writer, world.latched) == (WRITER, False)
    assert world.state["PreviousWriter"] is None
    assert world.count("FailoverDBCluster") == 1


def test_a_failback_releases_the_latch_before_it_moves_the_writer(world, send, failed_over):
    send(FAILBACK)
    acts = [
        name for _, name, _ in world.calls if name in ("UpdateHealthCheck", "FailoverDBCluster")
    ]
    assert acts == ["UpdateHealthCheck", "FailoverDBCluster"]


def test_a_failed_run_without_a_writer_does_not_forget_the_home(world, send, failed_over):
    world.writer = None
    assert send(MANUAL | {"force": True}).outcome == "RAISED"
    assert world.state["PreviousWriter"] == WRITER


def test_a_writer_that_is_listed_again_was_not_replaced(world, send):
    world.writer = None
    world.clock.at(10, lambda: setattr(world, "writer", WRITER))
    reply = send(DATABASE)
    assert world.writer == READER or reply.outcome in ("RAISED", "REFUSED")


def test_a_failback_without_a_writer_does_not_claim_a_return(world, send, failed_over):
    world.writer = None
    assert send(FAILBACK).outcome in ("RAISED", "REFUSED")
    assert world.state["Status"] != "FAILED_BACK"
    assert world.state["PreviousWriter"] == WRITER


def test_a_failback_is_manual_under_any_arming(world, send, failed_over):
    world.configuration["auto_failover"] = "OFF"
    assert send(FAILBACK).outcome == "FAILED_BACK"


def test_a_release_that_fails_is_recorded(world, send, failed_over):
    world.faults["route53", "UpdateHealthCheck"] = "ThrottlingException"
    reply = send(FAILBACK)
    assert reply.outcome == "RAISED"
    assert "ThrottlingException" in str(reply.error)
    assert world.state["Status"] == "FAILED"
    assert "ThrottlingException" in world.state["Error"]
    assert "ThrottlingException" in world.published[-1][1].splitlines()[0]
    assert world.state["Latched"] is True
    # The components fail apart.
    assert world.writer == WRITER
    assert world.state["PreviousWriter"] is None
    world.faults.clear()
    assert send(FAILBACK).outcome == "FAILED_BACK"
    assert not world.latched
    assert world.writer == WRITER
    assert world.count("FailoverDBCluster") == 1


def test_a_failover_after_a_failback_works(world, send, failed_over):
    send(FAILBACK)
    world.clock.advance(COOLDOWN)
    assert send(MANUAL).outcome == "COMPLETED"
    assert (world.writer, world.latched) == (READER, True)
