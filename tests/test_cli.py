import json
import os
import re
import shutil
from pathlib import Path

import pytest
from refusals import refused

from drtemplate.checks.findings import Finding
from drtemplate.cli import main
from drtemplate.settings import PROJECT, AddressPlan, Settings
from drtemplate.topologies.one_region import build

RENDERED = PROJECT / "templates" / "dr-template.yaml"
FINDING = Finding("Resources.VPC", "W0000", "is made up")


@pytest.fixture
def no_lint(monkeypatch):
    """The stack is known to be clean: see test_lint."""
    monkeypatch.setattr("drtemplate.checks.lint.lint", lambda *_: [])


@pytest.fixture
def with_finding(monkeypatch):
    monkeypatch.setattr("drtemplate.checks.lint.lint", lambda *_: [FINDING])


@pytest.fixture
def stored(monkeypatch, tmp_path):
    """Where a render without a path goes, instead of the working tree."""
    folder = tmp_path / "stored"
    folder.mkdir()
    monkeypatch.setattr(
        "drtemplate.pipeline.default_output", lambda form: folder / f"dr-template.{form}"
    )
    return folder


# render


def test_render_is_the_default(run, no_lint, stored):
    code, out, err = run()
    assert (code, out) == (0, "")
    assert (stored / "dr-template.yaml").read_text() == RENDERED.read_text()
    assert "written" in err


def test_the_committed_template_is_what_the_code_renders(run):
    assert run("render", "--check") == (0, "", "")


@pytest.mark.parametrize("command", [(), ("render",)])
def test_output_names_the_file_and_options_alone_mean_render(
    run, no_lint, stored, tmp_path, command
):
    path = tmp_path / "t.yaml"
    code, out, err = run(*command, "--output", path)
    assert (code, out) == (0, "")
    assert f"{path}: written" in err
    assert path.read_text() == RENDERED.read_text()
    assert list(stored.iterdir()) == []


def test_a_second_render_writes_nothing(run, no_lint, tmp_path):
    path = tmp_path / "t.yaml"
    run("--output", path)
    os.utime(path, (1, 1))
    code, _, err = run("--output", path)
    assert code == 0
    assert f"{path}: unchanged" in err
    assert path.stat().st_mtime == 1


