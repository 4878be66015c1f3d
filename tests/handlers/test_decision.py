"""The decision by itself: rules 1 to 7, cooldown, lost runs, latch, fail back. No world.

The rules of an automatic promotion, by the numbers that the tests use: 1 the named writer was missed; 2 a
member answered in the same looks; 3 no observer has seen the writer alive since; 4 nobody is at work on it;
5 it still writes in a last look right before the act; 6 two signals skip the grace, and none of these; 7 one
more move within the cooldown, if AWS's metrics or both observers for three minutes say the same.
"""

from contextlib import nullcontext

import pytest

from handlers.conditions import IN_HANDS, check_sides
from handlers.decision import decide
from handlers.events import Request
from handlers.refusal import Refusal
from handlers.state import Pending, State
from handlers.topology import Topology
from handlers.view import LATCH, NOTHING, PROMOTE, RELEASE, VERIFY, View, Word

A, B, C = "a", "b", "c"
NOW, COOLDOWN = 100_000.0, 3600
HEALTHY, DEAD = {"healthy"}, {"unhealthy", "draining"}
CALM = Topology(A, (B, C), "available")
VOTED = Request("failover", automatic=True, writer=A, observer="zone-1")
MANUAL = Request("failover")
ALARM = Request("failover", automatic=True, alarm="stack-writer", components=("database",))
BACK = Request("failback")


def view(**changes):
    """What is seen while A is dead and the primary side too."""
    seen = {
        "state": State(writer=A),
        "topology": CALM,
        "cooldown": COOLDOWN,
        "now": NOW,
        "statuses": dict.fromkeys((A, B, C), "available"),
        "targets": {"PRIMARY": DEAD, "STANDBY": HEALTHY},
        "word": Word(),
        "row_age": 30.0,
    }
    return View(**seen | changes)


def of(component, request, **changes):
    """(kind or why it is refused, whom to replace, by whom)."""
    try:
        decisions = decide(request._replace(components=(component,)), view(**changes))
    except Refusal as refusal:
        return refusal.kind, None, ()
    (one,) = decisions
    assert bool(one.refused) <= (one.kind == NOTHING)
    assert one.reason or one.kind in (PROMOTE, LATCH)
    return one.refused or one.kind, one.old, one.targets


def moved(*ages, component="database", **changes):
    return State(writer=A, moves={component: tuple(NOW - age for age in ages)}, **changes)


PENDING = Pending("one", "failover", A, B, NOW - 90, "RUN#one", lost=True)


def lost(component="database", moves=(), **changes):
    pending = {component: PENDING._replace(**changes)}
    return moved(*moves)._replace(status="FAILED", pending=pending)


TAKEN = (PROMOTE, A, (B, C))
AUTOMATIC = {
    "all conditions hold": (VOTED, {}, PROMOTE),
    "nobody named": (VOTED._replace(writer=None), {}, "nobody_named"),
    "another writer already": (VOTED._replace(writer=B), {}, VERIFY),
    "no such member": (VOTED._replace(writer="x"), {}, "field"),
    "seen alive": (VOTED, {"word": Word("zone-2")}, "seen_alive"),
    "nobody could be asked": (VOTED, {"word": None}, PROMOTE),
    "rebooting for 30 s": (VOTED, {"statuses": {A: "rebooting", B: "available"}}, "passing"),
    "rebooting for 90 s": (
        VOTED,
        {"statuses": {A: "rebooting", B: "available"}, "row_age": 90.0},
        PROMOTE,
    ),
    "a status that cannot be read": (VOTED, {"statuses": {B: "available"}}, PROMOTE),
    "a failed instance": (VOTED, {"statuses": {A: "failed", B: "available"}}, PROMOTE),
    "the cluster is modified": (VOTED, {"topology": CALM._replace(status="modifying")}, "passing"),
    "Aurora fails over": (VOTED, {"topology": CALM._replace(status="failing-over")}, VERIFY),
    "no writer listed": (VOTED, {"topology": Topology(None, (A, B), "available")}, "no_writer"),
    "unreadable": (VOTED, {"topology": None, "unreadable": "Throttling"}, "unreadable"),
    "an alarm that AWS confirms": (ALARM, {"aws_silent": True}, PROMOTE),
    "an alarm that it does not": (ALARM, {"aws_silent": False}, "not_corroborated"),
    "an alarm, not asked": (ALARM, {"aws_silent": None}, "not_corroborated"),
    "an alarm, seen alive": (
        ALARM,
        {"aws_silent": True, "word": Word("zone-1")},
        "not_corroborated",
    ),
    "no reader": (VOTED, {"topology": Topology(A, (), "available")}, "no_reader"),
    "no available reader": (VOTED, {"statuses": {A: "failed", B: "modifying"}}, "no_reader"),
}


