"""boto3 and botocore as code in the world imports them: every client of theirs ends in a `Wire`.

One real client per service and configuration is kept for the process; only its last step, the call
itself, is replaced. None of them has credentials or reads the user's configuration.
"""

from __future__ import annotations

import functools
import os
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

import boto3
import boto3.session
import botocore
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials

from drtemplate.errors import DrTemplateError
from drtemplate.world.api.wire import Wire
from drtemplate.world.clock import Killed, current_owner
from drtemplate.world.physical import REGION

# botocore's own defaults.
# https://docs.aws.amazon.com/botocore/latest/reference/config.html
TIMEOUT, ATTEMPTS = 60.0, 5
# What a real session looks up in the environment and in the user's files, looked up nowhere.
_NOWHERE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@functools.cache
def _session() -> Any:
    core = botocore.session.Session(session_vars=_NOWHERE)
    return boto3.Session(
        botocore_session=core,
        region_name=REGION,
        aws_access_key_id="drill",
        aws_secret_access_key="drill",
    )


def _limits(config: Config | None) -> tuple[float, float, int]:
    """Connect and read time-out in seconds, and the attempts in all."""
    if config is None:
        return TIMEOUT, TIMEOUT, ATTEMPTS
    retries = config.retries or {}
    attempts = retries.get("total_max_attempts")
    if attempts is None:
        attempts = retries["max_attempts"] + 1 if "max_attempts" in retries else ATTEMPTS
    return float(config.connect_timeout), float(config.read_timeout), int(attempts)


def client(service_name: str, *_: Any, config: Config | None = None, **__: Any) -> Any:
    """A real client whose calls go to the world of the calling strand."""
    if service_name == "dynamodb":
        _unknown("boto3.client('dynamodb')", "boto3.resource('dynamodb').Table")
    return _client(service_name, *_limits(config))


@functools.cache
def _client(service: str, connect: float, read: float, attempts: int) -> Any:
    made = _session().client(service)
    made._make_api_call = Wire(made, service, connect, read, attempts)
    return made


def resource(service_name: str, *_: Any, config: Config | None = None, **__: Any) -> Any:
    """The resource interface, which only DynamoDB has here.

    Raises:
        Killed: another service is asked for.
    """
    if service_name != "dynamodb":
        _unknown(f"boto3.resource({service_name!r})", "boto3.client")
    return _resource(*_limits(config))


@functools.cache
def _resource(connect: float, read: float, attempts: int) -> Any:
    made = _session().resource("dynamodb")
    inner = made.meta.client
    inner._make_api_call = Wire(inner, "dynamodb", connect, read, attempts)
    return SimpleNamespace(Table=functools.cache(made.Table), meta=made.meta)


def _unknown(what: str, instead: str) -> NoReturn:
    invocation = current_owner()
    error = DrTemplateError(f"a handler uses {what}, which the world does not know; use {instead}")
    if invocation is None:
        raise error
    invocation.host.fail(error)
    raise Killed


class Session:
    """boto3's session, and botocore's: whatever it is given, its clients stay in the world."""

    region_name = REGION
    profile_name = "default"

    def __init__(self, *_: Any, **__: Any) -> None:
        """Takes what a real one takes, and heeds none of it."""

    client = staticmethod(client)
    create_client = staticmethod(client)
    resource = staticmethod(resource)

    def __getattr__(self, name: str) -> NoReturn:
        """What else a real session has.

        Raises:
            Killed: it is asked for.
        """
        if name.startswith("__"):  # asked for by Python itself, as in copying
            raise AttributeError(name)
        _unknown(f"a session's {name}", "its client, resource or get_credentials")

    @staticmethod
    def get_credentials() -> Credentials:
        """Such as open nothing."""
        return Credentials("drill", "drill")


def _copied(module: ModuleType, **changed: Any) -> ModuleType:
    made = ModuleType(module.__name__)
    made.__dict__.update(module.__dict__)
    made.__dict__.update(changed)
    return made


@functools.cache
def modules() -> dict[str, ModuleType]:
    """The modules by which AWS can be reached, with what reaches nothing but the world."""

    def session(*_: Any, **__: Any) -> Session:
        return Session()

    of_boto3 = _copied(boto3.session, Session=Session, botocore=None)
    of_botocore = _copied(botocore.session, Session=Session, get_session=session)
    return {
        "boto3": _copied(
            boto3,
            client=client,
            resource=resource,
            Session=Session,
            session=of_boto3,
            setup_default_session=lambda **_: None,
            _get_default_session=session,
            DEFAULT_SESSION=None,
        ),
        "boto3.session": of_boto3,
        "botocore": _copied(botocore, session=of_botocore),
        "botocore.session": of_botocore,
    }
