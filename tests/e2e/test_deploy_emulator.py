"""The emulator itself: what it does not know is an error, and what fails is rolled back."""

import ast
import json
import re
from pathlib import Path

import emulator
import pytest
from account import ROOT, account
from botocore.exceptions import ClientError
from inventory import inventory
from mutations import rendered
from test_deploy_controls import GUARDED

from drtemplate.cloudformation.document import load_template
from drtemplate.settings_file import load
from drtemplate.topologies.one_region import build

SMALL = ("ec2", "s3", "ssm", "logs")  # the services that a small stack may use
VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}}
PARAMETER = {
    "Type": "AWS::SSM::Parameter",
    "Properties": {"Name": "/small/one", "Type": "String", "Value": "1"},
}

UNMODELLED = {
    "AWS::DynamoDB::Table.ContributorInsightsSpecification",
    "AWS::RDS::DBCluster.DeleteAutomatedBackups",
    "AWS::RDS::DBCluster.EngineLifecycleSupport",
    "AWS::RDS::DBCluster.PerformanceInsightsEnabled",
    "AWS::RDS::DBCluster.PerformanceInsightsKmsKeyId",
    "AWS::RDS::DBCluster.PerformanceInsightsRetentionPeriod",
}


def small(**resources):
    return {"Resources": {"One": PARAMETER} | resources}


@pytest.fixture
def stack(aws):
    """A stack of nothing but one parameter, gone afterwards."""
    yield "small"
    aws.delete("small")


def test_what_is_not_modelled_is_known(figures):
    properties = {one for one in emulator.UNMODELLED if re.fullmatch(r"AWS::\S+", one)}
    assert properties == UNMODELLED
    figures.append("not modelled:")
    figures.extend(f"  {one}" for one in emulator.UNMODELLED)


def written(path):
    """Lines that hold code or data: no blank one, comment or docstring."""
    lines, text = path.read_text().splitlines(), set()
    for node in ast.walk(ast.parse(path.read_text())) if path.suffix == ".py" else ():
        body = getattr(node, "body", None)
        match body:
            case [ast.Expr(ast.Constant(str())) as told, *_]:
                text |= set(range(told.lineno, told.end_lineno + 1))
    return sum(
        n not in text and line.strip() != "" and not line.lstrip().startswith("#")
        for n, line in enumerate(lines, 1)
    )


def test_its_size(figures):
    home = Path(emulator.__file__).parent
    code = sum(map(written, home.glob("*.py")))
    table = written(home / "types.yaml")
    files = [*home.glob("*.py"), home / "types.yaml"]
    whole = sum(len(one.read_text().splitlines()) for one in files)
    figures.append(
        f"the plug-in: {code} lines of code and a table of {table} lines;"
        f" {whole} with comments, docstrings and blank lines"
    )
    assert code < 1200


def test_what_lambda_takes_and_does_not_show(pristine):
    """The day that it is shown, the list above has an entry too many."""
    name = pristine.ids["HealthMonitorFunction"]
    facts = pristine.aws.client("lambda").get_function_configuration(FunctionName=name)
    assert "LoggingConfig" not in facts


def test_it_knows_every_type_of_the_template_and_of_the_examples():
    bank = load(ROOT / "examples" / "bank" / "bank.toml")
    templates = (
        rendered(),
        build(GUARDED).to_dict(),
        build(bank).to_dict(),
        load_template(ROOT / "examples" / "application" / "application.yaml"),
    )
    types = {one["Type"] for template in templates for one in template["Resources"].values()}
    assert types == set(emulator.KINDS)


