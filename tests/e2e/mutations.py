"""The rendered template with something changed in it."""

import copy
from typing import Any

from drtemplate.cloudformation.references import dependencies
from drtemplate.settings import Settings
from drtemplate.stack import build

GONE = object()


RENDERED = build(Settings()).to_dict()


def rendered() -> dict[str, Any]:
    """The template as it is, to be changed at will."""
    return copy.deepcopy(RENDERED)


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


def needed(template: dict[str, Any], *names: str) -> dict[str, Any]:
    """The template with no other resources than these and what they need, and without outputs."""
    resources, wanted, kept = template["Resources"], set(names), {}
    while wanted:
        name = wanted.pop()
        kept[name] = resources[name]
        wanted |= (dependencies(resources[name]) & resources.keys()) - kept.keys()
    ordered = {name: one for name, one in resources.items() if name in kept}
    return {key: one for key, one in template.items() if key != "Outputs"} | {"Resources": ordered}


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The rendered template with these changes."""
    template = rendered()
    for path, value in changes:
        put(template, path, value)
    return template
