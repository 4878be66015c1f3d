"""The state item: transitions, lease, fence, odd contents, attempts; every lost and every late write."""

from decimal import Decimal
from itertools import pairwise

import pytest
from simulated import (
    DATABASE,
    FAILBACK,
    LEASE,
    MANUAL,
    READER,
    START,
    STATE,
    STATUS,
    SWEEP,
    VOTED,
    WRITER,
    Heard,
    Trial,
    alarm,
    rds_event,
)

from drtemplate.world.api.failures import Lost
from drtemplate.world.clock import Killed
from handlers.closing import abandon, close, reconcile
from handlers.item import from_item, to_item
from handlers.state import TRANSITIONS, Pending, State
from handlers.topology import Topology

FORCED = {"force": True}
FROZEN = 60  # seconds a run stands still: longer than its lease


class Writes(Heard):
    """Keeps every write of the state that was carried out: time, the item before, the item."""

    def __init__(self):
        super().__init__()
        self.states = []

    def before(self, caller, service, operation, params):
        if operation == "PutItem" and params["Item"]["StateKey"] == STATE:
            self.old = dict(caller.host.state)

    def after(self, caller, service, operation, params, answer):
        super().after(caller, service, operation, params, answer)
        if operation == "PutItem" and params["Item"]["StateKey"] == STATE:
            self.states.append((START + caller.host.clock.now, self.old, params["Item"]))


@pytest.fixture
def world():
    """The account; whatever a test does, every write of the state was an allowed one."""
    made = Trial(witness=Writes())
    made.balancers["Primary"].show("healthy", "unhealthy")
    yield made
    for at, old, new in made.witness.states:
        edge = str(old.get("Status", "IDLE")), new["Status"]
        assert edge[0] == edge[1] or edge[1] in TRANSITIONS.get(edge[0], ("IN_PROGRESS", "IDLE"))
        if isinstance(old.get("FencingToken"), int | Decimal):
            assert new["FencingToken"] == int(old["FencingToken"]) + 1
        live = old.get("Status") == "IN_PROGRESS" and old.get("LeaseExpires", 0) >= at
        assert not live or old["Owner"] == new["Owner"], "a live lease was taken"
    made.close()


# The state by itself.


def test_what_is_written_is_read_back():
    pending = Pending("one", "failover", WRITER, READER, START, "RUN#1", accepted=True, lost=True)
    state = State(
        "COMPLETED", 7, START, "me", "one", True, "DRILL", "why", {"database": False, "x": None},
        "a", "b", 1.5, {"decide": 0.25}, WRITER, READER, True, "", "no", ("note",), False, READER,
        WRITER, {"database": (START,)}, {"database": pending}, {"RUN#1": "owed"},
        {"arming": "ON"}, {"stack-writer": "then"}, "faults", True,
    )  # fmt: skip
    back = from_item(to_item(state))
    moves = {"database": (START,), "application": ()}
    assert back == state._replace(votes={"database": False}, moves=moves)


def test_what_is_empty_is_not_written():
    assert to_item(State(token=3)) == {
        "StateKey": STATE, "Status": "IDLE", "FencingToken": 3, "LeaseExpires": 0,
    } | dict.fromkeys(("Automatic", "Unlocked", "OddLatchTold"), False)  # fmt: skip


