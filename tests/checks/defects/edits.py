"""What can be done to a template's resources, and where the rule has to find it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

Resources = dict[str, Any]


@dataclass(frozen=True)
class Edit:
    """A change of the resources, to be found at this one."""

    title: str
    act: Callable[[Resources], None]

    def at(self, title: str) -> Edit:
        """The same, found at another resource than the one that is changed."""
        return replace(self, title=title)


def properties(resources: Resources, title: str) -> dict[str, Any]:
    return resources[title]["Properties"]


def change(title: str, **values: Any) -> Edit:
    """Set properties; a value of None takes the property away."""

    def act(resources: Resources) -> None:
        facts = properties(resources, title)
        for key, value in values.items():
            if value is None:
                facts.pop(key)
            else:
                facts[key] = value

    return Edit(title, act)


def within(title: str, name: str, **values: Any) -> Edit:
    """Set what stands in one of the properties."""
    return Edit(title, lambda resources: properties(resources, title)[name].update(values))


def remove(*titles: str) -> Edit:
    def act(resources: Resources) -> None:
        for title in titles:
            del resources[title]

    return Edit(titles[0], act)


def independent(title: str) -> Edit:
    return Edit(title, lambda resources: resources[title].pop("DependsOn"))


def several(*edits: Edit) -> Edit:
    def act(resources: Resources) -> None:
        for one in edits:
            one.act(resources)

    return Edit(edits[0].title, act)


def statement(title: str, document: str, who: str, **values: Any) -> Edit:
    """Change the first statement with ``who`` in its service; no values remove it."""

    def act(resources: Resources) -> None:
        statements = properties(resources, title)[document]["Statement"]
        for one in list(statements):
            if who in str(one["Principal"].get("Service")):
                one.update(values)
                if not values:
                    statements.remove(one)
                return
        raise AssertionError(f"no statement of {who}")

    return Edit(title, act)


def key(who: str, **values: Any) -> Edit:
    return statement("OperationsKey", "KeyPolicy", who, **values)


def topic(who: str, **values: Any) -> Edit:
    return statement("AlertTopicPolicy", "PolicyDocument", who, **values)


def code(title: str, old: str, new: str) -> Edit:
    def act(resources: Resources) -> None:
        place = properties(resources, title)["Code"]
        assert old in place["ZipFile"], f"{title} has no {old!r}"
        place["ZipFile"] = place["ZipFile"].replace(old, new)

    return Edit(title, act)


def dimensions(title: str, **pairs: Any) -> Edit:
    return change(title, Dimensions=[{"Name": k, "Value": v} for k, v in pairs.items()])


def ref(title: str) -> dict[str, str]:
    return {"Ref": title}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def get_att(title: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [title, attribute]}
