"""No way out: while a world runs, its process reaches no network, no other program and no credentials.

What code imports is replaced where it asks for AWS, time or chance; this stands behind that, for
whatever finds the real modules by another way. It keeps mistakes in, not malice.
https://docs.python.org/3/library/audit_events.html
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from drtemplate.errors import DrTemplateError
from drtemplate.world.clock import Killed, current_owner

# Audit events of what leaves the process.
REFUSED = {
    "ctypes.dlopen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyaddr",
    "socket.gethostbyname",
    "socket.sendmsg",
    "socket.sendto",
    "subprocess.Popen",
}
# Where the AWS SDK keeps credentials and tokens.
# https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
SECRET = f"{os.sep}.aws{os.sep}"


class _Guard:
    """Whether a world runs in this process. An audit hook cannot be taken away again."""

    def __init__(self) -> None:
        self.up = False
        self.installed = False
        self.secret: set[str] = set()

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook."""
        if not self.up:
            return
        if event in REFUSED:
            self.refuse(event)
        if event == "open" and isinstance(path := arguments[0], str | os.PathLike):
            path = os.fspath(path)
            if SECRET in str(path) or path in self.secret:
                self.refuse(f"open of {path!s}")

    def refuse(self, what: str) -> NoReturn:
        """Stop the world of the calling run; a thread of it, which has none, is refused alone.

        Raises:
            Killed: no handler may swallow it.
            PermissionError: called by no run.
        """
        text = f"a handler reaches out of its world: {what}"
        invocation = current_owner()
        if invocation is None:
            raise PermissionError(text)
        invocation.host.fail(DrTemplateError(text))
        raise Killed


_guard = _Guard()


@contextmanager
def closed() -> Iterator[None]:
    """Let nothing out, and take AWS's variables from the environment meanwhile."""
    if _guard.up:
        yield
        return
    if not _guard.installed:
        sys.addaudithook(_guard.watch)
        _guard.installed = True
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    _guard.secret = {value for name, value in hidden.items() if name.endswith("_FILE")}
    _guard.up = True
    try:
        yield
    finally:
        _guard.up = False
        os.environ.update(hidden)
