"""JSON for people: what fits on a line stays on one, and small neighbours share a line."""

import json


def json_text(value: object, width: int, indent: str = "", taken: int = 0) -> str:
    """Write ``value`` as JSON, one space deep, lines up to ``width`` columns where it can.

    Args:
        value: what ``json.dumps`` takes; keys keep their order.
        width: the columns a line may have before its collection is broken up.
        indent: the blanks that stand before the value's own lines.
        taken: columns that a key before the value and a comma behind it need.
    """
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Several collections in a list are rows, and rows belong under each other.
    rows = isinstance(value, list) and sum(isinstance(item, dict | list) for item in value) > 1
    fits = len(indent) + taken + len(line) <= width
    if not value or not isinstance(value, dict | list) or (fits and not rows):
        return line
    inner = indent + " "
    if isinstance(value, dict):
        parts = []
        for key, item in value.items():
            name = json.dumps({key: 0}, ensure_ascii=False, separators=(",", ":"))[
                1:-2
            ]  # a key as JSON has it: text
            parts.append(name + json_text(item, width, inner, len(name) + 1))
        return "{\n" + _filled(parts, width, inner) + f"\n{indent}}}"
    parts = [inner + json_text(item, width, inner, 1) for item in value]
    return "[\n" + ",\n".join(parts) + f"\n{indent}]"


def _filled(parts: list[str], width: int, indent: str) -> str:
    """The members of an object; those of one line fill lines together."""
    lines: list[str] = []
    for part in parts:
        room = lines and "\n" not in lines[-1] and "\n" not in part
        if room and len(lines[-1]) + len(f",{part},") <= width:
            lines[-1] += f",{part}"
        else:
            lines.append(indent + part)
    return ",\n".join(lines)
