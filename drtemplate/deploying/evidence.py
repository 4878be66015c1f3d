"""What a rehearsal leaves: a file for programs, and a page for people."""

import html
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from drtemplate import __version__
from drtemplate.deploying.rehearsal import Rehearsal, stages_of
from drtemplate.errors import InputError
from drtemplate.pipeline import store

# An entry of the drill's assumptions and seconds -> the entry in words, and the share of its draws that
# are shorter.
Beside = Callable[[str, float], tuple[str, float]]
# Stage of a run -> what it times, and the assumption that it can be held against. The orchestrator
# looks every two seconds for a new writer, so that promote and verify may be that much too long.
_STAGES = {
    "decide": ("from the run's start to AWS's yes", ""),
    "promote": ("from AWS's yes to the new writer", "aurora_promotion"),
    "verify": ("from the new writer to an available cluster", "aurora_settle"),
    "latch": ("the health check's update", "api_route53"),
}
_RESTART = ("the replaced writer is available again", "aurora_restart")


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds that were measured, beside what the drill assumes.

    Attributes:
        assumption: an entry of the drill's timings; empty where it has none.
        assumed: that entry in words.
        shorter: the share of its draws that are shorter: 0 or 1 is outside of what is assumed.
    """

    step: str
    what: str
    seconds: float
    assumption: str = ""
    assumed: str = ""
    shorter: float | None = None


def measured(rehearsal: Rehearsal, beside: Beside) -> Iterator[Measured]:
    """What the real runs took, stage by stage."""
    for step in rehearsal.steps:
        if step.answer is None or step.event.get("dry_run"):
            continue
        for name, seconds in stages_of(step.answer).items():
            if name in _STAGES:
                what, assumption = _STAGES[name]
                yield _measured(step.name, f"{name}: {what}", seconds, assumption, beside)
        yield Measured(step.name, "from the event to the answer", step.seconds)
    if rehearsal.restart is not None:
        what, assumption = _RESTART
        yield _measured("failover", what, rehearsal.restart, assumption, beside)


def _measured(step: str, what: str, seconds: float, assumption: str, beside: Beside) -> Measured:
    if not assumption:
        return Measured(step, what, seconds)
    return Measured(step, what, seconds, assumption, *beside(assumption, seconds))


def evidence(
    facts: Mapping[str, str], rehearsal: Rehearsal, times: Sequence[Measured], ended: datetime
) -> dict[str, Any]:
    """All that is kept; ``facts`` say of which stack, where, and who asked."""
    steps = [
        {
            "name": step.name,
            "event": dict(step.event),
            "begun": step.begun.isoformat(timespec="milliseconds"),
            "seconds": round(step.seconds, 3),
            "outcome": step.answer.outcome if step.answer else None,
            "message": step.answer.message if step.answer else None,
            "answer": dict(step.answer.body) if step.answer else None,
        }
        for step in rehearsal.steps
    ]
    return {
        **facts,
        "drtemplate": __version__,
        "attempt": rehearsal.attempt,
        "components": list(rehearsal.components),
        "writer": rehearsal.writer,
        "held": rehearsal.held,
        "verdict": rehearsal.verdict,
        "ended": ended.isoformat(timespec="milliseconds"),
        "steps": steps,
        "measured": [asdict(one) for one in times],
    }


PAGE, DATA = "rehearsal.html", "rehearsal.json"


def check_unused(folder: Path) -> None:
    """Refuse a folder with the evidence of another rehearsal, which would be lost.

    Raises:
        InputError: it has some.
    """
    if any(os.path.lexists(folder / name) for name in (PAGE, DATA)):
        raise InputError(
            f"{folder}: there is evidence of an earlier rehearsal; give another --output"
        )


def store_evidence(told: Mapping[str, Any], folder: Path) -> tuple[Path, Path]:
    """Write ``rehearsal.html`` and ``rehearsal.json``, each whole or not at all; the page comes first.

    Raises:
        InputError: the folder or a file cannot be written.
    """
    page, data = folder / PAGE, folder / DATA
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InputError(f"{folder}: cannot make the folder: {exc.strerror}") from exc
    store(data, json.dumps(told, indent=2, default=str) + "\n")
    store(page, as_page(told))
    return page, data


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em }}
table {{ border-collapse: collapse; margin: 1em 0 }}
th, td {{ text-align: left; vertical-align: top; padding: .25em .8em .25em 0; border-bottom: 1px solid #ccc }}
td.n {{ text-align: right; font-variant-numeric: tabular-nums }}
</style></head><body>
<h1>{title}</h1>
<p><strong>{held}</strong>: {verdict}</p>
{facts}
<h2>Steps</h2>
{steps}
<h2>Measured, beside what the drill assumes</h2>
{measured}
<p>The orchestrator looks every two seconds for a new writer, so that a promotion may be shown that much too
long; the replaced writer was looked for every five. One rehearsal is one draw, and no distribution.</p>
</body></html>
"""


def as_page(told: Mapping[str, Any]) -> str:
    """The page: one file that fetches nothing, all of it escaped."""
    about = {
        "Stack": f"{told['stack']} in account {told['account']}, {told['region']}",
        "Asked for by": told["caller"],
        "Moved": ", ".join(told["components"]),
        "Writer before": told["writer"],
        "Attempt": told["attempt"],
    }
    return _PAGE.format(
        title=html.escape(f"Rehearsal of {told['stack']}, {told['ended'][:10]}"),
        held="Held" if told["held"] else "Not held",
        verdict=html.escape(told["verdict"]),
        facts=_table((), list(about.items())),
        steps=_table(
            ("step", "begun (UTC)", "seconds", "outcome", ""),
            [
                (one["name"], one["begun"][11:23], one["seconds"], one["outcome"], one["message"])
                for one in told["steps"]
            ],
        ),
        measured=_table(
            ("step", "what", "seconds", "assumed", ""),
            [
                (one["step"], one["what"], one["seconds"], _assumed(one), _share(one["shorter"]))
                for one in told["measured"]
            ],
        ),
    )


def _assumed(one: Mapping[str, Any]) -> str:
    return f"{one['assumption']}: {one['assumed']}" if one["assumption"] else ""


def _share(shorter: float | None) -> str:
    """Where a measurement lies among the draws."""
    if shorter is None:
        return ""
    if shorter in (0.0, 1.0):
        return "outside of what is assumed: give the drill your own timings, --assumptions"
    return f"{shorter:.0%} of the draws are shorter"


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    def cell(value: Any) -> str:
        if isinstance(value, float):
            return f'<td class="n">{value:.1f}</td>'
        return f"<td>{html.escape(str(value if value is not None else 'none'))}</td>"

    titles = "".join(f"<th>{html.escape(one)}</th>" for one in head)
    lines = [f"<tr>{titles}</tr>"] if head else []
    lines += [f"<tr>{''.join(map(cell, row))}</tr>" for row in rows]
    return "<table>\n" + "\n".join(lines) + "\n</table>"
