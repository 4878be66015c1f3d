"""What every group builds with: the template, the bundles and the names."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast, dataclass_transform

from troposphere import AWSObject, Sub, Tags, Template

from drtemplate.errors import BuildError
from drtemplate.plans import Names

T = TypeVar("T")
STACK = "AWS::StackName"
# Load balancers and target groups take 32 characters, which the stack's name and a suffix may fill.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
SHORT_NAMES = "AWS::ElasticLoadBalancingV2::"


@dataclass_transform(kw_only_default=True, frozen_default=True)
def bundle(cls: type[T]) -> type[T]:
    """Make a frozen dataclass of what a group hands on."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


class StackTemplate(Template):
    """A Template whose resources know their group, so that the emitter can print banners.

    Attributes:
        groups: logical id of each resource -> title of the group that added it.
        banners: logical id of each resource -> title and purpose of that group.
        names: what physical names have beside the stack's.
    """

    def __init__(self, description: str, names: Names | None = None) -> None:
        super().__init__(Description=description)
        self.names = names or Names()
        self.set_version()
        self.groups: dict[str, str] = {}
        self.banners: dict[str, str] = {}
        self._group = self._banner = ""

    @contextmanager
    def group(self, title: str, purpose: str = "") -> Iterator[None]:
        """Put the resources added inside under ``title``; name the group in any build error.

        Args:
            title: the group's name.
            purpose: what it is there for, in one line, for the banner.

        Raises:
            BuildError: Troposphere refused a property, a type or a logical id.
        """
        self._group, self._banner = title, f"{title}: {purpose}" if purpose else title
        try:
            yield
        except (AttributeError, TypeError, ValueError) as exc:
            raise BuildError(f"group {title!r}: {exc}") from exc
        finally:
            self._group = self._banner = ""

    def add_resource(self, resource: AWSObject) -> AWSObject:
        """Add one resource, or a list of them, to the current group."""
        for added in resource if isinstance(resource, list) else [resource]:
            self.groups[added.title] = self._group
            self.banners[added.title] = self._banner
        return super().add_resource(resource)

    def to_dict(self) -> dict[str, Any]:
        """The template as plain dictionaries.

        Raises:
            BuildError: a resource lacks a property; the message names group and resource.
        """
        try:
            made = cast(dict[str, Any], super().to_dict())
            return {
                section: {title: self._named(one) for title, one in parts.items()}
                if section in ("Resources", "Outputs")
                else parts
                for section, parts in made.items()
            }
        except ValueError as exc:
            for title, resource in self.resources.items():
                try:
                    resource.to_dict()
                except ValueError as found:
                    raise BuildError(f"group {self.groups[title]!r}: {title}: {found}") from exc
            raise

    def _named(self, part: dict[str, Any]) -> dict[str, Any]:
        """A resource or an output, its names with the prefix."""
        if part.get("Type", "").startswith(SHORT_NAMES):
            return part
        return cast(dict[str, Any], _prefixed(part, self.names.prefix))

    def global_name(self, suffix: str) -> Sub:
        """A physical name of a kind that no two regions may share."""
        return stack_name(suffix + ("-${AWS::Region}" if self.names.region else ""))


def _prefixed(value: Any, prefix: str) -> Any:
    """The value with the prefix before the stack's name, wherever that stands.

    The dimension of our metrics has it too: the handlers know one name, and make of it those of alarms.
    """
    if not prefix:
        return value
    if value == {"Ref": STACK}:
        return {"Fn::Sub": f"{prefix}${{{STACK}}}"}
    if isinstance(value, dict):
        return {key: _prefixed(one, prefix) for key, one in value.items()}
    if isinstance(value, list):
        return [_prefixed(one, prefix) for one in value]
    name = f"${{{STACK}}}"
    return value.replace(name, prefix + name) if isinstance(value, str) else value


class ExistingResource:
    """What is there already, spoken of as if the template made it.

    Args:
        name: what a Ref to it would give.
        attributes: what a GetAtt would give, by attribute.
    """

    def __init__(self, name: str, **attributes: str) -> None:
        self.name = name
        self.attributes = attributes

    def ref(self) -> str:
        """Its name."""
        return self.name

    def get_att(self, attribute: str) -> str:
        """An attribute of it."""
        return self.attributes[attribute]


def titles(*parts: AWSObject | ExistingResource) -> list[str]:
    """The logical ids to depend on; what is there already is not waited for."""
    return [part.title for part in parts if not isinstance(part, ExistingResource)]


def stack_name(suffix: str) -> Sub:
    """A physical name that starts with the stack's: ``<stack><suffix>``."""
    return Sub("${AWS::StackName}" + suffix)


def name_tags(suffix: str) -> Tags:
    """The Name tag ``<stack>-<suffix>``; a new object each time, since adding Tags mutates them.

    For what the console lists by that tag. Everything else has a name of its own there, and the
    tags of the stack, which CloudFormation passes on.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
    """
    return Tags(Name=stack_name(f"-{suffix}"))


def variable(resource: AWSObject | ExistingResource, attribute: str = "") -> str:
    """The resource, or an attribute of it, as a variable inside a Sub text."""
    if isinstance(resource, ExistingResource):
        return resource.get_att(attribute) if attribute else resource.ref()
    return f"${{{resource.title}.{attribute}}}" if attribute else f"${{{resource.title}}}"
