"""The standard modules that code in the world imports in place of the real ones."""

from __future__ import annotations

import datetime as real_datetime
import os
import random as real_random
import socket as real_socket
import time as real_time
import uuid as real_uuid
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from drtemplate.world.clock import Clock, current_owner
from drtemplate.world.functions.sockets import Sockets
from drtemplate.world.invocation import Invocation


def standard(
    clock: Clock, sockets: Sockets, environment: Mapping[str, str]
) -> dict[str, ModuleType]:
    """Clock, sleep, chance, sockets and a function's environment variables, by module."""
    variables = dict(environment)

    def now() -> float:
        return clock.epoch + clock.now + (_skew() if clock.skewed else 0.0)

    return {
        "time": _time(clock, now),
        "datetime": _copied(real_datetime, datetime=_datetime(now)),
        "os": _copied(os, environ=variables, getenv=variables.get),
        "random": _random(clock),
        "uuid": _uuid(clock),
        "socket": _copied(real_socket, create_connection=sockets.create_connection),
    }


def _skew() -> float:
    """Seconds by which the clock of the calling run's environment is ahead."""
    invocation: Invocation | None = current_owner()
    return invocation.environment.skew if invocation and invocation.environment else 0.0


def _copied(module: ModuleType, **changed: Any) -> ModuleType:
    made = ModuleType(module.__name__)
    made.__dict__.update(module.__dict__)
    made.__dict__.update(changed)
    return made


def _time(clock: Clock, now: Callable[[], float]) -> ModuleType:
    def gmtime(seconds: float | None = None) -> real_time.struct_time:
        return real_time.gmtime(now() if seconds is None else seconds)

    def strftime(form: str, when: Any = None) -> str:
        return real_time.strftime(form, gmtime() if when is None else when)

    def monotonic() -> float:
        return clock.now

    return _copied(
        real_time,
        time=now,
        time_ns=lambda: int(now() * 1e9),
        monotonic=monotonic,
        perf_counter=monotonic,
        sleep=clock.wait,
        gmtime=gmtime,
        localtime=gmtime,  # Lambda's time zone is UTC
        strftime=strftime,
    )


def _datetime(now: Callable[[], float]) -> type[real_datetime.datetime]:
    class Datetime(real_datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(now(), tz or real_datetime.UTC)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now().replace(tzinfo=None)

    return Datetime


def _random(clock: Clock) -> ModuleType:
    stream = clock.random("handlers")
    names = "random uniform randint choice shuffle sample gauss getrandbits randrange".split()
    return _copied(real_random, **{name: getattr(stream, name) for name in names})


def _uuid(clock: Clock) -> ModuleType:
    stream = clock.random("uuid")
    return _copied(real_uuid, uuid4=lambda: real_uuid.UUID(int=stream.getrandbits(128), version=4))
