"""What is asked of the account before anything is sent; every answer may refuse the deployment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from drtemplate.cloudformation.reading import Template, of_type, target_of
from drtemplate.deploying.account import Account, account_call, code_of, is_missing
from drtemplate.deploying.command import Target
from drtemplate.errors import DeployError

# The states that an update may start from, with those that a change set treats as no stack.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
READY = frozenset(
    """CREATE_COMPLETE UPDATE_COMPLETE UPDATE_ROLLBACK_COMPLETE IMPORT_COMPLETE
    IMPORT_ROLLBACK_COMPLETE CREATE_FAILED UPDATE_FAILED REVIEW_IN_PROGRESS""".split()
)
ABSENT = ("", "REVIEW_IN_PROGRESS", "DELETE_COMPLETE")
# The health check that the orchestrator latches.
LATCHED = "PrimaryHealthCheck"


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack as it is.

    Attributes:
        status: '' if there is none.
        arn: its own; '' if there is none.
        tags: the user's, not AWS's own.
        protected: whether termination protection is on.
        updated: when it was last made or changed, or None.
        role: the service role that CloudFormation acts with, or ''.
    """

    status: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False
    updated: datetime | None = None
    role: str = ""

    @property
    def exists(self) -> bool:
        """Whether a deployment would be an update."""
        return self.status not in ABSENT


def look(account: Account, target: Target) -> Stack:
    """Ask CloudFormation for the stack.

    Raises:
        DeployError: it does not answer.
    """
    with account_call(f"ask for the stack {target.stack}"):
        try:
            found = account.cloudformation.describe_stacks(StackName=target.stack)["Stacks"][0]
        except ClientError as exc:
            if is_missing(exc):
                return Stack()
            raise
        return _stack(found)


def _stack(found: Mapping[str, Any]) -> Stack:
    return Stack(
        status=found["StackStatus"],
        parameters={
            parameter["ParameterKey"]: parameter.get("ParameterValue", "")
            for parameter in found.get("Parameters", [])
        },
        outputs={output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])},
        arn=found.get("StackId", ""),
        tags={
            tag["Key"]: tag["Value"]
            for tag in found.get("Tags", [])
            if not tag["Key"].startswith("aws:")
        },
        protected=bool(found.get("EnableTerminationProtection")),
        updated=found.get("LastUpdatedTime") or found.get("CreationTime"),
        role=found.get("RoleARN", ""),
    )


def check_state(stack: Stack, target: Target) -> None:
    """Refuse a stack that cannot be updated.

    Raises:
        DeployError: with the command that mends it.
    """
    if stack.status and stack.status not in (*READY, *ABSENT):
        raise DeployError(
            f"the stack {target.stack} is in {stack.status} and cannot be updated; "
            + remedy(stack.status, target)
        )


def remedy(status: str, target: Target) -> str:
    """How to get out of a state that no update can start from."""
    delete = target.hint("cloudformation", "delete-stack")
    if status == "ROLLBACK_COMPLETE":
        return f"delete it, then deploy again: {delete}"
    if status in ("ROLLBACK_FAILED", "DELETE_FAILED"):
        return (
            "lift the deletion protection that stopped it (docs/deploy.md, If the first deploy fails), "
            f"delete it, then deploy again: {delete}"
        )
    if status in ("UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED"):
        again = target.hint("cloudformation", "continue-update-rollback")
        return f"mend what stopped the rollback, then: {again}"
    if status.endswith("_IN_PROGRESS"):
        watch = target.hint("cloudformation", "describe-stack-events")
        return f"something is at work; wait for its end: {watch}"
    return f"look at {target.hint('cloudformation', 'describe-stack-events')}"


def check_zones(account: Account, template: Template, values: Mapping[str, str]) -> None:
    """Refuse a name that the public hosted zone it is to stand in cannot hold.

    Raises:
        DeployError: there is no such zone, it is private, or the name lies outside it.
    """
    for domain, zone in sorted(set(_records(template, values))):
        with account_call(f"ask for the hosted zone {zone}"):
            try:
                facts = account.route53.get_hosted_zone(Id=zone)["HostedZone"]
            except ClientError as exc:
                if code_of(exc) in ("NoSuchHostedZone", "InvalidInput"):
                    raise DeployError(
                        f"there is no hosted zone {zone} in this account; take one of: "
                        "aws route53 list-hosted-zones"
                    ) from exc
                raise
        apex = str(facts["Name"]).rstrip(".").lower()
        if facts.get("Config", {}).get("PrivateZone"):
            raise DeployError(
                f"the hosted zone {zone} ({apex}) is private, and the certificate and the clients "
                "need a public one; give that"
            )
        if domain != apex and not domain.endswith(f".{apex}"):
            raise DeployError(
                f"{domain} lies outside the hosted zone {zone}, which holds {apex}; give a name "
                f"that ends with .{apex}, or the zone that holds {domain}"
            )


def _records(template: Template, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and zone of each record whose name and zone parameters decide."""
    for _, record in of_type(template, "AWS::Route53::RecordSet"):
        domain = values.get(str(target_of(record.get("Name"))[0]), "")
        zone = values.get(str(target_of(record.get("HostedZoneId"))[0]), "")
        if domain and zone:
            yield domain.rstrip(".").lower(), zone


def is_latched(account: Account, target: Target) -> bool:
    """Whether the orchestrator holds the primary's health check unhealthy.

    The stack is asked, whatever the new template has: to take a latched health check away lifts the
    latch too.

    Raises:
        DeployError: CloudFormation or Route 53 does not answer.
    """
    config: Mapping[str, Any] = {}
    with account_call("ask for the failover latch (--force deploys without an answer)"):
        try:
            resource = account.cloudformation.describe_stack_resource(
                StackName=target.stack, LogicalResourceId=LATCHED
            )["StackResourceDetail"]
            check = account.route53.get_health_check(HealthCheckId=resource["PhysicalResourceId"])
            config = check["HealthCheck"]["HealthCheckConfig"]
        except ClientError as exc:
            # A stack that has no such health check cannot be latched.
            if not is_missing(exc) and code_of(exc) != "NoSuchHealthCheck":
                raise
    return bool(config.get("Disabled") and config.get("Inverted"))


def check_latch(account: Account, target: Target) -> None:
    """Refuse an update while the failover latch is on.

    Raises:
        DeployError: it is on.
    """
    if is_latched(account, target):
        raise DeployError(
            f"the failover latch of {target.stack} is on ({LATCHED} is Disabled and Inverted), "
            "and an update might lift it and send clients back to the primary; fail back first "
            "(docs/runbook.md#fail-back), or give --force (make: FORCE=1)"
        )
