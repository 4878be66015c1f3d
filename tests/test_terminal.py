"""What is said on a terminal, and what is asked there."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from drtemplate.console import at_terminal, printable, tell


@contextmanager
def terminal(monkeypatch, typed=""):
    """A terminal as standard input and error, on which this is typed."""
    master, slave = os.openpty()
    os.write(master, typed.encode("latin-1"))
    with (
        os.fdopen(slave, encoding="utf-8") as reading,
        os.fdopen(slave, "w", closefd=False) as writing,
    ):
        monkeypatch.setattr("sys.stdin", reading)
        monkeypatch.setattr("sys.stderr", writing)
        yield
    os.close(master)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("y\n", True),
        ("YES\n", True),
        ("\n", False),
        ("n\n", False),
        ("\x04", False),
        ("y\xff\n", False),
    ],
    ids=["y", "yes", "enter", "n", "end of input", "not UTF-8"],
)
def test_only_yes_is_yes(monkeypatch, typed, meant):
    with terminal(monkeypatch, typed):
        assert at_terminal()("Make it?") is meant


@pytest.mark.parametrize("stream", ["sys.stdin", "sys.stderr"])
def test_nobody_is_asked_off_the_terminal(monkeypatch, stream):
    with terminal(monkeypatch), Path(os.devnull).open() as nobody:
        assert at_terminal()
        for other in (nobody, None):
            monkeypatch.setattr(stream, other)
            assert at_terminal() is None


def test_a_line_that_nobody_would_read_whole_is_cut(capsys):
    tell(f"begin{'x' * 10**6}end")
    line = capsys.readouterr().err
    assert len(line) < 9000
    assert line.startswith("beginx")
    assert line.endswith("xend\n")


@pytest.mark.parametrize(
    ("line", "colour"),
    [
        ("  1:00  CREATE_FAILED  Key", "31"),
        ("! Replace  Cluster", "31"),
        ("  1:00  UPDATE_ROLLBACK_IN_PROGRESS  pay-dr", "33"),
        ("  1:00  CREATE_COMPLETE  Key", "32"),
        ("  Modify  Topic", ""),
        ("\x1b[5m CREATE_COMPLETE", "32"),
    ],
)
def test_colour_only_on_a_terminal_and_only_ours(monkeypatch, capsys, line, colour):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    plain = printable(line)
    tell(line)
    assert capsys.readouterr().err == f"{plain}\n"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    tell(line)
    expected = f"\033[{colour}m{plain}\033[0m\n" if colour else f"{plain}\n"
    assert capsys.readouterr().err == expected
    monkeypatch.setenv("NO_COLOR", "1")
    tell(line)
    assert capsys.readouterr().err == f"{plain}\n"
