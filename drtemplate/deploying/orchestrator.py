"""The stack's orchestrator, asked as an operator asks it: an event, and its answer."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drtemplate.cloudformation.reading import mapping_of
from drtemplate.deploying.account import account_call
from drtemplate.deploying.answers import MOST
from drtemplate.deploying.living import Living
from drtemplate.errors import DeployError

ORCHESTRATOR = "FailoverOrchestratorFunction"
# Seconds at which Lambda ends any function, and for which an answer may be on its way.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LONGEST, ON_ITS_WAY = 900, 20

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the orchestrator says.

    Attributes:
        outcome: COMPLETED, FAILED_BACK, DRY_RUN, STATUS, NOT_REQUIRED, REFUSED or FAILED; ERROR if the
            function itself has failed.
        body: all of it; ``state`` is the state item, ``plan`` that of a dry run.
    """

    outcome: str
    message: str
    body: Mapping[str, Any] = field(default_factory=dict)


def invoke(living: Living, event: Event) -> Answer:
    """Send the event once, and wait for the answer as long as the function may run.

    Raises:
        DeployError: the stack has no orchestrator, or no answer comes; whether the event has arrived is
            then not known.
    """
    name = living.ids.get(ORCHESTRATOR)
    if name is None:
        raise DeployError(
            f"{living.target.stack} has no {ORCHESTRATOR}, and so nothing to rehearse"
        )
    function = mapping_of(mapping_of(living.template["Resources"]).get(ORCHESTRATOR))
    declared = mapping_of(function.get("Properties")).get("Timeout")
    seconds = declared if isinstance(declared, int) else LONGEST
    patience = seconds + ON_ITS_WAY
    with account_call(f"invoke {name}"):
        told = living.account.client("lambda", read_seconds=patience).invoke(
            FunctionName=name, Payload=json.dumps(event).encode()
        )
        return _answer(json.loads(told["Payload"].read(MOST)), bool(told.get("FunctionError")))


def _answer(told: Any, failed: bool) -> Answer:
    """What stands in the answer; `account_call` tells of one that nobody can read."""
    if failed:
        return Answer("ERROR", f"{told.get('errorType')}: {told.get('errorMessage')}")
    body = json.loads(told["body"])
    return Answer(str(body["outcome"]), str(body["message"]), body)


def by_hand(living: Living, event: Event) -> str:
    """The command that sends the event, for people to copy."""
    target = living.target
    words = ["aws", "lambda", "invoke", "--function-name", living.ids.get(ORCHESTRATOR, "")]
    words += ["--region", target.region]
    words += ["--profile", target.profile] if target.profile else []
    words += ["--endpoint-url", target.endpoint_url] if target.endpoint_url else []
    words += ["--payload", "fileb:///dev/stdin", "/dev/stdout"]
    return f"{shlex.join(words)} <<< {shlex.quote(json.dumps(event))}"
