"""Whole drills: determinism, the deployed handlers in every scenario, and handlers with a known defect."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from drtemplate.drill import faults, runner
from drtemplate.drill.budgets import judge, limits
from drtemplate.drill.facts import Facts
from drtemplate.drill.invariants import INVARIANTS
from drtemplate.drill.results import Run, Summary
from drtemplate.drill.runner import drill, report, simulate
from drtemplate.drill.scenario import Scenario
from drtemplate.drill.scenarios import SCENARIOS, SLICES, STRIDE, select
from drtemplate.drill.trial import Trial
from drtemplate.settings import PROJECT
from drtemplate.world.reading import load_deployment
from drtemplate.world.world import World

RUNS = 2


@pytest.fixture(scope="module")
def short(deployment, timings):
    summaries = drill(deployment, timings, SCENARIOS, runs=RUNS, seed=1, jobs=2)
    return {summary.scenario: summary for summary in summaries}


# The deployed handlers.


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_no_failover_that_is_unneeded_or_repeated(short, scenario):
    counts = short[scenario.name].counts
    assert (counts["unneeded"], counts["repeated"]) == (0, 0)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_every_budget_and_invariant_holds(short, scenario):
    summary = short[scenario.name]
    assert summary.broken == {}
    assert [one for one in summary.budgets if not one.held] == []


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.must_act], ids=lambda one: one.name)
def test_where_it_must_it_acts(short, scenario):
    summary = short[scenario.name]
    assert summary.counts["missed"] == 0
    assert summary.counts["right"] >= RUNS
    if scenario.name != "both_tiers_crash":  # where Aurora may be faster
        assert summary.measures["decide"].count == RUNS


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("planned_failover", "COMPLETED"),
        ("fail_back", "FAILED_BACK"),
        ("dynamodb_down", "REFUSED"),
        ("quiet_week", "NONE"),
        ("blip_15s", "NONE"),
        ("reader_crash", "NONE"),
    ],
)
def test_outcomes(short, name, outcome):
    assert short[name].outcomes == {outcome: RUNS}


@pytest.mark.parametrize(
    ("name", "seed", "outcome"),
    [
        # The alarm's own run and the sweep's come at once; the sweep's has the lease.
        ("monitor_dead", 18, "COMPLETED"),
        # Asked for while Aurora restarts the writer, just before it moves it by itself.
        ("writer_crash", 11, "REFUSED"),
    ],
)
def test_a_rare_end_is_a_good_one(deployment, timings, name, seed, outcome):
    (scenario,) = select([name])
    run = simulate(scenario, deployment, timings, seed)
    assert run.outcome == outcome in scenario.ends_well


def test_a_service_that_is_down_takes_no_message(short):
    assert short["sns_down"].counts["notifications"] == 0
    assert short["both_tiers_dead"].counts["notifications"] > 0


def test_the_issue_names_are_all_there():
    names = {one.name for one in SCENARIOS}
    assert len(names) == len(SCENARIOS) >= 25
    for word in (
        "writer_crash reader_crash zone_outage application_dead both_tiers_dead load_balancer_dead "
        "nat_lost blip_3s blip_15s backup_window maintenance_window modification_window lag_spike "
        "stale_lag monitor_dead orchestrator_killed dynamodb_down sns_down cloudwatch_down ssm_down "
        "route53_down throttling double_trigger aurora_stalled no_reader day_0 planned_failover "
        "fail_back quiet_week"
    ).split():
        assert word in names


# Determinism.


def results(deployment, timings, jobs=1):
    scenarios = select(["quiet_week", "double_trigger", "throttling"])
    summaries = drill(deployment, timings, scenarios, runs=4, seed=5, jobs=jobs)
    return report(deployment, timings, summaries, 5, 4).to_json()


def test_the_same_seed_gives_the_same_results_on_any_number_of_jobs(
    deployment, timings, monkeypatch
):
    one = results(deployment, timings)
    # The runs of a scenario at a stretch, or in several parts of which the last is short.
    monkeypatch.setattr(runner, "CHUNK", 3)
    assert one == results(deployment, timings, jobs=2)


def test_another_seed_gives_another_run(deployment, timings):
    (scenario,) = select(["blip_3s"])
    first, again, other = (simulate(scenario, deployment, timings, seed) for seed in (5, 5, 6))
    assert first == again
    assert first.lambda_seconds != other.lambda_seconds


def test_the_results_do_not_depend_on_hash_order():
    """Sets and the like have another order in every process."""
    texts = set()
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        texts.add(done.stdout)
    assert len(texts) == 1


SCRIPT = """
from drtemplate.drill import runner
from drtemplate.world.timings import load_timings
from drtemplate.world.reading import load_deployment
from drtemplate.drill.scenarios import select
stack, timings = load_deployment(), load_timings()
found = runner.drill(stack, timings, select(["both_tiers_dead", "zone_outage"]), runs=2, seed=1)
print(runner.report(stack, timings, found, 1, 2).to_json())
"""


def test_a_run_is_repeated_by_its_own_seed(deployment, timings):
    (scenario,) = select(["both_tiers_dead"])
    (summary,) = drill(deployment, timings, [scenario], runs=8, seed=100, jobs=2)
    worst = summary.measures["accepted"]
    run = simulate(scenario, deployment, timings, worst.worst_seed)
    assert run.measures()["accepted"] == pytest.approx(worst.worst, abs=1e-6)


def test_the_first_run_of_a_scenario_is_shown(short):
    for summary in short.values():
        assert summary.example.seed == 1
    timeline = short["both_tiers_dead"].example.timeline
    assert [moment.at for moment in timeline] == sorted(moment.at for moment in timeline)
    actors = {"Aurora", "observer zone-1", "observer zone-2", "orchestrator"}
    assert actors <= {moment.actor for moment in timeline}
    # What the automation did is drawn from its log.
    log = [one.what.partition(":")[0] for one in timeline if one.actor == "orchestrator"]
    steps = [log.index(step) for step in ("DECISION", "ACT", "ACCEPTED", "END", "TOLD")]
    assert steps == sorted(steps)


def test_a_week_is_cut_into_consecutive_parts(deployment, timings):
    """In the slice with the backup window's beginning the cluster is shown as backing up."""
    (scenario,) = select(["quiet_week"])
    found = set()
    # From three to four o'clock, in parts of ten minutes.
    for number in (seed for seed in range(SLICES) if seed * STRIDE % SLICES in range(17, 24)):
        run = simulate(scenario, deployment, timings, number, shown=True)
        found |= {moment.what for moment in run.timeline if moment.actor == "Aurora"}
        assert (run.unneeded, run.outcome) == (0, "NONE")
    assert "cluster backing-up" in found