@pytest.mark.parametrize("what", AUTOMATIC)
def test_an_automatic_promotion_needs_all_of_it(what):
    request, changes, expected = AUTOMATIC[what]
    assert of("database", request, **changes)[0] == expected


@pytest.mark.parametrize("status", sorted(IN_HANDS))
@pytest.mark.parametrize("age", [10.0, 5000.0])
@pytest.mark.parametrize("request_", [VOTED, ALARM])
def test_what_is_in_somebodys_hands_is_left_alone_as_long_as_it_lasts(status, age, request_):
    seen = {"row_age": age, "aws_silent": True}
    statuses = {A: status, B: "available"}
    assert of("database", request_, statuses=statuses, **seen)[0] == "in_hands"
    assert of("database", request_, topology=CALM._replace(status=status), **seen)[0] == "in_hands"
    # A person knows.
    assert of("database", MANUAL, statuses=statuses, **seen)[0] == PROMOTE


def test_the_named_writer_is_replaced_by_the_lowest_tier_and_then_the_next():
    assert of("database", VOTED) == TAKEN
    assert of("database", VOTED, statuses={A: "failed", C: "available"}) == (PROMOTE, A, (C,))


def test_the_cause_of_no_reader_is_told():
    (one,) = decide(
        VOTED._replace(components=("database",)),
        view(statuses={}, causes={B: "AccessDenied", C: "Throttling"}),
    )
    assert "AccessDenied" in one.reason
    assert "Throttling" in one.reason


COOLED = {
    "no move": (VOTED, moved(), {}, PROMOTE),
    "a move": (VOTED, moved(300), {}, "cooldown"),
    "a move of the other component": (VOTED, moved(300, component="application"), {}, PROMOTE),
    "a move long ago": (VOTED, moved(3601), {}, PROMOTE),
    "another cooldown": (VOTED, moved(300), {"cooldown": 299}, PROMOTE),
    "a move, and AWS hears nothing": (VOTED, moved(300), {"aws_silent": True}, PROMOTE),
    "a move, and both agree": (VOTED, moved(300), {"agreed": True}, PROMOTE),
    "two moves": (VOTED, moved(300, 900), {"aws_silent": True, "agreed": True}, "cooldown"),
    "two moves, one expired": (VOTED, moved(300, 3700), {"agreed": True}, PROMOTE),
    "an alarm": (ALARM, moved(300), {"aws_silent": True}, PROMOTE),
    "by hand": (MANUAL, moved(300), {"aws_silent": True, "agreed": True}, "cooldown"),
    "forced": (MANUAL._replace(force=True), moved(300, 900), {}, PROMOTE),
}


@pytest.mark.parametrize("what", COOLED)
def test_the_cooldown_and_rule_7(what):
    request, state, changes, expected = COOLED[what]
    assert of("database", request, state=state, **changes)[0] == expected


