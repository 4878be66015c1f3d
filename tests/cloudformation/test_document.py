import itertools
import json
import os
import time
from pathlib import Path

import pytest
from refusals import refusal

from drtemplate.cloudformation.document import load_document, load_template
from drtemplate.errors import InputError

LONG = """\
AWSTemplateFormatVersion: 2010-09-09
Conditions:
  Both:
    Fn::And:
    - Condition: One
    - Fn::Equals:
      - Ref: Name
      - x
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Condition: Both
    Properties:
      Name:
        Fn::Sub: ${Name}-bucket
      Key:
        Fn::GetAtt:
        - Key
        - Arn.Of
      Zone:
        Fn::Select:
        - 0
        - Fn::GetAZs: ''
      Mapped:
        Fn::Sub:
        - ${V}
        - V:
            Ref: Name
"""
SHORT = """\
AWSTemplateFormatVersion: 2010-09-09
Conditions:
  Both: !And [!Condition One, !Equals [!Ref Name, x]]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Condition: Both
    Properties:
      Name: !Sub ${Name}-bucket
      Key: !GetAtt Key.Arn.Of
      Zone: !Select [0, !GetAZs '']
      Mapped: !Sub ['${V}', {V: !Ref Name}]
"""
BUCKET = "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n"


def written(tmp_path, content):
    path = tmp_path / "source.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_short_form_long_form_and_json_are_the_same(tmp_path):
    long = load_template(written(tmp_path, LONG))
    assert load_template(written(tmp_path, SHORT)) == long
    assert load_template(written(tmp_path, json.dumps(long))) == long


def test_long_form_is_kept_as_it_stands(tmp_path):
    bucket = load_template(written(tmp_path, LONG))["Resources"]["Bucket"]
    assert bucket["Condition"] == "Both"
    assert bucket["Properties"]["Key"] == {"Fn::GetAtt": ["Key", "Arn.Of"]}


@pytest.mark.parametrize("date", ["2010-09-09", "2012-10-17", "2012-10-17T10:00:00Z"])
def test_a_date_stays_text(tmp_path, date):
    assert load_document(written(tmp_path, f"Version: {date}\n"), "file") == {"Version": date}


def test_other_scalars_keep_their_types(tmp_path):
    path = written(tmp_path, "{int: 443, text: '443', bool: true, float: 1.5, none: null}\n")
    assert load_document(path, "file") == {
        "int": 443,
        "text": "443",
        "bool": True,
        "float": 1.5,
        "none": None,
    }


def test_other_loaders_are_left_alone(tmp_path):
    import datetime

    import yaml

    load_template(written(tmp_path, SHORT))
    assert yaml.safe_load("2010-09-09") == datetime.date(2010, 9, 9)
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load("!Ref X")


NOT_YAML = {
    "key twice": (BUCKET + "    Type: AWS::SNS::Topic\n", ":4:", "'Type' stands twice"),
    "resource twice": (BUCKET + "  Bucket:\n    Type: A\n", ":4:", "'Bucket' stands twice"),
    "key twice in a tagged mapping": (
        BUCKET + "    Properties:\n      A: !Sub\n      - a\n      - {V: 1, V: 2}\n",
        ":7:",
        "'V' stands twice",
    ),
    "key twice in JSON": ('{"Resources": {},\n "Resources": {}}', ":2:", "'Resources'"),
    "tab": ("Resources:\n\tBucket: {}\n", ":2:", "not YAML"),
    "open bracket": ("Resources: [\n", ":2:", "not YAML"),
    "colon in a plain text": ("Resources:\n  A: b: c\n", ":2:", "not YAML"),
    "two documents": (BUCKET + "---\na: 1\n", ":4:", "not YAML"),
    "dangling alias": ("Resources: *nothing\n", ":1:", "not YAML"),
    "a Python object": ("Resources: !!python/name:os.system ''\n", ":1:", "not YAML"),
    "control character": ("Resources: a\x00b\n", "", "not YAML"),
    "binary": (b"\x89PNG\r\n\xff\xfe\x00", "", "not UTF-8"),
}
NO_TEMPLATE = {
    "empty": "",
    "comment only": "# nothing\n",
    "list": "- a\n- b\n",
    "text": "just words\n",
    "number": "3\n",
    "no Resources": "AWSTemplateFormatVersion: '2010-09-09'\n",
    "empty Resources": "Resources: {}\n",
    "Resources null": "Resources:\n",
    "Resources is a list": "Resources: [a]\n",
}
BAD_RESOURCE = {
    "no Type": "Resources:\n  Bucket:\n    Properties: {}\n",
    "Type is no text": "Resources:\n  Bucket:\n    Type: 3\n",
    "Type is null": "Resources:\n  Bucket:\n    Type:\n",
    "resource is text": "Resources:\n  Bucket: AWS::S3::Bucket\n",
    "resource is null": "Resources:\n  Bucket:\n",
    "the second one": "Resources:\n  A:\n    Type: T\n  Bucket: {}\n",
}


