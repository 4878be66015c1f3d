import json
import re
from datetime import date

import cfn_flip
import pytest
import yaml
from awscli.customizations.cloudformation.yamlhelper import yaml_parse
from cfnlint.decode import cfn_yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from drtemplate.errors import RenderError
from drtemplate.rendering import yaml as emitter
from drtemplate.rendering.yaml import WIDTH, to_yaml
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

PROPERTY = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking a template takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
LOADERS = {
    "cfn_flip": cfn_flip.load_yaml,
    "awscli": yaml_parse,
    "cfn-lint": cfn_yaml.loads,
}
each_loader = pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def canonical(template):
    """Compare as JSON, where 1, 1.0, True and '1' differ."""
    return json.dumps(plain(template), sort_keys=True, default=repr)


def holding(value):
    """The value in the middle of a template: something follows it, as in a real file."""
    return {
        "Resources": {
            "R": {"Type": "A::B::C", "Properties": {"K": value}},
            "S": {"Type": "D::E::F"},
        },
        "Outputs": {"O": {"Value": "v"}},
    }


def written(value):
    """The lines of property K, without their indentation."""
    text = to_yaml({"Resources": {"R": {"Type": "T", "Properties": {"K": value}}}})
    lines = text.removesuffix("\n").split("\n")
    return [line.removeprefix(" " * 6) for line in lines[lines.index("    Properties:") + 1 :]]


def assert_round_trip(template, loaders=LOADERS):
    text = to_yaml(template)
    for name, load in loaders.items():
        assert canonical(load(text)) == canonical(template), f"{name} read another template"


# The order of things


def test_sections_stand_in_the_order_of_the_template_anatomy():
    order = (
        "AWSTemplateFormatVersion Description Metadata Parameters Rules Mappings Conditions "
        "Transform Resources Outputs"
    ).split()
    template = {name: {"A": {"B": "c"}} for name in reversed(order)}
    template |= {"AWSTemplateFormatVersion": "2010-09-09", "Description": "d", "Transform": "t"}
    keys = re.findall(r"^(\w+):", to_yaml(template), re.MULTILINE)
    assert keys == order


def test_an_unknown_section_comes_last():
    text = to_yaml({"Hooks": {"H": {"Type": "T"}}, "Resources": {}, "Description": "d"})
    assert re.findall(r"^(\w+):", text, re.MULTILINE) == ["Description", "Resources", "Hooks"]


def test_resource_attributes_start_with_the_type():
    order = (
        "Type Condition DependsOn CreationPolicy UpdatePolicy DeletionPolicy "
        "UpdateReplacePolicy Metadata Properties"
    ).split()
    resource = dict.fromkeys(reversed(order), "x") | {"Properties": {"P": 1}, "Metadata": {}}
    text = to_yaml({"Resources": {"R": resource}})
    assert re.findall(r"^    (\w+):", text, re.MULTILINE) == order


@pytest.mark.parametrize(
    ("section", "order"),
    [
        (
            "Parameters",
            "Type Description Default NoEcho AllowedValues AllowedPattern MinLength MaxLength MinValue "
            "MaxValue ConstraintDescription",
        ),
        ("Outputs", "Condition Description Value Export"),
    ],
)
def test_the_keys_of_an_entry_stand_in_aws_s_order(section, order):
    text = to_yaml({section: {"E": dict.fromkeys(reversed(order.split()), "x")}})
    assert re.findall(r"^    (\w+):", text, re.MULTILINE) == order.split()


def test_a_policy_statement_begins_with_what_it_is_for():
    keys = "Sid Effect Principal Action Resource Condition".split()
    lines = written({"Statement": [dict.fromkeys(reversed(keys), "x")]})
    assert [line[4:].partition(":")[0] for line in lines[2:]] == keys


def test_properties_and_resources_keep_their_order():
    resources = {
        name: {"Type": "T", "Properties": {"Z": 1, "A": {"y": "n" * WIDTH, "b": 2}}}
        for name in "ZMA"
    }
    loaded = yaml_parse(to_yaml({"Resources": resources}))
    assert json.dumps(loaded["Resources"]) == json.dumps(resources)


def test_the_text_ends_in_one_line_end():
    text = to_yaml(holding("x"))
    assert text.endswith(" v\n")


def test_the_same_template_gives_the_same_text():
    assert to_yaml(holding(["a", {"b": "c\nd\n"}])) == to_yaml(holding(["a", {"b": "c\nd\n"}]))


