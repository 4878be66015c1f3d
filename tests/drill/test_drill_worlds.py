"""Worlds in which a sense or a service is missing, and the defects of a handler that only they show."""

from dataclasses import replace

import pytest

from drtemplate.drill.invariants import broken
from drtemplate.drill.runner import drill
from drtemplate.drill.scenarios import select
from drtemplate.drill.session import with_handlers
from drtemplate.drill.trial import Trial
from drtemplate.groups.handlers import OBSERVERS
from drtemplate.settings import PROJECT
from drtemplate.world.api.rds import Rds
from drtemplate.world.aws.prober import Reply
from drtemplate.world.aws.refusal import Refused
from drtemplate.world.world import World

RUNS = 2


def wrongs(deployment, timings, name):
    """The names of what two runs of a scenario break: budgets and invariants."""
    (summary,) = drill(deployment, timings, select([name]), runs=RUNS, seed=1)
    lost = {budget.name.split(",")[0] for budget in summary.budgets if not budget.held}
    return lost | summary.broken.keys()


@pytest.fixture(scope="module")
def defective(deployment):
    """The deployment with a text in one module of its handlers replaced, in each function that has it."""
    whole = with_handlers(deployment, PROJECT / "handlers")

    def make(module, old, new):
        functions = {}
        for logical, one in whole.functions.items():
            modules = dict(one.code.modules)
            if module in modules:
                assert modules[module].count(old) == 1, old
                modules[module] = modules[module].replace(old, new)
            functions[logical] = replace(one, code=replace(one.code, modules=modules))
        return replace(whole, functions=functions)

    return make


# A scenario, a defect of the handlers (module, text, what stands there instead), and what breaks.
UNNEEDED, OWED = "unneeded failovers", "messages owed and not sent"
DEFECTS = [
    # Witnesses: the observers' word, AWS's own eye, another member as control.
    ("metrics_missing", "conditions", "if view.word and view.word.alive", "if False", UNNEEDED),
    ("metrics_missing_monitor_dead", "conditions", "if request.alarm and not view.aws_silent", "if False",
     UNNEEDED),
    ("metrics_missing", "conditions", 'if "unhealthy" not in primary or "healthy" in primary:', "if False:",
     UNNEEDED),
    ("security_group_application_dead", "rows", "if suspects and others else", "if suspects else", UNNEEDED),
    ("elbv2_down_restart", "health_monitor", "targets = UNKNOWN", "targets = BAD", UNNEEDED),
    ("elbv2_down", "health_monitor", "states = attempt(read_targets, elbv2, environ",
     "states = (lambda call, *given: call(*given))(read_targets, elbv2, environ", "detect"),
    # What is in somebody's hands, and what is cooled down.
    ("reboot_by_hand", "conditions", "view.row_age < PASSING", "False", UNNEEDED),
    ("death_in_cooldown", "conditions", "and (view.aws_silent or (view.agreed and now - max(state.moves[component]) >= AGREED))", "and False",
     "missed failovers"),
    # The acts, and what is told of them.
    ("application_back", "acts", "Disabled=latch, Inverted=latch", "Disabled=False, Inverted=latch",
     "no automatic fail back"),
    ("both_tiers_dead", "acts", "moved = topology is not None and topology.writer not in (None, decision.old)",
     'moved = status == "available"', "true record"),
    ("switch_never_read", "configuration", 'last.get("arming", "DRY_RUN")', 'last.get("arming", "ON")',
     UNNEEDED),
    ("both_sides_dead", "telling", 'SILENT_REASONS = frozenset((', 'SILENT_REASONS = frozenset(("no_standby", ',
     OWED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "module", "old", "new", "wrong"),
    DEFECTS,
    ids=[f"{one[0]}-{one[1]}" for one in DEFECTS],
)
def test_a_defect_breaks_what_the_deployed_handlers_keep(
    defective, timings, name, module, old, new, wrong
):
    """What they keep is in ``test_drill_runs``."""
    # As long as two bad probes in a row, whenever it begins.
    timings = timings.fixed(aurora_engine_restart=16.0)
    assert wrong in wrongs(defective(module, old, new), timings, name)


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
    ("name", "alarms", "outcome"),
    [
        # AWS's eye is misled, and the observers know better; then nobody corroborates.
        ("metrics_missing", {"drill-writer", "drill-alb-unhealthy-targets"}, "NOT_REQUIRED"),
        ("metrics_missing_monitor_dead", {"drill-writer"}, "NOT_REQUIRED"),
    ],
)
def test_the_alarms_call_and_are_not_trusted(measure, deployment, timings, name, alarms, outcome):
    (scenario,) = select([name])
    run, trial = measure(scenario, deployment, timings, 1)
    called = [one for one in trial.facts.runs if one.source == "alarm"]
    assert {one.event["alarmData"]["alarmName"] for one in called} == alarms
    assert (trial.facts.acts, run.outcome) == ([], outcome)


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
        assert {(one["database"], one["alb_targets"]) for one in votes} == {(False, None)}
        assert [act.component for act in trial.facts.acts] == ["database"]
        # One signal decides alone, and so the grace is waited for.
        assert run.stages["grace"] > 5


# The latch.


def alone(deployment, timings):
    """A world in which nobody else latches."""
    trial = Trial.of(deployment, timings, "x")
    trial.world.functions.broken.update(OBSERVERS)
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
