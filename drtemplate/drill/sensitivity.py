"""Which knob buys what: one value at a time is changed in the deployment, and the drill run again.

The changed deployment lives in memory; neither template nor configuration is written. All values of a
knob meet the same seeds, so that what differs between them is the knob and not the luck.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from drtemplate.drill.deployment import Deployment
from drtemplate.drill.results import SensitivityRow, Summary

# Names of scenarios, and the summaries of their runs in the same order.
Drill = Callable[[Deployment, Sequence[str]], Sequence[Summary]]

# In none of them may the automation fail over: whatever it does there is a false alarm.
QUIET = (
    "blip-3",
    "blip-15",
    "backup-window",
    "maintenance-window",
    "modification-window",
)


@dataclass(frozen=True, slots=True)
class Knob:
    """A choice that trades speed against false alarms or cost.

    Attributes:
        name: in AWS's or the configuration's own words.
        unit: ``s``, or empty for a count.
        values: to be tried; the deployment's own one is always tried too.
        scenario: one in which the knob decides how fast things go.
        measure: what is to be fast in it, one of `MEASURES`.
        read: the value that a deployment has.
        turn: a deployment with another value.
    """

    name: str
    unit: str
    values: tuple[int, ...]
    scenario: str
    measure: str
    read: Callable[[Deployment], float]
    turn: Callable[[Deployment, int], Deployment]


def _configured(
    name: str, unit: str, values: tuple[int, ...], scenario: str, measure: str = "accepted"
) -> Knob:
    """A knob in the configuration parameter; docs/runbook.md has the ranges that are heeded."""
    return Knob(
        name=name,
        unit=unit,
        values=values,
        scenario=scenario,
        measure=measure,
        read=lambda one: float(json.loads(one.parameters[one.configuration])[name]),
        turn=lambda one, value: one.configured(**{name: value}),
    )


def _of_sides(
    name: str, field: str, unit: str, values: tuple[int, ...], scenario: str, measure: str
) -> Knob:
    """A knob of both sides' target groups or health checks."""

    def turn(one: Deployment, value: int) -> Deployment:
        # By name, since which field it is belongs to the table of knobs.
        sides = {key: replace(side, **{field: value}) for key, side in one.sides.items()}  # type: ignore[arg-type]
        return replace(one, sides=sides)

    return Knob(
        name=name,
        unit=unit,
        values=values,
        scenario=scenario,
        measure=measure,
        read=lambda one: float(getattr(one.sides["Primary"], field)),
        turn=turn,
    )


# FailureThreshold is 1 to 10, interval 5 to 300 s, UnhealthyThresholdCount 2 to 10.
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
KNOBS = (
    _configured("probe_interval_seconds", "s", (1, 2, 3, 5, 7, 10), "both-tiers-dead"),
    _configured("consecutive_failures", "", (1, 2, 3, 4, 5), "both-tiers-dead"),
    _configured("database_grace_seconds", "s", (0, 5, 10, 20, 30, 45), "aurora-stalled"),
    _configured("application_grace_seconds", "s", (0, 10, 20, 30, 45), "application-dead"),
    _of_sides(
        "Route 53 FailureThreshold",
        "check_threshold",
        "",
        (1, 2, 3, 5, 10),
        "application-dead",
        "client_uncached",
    ),
    _of_sides(
        "target group HealthCheckIntervalSeconds",
        "interval",
        "s",
        (5, 10, 15, 30),
        "application-dead",
        "accepted",
    ),
    _of_sides(
        "target group UnhealthyThresholdCount",
        "unhealthy_after",
        "",
        (2, 3, 5, 10),
        "application-dead",
        "accepted",
    ),
)


def sweep(
    deployment: Deployment,
    drill: Drill,
    knobs: Sequence[Knob] = KNOBS,
    quiet: Sequence[str] = QUIET,
) -> tuple[SensitivityRow, ...]:
    """Turn each knob through its values, everything else as it is deployed.

    Args:
        deployment: as the template declares it.
        drill: runs scenarios, with the same seeds each time.
        knobs: to be turned.
        quiet: the scenarios in which false alarms are counted; the first one tells the cost.

    Returns:
        A row for each value, knob by knob, values rising.
    """
    names = (*dict.fromkeys(knob.scenario for knob in knobs), *quiet)
    own = _by_name(drill(deployment, names))
    rows = []
    for knob in knobs:
        mine = knob.read(deployment)
        for value in sorted({*map(float, knob.values), mine}):
            found = own
            if value != mine:
                changed = knob.turn(deployment, int(value))
                found = _by_name(drill(changed, (knob.scenario, *quiet)))
            rows.append(_row(knob, value, found, quiet, default=value == mine))
    return tuple(rows)


def _by_name(summaries: Iterable[Summary]) -> dict[str, Summary]:
    return {one.scenario: one for one in summaries}


def _row(
    knob: Knob,
    value: float,
    found: Mapping[str, Summary],
    quiet: Sequence[str],
    *,
    default: bool,
) -> SensitivityRow:
    acting = found[knob.scenario]
    reaction = acting.measures[knob.measure]
    return SensitivityRow(
        knob=knob.name,
        value=value,
        unit=knob.unit,
        default=default,
        scenario=knob.scenario,
        measure=knob.measure,
        reaction_p50=reaction.percentile(50),
        reaction_p99=reaction.percentile(99),
        client_p99=acting.measures["client_uncached"].percentile(99),
        missed=acting.counts["missed"],
        false_alarms=sum(found[name].counts["unneeded"] for name in quiet),
        quiet_runs=sum(found[name].runs for name in quiet),
        cost_per_month=found[quiet[0]].cost_per_month,
    )
