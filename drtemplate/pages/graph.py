"""The architecture in a dozen parts: what a newcomer must see, out of all that the template has.

A part stands for its resources, as a side for its load balancer, listeners and targets.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drtemplate.pages.graph_links import Link, all_links
from drtemplate.pages.graph_parts import Part, Template, all_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The parts, in the order of the template, and the links between them."""

    parts: tuple[Part, ...]
    links: tuple[Link, ...]


def graph(template: Template, groups: Mapping[str, str]) -> Graph:
    """The picture of a template: its parts that are linked to others.

    Args:
        template: as dictionaries, intrinsics in long form.
        groups: logical id -> title of its resource group.
    """
    parts = all_parts(template, groups)
    links = all_links(template, parts)
    linked = {end for link in links for end in (link.source, link.target)}
    return Graph(parts=tuple(part for part in parts if part.id in linked), links=tuple(links))
