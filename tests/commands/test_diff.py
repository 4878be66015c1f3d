import json
import os

import pytest

from drtemplate.cli import main
from drtemplate.cloudformation.changes import compare
from drtemplate.cloudformation.consequences import consequences
from drtemplate.commands.diff_markdown import as_markdown
from drtemplate.commands.diff_text import as_text


def resources(name, port, **more):
    """What changes in place, by a replacement, and by one that is refused."""
    return {
        "Cluster": {
            "Type": "AWS::RDS::DBCluster",
            "UpdateReplacePolicy": "Snapshot",
            "Properties": {"DBClusterIdentifier": "bank", "DatabaseName": name},
        },
        "Group": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {"Port": port},
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}},
        **more,
    }


OLD = {"Resources": resources("a", 80, Table={"Type": "AWS::DynamoDB::Table"})}
NEW = {
    "Resources": resources("b", 81, Key={"Type": "AWS::KMS::Key"}),
    "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}},
}
TEXT = """\
WHAT IT MEANS:
  Table deletes data: the old one goes, and nothing keeps it
  Cluster collides by its fixed name: a replacement cannot have the same DBClusterIdentifier bank; give it another name

REPLACES, holds data:
  Cluster (AWS::RDS::DBCluster): a snapshot of the old one stays
    REFUSED by CloudFormation: a replacement cannot have the same DBClusterIdentifier bank; give it another name
    DatabaseName: a -> b  replacement

REMOVES, holds data:
  Table (AWS::DynamoDB::Table): the old one is deleted

REPLACES:
  Group (AWS::ElasticLoadBalancingV2::TargetGroup): Port: 80 -> 81  replacement

UPDATES:
  Topic (AWS::SNS::Topic): DisplayName: a -> b

ADDS:
  Key (AWS::KMS::Key)

BESIDES RESOURCES:
  Outputs.Topic: + {Value: !Ref Topic}  (touches no resource)

1 to add, 3 to change (2 by replacement, 0 perhaps, 0 to remove or add by a condition), 1 to remove, 1 refused, 1 change besides resources
"""


