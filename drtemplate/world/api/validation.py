"""botocore's own validation of a request's parameters, each request once.

The monitor's requests are the same from look to look, and validating each is a quarter of a drill.
"""

import pickle
from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

_validator = ParamValidator()
_serialize = TypeSerializer().serialize
# Values of these types DynamoDB takes, and gives back, as they are.
PLAIN = frozenset({str, bool, type(None)})

# Beyond this many the memory of requests that were found fine begins anew.
MOST = 2_000
_fine: set[tuple[str, bytes]] = set()


def check(params: dict[str, Any], shape: Any) -> None:
    """Let botocore judge the request, unless it has found the very same fine.

    Raises:
        ParamValidationError: as a real client.
    """
    try:
        # What tells requests apart, types included. Unlike marshal, pickle raises no audit event, on
        # which the guard would have to look.
        key = shape.name, pickle.dumps(params, 1)
    except Exception:
        key = None
    if key in _fine:
        return
    report = _validator.validate(params, shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    if len(_fine) >= MOST:
        _fine.clear()
    if key:
        _fine.add(key)


def wire_form(params: Mapping[str, Any]) -> dict[str, Any]:
    """What of a request to DynamoDB its caller can get wrong, as it goes over the wire.

    Conditions and items are left out: boto3 itself makes what is sent of them.

    Raises:
        TypeError: a value is of a type that DynamoDB does not have, as a float.
    """
    made = {name: value for name, value in params.items() if name != "ConditionExpression"}
    for name in ("Item", "Key"):
        if isinstance(made.get(name), dict):
            for value in made[name].values():
                if type(value) not in PLAIN:
                    _serialize(value)
            made[name] = {}
    return made
