"""A deployment from its first check to its last line."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from drtemplate.console import Ask, if_heard
from drtemplate.deploying import change_sets
from drtemplate.deploying.account import UnansweredError, account_call
from drtemplate.deploying.bucket_making import PROPERTIES, make_bucket
from drtemplate.deploying.change_sets import ChangeSet, UnmadeError
from drtemplate.deploying.change_table import change_table, loses_data, refusal, summary
from drtemplate.deploying.command import Command, Run, started
from drtemplate.deploying.database_logs import keep_database_logs
from drtemplate.deploying.document import read_once
from drtemplate.deploying.events import EventReader
from drtemplate.deploying.follow import Follower
from drtemplate.deploying.left_out import completed
from drtemplate.deploying.living import physical_ids
from drtemplate.deploying.outcome import DONE, explain, left_behind, unchanged
from drtemplate.deploying.preflight import Stack, check_latch, look
from drtemplate.deploying.preparation import (
    Deployment,
    Say,
    check_locally,
    prepare,
    secrets,
)
from drtemplate.deploying.protection import LIFT, denied_by_policy, protect
from drtemplate.deploying.request import Request
from drtemplate.deploying.secrecy import hidden, hiding
from drtemplate.deploying.update_checks import pending_subscriptions
from drtemplate.errors import DeployError

Start = Callable[[Command], AbstractContextManager[Run]]


def deploy(
    request: Request,
    say: Say,
    show: Say,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    start: Start = started,
    ask: Ask | None = None,
) -> bool:
    """Check, show the changes, ask, let CloudFormation make exactly those, and follow to the end.

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
        given = check_locally(request, document, ask is not None)
        if request.offline:
            say(
                "offline: the local checks have passed; the account was not asked, and the changes "
                "were not computed"
            )
            return True
        silent = secrets(document, given)
        say, show = hiding(say, silent), hiding(show, silent)
        with hidden(silent):
            try:
                deployment = prepare(request, document, given, say)
                if request.dry_run and deployment.bucket.needs:
                    say(
                        "dry run: every check has passed, and nothing is sent; the changes were not "
                        f"computed, since the bucket {deployment.bucket.name} is to be "
                        f"{deployment.bucket.needs} first"
                    )
                    return True
                _provide_bucket(request, deployment, say, ask)
            except KeyboardInterrupt:
                say("interrupted: nothing is sent")
                return False
            return _change(request, deployment, say, show, (clock, sleep, start), ask)


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


Means = tuple[Callable[[], float], Callable[[float], None], Start]


def _change(
    request: Request, deployment: Deployment, say: Say, show: Say, means: Means, ask: Ask | None
) -> bool:
    """Make the change set, show it, and let it be executed; whether the stack is as asked for."""
    clock, sleep, start = means
    target, account = deployment.target, deployment.account
    found = ChangeSet()
    with account_call(f"ask for the events of {target.stack}"):
        reader = EventReader(account.cloudformation, target.stack)
    follower = Follower(reader=reader, say=say, clock=clock, sleep=sleep, whole=request.events)
    try:
        with _change_set(found, deployment, say, clock, start):
            for line in _shown(found, target.stack):
                say(line)
            _check_losses(request, deployment, found)
            if request.dry_run:
                say(
                    "dry run: every check has passed, nothing is changed, and the change set is "
                    "removed"
                )
                return True
            if not found.arn:
                return True
            _consent(request, deployment, ask)
            if deployment.stack.exists and not request.force:
                check_latch(account, target)  # again: the question may have stood for hours
            with account_call(f"ask for the events of {target.stack}"):
                reader.new()  # those of the change set
            follower.total = len(found.changes)
            # A stack that nobody hears of any more is followed and protected all the same.
            follower.say = say = if_heard(say)
            found.execute(account, target, request.disable_rollback)
        _follow(follower, deployment)
    except UnmadeError as exc:
        say(f"error: {exc}")
        say(unchanged(deployment.stack, target))
        return False
    except KeyboardInterrupt:
        left = left_behind(follower.events, target) if found.sent else "nothing is changed"
        say(f"interrupted: {left}")
        return False
    return _conclude(deployment, follower, say, show)


