"""What stands between a handler's boto3 and the simulated services: botocore's own validation,
exceptions, time-outs and retries, on virtual time.

One real client per service and configuration is kept for the process; only its last step, the call
itself, is replaced. Which cloud it speaks to is a matter of the strand that calls.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from drtemplate.drill.aurora import Refused
from drtemplate.drill.dynamodb import QuickTable
from drtemplate.drill.intrinsics import REGION
from drtemplate.drill.kernel import Killed, current_owner, never
from drtemplate.drill.network import ERROR, FINE
from drtemplate.drill.validation import check
from drtemplate.errors import DrTemplateError

if TYPE_CHECKING:
    from drtemplate.drill.invocation import Invocation

# botocore's own defaults.
# https://docs.aws.amazon.com/botocore/latest/reference/config.html
TIMEOUT, ATTEMPTS = 60.0, 5
# The code by which each service says that it throttles.
THROTTLED = {
    "dynamodb": "ThrottlingException",
    "lambda": "TooManyRequestsException",
    "ssm": "ThrottlingException",
    "sns": "Throttled",
}


@functools.cache
def _session() -> Any:
    return boto3.Session(
        region_name=REGION, aws_access_key_id="drill", aws_secret_access_key="drill"
    )


def _limits(config: Config | None) -> tuple[float, float, int]:
    """Connect and read time-out in seconds, and the attempts in all."""
    given = getattr(config, "_user_provided_options", {}) if config else {}
    retries = given.get("retries") or {}
    attempts = retries.get("total_max_attempts")
    if attempts is None:
        attempts = retries["max_attempts"] + 1 if "max_attempts" in retries else ATTEMPTS
    return (
        float(given.get("connect_timeout", TIMEOUT)),
        float(given.get("read_timeout", TIMEOUT)),
        int(attempts),
    )


def client(service: str, config: Config | None = None) -> Any:
    """A real client whose calls go to the cloud of the calling strand."""
    return _client(service, *_limits(config))


@functools.cache
def _client(service: str, connect: float, read: float, attempts: int) -> Any:
    made = _session().client(service)
    made._make_api_call = Wire(made, service, connect, read, attempts)
    return made


def resource(service: str, config: Config | None = None) -> Any:
    """The resource interface, which only DynamoDB has here.

    Raises:
        Killed: another service is asked for.
    """
    if service != "dynamodb":
        text = f"a handler uses boto3.resource({service!r}), which no drill knows"
        current_owner().cloud.fatal = DrTemplateError(text)
        raise Killed
    return _resource(*_limits(config))


@functools.cache
def _resource(connect: float, read: float, attempts: int) -> Any:
    made = _session().resource("dynamodb")
    inner = made.meta.client
    inner._make_api_call = Wire(inner, "dynamodb", connect, read, attempts, emits=True)
    quick = _client("dynamodb", connect, read, attempts)

    @functools.cache
    def table(name: str) -> QuickTable:
        return QuickTable(name, quick, made.Table(name))

    return SimpleNamespace(Table=table, meta=made.meta)


class Wire:
    """Replaces ``_make_api_call`` of one client.

    Args:
        made: the client.
        service: its name.
        connect, read: time-outs in seconds.
        attempts: in all.
        emits: whether the client's own listeners turn Python values into wire values.
    """

    def __init__(
        self,
        made: Any,
        service: str,
        connect: float,
        read: float,
        attempts: int,
        *,
        emits: bool = False,
    ) -> None:
        self.client = made
        self.service = service
        self.connect = connect
        self.read = read
        self.attempts = attempts
        self.emits = emits
        self.models: dict[str, Any] = {}

    def __call__(self, operation: str, params: dict[str, Any]) -> Any:
        """One API call with its retries; the calling strand waits.

        Raises:
            ClientError, BotoCoreError: as botocore does.
            Killed: the drill cannot go on; no handler may swallow that.
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
            invocation.cloud.fatal = exc
            raise Killed from exc

    def _call(self, invocation: Invocation, operation: str, params: dict[str, Any]) -> Any:
        model = self.models.get(operation)
        if model is None:
            model = self.models[operation] = self.client.meta.service_model.operation_model(
                operation
            )
        if self.emits:
            params = self.client._emit_api_params(
                api_params=params, operation_model=model, context={}
            )
        check(self.service, operation, params, model.input_shape)
        kernel, network = invocation.cloud.kernel, invocation.cloud.network
        env = kernel.env
        begun = env._now
        try:
            for attempt in range(self.attempts):
                try:
                    answer = self._attempt(invocation, operation, params)
                    break
                except _Again as failure:
                    if attempt + 1 == self.attempts:
                        raise failure.error from None
                    # https://docs.aws.amazon.com/boto3/latest/guide/retries.html, legacy mode; for
                    # DynamoDB botocore's own _retry.json has a base of 50 ms instead of a random one.
                    base = 0.05 if self.service == "dynamodb" else network.random.random()
                    kernel.wait(min(20.0, base * 2**attempt))
            else:
                never()
        finally:
            spent = invocation.spent
            spent[self.service] = spent.get(self.service, 0.0) + env._now - begun
        if self.emits:
            self.client.meta.events.emit(
                f"after-call.dynamodb.{operation}",
                http_response=None,
                parsed=answer,
                model=model,
                context={},
            )
        return answer

    def _attempt(self, invocation: Invocation, operation: str, params: dict[str, Any]) -> Any:
        cloud = invocation.cloud
        network, wait = cloud.network, cloud.kernel.wait
        invocation.calls += 1
        environment = invocation.environment
        assert environment is not None
        path = network.path(self.service, invocation.function, environment.zone)
        act, latency = cloud.services.operation(self.service, operation)
        took = latency(network.random)
        if path is not FINE:
            if path == ERROR:
                wait(took)
                raise _Again(self._error(operation, "ServiceUnavailable", "injected", 503))
            wait(self.connect)
            raise _Again(ConnectTimeoutError(endpoint_url=f"https://{self.service}"))
        if network.throttled and network.random.random() < network.throttled:
            wait(took)
            code = THROTTLED.get(self.service, "Throttling")
            raise _Again(self._error(operation, code, "Rate exceeded", 400))
        if network.flaky and network.random.random() < network.flaky:
            wait(took)
            raise _Again(self._error(operation, "InternalFailure", "injected", 500))
        late = took > self.read
        wait(self.read if late else took)
        try:
            answer = act(invocation, params)
        except Refused as refusal:
            raise self._error(operation, refusal.code, str(refusal), 400) from None
        if late:
            # The service did it; only the answer was not waited for.
            raise _Again(ReadTimeoutError(endpoint_url=f"https://{self.service}"))
        answer["ResponseMetadata"] = {"HTTPStatusCode": 200, "RetryAttempts": 0}
        return answer

    def _error(self, operation: str, code: str, message: str, status: int) -> Exception:
        response = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0},
        }
        make: Callable[..., Exception] = self.client.exceptions.from_code(code)
        return make(response, operation)


class _Again(Exception):
    """An attempt failed in a way that botocore tries again."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error
