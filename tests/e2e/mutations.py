"""The rendered template with something changed in it."""

import copy
from typing import Any

from drtemplate.settings import Settings
from drtemplate.stack import build

GONE = object()


def rendered() -> dict[str, Any]:
    """The template as it is, to be changed at will."""
    return copy.deepcopy(build(Settings()).to_dict())


def put(template: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at a dotted path, or remove it if the value is ``GONE``.

    A path that begins with a logical id goes on below its Properties; with a section, in that
    section; and with ``@``, it begins at the resource itself.
    """
    parts = path.removeprefix("@").split(".")
    if parts[0] in {"Parameters", "Outputs"}:
        node: Any = template
    else:
        node = template["Resources"]
        if not path.startswith("@"):
            parts.insert(1, "Properties")
    for part in parts[:-1]:
        node = node[int(part)] if isinstance(node, list) else node[part]
    last: Any = int(parts[-1]) if isinstance(node, list) else parts[-1]
    if value is GONE:
        del node[last]
    else:
        node[last] = value


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The rendered template with these changes."""
    template = rendered()
    for path, value in changes:
        put(template, path, value)
    return template
