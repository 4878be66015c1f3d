"""The report as one page: no script, nothing fetched, charts inside."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from drtemplate.drill.report import distributions, promises, timeline, view, words
from drtemplate.drill.report.bars import STYLE, stage_bars
from drtemplate.drill.report.ends import CLIENTS, shown
from drtemplate.drill.report.headline import exceptions, headline
from drtemplate.drill.report.layouts import NARROW, WIDE
from drtemplate.drill.report.sweep_plot import knobs, sweep_plot
from drtemplate.drill.results import DrillReport, Summary

OVERVIEW = (
    "signal",
    "detect",
    "grace",
    "decide",
    "accepted",
    "promote",
    "verify",
    "client_uncached",
    "client_cached",
)
_HERE = Path(__file__).parent


def as_html(report: DrillReport) -> str:
    """The page; every text in it escaped, the same bytes for the same report."""
    acting = shown(report.summaries)
    broken: dict[str, int] = {}
    for one in report.summaries:
        for name, times in one.broken.items():
            broken[name] = broken.get(name, 0) + times
    return _page().render(
        report=report,
        view=view,
        words=words,
        promises=promises,
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8") + STYLE),
        sections=_sections(report),
        failures=view.failures(report),
        acting=acting,
        overview=OVERVIEW,
        overview_groups=_groups(report),
        names=words.STAGE_NAMES,
        meanings=words.STAGE_MEANINGS,
        broken=broken,
        columns=promises.columns(report),
        clients=CLIENTS,
        headline=headline(report),
        exceptions=exceptions(report),
        bars=Markup("".join(stage_bars(report.summaries, one) for one in (WIDE, NARROW))),
        knobs=knobs(report.sensitivity),
        sweep=Markup(sweep_plot(report.sensitivity)),
        findings=view.findings(report),
        axis_limit=distributions.axis_limit,
        axis=lambda most: Markup(distributions.axis(most)),
        silhouette=lambda *given: Markup(distributions.silhouette(*given)),
        lanes=lambda *given: Markup(timeline.lanes(*given)),
        entries=timeline.entries,
    )


@cache
def _page() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    names = ("seconds", "count", "amount", "duration", "moment", "row", "title")
    environment.globals.update({name: getattr(words, name) for name in names})
    return environment.get_template("page.html.j2")


def _groups(report: DrillReport) -> list[tuple[str, list[Summary]]]:
    """The scenarios in which the automation must act, and the others; no group is empty."""
    found = (
        ("the automation must act", [one for one in report.summaries if one.must_act]),
        ("it need not act", [one for one in report.summaries if not one.must_act]),
    )
    return [(name, group) for name, group in found if group]


def _sections(report: DrillReport) -> list[tuple[str, str]]:
    ran = bool(report.summaries)
    found = (
        ("stages", "Seconds", ran),
        ("counts", "Failovers", ran),
        ("budgets", "Budgets", ran),
        ("sensitivity", "Knobs", bool(report.sensitivity)),
        ("scenarios", "Scenarios", ran),
        ("assumptions", "Assumptions", True),
        ("repeat", "Repeat it", True),
    )
    return [(anchor, name) for anchor, name, there in found if there]
