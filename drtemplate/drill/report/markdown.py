"""The report as Markdown: the same tables, for a terminal, a pull request or a diff."""

from collections.abc import Iterable, Sequence

from drtemplate.drill.report import promises, view, words
from drtemplate.drill.report.sweep_plot import knobs
from drtemplate.drill.report.timeline import entries
from drtemplate.drill.results import DrillReport, Summary

_ESCAPED = str.maketrans({"|": r"\|", "<": "&lt;", "\n": " "})


def as_markdown(report: DrillReport) -> str:
    """The whole report; the same bytes for the same report."""
    parts = [
        "# Drill report",
        f"**{view.verdict(report)}**",
        "\n".join(f"- {name}: {_plain(value)}" for name, value in view.facts(report).items()),
        "All times are seconds of virtual time; AWS's own timings are assumptions, listed below.",
        *_failures(report),
        *(_summaries(report) if report.summaries else []),
        *_sensitivity(report),
        *_assumptions(report),
        "## Repeat it",
        *([f"```sh\n{report.command}\n```"] * bool(report.command)),
        f"Template SHA-256 `{report.template_digest}`",
    ]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A table whose first ``left`` columns are words and the others figures."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    lines = [[_plain(cell) for cell in row] for row in (head, *rows)]
    lines.insert(1, rule)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _plain(cell: str) -> str:
    return cell.translate(_ESCAPED)


def _failures(report: DrillReport) -> list[str]:
    rows = [
        [one.title, one.promise, one.measured, one.limit, one.why] for one in view.failures(report)
    ]
    head = ["scenario", "promise", "measured", "at most", "takes the time"]
    return ["## Not held", table(head, rows, 5)] if rows else []


def _summaries(report: DrillReport) -> list[str]:
    summaries = report.summaries
    columns = promises.columns(report)
    stages = [
        ["" if number else words.title(one), _stage(one, name), *cells]
        for one in summaries
        for number, (name, cells) in enumerate(view.stage_rows(one))
    ]
    budgets = [
        [words.title(one), *(str(cell or "") for cell in promises.cells(one, columns))]
        for one in summaries
        if one.budgets
    ]
    counts = [
        [
            words.title(one),
            "yes" if one.must_act else "no",
            view.outcomes(one),
            *view.counts_row(one),
        ]
        for one in summaries
    ]
    heads = [f"{column.promise}, {column.words}" for column in columns]
    broken = [
        [name, meaning, words.count(sum(one.broken.get(name, 0) for one in summaries))]
        for name, meaning in report.invariants.items()
    ]
    return [
        "## Where the seconds go",
        "\n".join(
            f"- **{words.STAGE_NAMES[name]}**, {its}" for name, its in words.STAGE_MEANINGS.items()
        ),
        words.NOT_SERVED,
        table(["scenario", "stage", "median", "95th", "99th", "worst"], stages, 2),
        "## What the automation did",
        f"{words.ENDED} {words.A_MONTH}",
        table(["scenario", "must act", "outcome", *view.COUNTS_HEAD], counts, 3),
        "## Budgets",
        words.LIMITS,
        table(["scenario", *heads], budgets),
        *(["## Invariants", table(["invariant", "means", "broken in"], broken, 2)] * bool(broken)),
        "## One run of each scenario",
        *(_example(one) for one in summaries if one.example),
    ]


def _stage(one: Summary, name: str) -> str:
    runs = view.in_how_many(one, name)
    return words.STAGE_NAMES[name] + (f" ({runs})" if runs else "")


def _example(one: Summary) -> str:
    assert one.example is not None
    rows = [
        [
            words.moment(entry.first),
            entry.actor,
            entry.what + (f" ({entry.times} times)" if entry.times > 1 else ""),
        ]
        for entry in entries(one.example.timeline)
    ]
    head = f"### {_plain(words.title(one))}\n\nSeed {one.example.seed}: {one.example.outcome}"
    return f"{head}\n\n{table(['seconds', 'who', 'what'], rows, 3)}"


def _sensitivity(report: DrillReport) -> list[str]:
    if not report.sensitivity:
        return []
    rows = []
    for name, of_knob in knobs(report.sensitivity):
        for number, one in enumerate(of_knob):
            value, *cells = view.sweep_row(one, of_knob)
            rows.append(["" if number else name, value, "yes" if one.default else "", *cells])
    head = ["knob", view.SWEEP_HEAD[0], "the template's", *view.SWEEP_HEAD[1:]]
    return [
        "## Which knob buys what",
        " ".join(
            (
                "One knob at a time, everything else as the template has it.",
                words.SUPPORTED,
                *map(_plain, view.guesses(report)),
            )
        ),
        "\n".join(f"- {_plain(sentence)}" for sentence in view.findings(report)),
        table(head, rows),
    ]


def _assumptions(report: DrillReport) -> list[str]:
    rows = [
        [
            one.name,
            one.value,
            words.basis(one) + (f": <{one.source}>" * bool(one.source)),
            one.note,
        ]
        for one in report.assumptions
    ]
    settings = [[name, value] for name, value in report.settings.items()]
    return [
        "## What is assumed",
        *([table(["timing", "value", "basis", "note"], rows, 4)] * bool(rows)),
        *([table(["setting of the template", "value"], settings, 2)] * bool(settings)),
    ]
