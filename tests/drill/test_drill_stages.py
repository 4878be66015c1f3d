"""Closed-form cases: with fixed timings the measured stages are what the arithmetic says."""

from dataclasses import replace

import pytest

from drtemplate.drill import faults, runner
from drtemplate.drill.scenario import BOTH, DATABASE, Scenario
from drtemplate.drill.scenarios import select

SEEDS = range(5)
API = 0.1
# The small handlers' cold start: queue, sandbox, and the CPU time at 1,024 of 1,769 MB.
START = 0.1 + 0.1 + 0.1 * 1769 / 1024


def scenario(name):
    (found,) = select([name])
    return found


def ticks(began, until=70):
    return [began + 5 * number for number in range(until // 5)]


@pytest.mark.parametrize("seed", SEEDS)
def test_both_tiers_dead(measure, plain, fixed, seed):
    timings = fixed(aurora_promotion=17, aurora_settle=2, target_state_delay=1)
    run, trial = measure(scenario("both_tiers_dead"), plain(), timings, seed)
    zero, stages = trial.world.journal.zero, run.stages

    # AWS's signal: the second refused probe of the later target, shown a second later.
    phases = [target.prober.phase for target in trial.world.balancers["Primary"].targets]
    signal = max((phase - zero) % 5 + 5 + 1 for phase in phases)
    assert stages["signal"] == pytest.approx(signal)

    # The monitor: connected at once, no packet for two seconds, then a call of 0.1 s each.
    call = trial.facts.acts[0].caller.call
    bad = [at for at in ticks(call.caller.began) if at >= zero]
    stands = bad[1] + 2.1
    looks = [at for at in bad[1:] if at + 2.2 >= zero + signal]
    stands = max(stands, min(at + 2.2 for at in bad if at + 2.2 >= zero + signal))
    # Both signals stand, so nothing waits for a grace: all of it is detection.
    assert stages["detect"] == pytest.approx(call.at - zero - signal)
    assert call.at == pytest.approx(looks[0] + 2.3)
    assert stands <= call.at
    assert stages["grace"] == 0

    # The orchestrator: cold, takes the lease, looks, calls.
    assert stages["decide"] == pytest.approx(START + 3 * API)
    assert stages["promote"] == pytest.approx(17 + 2)

    # It looks after 0.1 s and then every 1.1 s, and records in 0.1 s.
    looked = next(at for n in range(99) if (at := API + 1.1 * n) >= 19 - 1e-9)
    assert stages["verify"] == pytest.approx(looked + API - 19)

    # A client: DNS has moved long ago; the endpoint's name 0.1 s after the promotion, cached for 5 s.
    random = trial.world.clock.random("client")
    random.uniform(0, 60)
    phase = random.uniform(0, 5)
    named = zero + sum(stages[name] for name in ("signal", "detect", "grace", "decide")) + 17 + 0.1
    assert stages["client_uncached"] == pytest.approx(named + (phase - named) % 5 - zero)
    assert run.measures()["accepted"] == pytest.approx(trial.facts.acts[0].at - zero)
    assert (run.right, run.missed, run.unneeded, run.repeated, run.broken) == (1, 1, 0, 0, ())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_alarm_path(measure, deployment, fixed, seed):
    timings = fixed(metric_delay=30, alarm_delay=0.5)
    run, trial = measure(scenario("monitor_dead"), deployment, timings, seed)
    zero = trial.world.journal.zero
    # The last value is of the last full minute before the fault. Four periods are looked at; the one
    # before the last full minute leaves that range after four more minutes.
    last = zero // 60 * 60
    assert run.stages["signal"] == 0
    assert run.stages["detect"] == pytest.approx(last + 240 + 0.5 - zero)
    assert run.right == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_latch_follows_the_promotion(measure, deployment, fixed, seed):
    timings = fixed(aurora_promotion=10, aurora_settle=1)
    run, _ = measure(scenario("both_tiers_dead"), deployment, timings, seed)
    assert run.stages["promote"] == pytest.approx(10 + 1)
    # The deployed orchestrator writes, looks, and looks again 2 s later; then it writes, asks for the
    # targets of both sides, and calls Route 53.
    looked = next(at for n in range(99) if (at := 2 * API + (2 + API) * n) >= 11)
    assert run.stages["latch"] == pytest.approx(looked + 4 * API - 11)
    # It writes the latch and the end.
    assert run.stages["verify"] == pytest.approx(looked + 6 * API - 11)


def test_a_record_before_the_cluster_is_available_counts(measure, deployment, fixed):
    """After a killed run the next may find the writer moved, and have only to latch."""
    timings = fixed(aurora_promotion=40, aurora_settle=15)
    found = []
    for seed in SEEDS:
        run, trial = measure(scenario("orchestrator_killed"), deployment, timings, seed)
        ended = next(one.at for one in trial.facts.writes if one.status == "COMPLETED")
        available = trial.world.aurora.status.first("available", trial.facts.acts[0].at)
        found.append(run.stages["verify"])
        assert found[-1] == pytest.approx(max(0, ended - available), abs=1e-5)
    assert 0 in found


def test_a_latch_alone_is_the_decision(measure, deployment, fixed):
    run, _ = measure(scenario("application_dead"), deployment, fixed(), 1)
    assert run.stages["latch"] is None
    assert run.stages["decide"] is not None


@pytest.mark.parametrize(
    ("name", "excused"),
    [
        ("both_tiers_dead", ()),
        ("monitor_and_both_dead", ()),
        ("route53_down", ("latch",)),
        ("orchestrator_killed", ()),
    ],
)
def test_what_a_run_owes(measure, deployment, timings, name, excused):
    for seed in SEEDS:
        run, _ = measure(scenario(name), deployment, timings, seed)
        assert run.excused == excused
        assert ("latch" in run.measures()) is ("latch" not in excused)


@pytest.mark.parametrize(("detection", "first"), [(5, "Aurora"), (150, "we")])
def test_where_aurora_is_first_our_reaction_is_not_owed(
    measure, deployment, fixed, detection, first
):
    # An instance that shows as rebooting is left alone for 90 s.
    timings = fixed(aurora_detection=detection, aurora_promotion=20)
    run, _ = measure(scenario("both_tiers_crash"), deployment, timings, 1)
    reactions = {"detect", "wait", "decide", "own_share", "accepted"}
    assert set(run.excused) == (reactions if first == "Aurora" else set())
    assert (run.stages["decide"] is None) is (first == "Aurora")
    assert run.stages["latch"] is not None


def test_a_latch_that_is_not_taken_is_counted(deployment, timings):
    """The handler's own fault is written down like Route 53's; what excuses it has a budget."""
    (orchestrator,) = (one for name, one in deployment.functions.items() if "Orch" in name)
    call = "route53.update_health_check("
    broken = replace(orchestrator, code=orchestrator.code.replace(call, "raise OSError(1);" + call))
    made = replace(deployment, functions={**deployment.functions, broken.logical: broken})
    (summary,) = runner.drill(made, timings, [scenario("both_tiers_dead")], runs=2, seed=1)
    assert [one.name for one in summary.budgets if not one.held] == ["latches not taken"]
    assert summary.excused == {"latch": 2}


@pytest.mark.parametrize("seed", SEEDS)
def test_aurora_on_its_own(measure, deployment, fixed, seed):
    timings = fixed(aurora_detection=6, aurora_promotion=9, aurora_settle=1)
    run, trial = measure(scenario("writer_crash"), deployment, timings, seed)
    assert run.stages["promote"] == pytest.approx(9 + 1)
    assert run.stages["decide"] is None
    assert trial.facts.acts == []
    assert 15.1 <= run.stages["client_uncached"] <= 15.1 + 5
    assert (run.right, run.unneeded, run.missed) == (0, 0, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cached_answer_lasts_its_ttl(measure, deployment, fixed, seed):
    run, trial = measure(scenario("load_balancer_dead"), deployment, fixed(), seed)
    zero = trial.world.journal.zero
    moved = trial.world.records.side.first("Standby", zero)
    assert run.stages["client_uncached"] == pytest.approx(moved - zero)
    phase = trial.world.clock.random("client").uniform(0, 60)
    assert run.stages["client_cached"] == pytest.approx(moved - zero + (phase - moved) % 60)


@pytest.mark.parametrize("name", ["writer_hung", "application_dead", "both_tiers_dead", "ssm_down"])
def test_the_stages_of_the_real_handlers_add_up(measure, deployment, timings, name):
    run, trial = measure(scenario(name), deployment, timings, 3)
    wanted = "application" if name == "application_dead" else "database"
    act = next(act for act in trial.facts.acts if act.component == wanted)
    assert run.measures()["accepted"] == pytest.approx(act.at - trial.world.journal.zero, abs=1e-5)
    assert run.right >= 1


def test_a_changed_template_changes_the_drill(measure, plain, fixed):
    """Twice the interval of the target group makes its debounce twice as long."""
    slow = plain()
    sides = {name: replace(side, interval=10.0) for name, side in slow.sides.items()}
    found = {}
    for label, deployment in (("as it is", slow), ("slower", replace(slow, sides=sides))):
        signals = []
        for seed in range(12):
            run, _ = measure(scenario("both_tiers_dead"), deployment, fixed(), seed)
            signals.append(run.stages["signal"])
        found[label] = min(signals), max(signals)
    assert 5 <= found["as it is"][0] <= found["as it is"][1] <= 10.1
    assert 10 <= found["slower"][0] <= found["slower"][1] <= 20.1
    assert found["slower"][1] > 10.1


def test_configured_values_reach_the_handlers(measure, deployment, fixed):
    quick = deployment.configured(database_grace_seconds=0)
    usual = {}
    for label, one in (("usual", deployment), ("quick", quick)):
        run, _ = measure(scenario("writer_hung"), one, fixed(), 2)
        usual[label] = run.measures()["accepted"]
    assert usual["quick"] < usual["usual"] - 9


@pytest.mark.parametrize(
    ("dead", "needs", "first"),
    [((faults.writer_stops("hung", seen=False),), DATABASE, "database"),
     ((faults.writer_stops("hung", seen=False), faults.servers_die()), BOTH, "database")],
)  # fmt: skip
def test_a_scenario_is_a_few_lines(measure, deployment, timings, dead, needs, first):
    made = Scenario(
        name="mine", title="my own", faults=tuple((0.0, one) for one in dead), needs=needs
    )
    run, trial = measure(made, deployment, timings, 1)
    assert trial.facts.acts[0].component == first
    assert run.right == 1
