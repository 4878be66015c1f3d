"""The state table: consistent reads, and writes under conditions, on Python's values."""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.conditions import AttributeBase, ConditionBase

from drtemplate.world.aws.refusal import Refused

KEY = "StateKey"
Item = dict[str, Any]
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class _Missing:
    """An attribute that an item does not have; one that is NULL is there."""


_MISSING = _Missing()


class Table:
    """Items by key, with the values that boto3 gives for them; who wrote each one last.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
    """

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.writers: dict[str, Any] = {}

    def get(self, key: str) -> Item | None:
        """A copy of the item."""
        item = self.items.get(key)
        return None if item is None else dict(item)

    def put(self, item: Item, condition: ConditionBase | None, writer: object) -> None:
        """Store the item if the condition holds for the one that it replaces.

        Raises:
            Refused: the condition does not hold.
        """
        key = item[KEY]
        if condition is not None and not holds(condition, self.items.get(key, {})):
            raise Refused("ConditionalCheckFailedException", "The conditional request failed")
        self.items[key] = item
        self.writers[key] = writer

    def text_of(self, key: str, attribute: str) -> str:
        """A text of an item; empty if it is not there."""
        found = self.items.get(key, {}).get(attribute)
        return found if isinstance(found, str) else ""

    def number_of(self, key: str, attribute: str) -> float:
        """A number of an item; 0 if it is not there."""
        found = self.items.get(key, {}).get(attribute)
        return float(found) if isinstance(found, Decimal) else 0.0

    def recorded(self, prefix: str, attribute: str) -> bool:
        """Whether an item whose key begins so has a text in this attribute."""
        return any(key.startswith(prefix) and self.text_of(key, attribute) for key in self.items)


def holds(condition: ConditionBase, item: Item) -> bool:
    """Whether a condition of boto3's holds for an item.

    Raises:
        NotImplementedError: one that is not known here.
    """
    expression = condition.get_expression()
    name, values = expression["operator"], expression["values"]
    if name in ("AND", "OR", "NOT"):
        results = [holds(one, item) for one in values]
        return not results[0] if name == "NOT" else (all if name == "AND" else any)(results)
    if name in ("attribute_exists", "attribute_not_exists"):
        return (values[0].name in item) is (name == "attribute_exists")
    if name not in _COMPARE:
        raise NotImplementedError(f"a condition with {name}")
    left, right = (
        item.get(one.name, _MISSING) if isinstance(one, AttributeBase) else _stored(one)
        for one in values
    )
    # What does not exist compares with nothing; values of different types are never equal, and
    # have no order.
    if isinstance(left, _Missing) or isinstance(right, _Missing) or type(left) is not type(right):
        return name == "<>" and not isinstance(left, _Missing) and not isinstance(right, _Missing)
    return _COMPARE[name](left, right)


def _stored(value: Any) -> Any:
    return Decimal(value) if type(value) is int else value
