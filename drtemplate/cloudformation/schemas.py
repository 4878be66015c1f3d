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
# The property that names a resource where its identifier is something else, such as an ARN.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
_NAMES = {
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFacts:
    """What a schema says of a type; a property is a path, as ``HealthCheckConfig.Type``.

    Attributes:
        create_only: a change of it needs a new resource.
        conditional: a change of it may need a new resource.
        name: the property that gives the resource its physical name, or ''.
    """

    create_only: frozenset[str]
    conditional: frozenset[str]
    name: str


@functools.cache
def resource_facts(type_: str) -> ResourceFacts | None:
    """The facts of a type, or None if there is no schema, as for a custom resource."""
    if not re.fullmatch(r"\w+::\w+::\w+(::MODULE)?", type_) or type_.startswith("Custom::"):
        return None
    try:
        schema: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
            REGION, type_
        ).schema
    except ResourceNotFoundError:
        return None
    create_only = _paths(schema.get("createOnlyProperties", ()))
    # One property that is a name; a policy's bucket and a route's table are not the resource's own.
    identifier = [*_paths(schema.get("primaryIdentifier", ())), ""][:2]
    only = identifier[0] if identifier[1] == "" else ""
    is_name = only in create_only and only.endswith(("Name", "Identifier"))
    return ResourceFacts(
        create_only=create_only,
        conditional=_paths(schema.get("conditionalCreateOnlyProperties", ())),
        name=_NAMES.get(type_, only if is_name else ""),
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
