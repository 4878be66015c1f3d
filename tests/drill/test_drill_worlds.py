"""Worlds in which a sense or a service is missing, and the defects of a handler that only they show."""

import pytest

from drtemplate.drill.invariants import broken
from drtemplate.drill.runner import drill
from drtemplate.drill.scenario import Scenario
from drtemplate.drill.scenarios import select
from drtemplate.drill.trial import Trial
from drtemplate.groups.handlers import HANDLERS, MONITOR, ORCHESTRATOR
from drtemplate.rendering.inline import inline_code
from drtemplate.settings import PROJECT
from drtemplate.world.api.rds import Rds
from drtemplate.world.aws.prober import Reply
from drtemplate.world.aws.refusal import Refused
from drtemplate.world.world import World

RUNS = 2


@pytest.fixture(scope="module")
def defective(deployment):
    """The deployment with lines of a function's code replaced."""

    def make(logical, *lines):
        code = inline_code(PROJECT / "handlers" / HANDLERS[logical])
        for old, new in lines:
            assert code.count(old) == 1, old
            code = code.replace(old, new)
        return deployment.with_function(logical, code=code)

    return make


def wrongs(deployment, timings, name):
    """The names of what two runs of a scenario break: budgets and invariants."""
    (summary,) = drill(deployment, timings, select([name]), runs=RUNS, seed=1)
    lost = {budget.name.split(",")[0] for budget in summary.budgets if not budget.held}
    return lost | summary.broken.keys()


ALARM_TRUSTED = ("if not dead():", "if False:")
LONELY = ("silent == [writer]", "str(writer) in silent")
TARGETS_TRUSTED = ('"application", targets_dead', '"application", lambda: True')
ALWAYS_WELL = ('DatabaseHealth=health["database"]', "DatabaseHealth=1")
LOOKS_ON = ("Disabled=latch, Inverted=latch", "Disabled=False, Inverted=latch")
BLINDED = ('"application": read(application)', '"application": application()')
UNKNOWN_IS_BAD = (
    '"application": read(application)',
    '"application": read(application) or False',
)
STATUS_TRUSTED = (
    "        if writer not in (None, old):\n",
    '        if status == "available":\n            stages.setdefault("promote", 0)\n            break\n'
    "        if writer not in (None, old):\n",
)
# A scenario, the handler and its defect, and what breaks.
DEFECTS = [
    ("metrics_missing", ORCHESTRATOR, ALARM_TRUSTED, "unneeded failovers"),
    ("metrics_missing", ORCHESTRATOR, TARGETS_TRUSTED, "unneeded failovers"),
    ("metrics_missing_monitor_dead", ORCHESTRATOR, ALARM_TRUSTED, "unneeded failovers"),
    ("metrics_missing_monitor_dead", ORCHESTRATOR, LONELY, "unneeded failovers"),
    ("lambda_down", MONITOR, ALWAYS_WELL, "missed failovers"),
    ("application_back", ORCHESTRATOR, LOOKS_ON, "no automatic fail back"),
    ("elbv2_down", MONITOR, BLINDED, "detect"),
    ("elbv2_down_restart", MONITOR, UNKNOWN_IS_BAD, "unneeded failovers"),
    ("both_tiers_dead", ORCHESTRATOR, STATUS_TRUSTED, "own_share"),
]


@pytest.mark.parametrize(("name", "logical", "defect", "wrong"), DEFECTS)
def test_a_defect_breaks_what_the_deployed_handlers_keep(
    deployment, defective, timings, name, logical, defect, wrong
):
    # As long as two bad probes in a row, whenever it begins.
    timings = timings.fixed(aurora_engine_restart=16.0)
    assert wrongs(deployment, timings, name) == set()
    assert wrong in wrongs(defective(logical, defect), timings, name)


def test_a_status_that_shows_at_once_would_hide_who_trusts_it(defective, timings):
    at_once = timings.fixed(aurora_status_shown=0.0)
    trusting = defective(ORCHESTRATOR, STATUS_TRUSTED)
    assert wrongs(trusting, at_once, "both_tiers_dead") == set()


# Metrics that do not come.


def test_metrics_that_are_withheld_are_lost_and_others_are_not(world):
    world.clock.at(90, world.vended.withhold, 120, lambda key: key[1] == "EngineUptime")
    world.run(330)
    writer = frozenset({("DBInstanceIdentifier", world.aurora.writer)})
    uptimes = world.metrics.series["AWS/RDS", "EngineUptime", writer]
    # Those of 120 and 180 s, for the minutes before, are missing.
    assert [at for at, _, _ in uptimes] == [0, 180, 240]
    hosts = (
        "AWS/ApplicationELB",
        "HealthyHostCount",
        world.deployment.sides["Primary"].dimensions,
    )
    assert [at for at, _, _ in world.metrics.series[hosts]] == [0, 60, 120, 180, 240]


