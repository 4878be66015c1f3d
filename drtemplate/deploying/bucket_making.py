"""Making the bucket that templates are sent through."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from drtemplate.deploying.account import Account, asking, code_of
from drtemplate.deploying.bucket import Bucket
from drtemplate.errors import DeployError

# Versions of one object that were uploaded over: kept so long, and the newest of them for ever.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html
OLD_DAYS, OLD_KEPT = 90, 5
PROPERTIES = "private, encrypted, versioned, TLS only"


def make_bucket(account: Account, bucket: Bucket) -> None:
    """Make the bucket with all its settings, or none: it is deleted again if one is refused.

    Raises:
        DeployError: it cannot be made; the words say what is left of it.
    """
    name = bucket.name
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    # us-east-1 is the region of a bucket without a constraint, and is refused as one.
    where: dict[str, Any] = {}
    if bucket.region != "us-east-1":
        where = {"CreateBucketConfiguration": {"LocationConstraint": bucket.region}}
    with asking(f"make the bucket {name}"):
        try:
            account.s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced", **where)
        except ClientError as exc:
            if code_of(exc) == "BucketAlreadyExists":
                raise DeployError(
                    f"somebody else owns a bucket called {name}; give --bucket NAME "
                    "(make: BUCKET=NAME) of one of yours"
                ) from exc
            # What this call has made before an answer was lost is ours.
            if code_of(exc) != "BucketAlreadyOwnedByYou":
                raise
    try:
        _set_up(account, bucket)
    except (DeployError, KeyboardInterrupt) as exc:
        raise DeployError(f"{str(exc) or 'interrupted'}; {_delete(account, bucket)}") from exc


def _set_up(account: Account, bucket: Bucket) -> None:
    for operation, settings in _settings(bucket):
        with asking(f"set up the bucket {bucket.name}"):
            getattr(account.s3, operation)(
                Bucket=bucket.name, ExpectedBucketOwner=bucket.owner, **settings
            )


def _settings(bucket: Bucket) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each setting: the client's method, and what it is given beside the bucket."""
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    yield (
        "put_public_access_block",
        {"PublicAccessBlockConfiguration": dict.fromkeys(closed, True)},
    )
    # S3's own key: the AWS CLI asks for it with every upload, and a template holds no secret.
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    yield "put_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": [default]}}
    yield "put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}
    yield "put_bucket_policy", {"Policy": json.dumps(_policy(bucket))}
    rule = {
        "ID": "old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {
            "NoncurrentDays": OLD_DAYS,
            "NewerNoncurrentVersions": OLD_KEPT,
        },
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    yield "put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [rule]}}


def _policy(bucket: Bucket) -> dict[str, Any]:
    """Nobody may come without TLS.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    arn = f"arn:{bucket.partition}:s3:::{bucket.name}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _delete(account: Account, bucket: Bucket) -> str:
    """Delete the new bucket again; what came of it, in words."""
    with suppress(ClientError, BotoCoreError):
        account.s3.delete_bucket(Bucket=bucket.name, ExpectedBucketOwner=bucket.owner)
        return "the new bucket is deleted again"
    return (
        f"the new bucket stays, without all its settings; delete it: aws s3api delete-bucket "
        f"--bucket {bucket.name} --region {bucket.region}"
    )
