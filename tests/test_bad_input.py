"""Paths and words that nobody means well: one line each, no hang, nothing half-written."""

import os
import shlex
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from refusals import refused

from drtemplate import __version__
from drtemplate.cli import COMMANDS, main
from drtemplate.drill.scenarios import select
from drtemplate.errors import InputError
from drtemplate.pipeline import store
from drtemplate.settings import PROJECT

GENERATE = PROJECT / "generate.py"

# paths


def fifo(folder):
    os.mkfifo(folder / "it")
    return folder / "it"


def directory(folder):
    (folder / "it").mkdir()
    return folder / "it"


def link_to_a_device(folder):
    (folder / "it").symlink_to("/dev/null")
    return folder / "it"


def server(folder):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "it"))
    return folder / "it"


def loop(folder):
    (folder / "it").symlink_to(folder / "it")
    return folder / "it"


ODD = [fifo, directory, link_to_a_device, server, loop]
DEVICES = [Path("/dev/zero"), Path("/dev/null"), Path("/dev/full")]


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_only_a_regular_file_is_ever_replaced(tmp_path, make, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    path = make(Path())
    before = os.lstat(path)
    with pytest.raises(InputError) as caught:
        store(path, "text")
    assert "\n" not in str(caught.value)
    assert (os.lstat(path).st_ino, os.lstat(path).st_mode) == (before.st_ino, before.st_mode)
    assert [one.name for one in tmp_path.iterdir()] == ["it"]


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_no_device_is_replaced(device, tmp_path):
    if not stat.S_ISCHR(device.stat().st_mode):
        pytest.skip(f"{device} is no device here")
    # A link, so that a defect would cost no device of this machine.
    (tmp_path / "link").symlink_to(device)
    with pytest.raises(InputError, match="no regular file"):
        store(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert stat.S_ISCHR(device.stat().st_mode)


def test_what_a_link_leads_to_is_written_and_the_link_stays(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for text in ("one", "two"):
        assert store(tmp_path / "link", text)
        assert (tmp_path / "file").read_text() == text
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize(
    "words",
    [
        ["deploy", "--stack", "a", "--offline", "--params"],
        ["equivalence", "--source"],
        ["equivalence", "--ledger"],
        ["diff"],
        ["drill", "--runs", "1", "--assumptions"],
        ["drill", "--runs", "1", "--template"],
    ],
    ids=" ".join,
)
def test_every_file_that_is_read_is_a_regular_one(run, words, tmp_path):
    if words[0] == "diff":
        refused(run(*words, fifo(tmp_path)), "no regular file")
    refused(run(*words, "/dev/zero"), "/dev/zero", "no regular file")


def test_a_file_without_end_is_not_read_to_its_end(tmp_path, capsys):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    words = ["deploy", "--stack", "a", "--offline"]
    assert main([*words, "--params", str(path)]) == 2
    assert "too large" in capsys.readouterr().err


def test_a_bomb_of_aliases_is_refused_at_once(tmp_path, capsys):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines))
    assert main(["diff", str(path)]) == 2
    assert "values, its aliases followed" in capsys.readouterr().err


# words


@pytest.mark.parametrize(
    "words",
    [
        ["\x1b[31mred"],
        ["lint", "--\x1b]0;title\x07"],
        ["render", "--format", "\x1b[2J"],
        ["diff", "no\x1b[31m/such"],
        ["deploy", "--stack", "\x1b[31m", "--params", "x", "--offline"],
        ["deploy", "--stack", "a", "--params", "\x1b[31m", "--offline"],
        ["deploy", "--stack", "a", "--params", "x", "--profile", "\x1b[31m", "--yes"],
        ["lint", "--region", "\x1b[31m"],
        ["drill", "--scenario", "\x1b[31m"],
    ],
)
def test_no_word_reaches_the_terminal_as_a_command(words, capsys):
    try:
        code = main(words)
    except SystemExit as exc:
        code = exc.code
    err = capsys.readouterr().err
    assert code == 2
    assert "\x1b" not in err
    assert "\x07" not in err


@pytest.mark.parametrize("name", ["status", "deploy", "render"])
def test_two_hyphens_are_no_value(name, capsys):
    """argparse makes an empty list of them."""
    with pytest.raises(SystemExit) as caught:
        main([name, "--stack=--"])
    assert caught.value.code == 2
    assert "--stack wants a value" in capsys.readouterr().err


@pytest.mark.parametrize(
    "streams", ["2>/dev/full", ">/dev/full 2>/dev/full", ">&- 2>/dev/full", ">&- 2>&- <&-"]
)
def test_a_full_or_closed_stream_is_no_other_exit_code(streams, tmp_path):
    words = [sys.executable, GENERATE, "settings", "--check", tmp_path / "none"]
    command = f"{shlex.join(map(str, words))} {streams}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"")


def test_the_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"drtemplate {__version__}\n"
    assert f"version = {__version__}\n" in (PROJECT / "setup.cfg").read_text()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_mistake_in_a_command_shows_the_usage_of_that_command(name, capsys):
    with pytest.raises(SystemExit) as caught:
        main([name, "--no-such-option"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith(f"usage: generate.py {name} ")


@pytest.mark.parametrize(
    ("words", "target"), [([], "make template"), (["drill", "--list"], "make drill")]
)
def test_without_the_packages_it_says_in_one_line_what_to_do(tmp_path, words, target):
    """`python generate.py` with a Python that has none of them."""
    done = subprocess.run(
        [sys.executable, "-S", "-E", GENERATE, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={},
    )
    refused((done.returncode, done.stdout, done.stderr), target, ".venv/bin/python generate.py")


def test_a_partial_drill_has_its_own_place(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name = select(None)[0].name
    assert main(["drill", "--scenario", name, "--runs", "1", "--jobs", "1"]) in (0, 1)
    assert "build/drill/partial/report.html" in capsys.readouterr().err
    assert [one.name for one in (tmp_path / "build" / "drill").iterdir()] == ["partial"]
