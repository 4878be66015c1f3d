"""An account on loopback, and a record of everything that is asked of it."""

import logging
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from least_parameters import GOOD
from moto.server import ThreadedMotoServer
from scene import BUCKET, LIFECYCLE, REGION, TEMPLATE, Scene

from drtemplate.cloudformation.document import load_template


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of moto's server; it knows nothing that an earlier test has made."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    served = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    served.start()
    _, port = served.get_host_and_port()
    # By this name moto finds the template that a URL leads to.
    yield f"http://localhost:{port}"
    served.stop()


@pytest.fixture(autouse=True, scope="session")
def quick() -> Iterator[None]:
    """The service models and the rendered template are read once, not for every test."""
    loader, load = create_loader(), load_template
    rendered, content = load(TEMPLATE), TEMPLATE.read_bytes()

    def loaded(path: Path, what: str = "template") -> dict[str, Any]:
        return rendered if path.read_bytes() == content else load(path, what)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.loaders.create_loader", lambda *_: loader)
        patch.setattr("botocore.session.create_loader", lambda *_: loader, raising=False)
        patch.setattr("drtemplate.deploying.document.load_template", loaded)
        yield


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """Credentials for nothing, and no file of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.fixture
def scene(server, tmp_path, monkeypatch) -> Scene:
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST"))
    # moto's own ids do not begin with a Z, as Route 53's do.
    numbers = iter(range(1000, 2000))
    monkeypatch.setattr(
        "moto.route53.models.create_route53_zone_id", lambda *_, **__: f"Z{next(numbers)}EXAMPLE"
    )
    scene = Scene(folder=tmp_path, url=server)
    scene.client("s3").create_bucket(Bucket=BUCKET)
    scene.client("s3").put_bucket_lifecycle_configuration(
        Bucket=BUCKET, LifecycleConfiguration=LIFECYCLE
    )
    call = BaseClient._make_api_call

    def recorded(client, operation, arguments):
        scene.asked.append(operation)
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    return scene


@pytest.fixture
def good(scene) -> dict[str, str]:
    """Parameters with which the rendered template may be deployed."""
    return GOOD | {"HostedZoneId": scene.zone()}


@pytest.fixture
def ready(scene, good):
    """A request that passes every check; what made it is no part of the record."""
    request = scene.request(good)
    scene.asked.clear()
    return request


@pytest.fixture
def answered(monkeypatch):
    """Answers in place of the server's, by operation; a text is an error's code."""
    call, answers = BaseClient._make_api_call, {}

    def answer(client, name, arguments):
        given = answers.get(name)
        if given is None:
            return call(client, name, arguments)
        if isinstance(given, str):
            raise ClientError({"Error": {"Code": given, "Message": "no"}}, name)
        return given(arguments) if callable(given) else given

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    return answers
