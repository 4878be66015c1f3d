"""Second witnesses, as deployed: the other observer's word, AWS's own eye, both alarms; no healthy writer is moved."""

import pytest
from simulated import (
    COOLDOWN,
    DATABASE,
    FAILBACK,
    MANUAL,
    READER,
    START,
    SWEEP,
    TARGETS_ALARM,
    VOTED,
    WARM,
    WRITER,
    alarm,
)

from drtemplate.groups.handlers import MONITOR, OBSERVERS, ORCHESTRATOR

VOTED_DATABASE, HAND_DATABASE = VOTED | DATABASE, MANUAL | DATABASE


def heard(world, *words):
    """(seconds ago, value, observer) of words; the caller has missed the writer for ten seconds."""
    misses = [(age, 0, "zone-1") for age in (9.9, 8, 6, 4, 2)]
    for age, value, observer in (*(misses if words else ()), *words):
        world.word(float(value), float(age), observer)


# The caller first missed the writer ten seconds ago.
WORDS = {
    "nobody has spoken": ([], True),
    "another saw it alive since": ([(3, 1, "zone-2")], False),
    "the caller itself did": ([(1, 1, "zone-1")], False),
    "both did between two misses": ([(5, 1, "zone-1"), (4.5, 1, "zone-2")], False),
    "alive before the first miss": ([(12, 1, "zone-2"), (3, 0, "zone-2")], True),
    "alive a moment after it": ([(9.4, 1, "zone-2"), (3, 0, "zone-2")], True),
    "both miss it": ([(3, 0, "zone-1"), (3, 0, "zone-2")], True),
    "one that fell silent long ago": ([(60, 1, "zone-2")], True),
}


@pytest.mark.parametrize("what", WORDS)
def test_the_word_of_an_observer(warm, what):
    words, moves = WORDS[what]
    heard(warm, *words)
    reply = warm.send(VOTED_DATABASE)
    assert (reply.outcome, warm.acted[0]) == (("COMPLETED", 1) if moves else ("REFUSED", 0))
    assert moves or reply.body["kind"] == "seen_alive"


@pytest.mark.parametrize(("later", "value", "moves"), [(2, 1, False), (2, 0, True), (30, 1, True)])
def test_an_observer_heard_of_lately_is_waited_for_four_seconds_at_most(warm, later, value, moves):
    heard(warm, (12, 1, "zone-2"), (9, 0, "zone-1"))
    warm.at(later, lambda: warm.word(float(value), 0.0, "zone-2"))
    begun = warm.clock.now
    assert warm.send(VOTED_DATABASE).outcome == ("COMPLETED" if moves else "REFUSED")
    waited = float(warm.state.get("Stages", {}).get("wait", 0))
    assert not moves or 0 < waited <= 4.6
    if later == 30:
        assert waited >= 3
    assert warm.clock.now - begun < 30


@pytest.mark.parametrize(
    ("alive", "later", "outcome"),
    [(30, 0, "REFUSED"), (90, 0, "COMPLETED"), (9000, 400, "COMPLETED")],
)
def test_in_the_cooldown_a_lost_run_is_made_again_for_a_writer_dead_since(
    warm, alive, later, outcome
):
    """One that an observer has seen alive after it is dead of another outage."""
    warm.send(HAND_DATABASE)
    warm.lose(HAND_DATABASE | {"force": True}, "rds", "FailoverDBCluster")
    warm.wait(later + 1)
    heard(warm, (alive, 1, "zone-2"), (3, 0, "zone-2"))
    assert warm.send(VOTED_DATABASE | {"writer": READER}).outcome == outcome


@pytest.mark.parametrize(
    ("operation", "nth"), [("DescribeDBClusters", 2), ("FailoverDBCluster", 1)]
)
def test_a_repeat_that_was_not_made_is_not_spent(warm, operation, nth):
    """It was refused right before its act, or RDS has refused it."""
    warm.send(HAND_DATABASE)
    warm.lose(HAND_DATABASE | {"force": True}, "rds", "FailoverDBCluster")
    dead = VOTED_DATABASE | {"writer": READER}
    warm.on("rds", operation, "Throttling", nth)
    assert warm.send(dead).outcome == "FAILED"
    assert warm.send(dead).outcome == "COMPLETED"
    # And it is one.
    assert warm.send(VOTED_DATABASE).outcome == "REFUSED"