def test_writing_leaves_the_template_as_it_is():
    template = holding([{"Fn::Sub": "a\nb"}, {"Ref": "X"}])
    before = canonical(template)
    to_yaml(template)
    assert canonical(template) == before


# Groups


def test_the_layout_of_a_template():
    template = {
        "Parameters": {"P": {"Type": "String"}, "Q": {"Type": "String"}},
        "Conditions": {"C": {"Fn::Not": [{"Condition": "D"}]}, "D": {"Fn::Equals": ["a", "b"]}},
        "Resources": {
            "A": {"Type": "T", "Properties": {"L": [{"a": 1, "b": {"c": 2}}, "d"]}},
            "B": {"Type": "T"},
            "C": {"Type": "T"},
        },
        "Outputs": {"O": {"Value": 1}, "U": {"Value": {"Ref": "A"}}},
    }
    banners = {"A": "One: first things", "B": "One: first things", "C": "Two"}
    assert to_yaml(template, banners, "Made so\n\nnot by hand").splitlines() == [
        "# Made so",
        "#",
        "# not by hand",
        "Parameters:",
        "  P:",
        "    Type: String",
        "",
        "  Q:",
        "    Type: String",
        "",
        "Conditions:",
        "  C: !Not",
        "  - !Condition D",
        "  D: !Equals",
        "  - a",
        "  - b",
        "",
        "Resources:",
        "",
        "  # One: first things",
        "",
        "  A:",
        "    Type: T",
        "    Properties:",
        "      L:",
        "      - a: 1",
        "        b:",
        "          c: 2",
        "      - d",
        "",
        "  B:",
        "    Type: T",
        "",
        "  # Two",
        "",
        "  C:",
        "    Type: T",
        "",
        "Outputs:",
        "  O:",
        "    Value: 1",
        "  U:",
        "    Value: !Ref A",
    ]


@pytest.mark.parametrize("banners", [None, {}, {"Other": "One"}])
def test_without_a_banner_there_is_no_comment(banners):
    assert "#" not in to_yaml({"Resources": {"A": {"Type": "T"}}}, banners)


def test_without_libyaml_there_is_one_line_and_never_other_bytes(monkeypatch):
    monkeypatch.delattr(emitter.yaml, "CSafeDumper")
    with pytest.raises(RenderError, match="installed without libyaml") as error:
        to_yaml(holding("x"))
    assert "\n" not in str(error.value)


# Intrinsic functions


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"Ref": "VPC"}, "K: !Ref VPC"),
        ({"Ref": "AWS::Region"}, "K: !Ref AWS::Region"),
        ({"Fn::Sub": "${AWS::StackName}-x"}, "K: !Sub ${AWS::StackName}-x"),
        ({"Fn::GetAtt": ["A", "B"]}, "K: !GetAtt A.B"),
        ({"Fn::GetAtt": ["A", "B.C"]}, "K: !GetAtt A.B.C"),
        ({"Fn::GetAtt": ["A", "B", "C"]}, "K: !GetAtt A.B.C"),
        ({"Fn::GetAtt": "A.B.C"}, "K: !GetAtt A.B.C"),
        ({"Fn::GetAZs": ""}, "K: !GetAZs ''"),
        ({"Fn::Sub": "a: b"}, "K: !Sub 'a: b'"),
        ({"Fn::ImportValue": "12"}, "K: !ImportValue '12'"),
    ],
)
def test_functions_take_their_short_form(value, line):
    assert written(value) == [line]


def test_the_outer_of_two_functions_is_in_its_long_form():
    assert written({"Fn::Base64": {"Fn::Sub": "a${B}"}}) == ["K:", "  Fn::Base64: !Sub a${B}"]
    assert written([{"Fn::ImportValue": {"Fn::Sub": "a"}}]) == [
        "K:",
        "- Fn::ImportValue: !Sub a",
    ]


def test_three_functions_in_a_row_keep_the_inner_one_short():
    value = {"Fn::Base64": {"Fn::ImportValue": {"Fn::Sub": "a"}}}
    assert written(value)[-1].strip() == "Fn::ImportValue: !Sub a"
    assert_round_trip(holding(value))


