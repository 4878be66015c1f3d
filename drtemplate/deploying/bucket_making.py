"""Making the bucket that templates are sent through."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from drtemplate.deploying.account import Account, account_call, code_of
from drtemplate.deploying.bucket import Bucket, is_there
from drtemplate.errors import DeployError

# Versions of one object that were uploaded over: kept so long, and the newest of them for ever.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html
OLD_DAYS, OLD_KEPT = 90, 5
PROPERTIES = "private, encrypted, versioned, TLS only"


def make_bucket(account: Account, bucket: Bucket) -> None:
    """Make the bucket if it is not there, and give it all its settings.

    If a setting is refused, or the user interrupts, a bucket that this call has made is deleted
    again. Any other stays: another run may be about to send through it. ``find_bucket`` sees later
    that it needs to be completed.

    Raises:
        DeployError: it cannot be made or completed; the words say what is left of it.
    """
    # Asked again, since the question may have stood for long, and S3 in us-east-1 answers with 200
    # too if the account has the bucket.
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    ours = unanswered = not is_there(account, bucket)
    try:
        if unanswered:
            ours, unanswered = _create(account, bucket), False
        _set_up(account, bucket)
    except KeyboardInterrupt as exc:
        raise DeployError(f"interrupted; {_undo(account, bucket, ours)}") from exc
    except DeployError as exc:
        if unanswered:
            raise
        # What AWS says when another call is at work on the same bucket.
        ours = ours and not _is_error(exc.__cause__, "OperationAborted")
        raise DeployError(f"{exc}; {_undo(account, bucket, ours)}") from exc


def _create(account: Account, bucket: Bucket) -> bool:
    """Make the bucket; whether it is new, as far as S3 tells."""
    # us-east-1 is the region of a bucket without a constraint, and is refused as one.
    where: dict[str, Any] = {}
    if bucket.region != "us-east-1":
        where = {"CreateBucketConfiguration": {"LocationConstraint": bucket.region}}
    with account_call(f"make the bucket {bucket.name}"):
        try:
            account.s3.create_bucket(
                Bucket=bucket.name, ObjectOwnership="BucketOwnerEnforced", **where
            )
        except ClientError as exc:
            if code_of(exc) == "BucketAlreadyExists":
                raise DeployError(
                    f"somebody else owns a bucket called {bucket.name}; give --bucket NAME "
                    "(make: BUCKET=NAME) of one of yours"
                ) from exc
            if code_of(exc) != "BucketAlreadyOwnedByYou":
                raise
            return False
    return True


def _set_up(account: Account, bucket: Bucket) -> None:
    for operation, settings in _settings(bucket):
        with account_call(f"set up the bucket {bucket.name}"):
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
    # The last one, by which ``find_bucket`` tells that a bucket has all of them.
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


def _undo(account: Account, bucket: Bucket, ours: bool) -> str:
    """Delete the bucket again if this run has made it; what came of it, in words."""
    if not ours:
        return f"the bucket {bucket.name} stays; deploy again, which completes it"
    try:
        account.s3.delete_bucket(Bucket=bucket.name, ExpectedBucketOwner=bucket.owner)
    except (ClientError, BotoCoreError, KeyboardInterrupt) as exc:
        if _is_error(exc, "NoSuchBucket"):
            return "no bucket is made"
        return (
            "the new bucket may stay, without all its settings; deploy again, which completes it, "
            f"or delete it: aws s3api delete-bucket --bucket {bucket.name} --region {bucket.region}"
        )
    return "the new bucket is deleted again"


def _is_error(error: BaseException | None, code: str) -> bool:
    return isinstance(error, ClientError) and code_of(error) == code
