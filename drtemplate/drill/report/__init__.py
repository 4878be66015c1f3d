"""The report on a drill: a page, results for programs, and words on the terminal."""

import os
from pathlib import Path

from drtemplate.drill.report.html import as_html
from drtemplate.drill.report.terminal import Progress, as_text
from drtemplate.drill.results import DrillReport
from drtemplate.errors import InputError
from drtemplate.pipeline import store

__all__ = ["Progress", "as_html", "as_text", "store_report"]


def check_folder(folder: Path) -> None:
    """See that the report can be written, before the minutes that a drill takes.

    Raises:
        InputError: it cannot.
    """
    there = next(one for one in (folder, *folder.resolve().parents) if one.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        raise InputError(f"{folder}: cannot write into {there}; choose another with --output")


def store_report(report: DrillReport, folder: Path) -> tuple[Path, ...]:
    """Write ``report.html`` and ``results.json``, each whole or not at all.

    Args:
        report: the drill.
        folder: where to; made if it is missing.

    Returns:
        The files, the page first.

    Raises:
        InputError: the folder or a file cannot be written.
    """
    texts = {
        "report.html": as_html(report),
        "results.json": report.to_json(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InputError(f"{folder}: cannot make the folder: {exc.strerror}") from exc
    for name, text in texts.items():
        store(folder / name, text)
    return tuple(folder / name for name in texts)
