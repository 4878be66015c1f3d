"""How a deployment ended, or how it stood when it was left, in words."""

from collections.abc import Iterator, Sequence

from drtemplate.deploying.command import Target
from drtemplate.deploying.events import Event, first_failure
from drtemplate.deploying.preflight import READY, Stack, remedy

DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
# CloudFormation's words for a change set, and for an update, that would change nothing.
_UNCHANGED = ("No changes to deploy", "No updates are to be performed")


def succeeded(stack: Stack, events: Sequence[Event], code: int, said: str) -> bool:
    """Whether the stack is as asked for, by its events and the AWS CLI's exit code and words."""
    if events:
        return stack.status in DONE
    # Without an event nothing was changed: right only if nothing had to be.
    return stack.status in READY and (code == 0 or any(words in said for words in _UNCHANGED))


def explain(stack: Stack, events: Sequence[Event], said: str, target: Target) -> Iterator[str]:
    """The first failure and its reason, and how to go on; else the AWS CLI's own last words."""
    if failure := first_failure(events):
        reason = " ".join(failure.reason.split()) or "CloudFormation gives no reason"
        yield f"error: {failure.title} {failure.status}: {reason}"
    else:
        lines = [line for line in said.splitlines() if line.strip()]
        yield f"error: {lines[-1].strip() if lines else 'the AWS CLI gives no reason'}"
    if not stack.exists:
        yield f"{target.stack} was not made; mend that, then deploy again"
    elif stack.status not in READY:
        yield f"{target.stack} is in {stack.status}; {remedy(stack.status, target)}"
    else:
        yield f"{target.stack} is in {stack.status}" + ("" if events else ", as it was before")


def left_behind(events: Sequence[Event], target: Target) -> str:
    """What goes on without this program, and how to look at it."""
    watch = target.hint("cloudformation", "describe-stack-events")
    if any(event.status != "REVIEW_IN_PROGRESS" for event in events):
        return f"CloudFormation goes on without this program; look: {watch}"
    return f"no event has come yet, and CloudFormation may or may not have begun; look: {watch}"
