"""Signals, and processes that are killed: one line, and nothing half-written."""

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from drtemplate.drill.processes import results
from drtemplate.errors import DrTemplateError

WAITING = """
import sys, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # also in the background of a shell
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also under nohup
import drtemplate.commands.lint as command
def run(options, settings):
    print("ready", flush=True)
    time.sleep(50)
command.run = run
from drtemplate.cli import main
sys.exit(main(["lint"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_one_line(number):
    with subprocess.Popen(
        [sys.executable, "-c", WAITING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (2, "error: interrupted; nothing more is done\n")


KILLED = """
import os, signal
from drtemplate.drill.processes import results
def work(task):
    os.kill(os.getpid(), signal.SIGKILL if task else 0)
"""


def test_a_worker_that_is_killed_is_told(monkeypatch, tmp_path):
    """As by a system that is out of memory; what is left of the work is not waited for."""
    (tmp_path / "killed.py").write_text(KILLED)
    monkeypatch.syspath_prepend(tmp_path)
    killed = importlib.import_module("killed")
    with pytest.raises(DrTemplateError, match="one of the 2 processes was killed; run it again"):
        list(killed.results(killed.work, [0, 0, 1, 0], 2, dict, ()))
    assert multiprocessing.active_children() == []


def gets_ctrl_c(_):
    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_ctrl_c_is_left_to_the_main_process_in_a_drill_and_in_its_sweep():
    """Both work on these processes; a terminal sends it to all."""
    assert not any(results(gets_ctrl_c, range(3), 2, dict, ()))
    assert gets_ctrl_c(0)


DRILLING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also in the background of a shell
from drtemplate.drill import report, runner
runner.CHUNK = 2
report.Progress.advance = lambda *_: print("ready", flush=True)
from drtemplate.cli import main
words = "drill --scenario both_tiers_dead --runs 9999 --output".split()
sys.exit(main([*words, sys.argv[1], "--jobs", sys.argv[2]]))
"""


@pytest.mark.parametrize(
    ("jobs", "number", "send"),
    [
        ("1", signal.SIGINT, os.kill),
        ("2", signal.SIGINT, os.killpg),
        ("2", signal.SIGTERM, os.kill),
        ("2", signal.SIGTERM, os.killpg),
    ],
)
def test_a_whole_drill_ends_at_a_signal(tmp_path, jobs, number, send):
    """In the middle of runs: to the main process alone, as by kill, and to all, as by a terminal."""
    with subprocess.Popen(
        [sys.executable, "-c", DRILLING, tmp_path / "drill", jobs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            send(process.pid, number)
            _, err = process.communicate(timeout=30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert (process.returncode, err) == (2, "error: interrupted; nothing more is done\n")
    assert not (tmp_path / "drill").exists()
