"""Lambda's side of an invocation: permission, queue, time-out, retries, logs, destination.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
"""

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from chain.clock import Killed, Process
from chain.deployment import Function
from chain.gate import Denied
from drtemplate.cloudformation.policies import Request, allows

# Seconds from an asynchronous invocation to its start, and from each failure to the next attempt.
DELIVERY, BACKOFF = 0.2, (60, 120)


class Functions:
    """The deployed functions, and what came of their invocations.

    Attributes:
        answers: (name of the function, answer) of each that returned.
        failures: (name of the function, error) of each that did not.
        queued: How many events are still to be dealt with, retries included.
    """

    def __init__(self, world: Any, loaded: Mapping[str, Callable[..., Any]]) -> None:
        self.world, self.loaded = world, loaded
        self.deployed = world.deployment.functions
        self.answers: list[tuple[str, Any]] = []
        self.failures: list[tuple[str, str]] = []
        self.requests = self.queued = 0
        for function in self.deployed.values():
            self._attach(function)

    def find(self, name: str) -> Function | None:
        """A function by its name or ARN."""
        return next((one for one in self.deployed.values() if name in (one.name, one.arn)), None)

    def invoke(self, arn: str, event: Any, service: str, source: str) -> None:
        """Invoke as an AWS service, which needs the function's own policy for it."""
        function = self.deployed[arn]
        request = Request(
            action="lambda:InvokeFunction",
            resource=arn,
            principal=("Service", service),
            context=self.world.delivery.source(source),
        )
        if not allows(function.policy, request):
            self.world.gate.violations.append(f"{service} for {source} may not invoke {arn}")
            return
        self.enqueue(function, event)

    def enqueue(self, function: Function, event: Any) -> None:
        """Put an event into the function's queue."""
        self.requests += 1
        request, queued = f"request-{self.requests}", self.world.clock.now
        event = json.loads(json.dumps(event))
        self.queued += 1
        self.world.clock.at(
            DELIVERY, lambda: self._attempt(function, event, request, queued, number=1)
        )

    def _attempt(
        self, function: Function, event: Any, request: str, queued: float, number: int
    ) -> None:
        clock = self.world.clock
        if clock.now - queued > function.maximum_age:
            self._send(function, event, request, "EventAgeExceeded", number - 1, None)
            return

        def work(process: Process) -> None:
            error = self._run(function, json.loads(json.dumps(event)), request, process)
            if error is None:
                self.queued -= 1
                return
            dimensions = {"FunctionName": function.name}
            self.world.metrics.add("AWS/Lambda", "Errors", dimensions, 1.0)
            self.failures.append((function.name, error["errorMessage"]))
            if number <= function.retries:
                clock.at(
                    BACKOFF[number - 1],
                    lambda: self._attempt(function, event, request, queued, number + 1),
                )
                return
            clock.at(
                0,
                lambda: self._send(function, event, request, "RetriesExhausted", number, error),
            )

        clock.start(work, function.timeout)

    def _run(
        self, function: Function, event: Any, request: str, process: Process
    ) -> dict[str, str] | None:
        """Run the code; the error as Lambda tells it, or None."""
        clock = self.world.clock
        self._for(function, "logs", "CreateLogStream", logGroupName=function.log_group)
        context = SimpleNamespace(
            aws_request_id=request,
            function_name=function.name,
            invoked_function_arn=function.arn,
            get_remaining_time_in_millis=lambda: int((process.end - clock.now) * 1000),
        )
        try:
            answer = self.loaded[function.arn](event, context)
            self.answers.append((function.name, json.loads(json.dumps(answer))))
        except Killed:
            message = f"{request} Task timed out after {function.timeout}.00 seconds"
            return {"errorType": "Sandbox.Timedout", "errorMessage": message}
        except Exception as error:
            return {"errorType": type(error).__name__, "errorMessage": str(error)}
        except BaseException as error:
            self.world.gate.violations.append(repr(error))
        finally:
            self._for(function, "logs", "PutLogEvents", logGroupName=function.log_group)
        return None

    def _send(
        self,
        function: Function,
        event: Any,
        request: str,
        condition: str,
        count: int,
        error: dict[str, str] | None,
    ) -> None:
        """Publish the record of a failed invocation to the destination, under the function's role.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        """
        self.queued -= 1
        if function.on_failure is None:
            return
        record = {
            "version": "1.0",
            "timestamp": self.world.clock.now,
            "requestContext": {
                "requestId": request,
                "functionArn": f"{function.arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": count,
            },
            "requestPayload": event,
        }
        if error:
            record["responseContext"] = {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            }
            record["responsePayload"] = error
        if self._for(function, "sns", "Publish", TopicArn=function.on_failure):
            self.world.client("sns").publish(
                TopicArn=function.on_failure, Message=json.dumps(record)
            )

    def _attach(self, function: Function) -> None:
        """Network interfaces, which Lambda makes with the function's role.

        https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        """
        if function.in_vpc:
            for operation in (
                "CreateNetworkInterface",
                "DescribeNetworkInterfaces",
                "DeleteNetworkInterface",
            ):
                self._for(function, "ec2", operation)

    def _for(self, function: Function, service: str, operation: str, **params: str) -> bool:
        """What Lambda does in the function's name; a denial is recorded and stops nothing else."""
        try:
            self.world.gate.check(function.role, service, operation, params, by="lambda")
        except Denied:
            return False
        return True
