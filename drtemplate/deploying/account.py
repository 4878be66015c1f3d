"""Questions to the account, and its refusals in one line each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.parsers import ResponseParserError

from drtemplate.deploying.answers import bound
from drtemplate.deploying.location import chosen_region, endpoint_of
from drtemplate.errors import DeployError

# A server that takes a connection and says nothing is given up after a minute.
_CONFIG = Config(
    connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3}
)
_SIGN_IN = "sign in, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_NOT_AWS = (
    "what answers is not AWS, or a proxy stands between; look at --endpoint-url, AWS_ENDPOINT_URL and "
    "HTTPS_PROXY"
)
_NO_ADDRESS = (
    "an address cannot be read; look at HTTPS_PROXY and HTTP_PROXY, in which the / # ? @ of a password are "
    "written as %2F %23 %3F %40"
)
# Error codes by what mends them.
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
_INVALID = frozenset(
    """ExpiredToken ExpiredTokenException InvalidClientTokenId UnrecognizedClientException
    SignatureDoesNotMatch InvalidSignatureException AuthFailure InvalidAccessKeyId""".split()
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded"})


class UnansweredError(DeployError):
    """A question that AWS did not answer: it is denied, not known there, or nobody is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose credentials they are: twelve digits, the caller's ARN, and ``aws`` or another partition."""

    account: str
    arn: str
    partition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The clients that a deployment asks, and where they ask.

    Attributes:
        region: where the stack is.
        session: signed in.
        endpoint_url: of a server other than AWS's, as the user gave it.
    """

    region: str
    session: Any
    endpoint_url: str | None = None
    _made: dict[str, Any] = field(default_factory=dict, repr=False)

    def client(self, service: str, read_seconds: int | None = None) -> Any:
        """A client of the service, made when it is first asked for.

        Args:
            service: as boto3 calls it.
            read_seconds: for which an answer is waited, where that is long; such a call is made once.

        Raises:
            DeployError: it would send in the clear to another machine.
        """
        if service not in self._made:
            config = _CONFIG
            if read_seconds is not None:
                once = Config(read_timeout=read_seconds, retries={"total_max_attempts": 1})
                config = _CONFIG.merge(once)
            with account_call(f"make a client of {service}"):
                made = self.session.client(service, endpoint_url=self.endpoint_url, config=config)
            endpoint_of(made.meta.endpoint_url)
            bound(made)
            self._made[service] = made
        return self._made[service]

    def identity(self) -> Identity:
        """Whose credentials these are.

        Raises:
            DeployError: AWS does not say.
        """
        if "identity" not in self._made:
            with account_call("ask whose credentials these are"):
                answer = self.sts.get_caller_identity()
                number, arn = str(answer["Account"]), str(answer["Arn"])
                partition = arn.split(":")[1]
            self._made["identity"] = Identity(account=number, arn=arn, partition=partition)
        return cast(Identity, self._made["identity"])

    @property
    def cloudformation(self) -> Any:
        """CloudFormation."""
        return self.client("cloudformation")

    @property
    def route53(self) -> Any:
        """Route 53."""
        return self.client("route53")

    @property
    def s3(self) -> Any:
        """S3."""
        return self.client("s3")

    @property
    def sts(self) -> Any:
        """STS."""
        return self.client("sts")


def open_account(
    region: str | None, endpoint_url: str | None, profile: str | None = None
) -> Account:
    """Sign in with what the AWS CLI would use too.

    Raises:
        DeployError: there are no credentials, no such profile, no region, or an address that no
            request may be sent to.
    """
    if endpoint_url is not None:
        endpoint_of(endpoint_url)
    with account_call("sign in to AWS"):
        session = boto3.Session(region_name=chosen_region(region), profile_name=profile)
        if not session.region_name:
            raise DeployError("no AWS region; give --region (make: REGION=...) or set AWS_REGION")
        if session.get_credentials() is None:
            raise DeployError(f"no AWS credentials; {_SIGN_IN}")
    return Account(region=session.region_name, session=session, endpoint_url=endpoint_url)


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
        message = " ".join(str(exc.response.get("Error", {}).get("Message", "")).split())
        if message.startswith("<"):  # a page; botocore takes the status for the code
            raise UnansweredError(f"cannot {what}: {code}: {_NOT_AWS}") from exc
        if code in _INVALID:
            raise DeployError(f"AWS does not take the credentials: {code}; {_SIGN_IN}") from exc
        remedy = f"; allow {exc.operation_name}" if code in _DENIED else ""
        raise UnansweredError(f"cannot {what}: {code}: {message}{remedy}") from exc
    except (ResponseParserError, KeyError, IndexError, TypeError, AttributeError) as exc:
        raise UnansweredError(f"cannot {what}: {_NOT_AWS}") from exc
    except (BotoCoreError, ValueError) as exc:
        # An address that cannot be taken apart is told with what stands where a port should: of a
        # proxy's that may be half of a password.
        if isinstance(getattr(exc, "kwargs", {}).get("error"), ValueError):
            raise UnansweredError(f"cannot {what}: {_NO_ADDRESS}") from None
        raise UnansweredError(f"cannot {what}: {exc}") from exc


def code_of(error: ClientError) -> str:
    """The code of an error that AWS answered with."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_missing(error: ClientError) -> bool:
    """Whether CloudFormation says that there is no such stack, or no such resource in it."""
    message = str(error.response.get("Error", {}).get("Message", ""))
    return code_of(error) == "ValidationError" and "does not exist" in message
