"""Scalars: quoted where a reader of YAML could take a text for something else, and there alone."""

import re
from datetime import date

import pytest
from emitted import LONG, assert_round_trip, holding, written
from hypothesis import given, settings
from hypothesis import strategies as st
from templates_at_random import AMBIGUOUS, INDICATORS, PROPERTY

from drtemplate.errors import RenderError
from drtemplate.rendering.yaml import to_yaml


@pytest.mark.parametrize("text", [*AMBIGUOUS, *INDICATORS])
def test_what_a_parser_may_read_as_something_else_is_quoted_and_read_back(text):
    quoted = "'" + text.replace("'", "''") + "'"
    assert written(text) == [f"K: {quoted}"]
    assert written({text: LONG}) == ["K:", f"  {quoted}: {LONG}"]
    assert written([text, LONG]) == ["K:", f"- {quoted}", f"- {LONG}"]
    value = [text, {text: text}, {"a": [text]}, {"Ref": text}, {"Fn::Sub": text}, [[text], []]]
    assert_round_trip(holding(value))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a",
            "VPC",
            "aurora-mysql",
            "AWS::EC2::VPC",
            "arn:aws:s3:::x/*",
            "${A}.b",
            "a, b",
            "a[0]",
        ),
        *("10.0.0.0/16", "sun:03:00-sun:04:00", "rate(1 minute)", "it's", 'a "b"', "a-b", "a#b"),
        *("http://x/y?z=1", "a=b", "None", "Zürich", "naïve ☃", "nope", "offer", "yes-man"),
        *("/aws/lambda/x", "$.detail", "_x", "a!b", "(a)", "^a$", "\\d+"),
    ],
)
def test_what_is_clear_is_not_quoted(text):
    assert written(text) == [f"K: {text}"]
    assert_round_trip(holding([text, {"a": text, text: [text]}]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1, "1"),
        (-3, "-3"),
        (2**40, "1099511627776"),
        (1.5, "1.5"),
        (-0.25, "-0.25"),
        (80.0, "80.0"),
    ],
)
def test_numbers_and_booleans_stay_what_they_are(value, text):
    assert written(value) == [f"K: {text}"]
    assert_round_trip(holding([value, {"a": value}]))


@pytest.mark.parametrize("value", [1e16, 1e22, 1.5e300, 1e-5, 1e-07, -2e-10])
def test_floats_with_an_exponent_stay_floats(value):
    assert_round_trip(holding(value))


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_a_float_that_is_no_number_is_an_error(value):
    with pytest.raises(RenderError, match=r"^Resources\.R\.Properties\.K: "):
        to_yaml(holding(value))


@pytest.mark.parametrize("value", [None, (1, 2), {1, 2}, b"a", date(2020, 1, 1), object()])
def test_what_json_lacks_is_an_error_that_says_where(value):
    with pytest.raises(RenderError, match=r"^Resources\.R\.Properties\.K") as error:
        to_yaml(holding({"a": [value]}))
    assert "\n" not in str(error.value)


# https://yaml.org/spec/1.2.2/#103-core-schema and https://yaml.org/type/
NOT_TEXT = {
    "1.2 null": r"null|Null|NULL|~",
    "1.2 bool": r"true|True|TRUE|false|False|FALSE",
    "1.2 int": r"[-+]?[0-9]{1,9}",
    "1.2 octal": r"0o[0-7]{1,9}",
    "1.2 hex": r"0x[0-9a-fA-F]{1,9}",
    "1.2 float": r"[-+]?(\.[0-9]{1,5}|[0-9]{1,5}(\.[0-9]{0,5})?)([eE][-+]?[0-9]{1,3})?",
    "1.2 not finite": r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    "1.1 bool": r"y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF",
    "1.1 int": r"[-+]?(0b[0-1_]{1,9}|0[0-7_]{1,9}|[1-9][0-9_]{0,9}|0x[0-9a-fA-F_]{1,9})",
    "1.1 base 60": r"[-+]?[1-9][0-9_]{0,5}(:[0-5]?[0-9]){1,3}(\.[0-9_]{0,5})?",
    "1.1 float": r"[-+]?([0-9][0-9_]{0,5})?\.[0-9][0-9.]{0,5}([eE][-+][0-9]{1,3})?",
    "1.1 date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "1.1 timestamp": (
        r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]| {1,3})[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,5})?"
        r"( {0,3}(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?"
    ),
    "1.1 merge or value": r"<<|=",
}


@pytest.mark.parametrize("pattern", NOT_TEXT.values(), ids=NOT_TEXT)
def test_a_text_that_either_version_of_yaml_resolves_is_quoted(pattern):
    @given(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    @settings(PROPERTY, max_examples=60)
    def check(text):
        assert written(text) == [f"K: '{text}'"]

    check()
