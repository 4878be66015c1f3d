import pytest

from drtemplate.checks.limits import MAX_BYTES, byte_table, check_limits
from drtemplate.rendering.yaml import to_yaml
from drtemplate.settings import Settings
from drtemplate.stack import build

LEAST_ROOM = 0
HANDLERS = ("FailoverOrchestratorFunction", "HealthMonitorFunction")


@pytest.fixture(scope="module")
def stack():
    return build(Settings())


@pytest.fixture(scope="module")
def text(stack):
    return to_yaml(stack.to_dict(), stack.groups)


@pytest.fixture(scope="module")
def table(stack):
    return byte_table(stack.to_dict(), stack.groups)


def test_the_limit_is_cloudformation_s():
    assert MAX_BYTES == 1_000_000


@pytest.mark.parametrize("text", ["x" * 1_000_000, "é" * 500_000, ""])
def test_a_text_up_to_the_limit_passes(text):
    assert check_limits({"Resources": {}}, text) == []


@pytest.mark.parametrize("text", ["x" * 1_000_001, "é" * 500_001, "x" + "é" * 500_000, "𝄞" * 250_001])
def test_a_byte_above_the_limit_is_found(text):
    (finding,) = check_limits({"Resources": {}}, text)
    assert finding.rule == "size"
    assert f"{len(text.encode()):,}" in finding.message


@pytest.mark.parametrize(
    ("section", "most"),
    [("Resources", 500), ("Parameters", 200), ("Outputs", 200), ("Mappings", 200)],
)
def test_too_many_entries_are_found(section, most):
    full = {section: {f"X{number}": {} for number in range(most)}}
    assert check_limits(full, "") == []
    full[section]["OneMore"] = {}
    (finding,) = check_limits(full, "")
    assert (finding.where, finding.rule) == (section, "count")
    assert str(most + 1) in finding.message


def test_size_and_count_are_found_together():
    full = {"Resources": {f"X{number}": {} for number in range(501)}}
    assert {finding.rule for finding in check_limits(full, "x" * 1_000_001)} == {"size", "count"}


def test_the_stack_is_within_the_limits_with_room_left(stack, text):
    assert check_limits(stack.to_dict(), text) == []
    assert MAX_BYTES - len(text.encode()) >= LEAST_ROOM


def test_the_table_adds_up_to_the_file(text, table):
    assert sum(table.values()) == len(text.encode())


def test_the_table_names_groups_and_both_handlers(stack, table):
    assert set(stack.groups.values()) <= set(table)
    codes = {part.removeprefix("  code of ") for part in table if part.startswith("  code of ")}
    assert codes == set(HANDLERS)
    assert all(size > 0 for size in table.values())


@pytest.mark.parametrize("title", HANDLERS)
def test_a_handler_counts_its_code_and_the_indentation(stack, text, table, title):
    code = stack.to_dict()["Resources"][title]["Properties"]["Code"]["ZipFile"]
    lines = [line for line in code.splitlines() if line]
    first = next(line for line in text.splitlines() if line.strip() == lines[0])
    indentation = len(first) - len(first.lstrip())
    assert table[f"  code of {title}"] == len(code.encode()) + indentation * len(lines)


def test_the_table_counts_bytes_and_not_characters(stack):
    template = stack.to_dict() | {"Description": "é" * 40}
    assert sum(byte_table(template, stack.groups).values()) == len(
        to_yaml(template, stack.groups).encode()
    )
