"""What the evaluator is given: no value at all, empty ones, or all of them.

``Symbolic`` leaves a reference as one, in a single spelling: ``${X}`` for a Ref, ``${X.Arn}`` for a
GetAtt, alone or inside a text. ``Blank`` leaves what is literal. ``Concrete`` has parameters, physical
ids and attributes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drtemplate.cloudformation.intrinsics import (
    KNOWN,
    NO_VALUE,
    NOT_EVALUATED,
    SCALARS,
    Evaluator,
    Text,
    as_sub,
    scalar_text,
    shown,
)
from drtemplate.errors import InputError


class Symbolic:
    """Knows no value; what cannot be decided stays as it is, its arguments resolved."""

    def ref(self, name: str) -> Text:
        """``${name}``."""
        return Text(f"${{{name}}}")

    def attribute(self, logical_id: str, name: str) -> Text:
        """``${logical_id.name}``."""
        return Text(f"${{{logical_id}.{name}}}")

    def function(self, evaluate: Evaluator, name: str, argument: Any) -> Any:
        """The function itself."""
        return {name: evaluate(argument)}


class Blank:
    """Knows no value and leaves nothing in its place: of a text, only what is literal remains."""

    def _nothing(self, *_: Any, **__: Any) -> str:
        return ""

    ref = attribute = function = _nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Concrete:
    """Knows every value; what it does not know is an InputError.

    Attributes:
        names: parameters and pseudo parameters, by name, with their values.
        resource: a logical id, and an attribute or None -> the attribute, or what Ref gives.
        zones: the region's availability zones.
        conditions: the template's own section, as its mappings.
        imports: exported names and their values.
    """

    names: Mapping[str, Any]
    resource: Callable[[str, str | None], Any]
    zones: Sequence[str] = ()
    conditions: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    imports: Mapping[str, Any] = field(default_factory=dict)

    def ref(self, name: str) -> Any:
        """A parameter's value, or what stands for the resource."""
        if name == "AWS::NoValue":
            return NO_VALUE
        return self.names[name] if name in self.names else self.resource(name, None)

    def attribute(self, logical_id: str, name: str) -> Any:
        """A resource's attribute."""
        return self.resource(logical_id, name)

    def function(self, evaluate: Evaluator, name: str, argument: Any) -> Any:
        """Conditions, mappings, zones and imports."""
        match name, argument:
            case "Condition", str():
                return self.holds(evaluate, argument)
            case "Fn::If", [str() as condition, yes, no]:
                return evaluate(yes if self.holds(evaluate, condition) else no)
            case "Fn::Equals", [left, right]:
                return _same(evaluate(left), evaluate(right))
            case "Fn::Not", [condition]:
                return not evaluate(condition)
            case "Fn::And", [*parts]:
                return all(map(evaluate, parts))
            case "Fn::Or", [*parts]:
                return any(map(evaluate, parts))
            case "Fn::GetAZs", _:
                return list(self.zones)
            case "Fn::FindInMap", [mapping, first, second, *default]:
                return self._mapped(evaluate, (mapping, first, second), default)
            case "Fn::ImportValue", _ if (export := evaluate(argument)) in self.imports:
                return self.imports[export]
        known = name in KNOWN and name not in NOT_EVALUATED
        raise InputError(
            f"{name} cannot take {shown(argument)}" if known else f"{name} is not known here"
        )

    def holds(self, evaluate: Evaluator, name: str) -> bool:
        """Whether the template's condition holds.

        Raises:
            InputError: there is no such condition.
        """
        if name not in self.conditions:
            raise InputError(f"unresolved condition {name}")
        return bool(evaluate(self.conditions[name]))

    def _mapped(self, evaluate: Evaluator, keys: Sequence[Any], default: Sequence[Any]) -> Any:
        found: Any = self.mappings
        for key in map(evaluate, keys):
            if not isinstance(found, Mapping) or key not in found:
                match default:
                    case [{"DefaultValue": value}]:
                        return evaluate(value)
                raise InputError(f"Fn::FindInMap finds no {shown(key)}")
            found = found[key]
        return found


def _same(left: Any, right: Any) -> bool:
    """Whether Equals holds; a number and its text are equal."""
    if isinstance(left, SCALARS) and isinstance(right, SCALARS):
        return scalar_text(left) == scalar_text(right)
    return bool(left == right)


symbolic = Evaluator(Symbolic())
_blank = Evaluator(Blank())


def text_of(value: Any) -> str | None:
    """The value as the text of a Sub, or None if it is no text that can be known here.

    A function that is unknown or malformed has no text either; cfn-lint says what is wrong with it.
    """
    try:
        found = symbolic(value)
    except InputError:
        return None
    return as_sub(found) if found is not None and isinstance(found, SCALARS) else None


def literal_of(value: Any) -> str:
    """What of a text is known whatever its references stand for; '' if the value is no text."""
    try:
        found = _blank(value)
    except InputError:
        return ""
    return scalar_text(found) if found is not None and isinstance(found, SCALARS) else ""


def filled(value: Any, names: Mapping[str, str]) -> str | None:
    """The text with these parameters filled in, or None if it depends on anything else."""

    def unknown(name: str, _: str | None) -> Any:
        raise InputError(f"{name} has no value here")

    try:
        found = Evaluator(Concrete(names=names, resource=unknown))(value)
    except InputError:
        return None
    return scalar_text(found) if isinstance(found, SCALARS) else None
