"""An account on loopback, and a record of everything that is asked of it."""

import json
import logging
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.loaders import create_loader
from moto.cloudformation.models import cloudformation_backends
from moto.server import ThreadedMotoServer

from drtemplate.checks.loading import load_template
from drtemplate.deploying.deploy import Request, deploy
from drtemplate.pipeline import default_output

STACK, REGION, ACCOUNT = "payments-dr", "us-east-1", "123456789012"
TEMPLATE = default_output("yaml")
# What plain moto makes by CloudFormation; it forgets outputs, and no resource of it takes time.
SMALL = """
Parameters:
  Name: {Type: String, AllowedPattern: '^/[a-z/]+$'}
  Secret: {Type: String, NoEcho: true, Default: ''}
  Size: {Type: Number, Default: 1}
Resources:
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: {Name: !Ref Name, Type: String, Value: !Sub '${Size} ${Secret}'}
"""
LATCHABLE = """
Resources:
  PrimaryHealthCheck:
    Type: AWS::Route53::HealthCheck
    Properties:
      HealthCheckConfig: {Type: HTTPS, FullyQualifiedDomainName: a.example.com, Port: 443}
"""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of moto's server; it knows nothing that an earlier test has made."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    served = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    yield f"http://{host}:{port}"
    served.stop()


@pytest.fixture(autouse=True, scope="session")
def quick() -> Iterator[None]:
    """The service models and the rendered template are read once, not for every test."""
    loader, load = create_loader(), load_template
    rendered = load(TEMPLATE)

    def loaded(path: Path, what: str = "template") -> dict[str, Any]:
        return rendered if path == TEMPLATE else load(path, what)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.loaders.create_loader", lambda *_: loader)
        patch.setattr("botocore.session.create_loader", lambda *_: loader, raising=False)
        patch.setattr("drtemplate.deploying.deploy.load_template", loaded)
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


@dataclass
class Scene:
    """A user at a terminal: files, what is said and shown, and what reaches the account."""

    folder: Path
    url: str
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)

    def write(self, name: str, content: object) -> Path:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def request(self, parameters: object, template: str | None = None, **more: object) -> Request:
        return Request(
            **{
                "stack": STACK,
                "parameters": self.write("params.json", parameters),
                "template": self.write("small.yaml", template) if template else TEMPLATE,
                "endpoint_url": self.url,
            }
            | more
        )

    def deploy(self, request: Request, **more: object) -> bool:
        return deploy(request, self.said.append, self.shown.append, **more)

    @contextmanager
    def never(self, command):
        self.commands.append(command.line())
        yield SimpleNamespace()

    def client(self, service: str):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION)

    def zone(self, name: str = "example.com", private: bool = False) -> str:
        more = {"VPC": {"VPCRegion": REGION, "VPCId": "vpc-1"}} if private else {}
        made = self.client("route53").create_hosted_zone(
            Name=name,
            CallerReference=name,
            HostedZoneConfig={"PrivateZone": private, "Comment": ""},
            **more,
        )
        return made["HostedZone"]["Id"].removeprefix("/hostedzone/")

    def create(self, template: str = SMALL, **parameters: str) -> None:
        self.client("cloudformation").create_stack(
            StackName=STACK,
            TemplateBody=template,
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
        )

    def set_status(self, status: str) -> None:
        """Put the stack into a state that moto never reaches by itself."""
        (stack,) = cloudformation_backends[ACCOUNT][REGION].stacks.values()
        stack.status = status

    @property
    def text(self) -> str:
        return "\n".join(self.said)


@pytest.fixture
def scene(server, tmp_path, monkeypatch) -> Scene:
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST"))
    # moto's own ids do not begin with a Z, as Route 53's do.
    numbers = iter(range(1000, 2000))
    monkeypatch.setattr(
        "moto.route53.models.create_route53_zone_id", lambda *_, **__: f"Z{next(numbers)}EXAMPLE"
    )
    scene = Scene(folder=tmp_path, url=server)
    call = BaseClient._make_api_call

    def recorded(client, operation, arguments):
        scene.asked.append(operation)
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    return scene


@pytest.fixture
def good(scene) -> dict[str, str]:
    """Parameters with which the rendered template may be deployed."""
    return {
        "DomainName": "pay.example.com",
        "HostedZoneId": scene.zone(),
        "AlertEmail": "oncall@example.com",
    }