@pytest.mark.parametrize(
    ("name", "alarms"),
    [
        ("metrics_missing", {"drill-writer", "drill-alb-unhealthy-targets"}),
        ("metrics_missing_monitor_dead", {"drill-writer"}),
    ],
)
def test_the_alarms_call_and_are_not_trusted(measure, deployment, timings, name, alarms):
    (scenario,) = select([name])
    run, trial = measure(scenario, deployment, timings, 1)
    called = [one for one in trial.facts.runs if one.source == "alarm"]
    assert {one.event["alarmData"]["alarmName"] for one in called} == alarms
    assert (trial.facts.acts, run.outcome) == ([], "NOT_REQUIRED")


# APIs that are down.


def test_an_alarm_reaches_the_orchestrator_while_nobody_can_invoke_it(measure, deployment, timings):
    (scenario,) = select(["lambda_down"])
    kinds = set()
    for seed in range(1, 5):
        run, trial = measure(scenario, deployment, timings, seed)
        kinds.add(trial.world.network.outages["lambda"])
        assert {call.source for call in trial.facts.calls} == {"alarm"}
        assert [act.caller.source for act in trial.facts.acts] == ["alarm"]
        assert run.right == 1
    assert kinds == {"error", "silent"}


def test_an_unknown_application_is_not_latched(measure, deployment, timings):
    (scenario,) = select(["elbv2_down"])
    for seed in range(1, 5):
        run, trial = measure(scenario, deployment, timings, seed)
        votes = [one.event["votes"] for one in trial.facts.runs if one.source == "monitor"]
        assert {(one["database"], one["application"]) for one in votes} == {(False, None)}
        assert [act.component for act in trial.facts.acts] == ["database"]
        # One signal decides alone, and so the grace is waited for.
        assert run.stages["grace"] > 5


GUESSES = ('(status != "failing-over" and writer)', "writer")


def test_while_aurora_is_at_it_nobody_takes_the_new_writer_for_the_lost_one(
    measure, deployment, defective, fixed
):
    """No run has seen who wrote, and each call comes when another writes, as the cluster still fails over."""
    (scenario,) = select(["rds_down"])
    # Writes at 17 s, is available at 57 s; the name leads to the dead one until 37 s.
    timings = fixed(
        aurora_detection=5,
        aurora_promotion=12,
        aurora_settle=40,
        aurora_endpoint_update=20,
        aurora_restart=90,
    )
    found = {}
    for label, one in (("as it is", deployment), ("guesses", defective(ORCHESTRATOR, GUESSES))):
        run, trial = measure(scenario, one, timings, 1)
        named = [one.event["writer"] for one in trial.facts.runs if one.source == "monitor"]
        assert named
        assert set(named) == {None}
        assert "rds" not in trial.world.network.outages
        assert (run.unneeded, run.repeated, trial.facts.acts) == (0, 0, [])
        found[label] = run.broken
    assert found == {"as it is": (), "guesses": ("true record",)}


# The latch.


def alone(deployment, timings):
    """A world in which nobody else latches."""
    trial = Trial.of(deployment, timings, "x")
    trial.world.functions.broken.add(MONITOR)
    return trial


def test_a_latch_that_holds_breaks_nothing_whatever_comes_back(deployment, fixed):
    """Until the checkers know of it, the primary may be given again; so may it if both sides are bad."""
    trial = alone(deployment, fixed(route53_update=40))
    primary, standby = trial.world.balancers["Primary"], trial.world.balancers["Standby"]
    plan = [
        (10, primary.set_targets, Reply.REFUSED),
        (25, trial.world.checks["Primary"].configure, True, True),
        (30, primary.set_targets, Reply.GOOD),
        (100, standby.set_targets, Reply.REFUSED),
    ]
    for at, action, *arguments in plan:
        trial.world.clock.at(at, action, *arguments)
    trial.world.run(200)
    given = list(zip(trial.world.records.side.times, trial.world.records.side.values, strict=True))[
        1:
    ]
    assert [side for _, side in given] == ["Standby", "Primary", "Standby", "Primary"]
    assert given[1][0] < 65 < given[2][0] < 100 < given[3][0]
    assert broken(trial, 0.0) == ()
    trial.world.close()


def test_a_latch_that_goes_on_looking_gives_way(deployment, fixed):
    trial = alone(deployment, fixed())
    trial.world.checks["Primary"].configure(False, True)
    trial.world.clock.at(10, trial.world.balancers["Primary"].set_alive, False)
    trial.world.run(100)
    assert trial.world.records.side.value == "Primary"
    assert broken(trial, 0.0) == ("no automatic fail back",)
    trial.world.close()


