"""The engine behind moto's CloudFormation endpoint.

moto 5.2.5 parses requests, keeps stacks, change sets and events, and writes the answers. How it
creates, updates and deletes is replaced: it leaves unresolved references in place, skips unknown types
in silence, forgets outputs in the change-set path and rolls nothing back.
"""

import functools
import json
import string
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.config import Config
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.cloudformation import exceptions, models, responses
from moto.cloudformation.exceptions import ValidationError
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.iam.access_control import PermissionResult
from moto.moto_api._internal import mock_random
from moto.route53 import models as route53
from moto.s3.models import FakeBucket

from drtemplate.cloudformation.parameters import MASK, is_secret
from emulator.change_set import PAGE, Description, without_values
from emulator.engine import Engine
from emulator.queries import mend_queries
from emulator.resource import Resource, Surroundings
from emulator.restores import mend_restores
from emulator.selections import mend_selections
from emulator.shapes import Refused
from emulator.template import checked_parameters

ENDPOINTS: dict[str, str] = {}  # account -> address of the server that serves it
FINAL = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
Backend, Stack = models.CloudFormationBackend, models.Stack
CODE = "/lambda-code/"
GET_CODE = LambdaFunction.get_code
LOGGING_PERMITTED = FakeBucket._log_permissions_enabled_policy
PARSE = Stack.parse_template
CREATE_CHANGE_SET = Backend.create_change_set
ANSWER_CREATE_CHANGE_SET = responses.CloudFormationResponse.create_change_set


class InsufficientCapabilities(exceptions.CloudFormationError):
    """An IAM resource without the user's word for it."""

    code = "InsufficientCapabilitiesException"


@functools.cache
def client(address: str, region: str, service: str) -> Any:
    """A client of the emulated account itself."""
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, region, endpoint_url=address, config=once, **CREDENTIALS)


class Resources(dict[str, Resource]):
    """What moto asks of a stack's resources; the engine answers."""

    def __init__(self, stack_id: str, name: str, *_: Any, **given: Any) -> None:
        account, region = given["account_id"], given["region_name"]
        here = functools.partial(client, ENDPOINTS[account], region)
        self.engine = Engine(Surroundings(name, stack_id, account, region, here), self)

    def load(self) -> None:
        """Nothing: the template comes with its change set."""

    @property
    def resolved_parameters(self) -> dict[str, str]:
        return self.engine.parameters


def _exports(stack: Stack) -> list[Any]:
    values = stack.resource_map.engine.outputs.values()
    named = [output for output in values if output.get("Export")]
    return [models.Export(stack.stack_id, o["Export"]["Name"], o["Value"]) for o in named]


def _outputs(stack: Stack) -> list[dict[str, Any]]:
    shown = []
    for name, output in stack.resource_map.engine.outputs.items():
        export = output.get("Export", {}).get("Name")
        shown.append({"OutputKey": name, "OutputValue": str(output["Value"]), "ExportName": export})
    return shown


def _parameters(stack: Stack) -> list[dict[str, str]]:
    engine = stack.resource_map.engine
    shown = _masked(engine.template, engine.parameters)
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in shown.items()]


def _masked(template: dict[str, Any], parameters: dict[str, str]) -> dict[str, str]:
    declared = template.get("Parameters", {})
    return {
        name: MASK if is_secret(declared[name]) else value for name, value in parameters.items()
    }


def _parsed(text: str) -> dict[str, Any]:
    """JSON as JSON: reading it as YAML takes a hundred times as long."""
    return json.loads(text) if text.startswith("{") else PARSE(text)


def _find(backend: Backend, name: str | None) -> Stack | None:
    return next((s for s in backend.stacks.values() if name in (s.name, s.stack_id)), None)


def _answer_create_change_set(response: responses.CloudFormationResponse) -> Any:
    """Refuse IAM resources that the user has not agreed to."""
    url = response._get_param("TemplateURL")
    template = Stack.parse_template(
        response._get_stack_from_s3_url(url) if url else response._get_param("TemplateBody")
    )
    resources = template.get("Resources", {}).values()
    iam = [one for one in resources if one["Type"].startswith("AWS::IAM::")]
    named = any("RoleName" in one.get("Properties", {}) for one in iam)
    enough = ["CAPABILITY_NAMED_IAM"] if named else ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
    if iam and not set(enough) & set(response._get_param("Capabilities") or ()):
        raise InsufficientCapabilities(f"Requires capabilities : [{enough[0]}]")
    return ANSWER_CREATE_CHANGE_SET(response)


def _answer_describe_change_set(response: responses.CloudFormationResponse) -> Any:
    """The changes of one page, with or without their values."""
    change_set = response.cloudformation_backend.describe_change_set(
        response._get_param("ChangeSetName")
    )
    engine, template = change_set.stack.resource_map.engine, change_set.template_dict
    if change_set.status == "CREATE_COMPLETE" and not hasattr(change_set, "described"):
        change_set.described = Description(engine, template, change_set.parameters).changes
    changes = getattr(change_set, "described", [])
    token = response._get_param("NextToken") or "0"
    if not token.isdigit() or int(token) > len(changes):
        raise ValidationError(message="The specified NextToken is invalid")
    end = int(token) + PAGE
    page = changes[int(token) : end]
    if not response._get_bool_param("IncludePropertyValues", False):
        page = without_values(page)
    answer = {
        "ChangeSetName": change_set.change_set_name,
        "ChangeSetId": change_set.change_set_id,
        "StackId": change_set.stack_id,
        "StackName": change_set.stack_name,
        "Parameters": _masked(template, change_set.parameters),
        "CreationTime": change_set.creation_time,
        "ExecutionStatus": change_set.execution_status,
        "Status": change_set.status,
        "StatusReason": change_set.status_reason,
        "Changes": [{"Type": "Resource", "ResourceChange": one} for one in page],
        "NextToken": str(end) if end < len(changes) else None,
    }
    return ActionResult({name: value for name, value in answer.items() if value is not None})


