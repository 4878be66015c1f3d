"""What a field of the settings may be: said once, for the check, the printed file and the docs."""

import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_type_hints

from drtemplate.errors import SettingsError

# How a part of the settings is read from a file: no field that it does not have, no "3" for 3.
STRICT = {"extra": "forbid", "strict": True}
LONGEST_SHOWN = 60  # characters of a value in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The rule and the meaning of a field; stands in its ``Annotated`` type.

    Attributes:
        meaning: what it does, in words.
        unit: of a number.
        least: the least of a whole number.
        most: the most of it.
        allowed: all that it may be, if they are few.
        pattern: what a text must match.
        empty: whether a text may be empty, which means that nothing is asked for.
        many: whether the field is a list, of which each value keeps the rule.
        wanted: the rule in words, to stand behind "is not"; made of the others where it is left out.
    """

    meaning: str
    unit: str = ""
    least: int | None = None
    most: int | None = None
    allowed: tuple[object, ...] = ()
    pattern: re.Pattern[str] | None = None
    empty: bool = False
    many: bool = False
    wanted: str = ""

    def rule(self) -> str:
        """What the value must be, in words."""
        return f"a list, each {self._rule_of_one()}" if self.many else self._rule_of_one()

    def _rule_of_one(self) -> str:
        if self.wanted:
            return self.wanted + (", or empty" if self.empty else "")
        if self.allowed == (True, False):
            return "true or false"
        if self.allowed:
            words = ", ".join(f"{one}" for one in self.allowed if one != "")
            return f"empty or one of {words}" if "" in self.allowed else f"one of {words}"
        if self.least is not None:
            unit = f" of {self.unit}" if self.unit else ""
            return f"a whole number{unit} from {self.least} to {self.most}"
        return ""

    def fits(self, value: object) -> bool:
        """Whether the value keeps the rule."""
        if self.many:
            return isinstance(value, tuple) and all(map(self._fits_one, value))
        return self._fits_one(value)

    def _fits_one(self, value: object) -> bool:
        if self.least is not None and self.most is not None:
            whole = isinstance(value, int) and not isinstance(value, bool)
            return whole and self.least <= value <= self.most  # type: ignore[operator]
        if self.allowed:
            # True equals 1, and is none.
            return any(type(value) is type(one) and value == one for one in self.allowed)
        if self.pattern:
            # Else \d and \w would take digits and letters of any script, which AWS does not.
            fits = isinstance(value, str) and value.isascii() and self.pattern.fullmatch(value)
            return bool(fits) or (self.empty and value == "")
        return True

    def check(self, value: Any) -> Any:
        """The value, if it keeps the rule.

        Raises:
            ValueError: it does not; the message names value and rule.
        """
        if not self.fits(value):
            raise ValueError(self.fault(value))
        return value

    def fault(self, value: object) -> str:
        """What is wrong with a value that does not fit: of a list, with each of its values."""
        if self.many and isinstance(value, tuple):
            rule = self._rule_of_one()
            bad = dict.fromkeys(shown(one) for one in value if not self._fits_one(one))
            return "; ".join(f"{one} is not {rule}" for one in bad)
        return f"{shown(value)} is not {self.rule()}"

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        """How pydantic, which alone calls this, learns of the rule."""
        from pydantic_core import core_schema  # noqa: PLC0415 (a render without a file needs it not)

        return core_schema.no_info_after_validator_function(self.check, handler(source))


def shown(value: object) -> str:
    """A value for a message, if it is short."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def flag(meaning: str) -> Choice:
    """The choice of a field that is true or false."""
    return Choice(meaning=meaning, allowed=(True, False))


@cache
def choices(part: Hashable) -> dict[str, Choice]:
    """The choices of a part's fields, by name; a field without one is no choice of a file."""
    hints = get_type_hints(part, include_extras=True)
    found = {}
    for one in fields(part):  # type: ignore[arg-type]
        for extra in getattr(hints[one.name], "__metadata__", ()):
            if isinstance(extra, Choice):
                found[one.name] = extra
    return found


def check(part: object, relations: Callable[[], Iterator[str]] | None = None) -> None:
    """Check each field of a part, and if all are fit, how they go together.

    Args:
        part: a frozen dataclass.
        relations: gives a line for each pair of fields that do not go together.

    Raises:
        SettingsError: with all the faults.
    """
    faults = []
    # A type can be hashed, which mypy does not see.
    for name, choice in choices(type(part)).items():  # type: ignore[arg-type]
        value = getattr(part, name)
        if not choice.fits(value):
            faults.append(f"{name} {choice.fault(value)}")
    if not faults and relations:
        faults = list(relations())
    if faults:
        raise SettingsError("settings: " + "; ".join(faults), faults)
