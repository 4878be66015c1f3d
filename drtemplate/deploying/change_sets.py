"""The change set: made by the AWS CLI, read whole, executed as it is, or removed again."""

import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from drtemplate.cloudformation.change_set import described
from drtemplate.cloudformation.changes import ResourceChange
from drtemplate.deploying.account import Account, account_call
from drtemplate.deploying.answers import pages
from drtemplate.deploying.command import Run, Target
from drtemplate.deploying.preflight import Stack, look
from drtemplate.errors import DeployError

_ARN = re.compile(r"arn:[\w-]+:cloudformation:[\w-]*:\d*:changeSet/\S+")
# How the AWS CLI calls what it makes.
_PREFIX = "awscli-cloudformation-package-deploy"
# CloudFormation's words for a change set that would change nothing.
_UNCHANGED = ("No changes to deploy", "No updates are to be performed")
# Seconds between two looks at the AWS CLI, and until it is given up: it waits for ten minutes.
POLL, PATIENCE = 5.0, 900.0


class UnmadeError(DeployError):
    """No change set could be made, or CloudFormation does not execute it."""


@dataclass(slots=True, kw_only=True)
class ChangeSet:
    """A change set that waits to be executed.

    Attributes:
        arn: its own; '' if nothing would change.
        changes: of every resource, as ``described`` has them.
        besides: lines about what is no resource.
        sent: whether CloudFormation was asked to execute it.
    """

    arn: str = ""
    changes: tuple[ResourceChange, ...] = ()
    besides: tuple[str, ...] = ()
    sent: bool = False

    def execute(self, account: Account, target: Target, disable_rollback: bool) -> None:
        """Let CloudFormation do what the change set says, and nothing else.

        Raises:
            UnmadeError: it refuses, as where the stack has changed in between.
            DeployError: no answer comes, and it may be at work.
        """
        more = {"DisableRollback": True} if disable_rollback else {}
        # A call that is repeated because its answer was lost is the same call.
        token = f"drtemplate-{uuid.uuid4().hex}"
        self.sent = True
        try:
            with account_call(f"execute the change set of {target.stack}"):
                account.cloudformation.execute_change_set(
                    ChangeSetName=self.arn, ClientRequestToken=token, **more
                )
        except DeployError as exc:
            if not isinstance(exc.__cause__, ClientError):
                watch = target.hint("cloudformation", "describe-stack-events")
                raise DeployError(
                    f"{exc}; whether it is executed is not known; look: {watch}"
                ) from exc
            self.sent = False
            raise UnmadeError(str(exc)) from exc


def existing(account: Account, target: Target, stack: Stack) -> frozenset[str]:
    """The ARNs of the stack's change sets.

    Raises:
        DeployError: CloudFormation does not answer.
    """
    found: set[str] = set()
    if stack.status in ("", "DELETE_COMPLETE"):
        return frozenset()
    with account_call(f"ask for the change sets of {target.stack}"):
        for page in pages(account.cloudformation.list_change_sets, StackName=target.stack):
            found |= {
                each["ChangeSetId"]
                for each in page["Summaries"]
                if each.get("StackName") == target.stack
            }
    return frozenset(found)


def made(run: Run, clock: Callable[[], float]) -> str:
    """The ARN of what the AWS CLI has made; '' if nothing would change.

    Raises:
        UnmadeError: it has made none; its own last words say why.
        DeployError: it comes to no end.
    """
    begun = clock()
    while (code := run.wait(POLL)) is None:
        if clock() - begun > PATIENCE:
            raise DeployError("the AWS CLI has made no change set within 15 minutes; try again")
    said = run.said()
    if any(words in said for words in _UNCHANGED):
        return ""
    if code == 0 and (found := _ARN.search(said)):
        return found[0]
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reason = lines[-1] if lines else f"the AWS CLI ended with {code} and gives no reason"
    raise UnmadeError(reason)


def read(account: Account, arn: str) -> tuple[ResourceChange, ...]:
    """Every change of a change set, with values, all pages.

    Raises:
        DeployError: CloudFormation does not answer, or it is not ready to be executed.
    """
    with account_call("read the change set"):
        ask = account.cloudformation.describe_change_set
        told: list[dict[str, Any]] = list(pages(ask, ChangeSetName=arn, IncludePropertyValues=True))
        state = told[0].get("ExecutionStatus", "AVAILABLE")
        if state != "AVAILABLE":
            raise DeployError(f"the change set cannot be executed: it is {state}; deploy again")
        return described(told)


def remove(
    account: Account, target: Target, before: Stack, known: frozenset[str], arn: str = ""
) -> str:
    """Remove what this run has made: the change set, and the stack that only it keeps under review.

    Args:
        account: who deploys.
        target: the stack.
        before: the stack before the AWS CLI ran.
        known: the change sets that were there before.
        arn: of the change set; '' for the one that is new, whatever became of it.

    Returns:
        What is left of it, in words; '' if nothing is.
    """
    try:
        found = [arn] if arn else _new(account, target, known)
        if len(found) > 1:
            return f"several change sets of {target.stack} are new, and each of them stays"
        for one in found:
            with account_call("delete the change set"):
                account.cloudformation.delete_change_set(ChangeSetName=one)
        if before.status in ("", "DELETE_COMPLETE"):
            _remove_review(account, target)
    except (DeployError, KeyboardInterrupt) as exc:
        look_for = target.hint("cloudformation", "list-change-sets")
        return f"a change set may be left ({str(exc) or 'interrupted'}); look: {look_for}"
    return ""


def _new(account: Account, target: Target, known: frozenset[str]) -> list[str]:
    now = existing(account, target, look(account, target)) - known
    return [arn for arn in now if arn.partition("/")[2].startswith(_PREFIX)]


def _remove_review(account: Account, target: Target) -> None:
    """Delete a stack that was never made: it is under review, and no change set is left in it."""
    stack = look(account, target)
    if stack.status != "REVIEW_IN_PROGRESS" or existing(account, target, stack):
        return
    with account_call(f"delete {target.stack}, which is only under review"), suppress(KeyError):
        account.cloudformation.delete_stack(StackName=stack.arn or target.stack)