ODD = [
    {"Status": None},
    {"Status": ["COMPLETED"]},
    {"Status": "completed"},
    {"LeaseExpires": "tomorrow"},
    {"LeaseExpires": ["x"]},
    {"LeaseExpires": Decimal(-1)},
    {"Moves": "never"},
    {"Moves": {"database": "x"}},
    {"Moves": {"database": [None, "x"]}},
    {"Pending": [1]},
    {"Pending": {"database": {"Old": 7}}},
    {"Latched": "true"},
    {"PreviousWriter": ["x"]},
    {"Stages": "none"},
    {"Notes": {"a": 1}},
    {"Votes": "None"},
    {"Untold": True},
    {"Alarms": [1]},
    {"Configuration": "ON"},
    {"Error": Decimal(1)},
    {"AttemptId": ["x"]},
    {"StartTime": Decimal(1)},
    {"Unheard": {"of": ["x"]}},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_odd_attribute_counts_as_missing_and_stops_no_run(world, odd):
    world.put_state(**{"Status": "COMPLETED", "LeaseExpires": 1} | odd)
    for event in ({}, STATUS, rds_event("0072"), SWEEP):
        assert world.send(event).outcome in {"NOT_REQUIRED", "STATUS", "RECORDED"}
    assert world.acted == (0, 0)
    assert world.send(VOTED | DATABASE).outcome == "COMPLETED"
    assert world.acted == (1, 0)


@pytest.mark.parametrize("token", ["seven", Decimal("4.5"), ["x"]])
def test_a_token_of_another_type_is_written_over(world, token):
    world.put_state(Status="COMPLETED", LeaseExpires=1, FencingToken=token)
    assert world.send(MANUAL).outcome == "COMPLETED"


@pytest.mark.parametrize("missing", ["Status", "AttemptId", "FencingToken", "LeaseExpires"])
@pytest.mark.parametrize("status", TRANSITIONS)
def test_a_missing_attribute_stops_nothing(world, status, missing):
    world.put_state(Status=status, LeaseExpires=1)
    del world.state[missing]
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.acted == (1, 1)


def test_a_state_of_the_version_before_keeps_its_cooldown(world):
    world.put_state(Status="COMPLETED", LeaseExpires=1, database_at=int(START) - 60)
    assert world.send(MANUAL | DATABASE).outcome == "REFUSED"


# Reality. Old writer, who writes now, members.

B_WRITES = Topology("b", ("a",), "available")


def test_another_writer_than_the_recorded_one_starts_the_cooldown_and_gives_a_home():
    state, moved_from = reconcile(State(writer="a"), B_WRITES, None, START)
    assert (moved_from, state.writer, state.home) == ("a", "b", "a")
    assert state.moves == {"database": (START,)}
    again, moved_from = reconcile(state, B_WRITES, None, START + 60)
    assert (again, moved_from) == (state, None)
    # The home stays where it was before the first move.
    back, _ = reconcile(state, Topology("a", ("b",), "available"), None, START + 120)
    assert (back.home, len(back.moves["database"])) == ("a", 2)


@pytest.mark.parametrize(
    "topology",
    [None, Topology(None, ("a", "b"), "available"), Topology("b", ("a",), "failing-over")],
)
def test_what_cannot_be_seen_changes_nothing(topology):
    state = State(writer="a", home="x")
    assert reconcile(state, topology, None, START) == (state, None)


def test_a_home_that_is_gone_is_forgotten_and_the_latch_is_what_it_is():
    state, _ = reconcile(State(writer="b", home="x", latched=True), B_WRITES, False, START)
    assert (state.home, state.latched) == ("", False)


ACCEPTED = Pending("one", "failover", "a", "b", START, "RUN#1", accepted=True)
FAILED = State("FAILED", attempt_id="one", error="abandoned", pending={"database": ACCEPTED})
A_WRITES, AT_IT = Topology("a", ("b",), "available"), Topology("a", ("b",), "failing-over")
ENDS = {
    "its target writes": (FAILED, B_WRITES, 30, "COMPLETED"),
    "of a fail back": (
        FAILED._replace(pending={"database": ACCEPTED._replace(action="failback")}),
        B_WRITES, 30, "FAILED_BACK",
    ),
    "Aurora is at it": (FAILED, AT_IT, 300, None),
    "nothing yet": (FAILED, A_WRITES, 30, None),
    "rolled back": (FAILED, A_WRITES, 60, "FAILED"),
    "never accepted": (
        FAILED._replace(pending={"database": ACCEPTED._replace(accepted=False)}), A_WRITES, 600, None,
    ),
    "another instance writes": (FAILED, Topology("c", ("a", "b"), "available"), 60, None),
    "an hour later": (FAILED, B_WRITES, 3601, None),
    "unreadable": (FAILED, None, 60, None),
}  # fmt: skip


@pytest.mark.parametrize("what", ENDS)
def test_a_run_is_closed_by_its_own_end_and_within_the_hour(what):
    state, topology, later, expected = ENDS[what]
    found, closed = close(state, topology, None, START + later)
    assert [one.status for one in closed] == ([expected] if expected else [])
    assert found.status == (expected or "FAILED")
    if expected in ("COMPLETED", "FAILED_BACK"):
        assert (found.error, found.pending, found.new_writer) == ("", {}, "b")
    if expected:
        assert found.untold  # and people are owed it
    assert close(found, topology, None, START + later)[1] == []


def test_a_later_run_is_not_closed_by_the_end_of_an_earlier_one():
    state = FAILED._replace(attempt_id="two", status="FAILED", error="its own")
    found, closed = close(state, B_WRITES, None, START + 30)
    assert [one.run for one in closed] == ["RUN#1"]
    assert (found.status, found.error) == ("FAILED", "its own")


@pytest.mark.parametrize(("lease", "lost"), [(10, False), (-1, True), (9e6, True)])
def test_a_run_whose_lease_is_over_is_abandoned_and_owed(lease, lost):
    state = State("IN_PROGRESS", lease_expires=START + lease, pending={"database": ACCEPTED})
    found = abandon(state, START)
    assert (found.status == "FAILED", bool(found.untold)) == (lost, lost)
    assert found.pending["database"].lost is lost


# The lease.


@pytest.mark.parametrize("slow", [None, ("ssm", "GetParameter"), ("rds", "DescribeDBClusters")])
def test_every_write_renews_the_lease_and_not_every_look_writes(world, slow):
    world.promotion(60, 30)
    if slow:
        world.on(*slow, world.slow(7.8))
    world.send(MANUAL, expected_writer=WRITER)
    assert world.witness.states[0][2]["Status"] == "IN_PROGRESS"
    for when, _, item in world.witness.states:
        assert -1.1 <= item["LeaseExpires"] - (when + LEASE) <= 0
    for (earlier, _, item), (later, _, _) in pairwise(world.witness.states):
        assert later - earlier <= LEASE / 2 + 3
        assert later < item["LeaseExpires"]
    assert len(world.witness.states) <= 12


@pytest.mark.parametrize("at", range(1, 98, 8))
def test_nobody_takes_the_lease_of_a_long_promotion(world, at):
    world.promotion(60, 40)
    for event in (VOTED, MANUAL, MANUAL | FORCED, FAILBACK | FORCED, SWEEP, rds_event("0071")):
        world.send_later(at, event)
    assert world.send(VOTED | DATABASE, attempt_id="one").outcome == "COMPLETED"
    assert world.told() == ["REFUSED"] * 3 + ["COMPLETED"]
    assert world.acted == (1, 0)


@pytest.mark.parametrize("event", [MANUAL, FAILBACK])
def test_a_conditional_write_and_a_look_stand_right_before_each_act(world, event):
    if event == FAILBACK:
        world.send(MANUAL)
    begun = len(world.calls)
    world.send(event)
    calls = world.calls[begun:]
    names = [one.operation for one in calls]
    for act in ("FailoverDBCluster", "UpdateHealthCheck"):
        before = calls[: names.index(act)]
        (fence,) = [one for one in before if one.operation == "PutItem"][-1:]
        assert fence.params["Item"]["StateKey"] == STATE
        assert fence.params["ConditionExpression"]
        between = {one.operation for one in before[before.index(fence) + 1 :]}
        assert between <= {"DescribeDBClusters", "DescribeTargetHealth"}
        assert act != "FailoverDBCluster" or between == {"DescribeDBClusters"}


@pytest.mark.parametrize("event", [MANUAL, MANUAL | FORCED, FAILBACK, FAILBACK | FORCED, alarm()])
def test_a_live_lease_refuses_who_comes_once(world, event):
    world.put_state()
    before = dict(world.state)
    reply = world.send(event)
    assert reply.outcome in ("REFUSED", "NOT_REQUIRED")
    assert "lease is held" in reply.body["message"] or event == alarm()
    assert (world.acted, world.state) == ((0, 0), before)


@pytest.mark.parametrize("event", [VOTED, VOTED | {"attempt_id": "one"}])
def test_an_observers_call_during_a_run_is_silent(world, event):
    world.put_state()
    assert world.send(event).outcome == "NOT_REQUIRED"
    assert (world.messages, world.witness.states) == ([], [])


def test_a_flag_in_the_item_means_nothing(world):
    world.put_state(Unlocked=True)
    assert world.send(MANUAL | FORCED).outcome == "REFUSED"
    assert world.acted == (0, 0)


# Two at once, runs that come back late, and every lost write.

CALLS = [
    ("ssm", "GetParameter", 1),
    ("dynamodb", "GetItem", 1),
    ("dynamodb", "GetItem", 2),
    *[("dynamodb", "PutItem", nth) for nth in range(1, 9)],
    *[("rds", "DescribeDBClusters", nth) for nth in (1, 2, 3)],
    ("rds", "DescribeDBInstances", 1),
    ("rds", "FailoverDBCluster", 1),
    ("elbv2", "DescribeTargetHealth", 1),
    ("route53", "UpdateHealthCheck", 1),
    ("cloudwatch", "PutMetricData", 1),
    ("sns", "Publish", 1),
]


@pytest.mark.parametrize("second", [MANUAL, VOTED, VOTED | {"attempt_id": "one"}, SWEEP])
@pytest.mark.parametrize(("service", "operation", "nth"), CALLS)
def test_two_events_at_once_make_one_failover(world, service, operation, nth, second):
    world.balancers["Primary"].show("unhealthy")
    world.on(service, operation, lambda _: world.meanwhile(second) and None, nth)
    for _ in range(2):  # who loses a race is silent, and an observer calls again
        world.send(VOTED, attempt_id="one")
        world.wait(15)
    assert (world.acted[0], world.writer) == (1, READER)
    assert world.state["Status"] == "COMPLETED"


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("nth", [2, 3])
def test_what_one_delivery_was_lost_with_another_makes(world, back, nth):
    """It stood still meanwhile, and nobody else goes on; the first was lost before its intent was kept, or after."""
    if back:
        world.send(MANUAL)
    event = (FAILBACK if back else MANUAL) | {"attempt_id": "ticket"}

    def other(_):
        world.on("dynamodb", "PutItem", Killed, nth)
        world.meanwhile(event)
        world.clock.wait(LEASE + 20)
        world.meanwhile(SWEEP)

    world.on("dynamodb", "PutItem", other)
    assert world.send(event).outcome == ("FAILED_BACK" if back else "COMPLETED")
    assert world.writer == (WRITER if back else READER)


@pytest.mark.parametrize("changes", [{}, FORCED, {"expected_writer": WRITER}])
@pytest.mark.parametrize("back", [False, True])
def test_of_an_attempt_that_was_lost_half_way_the_other_half_is_made(world, changes, back):
    """It names no writer, and was to replace the one before: not the next, and not that one once more."""
    event = MANUAL | changes | {"attempt_id": "ticket"}
    world.lose(event, "route53", "UpdateHealthCheck")
    world.send(SWEEP)
    if back:
        assert world.send(FAILBACK | DATABASE).outcome == "FAILED_BACK"
    world.wait(300)
    for outcome in ("COMPLETED", "NOT_REQUIRED"):
        assert world.send(event).outcome == outcome
    assert world.promoted() == [READER, WRITER][: 1 + back]
    assert world.latched


def answers_lost(world):
    """AWS carries the promotion out; the first answer is lost, and then RDS is not to be read."""
    world.aurora.fail_over(READER)
    return "ServiceUnavailable"


def unreadable_too(world):
    world.faults["rds", "DescribeDBClusters"] = "InternalFailure"
    return Lost.ANSWER


@pytest.mark.parametrize("befalls", [answers_lost, unreadable_too])
def test_an_attempt_of_which_the_end_is_unknown_is_not_made_again(world, befalls):
    event = MANUAL | DATABASE | FORCED | {"attempt_id": "ticket"}
    world.on("rds", "FailoverDBCluster", lambda _: befalls(world))
    world.send(event)
    world.faults.clear()
    world.wait(60)
    assert world.send(event).outcome == "NOT_REQUIRED"
    world.wait(60)
    assert (world.writer, world.acted[0]) == (READER, 1)


def test_an_attempt_whose_claim_was_lost_is_made_by_the_next_delivery(world):
    """Its answer did not come, and the table was not to be read."""
    event = MANUAL | DATABASE | {"attempt_id": "ticket"}

    def silent(_):
        world.faults["dynamodb", "GetItem"] = "InternalServerError"
        world.at(6, world.faults.clear)
        return Lost.ANSWER

    world.on("dynamodb", "PutItem", silent, nth=2)
    assert world.send(event).outcome == "REFUSED"
    world.wait(60)
    assert world.send(event).outcome == "COMPLETED"


# No fence can stop a run that freezes between its last look and the act itself.
@pytest.mark.parametrize(
    ("service", "operation", "nth"), [one for one in CALLS if one[1] != "FailoverDBCluster"]
)
def test_a_late_owner_neither_acts_nor_overwrites(world, service, operation, nth):
    """Another event comes while a run stands still for longer than its lease."""
    world.balancers["Primary"].show("unhealthy")
    kept = {}

    def freeze(_):
        world.clock.wait(FROZEN)
        world.meanwhile(VOTED)
        kept.update(state=dict(world.state), acted=world.acted, writer=world.writer)

    world.on(service, operation, freeze, nth)
    world.send(VOTED, attempt_id="late")
    assert (world.acted[0], world.writer) == (1, READER)
    if kept.get("acted") == (1, 1) and kept["state"]["AttemptId"] != "late":
        for name in ("AttemptId", "Status", "StartTime"):
            assert world.state[name] == kept["state"][name]


@pytest.mark.parametrize("lost", Lost)
@pytest.mark.parametrize("nth", range(1, 9))
def test_every_single_lost_write_leaves_one_move_and_a_final_state(world, nth, lost):
    world.balancers["Primary"].show("unhealthy")
    world.on("dynamodb", "PutItem", lost, nth)
    world.send(VOTED, attempt_id="one")
    world.faults.clear()
    for _ in range(5):
        world.wait(15)
        world.send(VOTED, attempt_id="one")
    world.wait(60)
    world.send(SWEEP)
    assert (world.acted[0], world.writer, world.latched) == (1, READER, True)
    assert (world.state["Status"], world.state["Home"]) == ("COMPLETED", WRITER)
    # One mail for each run; a lost fence leaves the latch to another run.
    told = [one for one in world.told() if one != "REFUSED"]
    assert sorted(told) == sorted(item["Status"] for item in world.items())
    assert told.count("COMPLETED") <= 2
    assert not world.state.get("Untold")


@pytest.mark.parametrize("call", [(s, o, n) for s, o, n in CALLS if s != "cloudwatch"], ids=str)
def test_a_run_that_is_killed_anywhere_is_seen_through_and_told_once(world, call):
    world.balancers["Primary"].show("unhealthy")
    world.send(SWEEP)
    service, operation, nth = call
    world.lose(VOTED | {"attempt_id": "one"}, service, operation, nth)
    for attempt in ("one", "one", "two", "two"):
        world.send(VOTED, attempt_id=attempt)
        world.wait(30)
    for _ in range(3):
        world.send(SWEEP)
        world.wait(60)
    assert (world.acted[0] - (operation == "FailoverDBCluster"), world.writer) == (1, READER)
    assert world.state["Status"] == "COMPLETED"
    told = world.told()
    assert 1 <= told.count("COMPLETED") <= 2
    assert not world.state.get("Untold")
    assert not any(item["Status"] == "IN_PROGRESS" for item in world.items())


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("theirs", [{"Owner": "thief"}, {"FencingToken": 99, "Owner": "thief"}])
def test_an_unanswered_write_of_another_is_not_ones_own(nth, theirs):
    world = Trial()

    def arrives(params):
        if params["Item"]["StateKey"] == STATE:
            world.put_state(**params["Item"] | theirs)
            return "InternalServerError"
        return None

    world.on("dynamodb", "PutItem", arrives, nth)
    assert world.send(MANUAL | DATABASE).outcome != "COMPLETED"
    assert world.acted == (0, 0)
    assert world.state["Owner"] == "thief"
    world.close()


def test_the_host_of_a_run_may_be_lost_and_thawed_again(world):
    """A frozen sandbox that is thawed after another has moved does not act."""
    runs = []

    def freeze(_):
        run = world.functions.running[0]
        runs.append(run)
        world.at(200, world.thaw, run)
        world.freeze(run)
        world.clock.wait(0.1)

    world.on("dynamodb", "PutItem", freeze, 3)
    world.functions.invoke("FailoverOrchestratorFunction", MANUAL | DATABASE, "me")
    world.wait(100)
    assert world.send(MANUAL | DATABASE | {"attempt_id": "two"}).outcome == "COMPLETED"
    world.wait(300)
    assert (world.acted, world.writer) == ((1, 0), READER)


def test_killed_is_no_exception_of_the_handlers():
    assert not issubclass(Killed, Exception)