def test_a_function_without_a_short_form_stays_long():
    value = {"Fn::EachMemberIn": [["a"], {"Fn::RefAll": "T"}]}
    assert "!" not in "".join(written(value))
    assert_round_trip(holding(value))


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "A", "Other": "B"},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Ref": ["A"]},
    ],
)
def test_what_only_looks_like_a_function_is_a_mapping(value):
    assert not any("!" in line for line in written(value))
    assert_round_trip(holding(value))


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, ["K: !Select", "- 0", "- !GetAZs ''"]),
        (
            {"Fn::Join": ["-", ["a", {"Ref": "B"}]]},
            ["K: !Join", "- '-'", "- - a", "  - !Ref B"],
        ),
        ([{"Fn::If": ["C", 1, {"Ref": "D"}]}], ["K:", "- !If", "  - C", "  - 1", "  - !Ref D"]),
        (
            {"Fn::Sub": ["a\nb\n", {"x": {"Ref": "Z"}}]},
            ["K: !Sub", "- |", "  a", "  b", "- x: !Ref Z"],
        ),
        (
            {"Fn::Transform": {"Name": "T", "Parameters": {}}},
            ["K: !Transform", "  Name: T", "  Parameters: {}"],
        ),
    ],
)
def test_the_arguments_of_a_function_stand_under_it(value, lines):
    assert written(value) == lines
    assert_round_trip(holding(value))


@pytest.mark.parametrize(
    "value", [{"Fn::GetAtt": ["A", {"Ref": "B"}]}, {"Fn::Sub": 5}, {"Fn::Base64": True}]
)
def test_what_no_short_form_holds_stays_long(value):
    assert not [line for line in written(value) if "!" in line.replace("!Ref", "")]
    assert_round_trip(holding(value))


LONG = "x" * (WIDTH + 10)


@pytest.mark.parametrize(
    "value",
    [
        [{"Fn::Join": ["", ["a\nb", "c"]]}, "z"],
        ["z", {"Fn::Join": [",", ["a\nb", {"Ref": "C"}]]}],
        [{"Fn::Sub": ["a\nb\n", {"x": "y"}]}],
        [{"Fn::If": ["C", {"A": LONG}, {"Ref": "AWS::NoValue"}]}],
        [[{"Fn::If": ["C", LONG, {"Ref": "AWS::NoValue"}]}]],
        {"Statement": [{"Fn::If": ["C", {"Resource": LONG, "Action": "a"}, {"Ref": "D"}]}]},
        {"Fn::If": ["C", {"Fn::If": ["D", LONG, {"Fn::Join": ["", [LONG]]}]}, LONG]},
    ],
)
def test_a_function_of_several_lines_inside_a_list_is_read_back(value):
    assert_round_trip(holding(value))


@pytest.mark.parametrize(
    "value",
    [
        [{"Fn::Sub": "a\nb"}, {"Fn::Sub": "c\n"}],
        [{"Fn::Base64": {"Fn::Sub": "a\nb"}}],
        [{"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": LONG}}}],
        {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": LONG}}},
        {"Fn::ToJsonString": {"a": ["b", {"Ref": "C"}], "d": LONG}},
        {"Fn::Base64": {"Fn::Join": ["", ["a\n", {"Ref": "B"}]]}},
    ],
)
def test_other_functions_of_several_lines_are_read_back(value):
    assert_round_trip(holding(value))


# Literal blocks


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
    assert written(text) == lines
    assert_round_trip(holding(text))


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
    assert written(value) == lines
    assert_round_trip(holding(value))


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
each_forbidden = pytest.mark.parametrize("line", FORBIDDEN.values(), ids=FORBIDDEN)


@each_forbidden
@pytest.mark.parametrize("text", ["{}\nsecond\n", "first\n{}\n", "first\nsecond\n{}"])
def test_a_text_that_no_block_takes_is_an_error_that_says_where(line, text):
    number = text[: text.index("{}")].count("\n") + 1
    with pytest.raises(
        RenderError, match=rf"^Resources\.R\.Properties\.K: line {number} "
    ) as error:
        to_yaml(holding(text.format(line)))
    assert "\n" not in str(error.value)


@each_forbidden
def test_the_same_inside_a_function(line):
    with pytest.raises(RenderError, match="line 1 "):
        to_yaml(holding({"Fn::Sub": f"{line}\n${{B}}\n"}))


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


# Scalars

AMBIGUOUS = (
    "2010-09-09",
    "2012-10-17",
    "2001-12-14T21:59:43.10-05:00",
    "2001-12-14 21:59:43",
    "2001-12-14 21:59:43.10 -5",
    *("OFF", "off", "On", "yes", "Yes", "NO", "y", "N", "true", "False", "TRUE"),
    *("null", "Null", "~", "", "=", "<<"),
    *("0", "1", "12", "+1", "-1", "010", "0o17", "0x1F", "0b11", "1_000", "123456789012"),
    *("1.5", "1.", ".5", "+.5", "-.5", "1e3", "1E3", "1.5e-3", "1e+3", "3.10"),
    *(".inf", "-.inf", "+.INF", ".nan", ".NaN"),
    *("12:30", "12:30:45", "1:00.5", "03:00-04:00"),
)
INDICATORS = (
    *(" a", "a ", " ", "a: b", "a #b", "a:", ":", ": a", "#", "#a"),
    *("*", "*a", "&a", "!x", "@x", "%x", "`x", "|", ">", "'a'", '"a"', "it's: x"),
    *("-", "- a", "--- a", "---", "?", "? a", "[a]", "{a}", "[", "]", "}", ",", "${A}: b"),
)


