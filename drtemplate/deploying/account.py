"""Questions to the account, and its refusals in one line each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from drtemplate.errors import DeployError

_CONFIG = Config(
    connect_timeout=10, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4}
)
_SIGN_IN = "sign in, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
# Error codes by what mends them.
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
_INVALID = frozenset(
    """ExpiredToken ExpiredTokenException InvalidClientTokenId UnrecognizedClientException
    SignatureDoesNotMatch InvalidSignatureException AuthFailure InvalidAccessKeyId""".split()
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The clients that a deployment asks, and the region it goes to."""

    region: str
    cloudformation: Any
    route53: Any
    s3: Any
    sts: Any


def open_account(region: str | None, endpoint_url: str | None) -> Account:
    """Sign in with what the AWS CLI would use too.

    Raises:
        DeployError: there are no credentials, no such profile, or no region.
    """
    with account_call("sign in to AWS"):
        session = boto3.Session(region_name=region)
        if not session.region_name:
            raise DeployError("no AWS region; give --region (make: REGION=...) or set AWS_REGION")
        if session.get_credentials() is None:
            raise DeployError(f"no AWS credentials; {_SIGN_IN}")
        make = {"endpoint_url": endpoint_url, "config": _CONFIG}
        return Account(
            region=session.region_name,
            cloudformation=session.client("cloudformation", **make),
            route53=session.client("route53", **make),
            s3=session.client("s3", **make),
            sts=session.client("sts", **make),
        )


@contextmanager
def account_call(what: str) -> Iterator[None]:
    """Turn the account's refusals into one line; ``what`` completes "cannot ...".

    Raises:
        DeployError: in place of any error of botocore's.
    """
    try:
        yield
    except NoCredentialsError as exc:
        raise DeployError(f"no AWS credentials; {_SIGN_IN}") from exc
    except ClientError as exc:
        code = code_of(exc)
        message = exc.response.get("Error", {}).get("Message", "")
        if code in _INVALID:
            raise DeployError(f"AWS does not take the credentials: {code}; {_SIGN_IN}") from exc
        remedy = f"; allow {exc.operation_name}" if code in _DENIED else ""
        raise DeployError(f"cannot {what}: {code}: {message}{remedy}") from exc
    except (BotoCoreError, ValueError) as exc:
        raise DeployError(f"cannot {what}: {exc}") from exc


def code_of(error: ClientError) -> str:
    """The code of an error that AWS answered with."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_missing(error: ClientError) -> bool:
    """Whether CloudFormation says that there is no such stack, or no such resource in it."""
    message = str(error.response.get("Error", {}).get("Message", ""))
    return code_of(error) == "ValidationError" and "does not exist" in message
