"""Any template, by hypothesis, and the texts that YAML makes something else of."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

PROPERTY = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking a template takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
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
