"""No way out: while a world runs, its process reaches no network, no other program and no credentials.

What code imports is replaced where it asks for AWS, time or chance; this stands behind that, for
whatever finds the real modules by another way. It keeps mistakes in, not malice.
https://docs.python.org/3/library/audit_events.html
"""

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from drtemplate.errors import DrTemplateError
from drtemplate.world.clock import Killed, current_owner

# Audit events of what leaves the process.
REFUSED = {
    "ctypes.dlopen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyaddr",
    "socket.gethostbyname",
    "socket.getnameinfo",
    "socket.sendmsg",
    "socket.sendto",
    "subprocess.Popen",
}
# Where the AWS SDK keeps credentials and tokens.
# https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
SECRET = f"{os.sep}.aws{os.sep}"
# Where a process finds the environment that it was started with.
# https://man7.org/linux/man-pages/man5/proc_pid_environ.5.html
ENVIRONMENT = re.compile(r"/proc/[^/]+/environ")


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
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            path = _real(os.fsdecode(arguments[0]))
            if SECRET in path or path in self.secret or ENVIRONMENT.fullmatch(path):
                self.refuse(f"open of {path}")

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


def _real(path: str) -> str:
    """The path as it is, whatever way it is written."""
    return str(Path(path).expanduser().resolve())


_guard = _Guard()


@contextmanager
def closed() -> Iterator[None]:
    """Let nothing out, and take AWS's variables from the environment meanwhile.

    Raises:
        DrTemplateError: a thread that was begun meanwhile goes on, past the guard.
    """
    if _guard.up:
        yield
        return
    if not _guard.installed:
        sys.addaudithook(_guard.watch)
        _guard.installed = True
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    _guard.secret = {_real(value) for name, value in hidden.items() if name.endswith("_FILE")}
    _guard.up = True
    threads = set(threading.enumerate())
    try:
        yield
        if left := set(threading.enumerate()) - threads:
            names = ", ".join(sorted(thread.name for thread in left))
            raise DrTemplateError(f"a handler leaves threads running: {names}; end them in the run")
    finally:
        _guard.up = False
        os.environ.update(hidden)
