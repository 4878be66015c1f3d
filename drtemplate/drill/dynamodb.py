"""The resource interface of DynamoDB, without the generic machinery behind it.

boto3's own serialiser, deserialiser and condition builder do the work, as they do behind
``boto3.resource("dynamodb").Table``; that path itself takes ten times as long, and would be a third of a
drill. What is not here falls back to it.
"""

from __future__ import annotations

from typing import Any

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def to_wire(value: Any) -> Any:
    """A Python value as boto3 writes it; the usual kinds without a detour."""
    if type(value) is str:
        return {"S": value}
    if type(value) is bool:
        return {"BOOL": value}
    return _serialize(value)


def from_wire(value: dict[str, Any]) -> Any:
    """A wire value as boto3 reads it."""
    return value["S"] if "S" in value else _deserialize(value)


class QuickTable:
    """A table with Python values.

    Args:
        name: the table's.
        client: a client whose calls are simulated.
        slow: boto3's own table, for everything else.
    """

    def __init__(self, name: str, client: Any, slow: Any) -> None:
        self.name = self.table_name = name
        self._client = client
        self._slow = slow

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._slow, attribute)

    def get_item(self, **params: Any) -> Any:
        """GetItem."""
        return self._call("GetItem", params)

    def put_item(self, **params: Any) -> Any:
        """PutItem."""
        return self._call("PutItem", params)

    def update_item(self, **params: Any) -> Any:
        """UpdateItem."""
        return self._call("UpdateItem", params)

    def delete_item(self, **params: Any) -> Any:
        """DeleteItem."""
        return self._call("DeleteItem", params)

    def _call(self, operation: str, params: dict[str, Any]) -> Any:
        answer = self._client._make_api_call(operation, wire_params(self.name, params))
        for key in ("Item", "Attributes"):
            if key in answer:
                answer[key] = {name: from_wire(one) for name, one in answer[key].items()}
        return answer


def wire_params(table: str, params: dict[str, Any]) -> dict[str, Any]:
    """The request as it goes over the wire.

    Raises:
        TypeError: a value is of a type that DynamoDB does not have, as a float.
    """
    made = {"TableName": table, **params}
    names = dict(params.get("ExpressionAttributeNames", {}))
    values = dict(params.get("ExpressionAttributeValues", {}))
    condition = params.get("ConditionExpression")
    if isinstance(condition, ConditionBase):
        built = ConditionExpressionBuilder().build_expression(condition)
        made["ConditionExpression"] = built.condition_expression
        names |= built.attribute_name_placeholders
        values |= built.attribute_value_placeholders
    if names:
        made["ExpressionAttributeNames"] = names
    if values:
        made["ExpressionAttributeValues"] = values
    for key in ("Item", "Key", "ExpressionAttributeValues"):
        if key in made:
            made[key] = {name: to_wire(one) for name, one in made[key].items()}
    return made
