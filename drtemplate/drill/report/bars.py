"""The picture of a drill: where the seconds go, a bar for each scenario in which the automation acts.

Two lanes a scenario: above, the automation's stages laid end to end; below, how long clients wait. A lane
that does not end is open, with an arrow and the word.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from pathlib import Path
from statistics import median
from xml.etree import ElementTree

from drtemplate.drill.report import svg
from drtemplate.drill.report.ends import (
    BAR,
    CLIENTS,
    automation_end,
    client_end,
    shown,
    stages,
)
from drtemplate.drill.report.layouts import NARROW, WIDE, Layout
from drtemplate.drill.report.view import in_how_many
from drtemplate.drill.report.words import NEVER, STAGE_NAMES, end, title
from drtemplate.drill.results import Summary

STYLE = (Path(__file__).parent / "chart.css").read_text(encoding="utf-8")
MARKS = dict(zip(CLIENTS, ("solid", "hollow"), strict=True))
# Of a file of its own: what follows the reader's system, and what is dark wherever it is shown.
THEMES = {"": "(prefers-color-scheme: dark)", "dark": "all"}
_LABEL = "Seconds from the fault until the automation is done and clients are served, by scenario"
_LEGEND = (
    *((name, f"{owner}{STAGE_NAMES[name]}") for name, owner in (
        ("signal", "AWS: "), ("detect", ""), ("grace", "configured "), ("wait", ""), ("decide", ""),
        ("promote", "AWS: "), ("verify", ""),
    )),
    ("waiting", "clients wait"),
    ("solid", STAGE_NAMES["client_uncached"]),
    ("hollow", STAGE_NAMES["client_cached"]),
    ("open", "does not end"),
)  # fmt: skip
_AGAIN, _LONG, _NEVER = "Clients are served again", "Served again, after minutes", "Does not end"


@dataclass(frozen=True, slots=True)
class _Row:
    """A scenario: seconds by stage, the automation's end, and each kind of clients'; infinity for none."""

    summary: Summary
    stages: dict[str, float]
    end: float
    clients: dict[str, float]

    @property
    def ends(self) -> tuple[float, ...]:
        return (self.end, *self.clients.values())


def stage_bars(
    summaries: Sequence[Summary],
    layout: Layout = WIDE,
    *,
    lead: Sequence[tuple[str, str]] = (),
    theme: str | None = None,
) -> str:
    """Medians of the stages, laid end to end from the fault, and below them how long clients wait.

    Args:
        summaries: of a drill; those that `shown` leaves out have no bar.
        layout: of the picture.
        lead: paragraphs above it, each with its class.
        theme: of `THEMES`, for a file of its own, with style and background; None for a part of the page.
    """
    rows = [_row(one) for one in shown(summaries)]
    name = f"bars-{'narrow' if layout is NARROW else 'wide'}"
    root = svg.drawing(layout.width, 0, _LABEL, f"chart {name}", told=_told(rows), name=name)
    if theme is not None:
        svg.element(root, "style").text = STYLE.replace(THEMES[""], THEMES[theme])
        paper = svg.element(root, "rect", width=layout.width, height="100%", class_="paper")
        paper.set("rx", "6")
    y = 10.0
    for words, class_ in lead:
        y = svg.paragraph(root, layout.left, y, layout.inner, words, class_=class_) + 4
    y = _legend(root, layout, y + 6 * bool(lead))
    for heading, members in _panels(rows):
        y = _panel(root, layout, y + 12, heading, members)
    svg.resize(root, layout.width, y + 8)
    return svg.as_text(root, alone=theme is not None) + "\n" * (theme is not None)


def _row(summary: Summary) -> _Row:
    clients = {name: client_end(summary, name) for name in CLIENTS}
    return _Row(summary, stages(summary), automation_end(summary), clients)


def _told(rows: Sequence[_Row]) -> str:
    """The picture in words, for who cannot see it."""
    return " ".join(f"{title(row.summary)}: {_figures(row)}." for row in rows)


def _figures(row: _Row) -> str:
    fresh, cached = row.clients.values()
    served = "never" if fresh == cached == inf else f"{end(fresh)}, cached {end(cached)}"
    return f"automation {end(row.end)} \N{MIDDLE DOT} clients {served}"


def _panels(rows: Sequence[_Row]) -> Iterator[tuple[str, list[_Row]]]:
    """Those of one size on one axis: a scenario of many minutes must not squeeze the others flat."""
    over = [row for row in rows if max(row.ends) < inf]
    most = 2.5 * median(max(row.ends) for row in over) if over else inf
    for heading, members in (
        (_AGAIN, [row for row in over if max(row.ends) <= most]),
        (_LONG, [row for row in over if max(row.ends) > most]),
        (_NEVER, [row for row in rows if max(row.ends) == inf]),
    ):
        if members:
            yield heading, members


def _legend(root: ElementTree.Element, layout: Layout, y: float) -> float:
    """From left to right, in as many lines as it takes."""
    x = float(layout.left)
    for class_, words in _LEGEND:
        room = 34 + svg.width_of(words)
        if x + room > layout.left + layout.inner + 16:
            x, y = float(layout.left), y + 20
        if class_ in MARKS.values():
            _diamond(root, x + 6, y + 6, class_)
        elif class_ in ("waiting", "open"):
            _wait(root, x, x + 14, y + 6, open_=class_ == "open")
        else:
            svg.element(root, "rect", x=x, y=y, width=12, height=12, rx=2, class_=class_)
        svg.text(root, x + 20, y + 10, words)
        x += room
    return y + 20


def _panel(
    root: ElementTree.Element, layout: Layout, y: float, heading: str, rows: Sequence[_Row]
) -> float:
    svg.text(root, layout.left, y + 12, heading, class_="strong head")
    for right, words in layout.heads:
        svg.text(root, right, y + 12, words, class_="soft small end")
    y += 22
    # What does not end goes on beyond all that does.
    room = 1.7 if any(inf in row.ends for row in rows) else 1.04
    seen = [sum(row.stages.values()) for row in rows] + [s for row in rows for s in row.ends]
    most = room * max((one for one in seen if one < inf), default=1.0)
    scale = svg.Scale(0, most, layout.plot[0], layout.plot[1])
    grid = svg.element(root, "g")
    top = y
    for row in rows:
        y = _lanes(root, layout, scale, y, row)
    values = svg.ticks(0, most, layout.ticks)
    for value, label in zip(values, svg.tick_labels(values), strict=True):
        x = scale(value)
        svg.element(grid, "line", x1=x, x2=x, y1=top, y2=y, class_="grid" if value else "axis")
        svg.text(root, x, y + 14, label, class_=f"soft small{' middle' if value else ''}")
    return y + 20


def _lanes(
    root: ElementTree.Element, layout: Layout, scale: svg.Scale, y: float, row: _Row
) -> float:
    """A scenario's two lanes, with its label and figures; answers where the next begins."""
    lines = svg.lines_of(title(row.summary), layout.labels)
    bar = y if layout.beside else y + 15 * len(lines) + 2
    at, class_ = (layout.plot[0] - 12, "end") if layout.beside else (layout.left, "begin")
    for number, words in enumerate(lines):
        svg.text(root, at, y + 12 + 15 * number, words, class_=class_)
    _stages(root, scale, bar + 1, row)
    _clients(root, scale, bar + 20, row)
    if layout.beside:
        for (right, _), seconds in zip(layout.heads, row.ends, strict=True):
            svg.text(root, right, y + 14, end(seconds), class_="end strong")
        return y + max(32, 15 * len(lines) + 7)
    svg.text(root, layout.left, bar + 40, _figures(row), class_="small strong")
    return bar + 52


