"""The engine behind moto's CloudFormation endpoint.

moto 5.2.5 parses requests, keeps stacks, change sets and events, and writes the answers. How it
creates, updates and deletes is replaced: it leaves unresolved references in place, skips unknown types
in silence, forgets outputs in the change-set path and rolls nothing back.
"""

import functools
import string
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import (
    AlreadyExistsException,
    CloudFormationError,
    ValidationError,
)
from moto.cloudformation.parsing import Export
from moto.cloudwatch.responses import CloudWatchResponse
from moto.moto_api._internal import mock_random
from moto.route53 import models as route53

from emulator.engine import Engine
from emulator.kinds import Refused, Surroundings
from emulator.table import KINDS
from emulator.template import checked_parameters

ENDPOINTS: dict[str, str] = {}  # account -> address of the server that serves it
FINAL = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


class InsufficientCapabilities(CloudFormationError):
    """An IAM resource without the user's word for it."""

    code = "InsufficientCapabilitiesException"


@functools.cache
def client(account: str, region: str, service: str) -> Any:
    """A client of the emulated account itself."""
    return boto3.client(service, region, endpoint_url=ENDPOINTS[account], **CREDENTIALS)


class Resources(Mapping[str, Any]):
    """What moto asks of a stack's resources, answered by the engine."""

    def __init__(self, stack_id: str, stack_name: str, *_: Any, **given: Any) -> None:
        account, region = given["account_id"], given["region_name"]
        self.events: list[models.Event] = []
        self.engine = Engine(
            stack=Surroundings(stack_name, stack_id, account, region),
            table=KINDS,
            client=functools.partial(client, account, region),
            tell=self._tell,
        )

    def load(self) -> None:
        """Nothing: templates come with their change set."""

    def __getitem__(self, name: str) -> Any:
        return self.engine.resources[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.engine.resources)

    def __len__(self) -> int:
        return len(self.engine.resources)

    @property
    def resolved_parameters(self) -> dict[str, str]:
        return self.engine.parameters

    def build_change_set_actions(self, template: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The changes that describe-change-set lists."""
        old, new = self.engine.template.get("Resources", {}), template["Resources"]
        actions = {
            "Add": [name for name in new if name not in old],
            "Modify": [name for name in new if name in old and new[name] != old[name]],
            "Remove": [name for name in old if name not in new],
        }
        return {
            action: {
                name: {"LogicalResourceId": name, "ResourceType": (new | old)[name]["Type"]}
                for name in names
            }
            for action, names in actions.items()
        }

    def _tell(self, logical_id: str, physical_id: str, type_: str, status: str, why: str) -> None:
        stack = self.engine.stack
        self.events.append(
            models.Event(stack.id, stack.name, logical_id, physical_id, type_, status, why, None)
        )


class Outputs(Mapping[str, Any]):
    """moto's map of outputs; empty, since the engine answers for them."""

    exports: tuple[Export, ...] = ()

    def __init__(self, *_: Any) -> None:
        pass

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _exports(stack: models.Stack) -> list[Export]:
    return [
        Export(stack.stack_id, output["Export"]["Name"], output["Value"])
        for output in stack.resource_map.engine.outputs.values()
        if output["Export"]
    ]


def _outputs(stack: models.Stack) -> list[dict[str, Any]]:
    return [
        {"OutputKey": k, "OutputValue": str(o["Value"]), "ExportName": o["Export"].get("Name")}
        for k, o in stack.resource_map.engine.outputs.items()
    ]


def _parameters(stack: models.Stack) -> list[dict[str, str]]:
    engine = stack.resource_map.engine
    hidden = {
        k for k, v in engine.template.get("Parameters", {}).items() if v.get("NoEcho") is True
    }
    return [
        {"ParameterKey": k, "ParameterValue": "****" if k in hidden else v}
        for k, v in engine.parameters.items()
    ]


def _named(backend: models.CloudFormationBackend, name: str) -> models.Stack | None:
    return next((s for s in backend.stacks.values() if name in (s.name, s.stack_id)), None)


def _create_change_set(
    backend: models.CloudFormationBackend,
    stack_name: str,
    change_set_name: str,
    template: str,
    parameters: dict[str, str],
    description: str,
    change_set_type: str,
    **rest: Any,
) -> tuple[str, str]:
    stack, parsed = _named(backend, stack_name), models.Stack.parse_template(template)
    _validate(parsed, parameters)
    if change_set_type == "CREATE":
        if stack and stack.status != "REVIEW_IN_PROGRESS":
            raise AlreadyExistsException(f"Stack [{stack_name}] already exists")
        if stack is None:
            stack_id = models.generate_stack_id(stack_name, backend.region_name, backend.account_id)
            stack = models.Stack(
                stack_id, stack_name, {}, {}, backend.account_id, backend.region_name
            )
            stack.events = stack.resource_map.events
            stack.status = "REVIEW_IN_PROGRESS"
            backend.stacks[stack_id] = stack
    elif stack is None:
        raise ValidationError(stack_name)
    elif stack.status not in FINAL:
        where = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        raise ValidationError(message=where)
    identity = models.generate_changeset_id(
        change_set_name, backend.region_name, backend.account_id
    )
    made = models.ChangeSet(
        change_set_type, identity, change_set_name, stack, template, parameters, description, **rest
    )
    made.status, made.execution_status = "CREATE_COMPLETE", "AVAILABLE"
    engine = stack.resource_map.engine
    wanted = checked_parameters(parsed.get("Parameters", {}), parameters)
    if (engine.template, engine.parameters) == (parsed, wanted):
        made.status, made.execution_status = "FAILED", "UNAVAILABLE"
        made.status_reason = "The submitted information didn't contain changes."
    backend.change_sets[identity] = made
    return identity, stack.stack_id


def _validate(template: dict[str, Any], parameters: dict[str, str]) -> None:
    if not template.get("Resources"):
        raise ValidationError(
            message="Template format error: At least one Resources member must be defined."
        )
    try:
        checked_parameters(template.get("Parameters", {}), parameters)
    except Refused as error:
        raise ValidationError(message=str(error)) from error


def _execute_change_set(
    backend: models.CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> None:
    change_set = backend.describe_change_set(change_set_name)
    stack = change_set.stack
    stack.status = stack.resource_map.engine.deploy(
        change_set.template_dict, change_set.parameters, rollback=True
    )
    stack.template, stack.template_dict = change_set.template, change_set.template_dict
    change_set.execution_status = "EXECUTE_COMPLETE"
    _publish_exports(backend, stack)


def _publish_exports(backend: models.CloudFormationBackend, stack: models.Stack) -> None:
    for name in [n for n, e in backend.exports.items() if e.exporting_stack_id == stack.stack_id]:
        del backend.exports[name]
    if stack.status in FINAL:
        backend.exports.update({export.name: export for export in stack.exports})


def _delete_stack(backend: models.CloudFormationBackend, name_or_stack_id: str) -> None:
    stack = _named(backend, name_or_stack_id)
    if stack is None:
        return
    stack.status = stack.resource_map.engine.delete()
    _publish_exports(backend, stack)
    if stack.status == "DELETE_COMPLETE":
        backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)


def _with_capabilities(response: responses.CloudFormationResponse) -> Any:
    """CreateChangeSet, which refuses IAM resources that the user has not agreed to."""
    template = models.Stack.parse_template(response._get_param("TemplateBody") or "{}")
    resources = template.get("Resources", {}).values()
    iam = [one for one in resources if one["Type"].startswith("AWS::IAM::")]
    named = any(one.get("Properties", {}).keys() & {"RoleName", "UserName"} for one in iam)
    needed = {"CAPABILITY_NAMED_IAM"} if named else {"CAPABILITY_NAMED_IAM", "CAPABILITY_IAM"}
    if iam and not needed & set(response._get_param("Capabilities") or ()):
        raise InsufficientCapabilities(f"Requires capabilities : [{min(needed, key=len)}]")
    return _create_change_set_of_moto(response)


_create_change_set_of_moto = responses.CloudFormationResponse.create_change_set


def _zone_id(**_: Any) -> str:
    """A hosted zone's id begins with Z; moto's may begin with anything."""
    return "Z" + "".join(mock_random.choices(string.ascii_uppercase + string.digits, k=20))


def _unsupported(*_: Any, **__: Any) -> None:
    raise ValidationError(message="the emulator deploys by change sets only")


def mend() -> None:
    """Put the engine behind moto's endpoint; once in a process is enough, twice does no harm."""
    models.ResourceMap, models.OutputMap = Resources, Outputs
    stack, backend = models.Stack, models.CloudFormationBackend
    stack.exports = property(_exports)
    stack.outputs = property(_outputs)
    stack.parameter_list = property(_parameters)
    backend.create_change_set = _create_change_set
    backend.execute_change_set = _execute_change_set
    backend.delete_stack = _delete_stack
    backend.create_stack = backend.update_stack = _unsupported
    answers = responses.CloudFormationResponse
    answers.create_change_set = _with_capabilities
    # It compares untyped parameters, and CreateChangeSet says it otherwise.
    answers._validate_different_update = lambda *_: None
    route53.create_route53_zone_id = _zone_id
    # The model is there, and the action only lacks its name.
    CloudWatchResponse.put_composite_alarm = CloudWatchResponse.put_metric_alarm
