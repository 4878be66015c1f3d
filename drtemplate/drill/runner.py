"""Runs scenarios many times, on as many processes as wanted; the result does not depend on how many."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from drtemplate.drill import prices
from drtemplate.drill.budgets import judge, limits
from drtemplate.drill.invariants import INVARIANTS, broken
from drtemplate.drill.knobs import BY_NAME
from drtemplate.drill.measures import Measured
from drtemplate.drill.processes import results
from drtemplate.drill.results import SUMS, DrillReport, Run, Summary
from drtemplate.drill.scenario import SPREAD, Scenario
from drtemplate.drill.scenarios import SLICE, SLICES, STRIDE
from drtemplate.drill.trial import Trial
from drtemplate.drill.verdicts import outcome, verdicts
from drtemplate.errors import DrTemplateError
from drtemplate.world.deployment import Deployment
from drtemplate.world.timings import Timings

# Seconds after which as many runs overlap as ever, so that what is metered from then on is usual.
SETTLED = 180.0
# Runs that a process makes at a stretch.
CHUNK = 25


@dataclass(slots=True)
class Tally:
    """What a summary needs beside the runs' own measures; merging is the same in any order."""

    usage: prices.Usage = field(default_factory=prices.Usage)
    slow: dict[str, dict[str, int]] = field(default_factory=dict)

    def blame(self, measure: str, mechanism: str, times: int = 1) -> None:
        """A mechanism took most of a measure that was over its limit."""
        found = self.slow.setdefault(measure, {})
        found[mechanism] = found.get(mechanism, 0) + times

    def merge(self, other: Tally) -> None:
        """Count what ``other`` has counted."""
        self.usage.merge(other.usage)
        for measure, found in other.slow.items():
            for mechanism, times in found.items():
                self.blame(measure, mechanism, times)


def simulate(
    scenario: Scenario,
    deployment: Deployment,
    timings: Timings,
    seed: int,
    shown: bool = False,
    tally: Tally | None = None,
) -> Run:
    """One run; the same seed gives the same one.

    Raises:
        DrTemplateError: a handler does what no drill knows.
    """
    # To look for garbage in a run takes a tenth of its time; at its end all of it is garbage.
    gc.disable()
    try:
        return _simulated(scenario, deployment, timings, seed, shown, tally or Tally())
    finally:
        gc.collect(0)
        gc.enable()


def _simulated(
    scenario: Scenario,
    deployment: Deployment,
    timings: Timings,
    seed: int,
    shown: bool,
    tally: Tally,
) -> Run:
    # Coprime with the number of slices: fewer runs than slices lie all over the week.
    offset = (seed * STRIDE % SLICES) * SLICE if scenario.sliced else 0.0
    name = f"{scenario.name}/{seed}"
    trial = Trial.of(deployment, timings, name, shown=shown, offset=offset)
    world = trial.world
    zero = scenario.warm + world.clock.random("fault").uniform(0, SPREAD)
    end = zero + scenario.lasts
    world.journal.zero = zero
    world.clock.at(zero, world.journal.note, "scenario", scenario.title)
    world.clock.at(SETTLED, trial.facts.meter.begin, world)
    try:
        for fault in scenario.setup:
            fault(trial)
        for after, fault in scenario.faults:
            world.clock.at(zero + after, fault, trial)
        world.run(end)
        return _run(trial, scenario, seed, zero, end, tally)
    finally:
        world.close()


def _run(trial: Trial, scenario: Scenario, seed: int, zero: float, end: float, tally: Tally) -> Run:
    world, facts = trial.world, trial.facts
    measured = Measured(trial, scenario, zero, end)
    run = Run(
        scenario=scenario.name,
        seed=seed,
        stages={name: _rounded(value) for name, value in measured.stages.items()},
        notifications=len(world.messages),
        mails=len(facts.tellers),
        lambda_seconds=sum(world.functions.seconds.values()),
        calls=world.functions.calls,
        virtual_seconds=end,
        outcome=outcome(trial, zero),
        excused=measured.excused,
        broken=broken(trial, zero),
        denials=tuple(dict.fromkeys(trial.denials)),
        timeline=world.journal.timeline(),
        **verdicts(trial, scenario, zero),
    )
    tally.usage.merge(facts.meter.end(world))
    _blame(run, measured, scenario, tally)
    return run


