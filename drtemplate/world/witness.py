"""What the world tells of what happens in it; nobody listens by default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drtemplate.world.invocation import Call, Invocation


class Witness:
    """Told of each thing as it happens. To listen, override what is of interest."""

    def called(self, function: str, call: Call, /) -> None:
        """A function, by its logical id, was invoked asynchronously by a run, an alarm or a person."""

    def probed(self, caller: Invocation, host: str, good: bool, /) -> None:
        """A run has connected to a database endpoint, and was greeted or not."""

    def before(
        self,
        caller: Invocation,
        service: str,
        operation: str,
        params: dict[str, Any],
        /,
    ) -> None:
        """AWS is about to carry an API call out."""

    def after(
        self,
        caller: Invocation,
        service: str,
        operation: str,
        params: dict[str, Any],
        answer: dict[str, Any],
        /,
    ) -> None:
        """AWS has carried an API call out; the answer is on its way."""

    def told(self, caller: Invocation | None, subject: str, /) -> None:
        """A message has reached the alert topic: a run's, or (None) AWS's own."""

    def printed(self, function: str, line: str, /) -> None:
        """A run of a function, by its logical id, has printed a line."""

    def ended(self, invocation: Invocation, /) -> None:
        """A run of a function is over."""
