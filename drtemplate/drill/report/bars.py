"""The picture of a drill: where the seconds go, a bar for each scenario in which the automation acts."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from drtemplate.drill.report import svg
from drtemplate.drill.report.view import in_how_many
from drtemplate.drill.report.words import CLIENTS, STAGE_NAMES, never_served, title
from drtemplate.drill.results import Summary

BAR = ("signal", "detect", "grace", "wait", "decide", "promote", "verify")
MARKS = dict(zip(CLIENTS, ("solid", "hollow"), strict=True))
STYLE = (Path(__file__).parent / "chart.css").read_text(encoding="utf-8")

_WIDTH, _LABELS, _RIGHT, _TOP, _ROW, _HEIGHT = 1000, 330, 92, 66, 30, 15
_WORDS = 160  # room for a few
_LEGEND = (
    ("signal", "AWS: signal"),
    ("detect", "detect"),
    ("grace", "configured grace"),
    ("wait", "witness"),
    ("decide", "decide"),
    ("promote", "AWS: promote"),
    ("verify", "verify"),
)


def shown(summaries: Sequence[Summary]) -> list[Summary]:
    """Those in which the automation must act and something was measured."""
    return [one for one in summaries if one.must_act and any(one.measures[s].count for s in BAR)]


def stage_bars(summaries: Sequence[Summary], *, alone: bool = False) -> str:
    """Medians of the stages, laid end to end from the fault; clients as marks on the same axis.

    Args:
        summaries: of a drill; those that `shown` leaves out have no bar.
        alone: make a file of its own, with style and background, not a part of the page.
    """
    rows = [(one, _medians(one)) for one in shown(summaries)]
    height = _TOP + _ROW * len(rows) + 34
    root = svg.drawing(_WIDTH, height, "Median seconds of each stage, by scenario", "chart wide")
    if alone:
        root.set("width", str(_WIDTH))
        root.set("height", str(height))
        svg.element(root, "style").text = STYLE
        svg.element(root, "rect", width=_WIDTH, height=height, class_="paper")
    _legend(root)
    scale = svg.Scale(0, _limit(rows), _LABELS, _WIDTH - _RIGHT)
    _axis(root, scale, _TOP - 6, _TOP + _ROW * len(rows))
    for number, (summary, medians) in enumerate(rows):
        _bar(root, scale, _TOP + number * _ROW, summary, medians)
    return svg.as_text(root, alone=alone) + "\n" * alone


def _medians(summary: Summary) -> dict[str, float]:
    found = {name: summary.measures[name].percentile(50) for name in (*BAR, *CLIENTS)}
    return {name: value for name, value in found.items() if value is not None}


def _limit(rows: Sequence[tuple[Summary, dict[str, float]]]) -> float:
    """Where the axis ends: one scenario of many minutes must not squeeze the others flat."""
    ends = sorted(
        max(sum(medians.get(name, 0) for name in BAR), *(medians.get(c, 0) for c in CLIENTS))
        for _, medians in rows
    )
    if not ends:
        return 1
    return float(min(ends[-1], 2.5 * ends[len(ends) // 2])) * 1.03


def _legend(root: ElementTree.Element) -> None:
    x = 12.0
    for name, words in _LEGEND:
        svg.element(root, "rect", x=x, y=14, width=12, height=12, rx=2, class_=name)
        svg.text(root, x + 17, 24, words)
        x += 30 + 7 * len(words)
    for name, class_ in MARKS.items():
        _diamond(root, x + 6, 20, class_)
        svg.text(root, x + 17, 24, STAGE_NAMES[name])
        x += 30 + 7 * len(STAGE_NAMES[name])


def _axis(root: ElementTree.Element, scale: svg.Scale, top: float, bottom: float) -> None:
    values = svg.ticks(scale.least, scale.most, 8)
    for value, label in zip(values, svg.tick_labels(values), strict=True):
        x = scale(value)
        class_ = "grid" if value else "axis"
        svg.element(root, "line", x1=x, x2=x, y1=top, y2=bottom, class_=class_)
        svg.text(root, x, bottom + 18, label, class_="soft small middle")
    svg.text(
        root, scale.begin - 12, bottom + 18, "median, since the fault", class_="soft small end"
    )


def _bar(
    root: ElementTree.Element,
    scale: svg.Scale,
    y: float,
    summary: Summary,
    medians: dict[str, float],
) -> None:
    svg.text(root, _LABELS - 12, y + 12, _cut(title(summary)), class_="end")
    ends = [0.0]
    for name in BAR:
        ends.append(ends[-1] + medians.get(name, 0))
    for name, (begin, end) in zip(BAR, pairwise(ends), strict=True):
        left, right = scale(min(begin, scale.most)), scale(min(end, scale.most))
        if right > left:
            width = max(right - left - 1, 1)
            box = svg.element(root, "rect", x=left, y=y, width=width, height=_HEIGHT, class_=name)
            svg.tip(box, f"{STAGE_NAMES[name]}: {end - begin:.1f} s")
    _clients(root, scale, y, summary, medians, scale(min(ends[-1], scale.most)))
    total = f"{ends[-1]:.1f} s" + (" \N{RIGHTWARDS ARROW}" if ends[-1] > scale.most else "")
    svg.text(root, _WIDTH - 12, y + 12, total, class_="end strong")


def _clients(
    root: ElementTree.Element,
    scale: svg.Scale,
    y: float,
    summary: Summary,
    medians: dict[str, float],
    end: float,
) -> None:
    """Marks where they are served; words beyond the bar's ``end``, if there is room, where they never are."""
    for name, class_ in MARKS.items():
        if name in medians and medians[name] <= scale.most:
            mark = _diamond(root, scale(medians[name]), y + _HEIGHT / 2, class_)
            runs = f", {served}" if (served := in_how_many(summary, name)) else ""
            svg.tip(mark, f"{STAGE_NAMES[name]}: {medians[name]:.1f} s{runs}")
    if all(never_served(summary, name) for name in MARKS) and end < scale.end - _WORDS:
        svg.text(root, end + 8, y + 12, "clients never served again", class_="soft small")


def _diamond(root: ElementTree.Element, x: float, y: float, class_: str) -> ElementTree.Element:
    size = 5
    path = f"M{x - size:.1f} {y:.1f} {x:.1f} {y - size:.1f} {x + size:.1f} {y:.1f} {x:.1f} {y + size:.1f}Z"
    return svg.element(root, "path", d=path, class_=class_)


def _cut(label: str, most: int = 48) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
