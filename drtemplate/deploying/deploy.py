"""A deployment from its first check to its last line."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drtemplate.cloudformation.parameters import is_secret, problems
from drtemplate.console import Ask
from drtemplate.deploying.account import Account, account_call, open_account
from drtemplate.deploying.announcement import announce, table
from drtemplate.deploying.bucket import Bucket, check_bucket_name, find_bucket
from drtemplate.deploying.bucket_making import PROPERTIES, make_bucket
from drtemplate.deploying.command import (
    Command,
    Run,
    Target,
    find_aws,
    make_command,
    started,
)
from drtemplate.deploying.document import Document, read_once
from drtemplate.deploying.events import Event, EventReader
from drtemplate.deploying.follow import Follower
from drtemplate.deploying.outcome import explain, left_behind, succeeded
from drtemplate.deploying.parameters import load_parameters
from drtemplate.deploying.preflight import (
    Stack,
    check_latch,
    check_state,
    check_zones,
    look,
)
from drtemplate.deploying.stack_name import check_stack_name
from drtemplate.errors import DeployError

Say = Callable[[str], None]
Start = Callable[[Command], AbstractContextManager[Run]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asks for.

    Attributes:
        stack: the stack's name.
        parameters: the parameter file.
        template: the template's file.
        region: None for the one that the AWS CLI would take.
        endpoint_url: of a server other than AWS's.
        bucket: what the template is sent through; None for one of the project's own.
        yes: make or complete that bucket, if it needs it, without a question.
        force: deploy although the failover latch is on.
        dry_run: stop after the checks.
    """

    stack: str
    parameters: Path
    template: Path
    region: str | None = None
    endpoint_url: str | None = None
    bucket: str | None = None
    yes: bool = False
    force: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A request that has passed every check, ready to be sent."""

    target: Target
    account: Account
    stack: Stack
    bucket: Bucket
    command: Command
    values: Mapping[str, str]


def deploy(
    request: Request,
    say: Say,
    show: Say,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    start: Start = started,
    ask: Ask | None = None,
) -> bool:
    """Check, make or complete the bucket if it needs it, deploy and follow to the end.

    Args:
        request: what is asked for.
        say: takes a line for people.
        show: takes a line of data: an output of the stack.
        clock: seconds from any start.
        sleep: waits so many seconds.
        start: runs the command.
        ask: puts a question that is answered with yes or no; None if nobody can answer.

    Returns:
        Whether the stack is as asked for.

    Raises:
        InputError: the template or the parameter file cannot be used.
        DeployError: the deployment is refused, or cannot be followed.
    """
    with read_once(request.template) as document:
        try:
            deployment = prepare(request, document, say, ask is not None)
            if request.dry_run:
                say("dry run: every check has passed, and nothing is sent")
                return True
            _provide_bucket(request, deployment, say, ask)
        except KeyboardInterrupt:
            say("interrupted: nothing is sent")
            return False
        return _send(deployment, say, show, clock, sleep, start)


def _provide_bucket(request: Request, deployment: Deployment, say: Say, ask: Ask | None) -> None:
    """Make or complete the bucket if it needs it and the user agrees."""
    bucket = deployment.bucket
    if not bucket.needs:
        return
    verb = "Make" if bucket.needs == "made" else "Complete"
    if not request.yes and not (ask and ask(f"{verb} the bucket {bucket.name} ({PROPERTIES})?")):
        raise DeployError(
            f"the bucket {bucket.name} is not {bucket.needs}, and nothing is sent; "
            "give --bucket NAME (make: BUCKET=NAME) of one that is to be used as it is"
        )
    make_bucket(deployment.account, bucket)
    say(f"the bucket {bucket.name} is {bucket.needs}")


def _send(
    deployment: Deployment,
    say: Say,
    show: Say,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    start: Start,
) -> bool:
    """Run the command and follow the stack; whether it is as asked for."""
    target, account = deployment.target, deployment.account
    with account_call(f"ask for the events of {target.stack}"):
        reader = EventReader(account.cloudformation, target.stack)
    follower = Follower(reader=reader, say=say, clock=clock, sleep=sleep)
    try:
        with start(deployment.command) as run:
            code, said = _follow(follower, run, lambda: look(account, target), target)
    except KeyboardInterrupt:
        say(f"interrupted: {left_behind(follower.events, target)}")
        return False
    return _conclude(deployment, follower.events, code, said, say, show)


def _follow(
    follower: Follower, run: Run, stack: Callable[[], Stack], target: Target
) -> tuple[int, str]:
    """The command's exit code and words, once it and the stack have come to their end."""
    try:
        code = follower.until_end(run, lambda: stack().status)
    except DeployError as exc:
        raise DeployError(f"{exc}; {left_behind(follower.events, target)}") from exc
    return code, run.said()


def _conclude(
    deployment: Deployment, events: list[Event], code: int, said: str, say: Say, show: Say
) -> bool:
    """Say how it ended, and show the outputs; whether the stack is as asked for."""
    target = deployment.target
    stack = look(deployment.account, target)
    events = [event for event in events if event.status != "REVIEW_IN_PROGRESS"]
    if not succeeded(stack, events, code, said):
        for line in explain(stack, events, said, target):
            say(line)
        return False
    say(f"{target.stack}: {stack.status}" if events else f"{target.stack}: no changes to deploy")
    width = max(map(len, stack.outputs), default=0)
    for name, value in stack.outputs.items():
        show(f"{name:<{width}}  {value}")
    return True


def prepare(request: Request, document: Document, say: Say, can_ask: bool) -> Deployment:
    """Pass every check, local ones first, and show what is to run. Nothing is changed by it.

    Raises:
        InputError: the parameter file cannot be used.
        DeployError: the deployment is refused.
    """
    template = document.template
    check_stack_name(template, request.stack)
    given = load_parameters(request.parameters)
    declared = template.get("Parameters", {})
    # Whatever the stack has, an unknown or ill-formed parameter needs no account to be refused.
    everything = dict.fromkeys(declared, "")
    _refuse(request, problems(declared, given, everything))
    if request.bucket is not None:
        check_bucket_name(request.bucket)
    aws = find_aws()
    account = open_account(request.region, request.endpoint_url)
    target = Target(stack=request.stack, region=account.region, endpoint_url=request.endpoint_url)
    stack = look(account, target)
    check_state(stack, target)
    kept = stack.parameters if stack.exists else {}
    _refuse(request, problems(declared, given, kept))
    values = _values(declared, given, kept)
    check_zones(account, template, values)
    if stack.exists and not request.force:
        check_latch(account, template, target)
    bucket = find_bucket(account, request.bucket)
    if bucket.needs and not (request.yes or request.dry_run or can_ask):
        raise DeployError(
            f"the bucket {bucket.name} would have to be {bucket.needs}, and there is no terminal to "
            "ask on; give --yes (make: YES=1), or --bucket NAME (make: BUCKET=NAME) of one that is "
            "to be used as it is"
        )
    secret = any(is_secret(declared[name]) for name in given)
    command = make_command(aws, target, document, bucket, given, secret)
    for line in announce(command, target, stack, document, bucket):
        say(line)
    for line in table(declared, given, kept, values):
        say(line)
    return Deployment(
        target=target, account=account, stack=stack, bucket=bucket, command=command, values=values
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
