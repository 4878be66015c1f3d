"""AWS's order of a template's sections, and of the keys of what stands in them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from collections.abc import Mapping
from typing import Any

SECTIONS = (
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
)
RESOURCE_ATTRIBUTES = (
    "Type",
    "Condition",
    "DependsOn",
    "CreationPolicy",
    "UpdatePolicy",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "Properties",
)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
PARAMETER_KEYS = (
    "Type",
    "Description",
    "Default",
    "NoEcho",
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "ConstraintDescription",
)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
OUTPUT_KEYS = ("Condition", "Description", "Value", "Export")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
STATEMENT_KEYS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
ENTRY_KEYS = {
    "Parameters": PARAMETER_KEYS,
    "Resources": RESOURCE_ATTRIBUTES,
    "Outputs": OUTPUT_KEYS,
}


def in_order(mapping: Mapping[str, Any], order: tuple[str, ...]) -> list[str]:
    """The mapping's keys: those of the order first, the others as they stand."""
    known = [key for key in order if key in mapping]
    return known + [key for key in mapping if key not in order]


def ordered(value: Any, order: tuple[str, ...]) -> Any:
    """The same mapping with its keys in this order; anything else as it is."""
    return {key: value[key] for key in in_order(value, order)} if isinstance(value, dict) else value
