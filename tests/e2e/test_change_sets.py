"""Change sets as the AWS CLI shows them, read, beside what the templates alone say."""

import json
from itertools import pairwise

import pytest
from account import ROOT
from conftest import least
from mutations import GONE, changed, rendered

from drtemplate.cloudformation.change_set import described
from drtemplate.cloudformation.changes import compare
from drtemplate.cloudformation.document import load_template

RELEASED = load_template(ROOT / "tests" / "releases" / "0.1.0.yaml")
STACK = "change-dr"
SECRET = "correct-horse-battery"
MUTATED = changed(
    ("VPC.CidrBlock", "10.9.0.0/16"),
    ("AuroraDBCluster.MasterUsername", "x"),
    ("PrimaryDBInstance.DBInstanceClass", "db.r6g.xlarge"),
    ("PrimaryTargetGroup.Port", 81),
    ("@WriterAlarm.DependsOn", "VPC"),
    ("@MonitoringDashboard", GONE),
    ("Outputs.DashboardURL", GONE),
    ("@Queue", {"Type": "AWS::SNS::Topic"}),
    ("@ConfigurationBucket", GONE),
    ("@ConfigurationBucketPolicy", GONE),
    ("Outputs.ConfigBucket", GONE),
)


@pytest.fixture(scope="module")
def released(aws):
    """The parameters of a stack of the release."""
    given = least(aws) | {"DomainName": "change.example.com", "DBMasterPassword": SECRET}
    assert aws.change(STACK, RELEASED, given) == "CREATE_COMPLETE"
    return given


def change_set(aws, template, parameters, kind="UPDATE", stack=STACK):
    """The description of a change set, all pages, as the CLI prints it."""
    aws.client("s3").put_object(Bucket=aws.bucket, Key=stack, Body=json.dumps(template).encode())
    made = aws.cli(
        *("cloudformation", "create-change-set", "--stack-name", stack),
        *("--change-set-name", "seen", "--change-set-type", kind),
        *("--template-url", f"{aws.url}/{aws.bucket}/{stack}", "--capabilities", "CAPABILITY_IAM"),
        *("--parameters", *(f"ParameterKey={k},ParameterValue={v}" for k, v in parameters.items())),
    )
    assert made.returncode == 0, made.stderr
    name = ("--change-set-name", json.loads(made.stdout)["Id"])
    words = ("cloudformation", "describe-change-set", *name)
    shown = aws.cli(*words, "--include-property-values")
    assert shown.returncode == 0, shown.stderr
    assert SECRET not in shown.stdout
    bare = json.loads(aws.cli(*words).stdout)
    assert "Value" not in json.dumps(bare["Changes"])
    assert verdicts(described([bare])) == verdicts(described([json.loads(shown.stdout)]))
    return json.loads(shown.stdout)


def verdicts(changes):
    """What happens to each resource, and how each of its properties takes part in it.

    An order alone is no change to CloudFormation, and a new resource is told before it is made.
    """
    found = {}
    for one in changes:
        properties = {}
        for part in [*one.changes, *one.carried]:
            name = ".".join(part.path.partition("[")[0].split(".")[:2])
            if name != "DependsOn":
                behaviour = max(
                    part.verdict.behaviour, properties.get(name, part.verdict.behaviour)
                )
                properties[name] = behaviour
        if properties or one.action != "Modify":
            facts = (one.type, one.action, one.behaviour, one.fate, one.holds_data)
            found[one.logical_id] = (*facts, properties)
    return found


@pytest.mark.parametrize("template", [rendered(), MUTATED], ids=["today", "mutated"])
def test_the_change_set_says_what_the_templates_say(aws, released, template):
    shown = change_set(aws, template, released)
    told = compare(RELEASED, template).resources
    read = described([shown])
    assert verdicts(read) == verdicts(told)
    assert len(read) > 30
    along = {
        (one.logical_id, each.path, each.cause, each.certain)
        for one in read
        for each in one.carried
    }
    assert along == {
        (one.logical_id, each.path, each.cause, each.certain)
        for one in told
        for each in one.carried
    }


def test_values_pages_and_causes(aws, released):
    given = released | {"DataRetentionDays": "30", "DBMasterPassword": "another-horse-battery"}
    shown = change_set(aws, RELEASED, given)
    changes = {one["ResourceChange"]["LogicalResourceId"]: one for one in shown["Changes"]}
    assert changes.keys() == {
        *("ApplicationArtifactsBucket", "AuroraDBCluster"),
    }
    (_, detail) = changes["AuroraDBCluster"]["ResourceChange"]["Details"]
    assert (detail["ChangeSource"], detail["CausingEntity"]) == (
        "ParameterReference",
        "DBMasterPassword",
    )
    assert (detail["Target"]["Path"], detail["Target"]["AfterValue"]) == (
        "/Properties/MasterUserPassword",
        "****",
    )


def test_of_a_new_stack_everything_is_added_on_several_pages(aws, released):
    shown = change_set(aws, rendered(), released, "CREATE", "new-dr")
    read = described([shown])
    assert {one.logical_id: one.action for one in read} == dict.fromkeys(
        rendered()["Resources"], "Add"
    )
    client = aws.client("cloudformation")
    pages = list(
        client.get_paginator("describe_change_set").paginate(ChangeSetName=shown["ChangeSetId"])
    )
    assert len(pages) == 4
    assert described(pages) == read
    tokens = [one.get("NextToken") for one in pages]
    assert all(tokens[:-1]), tokens
    assert all(one != other for one, other in pairwise(tokens))
