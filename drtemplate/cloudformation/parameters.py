"""Values of parameters against the constraints of a template's own Parameters section.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import re
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from math import inf
from typing import Any

MASK = "****"  # what is shown in place of a secret's value
Declared = Mapping[str, Mapping[str, Any]]

SHOWN = 200  # characters of a value
PATIENCE = 1.0  # seconds for a value and its pattern
MOST = 5  # unknown names that are told
# "Maximum size of a parameter value: 4,096 bytes"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LONGEST = 4096
LARGEST = 2**31 - 1  # an Integer of CloudFormation's has 32 bits
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_secret(facts: Mapping[str, Any]) -> bool:
    """Whether the parameter is declared NoEcho, so that its value is shown nowhere."""
    return str(facts.get("NoEcho", "")).lower() == "true"


def problems(
    declared: Declared, given: Mapping[str, str], kept: Mapping[str, str]
) -> Iterator[str]:
    """What CloudFormation would refuse, each as words for people; no secret's value is in them.

    Args:
        declared: the template's Parameters section.
        given: the parameter file.
        kept: what the stack has now; its values stay where the file gives none.
    """
    unknown = [name for name in given if name not in declared]
    for name in unknown[:MOST]:
        close = get_close_matches(name, declared, 1)
        hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(declared)}"
        yield f"{name} is no parameter of the template; {hint}"
    if len(unknown) > MOST:
        yield f"{len(unknown) - MOST} more are no parameters of it"
    for name, facts in declared.items():
        if name in given:
            if reason := misfit(facts, given[name]):
                value = "its value" if is_secret(facts) else _shown(given[name])
                yield f"{name}: {value} {reason}"
        elif name not in kept and "Default" not in facts:
            yield f"{name} is missing, and the template has no default for it"


def _shown(value: str) -> str:
    return repr(value if len(value) <= SHOWN else f"{value[:SHOWN]}...")


def misfit(facts: Mapping[str, Any], value: str) -> str:
    """Why the value breaks the parameter's own constraints; '' if it does not."""
    if (size := len(value.encode(errors="replace"))) > LONGEST:
        return f"has {size:,} bytes, and CloudFormation takes {LONGEST:,}"
    allowed = [str(one) for one in facts.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"is not one of {', '.join(allowed)}"
    pattern = facts.get("AllowedPattern")
    if pattern is not None and not _matches(str(pattern), value):
        rule = facts.get("ConstraintDescription")
        return str(rule) if isinstance(rule, str) else f"does not match {pattern}"
    if facts.get("Type") == "Number":
        return _number_misfit(facts, value)
    length = len(value)
    if length < _limit(facts, "MinLength", 0):
        return f"has {length} characters, of at least {facts['MinLength']}"
    if length > _limit(facts, "MaxLength", inf):
        return f"has {length} characters, of at most {facts['MaxLength']}"
    return ""


def _number_misfit(facts: Mapping[str, Any], value: str) -> str:
    if not _NUMBER.fullmatch(value):
        return "is not a number"
    if isinstance(facts.get("Default"), int) and not value.lstrip("+-").isdigit():
        return "is not a whole number"
    if abs(float(value)) > LARGEST:
        return f"is more than {LARGEST}, the largest that AWS takes"
    if float(value) < _limit(facts, "MinValue", -inf):
        return f"is less than {facts['MinValue']}"
    if float(value) > _limit(facts, "MaxValue", inf):
        return f"is more than {facts['MaxValue']}"
    return ""


def _limit(facts: Mapping[str, Any], key: str, otherwise: float) -> float:
    """A limit of the template; one that is no number is left to AWS."""
    try:
        return float(facts.get(key, otherwise))
    except (TypeError, ValueError):
        return otherwise


def _matches(pattern: str, value: str) -> bool:
    """The pattern must match the whole value; one that Python cannot read, or not soon, is left to AWS."""
    try:
        with _at_most(PATIENCE):
            return re.fullmatch(pattern, value) is not None
    except (re.error, TimeoutError):
        return True


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """End what takes longer, as a match does that tries each of 2^n ways; it heeds signals meanwhile.

    Raises:
        TimeoutError: it took longer.
    """

    def end(*_: object) -> None:
        raise TimeoutError

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
