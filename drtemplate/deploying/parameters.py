"""The parameter file."""

import json
import unicodedata
from pathlib import Path
from typing import Any

from drtemplate.cloudformation.document import read_text
from drtemplate.errors import InputError

_EXAMPLE = '{"DomainName": "pay.example.com", ...}'


def load_parameters(path: Path) -> dict[str, str]:
    """Read a parameter file: a JSON object, or a list as CloudFormation or the AWS CLI has it.

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
    if isinstance(document, dict) and isinstance(document.get("Parameters"), dict):
        document = document["Parameters"]  # as CodePipeline has it, Tags and StackPolicy beside it
    if isinstance(document, list):
        document = _from_list(path, document)
    if not isinstance(document, dict):
        raise InputError(f"{path}: the parameter file holds no parameters; write {_EXAMPLE}")
    for key, value in document.items():
        if not isinstance(value, str):
            raise InputError(f"{path}: {key} has no text as its value; put it into quotes")
        if bad := _unseen(key + value):
            raise InputError(
                f"{path}: {key} holds the character U+{ord(bad):04X}, which no value may; take it out"
            )
    return {key: _as_meant(key, value) for key, value in document.items()}


def _unseen(text: str) -> str:
    """A character that is none, or that nobody sees and that turns or hides the others; or ''."""
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return next(
        (one for one in text if unicodedata.category(one) in kinds and one not in "\n\t"), ""
    )


def _as_meant(key: str, value: str) -> str:
    """What people copy from AWS's own pages, as the template takes it."""
    if key == "HostedZoneId":
        return value.removeprefix("/hostedzone/")
    return value.removesuffix(".") if key == "DomainName" else value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name} stands twice")
        found[name] = value
    return found


def _from_list(path: Path, entries: list[Any]) -> dict[str, Any]:
    """CloudFormation's form, or the AWS CLI's own of texts: ["Name=value", ...]."""
    values: dict[str, Any] = {}
    previous: set[str] = set()
    if all(isinstance(entry, str) and "=" in entry for entry in entries):
        pairs = [tuple(entry.split("=", 1)) for entry in entries]
        entries = [{"ParameterKey": key, "ParameterValue": value} for key, value in pairs]
    for number, entry in enumerate(entries, 1):
        facts = entry if isinstance(entry, dict) else {}
        key = facts.get("ParameterKey")
        kept = facts.get("UsePreviousValue") is True and "ParameterValue" not in facts
        if not isinstance(key, str) or not (kept or "ParameterValue" in facts):
            raise InputError(
                f"{path}: entry {number} is not of the form "
                '{"ParameterKey": "Name", "ParameterValue": "value"}; write it so'
            )
        if key in values or key in previous:
            raise InputError(f"{path}: {key} stands twice; keep one")
        if kept:
            previous.add(key)
        else:
            values[key] = facts["ParameterValue"]
    return values
