"""A deployment from its first check to its last line."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drtemplate.cloudformation.document import MAX_TEMPLATE_BYTES, load_template
from drtemplate.deploying.account import Account, asking, open_account
from drtemplate.deploying.command import Command, Run, Target, find_aws, make_command, started
from drtemplate.deploying.events import Event, EventReader
from drtemplate.deploying.follow import Follower
from drtemplate.deploying.outcome import explain, left_behind, succeeded
from drtemplate.deploying.parameters import MASK, is_secret, load_parameters, problems
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
        force: deploy although the failover latch is on.
        dry_run: stop after the checks.
    """

    stack: str
    parameters: Path
    template: Path
    region: str | None = None
    endpoint_url: str | None = None
    force: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A request that has passed every check, ready to be sent."""

    target: Target
    account: Account
    stack: Stack
    command: Command
    values: Mapping[str, str]


def deploy(
    request: Request,
    say: Say,
    show: Say,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    start: Start = started,
) -> bool:
    """Check, deploy and follow to the end.

    Args:
        request: what is asked for.
        say: takes a line for people.
        show: takes a line of data: an output of the stack.
        clock: seconds from any start.
        sleep: waits so many seconds.
        start: runs the command.

    Returns:
        Whether the stack is as asked for.

    Raises:
        InputError: the template or the parameter file cannot be used.
        DeployError: the deployment is refused, or cannot be followed.
    """
    try:
        deployment = prepare(request, say)
    except KeyboardInterrupt:
        say("interrupted: nothing is sent")
        return False
    if request.dry_run:
        say("dry run: every check has passed, and nothing is sent")
        return True
    target, account = deployment.target, deployment.account
    with asking(f"ask for the events of {target.stack}"):
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
    events = [one for one in events if one.status != "REVIEW_IN_PROGRESS"]
    if not succeeded(stack, events, code, said):
        for line in explain(stack, events, said, target):
            say(line)
        return False
    say(f"{target.stack}: {stack.status}" if events else f"{target.stack}: no changes to deploy")
    width = max(map(len, stack.outputs), default=0)
    for name, value in stack.outputs.items():
        show(f"{name:<{width}}  {value}")
    return True


def prepare(request: Request, say: Say) -> Deployment:
    """Pass every check, local ones first, and show what is to run. Nothing is changed by it.

    Raises:
        InputError: the template or the parameter file cannot be used.
        DeployError: the deployment is refused.
    """
    template = load_template(request.template)
    check_stack_name(template, request.stack)
    given = load_parameters(request.parameters)
    declared = template.get("Parameters", {})
    # Whatever the stack has, an unknown or ill-formed parameter needs no account to be refused.
    everything = dict.fromkeys(declared, "")
    _refuse(request, problems(declared, given, everything))
    _check_size(request.template)
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
    secret = any(is_secret(declared[name]) for name in given)
    command = make_command(aws, target, request.template, template, given, secret)
    _announce(command, target, stack, say)
    for line in _table(declared, given, kept, values):
        say(line)
    return Deployment(target=target, account=account, stack=stack, command=command, values=values)


def _refuse(request: Request, found: Iterator[str]) -> None:
    if lines := list(found):
        raise DeployError(f"{request.parameters}: " + "; ".join(lines))


def _check_size(path: Path) -> None:
    if (size := path.stat().st_size) > MAX_TEMPLATE_BYTES:
        raise DeployError(
            f"{path}: the template has {size:,} bytes, and CloudFormation takes {MAX_TEMPLATE_BYTES:,} "
            "without an S3 bucket; render a shorter one"
        )


def _values(
    declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, str], kept: Mapping[str, str]
) -> dict[str, str]:
    """The value of every parameter: the file's, else the stack's own, else the default."""
    return {
        name: given.get(name, kept.get(name, str(facts.get("Default", ""))))
        for name, facts in declared.items()
    }


def _announce(command: Command, target: Target, stack: Stack, say: Say) -> None:
    what = f"an update of {stack.status}" if stack.exists else "a new stack"
    say(f"{target.stack} in {target.region}: {what}")
    say(command.shown())
    if command.piped:
        say("  /dev/fd/N is a pipe with the parameters, which keeps the secret out of sight")


def _table(
    declared: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, str],
    kept: Mapping[str, str],
    values: Mapping[str, str],
) -> Iterator[str]:
    """Each parameter's value and where it comes from; what is secret is masked."""
    width = max(map(len, declared), default=0)
    for name, facts in declared.items():
        value = MASK if is_secret(facts) and values[name] else values[name] or "(empty)"
        origin = "" if name in given else "  (as in the stack)" if name in kept else "  (default)"
        yield f"  {name:<{width}}  {value}{origin}"