def _create_change_set(backend: Backend, **given: Any) -> tuple[str, str]:
    stack = _find(backend, given["stack_name"])
    declared = Stack.parse_template(given["template"]).get("Parameters", {})
    try:
        given["parameters"] = checked_parameters(declared, given["parameters"])
    except Refused as error:
        raise ValidationError(message=str(error)) from error
    if given["change_set_type"] == "CREATE" and stack:
        if stack.status != "REVIEW_IN_PROGRESS":
            raise exceptions.AlreadyExistsException(f"Stack [{stack.name}] already exists")
        del backend.stacks[stack.stack_id]
    elif stack and stack.status not in FINAL:
        where = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        raise ValidationError(message=where)
    return CREATE_CHANGE_SET(backend, **given)


def _execute_change_set(backend: Backend, change_set_name: str, stack_name: str | None) -> None:
    change_set = backend.describe_change_set(change_set_name)
    stack = change_set.stack
    engine = stack.resource_map.engine

    def tell(*facts: str) -> None:
        stack.events.append(models.Event(stack.stack_id, stack.name, *facts, None))

    engine.tell = tell
    stack.status = engine.deploy(change_set.template_dict, change_set.parameters)
    stack.status_reason = stack.events[-1].resource_status_reason
    if stack.status != "UPDATE_ROLLBACK_COMPLETE":
        stack.template, stack.parameters = change_set.template, engine.parameters
    change_set.execution_status = "EXECUTE_COMPLETE"
    _publish(backend, stack)


def _delete_stack(backend: Backend, name_or_stack_id: str) -> None:
    stack = _find(backend, name_or_stack_id)
    if stack:
        stack.status = stack.resource_map.engine.delete()
        stack.status_reason = stack.events[-1].resource_status_reason
        _publish(backend, stack)
    if stack and stack.status == "DELETE_COMPLETE":
        backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)


def _publish(backend: Backend, stack: Stack) -> None:
    """Let the region's exports be those that the stack has now."""
    for name in [n for n, e in backend.exports.items() if e.exporting_stack_id == stack.stack_id]:
        del backend.exports[name]
    if stack.status in FINAL:
        backend.exports.update({export.name: export for export in stack.exports})


def _code(function: LambdaFunction) -> dict[str, Any]:
    """What GetFunction says; its package can be fetched from where it says."""
    answer = GET_CODE(function)
    path = f"{CODE}{function.region}/{function.function_name}"
    answer["Code"]["Location"] = f"{ENDPOINTS[function.account_id]}{path}"
    return answer


def package(account: str, path: str) -> bytes:
    """The deployment package at a path that GetFunction gave."""
    region, name = path.removeprefix(CODE).split("/")
    return bytes(lambda_backends[account][region].get_function(name).code_bytes)


def _zone_id(**_: Any) -> str:
    """A hosted zone's id begins with Z; moto's may begin with anything."""
    return "Z" + "".join(mock_random.choices(string.ascii_uppercase + string.digits, k=20))


def _logging_permitted(target_bucket: FakeBucket, target_prefix: str | None) -> Any:
    """moto fails at a statement for everybody, such as "TLS only"."""
    found = json.loads(target_bucket.policy or '{"Statement": []}')["Statement"]
    named = [one for one in found if isinstance(one["Principal"], dict)]
    bucket = SimpleNamespace(
        policy=json.dumps({"Statement": named}).encode(),
        partition=target_bucket.partition,
        name=target_bucket.name,
    )
    return LOGGING_PERMITTED(bucket, target_prefix)


def _unsupported(*_: Any, **__: Any) -> None:
    raise ValidationError(message="the emulator deploys by change sets only")


def mend() -> None:
    """Put the engine behind moto's endpoint; twice does no harm."""
    models.ResourceMap, models.OutputMap = Resources, lambda *_: None
    Stack.exports, Stack.outputs = property(_exports), property(_outputs)
    Stack.parameter_list, Stack.parse_template = property(_parameters), staticmethod(_parsed)
    models.ChangeSet._parse_template = lambda self: vars(self).update(
        template_dict=_parsed(self.template)
    )
    models.ChangeSet.diff = lambda _: []
    Backend.create_change_set, Backend.execute_change_set = _create_change_set, _execute_change_set
    Backend.create_stack = Backend.update_stack = _unsupported
    Backend.delete_stack = _delete_stack
    answers = responses.CloudFormationResponse
    answers.create_change_set = _answer_create_change_set
    answers.describe_change_set = _answer_describe_change_set
    answers.RESPONSE_KEY_PATH_TO_TRANSFORMER.pop("DescribeChangeSetOutput.Changes", None)
    # It compares before anything is known, and CreateChangeSet says it otherwise.
    answers._validate_different_update = lambda *_: None
    route53.create_route53_zone_id, LambdaFunction.get_code = _zone_id, _code
    # moto leaves a statement's Condition out, and takes "deny without TLS" for "deny".
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL
    FakeBucket._log_permissions_enabled_policy = staticmethod(_logging_permitted)
    # The model is there; the action only lacks its name.
    CloudWatchResponse.put_composite_alarm = CloudWatchResponse.put_metric_alarm
    mend_queries()
    mend_selections()
    mend_restores()
