"""What is read from a handler's code, and what is not."""

import pytest

from drtemplate.checks.rules.code import read_code

CLIENT = """
import boto3
from botocore.config import Config
CONFIG = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
client = boto3.client("rds", config=CONFIG)
"""
# The code -> the longest wait in seconds.
WAITS = {
    "": 0,
    "x = 120": 0,
    "sleep(5)": 5,
    "import time\ntime.sleep(5)": 5,
    "PAUSE = 7\nsleep(PAUSE)": 7,
    "A, PAUSE = 1, 7\nsleep(PAUSE)": 7,
    "PAUSE: int = 7\nsleep(PAUSE)": 7,
    "def wait(longest=120):\n while time() - begun < longest: pass": 120,
    "def wait(cluster, longest=120):\n while time() - begun < longest: pass": 120,
    "longest = 120\nbegun = time.time()\nwhile time.time() - begun < longest: sleep(5)": 120,
    "while monotonic() < begun + 90: sleep(1)": 90,
    "RUN = 70\nwhile True:\n if time() + pause >= begun + RUN: break": 70,
    "end = time() + 100\nwhile time() < end: pass": 100,
    "for _ in range(24): sleep(5)": 120,
    "ROUNDS = 24\nfor _ in range(1, ROUNDS):\n  sleep(5)": 120,
    "MINUTES = 2\nwhile time() < begun + MINUTES * 60: pass": 120,
    "LONG = 10\nLONG = 200\nwhile time() < begun + LONG: pass": 200,
}
NO_WAITS = {
    "a lifetime of an item": 'put({"ExpiresAt": int(time()) + 86400 * 30})',
    "a cooldown of the past": "now = time()\nif now - last < 300: pass",
    "a flag": "if time() < True: pass",
    "a name of another kind": "longest = given()\nwhile time() - begun < longest: pass",
}
# The code's clients -> what one call may take, in seconds.
CALLS = {
    "": 0,
    CLIENT: 10,
    'import boto3\nboto3.client("rds")': 600,
    'import boto3\nboto3.client("rds", config=Config(read_timeout=5))': 325,
    'import boto3\nboto3.resource("dynamodb", config=Config(connect_timeout=1, read_timeout=1, '
    'retries={"max_attempts": 0}))': 2,
    CLIENT + 'QUICK = CONFIG.merge(Config(read_timeout=1))\nboto3.client("x", config=QUICK)': 10,
    CLIENT.replace("config=CONFIG", "config=CONFIG.merge(Config(read_timeout=1))"): 6,
    CLIENT.replace("config=CONFIG", "config=given()"): 600,
    'other.client("rds")': 0,
}
# The code -> what it keeps back of Lambda's remaining time, in seconds.
RESERVES = {
    "": None,
    "if context.get_remaining_time_in_millis() < 30000: pass": 30,
    "R = 45\nif context.get_remaining_time_in_millis() < R * 1000: pass": 45,
    "R = 45\nif R > context.get_remaining_time_in_millis() / 1000: pass": 45,
    "lease = context.get_remaining_time_in_millis() / 1000 + 10": None,
}


@pytest.mark.parametrize(("text", "seconds"), WAITS.items(), ids=repr)
def test_waits(text, seconds):
    assert read_code(text).waits == seconds


@pytest.mark.parametrize("text", NO_WAITS.values(), ids=NO_WAITS)
def test_what_is_no_wait(text):
    assert read_code(text).waits == 0


@pytest.mark.parametrize(("text", "seconds"), CALLS.items(), ids=repr)
def test_calls(text, seconds):
    assert read_code(text).call == seconds


@pytest.mark.parametrize(("text", "seconds"), RESERVES.items(), ids=repr)
def test_reserves(text, seconds):
    assert read_code(text).reserve == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('put(MetricData=[{"StorageResolution": 1}])', (True, False)),
        ('put(MetricData=[{"StorageResolution": 60}])', (False, False)),
        ('put(StorageResolution=1, InvocationType="Event")', (True, True)),
        ('invoke(InvocationType="RequestResponse")', (False, False)),
    ],
)
def test_resolution_and_invocation(text, expected):
    code = read_code(text)
    assert (code.fine, code.asynchronous) == expected


def test_words_are_texts_and_keywords():
    assert read_code('publish(Metric=1, other="text")').words == {"Metric", "other", "text"}


@pytest.mark.parametrize("text", ["def (:", "x = '\0'"])
def test_what_is_no_python_is_not_read(text):
    assert read_code(text) is None