def test_the_wait_is_a_stage_of_its_own(warm):
    heard(warm, (12, 1, "zone-2"))
    warm.send(VOTED_DATABASE)
    assert warm.state["Stages"]["wait"] >= 3
    assert warm.state["Stages"]["decide"] < 3


@pytest.mark.parametrize("ago", [12, 25, 100])
def test_observers_that_cannot_speak_veto_nothing_by_what_they_said_before(warm, ago):
    """CloudWatch's own clock says how long ago that was."""
    for observer in OBSERVERS.values():
        warm.word(1.0, float(ago), observer)
    assert warm.send(VOTED_DATABASE).outcome == "COMPLETED"


@pytest.mark.parametrize("error", ["InternalServiceFault", "AccessDenied"])
def test_metrics_that_cannot_be_read_are_no_veto(warm, error):
    heard(warm, (3, 1, "zone-2"))
    warm.faults["cloudwatch", "GetMetricStatistics"] = error
    assert warm.send(VOTED_DATABASE).outcome == "COMPLETED"


# What a call that is not an observer's says less, or of nobody that is known.
LITTLE = {
    "no age": {},
    "an age of nothing": {"writer_row_age_seconds": 0},
    "an age below nothing": {"writer_row_age_seconds": -100},
    "an unknown observer": {"observer": "zone-9"},
    "the writer that it expects": {"writer": None, "expected_writer": WRITER},
    "no vote": {"votes": None},
}


@pytest.mark.parametrize("what", LITTLE)
def test_a_call_that_says_little_moves_no_healthy_writer(warm, what):
    for observer in ("zone-1", "zone-2"):
        warm.word(1.0, 1.0, observer)
    reply = warm.send(
        HAND_DATABASE | {"votes": {"database": False}, "writer": WRITER} | LITTLE[what]
    )
    assert reply.body["kind"] == ("no_vote" if what == "no vote" else "seen_alive")
    assert (warm.acted, warm.state["Status"]) == ((0, 0), "IDLE")


def test_a_word_that_comes_late_counts_from_the_first_miss(warm):
    """While observers are waited for, the moment that counts stays where it was."""
    warm.word(0.0, 0.0, "zone-1")
    warm.word(1.0, 20.0, "zone-2")
    warm.at(1.5, lambda: (warm.word(0.0, 0.0, "zone-1"), warm.word(1.0, 10.0, "zone-2")))
    assert warm.send(VOTED_DATABASE | {"observer": "zone-9"}).body["kind"] == "seen_alive"


def test_a_call_that_says_little_replaces_a_dead_writer(chain):
    chain.functions.broken.add(ORCHESTRATOR)
    chain.kill_writer(WARM)
    chain.run(WARM + 15)
    chain.functions.broken.clear()
    vote = {"votes": {"database": False}, "writer": WRITER}
    assert chain.send(HAND_DATABASE | vote).outcome == "COMPLETED"


@pytest.mark.parametrize("late", [120, -120])
def test_clocks_that_are_two_minutes_off_move_no_healthy_writer(warm, late):
    """The first miss is taken from the caller's own series, which is on the clock of all observers."""
    heard(warm, (9.5, 0, "zone-1"), (5, 0, "zone-1"), (4, 1, "zone-2"))
    warm.skew("FailoverOrchestratorFunction", late)
    assert warm.send(VOTED_DATABASE).outcome == "REFUSED"
    assert warm.acted == (0, 0)


def test_a_call_that_names_nobody_moves_nobody(warm):
    assert warm.send(VOTED_DATABASE | {"writer": None}).outcome == "REFUSED"
    assert warm.acted == (0, 0)
    # But it notices who has moved meanwhile.
    warm.send(SWEEP)
    warm.replace_writer()
    assert warm.send(VOTED_DATABASE | {"writer": None}).outcome == "COMPLETED"
    assert (warm.acted, warm.state["PreviousWriter"]) == ((0, 0), WRITER)


