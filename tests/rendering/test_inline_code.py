"""A handler of one module in the template: byte for byte, and nothing that Lambda could not run."""

import pytest

from drtemplate.errors import HandlerError
from drtemplate.rendering.inline import inline_code

HANDLER = "def handler(event, context):\n    return event\n"
BANNER = f"{'# ---- handlers/some_handler.py ':-<98}\n"


@pytest.fixture
def inlined(tmp_path):
    def run(source):
        path = tmp_path / "some_handler.py"
        path.write_bytes(source.encode())
        return inline_code(path)

    return run


@pytest.fixture
def refused(tmp_path):
    def run(source):
        path = tmp_path / "some_handler.py"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        with pytest.raises(HandlerError) as error:
            inline_code(path)
        message = str(error.value)
        assert message.startswith(f"{path}:")
        assert "\n" not in message
        assert "None" not in message
        return message.removeprefix(f"{path}")

    return run


# Bad input


def test_a_missing_file(tmp_path):
    with pytest.raises(HandlerError, match=r"absent\.py: .*No such file") as error:
        inline_code(tmp_path / "absent.py")
    assert "\n" not in str(error.value)


def test_a_directory(tmp_path):
    with pytest.raises(HandlerError, match="irectory") as error:
        inline_code(tmp_path)
    assert str(error.value).startswith(f"{tmp_path}: ")
    assert "\n" not in str(error.value)


def test_not_utf8(refused):
    assert "UTF-8" in refused(HANDLER.encode() + b"# caf\xe9\n")


def test_utf16(refused):
    refused(HANDLER.encode("utf-16"))


@pytest.mark.parametrize(
    ("source", "line", "word"),
    [
        (HANDLER + "\tx = 1\n", 3, "tab"),
        (HANDLER + "x = 'a\tb'\n", 3, "tab"),
        ("# a\tb\n" + HANDLER, 1, "tab"),
        (HANDLER.replace("\n", "\r\n"), 1, "carriage return"),
        (HANDLER + "x = 1\r", 3, "carriage return"),
        (HANDLER + "x = 1 \n", 3, "blank at the end"),
        (HANDLER + 'x = """a \n"""\n', 3, "blank at the end"),
        (HANDLER + "x = '\0'\n", 3, "null byte"),
        (HANDLER + "x = '\U0001f600'\n", 3, "U0001f600"),
    ],
)
def test_what_no_literal_block_takes(refused, source, line, word):
    message = refused(source)
    assert message.startswith(f":{line}: ")
    assert word in message


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (HANDLER + "def g(:\n", 3),
        (HANDLER + "x = 'a\n", 3),
        ("if True:\nx = 1\n" + HANDLER, 2),
        (HANDLER + "x = '\\N{no such name}'\n", 3),
        ("print 'a'\n" + HANDLER, 1),
    ],
)
def test_syntax_errors(refused, source, line):
    message = refused(source)
    assert message.startswith(f":{line}: ")
    assert "not valid Python" in message


def test_a_byte_order_mark(refused):
    refused(b"\xef\xbb\xbf" + HANDLER.encode())


@pytest.mark.parametrize(
    ("statement", "module"),
    [
        ("import requests", "requests"),
        ("import json, requests", "requests"),
        ("import requests as json", "requests"),
        ("import aws_lambda_powertools.metrics", "aws_lambda_powertools"),
        ("from requests import get", "requests"),
        ("from requests.auth import HTTPBasicAuth", "requests.auth"),
        ("import health_monitor", "health_monitor"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_imports_that_the_runtime_lacks(refused, statement, module, inside):
    source = f"{HANDLER}    {statement}\n" if inside else f"{statement}\n{HANDLER}"
    message = refused(source)
    assert message.startswith(f":{3 if inside else 1}: ")
    assert f"'{module}" in message


@pytest.mark.parametrize(
    "statement",
    [
        "import boto3",
        "import botocore.exceptions",
        "from botocore.config import Config",
        "import json, os.path",
        "from concurrent.futures import ThreadPoolExecutor",
    ],
)
def test_imports_that_the_runtime_has(inlined, statement):
    source = f"{statement}\n{HANDLER}"
    assert inlined(source) == BANNER + source


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x = 1\n",
        "def main(event, context):\n    return 1\n",
        "class A:\n    def handler(self):\n        return 1\n",
        "async " + HANDLER,
        "# def handler(event, context):\n",
    ],
)
def test_no_handler(refused, source):
    assert "handler" in refused(source)


@pytest.mark.parametrize("first", ["", "#!/usr/bin/env python3\n"])
def test_another_encoding_is_refused(refused, first):
    message = refused(f"{first}# -*- coding: latin-1 -*-\n{HANDLER}")
    assert message.startswith(f":{2 if first else 1}: declares an encoding")


@pytest.mark.parametrize(
    "source",
    [
        f'"""What it does.\n\nAnd why.\n"""\n\n# A comment.\n{HANDLER}',
        f"# -*- coding: utf-8 -*-\n{HANDLER}",
        HANDLER.removesuffix("\n"),
        f"{HANDLER}\n\n",
        f"name = 'Zürich'  # ☃\n{HANDLER}",
    ],
)
def test_the_code_is_the_file(inlined, source):
    assert inlined(source) == BANNER + source.rstrip("\n") + "\n"
