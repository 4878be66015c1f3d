"""botocore's own validation of a request's parameters, each kind of request once."""

from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

# Requests repeat from tick to tick; beyond this many the cache begins anew.
MOST = 20_000
LONG = 100
_fine: set[tuple[str, str, str]] = set()


def check(service: str, operation: str, params: dict[str, Any], shape: Any) -> None:
    """Let botocore judge the request, unless it has found an equal one fine.

    Raises:
        ParamValidationError: as a real client.
    """
    key = (service, operation, _signature(params))
    if key in _fine:
        return
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    if len(_fine) >= MOST:
        _fine.clear()
    _fine.add(key)


def _signature(params: dict[str, Any]) -> str:
    """What of a request its validation looks at: all of it, but for the contents of long texts.

    botocore checks names, types and least lengths, none of which is over a hundred; and an attribute
    value of DynamoDB, whatever it is, has none.
    """
    if "Item" in params:
        kinds = {
            key: {name: _kind(one) for name, one in params[key].items()}
            for key in ("Item", "ExpressionAttributeValues")
            if isinstance(params.get(key), dict)
        }
        return repr({**params, **kinds})
    short = {
        name: "long" if isinstance(value, str) and len(value) > LONG else value
        for name, value in params.items()
    }
    return repr(short)


def _kind(value: Any) -> Any:
    """The kinds of an attribute value and of what is in it; what is no attribute value stays."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, inner),) = value.items()
    if kind == "M" and isinstance(inner, dict):
        return {name: _kind(one) for name, one in inner.items()}
    if kind == "L" and isinstance(inner, list):
        return [_kind(one) for one in inner]
    return (kind, type(inner).__name__)