LOST = {
    "may still show": (VOTED, lost(since=NOW - 59), {}, "lost_run"),
    "did not take": (VOTED, lost(), {}, PROMOTE),
    "did not take, within the cooldown": (VOTED, lost(moves=(90,)), {}, PROMOTE),
    "the one repeat was made": (VOTED, lost(moves=(90,), repeated=True), {}, "cooldown"),
    "seen alive": (VOTED, lost(), {"word": Word("zone-2")}, "seen_alive"),
    "dead ever since": (VOTED, lost(moves=(90,)), {"word": Word(unseen=86.0)}, PROMOTE),
    "alive in between": (VOTED, lost(moves=(90,)), {"word": Word(unseen=84.0)}, "cooldown"),
    "nobody speaks of it": (VOTED, lost(moves=(90,), since=NOW - 299), {}, PROMOTE),
    "nobody has spoken of it for long": (VOTED, lost(moves=(90,), since=NOW - 300), {}, "cooldown"),
    "a fail back": (VOTED, lost(moves=(90,), action="failback"), {}, "cooldown"),
    "a fail back that may show": (
        VOTED,
        lost(since=NOW - 59, action="failback"),
        {},
        "lost_run",
    ),
    "of another writer": (VOTED, lost(moves=(90,), old=B), {}, "cooldown"),
    "by hand": (MANUAL, lost(moves=(90,)), {}, "cooldown"),
}


@pytest.mark.parametrize("what", LOST)
def test_the_act_of_a_lost_run_is_made_again_once(what):
    request, state, changes, expected = LOST[what]
    assert of("database", request, state=state, **changes)[0] == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"since": NOW - 299}, LATCH),
        ({"since": NOW - 300}, "cooldown"),  # of another outage
        ({"action": "failback"}, "cooldown"),
    ],
)
def test_a_lost_latch_is_made_again_while_its_outage_lasts(changes, expected):
    state = lost("application", old=None, target=None, **changes)
    state = state._replace(moves={"application": (NOW - 400,)})
    assert of("application", VOTED, state=state)[0] == expected


def test_a_lost_run_of_the_application_lifts_nothing_of_the_database():
    state = lost("application", moves=(90,), old=None, target=None)
    assert of("database", VOTED, state=state)[0] == "cooldown"