def test_hands_that_come_between_the_decision_and_the_act_are_left_alone(warm):
    def taken_in_hand(_):
        warm.aurora.shown.set(warm.clock.now, "upgrading")

    warm.on("dynamodb", "PutItem", taken_in_hand)
    assert "in somebody's hands" in warm.send(VOTED_DATABASE).body["message"]
    assert not warm.lines(act="FailoverDBCluster")


def test_an_upgrade_of_two_minutes_is_left_alone(warm):
    warm.aurora.nodes[WRITER].status = "upgrading"
    late = VOTED_DATABASE | {"writer_row_age_seconds": 120.0}
    assert warm.send(late).body["kind"] == "in_hands"
    assert warm.acted == (0, 0)


# Rule 7.


def test_within_the_cooldown_both_observers_must_have_agreed_for_three_minutes(warm):
    assert warm.send(HAND_DATABASE).outcome == "COMPLETED"
    against = VOTED_DATABASE | {"writer": READER, "writer_row_age_seconds": 200.0}
    warm.agree(150)
    assert warm.send(against).outcome == "REFUSED"
    warm.wait(900)
    warm.agree(200, zone2=0.0)
    assert warm.send(against).outcome == "REFUSED"
    warm.wait(900)
    warm.agree(200)
    assert warm.send(against).outcome == "COMPLETED"
    assert (warm.acted, warm.writer) == ((2, 0), WRITER)
    # No third before the first has expired.
    warm.wait(600)
    warm.agree(200)
    assert warm.send(against | {"writer": WRITER}).outcome == "REFUSED"
    warm.wait(COOLDOWN - 1500)
    warm.agree(200)
    assert warm.send(against | {"writer": WRITER}).outcome == "COMPLETED"


def test_an_agreement_that_has_ended_is_none(warm):
    warm.send(HAND_DATABASE)
    warm.wait(600)
    warm.agree(200)
    warm.wait(330)
    against = VOTED_DATABASE | {"writer": READER, "writer_row_age_seconds": 4.0}
    assert warm.send(against).body["kind"] == "cooldown"


def test_an_agreement_of_long_ago_is_none(warm):
    """Of the writer before: the other observer has been silent ever since."""
    warm.agree(200)
    warm.wait(120)
    assert warm.send(HAND_DATABASE).outcome == "COMPLETED"
    for age in range(0, 200, 5):
        warm.word(1.0, float(age), "zone-1", "WriterDead")
    against = VOTED_DATABASE | {"writer": READER, "writer_row_age_seconds": 200.0}
    assert warm.send(against).outcome == "REFUSED"


def test_within_the_cooldown_aws_own_eye_is_enough(warm):
    assert warm.send(HAND_DATABASE).outcome == "COMPLETED"
    warm.wait(300)
    against = VOTED_DATABASE | {"writer": READER}
    assert warm.send(against).outcome == "REFUSED"
    warm.silent(READER)
    warm.wait(150)
    assert warm.send(against).outcome == "REFUSED"
    warm.wait(60)
    assert warm.send(against).outcome == "COMPLETED"


def test_the_cooldown_counts_from_a_fail_back_alone(warm):
    assert warm.send(HAND_DATABASE).outcome == "COMPLETED"
    assert warm.send(FAILBACK | DATABASE).outcome == "FAILED_BACK"
    warm.wait(400)
    warm.agree(200)
    assert warm.send(VOTED_DATABASE | {"writer_row_age_seconds": 200.0}).outcome == "COMPLETED"


# Alarms.


def test_a_single_point_of_a_reader_after_a_silence_of_all_proves_nothing(warm):
    silenced(warm, WRITER, READER)
    series = ("AWS/RDS", "EngineUptime", frozenset({("DBInstanceIdentifier", READER)}))
    for age, outcome in ((65, "NOT_REQUIRED"), (5, "COMPLETED")):
        at = warm.clock.now - age
        warm.metrics.put(series, at, 1e5, at)
        assert warm.send(alarm()).outcome == outcome


def silenced(world, *instances, seconds=300):
    world.silent(*instances)
    world.wait(seconds)
    return world


