import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drtemplate.rendering.json_text import json_text

PROPERTY = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def dense(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
widths = st.integers(1, 120)


@given(values, widths)
@PROPERTY
def test_the_text_is_the_value(value, width):
    assert json.loads(json_text(value, width)) == value


@given(values, widths)
@PROPERTY
def test_keys_keep_their_order(value, width):
    assert json.dumps(json.loads(json_text(value, width))) == json.dumps(value)


@given(values, widths, st.sampled_from(["", "  ", "        "]))
@PROPERTY
def test_an_indented_value_is_the_value(value, width, indent):
    assert json.loads(json_text(value, width, indent)) == value


@given(values, widths)
@PROPERTY
def test_no_line_ends_in_a_blank(value, width):
    assert all(line == line.rstrip(" ") for line in json_text(value, width).split("\n"))


def cannot_be_shorter(line):
    """Whether a line holds one member at most, and no collection that could be broken up."""
    content = line.strip().removesuffix(",")
    if content.endswith(("{", "[")) or content in ("}", "]"):
        return True
    for opening, closing in ("{}", "[]"):
        try:
            members = json.loads(opening + content + closing)
        except ValueError:
            continue
        if len(members) == 1:
            (member,) = members.values() if isinstance(members, dict) else members
            return not (isinstance(member, dict | list) and member)
    return False


small = st.recursive(
    st.integers(-99, 99) | st.text("abc", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(small, st.integers(10, 60))
@PROPERTY
def test_a_line_passes_the_width_only_if_nothing_in_it_can_be_broken(value, width):
    lines = json_text(value, width).split("\n")
    assert [line for line in lines if len(line) > width and not cannot_be_shorter(line)] == []


def test_the_key_counts_towards_the_width():
    text = json_text({"a" * 10: [1, 2, 3, 4, 5], "b": "c"}, 25)
    assert max(map(len, text.split("\n"))) <= 25


def test_the_comma_behind_a_member_counts_towards_the_width():
    text = json_text({"a": 1, "b": 22, "cccccccc": 3}, 17)
    assert max(map(len, text.split("\n"))) <= 17


def test_the_comma_behind_an_item_counts_towards_the_width():
    text = json_text([[11, 22, 33, 44], [5]], 18)
    assert max(map(len, text.split("\n"))) <= 18


@pytest.mark.parametrize("value", [{}, [], 1, None, True, "a", {"a": [1, {"b": 2}]}, [1, 2], [{}]])
def test_what_fits_stays_on_one_line(value):
    assert json_text(value, 80) == dense(value)


def test_a_line_of_exactly_the_width_fits():
    value = {"a": [1, 2, 3]}
    width = len(dense(value))
    assert "\n" not in json_text(value, width)
    assert "\n" in json_text(value, width - 1)


def test_the_indentation_counts_towards_the_width():
    value = {"a": [1, 2, 3]}
    width = len(dense(value))
    assert "\n" in json_text(value, width, "  ")
    assert json_text(value, width + 2, "  ") == dense(value)


def test_small_members_share_lines():
    value = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}
    assert json_text(value, 14) == '{\n "a":1,"b":2,\n "c":3,"d":4,\n "e":5,"f":6\n}'


def test_a_member_of_several_lines_shares_none():
    value = {"a": 1, "b": [[1], [2]], "c": 3, "d": "x" * 20}
    assert json_text(value, 30).split("\n") == [
        "{",
        ' "a":1,',
        ' "b":[',
        "  [1],",
        "  [2]",
        " ],",
        ' "c":3,',
        ' "d":"xxxxxxxxxxxxxxxxxxxx"',
        "}",
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [["AWS/RDS", "CPU"], ["AWS/RDS", "Lag"]],
        [{"x": 1}, {"x": 2}, {"x": 3}],
        [{"x": 1}, ["y"]],
    ],
)
def test_rows_stand_under_each_other(rows):
    lines = json_text(rows, 240).split("\n")
    assert lines[0] == "["
    assert [line.strip().removesuffix(",") for line in lines[1:-1]] == [dense(r) for r in rows]
    assert lines[-1] == "]"


def test_a_level_is_one_blank():
    text = json_text({"a": {"b": {"c": "x" * 30}}}, 20)
    assert text == '{\n "a":{\n  "b":{\n   "c":"' + "x" * 30 + '"\n  }\n }\n}'


@given(values, widths)
@PROPERTY
def test_only_indentation_and_line_ends_are_added(value, width):
    lines = [line.lstrip(" ") for line in json_text(value, width).split("\n")]
    assert "".join(lines) == dense(value)


@pytest.mark.parametrize("text", ["a, b", "a: b", "{ a }", "  a  ", '", "', "a\n b"])
def test_blanks_inside_a_text_stay(text):
    value = {text: [text, {"b": text}], "wide": "x" * 40}
    assert json.loads(json_text(value, 20)) == json.loads(json_text(value, 200)) == value


def test_text_beyond_ascii_stays_readable():
    assert json_text({"a": "Zürich ☃"}, 80) == '{"a":"Zürich ☃"}'
    assert "Zürich ☃" in json_text({"a": "Zürich ☃", "b": "x" * 80}, 20)


@pytest.mark.parametrize("width", [5, 80])
@pytest.mark.parametrize("key", [1, 1.5, True, None])
def test_keys_become_text_as_json_dumps_makes_them(key, width):
    value = {key: "some text"}
    assert json.loads(json_text(value, width)) == json.loads(json.dumps(value))


@given(values, widths)
@PROPERTY
def test_the_same_value_gives_the_same_text(value, width):
    assert json_text(value, width) == json_text(json.loads(json.dumps(value)), width)