@pytest.mark.parametrize(
    ("content", "line", "problem"), [pytest.param(*case, id=n) for n, case in NOT_YAML.items()]
)
def test_what_is_not_yaml_is_refused_with_file_and_line(tmp_path, content, line, problem):
    path = written(tmp_path, content)
    message = refusal(load_template, path)
    assert f"{path}{line}" in message
    assert problem in message


@pytest.mark.parametrize("content", NO_TEMPLATE.values(), ids=NO_TEMPLATE)
def test_what_is_no_template_is_refused(tmp_path, content):
    assert "Resources" in refusal(load_template, written(tmp_path, content))


@pytest.mark.parametrize("content", BAD_RESOURCE.values(), ids=BAD_RESOURCE)
def test_a_resource_without_type_is_refused_by_name(tmp_path, content):
    message = refusal(load_template, written(tmp_path, content))
    assert "Bucket" in message
    assert "Type" in message


@pytest.mark.parametrize("value", ["3", "text", "[a]", ""])
def test_a_parameter_that_is_no_mapping_is_refused_by_name(tmp_path, value):
    message = refusal(load_template, written(tmp_path, f"{BUCKET}Parameters:\n  Size: {value}\n"))
    assert "parameter Size is no mapping" in message


UNUSABLE = {
    "infinity": ".inf",
    "no number": ".nan",
    "binary": "!!binary aGk=",
    "set": "!!set {a}",
    "date by tag": "!!timestamp 2020-01-01",
    "ordered map": "!!omap [a: 1]",
    "bad integer": "!!int x",
    "bad float": "!!float x",
    "bad boolean": "!!bool x",
    "value within itself": "&a [*a]",
    "too deep": "[" * 3000 + "]" * 3000,
}


@pytest.mark.parametrize("value", UNUSABLE.values(), ids=UNUSABLE)
def test_a_value_that_no_template_can_hold_is_refused(tmp_path, value):
    refusal(
        load_template,
        written(tmp_path, f"Resources: {{A: {{Type: T, Properties: {{P: {value}}}}}}}\n"),
    )


@pytest.mark.parametrize("opening", ["- ", "[", "{a: ", "? "])
def test_no_depth_ends_the_process(tmp_path, opening):
    """As it would in libyaml's composer, which calls itself."""
    assert "nested too deeply" in refusal(load_template, written(tmp_path, opening * 100_000))


def test_a_key_that_is_no_text_is_refused(tmp_path):
    refusal(load_template, written(tmp_path, f"1: a\n{BUCKET}"))


def test_a_missing_file_is_refused(tmp_path):
    assert "No such file" in refusal(load_template, tmp_path / "missing.yaml")


def test_a_directory_is_refused(tmp_path):
    assert "directory" in refusal(load_template, tmp_path)


def test_a_path_below_a_file_is_refused(tmp_path):
    refusal(load_template, written(tmp_path, BUCKET) / "below.yaml")


def test_the_message_says_what_was_to_be_read(tmp_path):
    with pytest.raises(InputError, match="the source template"):
        load_template(tmp_path / "missing.yaml", "source template")


def test_aliases_are_counted_before_they_are_followed(tmp_path):
    """600 bytes that mean ten thousand million values, plain and merged."""
    for line in ("&{0} [{1}]", "&{0} {{<<: [{1}]}}"):
        names = "abcdefghij"
        texts = ["a: " + line.format("a", "x" if "<<" not in line else "{k: v}")]
        texts += [
            f"{new}: " + line.format(new, ", ".join([f"*{old}"] * 10))
            for old, new in itertools.pairwise(names)
        ]
        started = time.perf_counter()
        assert "aliases" in refusal(load_document, written(tmp_path, "\n".join(texts)), "file")
        assert time.perf_counter() - started < 1


def test_an_alias_that_means_little_is_read(tmp_path):
    path = written(tmp_path, "a: &a {x: 1}\nb: *a\n")
    assert load_document(path, "file") == {"a": {"x": 1}, "b": {"x": 1}}


def test_a_file_without_end_and_one_that_is_too_large_are_refused(tmp_path):
    assert "no regular file" in refusal(load_template, Path("/dev/zero"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "no regular file" in refusal(load_template, pipe)
    large = written(tmp_path, "#" * 2**20)
    assert "no CloudFormation template" in refusal(load_template, large)
    large.write_text("#" * (2**20 + 1))
    assert "too large" in refusal(load_template, large)
