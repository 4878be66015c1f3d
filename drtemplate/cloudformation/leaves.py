"""A template as a flat table of leaves in which equal meaning is equal text.

A leaf is a scalar or a reference. What CloudFormation reads alike becomes alike here: long and
short intrinsics, a Sub or Join of one variable and a Ref, 443 and '443', a scalar and a list of one
where IAM allows both, lists whose order means nothing, blanks at the ends of lines of code.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.intrinsics import SCALARS, Text, function_of, scalar_text
from drtemplate.cloudformation.lookups import symbolic

# What identifies an element in a list whose order means nothing.
KEYED = {
    "Tags": "Key",
    "HealthCheckTags": "Key",
    "Dimensions": "Name",
    "AttributeDefinitions": "AttributeName",
    "GlobalSecondaryIndexes": "IndexName",
    "Policies": "PolicyName",
    "Statement": "Sid",
    "Rules": "Id",
    "Targets": "Id",
    "DomainValidationOptions": "DomainName",
}
# Lists that are sets.
SETS = frozenset(
    """AlarmActions AllowedValues DependsOn EnableCloudwatchLogsExports InsufficientDataActions
    ManagedPolicyArns OKActions RouteTableIds SecurityGroupEgress SecurityGroupIds
    SecurityGroupIngress SecurityGroups SubnetIds Subnets Topics VpcSecurityGroupIds""".split()
)
# Policy documents, in which a scalar is a list of one and each list a set, and event patterns,
# in which each list is a set of alternatives.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
POLICIES = frozenset(("AssumeRolePolicyDocument", "KeyPolicy", "PolicyDocument"))
PATTERNS = frozenset(("EventPattern",))
STRUCTURE = frozenset(("Effect", "Id", "Sid", "Version"))
# What may be a text; every other function stays a collection of its arguments.
_TEXTS = frozenset(("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join"))
_HOLDERS = re.compile(r"Conditions|Mappings|Outputs|Parameters|Rules|Resources\.\w+\.Properties")
_ONE_VARIABLE = re.compile(r"\$\{([^!{}]+)\}")


def leaves(template: Mapping[str, Any]) -> dict[str, str]:
    """Path -> text of every leaf, as ``Resources.VPC.Properties.CidrBlock`` -> ``10.0.0.0/16``."""
    return {path: text for key, value in template.items() for path, text in _walk(value, key, key)}


def ancestors(path: str) -> Iterator[str]:
    """Each path from the section down to the path itself; a list's element is a step too."""
    depth = 0
    for end, character in enumerate(path):
        if depth == 0 and character in ".[":
            yield path[:end]
        depth += (character == "[") - (character == "]")
    yield path


def without_function(path: str) -> str:
    """The path up to a function; one in the name of a list's element is none."""
    above, _, _ = path.partition(".Fn::")
    return above if above.count("[") == above.count("]") else path


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Paths of leaves that are not the same -> the highest above that the other side does not have.

    What only holds names, such as Outputs or a resource's Properties, is passed over, and is the same
    empty as not at all. An empty list is no leaf that differs beside the members that it got.
    """
    found = {}
    for path in (*after, *before):
        if before.get(path) != after.get(path):
            found[path] = path
    for side, other in ((before, after), (after, before)):
        present = {above for path in other for above in ancestors(path)}
        for path in side.keys() - other.keys():
            empty = side[path] in ("{}", "[]")
            if empty and (path in present or _HOLDERS.fullmatch(path)):
                del found[path]
            else:
                found[path] = _only_there(path, present)
    return found


def _only_there(path: str, other: Collection[str]) -> str:
    own = (above for above in ancestors(path) if above not in other)
    return next((above for above in own if not _HOLDERS.fullmatch(above)), path)


def _walk(value: Any, path: str, key: str, context: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves below ``path``; ``context`` is policy, pattern or nothing."""
    if (text := _leaf(value)) is not None:
        if context == "policy" and key not in STRUCTURE and key != "":
            text = text.lower() if key in ("Action", "NotAction") else text
            yield f"{path}[{text}]", text
        elif key in SETS:
            yield f"{path}[{text}]", text
        else:
            yield path, text
    elif context == "policy" and key == "Statement" and isinstance(value, dict):
        yield from _walk_list([value], path, key, context)
    elif isinstance(value, dict):
        if not value:
            yield path, "{}"
        for name, item in value.items():
            # A function's arguments keep their order wherever it stands.
            inner = "" if name.startswith("Fn::") else context or _context(name)
            yield from _walk(item, f"{path}.{name}", name, inner)
    elif isinstance(value, list):
        yield from _walk_list(value, path, key, context)
    else:
        raise TypeError(f"{path}: {value!r} is no template value")


def _context(key: str) -> str:
    return "policy" if key in POLICIES else "pattern" if key in PATTERNS else ""


def _walk_list(value: list[Any], path: str, key: str, context: str) -> Iterator[tuple[str, str]]:
    if not value:
        yield path, "[]"
        return
    names = _names(value, key)
    is_set = key in SETS or (context and key != "Statement")
    for number, item in enumerate(value):
        text = _leaf(item)
        if is_set:
            name = text if text is not None else _canonical(item)
            if context == "policy" and key in ("Action", "NotAction"):
                name = name.lower()
            yield f"{path}[{name}]", name
        else:
            yield from _walk(item, f"{path}[{names[number]}]", "", context)


def _names(value: list[Any], key: str) -> list[str]:
    """What stands in the brackets: the elements' own names, or else their positions."""
    positions = [str(number) for number in range(len(value))]
    identifier = KEYED.get(key)
    if identifier is None or not all(isinstance(item, dict) for item in value):
        return positions
    names = [
        _leaf(item[identifier]) or position if identifier in item else position
        for item, position in zip(value, positions, strict=True)
    ]
    return names if len(set(names)) == len(names) else positions


def _canonical(value: Any) -> str:
    """One text for a collection that is compared as a whole."""
    parts = sorted(f"{path}={text}" for path, text in _walk(value, "", ""))
    return " ".join(part.removeprefix(".") for part in parts)


def _leaf(value: Any) -> str | None:
    """The text of a scalar or a reference, or None for a collection."""
    found = function_of(value)
    if found and found[0] in _TEXTS:
        value = symbolic(value)
    if isinstance(value, Text):
        return _reference(value)
    return _plain(scalar_text(value)) if isinstance(value, SCALARS) else None


def _plain(text: str) -> str:
    """A text as a leaf; one that looks like a reference of this table must not equal it."""
    return _trimmed(f"'{text}" if text.startswith(("!", "'")) else text)


def _reference(text: Text) -> str:
    """A text with references in it as a leaf; one variable alone is a reference."""
    if match := _ONE_VARIABLE.fullmatch(text):
        name = match[1].strip()
        is_attribute = "." in name and not name.startswith("AWS::")
        return f"!GetAtt {name}" if is_attribute else f"!Ref {name}"
    return f"!Sub {_trimmed(text)}"


def _trimmed(text: str) -> str:
    """Without blanks at the ends of lines, nor line ends at the end."""
    return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))