UNKNOWN = {
    "type": ({"Type": "AWS::SQS::Queue"}, "Unrecognized resource types: [AWS::SQS::Queue]"),
    "property": (
        {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16", "Cidr": "x"}},
        "Encountered unsupported property Cidr",
    ),
    "member of a property": (
        {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": "small-one",
                "VersioningConfiguration": {"State": "Enabled"},
            },
        },
        "Encountered unsupported property VersioningConfiguration.State",
    ),
    "value of an enumeration": (
        {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": "small-one", "VersioningConfiguration": {"Status": "On"}},
        },
        "'On' is none of Enabled, Suspended",
    ),
    "reference": (
        {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Two"}}},
        "Unresolved resource dependencies [Two]",
    ),
    "variable": (
        {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Sub": "${Two}"}}},
        "Unresolved resource dependencies [Two]",
    ),
    "attribute": (
        {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": {"Fn::GetAtt": ["One", "Arn"]}},
        },
        "resource One does not support attribute type Arn",
    ),
    "dependency": (VPC | {"DependsOn": "Two"}, "Unresolved resource dependencies [Two]"),
    "condition": (VPC | {"Condition": "Two"}, "unresolved condition Two"),
    "function": (
        {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Fn::Nothing": ["10.9.0.0/16"]}}},
        "Fn::Nothing is not known here",
    ),
    "circle": (VPC | {"DependsOn": "Other"}, "Circular dependency"),
    "number that is none": (
        {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "small", "RetentionInDays": "many"},
        },
        "must be a integer",
    ),
    "missing parameter": ({"Type": "AWS::EC2::Subnet"}, "Missing required VpcId"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_it_does_not_know_rolls_the_stack_back(aws, stack, what):
    resource, reason = UNKNOWN[what]
    before = inventory(aws, *SMALL)
    template = small(Bad=resource, Other=VPC | {"DependsOn": "Bad"})
    assert aws.change(stack, template, {}) == "ROLLBACK_COMPLETE"
    assert any(reason in one.get("ResourceStatusReason", "") for one in aws.events(stack))
    assert inventory(aws, *SMALL) == before


def test_a_failure_half_way_through_a_resource_leaves_nothing(aws, stack):
    """The bucket is made, and then a later call for it fails."""
    tags = [{"Key": "same", "Value": "1"}, {"Key": "same", "Value": "2"}]
    bad = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "small-one", "Tags": tags}}
    before = inventory(aws, *SMALL)
    assert aws.change(stack, small(Bad=bad), {}) == "ROLLBACK_COMPLETE"
    assert inventory(aws, *SMALL) == before


def test_creation_order_is_the_worst_that_dependencies_allow(aws, stack):
    second = {**PARAMETER, "Properties": PARAMETER["Properties"] | {"Name": "/small/two"}}
    aws.change(stack, small(Two=second, Three=VPC), {})
    made = [
        e["LogicalResourceId"]
        for e in aws.events(stack)
        if e["ResourceStatus"] == "CREATE_COMPLETE"
    ]
    assert made == ["Three", "Two", "One", "small"]
    aws.delete(stack)
    aws.change(stack, small(Two=second, Three=VPC | {"DependsOn": "One"}), {})
    made = [
        e["LogicalResourceId"]
        for e in aws.events(stack)
        if e["ResourceStatus"] == "CREATE_COMPLETE"
    ]
    assert made == ["Two", "One", "Three", "small"]


def test_a_failed_update_goes_back(aws, stack):
    """What it had changed is changed back, and what it had added is gone."""
    aws.change(stack, small(Net=VPC), {})
    before, ids = inventory(aws, *SMALL), aws.physical_ids(stack)
    template = small(
        Net={**VPC, "Properties": {"CidrBlock": "10.8.0.0/16"}},
        New={**PARAMETER, "Properties": PARAMETER["Properties"] | {"Name": "/small/new"}},
    )
    template["Resources"]["One"] = {
        **PARAMETER,
        "Properties": PARAMETER["Properties"] | {"Value": "2"},
    }
    template["Resources"]["Net"]["DependsOn"] = ["One", "New"]
    assert aws.change(stack, template, {}) == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot update property CidrBlock of AWS::EC2::VPC in place" in aws.reasons(stack)[0]
    value = aws.client("ssm").get_parameter(Name="/small/one")["Parameter"]["Value"]
    assert (value, inventory(aws, *SMALL), aws.physical_ids(stack)) == ("1", before, ids)
    assert aws.change(stack, small(), {}) == "UPDATE_COMPLETE", "and a removed resource is removed"
    assert aws.physical_ids(stack).keys() == {"One"}


def test_an_update_that_would_not_reach_the_service_is_refused(aws, stack):
    """Taking a property away is an update too."""
    table = {
        "TableName": "small",
        "AttributeDefinitions": [{"AttributeName": "Key", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "Key", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": True,
    }
    kind = "AWS::DynamoDB::Table"
    aws.change(stack, small(Table={"Type": kind, "Properties": table}), {})
    less = {name: value for name, value in table.items() if name != "DeletionProtectionEnabled"}
    template = small(Table={"Type": kind, "Properties": less})
    assert aws.change(stack, template, {}) == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot update property DeletionProtectionEnabled" in aws.reasons(stack)[0]
    off = small(Table={"Type": kind, "Properties": table | {"DeletionProtectionEnabled": "false"}})
    assert aws.change(stack, off, {}) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("policy", "after_failure", "after_deletion"),
    [("Delete", 0, 0), ("RetainExceptOnCreate", 0, 1), ("Retain", 1, 1)],
)
def test_deletion_policies(aws, stack, policy, after_failure, after_deletion):
    kept, bad = small(), small(Bad={"Type": "AWS::SQS::Queue", "DependsOn": "One"})
    for template in (kept, bad):
        template["Resources"]["One"] = PARAMETER | {"DeletionPolicy": policy}
    before = inventory(aws, *SMALL)
    assert aws.change(stack, bad, {}) == "ROLLBACK_COMPLETE"
    assert len(inventory(aws, *SMALL) - before) == after_failure
    aws.delete(stack)
    if after_failure:
        aws.client("ssm").delete_parameter(Name="/small/one")
    assert aws.change(stack, kept, {}) == "CREATE_COMPLETE"
    aws.delete(stack)
    assert len(inventory(aws, *SMALL) - before) == after_deletion
    if after_deletion:
        aws.client("ssm").delete_parameter(Name="/small/one")


def test_a_bucket_with_something_in_it_is_not_deleted(aws, stack):
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "small-one"}}
    aws.change(stack, small(Bucket=bucket), {})
    aws.client("s3").put_object(Bucket="small-one", Key="thing", Body=b"")
    aws.delete(stack)
    assert aws.status(stack) == "DELETE_FAILED"
    assert "BucketNotEmpty" in aws.reasons(stack)[0]
    aws.client("s3").delete_object(Bucket="small-one", Key="thing")


def test_other_ways_to_deploy_are_refused(aws):
    client = aws.client("cloudformation")
    with pytest.raises(ClientError, match="by change sets only"):
        client.create_stack(StackName="small", TemplateBody=json.dumps(small()))


def test_accounts_are_apart(aws):
    with account() as other:
        other.client("logs").create_log_group(logGroupName="other")
        assert inventory(other, "logs") == {("describe_log_groups", "other")}
        assert ("describe_log_groups", "other") not in inventory(aws, "logs")
        assert other.url.startswith("http://localhost:")
        number = other.client("sts").get_caller_identity()["Account"]
        assert number == other.number != aws.number
    with account() as third:
        assert inventory(third, "logs") == set()
