"""Loads a handler as Lambda does, with the clock, the sleep, the sockets and boto3 of the simulated cloud.

The code is not changed: the modules that it imports are.
"""

from __future__ import annotations

import builtins
import datetime as real_datetime
import functools
import os
import random as real_random
import socket as real_socket
import time as real_time
import uuid as real_uuid
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any, cast

import boto3 as real_boto3

from drtemplate.drill import wire
from drtemplate.drill.deployment import Function
from drtemplate.drill.invocation import Handler
from drtemplate.drill.kernel import current_owner
from drtemplate.errors import HandlerError

if TYPE_CHECKING:
    from drtemplate.drill.cloud import Cloud

MYSQL = 3306


@functools.lru_cache(maxsize=16)
def compiled(code: str, name: str) -> CodeType:
    """The handler's code; a process compiles each once."""
    return compile(code, filename(name), "exec")


def filename(logical: str) -> str:
    """What the code of a function is called in its tracebacks."""
    return f"<{logical}>"


def load(
    cloud: Cloud, function: Function, output: Callable[..., None]
) -> Callable[[Any, Any], Any]:
    """Execute the module anew, as a cold start does, and give its handler.

    Args:
        cloud: where it runs.
        function: its code and environment.
        output: takes what it prints.

    Raises:
        HandlerError: it has no function ``handler``.
    """
    modules = cloud.modules(function)
    real_import = builtins.__import__

    def imported(name: str, *arguments: Any, **named: Any) -> Any:
        found = modules.get(name)
        return found if found is not None else real_import(name, *arguments, **named)

    namespace: dict[str, Any] = {
        "__name__": "index",
        "__builtins__": {**vars(builtins), "__import__": imported, "print": output},
    }
    exec(compiled(function.code, function.logical), namespace)
    handler = namespace.get("handler")
    if not callable(handler):
        raise HandlerError(f"{function.logical}: the code has no function handler(event, context)")
    return cast(Handler, handler)


def substitutes(cloud: Cloud, function: Function) -> dict[str, ModuleType]:
    """The modules that are not the real ones."""
    return {
        "time": _time(cloud),
        "datetime": _datetime(cloud),
        "os": _copy(os, environ=dict(function.environment), getenv=dict(function.environment).get),
        "random": _random(cloud),
        "uuid": _uuid(cloud),
        "socket": _socket(cloud),
        "boto3": _copy(
            real_boto3,
            client=lambda service, *_, config=None, **__: wire.client(service, config),
            resource=lambda service, *_, config=None, **__: wire.resource(service, config),
        ),
    }


def _copy(module: ModuleType, **changed: Any) -> ModuleType:
    made = ModuleType(module.__name__)
    made.__dict__.update(module.__dict__)
    made.__dict__.update(changed)
    return made


def _time(cloud: Cloud) -> ModuleType:
    env, epoch, wait = cloud.kernel.env, cloud.epoch, cloud.kernel.wait

    def now() -> float:
        return epoch + env._now

    def gmtime(seconds: float | None = None) -> real_time.struct_time:
        return real_time.gmtime(now() if seconds is None else seconds)

    def strftime(form: str, when: Any = None) -> str:
        return real_time.strftime(form, gmtime() if when is None else when)

    return _copy(
        real_time,
        time=now,
        time_ns=lambda: int(now() * 1e9),
        monotonic=lambda: env._now,
        perf_counter=lambda: env._now,
        sleep=wait,
        gmtime=gmtime,
        localtime=gmtime,  # Lambda's time zone is UTC
        strftime=strftime,
    )


def _datetime(cloud: Cloud) -> ModuleType:
    class Datetime(real_datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(cloud.epoch + cloud.kernel.now, tz or real_datetime.UTC)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now().replace(tzinfo=None)

    return _copy(real_datetime, datetime=Datetime)


def _random(cloud: Cloud) -> ModuleType:
    stream = cloud.kernel.random("handlers")
    names = "random uniform randint choice shuffle sample gauss getrandbits randrange".split()
    return _copy(real_random, **{name: getattr(stream, name) for name in names})


def _uuid(cloud: Cloud) -> ModuleType:
    stream = cloud.kernel.random("uuid")
    return _copy(real_uuid, uuid4=lambda: real_uuid.UUID(int=stream.getrandbits(128), version=4))


def _socket(cloud: Cloud) -> ModuleType:
    def create_connection(address: Any, timeout: Any = 10.0, *_: Any, **__: Any) -> Connection:
        host, port = address
        if host != cloud.deployment.cluster.endpoint:
            raise real_socket.gaierror(-2, "Name or service not known")
        timeout = (
            60.0 if timeout is None or not isinstance(timeout, int | float) else float(timeout)
        )
        invocation = current_owner()
        try:
            if port != MYSQL:
                raise ConnectionRefusedError(111, "Connection refused")
            state = cloud.network.connect(timeout)
        except OSError:
            invocation.probes.append((cloud.kernel.now, "database", True))
            raise
        return Connection(cloud, invocation, state, timeout)

    return _copy(real_socket, create_connection=create_connection)


class Connection:
    """A connection to the database server, which greets first if it lives."""

    def __init__(self, cloud: Cloud, invocation: Any, state: str, timeout: float) -> None:
        self.cloud = cloud
        self.invocation = invocation
        self.state = state
        self.timeout = timeout

    def settimeout(self, seconds: float | None) -> None:
        """Seconds that `recv` waits."""
        self.timeout = 60.0 if seconds is None else seconds

    def recv(self, size: int, *_: int) -> bytes:
        """The first packet of the protocol, or nothing in time.

        https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
        """
        good = self.state == "packet"
        if not good:
            self.cloud.kernel.wait(self.timeout)
        self.invocation.probes.append((self.cloud.kernel.now, "database", not good))
        if not good:
            raise TimeoutError("timed out")
        return b"\x4a\x00\x00\x00\x0a8.0.39\x00"[:size]

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
