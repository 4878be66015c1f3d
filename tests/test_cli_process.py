"""The command line as a process: its streams, its exit code, and what a shell completes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from refusals import refused

from drtemplate.cli import COMMANDS, _termination, main
from drtemplate.settings import PROJECT

GENERATE = PROJECT / "generate.py"
FULL = Path("/dev/full")


def process(*arguments, **options):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [sys.executable, GENERATE, *arguments],
        env=environment,
        text=True,
        check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options,
    )


@pytest.mark.parametrize("arguments", [("render", "--check"), ("equivalence",)], ids=" ".join)
def test_it_runs_from_anywhere(tmp_path, arguments):
    done = process(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_wrong_use_of_the_process_exits_with_2(tmp_path):
    done = process("equivalence", "--source", "missing.yaml", cwd=tmp_path)
    refused((done.returncode, done.stdout, done.stderr), "missing.yaml")


@pytest.fixture
def gone():
    """The writing end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize(
    "arguments",
    [("render", "--stdout"), ("equivalence",), ("--help",)],
    ids=" ".join,
)
def test_a_reader_that_went_away_gets_no_traceback(gone, arguments):
    done = process(*arguments, stdout=gone)
    assert "Traceback" not in done.stderr
    assert "BrokenPipeError" not in done.stderr


def test_the_head_of_the_template_can_be_cut_off():
    command = f"'{sys.executable}' '{GENERATE}' equivalence --format json | head -1"
    done = subprocess.run(["sh", "-c", command], text=True, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == ("{\n", "")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_one_line():
    with FULL.open("w") as full:
        done = process("equivalence", stdout=full)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_words_for_people_never_go_to_standard_output(tmp_path):
    missing = tmp_path / "t.yaml"
    command = f"exec '{sys.executable}' '{GENERATE}' render --check --output '{missing}' 2>&-"
    done = subprocess.run(["sh", "-c", command], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")


@pytest.fixture
def completed(tmp_path):
    """What bash offers for the last of the words."""
    functions = tmp_path / "completion"
    functions.write_text(process("completion").stdout)
    script = (
        f'source "{functions}"\nCOMP_WORDS=(./generate.py "$@") COMP_CWORD=$#\n'
        '_drtemplate; printf "%s\\n" "${COMPREPLY[@]}"'
    )

    def offered(*words):
        done = subprocess.run(
            ["bash", "-uc", script, "bash", *words], capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    return offered


def test_a_shell_completes_commands_options_and_choices(completed):
    assert sorted(completed("")) == sorted(COMMANDS)
    assert completed("reh") == ["rehearse"]
    assert completed("render", "--set") == ["--settings"]
    assert set(completed("deploy", "--no")) == {"--notification-arns"}
    assert completed("rehearse", "--component", "") == ["database", "application"]
    assert completed("deploy", "--params", "") == [], "the shell's own completion of files"


def test_a_signal_that_is_ignored_stays_so():
    """nohup ignores SIGHUP, so that a deployment is followed to its end without a terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _termination():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_fault_in_the_settings_keeps_nobody_from_looking_at_the_stack(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drtemplate.toml").write_text("readers = ")
    assert main(["completion"]) == 0
    assert main(["status", "--stack", "1"]) == 2
    assert "no stack can be called" in capsys.readouterr().err
    assert main(["status", "--stack", "1", "--settings", "drtemplate.toml"]) == 2
    assert "is not TOML" in capsys.readouterr().err