def test_a_file_below_is_shown_by_its_relative_path(run, no_lint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("--output", "t.yaml")[2].startswith("t.yaml: written")
    assert run("--output", tmp_path / "t.yaml")[2].startswith("t.yaml: unchanged")


def test_a_render_says_how_large_the_template_is(run, no_lint, tmp_path):
    path = tmp_path / "t.yaml"
    err = run("--output", path)[2]
    count = len(build(Settings()).resources)
    assert re.search(rf"^{count} resources of \d+ types, {path.stat().st_size:,} bytes$", err, re.M)


def test_stdout_holds_the_template_and_nothing_else(run, no_lint, stored):
    code, out, err = run("--stdout")
    assert code == 0
    assert out == RENDERED.read_text()
    assert "bytes" in err
    assert list(stored.iterdir()) == []


def test_json_parses_and_says_its_size(run, no_lint):
    code, out, err = run("render", "--stdout", "--format", "json")
    assert code == 0
    assert json.loads(out) == build(Settings()).to_dict()
    assert f"{len(out.encode()):,} bytes" in err


def test_json_has_its_own_default_file(run, no_lint, stored):
    assert run("--format", "json")[0] == 0
    assert [path.name for path in stored.iterdir()] == ["dr-template.json"]


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_check_passes_after_a_render(run, no_lint, tmp_path, form):
    path = tmp_path / "t"
    run("--output", path, "--format", form)
    assert run("--check", "--output", path, "--format", form) == (0, "", "")


def test_check_finds_a_stale_file_and_leaves_it(run, tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text(RENDERED.read_text() + "# by hand\n")
    before = path.read_bytes()
    code, out, err = run("render", "--check", "--output", path)
    assert (code, out) == (1, "")
    assert "stale" in err
    assert "make template" in err
    assert path.read_bytes() == before


def test_check_finds_a_missing_file_and_does_not_make_it(run, tmp_path):
    path = tmp_path / "t.yaml"
    code, _, err = run("render", "--check", "--output", path)
    assert code == 1
    assert len(err.splitlines()) == 1
    assert not path.exists()


def test_check_of_a_directory_is_refused(run, tmp_path):
    refused(run("render", "--check", "--output", tmp_path), tmp_path)


def test_check_and_stdout_exclude_each_other(run):
    refused(run("render", "--check", "--stdout"), "--check", "--stdout")


def test_a_render_with_findings_prints_them_alone_and_leaves_every_file(
    run, with_finding, tmp_path
):
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text("old\n")
    for where in (("--output", old), ("--output", new), ("--stdout",)):
        code, out, err = run(*where)
        assert (code, out) == (1, "")
        assert str(FINDING) in err
    assert old.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [old]


def test_a_retired_engine_is_found_by_a_render(run, tmp_path):
    path = tmp_path / "t.yaml"
    settings = Settings(engine_version="8.0.mysql_aurora.3.02.0", regions=("us-east-1",))
    code, out, err = run("--output", path, settings=settings)
    assert (code, out) == (1, "")
    assert "W3690" in err
    assert not path.exists()


# handlers


@pytest.fixture
def handlers(tmp_path):
    return Path(shutil.copytree(Settings().handlers, tmp_path / "handlers"))


@pytest.mark.parametrize("name", ["failover_orchestrator.py", "health_monitor.py"])
def test_a_bad_handler_is_refused(run, handlers, tmp_path, name):
    (handlers / name).write_text("def handler(event, context:\n    pass\n")
    path = tmp_path / "t.yaml"
    refused(run("--output", path, settings=Settings(handlers=handlers)), name, ":1:")
    assert not path.exists()


@pytest.mark.parametrize("arguments", [(), ("lint",), ("equivalence",), ("--check",)])
def test_a_missing_handler_is_refused_by_every_command(run, handlers, stored, arguments):
    (handlers / "health_monitor.py").unlink()
    refused(run(*arguments, settings=Settings(handlers=handlers)), "health_monitor.py")
    assert list(stored.iterdir()) == []


def test_a_missing_folder_of_handlers_is_refused(run, tmp_path, stored):
    refused(run(settings=Settings(handlers=tmp_path / "none")), tmp_path / "none")


def test_too_long_a_handler_is_a_finding(run, handlers, tmp_path):
    path = handlers / "health_monitor.py"
    path.write_text(path.read_text() + f"\n\nTEXT = '{'x' * 1_000_000}'\n")
    code, out, err = run("--output", tmp_path / "t.yaml", settings=Settings(handlers=handlers))
    assert (code, out) == (1, "")
    assert "E1002 has 2," in err
    assert not (tmp_path / "t.yaml").exists()


# wrong use


@pytest.mark.parametrize(
    "arguments",
    [
        ("deploy",),
        ("--colour",),
        ("render", "--colour"),
        ("render", "--format", "xml"),
        ("render", "--output"),
        ("render", "--stdout", "--output", "t.yaml"),
        ("render", "more"),
        ("lint", "--stdout"),
        ("equivalence", "--format", "yaml"),
    ],
    ids=" ".join,
)
def test_wrong_use_exits_with_2(capsys, stored, arguments):
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage" in err
    assert list(stored.iterdir()) == []


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("lint", "--help")])
def test_help_goes_to_standard_output(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    assert caught.value.code == 0
    out, err = capsys.readouterr()
    assert "usage" in out
    assert err == ""


def test_help_names_the_commands_and_exit_codes(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(name in out for name in ("render", "lint", "equivalence", "Exit codes"))


def test_settings_that_overlap_are_refused(run, monkeypatch, stored):
    def overlapping():
        return Settings(addresses=AddressPlan(public=("10.0.1.0/24", "10.0.1.128/25")))

    monkeypatch.setattr("drtemplate.cli.Settings", overlapping)
    refused(run(), "overlaps")
    assert list(stored.iterdir()) == []


def test_a_path_that_cannot_be_written_is_refused(run, no_lint, tmp_path):
    path = tmp_path / "missing" / "t.yaml"
    refused(run("--output", path), path)
    assert list(tmp_path.iterdir()) == []


# lint


def test_lint_says_that_nothing_was_found(run, no_lint):
    code, out, err = run("lint")
    assert (code, out) == (0, "")
    assert err == "0 findings in us-east-1, us-west-2\n"


def test_lint_prints_findings(run, with_finding):
    code, out, err = run("lint")
    assert code == 1
    assert out == f"{FINDING}\n"
    assert err.startswith("1 finding")


def test_lint_as_json_parses(run, with_finding):
    code, out, err = run("lint", "--format", "json")
    assert (code, err) == (1, "")
    assert json.loads(out) == [{"where": "Resources.VPC", "rule": "W0000", "message": "is made up"}]


def test_lint_without_findings_is_an_empty_list(run, no_lint):
    assert run("lint", "--format", "json") == (0, "[]\n", "")


def test_lint_passes_the_regions_on(run, monkeypatch):
    asked = []

    def lint(_, regions):
        asked.extend(regions)
        return []

    monkeypatch.setattr("drtemplate.checks.lint.lint", lint)
    assert run("lint", "--region", "eu-central-1", "--region", "us-east-1")[0] == 0
    assert asked == ["eu-central-1", "us-east-1"]


@pytest.mark.parametrize("region", ["nowhere-1", "us-east-1,us-west-2"])
def test_an_unknown_region_is_refused(run, region):
    refused(run("lint", "--region", "us-east-1", "--region", region), region)


def test_a_render_for_an_unknown_region_is_refused(run, tmp_path):
    settings = Settings(regions=("nowhere-1",))
    refused(run("--output", tmp_path / "t.yaml", settings=settings), "nowhere-1")
    assert not (tmp_path / "t.yaml").exists()
