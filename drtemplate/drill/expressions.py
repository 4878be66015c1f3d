"""DynamoDB's condition and update expressions, on items in wire form.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Item = dict[str, dict[str, Any]]
_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:]?[A-Za-z_][\w.]*)")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Expression:
    """A parser over one expression, with its names and values."""

    def __init__(
        self, text: str, names: Mapping[str, str], values: Mapping[str, dict[str, Any]], item: Item
    ) -> None:
        self.text = text
        self.tokens = _TOKEN.findall(text)
        if "".join(self.tokens) != re.sub(r"\s", "", text):
            raise ValueError(f"the drill cannot read the expression {text!r}")
        self.names = names
        self.values = values
        self.item = item

    def condition(self) -> bool:
        """Whether the condition holds for the item."""
        value = self._or()
        if self.tokens:
            raise ValueError(f"the drill cannot read the expression {self.text!r}")
        return value

    def _peek(self) -> str:
        return self.tokens[0].upper() if self.tokens else ""

    def _take(self, wanted: str | None = None) -> str:
        token = self.tokens.pop(0)
        if wanted is not None and token.upper() != wanted:
            raise ValueError(f"the drill cannot read the expression {self.text!r}")
        return str(token)

    def _or(self) -> bool:
        value = self._and()
        while self._peek() == "OR":
            self._take()
            value = self._and() or value
        return value

    def _and(self) -> bool:
        value = self._not()
        while self._peek() == "AND":
            self._take()
            value = self._not() and value
        return value

    def _not(self) -> bool:
        if self._peek() == "NOT":
            self._take()
            return not self._not()
        if self._peek() == "(":
            self._take()
            value = self._or()
            self._take(")")
            return value
        if self._peek() in ("ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS"):
            exists = self._take().lower() == "attribute_exists"
            self._take("(")
            name = self._name(self._take())
            self._take(")")
            return (name in self.item) is exists
        left = self._operand()
        compare = self._take()
        right = self._operand()
        if left is None or right is None or compare not in _COMPARE:
            return False
        # Values of different types are never equal, and have no order.
        if next(iter(left)) != next(iter(right)):
            return compare == "<>"
        return _COMPARE[compare](plain(left), plain(right))

    def _name(self, token: str) -> str:
        return self.names[token] if token.startswith("#") else token

    def _operand(self) -> dict[str, Any] | None:
        token = self._take()
        return self.values[token] if token.startswith(":") else self.item.get(self._name(token))

    def update(self) -> Item:
        """The item after SET and REMOVE clauses; sums of numbers and if_not_exists are known."""
        item = dict(self.item)
        clause = ""
        while self.tokens:
            if self._peek() in ("SET", "REMOVE"):
                clause = self._take().upper()
            elif self._peek() == ",":
                self._take()
            name = self._name(self._take())
            if clause == "REMOVE":
                item.pop(name, None)
            else:
                self._take("=")
                item[name] = self._sum()
        return item

    def _sum(self) -> dict[str, Any]:
        value = self._term()
        while self._peek() in ("+", "-"):
            sign = 1 if self._take() == "+" else -1
            value = {"N": str(Decimal(value["N"]) + sign * Decimal(self._term()["N"]))}
        return value

    def _term(self) -> dict[str, Any]:
        if self._peek() == "IF_NOT_EXISTS":
            self._take()
            self._take("(")
            found = self._operand()
            self._take(",")
            default = self._operand()
            self._take(")")
            value = found if found is not None else default
        else:
            value = self._operand()
        if value is None:
            raise ValueError(f"an attribute of {self.text!r} does not exist")
        return value


def plain(value: Mapping[str, Any]) -> Any:
    """A wire value as one that compares as DynamoDB compares."""
    kind, inner = next(iter(value.items()))
    return Decimal(inner) if kind == "N" else inner
