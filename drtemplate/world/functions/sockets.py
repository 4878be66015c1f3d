"""Sockets as code in the world has them: they reach the database's endpoints, and nothing else."""

from __future__ import annotations

import socket as real_socket
from typing import Any

from drtemplate.world.aws.network import Network
from drtemplate.world.clock import current_owner
from drtemplate.world.invocation import Invocation
from drtemplate.world.witness import Witness

MYSQL = 3306
# Seconds that a socket waits which was given no time-out: longer than any function runs.
UNLIMITED = 3600.0
# https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
# What a server sends first, by its mode; one that hung sends nothing, and closes nothing.
PACKETS = {
    "up": b"\x4a\x00\x00\x00\x0a8.0.39\x00",
    "blocked": b"\x45\x00\x00\x00\xff\x69\x04Host is blocked",
    "closed": b"",
}


class Sockets:
    """Makes connections."""

    def __init__(self, network: Network, witness: Witness) -> None:
        self.network = network
        self.witness = witness

    def create_connection(
        self, address: tuple[str, int], timeout: float | None = None, *_: Any, **__: Any
    ) -> Connection:
        """As ``socket.create_connection``.

        Raises:
            OSError: the name is unknown, the port is closed, or nothing answers.
        """
        host, port = address
        if not self.network.resolves(host):
            raise real_socket.gaierror(-2, "Name or service not known")
        seconds = float(timeout) if isinstance(timeout, int | float) else UNLIMITED
        invocation: Invocation = current_owner()
        environment = invocation.environment
        assert environment is not None
        try:
            if port != MYSQL:
                raise ConnectionRefusedError(111, "Connection refused")
            state = self.network.connect(host, seconds, environment.zone)
        except OSError:
            self.witness.probed(invocation, host, False)
            raise
        return Connection(self, invocation, host, state, seconds)


class Connection:
    """A connection to a database server, which greets first if it lives."""

    def __init__(
        self, sockets: Sockets, invocation: Invocation, host: str, state: str, timeout: float
    ) -> None:
        self.sockets = sockets
        self.invocation = invocation
        self.host = host
        self.state = state
        self.timeout = timeout

    def settimeout(self, seconds: float | None) -> None:
        """Seconds that `recv` waits."""
        self.timeout = UNLIMITED if seconds is None else seconds

    def recv(self, size: int, *_: int) -> bytes:
        """The first packet of the protocol, or nothing in time."""
        packet = PACKETS.get(self.state)
        if packet is None:
            self.invocation.host.clock.wait(self.timeout)
        self.sockets.witness.probed(self.invocation, self.host, bool(packet))
        if packet is None:
            raise TimeoutError("timed out")
        return packet[:size]

    def sendall(self, *_: object) -> None:
        """Swallowed."""

    send = sendall

    def shutdown(self, *_: object) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
