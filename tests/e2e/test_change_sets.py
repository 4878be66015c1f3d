"""Change sets as the AWS CLI shows them, read, beside what the templates alone say."""

import json

import pytest
from account import ROOT
from given import least
from mutations import GONE, changed, rendered

from drtemplate.cloudformation.change_set import described
from drtemplate.cloudformation.changes import compare
from drtemplate.cloudformation.document import load_template

RELEASED = load_template(ROOT / "tests" / "releases" / "0.1.0.yaml")
# CloudWatch refuses its rule for the line end behind it; whoever runs this release has taken it away.
RULE = RELEASED["Resources"]["CompositeAlarm"]["Properties"]["AlarmRule"]
RULE["Fn::Sub"] = RULE["Fn::Sub"].strip()
STACK = "change-dr"
SECRET = "correct-horse-battery"
MUTATED = changed(
    ("VPC.CidrBlock", "10.9.0.0/16"),
    ("AuroraDBCluster.MasterUsername", "x"),
    ("PrimaryDBInstance.DBInstanceClass", "db.r6g.xlarge"),
    ("PrimaryTargetGroup.Port", 81),
    ("@SessionStateTable.DependsOn", "KMSKey"),
    ("@MonitoringDashboard", GONE),
    ("Outputs.DashboardURL", GONE),
    ("@Queue", {"Type": "AWS::SNS::Topic"}),
    ("@ConfigurationBucket", GONE),
    ("@ConfigurationBucketPolicy", GONE),
    ("Outputs.ConfigBucket", GONE),
)


@pytest.fixture(scope="module")
def released(own):
    """The parameters of a stack of the release."""
    given = least(own) | {"DomainName": "change.example.com", "DBMasterPassword": SECRET}
    assert own.change(STACK, RELEASED, given) == "CREATE_COMPLETE"
    return given


def change_set(aws, template, parameters, *words):
    """The description of a change set, all pages, as the CLI prints it."""
    aws.client("s3").put_object(Bucket=aws.bucket, Key=STACK, Body=json.dumps(template).encode())
    made = aws.cli(
        *("cloudformation", "create-change-set", "--stack-name", STACK),
        *("--change-set-name", "seen", "--template-url", f"{aws.url}/{aws.bucket}/{STACK}"),
        *("--change-set-type", "UPDATE", "--capabilities", "CAPABILITY_IAM"),
        *("--parameters", *(f"ParameterKey={k},ParameterValue={v}" for k, v in parameters.items())),
    )
    assert made.returncode == 0, made.stderr
    name = ("--change-set-name", json.loads(made.stdout)["Id"])
    shown = aws.cli("cloudformation", "describe-change-set", *name, *words)
    assert shown.returncode == 0, shown.stderr
    assert SECRET not in shown.stdout
    return json.loads(shown.stdout)


def verdicts(changes):
    """What happens to each resource, and how each of its properties takes part in it.

    An order alone is no change to CloudFormation, and a new resource is told before it is made.
    """
    found = {}
    for one in changes:
        properties = {}
        for part in [*one.changes, *one.inherited]:
            name = ".".join(part.path.partition("[")[0].split(".")[:2])
            if name != "DependsOn":
                behaviour = max(
                    part.verdict.behaviour, properties.get(name, part.verdict.behaviour)
                )
                properties[name] = behaviour
        if properties or one.action != "Modify":
            facts = (one.type, one.action, one.behaviour, one.old_resource_policy, one.holds_data)
            found[one.logical_id] = (*facts, properties)
    return found


VALUES = ("--include-property-values",)


@pytest.mark.parametrize(
    ("template", "words"),
    [(rendered(), VALUES), (MUTATED, VALUES), (MUTATED, ())],
    ids=["today", "mutated", "without values"],
)
def test_the_change_set_says_what_the_templates_say(own, released, template, words):
    shown = change_set(own, template, released, *words)
    for name in ("BeforeValue", "AfterValue", "BeforeContext", "AfterContext", "Path"):
        assert (f'"{name}":' in json.dumps(shown)) == bool(words)
    changes = [one["ResourceChange"] for one in shown["Changes"]]
    assert all(one["Details"] for one in changes if one["Action"] == "Modify")
    if template is MUTATED and words:
        (subnet,) = (one for one in changes if one["LogicalResourceId"] == "PublicSubnet1")
        values = [json.loads(subnet[f"{side}Context"]) for side in ("Before", "After")]
        before, after = (one["Properties"]["VpcId"] for one in values)
        assert (before[:4], after) == ("vpc-", "{{changeSet:KNOWN_AFTER_APPLY}}")
    told = compare(RELEASED, template).resources
    read = described([shown])
    assert verdicts(read) == verdicts(told)
    assert len(read) > 30
    assert carried(read, bool(words)) == carried(told, bool(words))


def carried(changes, exact):
    return {
        (one.logical_id, each.path if exact else "", each.cause, each.certain)
        for one in changes
        for each in one.inherited
    }


def test_another_value_of_a_parameter_is_a_change_where_it_is_used(own, released):
    given = released | {"DataRetentionDays": "30", "DBMasterPassword": "another-horse-battery"}
    changes = change_set(own, RELEASED, given, *VALUES)["Changes"]
    found = {
        (
            one["ResourceChange"]["LogicalResourceId"],
            detail["Target"]["Path"].split("/")[2],
            detail["CausingEntity"],
        ): detail["Target"]
        for one in changes
        for detail in one["ResourceChange"]["Details"]
        if detail["ChangeSource"] == "ParameterReference"
    }
    assert found.keys() == {
        ("ApplicationArtifactsBucket", "LifecycleConfiguration", "DataRetentionDays"),
        ("FailoverOrchestratorFunction", "Environment", "DataRetentionDays"),
        ("AuroraDBCluster", "MasterUserPassword", "DBMasterPassword"),
    }
    target = found["FailoverOrchestratorFunction", "Environment", "DataRetentionDays"]
    assert (target["BeforeValue"], target["AfterValue"]) == ("2555", "30")
    secret = found["AuroraDBCluster", "MasterUserPassword", "DBMasterPassword"]
    assert (secret["BeforeValue"], secret["AfterValue"]) == ("****", "****")


def test_of_a_new_stack_everything_is_added_on_several_pages(own, released):
    client = own.client("cloudformation")
    own.client("s3").put_object(Bucket=own.bucket, Key="new", Body=json.dumps(rendered()).encode())
    made = client.create_change_set(
        StackName="new-dr",
        ChangeSetName="seen",
        ChangeSetType="CREATE",
        TemplateURL=f"{own.url}/{own.bucket}/new",
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in released.items()],
    )
    pages = list(client.get_paginator("describe_change_set").paginate(ChangeSetName=made["Id"]))
    *full, last = (len(one["Changes"]) for one in pages)
    assert set(full) == {25}
    assert 0 < last <= 25
    read = described(pages)
    assert {one.logical_id: one.action for one in read} == dict.fromkeys(
        rendered()["Resources"], "Add"
    )
