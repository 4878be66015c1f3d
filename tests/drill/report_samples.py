"""Reports made up for the tests of the report, plausible figures from a seed and no cloud; and their words."""

import random
from dataclasses import replace
from xml.etree import ElementTree

from drtemplate.drill.report import as_html, as_text
from drtemplate.drill.results import (
    Assumption,
    Budget,
    DrillReport,
    Moment,
    Run,
    SensitivityRow,
    Summary,
)

ACTING = {
    "writer-crash": ("the writer crashes", 1.2, 0.0, 18.0),
    "zone-outage": ("the writer's zone is lost", 8.0, 0.0, 21.0),
    "application-dead": ("the application tier dies", 9.5, 30.0, 0.0),
    "both-dead": ("both tiers die", 9.0, 0.0, 19.0),
    "dynamodb-slow": ("throttling everywhere, the writer crashes", 1.2, 20.0, 24.0),
    "monitor-dead": ("the monitor is dead, the writer crashes", 75.0, 0.0, 20.0),
}
QUIET = {
    "blip-3": "a network blip of 3 seconds",
    "blip-15": "a network blip of 15 seconds",
    "backup": "a backup window",
    "quiet-week": "a quiet week",
}
TIMELINE = (
    Moment(-2.5, "monitor", "probes: the writer answers"),
    Moment(0.0, "Aurora", "the writer crashes"),
    Moment(0.4, "client", "the first query fails"),
    Moment(2.5, "monitor", "probes: refused"),
    Moment(7.5, "monitor", "probes: refused"),
    Moment(7.6, "monitor", "calls the orchestrator"),
    Moment(8.9, "orchestrator", "takes the lease"),
    Moment(9.3, "orchestrator", "FailoverDBCluster names reader-2"),
    Moment(27.9, "Aurora", "reader-2 writes"),
    Moment(31.0, "orchestrator", "records COMPLETED"),
    Moment(31.2, "SNS", "tells <operators> & others"),
    Moment(62.8, "client", "is served again"),
)


def acting(name, seeds, source, **facts):
    title, signal, grace, promote = ACTING[name]
    summary = Summary(name, title, must_act=True, cost_per_month=11.4)
    for seed in seeds:
        stages = {
            "signal": source.lognormvariate(0, 0.25) * signal,
            "detect": source.uniform(4.9, 10.4),
            "grace": grace or None,
            "decide": source.lognormvariate(0.2, 0.35),
            "promote": source.lognormvariate(0, 0.3) * promote if promote else None,
            "verify": source.uniform(0.4, 3.5) if promote else None,
        }
        fresh = sum(value or 0 for value in stages.values()) + source.uniform(0, 5)
        stages |= {"client_uncached": fresh, "client_cached": fresh + source.uniform(0, 60)}
        given = {"right": 1, "notifications": 1, "outcome": "COMPLETED"} | facts
        timeline = TIMELINE if seed == seeds[0] else ()
        summary.add(
            Run(name, seed, stages, lambda_seconds=312.5, calls=64, virtual_seconds=900.0,
                timeline=timeline, **given)
        )  # fmt: skip
    for stage, limit in (("detect", 12.0), ("decide", 3.0), ("accepted", 25.0)):
        worst = summary.measures[stage].percentile(99)
        mechanism = "Route 53 and the target group debounce before AWS's signal stands"
        held = worst <= limit
        summary.budgets += (
            Budget(f"{stage}, 99th percentile", limit, worst, "s", held, "" if held else mechanism),
        )
    return summary


def quiet(name, seeds, **facts):
    summary = Summary(name, QUIET[name], cost_per_month=11.2)
    week = 604_800.0 if name == "quiet-week" else 1_800.0
    for seed in seeds:
        stages = {"client_uncached": 0.0, "client_cached": 0.0}
        summary.add(Run(name, seed, stages, lambda_seconds=70.5, virtual_seconds=week, **facts))
    alarms = summary.counts["unneeded"]
    summary.budgets = (Budget("unneeded failovers", 0, alarms, "", alarms == 0),)
    return summary


def rows():
    found = []
    for knob, unit, values, default in (
        ("probe_interval_seconds", "s", (2, 3, 5, 10, 15), 5),
        ("consecutive_failures", "", (1, 2, 3, 4), 2),
        ("database_grace_seconds", "s", (0, 10, 20, 40), 20),
        ("FailureThreshold", "", (1, 2, 3, 5), 2),
    ):
        for value in values:
            reaction = 6 + value * 2.0
            found.append(
                SensitivityRow(
                    knob, value, unit, value == default, "writer-crash", "accepted", reaction, reaction * 1.3,
                    (reaction - 0.2, reaction + 0.2), (reaction * 1.2, None), 100, reaction + 40, 0, 3, max(0, 30 - 12 * value), 400, 11 + 8 / (value + 1),
                )
            )  # fmt: skip
    return tuple(found)


def report(runs=200, seed=7, sweep=True):
    source = random.Random(seed)
    seeds = range(1000, 1000 + runs)
    return DrillReport(
        seed=seed,
        runs=runs,
        template_digest="9f" * 32,
        settings={"probe_interval_seconds": "5 s", "Route 53 FailureThreshold": "2"},
        assumptions=(
            Assumption(
                "aurora.promotion", "lognormal, median 18 s", True,
                "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html",
                "less than 60, often less than 30 seconds",
            ),
            Assumption("lambda.cold_start", "uniform, 0.3 to 1.1 s", False, "", "no page says"),
        ),
        summaries=(
            *(acting(name, seeds, source) for name in ACTING),
            *(quiet(name, seeds) for name in QUIET),
        ),
        sensitivity=rows() if sweep else (),
        invariants={"one writer": "There is never more than one writer."},
    )  # fmt: skip


FORMS = {"html": as_html, "text": as_text}
EMPTY = DrillReport(seed=1, runs=1, template_digest="0" * 64)


def parsed(page):
    """The page is written as XML too, so that a strict parser can judge it."""
    return ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))


def words(form, report):
    text = FORMS[form](report)
    return " ".join(parsed(text).itertext()) if form == "html" else text


def one_scenario(**facts):
    """A report on one scenario of one run, every figure in it a different one."""
    stages = {"signal": 1.11, "detect": 7.22, "grace": 20.33, "decide": 2.44, "promote": 18.55,
              "verify": 3.66, "client_cached": 97.77, "client_uncached": 54.88}  # fmt: skip
    run = {
        "scenario": "writer-crash", "seed": 4711, "stages": stages, "right": 21, "unneeded": 22,
        "missed": 23, "repeated": 24, "moves": 0, "notifications": 25, "lambda_seconds": 345.6, "calls": 678,
        "virtual_seconds": 86_400.0, "outcome": "COMPLETED", "broken": (), "denials": (),
        "timeline": (Moment(-3.5, "monitor", "probes"), Moment(12.25, "Aurora", "reader-2 writes")),
    }  # fmt: skip
    summary = Summary("writer-crash", "the writer crashes", must_act=True, cost_per_month=91.23)
    summary.add(Run(**run | {key: facts.pop(key) for key in list(facts) if key in run}))
    summary.budgets = (
        Budget("detect, 99th percentile", 12.34, 7.22, "s", held=True, runs=1, due=1),
    )
    for key, value in facts.items():
        setattr(summary, key, value)
    return replace(EMPTY, summaries=(summary,))
