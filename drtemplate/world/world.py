"""One world, one interface: call functions, let time pass, let things go wrong, and look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from drtemplate.world.account import Account
from drtemplate.world.api.failures import Fault
from drtemplate.world.api.registry import ApiCall
from drtemplate.world.functions import guard
from drtemplate.world.invocation import Invocation
from drtemplate.world.witness import Witness


class World(Account):
    """A simulated account with a deployed stack in it, and the verbs of those who try it.

    Its arguments, and what there is to look at, are those of `Account`.
    """

    def call(
        self, function: str, event: Any, source: str = "operator"
    ) -> tuple[Any, BaseException | None]:
        """Run a function, by its logical id, to its end, while the world goes on.

        Returns:
            What it returned and None; or None and what ended it: its exception, or `Killed`.

        Raises:
            DrTemplateError: it does what the world does not know.
        """
        invocation = self.functions.invoke(function, event, source)
        with guard.closed():
            self.clock.run(ended=lambda: invocation.ended is not None)
        self._check()
        return invocation.answer, invocation.error

    def send(self, function: str, event: Any, source: str = "operator") -> None:
        """Invoke a function, by its logical id, asynchronously."""
        self._send(self.deployment.functions[function].name, event, source, None)

    def run(self, until: float) -> None:
        """Let virtual time pass, until so many seconds since the beginning.

        Raises:
            DrTemplateError: a handler does what the world does not know.
        """
        with guard.closed():
            self.clock.run(until=until)
        self._check()

    def _check(self) -> None:
        if self.fatal:
            raise self.fatal

    # What goes wrong.

    @property
    def faults(self) -> dict[tuple[str, str], Fault]:
        """(service, operation) -> what goes wrong with each call of it; ``*`` stands for any.

        An error code or an exception is how the call ends, without taking effect and without a
        retry; `Slow` and `Lost` befall each of its attempts. A callable is given the parameters of
        each call, and says which of these it meets, or None.
        """
        return self.api.faults

    @property
    def calls(self) -> list[ApiCall]:
        """Every API call that functions have made, retries not counted."""
        return self.api.calls

    def configure(self, **values: object) -> None:
        """Change values of the configuration parameter, as a person does."""
        changed = replace(self.deployment, parameters=self.parameters).configured(**values)
        self.parameters.update(changed.parameters)

    def partition(self, zone: str) -> None:
        """Cut the subnets of a zone off: functions of the VPC that run there reach nothing."""
        self.network.partitioned.add(zone)

    def repair(self, zone: str) -> None:
        """Take a partition back."""
        self.network.partitioned.discard(zone)

    def hold(self, service: str, operation: str) -> None:
        """Hold requests on their way; their callers wait until their time-out, or the release."""
        self.api.held.setdefault((service, operation), [])

    def release(self, service: str, operation: str) -> None:
        """Let held requests take effect, now, those too that nobody waits for any more."""
        for take_effect in self.api.held.pop((service, operation), ()):
            take_effect()

    def freeze(self, invocation: Invocation) -> None:
        """Let a run's sandbox stand still, while the world goes on."""
        if invocation.strand:
            self.clock.freeze(invocation.strand)

    def thaw(self, invocation: Invocation) -> None:
        """Let a frozen sandbox go on."""
        if invocation.strand:
            self.clock.thaw(invocation.strand)

    def skew(self, function: str, *seconds: float) -> None:
        """The clocks of a function's next sandboxes are ahead by these seconds, one after another."""
        self.clock.skewed = True
        self.functions.skews.setdefault(function, []).extend(seconds)

    def close(self) -> None:
        """End all that still runs."""
        self.witness = self.api.witness = self._sockets.witness = Witness()
        with guard.closed():
            self.clock.close()
