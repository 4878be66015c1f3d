"""A graph as Mermaid, which GitHub draws.

https://mermaid.js.org/syntax/flowchart.html
"""

import re
from collections.abc import Iterator

from drtemplate.pages.graph import Graph
from drtemplate.pages.graph_links import MEMBER, Link
from drtemplate.pages.graph_parts import Part

# A part's shape by its type: a store is a cylinder, code a hexagon, what is outside is round.
_SHAPES = {
    "outside": ("([", "])"),
    "AWS::RDS::DBCluster": ("[(", ")]"),
    "AWS::RDS::DBInstance": ("[(", ")]"),
    "AWS::DynamoDB::Table": ("[(", ")]"),
    "AWS::Lambda::Function": ("{{", "}}"),
}


def as_mermaid(graph: Graph) -> str:
    """The flowchart: what is outside, a frame a resource group, then the links."""
    return "\n".join(["flowchart TB", *_parts(graph), *map(_link, graph.links)])


def _parts(graph: Graph) -> Iterator[str]:
    groups = dict.fromkeys(part.group for part in graph.parts)
    for number, group in enumerate(groups):
        members = [part for part in graph.parts if part.group == group]
        if group:
            yield f'    subgraph group{number}["{_text(group)}"]'
        yield from (f"    {'    ' if group else ''}{_part(part)}" for part in members)
        if group:
            yield "    end"


def _part(part: Part) -> str:
    begin, end = _SHAPES.get(part.kind, ("[", "]"))
    note = f"<br/><small>{_text(part.note)}</small>" if part.note else ""
    return f'{_id(part.id)}{begin}"{_text(part.label)}{note}"{end}'


def _link(link: Link) -> str:
    arrow = "---" if link.kind == MEMBER else "-->"
    words = f'|"{"<br/>".join(map(_text, link.words))}"|' if link.words else ""
    return f"    {_id(link.source)} {arrow}{words} {_id(link.target)}"


def _id(name: str) -> str:
    """No word of Mermaid's own, as ``end`` would be."""
    return re.sub(r"\W", "", name) + "_" * (name.lower() == "end")


def _text(text: str) -> str:
    """What would end a quoted text, or is markup in it, as an entity code."""
    return re.sub(r'["#<>&]', lambda found: f"#{ord(found[0])};", text)
