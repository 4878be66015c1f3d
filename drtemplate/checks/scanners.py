"""What scanners find in templates: checkov, in an environment of its own, and cfn-lint with its advice."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from drtemplate.checks.findings import Finding
from drtemplate.checks.lint import lint
from drtemplate.errors import InputError
from drtemplate.settings import PROJECT

CHECKOV = PROJECT / ".venv-scan" / "bin" / "checkov"
# Nothing is fetched and nothing sent: AWS is checked by what is installed.
OPTIONS = ("--framework", "cloudformation", "--output", "json", "--compact", "--skip-download")
LONGEST_RUN = 300  # seconds; it takes some ten


def scan(
    templates: Mapping[str, str], regions: Sequence[str], checkov: Path = CHECKOV
) -> dict[str, list[Finding]]:
    """What both find in each template, in order; a rule at a place is one finding.

    Args:
        templates: texts by name; a name is a file's, without its suffix.
        regions: those that cfn-lint validates for.
        checkov: the program.

    Raises:
        InputError: a scanner cannot be run, or has not looked at a template.
    """
    if not checkov.is_file():
        raise InputError(f"{checkov}: no such file; `make scan` installs checkov there")
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(_run_checkov, templates, checkov)
        advice = {name: lint(text, regions, advise=True) for name, text in templates.items()}
        security = running.result()
    return {
        name: list(
            {(one.rule, one.where): one for one in sorted(advice[name] + security[name])}.values()
        )
        for name in templates
    }


def _run_checkov(templates: Mapping[str, str], checkov: Path) -> dict[str, list[Finding]]:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{name}.yaml") for name in templates]
        for file, text in zip(files, templates.values(), strict=True):
            file.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run(
                [checkov, *OPTIONS, "--file", *files],
                # A settings file there, at home or in the environment could skip what is to be found.
                cwd=folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": folder},
                capture_output=True,
                text=True,
                timeout=LONGEST_RUN,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise InputError(f"{checkov}: cannot be run: {exc}") from exc
    if done.returncode not in (0, 1):  # nothing found, or something
        last = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise InputError(f"{checkov}: ended with {done.returncode}: {last}")
    return read_report(done.stdout, list(templates))


def read_report(text: str, names: Sequence[str]) -> dict[str, list[Finding]]:
    """The findings in checkov's JSON, by the names of the templates.

    A check that a template asks to skip is a finding too: reasons stand in one file.

    Raises:
        InputError: it is no such report, a template was not understood, or none of its resources
            was looked at.
    """
    try:
        results = json.loads(text)["results"]
        unread = results["parsing_errors"]
        checks = {kind: results[f"{kind}_checks"] for kind in ("passed", "failed", "skipped")}
    except (ValueError, KeyError, TypeError) as exc:
        raise InputError("checkov gave no report; run it by hand on the template") from exc
    seen = {_template(one) for kind in ("passed", "failed") for one in checks[kind]}
    if missed := [name for name in names if unread or name not in seen]:
        raise InputError(f"checkov has looked at nothing in {', '.join(missed)}")
    found: dict[str, list[Finding]] = {name: [] for name in names}
    for kind, note in (("failed", ""), ("skipped", " (skipped in the template)")):
        for one in checks[kind]:
            where = f"Resources.{one['resource'].rpartition('.')[2]}"
            finding = Finding(where, one["check_id"], one["check_name"] + note)
            found[_template(one)].append(finding)
    return found


def _template(check: Mapping[str, Any]) -> str:
    return Path(check["file_abs_path"]).stem
