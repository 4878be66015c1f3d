"""Files of entries that each give a reason: the ledger of deviations, and the accepted findings."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from drtemplate.cloudformation.document import load_document
from drtemplate.errors import InputError


def load_entries(
    path: Path, what: str, texts: Sequence[str], lists: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read a list of mappings that have exactly these keys, none of them empty.

    Args:
        path: a YAML file.
        what: its name in messages.
        texts: keys whose values are text.
        lists: keys whose values are lists of text, without one that stands twice.

    Yields:
        Where an entry stands, for messages, and the entry.

    Raises:
        InputError: the file is missing or no YAML, or an entry is malformed.
    """
    document = load_document(path, what)
    if not isinstance(document, list):
        raise InputError(f"{path}: the {what} is not a list of entries")
    for number, item in enumerate(document, 1):
        where = f"{path}: entry {number}"
        keys = (*texts, *lists)
        if not isinstance(item, dict) or set(item) != set(keys):
            raise InputError(f"{where} must have exactly the keys {', '.join(keys)}")
        if not all(_is_text(item[key]) for key in texts):
            raise InputError(f"{where} has an empty or non-text value; write every key as text")
        for key in lists:
            if not _is_list(item[key]):
                raise InputError(f"{where}: {key} must be a list of texts, each of them once")
        yield where, item


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_list(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(map(_is_text, value))
        and len(set(value)) == len(value)
    )
