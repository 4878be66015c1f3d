"""What each knob buys: a panel for each, reaction above and mistakes below."""

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from drtemplate.drill.report import svg
from drtemplate.drill.results import SensitivityRow

_WIDTH, _ACROSS, _HIGH, _GAP, _LEFT = 960, 3, 232, 24, 38
_REACTION, _ALARMS = (40, 138), (164, 192)
_MISTAKES = {"accepted": "false alarms", "client_uncached": "needless DNS moves"}
_WHAT = {"accepted": "seconds to the action", "client_uncached": "seconds until served"}


def knobs(rows: Sequence[SensitivityRow]) -> list[tuple[str, list[SensitivityRow]]]:
    """The rows of each knob, by value, in the order in which the knobs come."""
    names = list(dict.fromkeys(row.knob for row in rows))
    ordered = sorted(rows, key=lambda row: (names.index(row.knob), row.value))
    return [(name, list(group)) for name, group in groupby(ordered, key=lambda row: row.knob)]


def sweep_plot(rows: Sequence[SensitivityRow]) -> str:
    """Small multiples; the dashed upright line is the template's own value."""
    panels = knobs(rows)
    lines = -(-len(panels) // _ACROSS)
    root = svg.drawing(_WIDTH, lines * _HIGH, "Reaction and false alarms, by knob", "chart wide")
    width = (_WIDTH - _GAP * (_ACROSS - 1)) / _ACROSS
    for number, (name, of_knob) in enumerate(panels):
        x, y = (number % _ACROSS) * (width + _GAP), (number // _ACROSS) * _HIGH
        panel = svg.element(root, "g", transform=f"translate({x:.1f} {y})")
        _panel(panel, name, of_knob, width)
    return svg.as_text(root)


def _panel(
    panel: ElementTree.Element, name: str, rows: Sequence[SensitivityRow], width: float
) -> None:
    svg.text(panel, 0, 16, name, class_="strong")
    svg.text(panel, 0, 31, f"{_WHAT[rows[0].measure]}, {rows[0].scenario}", class_="small soft")
    across = svg.Scale(-0.5, len(rows) - 0.5, _LEFT, width)
    for place, row in enumerate(rows):
        x = across(place)
        value = f"{row.value:g}" + (f" {row.unit}" if row.unit else "")
        class_ = "small middle strong" if row.default else "small middle soft"
        svg.text(panel, x, _ALARMS[1] + 16, value, class_=class_)
        if row.default:
            svg.element(panel, "line", x1=x, x2=x, y1=_REACTION[0], y2=_REACTION[1], class_="mark")
    _reaction(panel, rows, across)
    _alarms(panel, rows, across)


def _reaction(
    panel: ElementTree.Element, rows: Sequence[SensitivityRow], across: svg.Scale
) -> None:
    most = max((row.reaction_p99 for row in rows if row.reaction_p99 is not None), default=1.0)
    up = svg.Scale(0, most * 1.08, _REACTION[1], _REACTION[0])
    for value in svg.ticks(0, most, 4):
        y = up(value)
        svg.element(
            panel, "line", x1=_LEFT, x2=across.end, y1=y, y2=y, class_="grid" if value else "axis"
        )
        svg.text(panel, _LEFT - 6, y + 4, f"{value:g}", class_="small soft end")
    known = [
        (across(place), up(row.reaction_p50), up(row.reaction_p99), row)
        for place, row in enumerate(rows)
        if row.reaction_p50 is not None and row.reaction_p99 is not None
    ]
    if not known:
        return
    over = " ".join(f"{x:.1f} {high:.1f}" for x, _, high, _ in known)
    under = " ".join(f"{x:.1f} {middle:.1f}" for x, middle, _, _ in reversed(known))
    svg.element(panel, "path", d=f"M{over} {under}Z", class_="band")
    middles = " ".join(f"{x:.1f} {middle:.1f}" for x, middle, _, _ in known)
    svg.element(panel, "path", d=f"M{middles}", class_="curve")
    for x, middle, _, row in known:
        dot = svg.element(panel, "circle", cx=x, cy=middle, r=3.5, class_="detect")
        svg.tip(dot, f"median {row.reaction_p50:.1f} s, 99th percentile {row.reaction_p99:.1f} s")


def _alarms(panel: ElementTree.Element, rows: Sequence[SensitivityRow], across: svg.Scale) -> None:
    top, base = _ALARMS
    svg.text(
        panel, 0, top - 6, f"{_MISTAKES[rows[0].measure]}, per 100 quiet runs", class_="small soft"
    )
    rates = [100 * _mistakes(row) / row.quiet_runs if row.quiet_runs else 0.0 for row in rows]
    up = svg.Scale(0, max([*rates, 1.0]), 0, base - top - 12)
    svg.element(panel, "line", x1=_LEFT, x2=across.end, y1=base, y2=base, class_="axis")
    for place, rate in enumerate(rates):
        x, high = across(place), up(rate)
        if rate:
            bar = svg.element(
                panel, "rect", x=x - 9, y=base - high, width=18, height=high, class_="decide"
            )
            svg.tip(bar, f"{rate:.2f} per 100")
        svg.text(panel, x, base - high - 3, f"{rate:.2g}" if rate else "0", class_="small middle")


def _mistakes(row: SensitivityRow) -> int:
    """Those of whoever the knob is for: the automation's, or Route 53's."""
    return row.false_alarms if row.measure == "accepted" else row.moves
