"""Who reaches what: services that are down, zones and NAT gateways that are lost, the way to the database."""

from drtemplate.drill.assumptions import Assumptions
from drtemplate.drill.aurora import Aurora
from drtemplate.drill.deployment import Function
from drtemplate.drill.kernel import Kernel

FINE, SILENT, ERROR = "fine", "silent", "error"
# How often a lost SYN is sent again within a connect of a few seconds.
RESENDS = 3


class Network:
    """The paths of a run.

    Attributes:
        outages: by service, as botocore names it.
        lost_nats: zones whose NAT gateway forwards nothing.
        throttled: the share of API calls that are throttled.
        flaky: the share of API calls that fail with a server error.
        loss: the share of connections to the database that meet silence.
        cut: until when nothing leaves or reaches the functions in the VPC.
    """

    def __init__(self, kernel: Kernel, aurora: Aurora, assumptions: Assumptions) -> None:
        self.kernel = kernel
        self.aurora = aurora
        self.random = kernel.random("network")
        self.connect_time = assumptions.drawer("tcp_connect")
        self.resend = assumptions.draw("tcp_retransmit", self.random)
        self.outages: dict[str, str] = {}
        self.lost_nats: set[str] = set()
        self.endpoints: frozenset[str] = frozenset()
        self.throttled = 0.0
        self.flaky = 0.0
        self.loss = 0.0
        self.cut = float("-inf")

    def path(self, service: str, function: Function, zone: str) -> str:
        """How an API call of a function that runs in a zone fares."""
        if self.outages and (kind := self.outages.get(service)):
            return kind
        if function.zones and self.kernel.now < self.cut:
            return SILENT
        # Within a VPC, the way out is the NAT gateway of the subnet's route table.
        if (
            self.lost_nats
            and function.zones
            and service not in self.endpoints
            and function.nat_zones.get(zone) in self.lost_nats
        ):
            return SILENT
        return FINE

    def connect(self, timeout: float) -> str:
        """Connect to the cluster endpoint from a function; the calling strand waits.

        Returns:
            ``packet`` for a server that greets, ``hung`` for one that only takes the connection.

        Raises:
            ConnectionRefusedError, TimeoutError: as ``socket.create_connection``.
        """
        kernel = self.kernel
        lost = self.loss and self.random.random() < self.loss
        end = kernel.now + timeout
        pause = self.resend
        for _ in range(RESENDS):
            if not lost and kernel.now >= self.cut:
                mode = self.aurora.nodes[self.aurora.endpoint.value].mode
                if mode != "silent":
                    kernel.wait(self.connect_time(self.random))
                    if mode == "refused":
                        raise ConnectionRefusedError(111, "Connection refused")
                    return "packet" if mode == "up" else "hung"
            left = end - kernel.now
            kernel.wait(min(pause, left))
            if left <= pause:
                break
            pause *= 2
        raise TimeoutError("timed out")
