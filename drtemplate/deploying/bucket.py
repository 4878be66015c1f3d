"""The S3 bucket that the template is sent through: which one it is, and whether it can be used.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from botocore.exceptions import ClientError

from drtemplate.deploying.account import Account, account_call, code_of
from drtemplate.errors import DeployError

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_FORM = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}")
_BEGINNINGS = ("xn--", "sthree-", "amzn-s3-demo-")
_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_OTHER = "give --bucket NAME (make: BUCKET=NAME)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket to deploy through.

    Attributes:
        name: the bucket's name.
        owner: the account that it must belong to, twelve digits.
        partition: ``aws``, ``aws-cn`` or another one, as ARNs have it.
        region: where it is, or is to be made.
        needs: what must be done before it is used: it is to be ``made``, or ``completed`` if an
            earlier run left it without all its settings; '' for nothing.
    """

    name: str
    owner: str
    partition: str
    region: str
    needs: Literal["", "made", "completed"] = ""


def check_bucket_name(name: str) -> None:
    """Refuse what no bucket can be called.

    Raises:
        DeployError: with the rule that the name breaks.
    """
    reason = ""
    if not _FORM.fullmatch(name):
        reason = (
            "it is not 3 to 63 lower-case letters, digits, hyphens and dots, with a letter or "
            "digit first and last"
        )
    elif ".." in name:
        reason = "two dots stand side by side"
    elif _ADDRESS.fullmatch(name):
        reason = "it has the form of an IP address"
    elif name.startswith(_BEGINNINGS):
        reason = f"S3 keeps names that begin with {', '.join(_BEGINNINGS)}"
    elif name.endswith(_ENDS):
        reason = f"S3 keeps names that end with {', '.join(_ENDS)} for other things"
    if reason:
        raise DeployError(f"no bucket can be called {name!r}: {reason}; give another --bucket")


def find_bucket(account: Account, name: str | None) -> Bucket:
    """Look for the bucket; nothing is made.

    Args:
        account: who deploys.
        name: the one that the user gave, which is taken as it is; None for
            ``drtemplate-artifacts-<account>-<region>``, which need not exist yet.

    Raises:
        DeployError: it is another account's, in another region, or not there though named; or AWS
            does not answer.
    """
    identity = account.identity()
    owner, region = identity.account, account.region
    bucket = Bucket(
        name=name or f"drtemplate-artifacts-{owner}-{region}",
        owner=owner,
        partition=identity.partition,
        region=region,
    )
    if not is_there(account, bucket, named=name is not None):
        return replace(bucket, needs="made")
    if name is None and not _is_complete(account, bucket):
        return replace(bucket, needs="completed")
    return bucket


def is_there(account: Account, bucket: Bucket, named: bool = False) -> bool:
    """Whether the bucket exists; ``named`` says whether the user gave it, and so it must.

    Raises:
        DeployError: it cannot be used, or AWS does not answer.
    """
    name = bucket.name
    with account_call(f"ask for the bucket {name}"):
        try:
            answer = account.s3.head_bucket(Bucket=name, ExpectedBucketOwner=bucket.owner)
        except ClientError as exc:
            # An answer to HEAD has no body, so its status stands for an error's code.
            code = code_of(exc)
            _check_region(bucket, exc.response)
            if code == "403":
                raise DeployError(
                    f"the bucket {name} is not of this account ({bucket.owner}), or s3:ListBucket "
                    f"on it is not allowed; {_OTHER} of one that is"
                ) from exc
            if code != "404":
                raise
            if named:
                raise DeployError(
                    f"there is no bucket {name}; make it, or leave --bucket out for "
                    "drtemplate-artifacts-<account>-<region>"
                ) from exc
            return False
    _check_region(bucket, answer)
    return True


def _is_complete(account: Account, bucket: Bucket) -> bool:
    """Whether the project's own bucket has its last setting, and so all of them."""
    with account_call(f"ask for the settings of the bucket {bucket.name}"):
        try:
            account.s3.get_bucket_lifecycle_configuration(
                Bucket=bucket.name, ExpectedBucketOwner=bucket.owner
            )
        except ClientError as exc:
            if code_of(exc) != "NoSuchLifecycleConfiguration":
                raise
            return False
    return True


def _check_region(bucket: Bucket, answer: Any) -> None:
    """Refuse another region's: CloudFormation reads a template at its own region's address."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = headers.get("x-amz-bucket-region", bucket.region)
    if region != bucket.region:
        raise DeployError(
            f"the bucket {bucket.name} is in {region}, and the stack goes to {bucket.region}; "
            f"{_OTHER} of one in {bucket.region}"
        )