def test_where_the_answer_stays_nothing_has_moved_back(deployment, fixed):
    """The same latch, but the targets are unhealthy too, which an alias evaluates."""
    trial = alone(deployment, fixed())
    trial.world.checks["Primary"].configure(False, True)
    trial.world.clock.at(10, trial.world.balancers["Primary"].set_targets, Reply.REFUSED)
    trial.world.run(100)
    assert trial.world.checks["Primary"].healthy.value
    assert trial.world.records.side.values == ["Primary", "Standby"]
    assert broken(trial, 0.0) == ()
    trial.world.close()


def test_a_latch_that_never_takes_the_answer_away_gives_way(deployment, fixed):
    """Both sides are bad when it comes into force, so the primary is given, and it makes that one good."""
    trial = alone(deployment, fixed())
    trial.world.clock.at(10, trial.world.balancers["Primary"].set_alive, False)
    trial.world.clock.at(100, trial.world.balancers["Standby"].set_targets, Reply.REFUSED)
    trial.world.clock.at(150, trial.world.checks["Primary"].configure, False, True)
    trial.world.run(200)
    assert trial.world.records.side.values == ["Primary", "Standby", "Primary"]
    assert trial.world.records.side.times[-1] < 150
    assert broken(trial, 0.0) == ("no automatic fail back",)
    trial.world.close()


def test_of_two_changes_of_the_answer_the_later_one_stays(world, monkeypatch):
    """The first takes longer to reach the DNS servers than the second."""
    delays = iter((3.0, 0.5))
    monkeypatch.setattr(world.records.timings, "draw", lambda *_: next(delays))
    check = world.checks["Primary"]
    world.clock.at(10, check._configured, True, True)
    world.clock.at(11, check._configured, False, False)
    world.run(12)
    monkeypatch.undo()
    world.run(20)
    assert world.records.side.times[1:] == []
    assert world.records.side.value == "Primary"


# A failover shows in the cluster's status a moment after it has begun.


def shown(world):
    return Rds(world.aurora).DescribeDBClusters(None, {})["DBClusters"][0]["Status"]


def test_a_failover_shows_late_and_refuses_at_once(deployment, fixed):
    timings = fixed(aurora_status_shown=2, aurora_promotion=11, aurora_settle=3)
    world = World(deployment, timings, "x")
    world.clock.at(10, world.aurora.fail_over, None)
    world.run(11)
    assert shown(world) == "available"
    with pytest.raises(Refused) as refusal:
        world.aurora.fail_over(None)
    assert refusal.value.code == "InvalidDBClusterStateFault"
    world.run(50)
    assert world.aurora.status.first("failing-over", 0) == 10
    assert world.aurora.shown.first("failing-over", 0) == 12
    assert world.aurora.shown.first("available", 12) == 24
    world.close()


def test_a_failover_that_is_over_does_not_show_any_more(deployment, fixed):
    world = World(deployment, fixed(aurora_status_shown=2, aurora_promotion=1), "x")
    reader = list(world.aurora.nodes)[1]
    world.clock.at(10, world.aurora.fail_over, reader)
    world.clock.at(10.5, world.aurora.stop, reader, "refused")
    world.run(50)
    assert world.aurora.status.first("failing-over", 0) == 10
    assert world.aurora.shown.first("failing-over", 0) is None
    world.close()


# Windows.


@pytest.mark.parametrize("name", ["maintenance_window", "modification_window"])
def test_a_window_s_times_count_from_its_restart(measure, deployment, fixed, name):
    (scenario,) = select([name])
    timings = fixed(maintenance_pause=7, aurora_engine_restart=7)
    run, trial = measure(scenario, deployment, timings, 1)
    status = name.removesuffix("_window").replace("modification", "modifying")
    assert trial.world.aurora.shown.before(trial.world.journal.zero - 20) == status
    assert run.stages["client_uncached"] == pytest.approx(7)


# Known risks.

CUT_OFF = Scenario(
    name="monitor_cut_off",
    title="only the monitor's way to the database is cut, for half an hour",
    faults=((0.0, lambda trial: setattr(trial.world.network, "loss", 1.0)),),
    lasts=1800.0,
)


def test_a_monitor_that_is_cut_off_moves_the_writer_once_in_the_cooldown(
    measure, deployment, timings
):
    """README.md names this risk, so it is no scenario with a budget of no unneeded failover."""
    for seed in range(1, 4):
        run, trial = measure(CUT_OFF, deployment, timings, seed)
        assert (len(trial.facts.acts), run.unneeded, run.broken) == (1, 1, ())
    run, trial = measure(CUT_OFF, deployment.configured(cooldown_seconds=0), timings, 1)
    assert len(trial.facts.acts) > 10
