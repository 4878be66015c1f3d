"""What CloudFormation does to a resource when one of its properties changes.

Two sources say it: the schemas that come with cfn-lint, and the user guide's "Update requires"
in ``update-behaviour.tsv``. Where they disagree the more cautious one counts, and both are told.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from drtemplate.cloudformation.schemas import CUSTOM_RESOURCE, is_custom, resource_facts
from drtemplate.errors import InputError

# A name, and the position or the name of an element of its list.
_STEP = re.compile(r"\.?([\w:]+)(?:\[[^\[\]=]*\](?=\.|$))*")
_TABLE = Path(__file__).with_name("update-behaviour.tsv")


class Behaviour(IntEnum):
    """What an update does to a resource; the later, the more it takes."""

    NO_INTERRUPTION = 0
    SOME_INTERRUPTION = 1
    NOT_SUPPORTED = 2  # the update fails and is rolled back, unless the resource is replaced anyway
    CONDITIONAL = 3  # some values need a replacement, others do not
    # By a condition, which never replaces.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
    ADDED_OR_REMOVED = 4
    REPLACEMENT = 5

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ")


_DOCUMENTED = {
    "No interruption": Behaviour.NO_INTERRUPTION,
    "Some interruptions": Behaviour.SOME_INTERRUPTION,
    "Updates are not supported": Behaviour.NOT_SUPPORTED,
    "Some interruptions or replacement": Behaviour.CONDITIONAL,
    "Replacement": Behaviour.REPLACEMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a change of one property does.

    Attributes:
        documented: what the user guide says; None if the table lacks the property.
        schema: what the schema says, where ``NO_INTERRUPTION`` stands for every change in place;
            None if there is no schema.
    """

    behaviour: Behaviour
    documented: Behaviour | None = None
    schema: Behaviour | None = None

    @property
    def disagreement(self) -> str:
        """Both sources in words where they differ, else ''; a schema knows of no interruption."""
        if self.documented is None or self.schema in (None, self.documented):
            return ""
        if self.schema == Behaviour.NO_INTERRUPTION:
            schema = "in place" if self.documented > Behaviour.SOME_INTERRUPTION else ""
        else:
            schema = str(self.schema)
        return schema and f"documented: {self.documented}, schema: {schema}"


# What a change of an attribute does that may do anything at all.
_ATTRIBUTES = {
    "Condition": Verdict(behaviour=Behaviour.ADDED_OR_REMOVED),
    "Type": Verdict(behaviour=Behaviour.REPLACEMENT),
}
_IN_PLACE = Verdict(behaviour=Behaviour.NO_INTERRUPTION)
# The schema calls it conditional; the guide and the API that the provider calls change it in place.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
_NOT_CONDITIONAL = frozenset({("AWS::RDS::DBInstance", "PreferredMaintenanceWindow")})


def change_verdict(type_: str, path: str, subtree: str = "") -> Verdict:
    """What a change does at a path below a resource, as ``Properties.Tags[0].Value``.

    Where an object, a list or an element was added or removed with it, ``subtree`` is its path; else ''.
    """
    section, _, name = path.partition(".")
    if section == "Properties":
        return verdict(type_, name, subtree.partition(".")[2])
    return _ATTRIBUTES.get(section, _IN_PLACE)


@functools.cache
def verdict(type_: str, path: str, subtree: str = "") -> Verdict:
    """What a change does at a property's path below Properties, as ``Tags[0].Value``.

    A type that neither source knows, such as a custom resource, counts as conditional: its provider
    decides. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-update.html

    ``subtree`` is as ``change_verdict``'s: the guide says of an element's own properties what changes
    of the element do, and of the list above what adding or removing one does.
    """
    if is_custom(type_):
        type_ = CUSTOM_RESOURCE
    schema = None
    if (type_, property_path(path)) not in _NOT_CONDITIONAL:
        schema = _schema_behaviour(type_, property_path(path))
    documented = _documented_behaviour(type_, property_path(subtree or path))
    known = [behaviour for behaviour in (schema, documented) if behaviour is not None]
    return Verdict(
        behaviour=max(known, default=Behaviour.CONDITIONAL), documented=documented, schema=schema
    )


def property_path(path: str) -> str:
    """The names of the properties only: without positions in lists, and through an If."""
    names: list[str] = []
    # Ends at any other function, and at an element that is named by its whole text.
    while step := _STEP.match(path):
        name, path = step[1], path[step.end() :]
        if name.startswith("Fn::") and name != "Fn::If":
            break
        names += [name] if name != "Fn::If" else []
    return ".".join(names)


def _schema_behaviour(type_: str, path: str) -> Behaviour | None:
    facts = resource_facts(type_)
    if facts is None:
        return None
    if any(_touches(path, named) for named in facts.create_only):
        return Behaviour.REPLACEMENT
    if any(_touches(path, named) for named in facts.conditional):
        return Behaviour.CONDITIONAL
    return Behaviour.NO_INTERRUPTION


def _touches(path: str, named: str) -> bool:
    """Whether a change at the path is one of the named property: at it, in it, or of all above it."""
    return f"{path}.".startswith(f"{named}.") or f"{named}.".startswith(f"{path}.")


def _documented_behaviour(type_: str, path: str) -> Behaviour | None:
    """What the guide says of the property, or of the nearest above it."""
    while path and (type_, path) not in _documented():
        path = path.rpartition(".")[0]
    return _documented().get((type_, path))


@functools.cache
def _documented() -> Mapping[tuple[str, str], Behaviour]:
    found = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            type_, name, words = line.split("\t")
            if words not in _DOCUMENTED:
                raise InputError(f"{_TABLE}: {words!r} is no update behaviour")
            found[type_, name] = _DOCUMENTED[words]
    return found
