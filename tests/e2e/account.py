"""An emulated AWS account on loopback, the real AWS CLI on it, and boto3."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from unittest import mock

import boto3
import moto.settings
from botocore.config import Config
from emulator import CHATS, CODE, ENDPOINTS, chat, mend, package
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "templates" / "dr-template.yaml"
# The pinned AWS CLI 1, or whatever `make e2e-cli2` has found.
AWS = Path(os.environ.get("AWS_CLI") or Path(sys.executable).with_name("aws"))
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
PATIENT = Config(read_timeout=600)  # however slow the machine is
# A failure of the emulator is not to be repeated.
ONCE = Config(retries={"total_max_attempts": 1}).merge(PATIENT)
NUMBERS = itertools.count(111_111_111_111)


class Account:
    """One account of the emulator, in one region.

    Attributes:
        url: ``http://localhost:PORT``: by this name moto finds the template that a URL leads to.
        number: the twelve digits of the account; each Account of a process has its own.
        bucket: what templates go through.
    """

    def __init__(self, url: str, number: str, region: str) -> None:
        self.url = url
        self.number = number
        self.region = region
        self.session = boto3.Session(region_name=region, **CREDENTIALS)
        self.clients: dict[str, Any] = {}
        self.bucket = f"templates-{number}"
        where = {} if region == "us-east-1" else {"LocationConstraint": region}
        more = {"CreateBucketConfiguration": where} if where else {}
        self.client("s3").create_bucket(Bucket=self.bucket, **more)

    def client(self, service: str, **overrides: Any) -> Any:
        """A boto3 client; ``overrides`` are its arguments, such as credentials or ``config``."""
        if not overrides and service in self.clients:
            return self.clients[service]
        given = {"endpoint_url": self.url, "config": ONCE} | overrides
        made = self.session.client(service, **given)
        return made if overrides else self.clients.setdefault(service, made)

    def environment(self) -> dict[str, str]:
        """Of a process that is to reach this account and no other."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return inherited | {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_ENDPOINT_URL_S3": self.url,  # --endpoint-url is not that of an upload
        }

    def cli(self, *words: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the AWS CLI, as a user of this account would."""
        return subprocess.run(
            [AWS, "--endpoint-url", self.url, *words],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=check,
        )

    def deploy(
        self, stack: str, parameters: Mapping[str, str], *words: str, template: Path = TEMPLATE
    ) -> subprocess.CompletedProcess[str]:
        """``aws cloudformation deploy``, as docs/deploy.md gives it; more ``words`` go to its end."""
        given = [f"{name}={value}" for name, value in parameters.items()]
        return self.cli(
            *("cloudformation", "deploy", "--stack-name", stack),
            *("--template-file", str(template), "--s3-bucket", self.bucket),
            *("--capabilities", "CAPABILITY_IAM"),
            *(["--parameter-overrides", *given] if given else []),
            *words,
        )

    def change(
        self,
        stack: str,
        template: Mapping[str, Any],
        parameters: Mapping[str, str],
        capability: str = "CAPABILITY_IAM",
    ) -> str:
        """Create or update a stack by the API, for templates that are made in a test.

        Returns:
            The stack's status.
        """
        client, known = self.client("cloudformation"), stack in self.stacks()
        self.client("s3").put_object(
            Bucket=self.bucket, Key=stack, Body=json.dumps(template).encode()
        )
        made = client.create_change_set(
            StackName=stack,
            ChangeSetName="change",
            ChangeSetType="UPDATE" if known else "CREATE",
            TemplateURL=f"{self.url}/{self.bucket}/{stack}",
            Capabilities=[capability],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
        )
        client.execute_change_set(ChangeSetName=made["Id"], StackName=stack)
        return self.status(made["StackId"])

    def reasons(self, stack: str) -> list[str]:
        """Why resources failed, in order: ``logical id: reason``."""
        return [
            f"{one['LogicalResourceId']}: {one['ResourceStatusReason']}"
            for one in self.events(stack)
            if one["ResourceStatus"].endswith("_FAILED") and one.get("ResourceStatusReason")
        ]

    def delete(self, stack: str) -> None:
        """Delete it by the API; its status tells what came of it."""
        self.client("cloudformation").delete_stack(StackName=stack)

    def stacks(self) -> set[str]:
        """The names of the stacks that there are."""
        found = self.client("cloudformation").describe_stacks()["Stacks"]
        return {str(one["StackName"]) for one in found}

    def status(self, stack: str) -> str:
        """The stack's status, also of one that is deleted if ``stack`` is its id."""
        found = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return str(found[0]["StackStatus"])

    def events(self, stack: str) -> list[dict[str, Any]]:
        """The stack's events, oldest first."""
        found = self.client("cloudformation").describe_stack_events(StackName=stack)
        return list(reversed(found["StackEvents"]))

    def outputs(self, stack: str) -> dict[str, str]:
        """The stack's outputs, by name."""
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}

    def physical_ids(self, stack: str) -> dict[str, str]:
        """Logical id -> physical id."""
        found = self.client("cloudformation").describe_stack_resources(StackName=stack)
        return {
            one["LogicalResourceId"]: one.get("PhysicalResourceId", "")
            for one in found["StackResources"]
        }

    def physical_id(self, stack: str, logical_id: str) -> str:
        """The physical id of one resource.

        Raises:
            KeyError: the stack has no such resource.
        """
        return self.physical_ids(stack)[logical_id]

    def hosted_zone(self, name: str) -> str:
        """Make a public hosted zone; return its id."""
        made = self.client("route53").create_hosted_zone(Name=name, CallerReference=name)
        return str(made["HostedZone"]["Id"]).rpartition("/")[2]


@contextmanager
def account(region: str = "us-east-1") -> Iterator[Account]:
    """An account of its own, empty, served on 127.0.0.1 until the end of the block."""
    mend()
    number = str(next(NUMBERS))
    settings = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "no_proxy": "localhost"}
    dispatcher = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"].startswith(CODE):
            start_response("200 OK", [("Content-Type", "application/zip")])
            return [package(number, environ["PATH_INFO"])]
        if environ["PATH_INFO"] in CHATS:
            asked = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            status, body = chat(number, environ["PATH_INFO"], json.loads(asked or "{}"))
            start_response(status, [("Content-Type", "application/json")])
            return [body]
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = number
        return dispatcher(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_QuietHandler)
    thread = Thread(target=server.serve_forever, daemon=True)
    with (
        mock.patch.dict(os.environ, settings),
        mock.patch.object(moto.settings, "ACM_VALIDATION_WAIT", 0),
    ):
        thread.start()
        url = ENDPOINTS[number] = f"http://localhost:{server.server_port}"
        try:
            yield Account(url, number, region)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            del ENDPOINTS[number]
            for backends in list(BackendDict._instances):
                backends.pop(number, None)


class _QuietHandler(MotoRequestHandler):
    """No line on standard error for every request."""

    def log(self, *_: Any) -> None:
        pass
