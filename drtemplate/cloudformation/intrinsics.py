"""CloudFormation's intrinsic functions: the one evaluator.

It asks a look-up for what the template does not hold; ``lookups`` has three of them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from drtemplate.errors import InputError

# What a Ref to AWS::NoValue gives: its property or list item is left out.
NO_VALUE = object()
# Known to CloudFormation and not evaluated here: macros, and what only Rules may use.
NOT_EVALUATED = frozenset(
    f"Fn::{name}"
    for name in """Contains EachMemberEquals EachMemberIn RefAll Transform ValueOf
    ValueOfAll""".split()
)
_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")
SCALARS = (str, bool, int, float, type(None))


class Text(str):
    """A text with references in it, as Sub writes it; ``${!`` is a literal ``${``."""

    __slots__ = ()


class Lookup(Protocol):
    """Where the evaluator finds what a template does not hold itself."""

    def ref(self, name: str) -> Any:
        """What Ref gives for a parameter, a pseudo parameter or a resource."""

    def attribute(self, logical_id: str, name: str) -> Any:
        """What GetAtt gives."""

    def function(self, evaluate: "Evaluator", name: str, argument: Any) -> Any:
        """The value of a function that depends on more than its own, resolved arguments."""


class Evaluator:
    """The value of any node of a template.

    Args:
        lookup: gives what Ref, GetAtt and the functions of conditions, mappings and zones ask for.
    """

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup

    def __call__(self, node: Any) -> Any:
        """The node with its functions replaced by their values; what has no value is left out.

        Raises:
            InputError: a function is unknown or malformed, or the look-up knows no value.
        """
        if isinstance(node, list | tuple):
            return [value for value in map(self, node) if value is not NO_VALUE]
        if not isinstance(node, Mapping):
            return node
        if found := function_of(node):
            return self._call(*found)
        values = {key: self(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not NO_VALUE}

    def _call(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Ref", str():
                return self.lookup.ref(argument)
            case "Fn::GetAtt", str() | [str(), *_]:
                return self._attribute(argument)
            case "Fn::Sub", str():
                return self._sub(argument, {})
            case "Fn::Sub", [str() as text, Mapping() as own]:
                return self._sub(text, own)
            case "Fn::Join", [str() as delimiter, items]:
                return self._join(delimiter, items)
            case (("Ref" | "Fn::GetAtt" | "Fn::Sub" | "Fn::Join"), _):
                raise InputError(f"{name} cannot take {shown(argument)}")
        if name in _PURE:
            value = self(argument)
            try:
                known = _PURE[name](value)
            except (ValueError, TypeError, IndexError, StopIteration) as exc:
                raise InputError(f"{name} cannot take {shown(value)}: {exc}") from exc
            return _kept(name, value) if known is None else known
        return self.lookup.function(self, name, argument)

    def _attribute(self, argument: str | Sequence[Any]) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else list(argument)
        names = [self(name) for name in parts[1:]]
        if not names or not all(isinstance(name, str) for name in names):
            raise InputError(f"Fn::GetAtt cannot take {shown(argument)}")
        if any(isinstance(name, Text) for name in names):
            return {"Fn::GetAtt": [parts[0], *names]}
        logical_id, _, name = ".".join((parts[0], *names)).partition(".")
        return self.lookup.attribute(logical_id, name)

    def _sub(self, text: str, own: Mapping[str, Any]) -> Any:
        parts: list[Any] = []
        for number, part in enumerate(_VARIABLE.split(text)):
            name = part.strip()
            if number % 2 == 0:
                parts.append(part.replace("${!", "${"))
            elif name in own:
                parts.append(self(own[name]))
            elif "." in name:
                parts.append(self.lookup.attribute(*name.split(".", 1)))
            else:
                parts.append(self.lookup.ref(name))
        found = _concatenated("", parts)
        if found is None:
            _kept("Fn::Sub", parts)
            return {"Fn::Sub": [text, self(own)]}
        return found

    def _join(self, delimiter: str, items: Any) -> Any:
        values = self(items)
        found = _concatenated(delimiter, values) if isinstance(values, list) else None
        return _kept("Fn::Join", [delimiter, values]) if found is None else found


def _kept(name: str, value: Any) -> dict[str, Any]:
    """A function whose value depends on what the look-up left open; anything else is malformed."""
    if not _is_symbolic(value):
        raise InputError(f"{name} cannot take {shown(value)}")
    return {name: value}


def _concatenated(delimiter: str, parts: Sequence[Any]) -> str | None:
    """The parts as one text, or None if one of them is not known as a text."""
    if not all(isinstance(part, SCALARS) for part in parts):
        return None
    if not any(isinstance(part, Text) for part in parts):
        return delimiter.join(map(scalar_text, parts))
    return Text(as_sub(delimiter).join(map(as_sub, parts)))


def scalar_text(value: Any) -> str:
    """A scalar as CloudFormation makes a text of it: ``true``, ``443``, ``null``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    whole = isinstance(value, int) or value.is_integer()
    return str(int(value)) if whole else str(value)


def as_sub(value: Any) -> str:
    """A scalar as it would stand in a Sub text."""
    return value if isinstance(value, Text) else scalar_text(value).replace("${", "${!")


def shown(value: Any) -> str:
    """A value in a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def function_of(node: Any) -> tuple[str, Any] | None:
    """The name and the argument of the function that the node is, or None if it is none."""
    if not isinstance(node, Mapping) or len(node) != 1:
        return None
    ((name, argument),) = node.items()
    # A policy statement has a Condition too, which is a mapping.
    is_function = name == "Ref" or (isinstance(name, str) and name.startswith("Fn::"))
    return (name, argument) if is_function or _is_condition(name, argument) else None


def _is_condition(name: str, argument: Any) -> bool:
    return name == "Condition" and isinstance(argument, str)


def variables(text: str) -> list[str]:
    """The names between ``${`` and ``}`` in a Sub text; ``${!literal}`` is none."""
    return [name.strip() for name in _VARIABLE.findall(text)]


# Functions of their resolved arguments alone; None if these are not known well enough.


def _select(value: Any) -> Any:
    index, items = value
    if not isinstance(items, list) or isinstance(index, Text):
        return None
    if int(index) < 0:
        raise IndexError("the index is negative")
    return items[int(index)]


def _split(value: Any) -> list[str] | None:
    delimiter, text = value
    return text.split(delimiter) if _is_text(text) else None


def _base64(value: Any) -> str | None:
    return base64.b64encode(value.encode()).decode() if _is_text(value) else None


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def _to_json(value: Any) -> str | None:
    return None if _is_symbolic(value) else json.dumps(value, separators=(",", ":"))


def _cidr(value: Any) -> list[str] | None:
    block, count, bits = [*value, 64][:3]  # bits of a host, 64 where IPv6 leaves them out
    if _is_symbolic(value):
        return None
    network = ipaddress.ip_network(block)
    subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
    return [str(next(subnets)) for _ in range(int(count))]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Text)


def _is_symbolic(value: Any) -> bool:
    """Whether a reference, or a function without a value, is left in it."""
    if isinstance(value, Mapping):
        return function_of(value) is not None or any(map(_is_symbolic, value.values()))
    return any(map(_is_symbolic, value)) if isinstance(value, list) else isinstance(value, Text)


_PURE: Mapping[str, Callable[[Any], Any]] = {
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Length": _length,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::ToJsonString": _to_json,
}
_LOOKED_UP = frozenset(
    """Condition Fn::And Fn::Equals Fn::FindInMap Fn::GetAZs Fn::If Fn::ImportValue Fn::Not
    Fn::Or""".split()
)
KNOWN = frozenset(("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", *_PURE, *_LOOKED_UP, *NOT_EVALUATED))
