"""Servers that answer as no AWS does: one line each, and no hang."""

import http.server
import threading
from contextlib import contextmanager, suppress

import pytest
from botocore.exceptions import ClientError
from least_parameters import GOOD
from refusals import refused
from scene import STACK

from drtemplate.deploying.account import account_call, open_account
from drtemplate.deploying.answers import pages
from drtemplate.errors import DrTemplateError


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
def deploy(run, scene, monkeypatch):
    """Deploy to this address, without a pause between two attempts; nothing tells the secret."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2hunter2")
    monkeypatch.setattr("time.sleep", lambda _: None)
    request = scene.request(GOOD)

    def at(url):
        words = ("deploy", "--stack", STACK, "--params", request.parameters, "--yes")
        answer = run(*words, "--endpoint-url", url)
        assert "hunter2" not in answer[2]
        return answer

    return at


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
def test_what_is_not_aws_gets_one_line(deploy, page, code):
    with serving(page=page, code=code) as url:
        done = deploy(url)
    refused(done)
    assert "<" not in done[2], "a page"


def test_a_server_that_closes_gets_one_line(deploy):
    with serving(do_POST=lambda self: self.connection.close()) as url:
        refused(deploy(url), url)


def drip(self):
    """Headers, and then a body without an end."""
    self.send_response(200)
    self.end_headers()
    with suppress(OSError):
        while True:
            self.wfile.write(bytes(self.piece))


@pytest.mark.parametrize(("piece", "most", "longest"), [(2**16, 2**20, 60), (1, 2**40, -1)])
def test_an_answer_without_an_end_gets_one_line(deploy, monkeypatch, piece, most, longest):
    """One that is huge, and one that comes byte by byte."""
    monkeypatch.setattr("drtemplate.deploying.answers.MOST", most)
    monkeypatch.setattr("drtemplate.deploying.answers.LONGEST", longest)
    with serving(do_POST=drip, piece=piece) as url:
        refused(deploy(url), url, "without an end")


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


def test_half_an_answer_gets_one_line(deploy):
    with serving(do_POST=half) as url:
        refused(deploy(url), "what answers is not AWS")


def test_a_server_that_says_nothing_is_given_up():
    """By the configuration of every client: seconds and attempts, without waiting for them."""
    config = open_account("us-east-1", "https://127.0.0.1:9").sts.meta.config
    attempts = config.retries["total_max_attempts"]
    assert (config.connect_timeout + config.read_timeout) * attempts <= 90


def test_an_answer_of_another_shape_is_one_line():
    with pytest.raises(DrTemplateError, match="what answers is not AWS"), account_call("x"):
        {}["Stacks"]
