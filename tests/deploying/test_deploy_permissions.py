"""The permissions that docs/deploy.md lists are those that a deployment uses."""

import importlib
import re
from pathlib import Path

import boto3
import pytest
from awscli.customizations.cloudformation import deployer

from drtemplate.deploying.bucket import Bucket
from drtemplate.deploying.bucket_making import _settings
from drtemplate.settings import PROJECT

PAGE = (PROJECT / "docs" / "deploy.md").read_text()
OUR_CODE = "".join(path.read_text() for path in (PROJECT / "drtemplate/deploying").glob("*.py"))
BUCKET = Bucket(name="templates", owner="1" * 12, partition="aws", region="us-east-1")
# Operations that IAM calls otherwise.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
OTHERWISE = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
}
# What boto3 and IAM call otherwise.
MODULES = {"lambda": "awslambda"}
PREFIXES = {"elbv2": "elasticloadbalancing"}
# CreateBucket with an ownership asks for the first; the AWS CLI's upload, of fewer bytes than it
# sends in parts, for the second; CloudFormation, which reads with the caller's rights, for the third.
BESIDE = {"s3:PutBucketOwnershipControls", "s3:PutObject", "s3:GetObject"}


def listed():
    table = PAGE.split("Who deploys needs these permissions:")[1].split("\n#")[0]
    return set(re.findall(r"`(\w+:\w+)`", table))


def calls():
    """Service and client method of every call, ours and the AWS CLI's; `pages` is handed the method."""
    yield from re.findall(r"\.(cloudformation|route53|s3|sts)\.(\w+)[(,\n]", OUR_CODE)
    yield from re.findall(r'\.client\("(\w+)"[^)]*\)\s*\.(\w+)[(,)]', OUR_CODE)
    # By a table: service and method of a look.
    yield from re.findall(r'_described\(\s*"(\w+)", "(\w+)"', OUR_CODE)
    cloudformation = OUR_CODE + Path(deployer.__file__).read_text()
    for method in re.findall(r"\b_client\.(\w+)[(,]", cloudformation):
        yield "cloudformation", "describe_change_set" if method == "get_waiter" else method
    yield from (("s3", method) for method, _ in _settings(BUCKET))


def used():
    for service, method in calls():
        operations = boto3.client(service, region_name="us-east-1").meta.method_to_api_mapping
        action = f"{PREFIXES.get(service, service)}:{operations[method]}"
        yield OTHERWISE.get(action, action)


def test_they_are_those_that_a_deployment_uses():
    assert listed() == set(used()) | BESIDE


@pytest.mark.parametrize("action", sorted(listed()))
def test_iam_knows_them(action):
    service, name = action.split(":")
    module = importlib.import_module(f"awacs.{MODULES.get(service, service)}")
    assert getattr(module, name).JSONrepr() == action
