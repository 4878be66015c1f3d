"""Who reaches what: services that are down, zones and NAT gateways that are lost, the way to the database."""

from collections import Counter

from drtemplate.world.aws.aurora import Aurora
from drtemplate.world.clock import Clock
from drtemplate.world.deployment import Function
from drtemplate.world.timings import Timings

FINE, SILENT, ERROR = "fine", "silent", "error"
# How often a lost SYN is sent again within a connect of a few seconds.
RESENDS = 3
# Handshakes interrupted without a whole one between them, after which a server blocks their address.
# https://dev.mysql.com/doc/refman/8.0/en/server-system-variables.html#sysvar_max_connect_errors
MAX_CONNECT_ERRORS = 100


class Network:
    """The paths of a run.

    Attributes:
        resolving: whether names are resolved at all.
        outages: by service, as botocore names it.
        lost_nats: zones whose NAT gateway forwards nothing.
        throttled: the share of API calls that are throttled.
        flaky: the share of API calls that fail with a server error.
        loss: the share of connections to the database that meet silence.
        cut: until when nothing leaves or reaches the functions in the VPC.
        partitioned: zones whose subnet is cut off: what runs there reaches nothing.
        nameless: database endpoints of which DNS gives nothing.
        barred: zones from whose subnet the database's port is out of reach, and nothing else, as after an
            edit of a security group or of a network ACL.
        interrupted: by instance and zone, handshakes that a client has left in the middle. A server counts
            them by source address, and functions of a subnet share that of its interface.
    """

    def __init__(
        self, clock: Clock, aurora: Aurora, timings: Timings, endpoints: frozenset[str]
    ) -> None:
        self.clock = clock
        self.aurora = aurora
        self.random = clock.random("network")
        self.connect_time = timings.drawer("tcp_connect")
        self.resend = timings.draw("tcp_retransmit", self.random)
        self._instances = {one.endpoint: one.name for one in aurora.cluster.instances}
        self.resolving = True
        self.outages: dict[str, str] = {}
        self.lost_nats: set[str] = set()
        self.endpoints = endpoints
        self.throttled = 0.0
        self.flaky = 0.0
        self.loss = 0.0
        self.cut = float("-inf")
        self.partitioned: set[str] = set()
        self.nameless: set[str] = set()
        self.barred: set[str] = set()
        self.interrupted: Counter[tuple[str, str]] = Counter()

    def path(self, service: str, function: Function, zone: str) -> str:
        """How an API call of a function that runs in a zone fares."""
        if self.outages and (kind := self.outages.get(service)):
            return kind
        if function.zones and (self.clock.now < self.cut or zone in self.partitioned):
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

    def forget(self, instance: str) -> None:
        """An instance is deleted, and its endpoint with it."""
        self._instances = {host: one for host, one in self._instances.items() if one != instance}

    def interrupt(self, instance: str, zone: str) -> None:
        """A client has hung up in the middle of a handshake."""
        self.interrupted[instance, zone] += 1

    def resolves(self, host: str) -> bool:
        """Whether DNS knows the name of a database endpoint."""
        if host in self.nameless:
            return False
        cluster = self.aurora.cluster
        known = host in (cluster.endpoint, cluster.reader_endpoint) or host in self._instances
        return known and self.resolving

    def instance(self, host: str) -> str:
        """The instance to which a database endpoint leads now."""
        cluster = self.aurora.cluster
        if host == cluster.endpoint:
            return self.aurora.endpoint.value
        if host == cluster.reader_endpoint:
            return self.aurora.reader()
        return self._instances[host]

    def connect(self, host: str, timeout: float, zone: str) -> str:
        """Connect to a database endpoint from a function in a zone; the calling strand waits.

        Returns:
            The instance's mode: ``up`` for a server that greets, ``hung`` for one that only takes
            the connection, or another one that `Connection.recv` knows.

        Raises:
            ConnectionRefusedError, TimeoutError: as ``socket.create_connection``.
        """
        clock = self.clock
        lost = self.loss and self.random.random() < self.loss
        end = clock.now + timeout
        pause = self.resend
        for _ in range(RESENDS):
            if not lost and self._reaches_database(zone):
                instance = self.instance(host)
                mode = self.aurora.nodes[instance].mode
                if mode != "silent":
                    clock.wait(self.connect_time(self.random))
                    if mode == "refused":
                        raise ConnectionRefusedError(111, "Connection refused")
                    blocked = self.interrupted[instance, zone] >= MAX_CONNECT_ERRORS
                    return "blocked" if blocked and mode == "up" else mode
            left = end - clock.now
            clock.wait(min(pause, left))
            if left <= pause:
                break
            pause *= 2
        raise TimeoutError("timed out")

    def _reaches_database(self, zone: str) -> bool:
        cut_off = zone in self.partitioned or zone in self.barred
        return self.clock.now >= self.cut and not cut_off
