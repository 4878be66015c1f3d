"""The errors that a user can meet. Each is one line: what, where and the remedy."""

from collections.abc import Sequence


class DrTemplateError(Exception):
    """The base of all errors that drtemplate raises on purpose."""


class SettingsError(DrTemplateError, ValueError):
    """A choice made at generation time is out of range.

    Attributes:
        faults: what is wrong, a line each; they stand in the message, one behind the other.
    """

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class HandlerError(DrTemplateError):
    """A module in ``handlers/`` cannot become inline Lambda code."""


class BuildError(DrTemplateError):
    """A resource group could not be built."""


class RenderError(DrTemplateError):
    """A value of the template cannot be written as the YAML that the project promises."""


class InputError(DrTemplateError):
    """A file or a value given by the user cannot be used."""


class DeployError(DrTemplateError):
    """A deployment is refused before anything is sent, or it cannot be followed."""
