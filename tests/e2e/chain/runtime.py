"""A deployed handler, loaded as Lambda loads it, in surroundings that the tests hold.

The code meets the clock, the environment, the network and boto3 only by importing them, so that is
where they are replaced, whatever names it gives them.
"""

import builtins
import datetime
import os
import socket
import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from account import Account
from botocore.config import Config

from chain.deployment import Function

# The emulator may be slow on a busy machine; how long a call takes is the virtual clock's matter.
PATIENT = Config(connect_timeout=60, read_timeout=60, retries={"total_max_attempts": 1})

WAYS_AROUND = {"_socket", "asyncio", "botocore", "http", "ssl", "subprocess", "urllib", "urllib3"}
HARMLESS = {
    "boto3.dynamodb.conditions",
    "boto3.dynamodb.types",
    "botocore.config",
    "botocore.exceptions",
}


class Host:
    """Where the loaded handlers find the world that they live in at the moment."""

    world: Any

    def time(self) -> float:
        """``time.time``."""
        return float(self.world.clock.now)

    def sleep(self, seconds: float) -> None:
        """``time.sleep``."""
        self.world.clock.advance(seconds)

    def connect(self, *given: Any, **named: Any) -> Any:
        """``socket.create_connection``."""
        return self.world.connect(*given, **named)


def load(function: Function, account: Account, host: Host) -> Callable[..., Any]:
    """The handler of a function. Nothing but its code has run."""
    modules = {
        "boto3": _boto3(function, account, host),
        "datetime": _datetime(host),
        "os": _os(function, account),
        "socket": _socket(host),
        "time": _time(host),
    }

    def importing(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        if name in modules:
            return modules[name]
        around = name.partition(".")[0] in {*modules, *WAYS_AROUND}
        if around and not (name in HARMLESS and fromlist):
            raise ImportError(f"{name} would reach around what is replaced")
        return builtins.__import__(name, globals, locals, fromlist, level)

    def printing(*words: object, **_: object) -> None:
        host.world.log.append(f"{function.name}: {' '.join(map(str, words))}")

    file, _, entry = function.handler.partition(".")
    module = ModuleType(file)
    module.__dict__["__builtins__"] = vars(builtins) | {
        "__import__": importing,
        "print": printing,
    }
    exec(compile(function.code, f"<{function.name}>", "exec"), module.__dict__)
    return module.__dict__[entry]


def _time(host: Host) -> ModuleType:
    def gmtime(seconds: float) -> time.struct_time:
        return time.gmtime(seconds)  # of a given time only: without one it is the machine's

    def strftime(form: str, when: time.struct_time) -> str:
        return time.strftime(form, when)

    return _module(
        "time",
        time=host.time,
        monotonic=host.time,
        gmtime=gmtime,
        strftime=strftime,
        sleep=host.sleep,
    )


def _datetime(host: Host) -> ModuleType:
    class Kind(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime.datetime)

    class Clocked(datetime.datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Clocked":
            return cls.fromtimestamp(host.time(), tz)

        @classmethod
        def utcnow(cls) -> "Clocked":
            return cls.now(datetime.UTC).replace(tzinfo=None)

    kept = {name: value for name, value in vars(datetime).items() if not name.startswith("__")}
    return _module("datetime", **kept | {"datetime": Clocked})


def _os(function: Function, account: Account) -> ModuleType:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime."""
    reserved = {
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_REGION": account.region,
        "AWS_DEFAULT_REGION": account.region,
    }
    environ: Mapping[str, str] = dict(function.environment) | reserved
    return _module("os", environ=environ, getenv=environ.get, path=os.path)


def _socket(host: Host) -> ModuleType:
    """Python's module, with no way to the network but one."""
    kept = {name: value for name, value in vars(socket).items() if not name.startswith("__")}
    ways = ("socket", "socketpair", "create_server", "getaddrinfo", "gethostbyname", "fromfd")
    for name in ways:
        kept.pop(name)
    kept["create_connection"] = host.connect
    return _module("socket", **kept)


def _boto3(function: Function, account: Account, host: Host) -> ModuleType:
    def through_the_world(client: Any) -> Any:
        original = client._make_api_call

        def call(operation: str, params: Mapping[str, Any]) -> Any:
            return host.world.serve(function, client, original, operation, params)

        client._make_api_call = call
        return client

    def named(config: Config | None = None, **given: Any) -> dict[str, Any]:
        given["config"] = config.merge(PATIENT) if config else PATIENT
        return given | {"endpoint_url": account.url}

    def client(service: str, **given: Any) -> Any:
        return through_the_world(account.session.client(service, **named(**given)))

    def resource(service: str, **given: Any) -> Any:
        made = account.session.resource(service, **named(**given))
        through_the_world(made.meta.client)
        return made

    return _module("boto3", client=client, resource=resource)


def _module(name: str, **values: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(values)
    return made