def _check_losses(request: Request, deployment: Deployment, found: ChangeSet) -> None:
    """Refuse to lose data without a word for it, and what the stack's policy would stop half-way.

    Raises:
        DeployError: with what would be lost.
    """
    if words := refusal(found.changes, request.allow_data_loss):
        raise DeployError(f"{words}; nothing is changed")
    lost = {one.logical_id for one in found.changes if loses_data(one)}
    if lost and (denied := denied_by_policy(deployment.living, lost)):
        raise DeployError(
            f"the stack policy lets no update replace or delete {', '.join(denied)}; lift it first "
            f"({LIFT}); nothing is changed"
        )


@contextmanager
def _change_set(
    found: ChangeSet, deployment: Deployment, say: Say, clock: Callable[[], float], start: Start
) -> Iterator[None]:
    """Make and read the change set; it is removed again unless it is executed."""
    account, target, stack = deployment.account, deployment.target, deployment.stack
    known = change_sets.existing(account, target, stack)
    try:
        with start(deployment.command) as run:
            found.arn = change_sets.made(run, clock)
        if found.arn:
            told = change_sets.read(account, found.arn)
            found.changes, found.besides = completed(deployment.living, told)
        yield
    finally:
        if not found.sent and (
            left := change_sets.remove(account, target, stack, known, found.arn)
        ):
            say(left)


def _shown(found: ChangeSet, stack: str) -> Iterator[str]:
    if not found.arn:
        yield f"{stack}: no changes to deploy"
        return
    yield f"changes: {summary(found.changes)}"
    if found.changes:
        yield from change_table(found.changes)
    else:
        yield "  no resource; outputs, parameters, tags or other settings of the stack alone"
    yield from found.besides


def _consent(request: Request, deployment: Deployment, ask: Ask | None) -> None:
    """Ask whether the changes are to be made, unless that is said already.

    Raises:
        DeployError: they are not.
    """
    target, number = deployment.target, deployment.account.identity().account
    question = f"Make these changes to {target.stack} in account {number}, {target.region}?"
    if not request.yes and not (ask and ask(question)):
        raise DeployError("not agreed to; the change set is removed, and nothing is changed")


def _follow(follower: Follower, deployment: Deployment) -> None:
    target = deployment.target
    try:
        follower.until_end(lambda: look(deployment.account, target).status)
    except DeployError as exc:
        raise DeployError(f"{exc}; {left_behind(follower.events, target)}") from exc


def _after(deployment: Deployment, stack: Stack) -> Iterator[str]:
    """What a template cannot say: protection, logs that others make, and who has to confirm."""
    account, target = deployment.account, deployment.target
    try:
        ids = physical_ids(account, target, stack)
        living = replace(deployment.living, stack=stack, ids=ids)
        yield from protect(living)
        yield from keep_database_logs(living)
        yield from pending_subscriptions(living)
    except UnansweredError as exc:
        yield f"note: not all is looked after: {exc}"


def _conclude(deployment: Deployment, follower: Follower, say: Say, show: Say) -> bool:
    """Say how it ended, and show the outputs; whether the stack is as asked for."""
    target = deployment.target
    stack = look(deployment.account, target)
    events = [event for event in follower.events if event.status != "REVIEW_IN_PROGRESS"]
    if stack.status not in DONE or not events:
        for line in explain(stack, events, target):
            say(line)
        return False
    for line in _after(deployment, stack):
        say(line)
    say(f"{target.stack}: {stack.status}")
    width = max(map(len, stack.outputs), default=0)
    for name, value in stack.outputs.items():
        show(f"{name:<{width}}  {value}")
    return True
