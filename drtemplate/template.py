"""What every group builds with: the template, the bundles and the names."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast, dataclass_transform

from troposphere import AWSObject, Sub, Tags, Template

from drtemplate.errors import BuildError

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True)
def bundle(cls: type[T]) -> type[T]:
    """Make a frozen dataclass of what a group hands on."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


class StackTemplate(Template):
    """A Template whose resources know their group, so that the emitter can print banners.

    Attributes:
        groups: logical id of each resource -> title of the group that added it.
        banners: logical id of each resource -> title and purpose of that group.
    """

    def __init__(self, description: str) -> None:
        super().__init__(Description=description)
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
            return cast(dict[str, Any], super().to_dict())
        except ValueError as exc:
            for title, resource in self.resources.items():
                try:
                    resource.to_dict()
                except ValueError as found:
                    raise BuildError(f"group {self.groups[title]!r}: {title}: {found}") from exc
            raise


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


def variable(resource: AWSObject, attribute: str = "") -> str:
    """The resource, or an attribute of it, as a variable inside a Sub text."""
    return f"${{{resource.title}.{attribute}}}" if attribute else f"${{{resource.title}}}"
