"""AWS's mechanisms, one by one, against the rules that AWS documents."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from boto3.dynamodb.conditions import Attr

from drtemplate.drill.clients import Cache
from drtemplate.groups.handlers import MONITOR, ORCHESTRATOR
from drtemplate.world.aws.alarms import ALARM, INSUFFICIENT, OK, evaluate, holds
from drtemplate.world.aws.metrics import Metrics, reduce_values
from drtemplate.world.aws.prober import Prober, Reply
from drtemplate.world.aws.refusal import Refused
from drtemplate.world.aws.route53 import CHECKERS, answer, is_healthy
from drtemplate.world.aws.table import holds as meets
from drtemplate.world.clock import Clock, Killed
from drtemplate.world.history import History
from drtemplate.world.world import World

# Virtual time and strands.


def test_strands_overlap_in_virtual_time():
    clock, seen = Clock("x"), []

    def work(name, pause):
        for _ in range(3):
            clock.wait(pause)
            seen.append((clock.now, name))

    clock.start(lambda: work("a", 2), 100, None)
    clock.start(lambda: work("b", 3), 100, None)
    clock.run(20)
    # Of two at the same moment, the one that began to wait first goes first.
    assert seen == [(2, "a"), (3, "b"), (4, "a"), (6, "b"), (6, "a"), (9, "b")]


def test_a_lonely_strand_stops_where_the_run_does():
    clock, seen = Clock("x"), []

    def run():
        clock.wait(0)
        while True:
            clock.wait(5)
            seen.append(clock.now)

    clock.at(1, clock.start, run, 12, None)
    clock.run(11)
    assert (clock.now, seen) == (11, [6])
    with pytest.raises(ValueError, match="give a later time"):
        clock.run(10)
    with pytest.raises(Killed):
        clock.run(50)
    assert (clock.now, seen) == (13, [6, 11])


def test_nobody_waits_less_than_no_time():
    clock = Clock("x")
    with pytest.raises(ValueError, match="non-negative"):
        clock.start(lambda: clock.wait(-1), 10, None)
    with pytest.raises(ValueError, match="0 or more"):
        clock.at(-1, print)


def test_a_deadline_kills_what_catches_every_exception():
    clock, seen = Clock("x"), []

    def stubborn():
        try:
            while True:
                try:
                    clock.wait(4)
                except Exception:
                    seen.append("caught")
        except Killed:
            seen.append(clock.now)
            raise

    def run():
        try:
            stubborn()
        except Killed:
            seen.append("ended")

    clock.start(run, 10, None)
    clock.run(50)
    assert seen == [10, "ended"]


def test_what_is_killed_does_not_wake_up_again():
    clock, seen = Clock("x"), []

    def run():
        try:
            clock.wait(10)
            seen.append("woke")
        except Killed:
            seen.append(clock.now)

    strand = clock.start(run, 100, None)
    clock.at(3, clock.kill, strand)
    clock.run(50)
    assert seen == [3]


def test_a_history_knows_its_past():
    history = History("a")
    assert history.set(3, "b")
    assert not history.set(4, "b")
    history.set(5, "a")
    assert [history.before(at) for at in (2, 3, 4.9, 5)] == ["a", "b", "b", "a"]
    assert history.first("b", 0) == 3
    assert history.first("a", 3.5) == 5
    assert history.first("c", 0) is None


# Health checks in general.


def prober(clock, reply, turned, **named):
    settings = {"interval": 5, "timeout": 4, "down_after": 2, "up_after": 3, "phase": 1, **named}
    return Prober(clock, look=lambda: reply[0], turned=turned, **settings)


def turns(changes, until=100, **named):
    """When a prober turned; ``changes``: time -> reply from then on."""
    clock, reply, seen = Clock("x"), [Reply.GOOD], []
    made = prober(clock, reply, lambda good: seen.append((clock.now, good)), **named)

    def change(to):
        reply[0] = to
        made.wake()

    for at, to in changes.items():
        clock.at(at, change, to)
    clock.run(until)
    return seen


def test_a_check_turns_after_so_many_probes_in_a_row():
    # Probes at 1, 6, 11, ...: refused at 11 and 16, good at 26, 31 and 36.
    assert turns({7: Reply.REFUSED, 22: Reply.GOOD}) == [(16, False), (36, True)]


def test_a_silent_probe_has_failed_after_its_time_out():
    assert turns({7: Reply.SILENT}) == [(20, False)]


def test_a_lost_probe_or_a_short_fault_turns_nothing():
    assert turns({7: Reply.REFUSED, 12: Reply.GOOD}) == []
    clock, seen = Clock("x"), []
    made = prober(clock, [Reply.GOOD], seen.append)
    made.lose(3)
    clock.run(60)
    assert seen == []
    made.down_after = 1
    made.lose(3)
    clock.run(120)
    assert seen == [False, True]


def test_a_threshold_of_one_turns_at_the_first_probe():
    assert turns({7: Reply.REFUSED}, down_after=1) == [(11, False)]


# Target groups.


def test_a_target_group_shows_what_its_settings_say(world):
    balancer = world.balancers["Primary"]
    side = balancer.side
    world.run(50)
    balancer.set_targets(Reply.REFUSED)
    world.run(80)
    expected = []
    for target in balancer.targets:
        phase, interval = target.prober.phase, side.interval
        first = 50 + (phase - 50) % interval
        # The second probe in a row, and 0.1 s until DescribeTargetHealth shows it.
        expected.append(first + (side.unhealthy_after - 1) * interval + 0.1)
    assert balancer.shown_dead.first(True, 50) == pytest.approx(max(expected))
    assert balancer.states() == ["unhealthy", "unhealthy"]
    assert not balancer.shown_good.value


def test_a_dead_load_balancer_probes_nothing(world):
    balancer = world.balancers["Primary"]
    balancer.set_alive(False)
    balancer.set_targets(Reply.REFUSED)
    world.run(120)
    assert balancer.states() == ["healthy", "healthy"]
    assert not balancer.serving.value


# Route 53.


def test_more_than_18_percent_of_the_checkers_must_find_it_healthy():
    assert [is_healthy(n, 100, False, False) for n in (18, 19)] == [False, True]
    assert [is_healthy(n, 15, False, False) for n in (2, 3)] == [False, True]


@pytest.mark.parametrize(
    ("disabled", "inverted", "good", "healthy"),
    [
        (False, False, True, True),
        (False, True, True, False),
        (False, True, False, True),
        (True, False, False, True),
        (True, True, True, False),  # the latch
        (True, True, False, False),
    ],
)
def test_disabled_and_inverted(disabled, inverted, good, healthy):
    assert is_healthy(CHECKERS if good else 0, CHECKERS, disabled, inverted) is healthy


def test_both_unhealthy_gives_the_primary():
    table = {(True, True): "Primary", (True, False): "Primary", (False, True): "Standby"}
    for (primary, standby), side in table.items():
        assert answer(primary, standby) == side
    assert answer(False, False) == "Primary"


def test_a_dead_load_balancer_is_found_by_checkers_in_interval_and_threshold(world):
    check = world.checks["Primary"]
    world.run(50)
    world.balancers["Primary"].set_alive(False)
    world.run(120)
    interval = world.deployment.sides["Primary"].check_interval
    threshold = world.deployment.sides["Primary"].check_threshold
    # A silent check has failed after 4 s; so many must be down that 18 % or fewer are left.
    times = sorted(
        50 + (one.phase - 50) % interval + (threshold - 1) * interval + 4 for one in check.checkers
    )
    left = int(0.18 * CHECKERS)
    at = times[CHECKERS - left - 1]
    assert check.healthy.first(False, 50) == pytest.approx(at)
    # And 0.1 s until the DNS servers answer with the standby.
    assert world.records.side.first("Standby", 50) == pytest.approx(at + 0.1)


def test_an_alias_follows_the_targets_before_the_checkers(world):
    world.run(50)
    world.balancers["Primary"].set_targets(Reply.REFUSED)
    world.run(120)
    shown = world.balancers["Primary"].shown_dead.first(True, 50)
    assert world.records.side.first("Standby", 50) <= shown + 0.1 + 1e-6


def test_the_latch_holds_until_it_is_released(world):
    check = world.checks["Primary"]
    check.configure(True, True)
    world.run(10)
    assert world.records.side.value == "Standby"
    check.configure(False, False)
    world.run(20)
    assert world.records.side.value == "Primary"


# Aurora.


def test_a_lost_writer_is_replaced_by_the_reader(deployment, fixed):
    timings = fixed(aurora_detection=7, aurora_promotion=11, aurora_settle=2, aurora_restart=30)
    world = World(deployment, timings, "x")
    aurora = world.aurora
    old, reader = aurora.nodes
    world.clock.at(10, aurora.stop, old, "refused")
    world.run(100)
    assert aurora.status.first("failing-over", 0) == 17
    assert aurora.writers.first(reader, 0) == 28
    assert aurora.endpoint.first(reader, 0) == pytest.approx(28.1)
    assert aurora.status.first("available", 17.5) == 30
    assert aurora.writing.first(False, 0) == 10
    assert aurora.writing.first(True, 10.5) == 28
    # The old one is back as a reader 30 s after the promotion; both have restarted.
    assert aurora.nodes[old].started == 58
    assert aurora.nodes[reader].started == 28
    assert aurora.writer == reader
    world.close()


def test_during_a_failover_another_one_is_refused(world):
    reader = list(world.aurora.nodes)[1]
    world.aurora.fail_over(reader)
    assert world.aurora.status.value == "failing-over"
    with pytest.raises(Refused) as refusal:
        world.aurora.fail_over(reader)
    assert refusal.value.code == "InvalidDBClusterStateFault"


def test_only_an_available_reader_can_be_promoted(world):
    writer, reader = world.aurora.nodes
    for target in (writer, None, reader):
        world.aurora.nodes[reader].mode = "refused"
        with pytest.raises(Refused) as refusal:
            world.aurora.fail_over(target)
        assert refusal.value.code == "InvalidDBInstanceState"
    with pytest.raises(Refused) as refusal:
        world.aurora.fail_over("nobody")
    assert refusal.value.code == "DBInstanceNotFound"
    world.run(50)
    assert world.aurora.writer == writer


def test_an_engine_that_crashes_comes_back_without_a_failover(deployment, fixed):
    world = World(deployment, fixed(aurora_engine_restart=8), "x")
    world.clock.at(10, world.aurora.restart_engine)
    world.run(60)
    assert world.aurora.writing.first(True, 10.5) == 18
    assert world.aurora.status.first("failing-over", 0) is None
    assert world.aurora.uptime(world.aurora.writer) == 60 - 18
    world.close()


def test_without_a_reader_the_writer_is_made_anew(deployment, fixed):
    world = World(deployment, fixed(aurora_detection=7, aurora_without_reader=200), "x")
    writer, reader = world.aurora.nodes
    world.aurora.nodes[reader].mode = "refused"
    world.aurora.stop(writer, "refused")
    world.run(300)
    assert world.aurora.writer == writer
    assert world.aurora.writing.first(True, 1) == 207
    world.close()


def test_a_blind_or_stalled_aurora_does_nothing(world):
    world.aurora.sees = False
    world.aurora.stop(world.aurora.writer, "hung")
    world.run(100)
    assert world.aurora.status.value == "available"
    world.aurora.stalled = True
    world.aurora.fail_over(None)
    world.run(900)
    assert world.aurora.status.value == "failing-over"


def test_events_tell_of_both_ends_with_the_time_when_they_happened(deployment, fixed):
    world = World(deployment, fixed(rds_event_delay=300, aurora_promotion=20), "x")
    seen = []
    world.bus.put = lambda event: seen.append((world.clock.now, event))
    world.clock.at(10, world.aurora.fail_over, None)
    world.run(400)
    assert [(at, one["detail"]["EventID"]) for at, one in seen] == [
        (310, "RDS-EVENT-0073"),
        (pytest.approx(330.1), "RDS-EVENT-0071"),
    ]
    assert seen[0][1]["time"] == "2026-01-05T00:00:10Z"
    world.close()


# CloudWatch: the table of AWS's page on missing data, for three of three periods.

MISSING = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize(
    ("points", "states"),
    [
        ("0-X-X", (OK, OK, OK, OK)),
        ("0----", (OK, OK, OK, OK)),
        ("-----", (INSUFFICIENT, "as it was", ALARM, OK)),
        ("0XX-X", (ALARM, ALARM, ALARM, ALARM)),
        ("--X--", (ALARM, "as it was", ALARM, OK)),
    ],
)
def test_missing_data(points, states):
    range_ = [{"0": False, "X": True, "-": None}[one] for one in points]
    assert tuple(evaluate(range_, 3, 3, how, "as it was") for how in MISSING) == states


def test_m_of_n():
    assert evaluate([True, False, True], 3, 2, "missing", OK) == ALARM
    assert evaluate([True, False, False], 3, 2, "missing", ALARM) == OK


def test_composite_rules():
    states = {"a": ALARM, "b": OK, "c": INSUFFICIENT}
    rules = {
        'ALARM("a")': True,
        'ALARM("a") AND ALARM("b")': False,
        '(ALARM("b") AND OK("a")) OR INSUFFICIENT_DATA("c")': True,
        'NOT (ALARM("a") OR TRUE)': False,
        'ALARM("b") OR ALARM("a") AND OK("b")': True,
    }
    assert {rule: holds(rule, states) for rule in rules} == rules


def test_an_alarm_acts_on_the_transition_only(deployment, fixed):
    world = World(deployment, fixed(), "x")
    seen = []
    world.alarms.act = lambda action, event: seen.append((action, event["alarmData"]["alarmName"]))
    world.clock.at(90, world.balancers["Primary"].set_targets, Reply.REFUSED)
    world.run(900)
    name = next(one for one in world.deployment.alarms if one.metric == "HealthyHostCount")
    mine = [action for action, alarm in seen if alarm == name.name]
    assert mine == list(name.actions)
    world.close()


def test_a_value_cannot_be_read_before_it_is_visible():
    metrics, key = Metrics(), ("AWS/RDS", "EngineUptime", frozenset())
    metrics.put(key, 60, 5.0, 130)
    assert metrics.points(key, "Minimum", 60, 120, 2, 129) == [None, None]
    assert metrics.points(key, "Minimum", 60, 120, 2, 130) == [None, 5.0]


def test_statistics():
    values = [1.0, 2.0, 6.0]
    wanted = {"Minimum": 1, "Maximum": 6, "Sum": 9, "Average": 3, "SampleCount": 3}
    assert {name: reduce_values(values, name) for name in wanted} == wanted


# EventBridge.


def test_a_schedule_fires_every_minute_a_little_late(deployment, fixed):
    world = World(deployment, fixed(schedule_delay=3), "x")
    seen = []
    monitor = deployment.functions[MONITOR].arn
    world.bus.deliver = lambda _, target, __: (
        seen.append(world.clock.now) if target == monitor else None
    )
    world.run(200)
    assert {round(b - a, 6) for a, b in pairwise(seen)} == {60}
    assert 3 <= seen[0] <= 63
    world.close()


# DynamoDB.

ITEM = {"StateKey": "x", "Token": Decimal(7), "Status": "IDLE"}


@pytest.mark.parametrize(
    ("condition", "result"),
    [
        (Attr("Token").exists(), True),
        (Attr("Token").not_exists(), False),
        (Attr("Token").eq(7), True),
        (Attr("Token").eq("7"), False),
        (Attr("Token").ne("7"), True),
        (Attr("Token").lt(8) & ~Attr("Status").eq("7"), True),
        (Attr("Token").lt("8") | Attr("Token").gt(7) | Attr("Token").lte(6), False),
        (Attr("Missing").eq(7) | Attr("Token").gte(8), False),
        (Attr("Missing").ne(7), False),
    ],
)
def test_conditions(condition, result):
    assert meets(condition, ITEM) is result


def test_a_condition_that_is_not_known_is_no_silent_yes():
    with pytest.raises(NotImplementedError, match="begins_with"):
        meets(Attr("Status").begins_with("I"), ITEM)


# Lambda.


def invoked(deployment, fixed, body, until=400, **changed):
    """When the orchestrator's function began, with other code and settings; and what was published."""
    function = deployment.functions[ORCHESTRATOR]
    function = replace(function, code=f"def handler(event, context):\n {body}\n", **changed)
    functions = {**deployment.functions, ORCHESTRATOR: function}
    world = World(replace(deployment, functions=functions).untriggered(), fixed(), "lambda")
    told, runs = [], []
    world.functions.tell = lambda _, subject, __: told.append((round(world.clock.now, 3), subject))
    world.witness.ended = lambda run: runs.append(run) if run.source == "operator" else None
    world.clock.at(10, world.send, ORCHESTRATOR, {})
    world.run(until)
    world.close()
    return runs, [one for one in told if one[1].startswith("Lambda")]


