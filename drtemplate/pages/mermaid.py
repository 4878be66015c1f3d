"""A graph as Mermaid, which GitHub draws.

https://mermaid.js.org/syntax/flowchart.html
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from drtemplate.pages.graph import Graph
from drtemplate.pages.graph_links import CALL, MEMBER, READ, Link
from drtemplate.pages.graph_parts import Part

# A part's shape by its type: a store is a cylinder, code a hexagon, what is outside is round.
_SHAPES = {
    "outside": ("([", "])"),
    "AWS::RDS::DBCluster": ("[(", ")]"),
    "AWS::RDS::DBInstance": ("[(", ")]"),
    "AWS::DynamoDB::Table": ("[(", ")]"),
    "AWS::Lambda::Function": ("{{", "}}"),
}
# Close together, since a page scales the picture down to its width, words and all.
_CLOSE = '%%{init: {"flowchart": {"nodeSpacing": 18, "rankSpacing": 34}}}%%'


def as_mermaid(graph: Graph) -> str:
    """The flowchart: what is outside, the resource groups, then the links."""
    return "\n".join([_CLOSE, "flowchart TB", *_parts(graph), *map(_link, gathered(graph))])


def gathered(graph: Graph) -> list[Link]:
    """The links with as few lines as say the same.

    What is read where something is called as well is in that line's words. What every part of a frame has with
    another part, in the same words, is one line of the frame.
    """
    found = _merged(graph.links)
    for frame, members in _frames(graph).items():
        for end in ("source", "target"):
            ends = {link: getattr(link, end) for link in found}
            as_frame = {
                link: replace(link, **{end: frame})  # type: ignore[arg-type]
                for link in found
                if ends[link] in members and link.kind != MEMBER
            }
            alike = Counter(as_frame.values())
            found = list(
                dict.fromkeys(
                    as_frame[link] if alike[as_frame.get(link, link)] == len(members) else link
                    for link in found
                )
            )
    return found


def _merged(links: Sequence[Link]) -> list[Link]:
    called = {(one.source, one.target) for one in links if one.kind == CALL}
    texts: dict[tuple[str, str, str], list[str]] = {}
    for one in links:
        ends = (one.source, one.target)
        texts.setdefault((*ends, CALL if ends in called else one.kind), []).extend(one.words)
    return [
        Link(source=source, target=target, words=tuple(words), kind=kind)
        for (source, target, kind), words in texts.items()
    ]


def _frames(graph: Graph) -> dict[str, set[str]]:
    """The ids of frames, each with those of its parts; a frame round one part would only take room."""
    groups = dict.fromkeys(part.group for part in graph.parts)
    members = {
        f"group{number}": {part.id for part in graph.parts if part.group == group}
        for number, group in enumerate(groups)
        if group
    }
    return {name: parts for name, parts in members.items() if len(parts) > 1}


def _parts(graph: Graph) -> Iterator[str]:
    groups = dict.fromkeys(part.group for part in graph.parts)
    for number, group in enumerate(groups):
        members = [part for part in graph.parts if part.group == group]
        framed = f"group{number}" in _frames(graph)
        if framed:
            yield f'    subgraph group{number}["{_text(group)}"]'
        yield from (f"    {'    ' * framed}{_part(part, framed)}" for part in members)
        if framed:
            yield "    end"


def _part(part: Part, framed: bool) -> str:
    begin, end = _SHAPES.get(part.kind, ("[", "]"))
    small = ": ".join(text for text in ("" if framed else part.group, part.note) if text)
    note = f"<br/><small>{_text(small)}</small>" if small else ""
    return f'{_id(part.id)}{begin}"{_text(part.label)}{note}"{end}'


def _link(link: Link) -> str:
    """An arrow for what is called; a dotted line for what is only read, from what is read."""
    words = f'|"{"<br/>".join(map(_text, link.words))}"|' if link.words else ""
    ends = _id(link.source), _id(link.target)
    if link.kind == READ:
        return f"    {ends[1]} -.-{words} {ends[0]}"
    return f"    {ends[0]} {'---' if link.kind == MEMBER else '-->'}{words} {ends[1]}"


def _id(name: str) -> str:
    """No word of Mermaid's own, as ``end`` would be."""
    return re.sub(r"\W", "", name) + "_" * (name.lower() == "end")


def _text(text: str) -> str:
    """What would end a quoted text, or is markup in it, as an entity code."""
    return re.sub(r'["#<>&]', lambda found: f"#{ord(found[0])};", text)
