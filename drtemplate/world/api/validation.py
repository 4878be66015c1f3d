"""botocore's own validation of a request's parameters."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

_validator = ParamValidator()
_serialize = TypeSerializer().serialize


def check(params: dict[str, Any], shape: Any) -> None:
    """Let botocore judge the request.

    Raises:
        ParamValidationError: as a real client.
    """
    report = _validator.validate(params, shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


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
