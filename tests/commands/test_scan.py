from dataclasses import fields

import pytest

from drtemplate.checks import acceptance, scanners
from drtemplate.checks.findings import Finding
from drtemplate.cli import main
from drtemplate.commands import scan
from drtemplate.settings import Settings

FOUND = Finding("Resources.VPC", "CKV_AWS_1", "Ensure something")
ENTRY = acceptance.Accepted(
    rule="CKV_AWS_1", where=("Resources.VPC",), because="It stays so.", evidence="docs/x.md"
)


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """The command with these findings in ours and these accepted, and a page of its own."""
    page = tmp_path / "scan.md"
    monkeypatch.setattr(scan, "PAGE", page)

    def call(*options, ours=(FOUND,), accepted=(ENTRY,)):
        def found(templates, regions, checkov):
            assert list(templates) == ["source", "default", "controls"]
            assert "LogBucket:" in templates["controls"]
            return {"source": [FOUND], "default": list(ours), "controls": []}

        monkeypatch.setattr(scanners, "scan", found)
        monkeypatch.setattr(acceptance, "load_accepted", lambda: list(accepted))
        return main(["scan", *options]), *capsys.readouterr()

    call.page = page
    return call


def test_all_explained_and_the_page_written_is_fine(run):
    assert run("--write")[0] == 0
    assert "| checkov | 1 | 1 | 0 |" in run.page.read_text()
    assert run()[0] == 0


def test_the_findings_of_the_source_need_no_reason(run):
    assert run("--write", ours=(), accepted=())[0] == 0


@pytest.mark.parametrize("case", [{"accepted": ()}, {"ours": ()}], ids=["unexplained", "stale"])
def test_what_has_no_counterpart_fails_and_writes_no_page(run, case):
    code, out, _ = run("--write", **case)
    assert code == 1
    assert "Resources.VPC: CKV_AWS_1" in out
    assert not run.page.exists()


def test_a_page_with_other_figures_fails_and_says_what_to_do(run):
    run("--write")
    more = Finding("Resources.VPC", "CKV_AWS_2", "Ensure more")
    entry = acceptance.Accepted(
        rule="CKV_AWS_2", where=("Resources.VPC",), because="b", evidence="e"
    )
    code, _, err = run(ours=(FOUND, more), accepted=(ENTRY, entry))
    assert code == 1
    assert "--write" in err


def off(part, default):
    """Names of the fields that are as they are by default."""
    for field in fields(default):
        value, usual = getattr(part, field.name), getattr(default, field.name)
        if value == usual:
            yield field.name


def test_every_control_is_on():
    """A control that is added is scanned too."""
    on, default = scan.EVERY_CONTROL, Settings()
    assert {*off(on, default)} == {
        *("addresses", "engine_version", "runtime", "regions", "handlers", "zones"),
        *("log_retention_days", "database", "automation", "names", "roles", "existing"),
    }
    # The default of a parameter is no control.
    for part in (on.protection, on.records, on.protection.backups):
        assert {*off(part, type(part)())} <= {"retention_days"}