def test_an_event_that_fails_is_tried_again_after_one_and_two_minutes(deployment, fixed):
    runs, told = invoked(deployment, fixed, "raise ValueError", retries=2, max_age=600)
    assert [round(b.queued - a.ended, 6) for a, b in pairwise(runs)] == [60, 120]
    assert len(runs) == 3
    assert told == [(round(runs[-1].ended, 3), "Lambda RetriesExhausted")]


def test_an_event_that_is_too_old_is_dropped(deployment, fixed):
    runs, told = invoked(deployment, fixed, "raise ValueError", retries=2, max_age=60)
    assert len(runs) == 1
    assert told == [(round(runs[0].ended + 60, 3), "Lambda EventAgeExceeded")]


def test_a_cold_start_depends_on_the_memory_and_a_warm_one_does_not(deployment, fixed):
    starts = {}
    for memory in (128, 1769, 3008):
        runs, _ = invoked(
            deployment, fixed, "raise ValueError", retries=1, max_age=600, memory=memory
        )
        starts[memory] = [round(one.began - one.queued, 6) for one in runs]
    assert starts == {
        128: [pytest.approx(0.1 + 0.1 * 1769 / 128, abs=1e-5), 0.1],
        1769: [0.2, 0.1],
        3008: [0.2, 0.1],
    }


