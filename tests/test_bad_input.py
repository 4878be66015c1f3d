"""Paths, servers, signals and words that nobody means well: one line each, no hang, nothing half-written."""

import http.server
import importlib
import json
import multiprocessing
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from drtemplate import __version__
from drtemplate.cli import COMMANDS, main
from drtemplate.console import printable, tell
from drtemplate.deploying.account import account_call, open_account
from drtemplate.deploying.answers import pages
from drtemplate.drill.processes import results
from drtemplate.drill.scenarios import select
from drtemplate.errors import DrTemplateError, InputError
from drtemplate.pipeline import store
from drtemplate.settings import PROJECT

GENERATE = PROJECT / "generate.py"
PARAMETERS = {
    "DomainName": "pay.example.com",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "AlertEmail": "oncall@example.com",
}


@pytest.fixture
def generate(monkeypatch, capsys):
    """The command, with credentials for nothing, and no pause between two attempts."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2hunter2")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("time.sleep", lambda _: None)

    def run(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=out, stderr=err)

    return run


def one_line(done, *words):
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("error: ")
    for word in words:
        assert str(word) in done.stderr
    assert "hunter2" not in done.stderr


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
def test_every_file_that_is_read_is_a_regular_one(generate, words, tmp_path):
    if words[0] == "diff":
        one_line(generate(*words, fifo(tmp_path)), "no regular file")
    one_line(generate(*words, "/dev/zero"), "/dev/zero", "no regular file")


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


# servers


class Odd(http.server.BaseHTTPRequestHandler):
    """Answers as no AWS does."""

    page = b"<html><body>Please sign in, hunter3</body></html>"
    code = 200

    def do_POST(self):
        self.send_response(self.code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(self.page)))
        self.end_headers()
        self.wfile.write(self.page)

    do_GET = do_HEAD = do_POST

    def log_message(self, *_):
        pass


@contextmanager
def serving(**facts):
    handler = type("Handler", (Odd,), facts)
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_address[1]}"
    made.shutdown()
    made.server_close()


@pytest.fixture
def deployable(tmp_path):
    (tmp_path / "p.json").write_text(json.dumps(PARAMETERS))
    return ["deploy", "--stack", "pay-dr", "--params", tmp_path / "p.json", "--region", "us-east-1", "--yes"]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (Odd.page, 200),
        (b"<html><body><p>not well-formed</body>", 200),
        (b"", 200),
        (b"{}", 200),
        (b"\xff\xfe\x00", 200),
        (b"<?xml version='1.0'?><GetCallerIdentityResponse/>", 200),
        (Odd.page, 407),
        (Odd.page, 302),
        (Odd.page, 500),
    ],
)
def test_what_is_not_aws_gets_one_line(generate, deployable, page, code):
    with serving(page=page, code=code) as url:
        done = generate(*deployable, "--endpoint-url", url)
    one_line(done)
    assert "<" not in done.stderr, "a page"


def test_a_server_that_closes_gets_one_line(generate, deployable):
    with serving(do_POST=lambda self: self.connection.close()) as url:
        one_line(generate(*deployable, "--endpoint-url", url), url)


def drip(self):
    """Headers, and then a body without an end."""
    self.send_response(200)
    self.end_headers()
    with suppress(OSError):
        while True:
            self.wfile.write(bytes(self.piece))


@pytest.mark.parametrize(("piece", "most", "longest"), [(2**16, 2**20, 60), (1, 2**40, -1)])
def test_an_answer_without_an_end_gets_one_line(
    generate, deployable, monkeypatch, piece, most, longest
):
    """One that is huge, and one that comes byte by byte."""
    monkeypatch.setattr("drtemplate.deploying.answers.MOST", most)
    monkeypatch.setattr("drtemplate.deploying.answers.LONGEST", longest)
    with serving(do_POST=drip, piece=piece) as url:
        one_line(generate(*deployable, "--endpoint-url", url), url, "without an end")


def test_a_page_in_place_of_an_error_is_not_shown():
    """As botocore reads one where it expects JSON."""
    error = {"Error": {"Code": "500", "Message": "\n<!doctype html><p>Oops"}}
    with pytest.raises(DrTemplateError, match="500: what answers is not AWS"), account_call("x"):
        raise ClientError(error, "DescribeKey")


def test_a_list_without_an_end_is_one_line():
    with pytest.raises(DrTemplateError, match="without an end"), account_call("list"):
        list(pages(lambda **_: {"NextToken": "again"}))
    told = iter([{"NextToken": "a"}, {"NextToken": "b"}, {}])
    asked = []
    assert len(list(pages(lambda **words: asked.append(words) or next(told), A="x"))) == 3
    assert asked == [{"A": "x"}, {"A": "x", "NextToken": "a"}, {"A": "x", "NextToken": "b"}]


def half(self):
    self.send_response(200)
    self.send_header("Content-Length", "1000")
    self.end_headers()
    self.wfile.write(b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1")
    self.close_connection = True


def test_half_an_answer_gets_one_line(generate, deployable):
    with serving(do_POST=half) as url:
        one_line(generate(*deployable, "--endpoint-url", url), "what answers is not AWS")


def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    """By the configuration of every client: seconds and attempts, without waiting for them."""
    for name, value in (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")):
        monkeypatch.setenv(name, value)
    config = open_account("us-east-1", "https://127.0.0.1:9").sts.meta.config
    attempts = config.retries["total_max_attempts"]
    assert (config.connect_timeout + config.read_timeout) * attempts <= 90


def test_an_answer_of_another_shape_is_one_line():
    with pytest.raises(DrTemplateError, match="what answers is not AWS"), account_call("x"):
        {}["Stacks"]


# signals


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


def test_a_line_that_nobody_would_read_whole_is_cut(capsys):
    tell(f"begin{'x' * 10**6}end")
    line = capsys.readouterr().err
    assert len(line) < 9000
    assert line.startswith("beginx")
    assert line.endswith("xend\n")


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
    one_line(done, target, ".venv/bin/python generate.py")


# progress, and partial drills


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


def test_a_partial_drill_has_its_own_place(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name = select(None)[0].name
    assert main(["drill", "--scenario", name, "--runs", "1", "--jobs", "1"]) in (0, 1)
    assert "build/drill/partial/report.html" in capsys.readouterr().err
    assert [one.name for one in (tmp_path / "build" / "drill").iterdir()] == ["partial"]
