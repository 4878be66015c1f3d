import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from refusals import refusal

from drtemplate.checks.validation import validate
from drtemplate.pipeline import Rendered, default_output, is_current, render, store
from drtemplate.settings import PROJECT, Settings

OLD, NEW = "old: 1\n", "new: é\n"


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(OLD)
    return path


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_written(tmp_path):
    path = tmp_path / "template.yaml"
    assert store(path, NEW)
    assert path.read_bytes() == NEW.encode()
    assert entries(tmp_path) == ["template.yaml"]


def test_a_changed_file_is_replaced(target):
    assert store(target, NEW)
    assert target.read_bytes() == NEW.encode()
    assert entries(target.parent) == ["template.yaml"]


def test_an_unchanged_file_is_not_touched(target):
    os.utime(target, (1, 1))
    before = target.stat()
    assert not store(target, OLD)
    after = target.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert entries(target.parent) == ["template.yaml"]


def test_line_ends_are_written_as_they_are(tmp_path):
    path = tmp_path / "template.yaml"
    store(path, "a\nb\n")
    assert path.read_bytes() == b"a\nb\n"


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640])
def test_the_mode_is_kept(target, mode):
    target.chmod(mode)
    store(target, NEW)
    assert target.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_mode_that_open_gives(tmp_path, mask):
    before = os.umask(mask)
    try:
        store(tmp_path / "stored", NEW)
        (tmp_path / "opened").write_text(NEW)
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def no_space(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("owner", "name"), [(Path, "replace"), (os, "fsync"), (Path, "chmod")], ids=str
)
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(monkeypatch, target, owner, name):
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, no_space)
        assert "No space left" in refusal(store, target, NEW)
    assert target.read_text() == OLD
    assert entries(target.parent) == ["template.yaml"]


def test_a_first_write_that_fails_leaves_nothing(monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", no_space)
        refusal(store, tmp_path / "template.yaml", NEW)
    assert entries(tmp_path) == []


@pytest.mark.parametrize(
    "below", ["template.yaml/below", "missing/template.yaml", ".", "n" * 300], ids=lambda n: n[:30]
)
def test_a_path_that_cannot_be_written_is_refused(target, below):
    refusal(store, target.parent / below, NEW)
    assert target.read_text() == OLD
    assert entries(target.parent) == ["template.yaml"]


def test_a_file_is_current_if_every_byte_is_the_same(target):
    assert is_current(target, OLD)
    assert not is_current(target, OLD + "\n")
    assert not is_current(target, OLD.upper())
    target.write_bytes(OLD.replace("\n", "\r\n").encode())
    assert not is_current(target, OLD)


def test_a_missing_file_is_not_current(tmp_path):
    assert not is_current(tmp_path / "missing", OLD)
    assert not is_current(tmp_path / "missing" / "missing", OLD)


def test_what_cannot_be_read_is_refused(target):
    refusal(is_current, target.parent, OLD)
    refusal(is_current, target / "below", OLD)


def test_default_outputs_lie_in_templates():
    assert default_output("yaml") == PROJECT / "templates" / "dr-template.yaml"
    assert default_output("json") == PROJECT / "templates" / "dr-template.json"


def test_json_is_the_same_template_on_one_line():
    settings = Settings()
    rendered = render(settings, "json")
    assert rendered.text.count("\n") == 1
    assert json.loads(rendered.text) == render(settings).template == rendered.template


def test_a_text_that_is_too_large_for_cloudformation_is_not_linted(monkeypatch):
    monkeypatch.setattr("drtemplate.checks.lint.MAX_TEMPLATE_BYTES", 100)
    settings = Settings()
    assert [finding.rule for finding in validate(render(settings), settings)] == ["E1002"]


def test_validation_has_our_findings_beside_those_of_cfn_lint():
    settings = Settings()
    rendered = render(settings, "json")
    rendered.template["Outputs"]["VPCId"]["Value"] = {"Fn::FindInMap": ["Nothing", "a", "b"]}
    rendered.template["Resources"]["VPC"]["Properties"]["Colour"] = "red"
    broken = Rendered(template=rendered.template, text=json.dumps(rendered.template))
    assert {(finding.rule, finding.where) for finding in validate(broken, settings)} >= {
        ("E9702", "Outputs.VPCId.Value"),
        ("E3002", "Resources.VPC.Properties.Colour"),
    }


def test_a_text_that_is_not_the_template_is_a_finding(monkeypatch):
    monkeypatch.setattr("drtemplate.checks.lint.lint", lambda *_: [])
    settings = Settings()
    rendered = render(settings)
    assert validate(rendered, settings) == []
    spoiled = replace(rendered, text=rendered.text.replace("def handler(event", "def handle(event"))
    assert [finding.rule for finding in validate(spoiled, settings)] == ["written-wrong"]


def test_the_header_names_other_settings_and_no_path_of_this_machine(tmp_path):
    assert "# Settings: the defaults.\n" in render(Settings()).text
    handlers = tmp_path / "handlers"
    shutil.copytree(PROJECT / "handlers", handlers)
    text = render(Settings(handlers=handlers, runtime="python3.12")).text
    head = text.partition("AWSTemplateFormatVersion")[0]
    assert "#   runtime = 'python3.12'\n" in head
    assert str(tmp_path) not in text
