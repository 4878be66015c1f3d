"""A user at a terminal, and what reaches the account."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import boto3
from moto.cloudformation.models import cloudformation_backends

from drtemplate.deploying.deploy import deploy
from drtemplate.deploying.document import read_once
from drtemplate.deploying.preparation import check_locally, prepare
from drtemplate.deploying.request import Request
from drtemplate.pipeline import default_output

STACK, REGION, ACCOUNT = "payments-dr", "us-east-1", "123456789012"
# What an earlier deployment has made; without it, each would have to ask first.
BUCKET = f"drtemplate-artifacts-{ACCOUNT}-{REGION}"
# By this an earlier deployment shows that it has set the bucket up to the end.
LIFECYCLE = {"Rules": [{"ID": "a", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 9}}]}
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
                "yes": True,
            }
            | more
        )

    def deploy(self, request: Request, **more: object) -> bool:
        return deploy(request, self.said.append, self.shown.append, **more)

    def check(self, request: Request) -> bool:
        """Every check, and nothing after them."""
        with read_once(request.template) as document:
            prepare(request, document, check_locally(request, document, False), self.said.append)
        return True

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

    def set_health_check(self, title: str, disabled: bool, inverted: bool) -> None:
        described = self.client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId=title
        )
        check = described["StackResourceDetail"]["PhysicalResourceId"]
        self.client("route53").update_health_check(
            HealthCheckId=check, Disabled=disabled, Inverted=inverted
        )

    @property
    def text(self) -> str:
        return "\n".join(self.said)
