"""Questions to one resource's change: what may happen to it, what surely does, and by which properties."""

from collections.abc import Mapping
from typing import Any

from drtemplate.cloudformation.changes import ResourceChange, verdicts
from drtemplate.cloudformation.reading import mapping_of
from drtemplate.cloudformation.updates import Behaviour, property_path

Template = Mapping[str, Any]
# The resource goes, for good or for a new one.
RENEWED = frozenset((Behaviour.REPLACEMENT, Behaviour.CONDITIONAL, Behaviour.ADDED_OR_REMOVED))


def properties(template: Template, change: ResourceChange) -> Mapping[str, Any]:
    """Those that a template has for the resource; none where it has no such resource."""
    return mapping_of(template["Resources"].get(change.logical_id, {}).get("Properties"))


def behaviours(change: ResourceChange) -> frozenset[Behaviour]:
    """All that may happen to it."""
    return frozenset(one.behaviour for one in verdicts(change.changes, change.inherited))


def surely(change: ResourceChange, behaviour: Behaviour) -> bool:
    """Whether the resource goes, or this surely happens to it: it does not depend on a stack's values."""
    own = {one.verdict.behaviour for one in change.changes}
    sure = own | {one.verdict.behaviour for one in change.inherited if one.certain}
    return change.action == "Remove" or behaviour in sure


def changed_paths(change: ResourceChange) -> dict[str, bool]:
    """Property paths that change -> whether they surely do."""
    paths = {property_path(one.path): one.certain for one in change.inherited}
    return paths | {property_path(one.path): True for one in change.changes}
