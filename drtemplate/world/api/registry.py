"""Which operations there are, what carries each out, how long it takes, and what was called."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from drtemplate.errors import DrTemplateError
from drtemplate.world.api.failures import Failure, Fault
from drtemplate.world.distributions import Draw
from drtemplate.world.invocation import Invocation
from drtemplate.world.roles import Roles
from drtemplate.world.timings import Timings
from drtemplate.world.witness import Witness

Act = Callable[[Invocation, dict[str, Any]], dict[str, Any]]
# Which timing an operation takes, where it is not a plain read or write.
TIMINGS = {
    ("rds", "FailoverDBCluster"): "api_failover",
    ("route53", "UpdateHealthCheck"): "api_route53",
}
READS = ("Describe", "Get", "List")
ANY = "*"


class ApiCall(NamedTuple):
    """A call that code in the world has made; its retries are not counted.

    Attributes:
        at: virtual seconds at which it was made.
        function: the logical id of the one that made it.
    """

    at: float
    function: str
    service: str
    operation: str
    params: Mapping[str, Any]


@dataclass(slots=True)
class Operation:
    """What carries an operation out, and what draws how long that takes."""

    act: Act
    latency: Draw


class Api:
    """The services of a world.

    Args:
        services: by botocore's name; each has a method for each operation, named like it.
        roles: decide whether a call is allowed; None allows all.
        recorded: whether to keep the calls.

    Attributes:
        calls: every call, in order.
        faults: (service, operation) -> what goes wrong with it; ``*`` stands for any.
        held: (service, operation) -> the requests that are held on their way.
    """

    def __init__(
        self,
        services: Mapping[str, object],
        timings: Timings,
        witness: Witness,
        roles: Roles | None,
        recorded: bool,
    ) -> None:
        self.services = services
        self.timings = timings
        self.witness = witness
        self.roles = roles
        self.recorded = recorded
        self.calls: list[ApiCall] = []
        self.faults: dict[tuple[str, str], Fault] = {}
        self.held: dict[tuple[str, str], list[Callable[[], None]]] = {}
        self._known: dict[tuple[str, str], Operation] = {}

    def operation(self, service: str, operation: str) -> Operation:
        """One operation.

        Raises:
            DrTemplateError: it is not known here.
        """
        known = self._known.get((service, operation))
        if known is None:
            act = getattr(self.services.get(service), operation, None)
            if act is None:
                raise DrTemplateError(
                    f"a handler calls {service}:{operation}, which the world does not know"
                )
            plain = "api_read" if operation.startswith(READS) else "api_write"
            timing = TIMINGS.get((service, operation), plain)
            timing = "api_dynamodb" if service == "dynamodb" else timing
            known = Operation(act, self.timings.drawer(timing))
            self._known[service, operation] = known
        return known

    def failure(self, service: str, operation: str, params: Mapping[str, Any]) -> Failure | None:
        """What goes wrong with a call, if anything does."""
        for key in _keys(service, operation):
            fault = self.faults.get(key)
            if callable(fault) and not isinstance(fault, type):
                fault = fault(params)
            if fault is not None:
                return fault
        return None


def _keys(service: str, operation: str) -> Iterator[tuple[str, str]]:
    yield service, operation
    yield service, ANY
    yield ANY, ANY
