"""The template as it is sent: line ends, and what is counted."""

import errno

import pytest
from refusals import one_line
from scene import SMALL

from drtemplate.cloudformation.document import MAX_TEMPLATE_BYTES as MAX_BYTES
from drtemplate.deploying.document import read_once
from drtemplate.errors import DeployError


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "t.yaml"
        path.write_bytes(text.encode())
        return path

    return write


def test_every_line_end_is_sent_as_the_aws_cli_sends_it(written):
    lines = SMALL.strip().splitlines()
    mixed = lines[0] + "\r" + "\r\n".join(lines[1:]) + "\r# \u00e9\n"
    with read_once(written(mixed)) as document:
        sent = document.copy.read_bytes()
    assert sent.decode().split("\n") == [*lines, "# \u00e9", ""]
    assert document.size == len(sent)


def of_size(size, end="\n"):
    """A template of so many bytes as it is sent; most of its characters have two."""
    head = SMALL.strip().replace("\n", end) + end + "#"
    room = size - len(head.replace("\r\n", "\n"))
    return head + "x" * (room % 2) + "\u00e9" * (room // 2)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_limit_is_one_of_the_bytes_that_are_sent(written, end):
    with read_once(written(of_size(MAX_BYTES, end))) as document:
        assert document.size == MAX_BYTES
    message = one_line(DeployError, read_once(written(of_size(MAX_BYTES + 1, end))).__enter__)
    assert f"{MAX_BYTES + 1:,} bytes" in message


def test_without_room_for_a_copy_it_says_where_to_make_some(written, monkeypatch, tmp_path):
    """A folder that is none, and one in which nothing can be written any more."""
    path = written(SMALL)
    monkeypatch.setattr("tempfile.tempdir", str(path))
    assert "TMPDIR" in one_line(DeployError, read_once(path).__enter__)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = sorted(tmp_path.iterdir())

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_bytes", full)
        assert "No space left" in one_line(DeployError, read_once(path).__enter__)
    assert sorted(tmp_path.iterdir()) == before
