"""The checks that a request has to pass: local ones before anybody is asked, then the account's."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drtemplate.cloudformation.parameters import is_secret, problems
from drtemplate.deploying.account import Account, open_account
from drtemplate.deploying.announcement import announce, foreign_endpoints, table
from drtemplate.deploying.aws_cli import check_heeds_endpoints, find_aws
from drtemplate.deploying.bucket import Bucket, find_bucket
from drtemplate.deploying.command import Command, Target, Wishes, make_command
from drtemplate.deploying.document import Document
from drtemplate.deploying.living import Living, physical_ids
from drtemplate.deploying.parameters import load_parameters
from drtemplate.deploying.placement import placement_problems
from drtemplate.deploying.preflight import Stack, check_latch, check_state, check_zones, look
from drtemplate.deploying.records import record_problems
from drtemplate.deploying.request import Request, check_request, check_tags
from drtemplate.deploying.stack_name import check_stack_name
from drtemplate.deploying.taken import taken_names
from drtemplate.deploying.update_checks import notes, update_problems
from drtemplate.errors import DeployError

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A request that has passed every check, ready to be sent."""

    target: Target
    account: Account
    stack: Stack
    living: Living
    bucket: Bucket
    command: Command


def check_locally(request: Request, document: Document, can_ask: bool) -> dict[str, str]:
    """Everything that can be told without asking anybody.

    Returns:
        The parameters of the file.

    Raises:
        InputError: the parameter file cannot be used.
        DeployError: the deployment is refused.
    """
    check_request(request)
    check_stack_name(document.template, request.stack)
    given = load_parameters(request.parameters)
    declared = document.template.get("Parameters", {})
    # What the file leaves out, the stack may have.
    _refuse(request, problems(declared, given, dict.fromkeys(declared, "")))
    if not (request.yes or request.dry_run or request.offline or can_ask):
        raise DeployError(
            "there is no terminal to ask on whether the changes are to be made; look at them with "
            "--dry-run (make: DRY_RUN=1), and give --yes (make: YES=1)"
        )
    return given


def secrets(document: Document, given: Mapping[str, str]) -> list[str]:
    """Values that are never to be shown."""
    declared = document.template.get("Parameters", {})
    return [value for name, value in given.items() if value and is_secret(declared[name])]


def prepare(request: Request, document: Document, given: Mapping[str, str], say: Say) -> Deployment:
    """Pass every check of the account, and say what is to be done where. Nothing is changed by it.

    Raises:
        DeployError: the deployment is refused.
    """
    declared = document.template.get("Parameters", {})
    aws = find_aws()
    living = _find_living(request, document, given, aws)
    account, target, stack = living.account, living.target, living.stack
    told = _check_living(living)
    bucket = find_bucket(account, request.bucket)
    command = make_command(
        aws,
        target,
        document,
        bucket,
        given,
        any(is_secret(declared[name]) for name in given),
        _wishes(request, stack),
    )
    for line in announce(command, target, stack, document, bucket, account):
        say(line)
    kept = stack.parameters if stack.exists else {}
    for line in [*table(declared, given, kept, living.values), *told]:
        say(line)
    return Deployment(
        target=target,
        account=account,
        stack=stack,
        living=living,
        bucket=bucket,
        command=command,
    )


def _find_living(
    request: Request, document: Document, given: Mapping[str, str], aws: Path
) -> Living:
    """The stack as it is, in the account that is meant, with the values that it is to have.

    Raises:
        DeployError: it is another account, the stack or its latch stands in the way, or a value does.
    """
    template = document.template
    declared = template.get("Parameters", {})
    account = open_account(request.region, request.endpoint_url, request.profile)
    target = Target(
        stack=request.stack,
        region=account.region,
        endpoint_url=request.endpoint_url,
        profile=request.profile,
    )
    _check_account(account, request)
    if foreign_endpoints(account):
        check_heeds_endpoints(aws)
    stack = look(account, target)
    check_state(stack, target)
    kept = stack.parameters if stack.exists else {}
    _refuse(request, problems(declared, given, kept))
    values = _values(declared, given, kept)
    living = Living(
        account=account,
        target=target,
        stack=stack,
        template=template,
        values=values,
        ids=physical_ids(account, target, stack),
    )
    check_zones(account, template, values)
    if stack.exists and not request.force:
        check_latch(account, target)
    return living


def _check_living(living: Living) -> list[str]:
    """Refuse what CloudFormation would find out by itself, half-way through.

    Returns:
        What stops nothing and people should know, and what could not be checked.

    Raises:
        DeployError: with all that would fail, and the chapter that says more.
    """
    told: list[str] = []
    problems_found = list(update_problems(living))
    problems_found += placement_problems(living, told.append)
    problems_found += record_problems(living, told.append)
    if problems_found:
        raise DeployError(f"{'; '.join(problems_found)} (docs/runbook.md#deploy)")
    if taken := list(taken_names(living, told.append)):
        raise DeployError(
            f"{'; '.join(taken)}; take another --stack name, or remove it "
            "(docs/runbook.md#redeploy-after-a-delete)"
        )
    return [*told, *notes(living)]


def _check_account(account: Account, request: Request) -> None:
    identity = account.identity()
    if request.account not in (None, identity.account):
        raise DeployError(
            f"the credentials are of account {identity.account} ({identity.arn}), and --account "
            f"says {request.account}; sign in to that, or give another --profile"
        )


def _wishes(request: Request, stack: Stack) -> Wishes:
    """What is given, and the stack's own tags where none are."""
    tags = request.tags
    if tags is None and stack.exists:
        tags = stack.tags
        check_tags(tags, f"the tags of {request.stack}, which are kept (--tags gives others)")
    return Wishes(
        role_arn=request.role_arn,
        notification_arns=request.notification_arns,
        tags=tags or {},
    )


def _refuse(request: Request, found: Iterator[str]) -> None:
    if lines := list(found):
        raise DeployError(f"{request.parameters}: " + "; ".join(lines))


def _values(
    declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, str], kept: Mapping[str, str]
) -> dict[str, str]:
    """The value of every parameter: the file's, else the stack's own, else the default."""
    return {
        name: given.get(name, kept.get(name, str(facts.get("Default", ""))))
        for name, facts in declared.items()
    }
