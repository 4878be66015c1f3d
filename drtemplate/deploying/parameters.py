"""The parameter file, held against the template's own Parameters section.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from drtemplate.cloudformation.document import read_text
from drtemplate.errors import InputError

MASK = "****"
Declared = Mapping[str, Mapping[str, Any]]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EXAMPLE = '{"DomainName": "pay.example.com", ...}'


def load_parameters(path: Path) -> dict[str, str]:
    """Read a parameter file: a JSON object, or CloudFormation's list of keys and values.

    Returns:
        Parameter -> value as text. A parameter whose previous value is to be used is left out.

    Raises:
        InputError: it cannot be read, is not JSON, or is neither of the two forms.
    """
    text = read_text(path, "parameter file", "utf-8-sig")
    try:
        # A number stays as it is written: 1.50 is not 1.5.
        document = json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=_once)
    except json.JSONDecodeError as exc:
        raise InputError(
            f"{path}:{exc.lineno}: the parameter file is not JSON: {exc.msg}; write {_EXAMPLE}"
        ) from exc
    except (ValueError, RecursionError) as exc:
        raise InputError(f"{path}: the parameter file cannot be used: {exc}") from exc
    if isinstance(document, list):
        document = _from_list(path, document)
    if not isinstance(document, dict):
        raise InputError(f"{path}: the parameter file holds no parameters; write {_EXAMPLE}")
    for key, value in document.items():
        if not isinstance(value, str):
            raise InputError(f"{path}: {key} has no text as its value; put it into quotes")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} stands twice")
    return dict(pairs)


def _from_list(path: Path, entries: list[Any]) -> dict[str, Any]:
    """CloudFormation's form: [{"ParameterKey": ..., "ParameterValue": ...}, ...]."""
    values: dict[str, Any] = {}
    for number, entry in enumerate(entries, 1):
        facts = entry if isinstance(entry, dict) else {}
        key = facts.get("ParameterKey")
        previous = facts.get("UsePreviousValue") is True and "ParameterValue" not in facts
        if not isinstance(key, str) or not (previous or "ParameterValue" in facts):
            raise InputError(
                f"{path}: entry {number} is not of the form "
                '{"ParameterKey": "Name", "ParameterValue": "value"}; write it so'
            )
        if key in values:
            raise InputError(f"{path}: {key} stands twice; keep one")
        values[key] = None if previous else facts["ParameterValue"]
    return {key: value for key, value in values.items() if value is not None}


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
    for name in given:
        if name not in declared:
            close = get_close_matches(name, declared, 1)
            hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(declared)}"
            yield f"{name} is no parameter of the template; {hint}"
    for name, facts in declared.items():
        if name in given:
            if reason := _misfit(facts, given[name]):
                value = "its value" if is_secret(facts) else repr(given[name])
                yield f"{name}: {value} {reason}"
        elif name not in kept and "Default" not in facts:
            yield f"{name} is missing, and the template has no default for it"


def _misfit(facts: Mapping[str, Any], value: str) -> str:
    """Why the value breaks the parameter's own constraints; '' if it does not."""
    allowed = [str(one) for one in facts.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"is not one of {', '.join(allowed)}"
    pattern = facts.get("AllowedPattern")
    if pattern is not None and not _matches(str(pattern), value):
        return f"does not match {pattern}"
    if facts.get("Type") == "Number":
        return _number_misfit(facts, value)
    length = len(value)
    if length < int(facts.get("MinLength", 0)):
        return f"has {length} characters, of at least {facts['MinLength']}"
    if "MaxLength" in facts and length > int(facts["MaxLength"]):
        return f"has {length} characters, of at most {facts['MaxLength']}"
    return ""


def _number_misfit(facts: Mapping[str, Any], value: str) -> str:
    if not _NUMBER.fullmatch(value):
        return "is not a number"
    if isinstance(facts.get("Default"), int) and not value.lstrip("+-").isdigit():
        return "is not a whole number"
    if "MinValue" in facts and float(value) < float(facts["MinValue"]):
        return f"is less than {facts['MinValue']}"
    if "MaxValue" in facts and float(value) > float(facts["MaxValue"]):
        return f"is more than {facts['MaxValue']}"
    return ""


def _matches(pattern: str, value: str) -> bool:
    """The pattern must match the whole value; one that Python cannot read is left to AWS."""
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True
