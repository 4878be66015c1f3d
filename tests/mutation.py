"""A template with one defect, or one change."""

import copy
from typing import Any

GONE = object()


def mutated(section: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """A deep copy with one value replaced, added or taken away."""
    result = copy.deepcopy(section)
    *parents, last = path
    parent = result
    for step in parents:
        parent = parent[step]
    if value is GONE:
        del parent[last]
    else:
        parent[last] = value
    return result
