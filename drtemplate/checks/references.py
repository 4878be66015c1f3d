"""Every name that is used exists, and every parameter, mapping and condition is used."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.checks.findings import Finding

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
PSEUDO_PARAMETERS = frozenset(
    f"AWS::{name}"
    for name in (
        "AccountId",
        "NoValue",
        "NotificationARNs",
        "Partition",
        "Region",
        "StackId",
        "StackName",
        "URLSuffix",
    )
)
_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


def sub_variables(text: str) -> list[str]:
    """The names between ``${`` and ``}`` in a Sub text; ``${!literal}`` is none."""
    return [name.strip() for name in _VARIABLE.findall(text)]


def without_variables(text: str) -> str:
    """What a Sub text has besides its variables; ``${!literal}`` stays as ``${literal}``."""
    return _VARIABLE.sub("", text).replace("${!", "${")


def check_references(template: Mapping[str, Any]) -> list[Finding]:
    """Find dangling references, and parameters, mappings and conditions that nothing uses."""
    resources = set(template.get("Resources", {}))
    known = {
        "resource": resources,
        "parameter or resource": resources
        | set(template.get("Parameters", {}))
        | PSEUDO_PARAMETERS,
        "mapping": set(template.get("Mappings", {})),
        "condition": set(template.get("Conditions", {})),
    }
    found: list[Finding] = []
    used: set[tuple[str, str]] = set()
    for where, kind, name in references(template):
        if name not in known[kind]:
            found.append(
                Finding(where, "dangling", f"refers to {name!r}, and no such {kind} exists")
            )
        used.add((kind, name))
    for section, kind in (
        ("Parameters", "parameter or resource"),
        ("Mappings", "mapping"),
        ("Conditions", "condition"),
    ):
        found += [
            Finding(f"{section}.{name}", "unused", "is used nowhere; remove it")
            for name in template.get(section, {})
            if (kind, name) not in used
        ]
    return found


def references(template: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each reference: path, kind of what is meant, and its name."""
    for title, resource in template.get("Resources", {}).items():
        path = f"Resources.{title}"
        depends = resource.get("DependsOn", [])
        for name in [depends] if isinstance(depends, str) else depends:
            yield f"{path}.DependsOn", "resource", name
        if "Condition" in resource:
            yield f"{path}.Condition", "condition", resource["Condition"]
        yield from _in_value(resource, path)
    for section in ("Conditions", "Outputs", "Rules"):
        for title, value in template.get(section, {}).items():
            path = f"{section}.{title}"
            if section == "Outputs" and "Condition" in value:
                yield f"{path}.Condition", "condition", value["Condition"]
            yield from _in_value(value, path)


def _in_value(value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _in_value(item, f"{path}[{number}]")
    elif isinstance(value, dict):
        if len(value) == 1:
            ((name, argument),) = value.items()
            yield from _in_function(name, argument, path)
        for key, item in value.items():
            yield from _in_value(item, path if key.startswith("Fn::") else f"{path}.{key}")


def _in_function(name: str, argument: Any, path: str) -> Iterator[tuple[str, str, str]]:
    first = argument[0] if isinstance(argument, list) and argument else argument
    if not isinstance(first, str):
        return
    if name == "Ref":
        yield path, "parameter or resource", first
    elif name == "Fn::GetAtt":
        yield path, "resource", first.partition(".")[0]
    elif name == "Fn::FindInMap":
        yield path, "mapping", first
    elif name in ("Fn::If", "Condition"):
        yield path, "condition", first
    elif name == "Fn::Sub":
        own = argument[1] if isinstance(argument, list) else {}
        for variable in sub_variables(first):
            if variable not in own:
                resource, _, attribute = variable.partition(".")
                yield path, "resource" if attribute else "parameter or resource", resource