def test_reserved_concurrency_holds_events_back(deployment, fixed):
    body = "import time; time.sleep(20)"
    function = deployment.functions[ORCHESTRATOR]
    function = replace(function, code=f"def handler(event, context):\n {body}\n", reserved=1)
    functions = {**deployment.functions, ORCHESTRATOR: function}
    world = World(replace(deployment, functions=functions).untriggered(), fixed(), "lambda")
    for at in (1, 2):
        world.clock.at(at, world.send, ORCHESTRATOR, {})
    runs = []
    world.witness.ended = lambda run: runs.append(run) if run.source == "operator" else None
    world.run(90)
    first, second = runs
    assert second.began >= first.ended
    world.close()


def test_a_lost_zone_takes_its_runs_along(deployment, fixed):
    world = World(deployment, fixed(lambda_zone_evacuation=30), "zone")
    world.run(70)
    zone = world.functions.of(MONITOR)[0].environment.zone
    doomed = [one for one in world.functions.of(MONITOR) if one.environment.zone == zone]
    world.functions.lose_zone(zone)
    assert all(isinstance(one.error, Killed) for one in doomed)
    world.run(400)
    assert {one.environment.zone for one in world.functions.of(MONITOR)} == (
        set(deployment.functions[MONITOR].zones) - {zone}
    )
    world.close()


@pytest.mark.parametrize("ttl", [5.0, 60.0])
def test_a_refresh_at_the_very_instant_is_the_answer_in_use(ttl):
    """However the division rounds: else a client would keep an answer for twice its time."""
    for number in range(1000):
        cache = Cache(ttl, ttl * number / 997)
        (refreshed,) = cache.refreshed([150.0 + number * 0.37])
        assert cache.asked(refreshed) == pytest.approx(refreshed, abs=1e-6)
        assert cache.asked(refreshed - 1e-3) == pytest.approx(refreshed - ttl, abs=1e-6)