def _rounded(value: float | None) -> float | None:
    """Microseconds are enough; less than none is a rounding of the calendar."""
    return None if value is None else max(0.0, round(value, 6))


def _blame(run: Run, measured: Measured, scenario: Scenario, tally: Tally) -> None:
    values = run.measures()
    for name, limit in limits(scenario).items():
        if values.get(name, 0.0) > limit:
            parts = SUMS.get(name, (name,))
            worst = max(parts, key=lambda part: values.get(part, 0.0))
            tally.blame(name, measured.slow.get(worst, worst))


# Several processes.

_work: dict[str, Any] = {}


def _prepare(deployment: Deployment, timings: Timings) -> None:
    _work.update(deployment=deployment, timings=timings)


def _chunk(task: tuple[str, int, int, int]) -> tuple[str, int, Summary, Tally] | str:
    """Some runs of a scenario. An error comes back as its text: not all of them can be pickled."""
    name, seed, first, last = task
    scenario = BY_NAME[name]
    summary, tally = Summary(name), Tally()
    try:
        for at in range(first, last):
            shown = at == 0
            run = simulate(scenario, _work["deployment"], _work["timings"], seed + at, shown, tally)
            summary.add(run)
    except DrTemplateError as exc:
        return str(exc)
    return name, last - first, summary, tally


def drill(
    deployment: Deployment,
    timings: Timings,
    scenarios: Sequence[Scenario],
    *,
    runs: int,
    seed: int,
    jobs: int = 1,
    advance: Callable[[str, int], None] = lambda *_: None,
    finished: Callable[[Summary], None] = lambda _: None,
) -> tuple[Summary, ...]:
    """Make ``runs`` runs of each scenario, with the seeds from ``seed`` on.

    Args:
        deployment: the stack, with its handlers.
        timings: AWS's.
        scenarios: which ones, of `BY_NAME`.
        runs: of each.
        seed: of the first run; run k of the drill has the seed ``seed + k``.
        jobs: processes.
        advance: told of each scenario's name and so many more of its runs.
        finished: told of each scenario's summary, in order.

    Raises:
        DrTemplateError: a handler does what no drill knows.
    """
    tasks = [
        (one.name, seed, first, min(first + CHUNK, runs))
        for one in scenarios
        for first in range(0, runs, CHUNK)
    ]
    totals = {one.name: (Summary(one.name, one.title, one.must_act), Tally()) for one in scenarios}
    done: list[Summary] = []
    for result in results(_chunk, tasks, jobs, _prepare, (deployment, timings)):
        if isinstance(result, str):
            raise DrTemplateError(result)
        name, count, part, tally = result
        total, sums = totals[name]
        total.merge(part)
        sums.merge(tally)
        advance(name, count)
        if total.runs == runs:
            done.append(_finish(total, sums, BY_NAME[name], deployment))
            finished(done[-1])
    return tuple(done)


def _finish(summary: Summary, tally: Tally, scenario: Scenario, deployment: Deployment) -> Summary:
    summary.budgets = judge(summary, scenario, tally.slow)
    metered = summary.virtual_seconds - summary.runs * SETTLED
    summary.costs = prices.bill(deployment, tally.usage, metered)
    summary.cost_per_month = round(sum(summary.costs.values()), 2)
    return summary


def report(
    deployment: Deployment,
    timings: Timings,
    summaries: Iterable[Summary],
    seed: int,
    runs: int,
) -> DrillReport:
    """The whole drill, for printing and for programs."""
    return DrillReport(
        seed=seed,
        runs=runs,
        template_digest=deployment.digest,
        handlers=deployment.handlers,
        settings=deployment.settings(),
        assumptions=timings.rows(),
        summaries=tuple(summaries),
        invariants=INVARIANTS,
    )
