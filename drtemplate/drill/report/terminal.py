"""A drill on the terminal: how far it is, and what it found."""

from collections.abc import Sequence
from typing import TextIO

from drtemplate.console import plural
from drtemplate.drill.report import view
from drtemplate.drill.report.headline import headline, left_out
from drtemplate.drill.report.words import count, row
from drtemplate.drill.results import WRONGS, DrillReport, Summary

_CLIENT = "client_uncached"
_COLUMNS = (
    ("detect", "detect"),
    ("decide", "decide"),
    ("accepted", "action"),
    ("promote", "promote"),
    ("verify", "verify"),
    (_CLIENT, "client"),
)
_NAME, _FIGURE, _WRONG, _BAR = 28, 9, 10, 24
_CLEAR = "\r\x1b[K"


class Progress:
    """Says how far a drill is: one line that is written over on a terminal, else a line a scenario.

    Args:
        stream: words for people; None says nothing.
        runs: in all scenarios together.
    """

    def __init__(self, stream: TextIO | None, runs: int) -> None:
        self.stream = stream
        self.runs = runs
        self.done = 0
        self.live = stream is not None and stream.isatty()

    def advance(self, scenario: str, runs: int) -> None:
        """So many more runs of a scenario are done."""
        self.done += runs
        if not self.live or self.stream is None:
            return
        share = self.done / self.runs if self.runs else 1.0
        bar = ("#" * round(share * _BAR)).ljust(_BAR, ".")
        line = f"{_CLEAR}[{bar}] {share:4.0%}  {count(self.done)} of {count(self.runs)} runs  {scenario}"
        self.stream.write(line[: 79 + len(_CLEAR)])
        self.stream.flush()

    def finished(self, summary: Summary) -> None:
        """All runs of a scenario are done and its budgets are known."""
        if self.stream is not None:
            self.stream.write(f"{_CLEAR if self.live else ''}{line(summary)}\n")
            self.stream.flush()

    def close(self) -> None:
        """Nothing more comes; the line that is written over goes."""
        if self.live and self.stream is not None:
            self.stream.write(_CLEAR)
            self.stream.flush()


def line(summary: Summary) -> str:
    """A scenario in a line: its verdict and, if not held, the first promise that was broken."""
    if summary.held:
        return f"{summary.scenario}: {plural(summary.runs, 'run')}, held"
    broken = view.failures_of(summary)
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    return f"{summary.scenario}: {plural(summary.runs, 'run')}, NOT HELD: {broken[0]}{more}"


def as_text(report: DrillReport) -> str:
    """The summary: 99th percentiles where the automation must act, counts everywhere, the verdict."""
    lines: list[str] = []
    for acts, head in ((True, "must act"), (False, "need not act")):
        if rows := [_row(one) for one in report.summaries if one.must_act == acts]:
            lines += [] if not lines else [""]
            lines += [_line(head, [name for _, name in _COLUMNS], [*WRONGS, "verdict"]), *rows]
    lines += ["seconds are 99th percentiles; never: not by the end of so many runs"] * bool(lines)
    lines += [
        f"{one.scenario}: client {runs}"
        for one in report.summaries
        if (runs := view.in_how_many(one, _CLIENT))
    ]
    lines += [""] * bool(lines)
    lines += [f"{name.lower()}: {value}" for name, value in view.facts(report).items()]
    lines += [headline(report), *left_out(report), view.verdict(report)]
    lines += [f"  {one.scenario}: {one}" for one in view.failures(report)]
    lines += view.findings(report)
    return "\n".join(lines)


def _row(one: Summary) -> str:
    figures = [row(one, name)[2] for name, _ in _COLUMNS]
    wrongs = [count(one.counts[name]) for name in WRONGS]
    return _line(one.scenario, figures, [*wrongs, "held" if one.held else "NOT HELD"])


def _line(name: str, figures: Sequence[str], wrongs: Sequence[str]) -> str:
    cells = [f"{cell:>{_FIGURE}}" for cell in figures] + [f"{cell:>{_WRONG}}" for cell in wrongs]
    return f"{name[:_NAME]:<{_NAME}}{''.join(cells)}".rstrip()
