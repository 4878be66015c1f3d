"""What the user asks a deployment for, and what is wrong with it before anybody is asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from drtemplate.deploying.bucket import check_bucket_name
from drtemplate.deploying.location import chosen_region, endpoint_of
from drtemplate.errors import DeployError

_ARN = re.compile(r"arn:aws[a-z-]*:(\w+):[a-z0-9-]*:\d{12}:[\x21-\x7e]{1,1600}", re.ASCII)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
_TAG_KEY, _TAG_VALUE, MOST_TAGS = 128, 256, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asks for.

    Attributes:
        stack: the stack's name.
        parameters: the parameter file.
        template: the template's file.
        region: None for the environment's, else the profile's.
        endpoint_url: of a server other than AWS's.
        bucket: what the template is sent through; None for one of the project's own.
        account: twelve digits; another account is refused.
        profile: of the AWS CLI's files; None for the environment's.
        role_arn: the service role for CloudFormation; None for the stack's own.
        tags: None for the stack's own.
        notification_arns: topics for the events; none for the stack's own.
        disable_rollback: what was made stays where it fails.
        allow_data_loss: logical ids that may be replaced or removed with what they hold.
        yes: make or complete the bucket, and execute the changes, without a question.
        force: deploy although the failover latch is on.
        dry_run: show the changes, and remove the change set.
        offline: local checks alone; nobody is asked.
        events: tell every event.
    """

    stack: str
    parameters: Path
    template: Path
    region: str | None = None
    endpoint_url: str | None = None
    bucket: str | None = None
    account: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    tags: Mapping[str, str] | None = None
    notification_arns: tuple[str, ...] = ()
    disable_rollback: bool = False
    allow_data_loss: frozenset[str] = field(default_factory=frozenset)
    yes: bool = False
    force: bool = False
    dry_run: bool = False
    offline: bool = False
    events: bool = False


def check_request(request: Request) -> None:
    """Refuse what no deployment can be asked for; nobody is asked for it.

    Raises:
        DeployError: with the option, what is wrong with it, and what would be right.
    """
    chosen_region(request.region)
    if request.endpoint_url is not None:
        endpoint_of(request.endpoint_url)
    if request.bucket is not None:
        check_bucket_name(request.bucket)
    if request.account is not None and not re.fullmatch(r"\d{12}", request.account, re.ASCII):
        raise DeployError(
            f"--account: {request.account!r} is no account's number; give its twelve digits"
        )
    for option, arn, service in (
        ("--role-arn", request.role_arn, "iam"),
        *(("--notification-arns", arn, "sns") for arn in request.notification_arns),
    ):
        found = _ARN.fullmatch(arn) if arn is not None else None
        if arn is not None and (found is None or found[1] != service):
            raise DeployError(f"{option}: {arn!r} is no ARN of {service}; give a whole one")
    if len(request.notification_arns) > 5:
        raise DeployError("--notification-arns: CloudFormation takes five topics; give fewer")
    for name in sorted(request.allow_data_loss):
        if not re.fullmatch(r"[A-Za-z0-9]{1,255}", name):
            raise DeployError(
                f"--allow-data-loss: {name!r} is no logical id; give one of the template's"
            )
    check_tags(request.tags or {}, "--tags")


def check_tags(tags: Mapping[str, str], source: str) -> None:
    """Refuse tags that the AWS CLI or CloudFormation would not take as they are.

    Raises:
        DeployError: with the tag; ``source`` is where it stands.
    """
    if len(tags) > MOST_TAGS:
        raise DeployError(f"{source}: {len(tags)} tags, of at most {MOST_TAGS}; give fewer")
    for key, value in tags.items():
        reason = ""
        if not 1 <= len(key) <= _TAG_KEY or len(value) > _TAG_VALUE:
            reason = f"its key has at most {_TAG_KEY} characters, its value {_TAG_VALUE}"
        elif key.lower().startswith("aws:"):
            reason = "AWS keeps keys that begin with aws: for itself"
        elif key.startswith("-") or "=" in key:
            reason = "the AWS CLI cannot take a key that begins with a hyphen or holds a ="
        elif not (key + value).isprintable():
            reason = "it has a character that cannot be seen"
        if reason:
            raise DeployError(f"{source}: {key!r} cannot be a tag: {reason}; give another")
