"""Facts about resource types, out of the schemas and lists that come with cfn-lint.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import cfnlint.data.AdditionalSpecs
from cfnlint.helpers import load_resource
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

REGION = "us-east-1"  # has every type
CUSTOM_RESOURCE = "AWS::CloudFormation::CustomResource"
# Ends of a property that a resource is named by, which may go on with the type: DBClusterIdentifier.
_ENDS = ("Name", "Identifier", "Id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFacts:
    """What a schema says of a type; a property is a path, as ``HealthCheckConfig.Type``.

    Attributes:
        create_only: a change of it needs a new resource.
        conditional: a change of it may need a new resource.
        name: the property that gives the resource its physical name, or ''.
        scope: properties within which the name is taken: of the same cluster, of the same function.
    """

    create_only: frozenset[str]
    conditional: frozenset[str]
    name: str
    scope: frozenset[str]


def is_custom(type_: str) -> bool:
    """Whether it is a custom resource, under either of its names."""
    return type_.startswith("Custom::") or type_ == CUSTOM_RESOURCE


@functools.cache
def resource_facts(type_: str) -> ResourceFacts | None:
    """The facts of a type, or None if nothing is known of it.

    So it is of a custom resource and of a module, and of what a macro makes into something else.
    """
    if not re.fullmatch(r"\w+::\w+::\w+", type_) or is_custom(type_):
        return None
    try:
        schema: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
            REGION, type_
        ).schema
    except ResourceNotFoundError:
        return None
    identifier = _paths(schema.get("primaryIdentifier", ()))
    if not identifier:
        return None
    create_only = _paths(schema.get("createOnlyProperties", ()))
    name = _name(type_, create_only, identifier)
    return ResourceFacts(
        create_only=create_only,
        conditional=_paths(schema.get("conditionalCreateOnlyProperties", ())),
        name=name,
        scope=_scope(type_, schema, create_only, identifier) - {name},
    )


def _name(type_: str, given: frozenset[str], identifier: frozenset[str]) -> str:
    """Which of the properties that are given for good is the resource's own name, or ''.

    It is the whole identifier, or it is called as the type is; a policy's bucket and a route's
    table are not the resource's own.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
    """
    if len(identifier) == 1 and (whole := identifier & given):
        (only,) = whole
        if only.endswith(_ENDS[:2]):
            return only
    kind = type_.rpartition("::")[2].lower()
    own = [
        path
        for path in sorted(given)
        for end in _ENDS
        if path.endswith(end) and "." not in path and kind.endswith(path.removesuffix(end).lower())
        if path != "Id"
    ]
    return own[0] if own else ""


def _scope(
    type_: str, schema: Mapping[str, Any], given: frozenset[str], identifier: frozenset[str]
) -> frozenset[str]:
    """What stands beside the name in the identifier.

    Where that is an id that AWS makes, what must be given and is called as another type of the same
    service: the function of an alias.
    """
    if identifier & given:
        return identifier & given
    service = type_.rpartition("::")[0]
    return frozenset(
        path
        for path in given & set(schema.get("required", ()))
        for end in _ENDS
        if path.endswith(end)
        and f"{service}::{path.removesuffix(end)}"
        in PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION)
    )


def _paths(pointers: Iterable[str]) -> frozenset[str]:
    """JSON pointers as property paths; an element of a list is no step."""
    return frozenset(
        ".".join(part for part in pointer.split("/")[2:] if part != "*") for pointer in pointers
    )


@functools.cache
def data_bearing_types() -> frozenset[str]:
    """Types whose resources hold what cannot be made again: databases, buckets, keys, logs."""
    listed = load_resource(cfnlint.data.AdditionalSpecs, "StatefulResources.json")
    return frozenset(listed["ResourceTypes"])