@pytest.mark.parametrize("text", [*AMBIGUOUS, *INDICATORS])
def test_what_a_parser_may_read_as_something_else_is_quoted(text):
    quoted = "'" + text.replace("'", "''") + "'"
    assert written(text) == [f"K: {quoted}"]
    assert written({text: LONG}) == ["K:", f"  {quoted}: {LONG}"]
    assert written([text, LONG]) == ["K:", f"- {quoted}", f"- {LONG}"]


@pytest.mark.parametrize("text", [*AMBIGUOUS, *INDICATORS])
def test_what_is_quoted_is_read_back(text):
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


# Collections


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({}, ["K: {}"]),
        ([], ["K: []"]),
        ([{}], ["K:", "- {}"]),
        ({"a": []}, ["K:", "  a: []"]),
        ([[], {}], ["K:", "- []", "- {}"]),
        ([{}, LONG], ["K:", "- {}", f"- {LONG}"]),
        ([[LONG]], ["K:", f"- - {LONG}"]),
        ([[[LONG], "b"], "c"], ["K:", f"- - - {LONG}", "  - b", "- c"]),
        ([{"a": LONG, "b": 1}], ["K:", f"- a: {LONG}", "  b: 1"]),
        ({"a": {"b": LONG}}, ["K:", "  a:", f"    b: {LONG}"]),
        ({"a": [{"b": LONG}]}, ["K:", "  a:", f"  - b: {LONG}"]),
    ],
)
def test_collections(value, lines):
    assert written(value) == lines
    assert_round_trip(holding(value))


@pytest.mark.parametrize("section", ["Parameters", "Resources", "Conditions", "Outputs"])
def test_an_empty_section_is_an_empty_mapping(section):
    assert_round_trip({section: {}})


@pytest.mark.parametrize("depth", [1, 2, 5, 12])
@pytest.mark.parametrize("leaf", [[], {}, "a", "a\nb", "  a\nb\n", {"k": "a\nb", "l": []}, LONG])
def test_lists_of_lists(depth, leaf):
    value = leaf
    for level in range(depth):
        value = [value, level] if level % 2 else [value]
    assert_round_trip(holding(value))


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


# The real template


@pytest.fixture(scope="module")
def stack():
    return build(Settings())


@each_loader
def test_the_stack_is_read_back(stack, load):
    template = stack.to_dict()
    assert canonical(load(to_yaml(template, stack.banners))) == canonical(template)


def test_the_stack_is_written_the_same_twice(stack):
    other = build(Settings())
    first = to_yaml(stack.to_dict(), stack.banners)
    assert first == to_yaml(other.to_dict(), other.banners)


def test_the_stack_has_neither_tabs_nor_trailing_blanks(stack):
    text = to_yaml(stack.to_dict(), stack.banners)
    assert "\t" not in text
    assert [line for line in text.split("\n") if line != line.rstrip()] == []


def test_each_group_of_the_stack_has_one_banner(stack):
    text = to_yaml(stack.to_dict(), stack.banners)
    banners = re.findall(r"^  # (.*)$", text, re.MULTILINE)
    assert banners == list(dict.fromkeys(stack.banners.values()))


def test_the_stack_is_in_block_style_and_in_lines_that_a_screen_holds(stack):
    text = to_yaml(stack.to_dict(), stack.banners)
    events = list(yaml.parse(text, yaml.SafeLoader))
    assert not [event for event in events if getattr(event, "flow_style", False)]
    # A line breaks at the first blank behind the width; what has no blanks cannot.
    prose = [line for line in text.splitlines() if " " in line[WIDTH:].strip()]
    assert [line for line in prose if not line.startswith(" " * 10)] == []


def test_the_stack_has_no_long_form_but_around_another_function(stack):
    text = to_yaml(stack.to_dict(), stack.banners)
    assert all(" !" in line for line in re.findall(r"^.*\bFn::\w+:.*$", text, re.MULTILINE))
    assert not re.search(r"""["']?Ref["']?: """, text)


