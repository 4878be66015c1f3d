"""Texts of several lines are blocks or prose; what neither takes is an error that says where."""

import pytest
from emitted import assert_round_trip, assert_written, holding, written

from drtemplate.errors import RenderError
from drtemplate.rendering.yaml import to_yaml


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\n", ["K: |", "  a", "  b"]),
        ("a\nb", ["K: |-", "  a", "  b"]),
        ("a\n", ["K: |", "  a"]),
        ("a\n\nb\n", ["K: |", "  a", "", "  b"]),
        ("\na\n", ["K: |2", "", "  a"]),
        ("  a\nb\n", ["K: |2", "    a", "  b"]),
        ("  a\nb", ["K: |2-", "    a", "  b"]),
        ("\n  a\nb\n", ["K: |2", "", "    a", "  b"]),
        ("a\n  b\n", ["K: |", "  a", "    b"]),
        ("# a\n- b: c\n", ["K: |", "  # a", "  - b: c"]),
    ],
)
def test_several_lines_are_a_block_two_columns_deeper_than_the_key(text, lines):
    assert_written(text, lines)


def test_blank_lines_at_the_end_are_kept():
    assert written("a\nb\n\n\n")[:5] == ["K: |+", "  a", "  b", "", ""]
    last = {"Resources": {"R": {"Type": "T", "Properties": {"K": "a\nb\n\n\n"}}}}
    assert_round_trip(last)


@pytest.mark.parametrize("text", ["a\n\n", "a\nb\n\n\n", "  a\n\n"])
def test_what_follows_adds_no_line_to_a_block_that_keeps_its_blank_lines(text):
    assert_round_trip(holding(text))
    assert_round_trip({"Description": text, "Resources": {"R": {"Type": "T"}}})


def test_a_block_keeps_its_blank_lines_within_a_resource():
    properties = {"K": "a\n\n", "L": ["b\n\n", "c"], "M": 1}
    assert_round_trip({"Resources": {"R": {"Type": "T", "Properties": properties}}})


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({"Fn::Sub": "a\n${B}\n"}, ["K: !Sub |", "  a", "  ${B}"]),
        (["a\nb\n"], ["K:", "- |", "  a", "  b"]),
        ([["a\nb"]], ["K:", "- - |-", "    a", "    b"]),
        ([{"Code": "a\nb\n", "D": 1}], ["K:", "- Code: |", "    a", "    b", "  D: 1"]),
        ({"ZipFile": "a\nb\n"}, ["K:", "  ZipFile: |", "    a", "    b"]),
    ],
)
def test_blocks_in_lists_mappings_and_functions(value, lines):
    assert_written(value, lines)


FORBIDDEN = {
    "tab": "a\tb",
    "tab that indents": "\tb",
    "trailing blank": "a ",
    "blank line of blanks": "  ",
    "carriage return": "a\r",
    "next line": "a\x85b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "byte order mark": "a\ufeffb",
    "bell": "a\x07b",
    "null": "a\x00b",
    "escape": "a\x1b[0m",
    "delete": "a\x7fb",
    "lone surrogate": "a\ud800b",
    "above the basic plane": "a\U0001f600b",
}


@pytest.mark.parametrize("line", FORBIDDEN.values(), ids=FORBIDDEN)
@pytest.mark.parametrize("text", ["{}\nsecond\n", "first\n{}\n", "first\nsecond\n{}"])
def test_a_text_that_no_block_takes_is_an_error_that_says_where(line, text):
    number = text[: text.index("{}")].count("\n") + 1
    given = text.format(line)
    for value in (given, {"Fn::Sub": given}):
        with pytest.raises(
            RenderError, match=rf"^Resources\.R\.Properties\.K: line {number} "
        ) as error:
            to_yaml(holding(value))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["\n", "\n\n\n"])
def test_nothing_but_line_ends_is_an_error(text):
    with pytest.raises(RenderError, match=r"Resources\.R\.Properties\.K: "):
        to_yaml(holding(text))


ONE_LINE = {name: line for name, line in FORBIDDEN.items() if line.strip(" ") == line}
del ONE_LINE["above the basic plane"]  # in one line it is written in quotes


@pytest.mark.parametrize("text", ONE_LINE.values(), ids=ONE_LINE)
@pytest.mark.parametrize("place", [str, lambda text: [text], lambda text: {text: 1}])
def test_a_control_character_on_one_line_is_an_error_too(text, place):
    with pytest.raises(RenderError, match=r"^Resources\.R\.Properties\.K") as error:
        to_yaml(holding(place(text)))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["and so on...", "a b...", "class A:\n    ...\n", "a\n...\n\n", "..."]
)
def test_three_dots_at_the_end_are_kept(text):
    for template in ({"Outputs": {"O": {"Value": text}}}, {"Description": text}, holding(text)):
        assert_round_trip(template)


def test_a_line_end_in_a_key_is_an_error():
    with pytest.raises(RenderError):
        to_yaml(holding({"a\nb": "c"}))


PROSE = "It is said at such length, and with so little to say, that one line will not hold all of it at once."


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (PROSE, "K: >-"),
        (f"One thing: {PROSE}", "K: >-"),
        (f"# {PROSE}", "K: >-"),
        (f"{PROSE}  Two blanks: kept.", "K: 'It is said"),
    ],
)
def test_long_prose_goes_on_in_the_next_line(text, first):
    lines = written(text)
    assert lines[0].startswith(first)
    assert len(lines) > 1
    assert_round_trip(holding([text, {"Fn::Sub": text}, {"Fn::Base64": {"Fn::Sub": text}}]))