def test_any_number_of_runs_lies_all_over_the_week():
    assert sorted(seed * STRIDE % SLICES for seed in range(SLICES)) == list(range(SLICES))
    days = {seed * STRIDE % SLICES * 7 // SLICES for seed in range(1, 51)}
    assert days == set(range(7))


@pytest.mark.parametrize("name", ["both_tiers_dead", "writer_hung", "application_dead"])
def test_the_deployed_handlers_keep_the_budgets(deployment, timings, name):
    (scenario,) = select([name])
    summary = fails(deployment, timings, scenario, range(1, 9))
    summary.budgets = judge(summary, scenario, {})
    assert [one for one in summary.budgets if not one.held] == []


@pytest.mark.parametrize("name", ["writer_hung", "application_dead"])
def test_the_alarms_way_is_too_slow_for_the_budgets(deployment, timings, name):
    """With the monitor dead the alarms act, and the drill says that it is late."""
    (ordinary,) = select([name])
    scenario = replace(ordinary, setup=(faults.monitor_broken,), lasts=780.0)
    summary = fails(deployment, timings, scenario, range(1, 4))
    assert summary.counts["right"] == 3
    summary.budgets = judge(summary, scenario, {})
    assert not summary.held
    assert not next(one for one in summary.budgets if one.name.startswith("detect")).held


def test_what_acts_before_the_fault_is_unneeded(deployment, timings):
    (quiet,) = select(["quiet_week"])
    early = ((-90.0, faults.writer_stops("hung", seen=False)),)
    summary = fails(deployment, timings, replace(quiet, faults=early))
    assert summary.counts["unneeded"] == 4


# Handlers with a known defect fail.

CALLS_ALWAYS = "NEEDS_DATABASE = False\n"
KNOWS_ALL = "UNKNOWN = False\n"
LEASELESS = "LEASE = False\n"
# What the orchestrator does while it still has the lease, when all is done.
BEFORE_THE_END = """
_record = record
def record(status, **condition):
    while status == "COMPLETED":
        time.sleep(2)
        try:
            {}
            break
        except Exception:
            pass
    _record(status, **condition)
"""
# A role that names instances allows no call that names none.
ASKS_FOR_ALL = """
_record = record
def record(status, **condition):
    try:
        rds.describe_db_instances()
    except Exception:
        pass
    _record(status, **condition)
"""
AGAIN = "rds.failover_db_cluster(DBClusterIdentifier=cluster)"
RELEASE = 'route53.update_health_check(HealthCheckId=os.environ["HEALTH_CHECK"], Inverted=False)'
BLIND = Scenario(
    name="blind", title="nothing is known", faults=((0.0, faults.service_down("elbv2")),)
)
# Invariant -> a scenario, and the lines added to monitor and orchestrator that break it and no other.
DEFECTS = {
    "one failover per incident": ("planned_failover", "", BEFORE_THE_END.format(AGAIN)),
    "lease held": ("planned_failover", "", LEASELESS),
    "no stuck run": ("both_tiers_dead", "", "FINISHES = False\n"),
    "evidence": (BLIND, CALLS_ALWAYS + KNOWS_ALL, ""),
    "no automatic fail back": ("both_tiers_dead", "", BEFORE_THE_END.format(RELEASE)),
    "true record": ("both_tiers_dead", "", "PROVES = False\n"),
    "told": ("both_tiers_dead", "", "TELLS = False\n"),
    "allowed": ("planned_failover", "", ASKS_FOR_ALL),
}


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_every_invariant_can_be_broken(plain, timings, invariant):
    scenario, monitor, orchestrator = DEFECTS[invariant]
    if isinstance(scenario, str):
        (scenario,) = select([scenario])
    assert fails(plain(), timings, scenario).broken == {}
    found = fails(plain(monitor, orchestrator), timings, scenario)
    assert found.broken == {invariant: 4}
    assert list(found.denials.values()) == [4] * (invariant == "allowed")


def fails(deployment, timings, scenario, seeds=range(4)):
    """What four runs count together, and the invariants that they break."""
    summary = Summary(scenario.name)
    for seed in seeds:
        summary.add(simulate(scenario, deployment, timings, seed))
    return summary


def test_the_small_handlers_break_nothing(plain, timings):
    (scenario,) = select(["both_tiers_dead"])
    summary = fails(plain(), timings, scenario)
    assert (summary.counts["right"], summary.counts["unneeded"], summary.broken) == (4, 0, {})


def test_without_a_lease(plain, timings):
    (scenario,) = select(["both_tiers_dead"])
    made = plain(CALLS_ALWAYS, LEASELESS)
    summary = fails(made, timings, scenario)
    assert summary.counts["repeated"] >= 4
    assert summary.broken["lease held"] == 4
    assert summary.broken["one failover per incident"] == 4


def test_what_is_unknown_counted_as_bad(plain, timings):
    summary = fails(plain(CALLS_ALWAYS + KNOWS_ALL), timings, BLIND)
    assert summary.counts["unneeded"] == 4
    assert fails(plain(CALLS_ALWAYS), timings, BLIND).counts["unneeded"] == 0


def test_an_automatic_fail_back(plain, timings):
    (scenario,) = select(["both_tiers_dead"])
    summary = fails(plain("", "FAILS_BACK = True\n"), timings, scenario)
    assert summary.broken["no automatic fail back"] == 4
    assert summary.counts["repeated"] >= 4


def test_two_failovers_under_one_lease_before_the_incident(plain, timings):
    (scenario,) = select(["fail_back"])
    summary = fails(plain("", BEFORE_THE_END.format(AGAIN)), timings, scenario)
    assert summary.broken == {"one failover per incident": 4}


def test_a_run_that_is_killed_and_that_no_later_one_records(plain, timings):
    """The small orchestrator refuses for ever, also when the lease of the killed run is over."""
    (scenario,) = select(["orchestrator_killed_early"])
    assert fails(plain(), timings, scenario).broken == {"no stuck run": 4}


def test_a_handler_that_never_calls_is_missed(plain, timings):
    (scenario,) = select(["both_tiers_dead"])
    summary = fails(plain("def handler(event, context): pass\n"), timings, scenario)
    assert summary.counts["missed"] == 4
    summary.budgets = judge(summary, scenario, {})
    assert not summary.held
    unmeasured = next(one for one in summary.budgets if one.name.startswith("detect"))
    assert (unmeasured.held, unmeasured.measured) == (False, None)


def test_a_slow_decision_breaks_its_budget_and_is_named(plain, timings):
    (scenario,) = select(["both_tiers_dead"])
    slow = "_handler = handler\ndef handler(event, context):\n time.sleep(30)\n return _handler(event, context)\n"
    (summary,) = drill(plain("", slow), timings, [scenario], runs=3, seed=1)
    broken = {budget.name: budget for budget in summary.budgets if not budget.held}
    assert "decide, 99th percentile" in broken
    assert broken["decide, 99th percentile"].mechanism == "the handler itself"
    assert "detect, 99th percentile" not in broken


# Budgets.


@pytest.mark.parametrize(("detect", "held"), [(11.9, True), (12.2, False)])
def test_the_99th_percentile_is_judged(detect, held):
    (scenario,) = select(["both_tiers_dead"])
    summary = Summary(scenario.name)
    for number in range(100):
        # One run in a hundred may be as long as it likes; two may not.
        stages = {
            "signal": 0.0,
            "detect": 90.0 if number == 0 else detect,
            "decide": 1.0,
            "latch": 1.0,
            "verify": 1.0,
        }
        summary.add(Run(scenario.name, number, stages, right=1))
    budgets = {one.name.split(",")[0]: one for one in judge(summary, scenario, {})}
    assert budgets["detect"].held is held
    assert budgets["decide"].held


@pytest.mark.parametrize("wrong", ["unneeded", "repeated", "missed"])
def test_one_wrong_failover_is_too_many(wrong):
    (scenario,) = select(["both_tiers_dead"])
    summary = Summary(scenario.name)
    for number in range(100):
        stages = dict.fromkeys(("signal", "detect", "wait", "decide", "latch", "verify"), 1.0)
        made = {wrong: 1} if number == 7 else {}
        summary.add(Run(scenario.name, number, stages, outcome="COMPLETED", **made))
    lost = [one.name for one in judge(summary, scenario, {}) if not one.held]
    assert lost == [f"{wrong} failovers"]


def reactions(count, without=(), **more):
    """So many runs with all measures, and one of what ``more`` says."""
    (scenario,) = select(["both_tiers_dead"])
    summary = Summary(scenario.name)
    stages = dict.fromkeys(("signal", "detect", "wait", "decide", "latch", "verify"), 1.0)
    for number in range(count):
        summary.add(Run(scenario.name, number, stages))
    left = {name: value for name, value in stages.items() if name not in without}
    summary.add(Run(scenario.name, count, left, **more))
    return {one.name.split(",")[0]: one for one in judge(summary, scenario, {}) if one.unit}


@pytest.mark.parametrize("name", ["detect", "decide", "latch"])
def test_a_budget_that_a_single_run_does_not_show_is_not_held(name):
    found = reactions(99, without=(name,))[name]
    assert not found.held
    assert (found.measured, found.runs, found.due) == (1.0, 99, 100)
    assert found.mechanism == "measured in only 99 of the 100 runs that owe it"
    assert reactions(99)[name].held


def test_a_run_in_which_another_was_first_owes_nothing():
    lost = ("detect", "wait", "decide")
    found = reactions(99, without=lost, excused=(*lost, "own_share", "accepted"))
    assert all(one.held for one in found.values())
    assert (found["decide"].runs, found["decide"].due) == (99, 99)
    assert (found["latch"].runs, found["latch"].due) == (100, 100)


def test_what_no_run_owes_is_no_promise():
    assert "latch" not in reactions(0, without=("latch",), excused=("latch",))
    assert not reactions(0, without=("latch",))["latch"].held


def test_where_it_need_not_act_no_time_is_promised():
    (scenario,) = select(["reader_crash"])
    promises = judge(Summary(scenario.name), scenario, {})
    assert [one.name for one in promises if one.unit] == []
    assert not {"missed failovers", "latches not taken"} & {one.name for one in promises}


def counted(name, runs):
    """The promises on counts that so many runs do not keep."""
    (scenario,) = select([name])
    summary = Summary(scenario.name)
    for run in runs:
        summary.add(run)
    return [one.name for one in judge(summary, scenario, {}) if not one.unit and not one.held]


@pytest.mark.parametrize(
    ("name", "well", "badly"),
    [
        ("both_tiers_dead", "COMPLETED", "FAILED"),
        ("both_tiers_dead", "COMPLETED", "NONE"),
        ("day_0", "NONE", "COMPLETED"),
        ("quiet_week", "NOT_REQUIRED", "REFUSED"),
        ("aurora_stalled", "FAILED", "COMPLETED"),
        ("no_reader", "COMPLETED", "FAILED"),
        ("dynamodb_down", "REFUSED", "COMPLETED"),
        ("writer_crash", "NONE", "FAILED"),
    ],
)
def test_one_run_that_ends_otherwise_is_too_many(name, well, badly):
    runs = [Run(name, number, {}, outcome=well) for number in range(99)]
    assert counted(name, runs) == []
    assert counted(name, [*runs, Run(name, 99, {}, outcome=badly)]) == ["runs that ended otherwise"]


def test_a_person_can_read_so_many_mails():
    name = "both_tiers_dead"
    runs = [Run(name, number, {}, outcome="COMPLETED", mails=12) for number in range(2)]
    assert counted(name, runs) == []
    runs.append(Run(name, 9, {}, outcome="COMPLETED", mails=13))
    assert counted(name, runs) == ["mails of the automation in a run"]


@pytest.mark.parametrize(("name", "most"), [("both_tiers_dead", 0), ("throttling", 23)])
def test_so_many_latches_aws_may_not_take(name, most):
    runs = [
        Run(name, number, {}, outcome="COMPLETED", excused=("latch",) * (number < most))
        for number in range(100)
    ]
    assert counted(name, runs) == []
    runs[99] = Run(name, 99, {}, outcome="COMPLETED", excused=("latch",))
    assert counted(name, runs) == ["latches not taken"]


def test_what_is_excused_is_not_measured_either():
    """Runs that owe nothing must not stand in for those that do."""
    (scenario,) = select(["both_tiers_dead"])
    summary = Summary(scenario.name)
    for number in range(100):
        stages, excused = ({"detect": 1.0}, ("detect",)) if number % 2 else ({}, ())
        summary.add(Run(scenario.name, number, stages, excused=excused))
    (found,) = (one for one in judge(summary, scenario, {}) if one.name.startswith("detect"))
    assert (found.measured, found.runs, found.due, found.held) == (None, 0, 50, False)


# The world around a run.


def test_nothing_of_a_run_outlives_it(deployment, timings):
    made = World(deployment, timings, "x")
    made.run(100)
    assert made.functions.running
    made.close()
    assert not made.clock.strands
    assert all(one.strand is None or one.strand.dead for one in made.functions.running)


def test_a_nat_gateway_lost_blinds_one_zone_only(deployment, timings):
    made = World(deployment, timings, "x")
    function = deployment.functions["HealthMonitorFunction"]
    faults.nat_lost(Trial(made, Facts(), []))
    other = deployment.functions["HealthMonitorFunction2"]
    (first,), (second,) = function.zones, other.zones
    path = made.network.path
    assert path("rds", function, first) == "silent"
    assert path("rds", other, second) == "fine"
    assert path("dynamodb", function, first) == "fine"  # by its gateway endpoint
    orchestrator = deployment.functions["FailoverOrchestratorFunction"]
    assert path("rds", orchestrator, first) == "fine"  # outside of the VPC
    single = replace(other, nat_zones={second: first})
    assert path("rds", single, second) == "silent"
    made.close()


def test_the_drill_reads_the_committed_template():
    deployment = load_deployment()
    assert deployment.handlers == "template"
    assert deployment.functions["HealthMonitorFunction"].timeout == 140
    assert {one.every for one in deployment.rules if one.every} == {60}


def test_a_scenario_that_takes_a_budget_away_has_a_bound_of_its_own():
    (ordinary,) = select(["both_tiers_dead"])
    (killed,) = select(["orchestrator_killed_early"])
    usual, allowed = (limits(one) for one in (ordinary, killed))
    assert usual == {
        "detect": 12.0,
        "wait": 4.0,
        "decide": 3.0,
        "own_share": 15.0,
        "accepted": 20.0,
        "latch": 5.0,
    }
    assert allowed == usual | killed.allowed
    assert all(allowed[name] > usual[name] for name in killed.allowed)


def test_what_is_allowed_is_a_measure_with_a_budget():
    for one in SCENARIOS:
        assert one.allowed.keys() <= limits(one).keys(), one.name
