"""How a deployment ended, or how it stood when it was left, in words."""

from collections.abc import Iterator, Sequence

from drtemplate.deploying.command import Target
from drtemplate.deploying.events import Event, first_failure
from drtemplate.deploying.preflight import READY, Stack, remedy

DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def explain(stack: Stack, events: Sequence[Event], target: Target) -> Iterator[str]:
    """The first failure and its reason, and how to go on."""
    if failure := first_failure(events):
        reason = " ".join(failure.reason.split()) or "CloudFormation gives no reason"
        yield f"error: {failure.title} {failure.status}: {reason}"
    else:
        yield "error: CloudFormation tells of no failure, and the stack is not as asked for"
    if not stack.exists:
        yield f"{target.stack} was not made; mend that, then deploy again"
    elif stack.status not in READY:
        yield f"{target.stack} is in {stack.status}; {remedy(stack.status, target)}"
    else:
        yield f"{target.stack} is in {stack.status}" + ("" if events else ", as it was before")


def unchanged(stack: Stack, target: Target) -> str:
    """How the stack is after a change set that could not be made."""
    if not stack.exists:
        return f"{target.stack} was not made; mend that, then deploy again"
    return f"{target.stack} is in {stack.status}, as it was before"


def left_behind(events: Sequence[Event], target: Target) -> str:
    """What goes on without this program, and how to look at it."""
    watch = target.hint("cloudformation", "describe-stack-events")
    if any(event.status != "REVIEW_IN_PROGRESS" for event in events):
        return f"CloudFormation goes on without this program; look: {watch}"
    return f"no event has come yet, and CloudFormation may or may not have begun; look: {watch}"
