"""The state table: consistent reads, and writes under conditions."""

from collections.abc import Mapping
from typing import Any

from drtemplate.drill.aurora import Refused
from drtemplate.drill.expressions import Expression, Item

KEY = "StateKey"


class Table:
    """Items in wire form by key; who wrote each one last.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
    """

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.writers: dict[str, Any] = {}

    def get(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """GetItem."""
        item = self.items.get(params["Key"][KEY]["S"])
        return {"Item": dict(item)} if item is not None else {}

    def put(self, params: Mapping[str, Any], writer: object) -> dict[str, Any]:
        """PutItem."""
        key = params["Item"][KEY]["S"]
        self._check(params, self.items.get(key, {}))
        self._store(key, dict(params["Item"]), writer)
        return {}

    def update(self, params: Mapping[str, Any], writer: object) -> dict[str, Any]:
        """UpdateItem."""
        key = params["Key"][KEY]["S"]
        old = self.items.get(key, {})
        self._check(params, old)
        new = self._expression(
            params, params["UpdateExpression"], old or dict(params["Key"])
        ).update()
        self._store(key, new, writer)
        return {"Attributes": new} if params.get("ReturnValues", "NONE") != "NONE" else {}

    def delete(self, params: Mapping[str, Any], writer: object) -> dict[str, Any]:
        """DeleteItem."""
        key = params["Key"][KEY]["S"]
        self._check(params, self.items.get(key, {}))
        self.items.pop(key, None)
        self.writers[key] = writer
        return {}

    def _store(self, key: str, item: Item, writer: object) -> None:
        self.items[key] = item
        self.writers[key] = writer

    def _check(self, params: Mapping[str, Any], item: Item) -> None:
        text = params.get("ConditionExpression")
        if text and not self._expression(params, text, item).condition():
            raise Refused("ConditionalCheckFailedException", "The conditional request failed")

    @staticmethod
    def _expression(params: Mapping[str, Any], text: str, item: Item) -> Expression:
        return Expression(
            text,
            params.get("ExpressionAttributeNames", {}),
            params.get("ExpressionAttributeValues", {}),
            item,
        )
