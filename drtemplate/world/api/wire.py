"""What stands between a handler's boto3 and the simulated services: botocore's own validation,
exceptions, time-outs and retries, on virtual time.

Which world a client speaks to is a matter of the strand that calls.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from drtemplate.errors import DrTemplateError
from drtemplate.world.api.failures import Lost, Slow
from drtemplate.world.api.registry import ApiCall, Operation
from drtemplate.world.api.validation import check, wire_form
from drtemplate.world.aws.network import ERROR, FINE
from drtemplate.world.aws.refusal import Refused
from drtemplate.world.clock import Killed, current_owner, never
from drtemplate.world.invocation import Invocation

# The code by which each service says that it throttles.
THROTTLED = {
    "dynamodb": "ThrottlingException",
    "lambda": "TooManyRequestsException",
    "ssm": "ThrottlingException",
    "sns": "Throttled",
}
# The code by which each service says that IAM denies a call; those of the query protocol share one.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonErrors.html and, for the others,
# .../amazondynamodb/latest/APIReference/CommonErrors.html, .../lambda/latest/api/CommonErrors.html,
# .../systems-manager/latest/APIReference/CommonErrors.html, .../sns/latest/api/API_Publish.html
DENIED = {
    "dynamodb": "AccessDeniedException",
    "lambda": "AccessDeniedException",
    "ssm": "AccessDeniedException",
    "sns": "AuthorizationError",
}


class Wire:
    """Replaces ``_make_api_call`` of one client.

    Args:
        made: the client.
        service: its name.
        connect, read: time-outs in seconds.
        attempts: in all.
    """

    def __init__(self, made: Any, service: str, connect: float, read: float, attempts: int) -> None:
        self.client = made
        self.service = service
        self.connect = connect
        self.read = read
        self.attempts = attempts
        self.shapes: dict[str, Any] = {}

    def __call__(self, operation: str, params: dict[str, Any]) -> Any:
        """One API call with its retries; the calling strand waits.

        Raises:
            ClientError, BotoCoreError: as botocore does.
            Killed: the world cannot go on; no handler may swallow that.
            DrTemplateError: called where no strand is, as from a thread.
        """
        invocation = current_owner()
        if invocation is None:
            raise DrTemplateError(
                f"a handler calls {self.service}:{operation} from a thread; a drill knows none"
            )
        try:
            return self._call(invocation, operation, params)
        except DrTemplateError as exc:
            invocation.host.fail(exc)
            raise Killed from exc

    def _call(self, invocation: Invocation, operation: str, params: dict[str, Any]) -> Any:
        if operation not in self.shapes:
            model = self.client.meta.service_model.operation_model(operation)
            self.shapes[operation] = model.input_shape
        service = self.service
        sent = wire_form(params) if service == "dynamodb" else params
        check(sent, self.shapes[operation])
        host = invocation.host
        clock, api = host.clock, host.api
        begun = clock.now
        known = api.operation(service, operation)
        if api.recorded:
            logical = invocation.function.logical
            api.calls.append(ApiCall(begun, logical, service, operation, params))
        failure = api.failure(service, operation, params) if api.faults else None
        try:
            if failure is not None and not isinstance(failure, Slow | Lost):
                clock.wait(known.latency(host.network.random))
                raise (
                    self._error(operation, failure, "injected", status_of(failure))
                    if isinstance(failure, str)
                    else failure
                )
            for attempt in range(self.attempts):
                try:
                    return self._attempt(invocation, operation, params, known, failure)
                except _Again as again:
                    if attempt + 1 == self.attempts:
                        raise again.error from None
                    # https://docs.aws.amazon.com/boto3/latest/guide/retries.html, legacy mode; for
                    # DynamoDB botocore's own _retry.json has a base of 50 ms instead of a random one.
                    base = 0.05 if service == "dynamodb" else host.network.random.random()
                    clock.wait(min(20.0, base * 2**attempt))
            never()
        finally:
            spent = invocation.spent
            spent[service] = spent.get(service, 0.0) + clock.now - begun

    def _attempt(
        self,
        invocation: Invocation,
        operation: str,
        params: dict[str, Any],
        known: Operation,
        failure: Slow | Lost | None,
    ) -> Any:
        host, service = invocation.host, self.service
        network, wait, api = host.network, host.clock.wait, host.api
        invocation.calls += 1
        environment = invocation.environment
        assert environment is not None
        path = network.path(service, invocation.function, environment.zone)
        took = known.latency(network.random)
        if path is not FINE:
            if path == ERROR:
                wait(took)
                raise _Again(self._error(operation, "ServiceUnavailable", "injected", 503))
            wait(self.connect)
            raise _Again(ConnectTimeoutError(endpoint_url=f"https://{service}"))
        if network.throttled and network.random.random() < network.throttled:
            wait(took)
            code = THROTTLED.get(service, "Throttling")
            raise _Again(self._error(operation, code, "Rate exceeded", 400))
        if network.flaky and network.random.random() < network.flaky:
            wait(took)
            raise _Again(self._error(operation, "InternalFailure", "injected", 500))
        if isinstance(failure, Slow):
            took = failure.seconds
        if failure is Lost.REQUEST:
            wait(self.read)
            raise _Again(self._unanswered())
        late = took > self.read
        wait(self.read if late else took)
        if api.roles:
            denied = api.roles.denial(invocation.function.logical, service, operation, params)
            if denied:
                raise self._error(operation, DENIED.get(service, "AccessDenied"), denied, 403)
        if api.held and (service, operation) in api.held:
            answer = self._held(invocation, operation, params, known)
        else:
            answer = self._carried_out(invocation, operation, params, known)
        if failure is Lost.ANSWER:
            wait(max(0.0, self.read - took))
        if late or failure is Lost.ANSWER:
            # The service did it; only the answer was not waited for.
            raise _Again(self._unanswered())
        answer["ResponseMetadata"] = {
            "HTTPStatusCode": 200,
            "RetryAttempts": 0,
            "HTTPHeaders": {"date": http_date(int(host.clock.epoch + host.clock.now))},
        }
        return answer

    def _carried_out(
        self, invocation: Invocation, operation: str, params: dict[str, Any], known: Operation
    ) -> Any:
        witness = invocation.host.api.witness
        witness.before(invocation, self.service, operation, params)
        try:
            answer = known.act(invocation, params)
        except Refused as refusal:
            raise self._error(operation, refusal.code, str(refusal), 400) from None
        witness.after(invocation, self.service, operation, params, answer)
        return answer

    def _held(
        self, invocation: Invocation, operation: str, params: dict[str, Any], known: Operation
    ) -> Any:
        """The request waits on its way; what is released later than its caller waits still acts."""
        clock, strand = invocation.host.clock, invocation.strand
        outcome: list[Callable[[], Any]] = []

        def released() -> None:
            try:
                answer = self._carried_out(invocation, operation, params, known)
                outcome.append(lambda: answer)
            except Exception as exc:
                error = exc

                def refused() -> Any:
                    raise error

                outcome.append(refused)
            if waiting and strand is not None:
                clock.wake(strand)

        waiting = True
        invocation.host.api.held[self.service, operation].append(released)
        try:
            clock.wait(self.read)
        finally:
            waiting = False
        if not outcome:
            raise _Again(self._unanswered())
        return outcome[0]()

    def _unanswered(self) -> Exception:
        error: Exception = ReadTimeoutError(endpoint_url=f"https://{self.service}")
        return error

    def _error(self, operation: str, code: str, message: str, status: int) -> Exception:
        response = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0},
        }
        make: Callable[..., Exception] = self.client.exceptions.from_code(code)
        return make(response, operation)


@lru_cache(maxsize=16)
def http_date(second: int) -> str:
    """As HTTP's header says it."""
    return formatdate(second, usegmt=True)


def status_of(code: str) -> int:
    """The HTTP status of an error: what a service itself has failed of, or what it refuses.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
    """
    return {"ServiceUnavailable": 503}.get(code, 500 if code.startswith("Internal") else 400)


class _Again(Exception):
    """An attempt failed in a way that botocore tries again."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error
