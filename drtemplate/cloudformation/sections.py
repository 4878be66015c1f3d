"""Changes outside resources, each with what it means for a stack."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drtemplate.cloudformation.parameters import MASK, is_secret

Template = Mapping[str, Any]
# During an update, these are changed only together with resources.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html
_ALONE = "touches no resource; no update is made of this alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A leaf outside resources that is not the same; None stands for no such leaf.

    Attributes:
        subtree: the object, list or element of a list that was added or removed with it; else path.
        effect: what it does, in words.
    """

    path: str
    subtree: str
    before: str | None
    after: str | None
    effect: str


def other_changes(
    old: Template,
    new: Template,
    changed: Mapping[str, tuple[str | None, str | None]],
    subtrees: Mapping[str, str],
) -> Iterator[Change]:
    """Each change outside Resources.

    Args:
        old: the template that is deployed.
        new: the one that an update would bring.
        changed: the leaves that differ, with both values; secrets are masked.
        subtrees: for each of them, what was added or removed with it.
    """
    for path, (before, after) in changed.items():
        section, *names = path.split(".")
        if section == "Resources":
            continue
        name = names[0] if names else ""
        facts = [side.get("Parameters", {}).get(name, {}) for side in (old, new)]
        if section == "Parameters" and names[1:] == ["Default"] and any(map(is_secret, facts)):
            shown = tuple(None if value is None else MASK for value in (before, after))
        else:
            shown = (before, after)
        effect = _effect(old, new, section, name, names[1:])
        yield Change(
            path=path, subtree=subtrees[path], before=shown[0], after=shown[1], effect=effect
        )


def _effect(old: Template, new: Template, section: str, name: str, below: list[str]) -> str:
    if section == "Parameters":
        return _parameter_effect(old, new, name, below)
    if section == "Outputs":
        exported = any("Export" in side.get(section, {}).get(name, {}) for side in (old, new))
        if exported and below[:1] in (["Value"], ["Export"]):
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
            return "refused while another stack imports it"
        return "touches no resource"
    if section in ("Conditions", "Mappings"):
        return "matters where it is used; no update is made of this alone"
    if section == "Transform":
        return "a macro may change everything"
    if section == "Rules":
        return "decides which parameters are accepted"
    return _ALONE


def _parameter_effect(old: Template, new: Template, name: str, below: list[str]) -> str:
    before, after = (side.get("Parameters", {}) for side in (old, new))
    if name not in after:
        return "may no longer be given"
    if name not in before:
        return "new; needs a value" if "Default" not in after[name] else "new; has a default"
    if below == ["Default"]:
        return "counts where no value is given or kept; matters where it is used"
    if below and below[0] in ("Description", "ConstraintDescription"):
        return "touches no resource"
    return "decides which values are accepted"