@pytest.fixture
def write(tmp_path):
    def written(content, name="old.yaml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return written


@pytest.fixture
def both(write):
    return [write(json.dumps(OLD)), write(json.dumps(NEW), "new.yaml")]


def test_people_read_the_loudest_first(both, capsys):
    assert main(["diff", *both]) == 1
    assert capsys.readouterr() == (TEXT, "")


def test_programs_read_json(both, capsys):
    assert main(["diff", *both, "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    cluster = found["resources"][0]
    assert cluster["changes"] == [
        {
            "path": "Properties.DatabaseName",
            "subtree": "Properties.DatabaseName",
            "before": "a",
            "after": "b",
            "verdict": {
                "behaviour": "replacement",
                "documented": "replacement",
                "schema": "replacement",
            },
        }
    ]
    assert (cluster["action"], cluster["old_resource_policy"], len(cluster["obstacles"])) == (
        "Modify",
        "Snapshot",
        1,
    )
    assert [one["path"] for one in found["others"]] == ["Outputs.Topic.Value"]
    told = [(one["logical_id"], one["kind"], one["certain"]) for one in found["consequences"]]
    assert told == [
        ("Table", "deletes data", True),
        ("Cluster", "collides by its fixed name", True),
    ]


def test_a_pull_request_reads_what_it_means_first_and_unfolds_the_rest(both, capsys):
    assert main(["diff", *both, "--format", "markdown"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"**{TEXT.splitlines()[-1]}**"
    assert lines[2:5] == [
        "| resource | what it means | because |",
        "|---|---|---|",
        "| Table | deletes data | the old one goes, and nothing keeps it |",
    ]
    assert "<details><summary>REPLACES, holds data (1)</summary>" in lines
    assert "    DatabaseName: a -> b  replacement" in lines
    assert main(["diff", both[0], both[0], "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith("**The templates are equal**")


def test_no_value_ends_a_fence_or_a_cell_or_makes_a_comment_too_long():
    def topic(name, text):
        properties = {"TopicName": "a", "DisplayName": text, "FifoTopic": text == "x"}
        return {"Resources": {name: {"Type": "AWS::SNS::Topic", "Properties": properties}}}

    both = topic("T", "x"), topic("T", "```|</details>|<b>")
    found = compare(*both)
    page = as_markdown(found, consequences(*both, found))
    assert "\n````text\n" in page
    assert page.count("\n````\n") == page.count("<details>") == page.count("\n</details>")
    many = compare(both[0], {"Resources": {f"T{i}" * 99: topic("T", "x")["Resources"]["T"]
                                           for i in range(500)}})  # fmt: skip
    cut = as_markdown(many, ())
    assert len(cut) < 65_536
    assert cut.endswith("`generate.py diff` has all of it.*")


def test_todays_render_is_what_other_templates_are_compared_with(tmp_path, capsys):
    rendered = tmp_path / "today.yaml"
    assert main(["render", "--format", "json", "--stdout"]) == 0
    rendered.write_text(capsys.readouterr().out)
    assert main(["diff", str(rendered)]) == 0
    assert capsys.readouterr().out == "equal\n"


def test_a_long_text_is_shown_where_it_begins_to_differ(write, capsys):
    def template(text):
        topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": text}}
        return json.dumps({"Resources": {"Topic": topic}})

    old, new = write(template("x" * 100 + "before")), write(template("x" * 100 + "after"), "new")
    assert main(["diff", old, new]) == 1
    assert f"...{'x' * 20}before -> ...{'x' * 20}after" in capsys.readouterr().out


def role(*statements, **tags):
    policy = {"PolicyName": "P", "PolicyDocument": {"Statement": list(statements)}}
    properties = {"Policies": [policy], "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
    return {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}}


def statement(*actions, **others):
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"} | others


def test_what_was_added_or_removed_as_a_whole_is_told_once():
    same = statement("s3:List")
    old = role(statement("s3:Get"), statement("s3:Put"), same, same, Name="a")
    tags = {"Name": "a", "x.New": "b"}
    new = role(statement("s3:Get", Sid="Read"), statement("s3:Put", "s3:X", Sid="Write"), **tags)
    limited = {name: {"Type": "String", "MinLength": 1} for name in "QR"}
    unlimited = {name: {"Type": "String"} for name in "QR"}
    sections = {"Parameters": unlimited, "Outputs": {"A": {"Value": "a"}, "B": {"Value": "b"}}}
    told = {key: {"Value": key.lower(), "Description": "x"} for key in "AB"}
    new |= {"Outputs": told, "Parameters": limited | {"P": {"Type": "String", "Default": "c"}}}
    assert as_text(compare(old | sections, new)).splitlines()[:-2] == [
        "UPDATES:",
        "  Role (AWS::IAM::Role)",
        "    Policies[P].PolicyDocument.Statement[0] is now [Read], else the same",
        "    Policies[P].PolicyDocument.Statement[1]: - {Action: s3:put, Effect: Allow, Resource: *}",
        "    Policies[P].PolicyDocument.Statement[2]: - {Action: s3:list, Effect: Allow, Resource: *}",
        "    Policies[P].PolicyDocument.Statement[3]: - {Action: s3:list, Effect: Allow, Resource: *}",
        "    Policies[P].PolicyDocument.Statement[Write]: "
        "+ {Action: s3:put, s3:x, Effect: Allow, Resource: *}",
        "    Tags[x.New]: + {Value: b}",
        "",
        "BESIDES RESOURCES:",
        "  Outputs.*.Description: + on A, B  (touches no resource)",
        "  Parameters.Q.MinLength: + 1  (decides which values are accepted)",
        "  Parameters.R.MinLength: + 1  (decides which values are accepted)",
        "  Parameters.P: + {Type: String, Default: c}  (new; has a default)",
    ]


def test_what_becomes_of_data_stands_beside_its_name():
    def table(kind):
        properties = {"KeySchema": [{"AttributeName": "a", "KeyType": kind}]}
        return {"Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}}

    assert as_text(compare(table("HASH"), table("RANGE"))).splitlines()[1:3] == [
        "  T (AWS::DynamoDB::Table): the old one is deleted",
        "    KeySchema[0].KeyType: HASH -> RANGE  replacement "
        "(documented: replacement, schema: conditional)",
    ]


def test_what_a_condition_may_remove_is_told_as_such():
    bucket = {
        "Type": "AWS::S3::Bucket",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"BucketName": "x"},
    }
    both = [{"Resources": {"B": bucket | more}} for more in ({}, {"Condition": "C"})]
    assert as_text(compare(*both)).splitlines()[:3] == [
        "MAY REMOVE OR ADD, holds data:",
        "  B (AWS::S3::Bucket): if it is removed, the old one is deleted",
        "    Condition: + C  added or removed",
    ]


def test_of_another_type_nothing_old_is_deleted():
    both = [{"Resources": {"X": {"Type": f"AWS::{kind}"}}} for kind in ("S3::Bucket", "SNS::Topic")]
    assert "deleted" not in as_text(compare(*both))


def test_a_terminal_obeys_no_template(write, capsys):
    """Neither a value, a name nor an error moves the cursor, and no line is told as another."""
    nasty = "a\x1b[2J\rb\x9b\u202ec\nd"
    both = [
        {
            "Resources": {
                "X": {"Type": f"T{nasty}", "Properties": {f"P{nasty}": v, "Tags": [{"Key": v}]}}
            }
        }
        for v in ("x", nasty)
    ]
    text = as_text(compare(*both))
    assert all(line.isprintable() for line in text.split("\n"))
    assert "a\\x1b[2J\\rb\\x9b\\u202ec\\nd" in text
    path = write(json.dumps({"Resources": {"X": {"Type": "T"}}, f"S{nasty}": {}}))
    assert main(["diff", path]) == 2
    assert capsys.readouterr().err.rstrip("\n").isprintable()


BAD = {
    "empty": ("", "no CloudFormation template"),
    "no YAML": ("a: [", "is not YAML"),
    "no JSON": ('{"Resources": {]}', "is not YAML"),
    "no template": ("[1, 2]", "no CloudFormation template"),
    "huge": ("#" * (2**20 + 1), "too large"),
    "aliases": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
            for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "aliases",
    ),
    "unknown function": (
        "Resources: {A: {Type: T, Properties: {P: !Sbu x}}}",
        "Resources.A.Properties.P has Fn::Sbu",
    ),
    "malformed resource": ("Resources: {A: {Type: T, Condition: [x]}}", "no name as its Condition"),
    "malformed properties": ("Resources: {A: {Type: T, Properties: }}", "are no mapping"),
    "malformed order": ("Resources: {A: {Type: T, DependsOn: {B: C}}}", "names no resource"),
    "malformed output": ("Resources: {A: {Type: T}}\nOutputs: {O: x}", "output O is no mapping"),
    "malformed function": (
        "Resources: {A: {Type: T, Properties: {P: {Ref: [x]}}}}",
        "Ref cannot take",
    ),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_in_a_line(write, both, capsys, content, words):
    path = write(content)
    for arguments in ([path], [both[1], path]):
        assert main(["diff", *arguments]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert words in err
        assert path in err


def test_what_is_no_file_is_refused_in_a_line(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "missing.yaml", tmp_path / "pipe", "/dev/zero"):
        assert main(["diff", str(path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
