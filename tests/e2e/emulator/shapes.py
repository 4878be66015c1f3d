"""Property values as the API's own model takes them: coerced as CloudFormation does, or refused."""

from collections.abc import Callable
from typing import Any

from botocore.model import Shape


class Refused(Exception):
    """A resource cannot be made, changed or removed; the message is the reason that events give."""


def fitted(value: Any, shape: Shape, path: str = "") -> Any:
    """The value with every scalar in the type that the shape asks for.

    Raises:
        Refused: an unknown name, a value of another kind, or one outside the shape's limits.
    """
    where = path or "the call"
    match shape.type_name, value:
        case "structure", dict():
            for name in value.keys() - shape.members.keys():
                raise Refused(f"Encountered unsupported property {path}{'.' if path else ''}{name}")
            missing = sorted(set(shape.required_members) - value.keys())
            if missing:
                raise Refused(f"Missing required {', '.join(missing)} in {where}")
            return {k: fitted(v, shape.members[k], _below(path, k)) for k, v in value.items()}
        case "list", list():
            _limit(len(value), shape, where)
            return [fitted(v, shape.member, f"{path}[{i}]") for i, v in enumerate(value)]
        case "map", dict():
            return {str(k): fitted(v, shape.value, _below(path, str(k))) for k, v in value.items()}
        case (("structure" | "list" | "map"), _):
            raise Refused(f"{where} must be a {shape.type_name}, and is {value!r}")
        case _, (dict() | list()):
            raise Refused(f"{where} must be a {shape.type_name}, and is {value!r}")
    return _scalar(value, shape, where)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _scalar(value: Any, shape: Shape, where: str) -> Any:
    try:
        result = SCALARS.get(shape.type_name, lambda v: v)(value)
    except (KeyError, ValueError):
        raise Refused(f"{where} must be a {shape.type_name}, and is {value!r}") from None
    if getattr(shape, "enum", None) and result not in shape.enum:
        raise Refused(f"{where}: {value!r} is none of {', '.join(shape.enum)}")
    _limit(len(result) if isinstance(result, str | bytes) else result, shape, where)
    return result


def _limit(size: Any, shape: Shape, where: str) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and size < least) or (most is not None and size > most):
        raise Refused(f"{where}: {size} is outside {least} to {most}")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _truth(value: Any) -> bool:
    return {"true": True, "false": False}[str(value).lower()]


SCALARS: dict[str, Callable[[Any], Any]] = {
    "string": _text,
    "boolean": _truth,
    "integer": int,
    "long": int,
    "double": float,
    "float": float,
}
