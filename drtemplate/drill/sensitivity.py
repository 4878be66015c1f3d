"""Which knob buys what: one value at a time is changed in the deployment, and the drill run again.

The changed deployment lives in memory; neither template nor configuration is written. All values of a
knob meet the same seeds, so that what differs between them is the knob and not the luck.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isinf
from typing import Any

from drtemplate.drill.confidence import between
from drtemplate.drill.durations import MICROSECONDS, Durations
from drtemplate.drill.knobs import BY_NAME, KNOBS, MOVES_HELP, Knob
from drtemplate.drill.processes import results
from drtemplate.drill.results import SensitivityRow, Summary
from drtemplate.drill.runner import drill
from drtemplate.errors import DrTemplateError
from drtemplate.world.deployment import Deployment
from drtemplate.world.timings import Timings

# Tells what a month costs.
USUAL = "quiet_week"


@dataclass(frozen=True, slots=True)
class Task:
    """A deployment to be drilled: which knob has which value (none: as deployed), in which scenarios."""

    knob: int | None
    value: float
    scenarios: tuple[str, ...]


Measure = Callable[[Sequence[Task]], Iterable[Sequence[Summary]]]


def plan(deployment: Deployment, knobs: Sequence[Knob] = KNOBS) -> list[Task]:
    """What must be drilled: the deployment as it is once for all knobs, and every other value."""
    names = (name for knob in knobs for name in _scenarios(knob))
    tasks = [Task(None, 0.0, tuple(dict.fromkeys(names)))]
    for number, knob in enumerate(knobs):
        mine = knob.read(deployment)
        others = sorted({float(value) for value in knob.values} - {mine})
        tasks += [Task(number, value, _scenarios(knob)) for value in others]
    return tasks


def _scenarios(knob: Knob) -> tuple[str, ...]:
    return (knob.scenario, *knob.quiet, USUAL)


def sweep(
    deployment: Deployment, measure: Measure, knobs: Sequence[Knob] = KNOBS
) -> tuple[SensitivityRow, ...]:
    """Turn each knob through its values, everything else as it is deployed.

    Args:
        deployment: as the template declares it.
        measure: drills the tasks of `plan`, with the same seeds for each, and answers in their order.
        knobs: to be turned.

    Returns:
        A row for each value, knob by knob, values rising.
    """
    tasks = plan(deployment, knobs)
    found: dict[tuple[int | None, float], dict[str, Summary]] = {}
    for task, summaries in zip(tasks, measure(tasks), strict=True):
        found[task.knob, task.value] = {one.scenario: one for one in summaries}
    rows = []
    for number, knob in enumerate(knobs):
        mine = knob.read(deployment)
        for value in sorted({*map(float, knob.values), mine}):
            own = value == mine
            rows.append(_row(knob, value, found[(None, 0.0) if own else (number, value)], own=own))
    return tuple(rows)


def _row(knob: Knob, value: float, found: Mapping[str, Summary], *, own: bool) -> SensitivityRow:
    acting = found[knob.scenario]
    quiet = [found[name] for name in (*knob.quiet, USUAL)]
    reaction = acting.measures[knob.measure]
    return SensitivityRow(
        knob=knob.name,
        value=value,
        unit=knob.unit,
        default=own,
        scenario=knob.scenario,
        measure=knob.measure,
        reaction_p50=reaction.percentile(50),
        reaction_p99=reaction.percentile(99),
        p50_between=_between(reaction, 50, acting.runs),
        p99_between=_between(reaction, 99, acting.runs),
        runs=acting.runs,
        client_p99=acting.measures["client_uncached"].percentile(99),
        missed=sum(one.counts["missed"] for one in found.values()),
        moves=sum(one.counts["moves"] for one in quiet if one.scenario not in MOVES_HELP),
        false_alarms=sum(one.counts["unneeded"] for one in quiet),
        quiet_runs=sum(one.runs for one in quiet),
        cost_per_month=found[USUAL].cost_per_month,
    )


def _between(durations: Durations, percent: float, runs: int) -> tuple[float | None, float | None]:
    seconds = [one / MICROSECONDS for one in durations.microseconds]
    low, high = between(seconds, percent, runs)
    return (None if isinf(low) else low, None if isinf(high) else high)


# Several processes: a deployment is a task, so that each process loads what it needs but once.

_work: dict[str, Any] = {}


def _prepare(deployment: Deployment, timings: Timings, runs: int, seed: int) -> None:
    _work.update(deployment=deployment, timings=timings, runs=runs, seed=seed)


def _drilled(task: Task) -> tuple[Summary, ...] | str:
    """The summaries; an error comes back as its text, since not all of them can be pickled."""
    deployment: Deployment = _work["deployment"]
    if task.knob is not None:
        deployment = KNOBS[task.knob].turn(deployment, int(task.value))
    scenarios = [BY_NAME[name] for name in task.scenarios]
    try:
        return drill(
            deployment, _work["timings"], scenarios, runs=_work["runs"], seed=_work["seed"]
        )
    except DrTemplateError as exc:
        return str(exc)


def measurer(
    deployment: Deployment,
    timings: Timings,
    *,
    runs: int,
    seed: int,
    jobs: int,
    advance: Callable[[str, int], None] = lambda *_: None,
) -> Measure:
    """What `sweep` needs to drill for real; the result does not depend on ``jobs``.

    Args:
        deployment: as the template declares it.
        timings: AWS's.
        runs: of each scenario, for each value.
        seed: of the first run.
        jobs: processes.
        advance: told of each value and so many more runs.
    """

    def measure(tasks: Sequence[Task]) -> Iterator[Sequence[Summary]]:
        given = (deployment, timings, runs, seed)
        found = results(_drilled, tasks, jobs, _prepare, given)
        for task, result in zip(tasks, found, strict=True):
            if isinstance(result, str):
                raise DrTemplateError(result)
            name = "the template's" if task.knob is None else KNOBS[task.knob].name
            advance(f"{name} {task.value:g}" if task.knob is not None else name, runs * len(result))
            yield result

    return measure


def runs_of(deployment: Deployment, runs: int) -> int:
    """How many runs a sweep makes with so many for each value and scenario."""
    return runs * sum(len(task.scenarios) for task in plan(deployment))
