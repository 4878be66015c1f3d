"""The AWS CLI's command line: what it is, how it is shown, and how it is run."""

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from drtemplate.deploying.bucket import Bucket
from drtemplate.deploying.document import Document
from drtemplate.errors import DeployError

# Properties by which a template names IAM resources itself.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
_IAM_NAMES = ("RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName")
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a deployment goes: the stack, its region, and a server other than AWS's."""

    stack: str
    region: str
    endpoint_url: str | None = None
    profile: str | None = None

    def hint(self, *words: str) -> str:
        """An ``aws`` command about this stack, for people to copy."""
        more = ["--profile", self.profile] if self.profile else []
        more += ["--endpoint-url", self.endpoint_url] if self.endpoint_url else []
        return shlex.join(
            ["aws", *words, "--stack-name", self.stack, "--region", self.region, *more]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a stack gets beside template and parameters.

    Attributes:
        role_arn: the service role that CloudFormation is to act with; None for the stack's own.
        notification_arns: topics that get the events; none for the stack's own.
        tags: of the stack and all its resources, all of them.
    """

    role_arn: str | None = None
    notification_arns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``aws cloudformation deploy`` as far as the change set, ready to run.

    Attributes:
        aws: path of the AWS CLI.
        words: what follows it, without the parameters.
        parameters: parameter -> value.
        piped: whether the parameters go through a pipe. They do if one is secret: a command line
            is for everybody on the machine to read.
        replaced: a word -> what people are shown in its place.
        environment: variables that the process gets beside this one's own.
    """

    aws: Path
    words: tuple[str, ...]
    parameters: Mapping[str, str]
    piped: bool
    replaced: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def line(self, descriptor: int | None = None) -> list[str]:
        """The words to run; ``descriptor`` is the pipe's number in the new process."""
        overrides = [f"{name}={value}" for name, value in self.parameters.items()]
        if self.piped:
            overrides = [f"file:///dev/fd/{'N' if descriptor is None else descriptor}"]
        more = ["--parameter-overrides", *overrides] if overrides else []
        return [str(self.aws), *self.words, *more]

    def shown(self) -> str:
        """The command line for people, quoted as a shell wants it."""
        given = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        words = [self.replaced.get(word, word) for word in self.line()[1:]]
        return " ".join([*given, shlex.join([_short(self.aws), *words])])


def _short(path: Path) -> str:
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def capabilities(template: Mapping[str, Any]) -> list[str]:
    """What CloudFormation wants acknowledged before it makes such a template."""
    facts = [
        resource.get("Properties", {})
        for resource in template["Resources"].values()
        if str(resource["Type"]).startswith("AWS::IAM::")
    ]
    named = any(name in properties for properties in facts for name in _IAM_NAMES)
    wanted = [("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")] if facts else []
    return wanted + (["CAPABILITY_AUTO_EXPAND"] if "Transform" in template else [])


def make_command(
    aws: Path,
    target: Target,
    document: Document,
    bucket: Bucket,
    parameters: Mapping[str, str],
    secret: bool,
    wishes: Wishes,
) -> Command:
    """The command that makes the change set; ``secret``: whether a parameter must not be seen."""
    words = ["cloudformation", "deploy", "--stack-name", target.stack]
    words += ["--template-file", str(document.copy), "--region", target.region]
    # Whatever lies under the key already is not trusted: the checked bytes are sent every time.
    words += ["--s3-bucket", bucket.name, "--s3-prefix", key_prefix(target, document)]
    words.append("--force-upload")
    if target.profile:
        words += ["--profile", target.profile]
    if target.endpoint_url:
        words += ["--endpoint-url", target.endpoint_url]
    if wanted := capabilities(document.template):
        words += ["--capabilities", *wanted]
    if wishes.role_arn:
        words += ["--role-arn", wishes.role_arn]
    if wishes.notification_arns:
        words += ["--notification-arns", *wishes.notification_arns]
    # Always all of them: without the option, the AWS CLI sends an empty list.
    if wishes.tags:
        words += ["--tags", *(f"{key}={value}" for key, value in wishes.tags.items())]
    words += ["--no-execute-changeset", "--no-fail-on-empty-changeset"]
    return Command(
        aws=aws,
        words=tuple(words),
        parameters=parameters,
        piped=secret,
        replaced={str(document.copy): _short(document.path)},
        # ``--endpoint-url`` is CloudFormation's alone; the upload goes to the same server by this.
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        # The other variable: a profile, or the shell, may say that such addresses are ignored.
        environment=(
            {
                "AWS_ENDPOINT_URL_S3": target.endpoint_url,
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
            }
            if target.endpoint_url
            else {}
        ),
    )


def key_prefix(target: Target, document: Document) -> str:
    """What the object's key begins with; the AWS CLI adds the MD5 and ``.template``."""
    return f"drtemplate/{target.stack}/{document.sha256}"


class Run:
    """The AWS CLI at work; what it says is kept until it is wanted."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: IO[bytes]) -> None:
        self._process = process
        self._said = said

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, at most so long; its exit code, or None while it goes on."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def said(self) -> str:
        """What it has written to standard output and error."""
        self._said.seek(0)
        return self._said.read().decode(errors="replace")

    def stop(self) -> None:
        """End it if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
            if self.wait(STOP_SECONDS) is None:
                self._process.kill()
                self._process.wait()


@contextmanager
def started(command: Command) -> Iterator[Run]:
    """Start the AWS CLI; it is ended when the block is left.

    Raises:
        DeployError: it cannot be started.
    """
    try:
        kept = tempfile.TemporaryFile()  # noqa: SIM115 (closed below)
    except OSError as exc:
        raise DeployError(
            f"no room for what the AWS CLI says; set TMPDIR to a folder that has: {exc.strerror}"
        ) from exc
    reading, writing = os.pipe() if command.piped else (None, None)
    with kept as said:
        try:
            process = subprocess.Popen(
                command.line(reading),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                pass_fds=() if reading is None else (reading,),
                env=os.environ | command.environment,
            )
        except OSError as exc:
            if writing is not None:
                os.close(writing)
            raise DeployError(f"{command.aws}: cannot be started: {exc.strerror}") from exc
        finally:
            if reading is not None:
                os.close(reading)
        run = Run(process, said)
        try:
            if writing is not None:
                _hand_over(writing, command.parameters)
            yield run
        finally:
            run.stop()


def _hand_over(writing: int, parameters: Mapping[str, str]) -> None:
    """Write the parameters in the form that ``--parameter-overrides file://`` reads."""
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    # A process that ended before it read them says why by itself.
    with suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
        pipe.write(json.dumps(overrides).encode())
