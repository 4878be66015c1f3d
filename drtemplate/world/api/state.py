"""The API operations of what is kept: DynamoDB and Parameter Store."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.conditions import ConditionBase
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from drtemplate.errors import DrTemplateError
from drtemplate.world.api.validation import PLAIN
from drtemplate.world.aws.refusal import Refused
from drtemplate.world.aws.table import KEY, Table
from drtemplate.world.invocation import Invocation

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def as_stored(item: Mapping[str, Any]) -> dict[str, Any]:
    """The values as DynamoDB gives them back: numbers are Decimals.

    Raises:
        TypeError: a value is of a type that DynamoDB does not have, as a float.
    """
    return {
        name: value if type(value) in PLAIN else _deserialize(_serialize(value))
        for name, value in item.items()
    }


class DynamoDB:
    """DynamoDB: one table, with Python's values as boto3's ``Table`` takes them."""

    def __init__(self, name: str, table: Table) -> None:
        self.name = name
        self.table = table

    def GetItem(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """Read an item."""
        item = self._table(params, "Key").get(params["Key"][KEY])
        return {} if item is None else {"Item": item}

    def PutItem(self, caller: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """Write an item, under a condition or not."""
        condition = params.get("ConditionExpression")
        if condition is not None and not isinstance(condition, ConditionBase):
            raise DrTemplateError(
                "a handler gives DynamoDB a condition as text; a drill knows only boto3's Attr"
            )
        table = self._table(params, "Item")
        try:
            table.put(as_stored(params["Item"]), condition, caller)
        except NotImplementedError as exc:
            raise DrTemplateError(f"a handler uses {exc}, which the world does not know") from None
        return {}

    def _table(self, params: Mapping[str, Any], keyed: str) -> Table:
        if params["TableName"] != self.name:
            raise Refused("ResourceNotFoundException", "Requested resource not found")
        if not isinstance(params[keyed].get(KEY), str):
            raise Refused("ValidationException", f"Missing the key {KEY} in the item")
        return self.table


class Ssm:
    """Parameter Store: what the deployment has put there."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self.parameters = parameters

    def GetParameter(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """Read a parameter."""
        value = self.parameters.get(params["Name"])
        if value is None:
            raise Refused("ParameterNotFound")
        return {"Parameter": {"Name": params["Name"], "Type": "String", "Value": value}}