# Any template

NO_YAML = "\u2028\u2029\ufeff\ufffe\uffff"
letters = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=NO_YAML)
# libyaml writes what lies above U+FFFF in quotes only, which a text of several lines must not need.
low = st.characters(
    exclude_categories=("Cs", "Cc"), exclude_characters=NO_YAML, max_codepoint=0xFFFF
)
tricky = st.sampled_from("ab09 -:#,[]{}'\"!&*|>%@`?=<~._+/\\$")
one_line = st.one_of(
    st.sampled_from([*AMBIGUOUS, *INDICATORS]),
    st.text(tricky, max_size=12),
    st.text(letters, max_size=12),
)


@st.composite
def several_lines(draw):
    line = st.text(tricky, max_size=12) | st.text(low, max_size=12)
    lines = [line.rstrip(" ") for line in draw(st.lists(line, min_size=1, max_size=5))]
    text = "\n".join(lines).strip("\n") or "x"
    return "\n" * draw(st.integers(0, 2)) + text + "\n" * draw(st.integers(0, 3))


texts = one_line | several_lines()
keys = st.sampled_from(["Name", "Effect", "a"]) | one_line.filter(lambda key: len(key) < 60)
names = st.from_regex(r"[A-Z][A-Za-z0-9]{0,6}", fullmatch=True)
scalars = st.one_of(
    texts,
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False, allow_infinity=False),
)


def functions(values):
    condition = st.builds(lambda name: {"Condition": name}, names)
    reference = st.builds(lambda text: {"Ref": text}, names | one_line)
    substitute = st.one_of(
        st.builds(lambda text: {"Fn::Sub": text}, texts),
        st.builds(
            lambda text, known: {"Fn::Sub": [text, known]},
            texts,
            st.dictionaries(names, values, min_size=1, max_size=2),
        ),
    )
    inner = reference | substitute | texts
    lists = st.lists(values, max_size=3)
    return st.one_of(
        reference,
        substitute,
        condition,
        st.builds(
            lambda name, path: {"Fn::GetAtt": [name, ".".join(path)]}, names, st.lists(names)
        ),
        st.builds(lambda text, items: {"Fn::Join": [text, items]}, one_line, lists),
        st.builds(lambda name, yes, no: {"Fn::If": [name, yes, no]}, names, values, values),
        st.builds(lambda number, items: {"Fn::Select": [number, items]}, st.integers(0, 9), lists),
        st.builds(lambda left, right: {"Fn::Equals": [left, right]}, inner, inner),
        st.builds(lambda items: {"Fn::Or": items}, st.lists(condition | reference, max_size=3)),
        st.builds(lambda text: {"Fn::Base64": text}, inner),
        st.builds(lambda text: {"Fn::GetAZs": text}, inner),
        st.builds(lambda text: {"Fn::ImportValue": text}, inner),
        st.builds(lambda text: {"Fn::Base64": {"Fn::ImportValue": text}}, inner),
        st.builds(lambda path: {"Fn::FindInMap": path}, st.lists(inner, min_size=3, max_size=3)),
        st.builds(lambda items: {"Fn::EachMemberIn": items}, lists),
        st.builds(
            lambda name, known: {"Fn::Transform": {"Name": name, "Parameters": known}},
            texts,
            st.dictionaries(keys, values, max_size=2),
        ),
        st.builds(
            lambda known: {"Fn::ToJsonString": known}, st.dictionaries(keys, values, max_size=2)
        ),
    )


def collections(values):
    mappings = st.dictionaries(keys, values, max_size=4)
    return st.lists(values, max_size=4) | mappings | functions(values)


values = st.recursive(scalars, collections, max_leaves=10)
resources = st.builds(
    lambda kind, known: {"Type": kind, "Properties": known},
    names,
    st.dictionaries(keys, values, max_size=4),
)
templates = st.builds(
    lambda description, known, outputs: {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        "Resources": known,
        "Outputs": outputs,
    },
    texts,
    st.dictionaries(names, resources, min_size=1, max_size=3),
    st.dictionaries(
        names, st.builds(lambda value: {"Value": value}, values), min_size=1, max_size=2
    ),
)


@given(templates)
@PROPERTY
def test_any_template_is_read_back(template):
    assert_round_trip(template)


@given(templates)
@PROPERTY
def test_any_template_is_written_without_tabs_and_trailing_blanks(template):
    text = to_yaml(template)
    assert text == to_yaml(template)
    assert "\t" not in text
    assert not re.search(r" $", text, re.MULTILINE)


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