def _stages(root: ElementTree.Element, scale: svg.Scale, y: float, row: _Row) -> None:
    ends = [0.0]
    for name in BAR:
        ends.append(ends[-1] + row.stages.get(name, 0))
    for name, (begin, over) in zip(BAR, pairwise(ends), strict=True):
        left, right = scale(begin), scale(over)
        if right > left:
            width = max(right - left - 1, 1)
            box = svg.element(root, "rect", x=left, y=y, width=width, height=12, class_=name)
            svg.tip(box, f"{STAGE_NAMES[name]}: {over - begin:.1f} s")
    if row.end == inf:
        left, right, tip = scale(ends[-1]) + 1, scale.end - 7, scale.end
        path = (
            f"M{left:.1f} {y}H{right:.1f}L{tip:.1f} {y + 6:.1f} {right:.1f} {y + 12:.1f}H{left:.1f}"
        )
        svg.tip(svg.element(root, "path", d=path, class_="unending"), "the automation does not end")
        svg.text(root, right - 8, y + 10, f"automation {NEVER} done", class_="small end")


def _clients(root: ElementTree.Element, scale: svg.Scale, y: float, row: _Row) -> None:
    """How long they wait: a line up to where the last are served, or on and on."""
    last = max(row.clients.values())
    x = scale.end if last == inf else scale(last)
    _wait(root, scale.begin, x, y, open_=last == inf)
    if last == inf and row.end < inf:
        svg.text(root, x - 15, y - 9, f"clients {NEVER} served", class_="small end")
    for name, seconds in row.clients.items():
        if seconds < inf:
            mark = _diamond(root, scale(seconds), y, MARKS[name])
            runs = f", {served}" if (served := in_how_many(row.summary, name)) else ""
            svg.tip(mark, f"{STAGE_NAMES[name]}: {seconds:.1f} s{runs}")


def _wait(root: ElementTree.Element, begin: float, x: float, y: float, *, open_: bool) -> None:
    class_ = "waiting open" if open_ else "waiting"
    svg.element(root, "line", x1=begin, x2=x - 4 * open_, y1=y, y2=y, class_=class_)
    if open_:
        svg.element(
            root, "path", d=f"M{x - 6:.1f} {y - 4}L{x:.1f} {y} {x - 6:.1f} {y + 4}", class_="arrow"
        )


def _diamond(root: ElementTree.Element, x: float, y: float, class_: str) -> ElementTree.Element:
    size = 5
    path = f"M{x - size:.1f} {y:.1f} {x:.1f} {y - size:.1f} {x + size:.1f} {y:.1f} {x:.1f} {y + size:.1f}Z"
    return svg.element(root, "path", d=path, class_=class_)