ALARMS = {
    "AWS hears the reader alone": ((WRITER,), 300, "COMPLETED"),
    "AWS hears both": ((), 300, "NOT_REQUIRED"),
    "AWS hears nobody": ((WRITER, READER), 300, "NOT_REQUIRED"),
    "AWS does not hear the reader": ((READER,), 300, "NOT_REQUIRED"),
    "AWS has heard the writer lately": ((WRITER,), 100, "NOT_REQUIRED"),
}


@pytest.mark.parametrize("what", ALARMS)
def test_an_alarm_needs_aws_own_eye(warm, what):
    instances, seconds, outcome = ALARMS[what]
    silenced(warm, *instances, seconds=seconds)
    assert warm.send(alarm()).outcome == outcome
    assert (warm.acted[0], warm.latched) == (outcome == "COMPLETED", False)


def test_an_alarm_is_vetoed_by_an_observer_that_sees_the_writer(warm):
    silenced(warm, WRITER)
    heard(warm, (5, 1, "zone-1"))
    assert warm.send(alarm()).outcome == "NOT_REQUIRED"
    assert warm.acted == (0, 0)
    # One that does not stand any more is not made again.
    warm.wait(60)
    warm.send(SWEEP)
    assert warm.acted == (0, 0)


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (((80, 1, "zone-1"), (3, 0, "zone-1")), "REFUSED"),
        (((95, 1, "zone-1"), (3, 0, "zone-1")), "COMPLETED"),
        # Of observers that are gone the last word is as old as AWS's own.
        (((250, 1, "zone-1"), (250, 1, "zone-2")), "COMPLETED"),
    ],
)
def test_an_alarm_leaves_a_reboot_alone_for_ninety_seconds_of_its_own(warm, words, outcome):
    """AWS's metrics come once a minute, and may miss that the writer was back before."""
    silenced(warm, WRITER)
    for age, value, observer in words:
        warm.word(float(value), float(age), observer)
    warm.aurora.nodes[WRITER].status = "rebooting"
    assert warm.send(alarm()).outcome == outcome


def test_the_same_alarm_twice_is_one_attempt(warm):
    silenced(warm, WRITER)
    assert warm.send(alarm()).outcome == "COMPLETED"
    assert "drill-writer" in warm.state["Reason"]
    silenced(warm, READER)
    assert warm.send(alarm()).outcome == "NOT_REQUIRED"
    assert warm.acted == (1, 0)


@pytest.mark.parametrize(
    ("states", "latches"),
    [
        (["unhealthy", "unhealthy", "draining"], True),
        (["unhealthy", "initial"], True),
        ([], False),
        (["unhealthy", "healthy"], False),
        (["initial", "draining", "unused"], False),
    ],
)
def test_an_alarm_on_the_targets_needs_the_targets_themselves(world, states, latches):
    world.balancers["Primary"].show(*states)
    outcome = "COMPLETED" if latches else "NOT_REQUIRED"
    assert world.send(alarm(TARGETS_ALARM)).outcome == outcome
    assert (world.latched, world.acted[0]) == (latches, 0)


def test_an_alarm_that_stands_after_its_attempt_is_made_again_by_the_sweep(chain):
    """Both its promotions are given up, and the cooldown is over."""
    chain.functions.broken.update(OBSERVERS)
    chain.aurora.rolls_back = 2
    chain.kill_writer(WARM)
    chain.run(WARM + 1500)
    assert (chain.acted[0], chain.writer) == (2, WRITER)
    chain.run(WARM + COOLDOWN + 1500)
    assert (chain.acted[0], chain.writer) == (3, READER)


def test_an_alarm_that_finds_the_lease_taken_is_made_again_by_the_sweep(chain):
    """An alarm acts once; the sweep sees that it still stands."""
    chain.functions.broken.update(OBSERVERS)
    chain.kill_writer(301)
    chain.at(310, lambda: chain.put_state(LeaseExpires=int(START + 310) + 280))
    chain.run(301 + 270)
    assert chain.lines(event="REFUSED", kind="busy")
    assert chain.acted == (0, 0)
    chain.run(301 + 420)
    assert (chain.acted, chain.writer) == ((1, 0), READER)


# In the whole account.


BEGINS = [112.3, 131, 147]  # seconds: in the overlap of two runs and out of it


