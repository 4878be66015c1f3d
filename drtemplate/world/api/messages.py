"""The API operations that carry messages: SNS and Lambda."""

import json
from collections.abc import Callable
from typing import Any

from drtemplate.errors import DrTemplateError
from drtemplate.world.aws.refusal import Refused
from drtemplate.world.invocation import Invocation

# Topic, subject, text, caller.
Publish = Callable[[str, str, str, Invocation], None]
# Function, event, caller.
Invoke = Callable[[str, Any, Invocation], None]


class Sns:
    """SNS: a message to a topic."""

    def __init__(self, publish: Publish) -> None:
        self.publish = publish

    def Publish(self, caller: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """Publish a message under a subject.

        https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
        """
        subject = params.get("Subject", "-")
        if len(subject) > 100 or "\n" in subject or not subject:
            raise Refused("InvalidParameter", "Invalid parameter: Subject")
        self.publish(params.get("TopicArn", ""), subject, params["Message"], caller)
        return {"MessageId": "drill"}


class Lambda:
    """Lambda: an asynchronous invocation.

    Args:
        names: the functions, by name and by ARN.
    """

    def __init__(self, names: frozenset[str], invoke: Invoke) -> None:
        self.names = names
        self.invoke = invoke

    def Invoke(self, caller: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """Queue an event for a function."""
        if params["FunctionName"] not in self.names:
            raise Refused("ResourceNotFoundException", "Function not found")
        if params.get("InvocationType", "RequestResponse") != "Event":
            raise DrTemplateError("a handler invokes Lambda and waits; a drill knows only Event")
        self.invoke(params["FunctionName"], json.loads(params.get("Payload", b"{}")), caller)
        return {"StatusCode": 202}
