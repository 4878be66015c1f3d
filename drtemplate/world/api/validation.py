"""botocore's own validation of a request's parameters, each request once.

The monitor's requests are the same from look to look, and validating each is a quarter of a drill.
"""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

_validator = ParamValidator()
_serialize = TypeSerializer().serialize


# Beyond this many the memory of requests that were found fine begins anew.
MOST = 2_000
_fine: set[tuple[str, str]] = set()


def check(params: dict[str, Any], shape: Any) -> None:
    """Let botocore judge the request, unless it has found the very same fine.

    Raises:
        ParamValidationError: as a real client.
    """
    key = (shape.name, repr(params))
    if key in _fine:
        return
    report = _validator.validate(params, shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    if len(_fine) >= MOST:
        _fine.clear()
    _fine.add(key)


def wire_form(params: Mapping[str, Any]) -> dict[str, Any]:
    """A request to DynamoDB as boto3's ``Table`` turns it into one that goes over the wire.

    Conditions are left out: boto3 itself builds their text.

    Raises:
        TypeError: a value is of a type that DynamoDB does not have, as a float.
    """
    made = {name: value for name, value in params.items() if name != "ConditionExpression"}
    for name in ("Item", "Key"):
        if isinstance(made.get(name), dict):
            made[name] = {key: _serialize(value) for key, value in made[name].items()}
    return made
