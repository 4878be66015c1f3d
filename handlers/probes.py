"""Is a database server alive: its first packet within two seconds, whatever it says."""

import socket

PORT = 3306
WITHIN = 2  # seconds to connect, and again for the first packet
# The end of the handshake: a login that asks for nothing and is refused. A connection that only hangs up
# counts against its address, and after max_connect_errors of them the server blocks all that share it; a
# refused login does not. https://dev.mysql.com/doc/refman/8.0/en/host-cache.html
# Protocol 4.1, pluggable authentication, a packet of at most 16 MB, utf8mb4, this user, no password.
# https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_response.html
PROBE_USER = b"drtemplate-probe"
CLIENT_FLAGS = 0x00000200 | 0x00008000 | 0x00080000
LOGIN = (
    CLIENT_FLAGS.to_bytes(4, "little")
    + (1 << 24).to_bytes(4, "little")
    + bytes([45])
    + bytes(23)
    + PROBE_USER
    + b"\0\0mysql_native_password\0"
)
GOODBYE_WITHIN = 0.5  # seconds for the server's refusal


def is_alive(host):
    """True if the server sends a packet, False if it does not, None if its name gives nothing."""
    try:
        with socket.create_connection((host, PORT), WITHIN) as connection:
            alive = connection.recv(1024) != b""
            if alive:
                _end_handshake(connection)
            return alive
    except socket.gaierror:
        return None
    except OSError:
        return False


def _end_handshake(connection):
    """Let the server end the connection; nothing here changes what was seen."""
    try:
        connection.settimeout(GOODBYE_WITHIN)
        connection.sendall(_packet(LOGIN, 1))
        answer = connection.recv(1024)
        # Another way to log in is asked for: nothing to say there either.
        if answer[4:5] == b"\xfe":
            connection.sendall(_packet(b"", answer[3] + 1))
            connection.recv(1024)
    except (OSError, IndexError):
        pass


def _packet(payload, sequence):
    return len(payload).to_bytes(3, "little") + bytes([sequence % 256]) + payload
