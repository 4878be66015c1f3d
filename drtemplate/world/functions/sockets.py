"""Sockets as code in the world has them: they reach the database's endpoints, and nothing else."""

from __future__ import annotations

import functools
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
DENIED = b"\x48\x00\x00\x02\xff\x15\x04#28000Access denied"
BAD_HANDSHAKE = b"\x16\x00\x00\x02\xff\x13\x04#08S01Bad handshake"
# Of a login: a flag, and the bytes of flags, packet size, character set and filler before the user's name.
PROTOCOL_41, FIXED = 0x200, 32


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
    """A connection to a database server, which greets first if it lives, and then awaits a login.

    Who hangs up before the login has interrupted the handshake, which the server counts against the
    address; a login that it refuses it does not count.
    https://dev.mysql.com/doc/refman/8.0/en/performance-schema-host-cache-table.html
    """

    def __init__(
        self, sockets: Sockets, invocation: Invocation, host: str, state: str, timeout: float
    ) -> None:
        self.sockets = sockets
        self.invocation = invocation
        self.host = host
        self.state = state
        self.timeout = timeout
        # Read at the other end, for by the end of the connection the name may lead elsewhere.
        self.instance = sockets.network.instance(host)
        self.pending = PACKETS.get(state)
        self.greeted = False
        self.open = state == "up"

    def settimeout(self, seconds: float | None) -> None:
        """Seconds that `recv` waits."""
        self.timeout = UNLIMITED if seconds is None else seconds

    def recv(self, size: int, *_: int) -> bytes:
        """The first packet of the protocol, or nothing in time; after a login, its refusal."""
        packet = self.pending
        if packet is None:
            self.invocation.host.clock.wait(self.timeout)
        if not self.greeted:
            self.greeted = True
            self.sockets.witness.probed(self.invocation, self.host, bool(packet))
        if packet is None:
            raise TimeoutError("timed out")
        # What is left is read next; after that an open server awaits a login, and a closed one is gone.
        self.pending = packet[size:] or (None if self.open else b"")
        return packet[:size]

    def sendall(self, data: bytes, *_: object) -> None:
        """A login is refused, whoever asks; what is none ends the handshake."""
        if not self.open:
            return
        self.open = False
        login = is_login(data)
        self.pending = (self.pending or b"") + (DENIED if login else BAD_HANDSHAKE)
        if not login:
            self._interrupt()

    send = sendall

    def shutdown(self, *_: object) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Hang up."""
        if self.open:
            self.open = False
            self._interrupt()

    def _interrupt(self) -> None:
        environment = self.invocation.environment
        assert environment is not None
        self.sockets.network.interrupt(self.instance, environment.zone)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@functools.lru_cache(maxsize=16)
def is_login(data: bytes) -> bool:
    """Whether these bytes are one HandshakeResponse41, the client's first packet, and nothing else.

    https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_response.html
    """
    length, sequence, payload = int.from_bytes(data[:3], "little"), data[3:4], data[4:]
    if len(payload) != length or sequence != b"\x01" or length <= FIXED:
        return False
    flags = int.from_bytes(payload[:4], "little")
    return bool(flags & PROTOCOL_41) and b"\0" in payload[FIXED:]