@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize("seconds", [3, 8])
def test_a_blip_is_no_incident(chain, begin, seconds):
    chain.at(begin, chain.aurora.pause, seconds)
    chain.run(330)
    assert (chain.acted, chain.witness.invoked, chain.told()) == ((0, 0), [], [])


@pytest.mark.parametrize("begin", BEGINS)
def test_the_writer_dies_and_is_replaced_once(chain, begin):
    chain.kill_writer(begin)
    chain.run(450)
    assert (chain.acted, chain.told()) == ((1, 0), ["COMPLETED"])
    (accepted,) = [one.at for one in chain.calls if one.operation == "FailoverDBCluster"]
    assert accepted - begin <= 20 + 12 + 3
    assert chain.state["Stages"]["decide"] <= 3


@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize(("mode", "within"), [("refused", 20), ("silent", 25)])
def test_both_die_and_are_moved_within_the_budget(chain, begin, mode, within):
    chain.at(begin, chain.aurora.stop, WRITER, mode, "failed")
    chain.at(begin, chain.balancers["Primary"].show, "unhealthy")
    chain.run(450)
    assert (chain.acted, chain.writer, chain.latched) == ((1, 1), READER, True)
    accepted = next(one.at for one in chain.calls if one.operation == "FailoverDBCluster")
    assert accepted - begin <= within
    assert chain.state["Stages"]["detect"] <= 12


@pytest.mark.parametrize(
    "timings",
    [
        {"aurora_detection": 3.0},
        {"aurora_detection": 15.0, "aurora_promotion": 30.0},  # still at it after the grace
        {"aurora_endpoint_update": 20.0, "aurora_restart": 60.0},  # the name stays behind
    ],
)
@pytest.mark.parametrize("begin", BEGINS)
def test_aurora_replaces_the_writer_by_itself(chain, begin, timings):
    chain.aurora.timings = chain.timings.fixed(**timings)
    chain.aurora.sees = True
    chain.kill_writer(begin)
    chain.run(450)
    assert (chain.acted, chain.writer) == ((0, 0), READER)
    assert chain.state["Status"] in ("IDLE", "COMPLETED")
    assert (chain.state["Writer"], chain.state["Home"]) == (READER, WRITER)


@pytest.mark.parametrize("dead", [(MONITOR,), tuple(OBSERVERS)])
def test_without_an_observer_or_two_the_writer_is_replaced(chain, dead):
    chain.functions.broken.update(dead)
    chain.kill_writer(301)
    chain.run(301 + (60 if len(dead) == 1 else 420))
    assert (chain.acted, chain.writer) == ((1, 0), READER)


def test_without_observers_the_application_is_latched(chain):
    chain.functions.broken.update(OBSERVERS)
    chain.at(301 - chain.clock.now, chain.balancers["Primary"].show, "unhealthy")
    chain.run(301 + 300)
    assert (chain.acted, chain.latched) == ((0, 1), True)


def test_without_observers_nothing_is_done_after_aurora_has_acted(chain):
    chain.functions.broken.update(OBSERVERS)
    chain.aurora.sees = True
    chain.kill_writer(301)
    chain.run(900)
    assert (chain.acted, chain.writer) == ((0, 0), READER)


def test_observers_that_cannot_call_leave_it_to_the_alarm(chain):
    chain.faults["lambda", "Invoke"] = "ServiceException"
    chain.kill_writer(131)
    chain.run(600)
    assert (chain.acted, chain.writer) == ((1, 0), READER)


@pytest.mark.parametrize(
    "service", ["rds", "dynamodb", "ssm", "cloudwatch", "elbv2", "sns", "route53"]
)
def test_an_outage_of_an_api_for_five_minutes_moves_no_healthy_writer_and_hides_no_dead_one(
    chain, service
):
    chain.at(200, chain.network.outages.update, {service: "silent"})
    chain.at(500, chain.network.outages.clear)
    chain.run(520)
    assert chain.acted == (0, 0)
    chain.at(10, chain.network.outages.update, {service: "silent"})
    chain.kill_writer(531)
    chain.at(310, chain.network.outages.clear)
    chain.run(531 + 600)
    assert (chain.acted[0], chain.writer) == (1, READER)
    assert WARM < 200