BY_HAND = {
    "the present writer": (MANUAL, {}, TAKEN),
    "an expected writer": (MANUAL._replace(expected_writer=A), {}, TAKEN),
    "another one writes": (MANUAL._replace(expected_writer=B), {}, ("another_writer", None, ())),
    "no such instance": (MANUAL._replace(expected_writer="x"), {}, ("field", None, ())),
    "forced, another one writes": (
        MANUAL._replace(expected_writer=B, force=True),
        {},
        ("another_writer", None, ()),
    ),
    "seen alive": (MANUAL, {"word": Word("zone-1")}, TAKEN),
    "Aurora is at it": (MANUAL, {"topology": CALM._replace(status="failing-over")}, (VERIFY, A, ())),
    "Aurora is at it, and nobody knows who wrote": (
        MANUAL,
        {"topology": CALM._replace(status="failing-over"), "state": State()},
        ("nobody_named", None, ()),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BY_HAND)
def test_a_person_decides(what):
    request, changes, expected = BY_HAND[what]
    assert of("database", request, **changes) == expected


def test_a_move_that_is_just_found_is_verified_for_who_names_nobody():
    found = {"state": State(writer=B), "topology": Topology(B, (A, C), "available")}
    nobody = VOTED._replace(writer=None)
    assert of("database", nobody, moved_from=A, **found) == (VERIFY, A, ())


def test_a_move_that_is_known_is_not_verified_again():
    state = State("COMPLETED", writer=B, previous_writer=A, new_writer=B)
    seen = {"state": state, "topology": Topology(B, (A, C), "available")}
    assert of("database", VOTED, **seen) == (NOTHING, None, ())


def sides(primary=frozenset(DEAD), standby=frozenset(HEALTHY)):
    return {"PRIMARY": primary, "STANDBY": standby}


LATCHES = {
    "all conditions hold": (VOTED, sides(), LATCH),
    "a healthy target": (VOTED, sides({"unhealthy", "healthy"}), "not_corroborated"),
    "no target at all": (VOTED, sides(set()), "not_corroborated"),
    "targets yet to come": (VOTED, sides({"initial"}), "not_corroborated"),
    "no healthy standby": (VOTED, sides(standby={"unhealthy"}), "no_standby"),
    "no standby": (VOTED, sides(standby=set()), "no_standby"),
    "the primary is unreadable": (VOTED, sides(None), "targets_unreadable"),
    "the standby is unreadable": (VOTED, sides(standby=None), "targets_unreadable"),
    "by hand": (MANUAL, sides({"healthy"}), LATCH),
    "by hand, unreadable": (MANUAL, sides(None), LATCH),
    "by hand, no healthy standby": (MANUAL, sides(standby=set()), "no_standby"),
}


@pytest.mark.parametrize("what", LATCHES)
def test_what_a_latch_needs_before_and_right_before_it(what):
    request, targets, expected = LATCHES[what]
    assert of("application", request, targets=targets)[0] == expected
    refuses = nullcontext() if expected == LATCH else pytest.raises(Refusal)
    with refuses as refused:
        check_sides(request, targets)
    assert refused is None or refused.value.kind == expected


@pytest.mark.parametrize(
    ("request_", "state", "expected"),
    [
        (VOTED, State(latched=True), NOTHING),
        (MANUAL, State(latched=True), NOTHING),
        (MANUAL._replace(force=True), State(latched=True), LATCH),
        (VOTED, moved(300, component="application"), "cooldown"),
        (VOTED, moved(300), LATCH),
    ],
)
def test_a_latch_is_made_once_and_cools_by_itself(request_, state, expected):
    assert of("application", request_, state=state)[0] == expected


def test_the_components_of_a_failover_are_decided_apart():
    seen = view(topology=None, unreadable="Throttling")
    database, application = decide(VOTED._replace(writer=None), seen)
    assert (database.refused, application.kind) == ("unreadable", LATCH)


AWAY = {
    "state": State(writer=B, home=A, latched=True),
    "topology": Topology(B, (A, C), "available"),
    "targets": sides({"healthy"}),
}
RETURNS = {
    "home": ({}, [RELEASE, PROMOTE]),
    "home is where it writes": ({"state": State(writer=B, home=B)}, [RELEASE, NOTHING]),
    "no home": ({"state": State(writer=B)}, [RELEASE, NOTHING]),
    "home is gone": ({"state": State(writer=B, home="x")}, [RELEASE, NOTHING]),
    "home is not available": ({"statuses": {A: "rebooting"}}, ["home_unavailable"]),
    "home is unreadable": ({"statuses": {}, "causes": {A: "Throttling"}}, ["home_unavailable"]),
    "Aurora fails over": (
        {"topology": Topology(B, (A, C), "failing-over")},
        ["failing_over", "failing_over"],
    ),
    "no writer": ({"topology": Topology(None, (A, B), "available")}, ["no_writer"]),
    "RDS is unreadable": ({"topology": None}, ["unreadable"]),
    "a dead primary": ({"targets": sides()}, ["primary_unhealthy"]),
    "an unreadable primary": ({"targets": sides(None)}, ["targets_unreadable"]),
}


@pytest.mark.parametrize("what", RETURNS)
def test_the_conditions_of_both_hold_before_a_fail_back_moves_either(what):
    changes, expected = RETURNS[what]
    decisions = decide(BACK, view(**AWAY | changes))
    assert [one.refused or one.kind for one in decisions] == expected
    for one in decisions:
        assert one.kind != PROMOTE or (one.old, one.targets) == (B, (A,))


def test_force_passes_the_conditions_of_a_fail_back_and_not_a_failover_of_auroras():
    forced, dead = BACK._replace(force=True), {"statuses": {A: "rebooting"}, "targets": sides()}
    assert [one.kind for one in decide(forced, view(**AWAY | dead))] == [RELEASE, PROMOTE]
    dead["topology"] = Topology(B, (A, C), "failing-over")
    assert [one.refused for one in decide(forced, view(**AWAY | dead))] == ["failing_over"] * 2


@pytest.mark.parametrize("expected", [A, "x"])
def test_a_fail_back_from_another_writer_than_expected_is_refused_as_a_whole(expected):
    with pytest.raises(Refusal):
        decide(BACK._replace(expected_writer=expected), view(**AWAY))
