"""Lambda: execution environments, cold and warm, time-outs, the asynchronous queue and its retries.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from drtemplate.drill.deployment import Function
from drtemplate.drill.intrinsics import ZONES
from drtemplate.drill.invocation import Context, Environment, Invocation, Message
from drtemplate.drill.kernel import Killed

if TYPE_CHECKING:
    from drtemplate.drill.cloud import Cloud
    from drtemplate.drill.facts import Call

# Memory that buys a whole CPU. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
FULL_CPU = 1769
# Before the first and before each further retry.
RETRY_AFTER = (60.0, 120.0)


class Functions:
    """The Lambda service.

    Attributes:
        broken: logical ids of functions that cannot start.
        lost: zones without power, and the time from which nothing is started there.
        seconds: billed seconds, by logical id.
        on_end: called with each invocation that has ended.
        duplicate: how many extra times an asynchronous event is delivered.
        count, calls: runs, and API calls of those that have ended.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.kernel = cloud.kernel
        self.random = cloud.kernel.random("lambda")
        self.by_name = {one.name: one for one in cloud.deployment.functions.values()}
        self.by_name |= {one.arn: one for one in cloud.deployment.functions.values()}
        self.environments: dict[str, list[Environment]] = {
            one: [] for one in cloud.deployment.functions
        }
        self.broken: set[str] = set()
        self.lost: dict[str, float] = {}
        self.seconds = dict.fromkeys(cloud.deployment.functions, 0.0)
        self.running: list[Invocation] = []
        self.on_end: list[Callable[[Invocation], None]] = []
        self.duplicate = 0
        self.count = 0
        self.calls = 0

    def _draw(self, timing: str) -> float:
        return self.cloud.assumptions.draw(timing, self.random)

    # The asynchronous queue.

    def send(self, name: str, event: Any, source: str, call: Call | None = None) -> None:
        """Queue an event; the caller gets no answer."""
        message = Message(self.by_name[name], json.dumps(event), source, self.kernel.now, call)
        for _ in range(1 + self.duplicate):
            self.kernel.at(self._draw("lambda_queue"), self._take, message, 0)

    def _take(self, message: Message, tries: int) -> None:
        function = message.function
        age = self.kernel.now - message.sent
        if age > function.max_age:
            self._give_up(message, "EventAgeExceeded")
            return
        running = sum(one.function is function for one in self.running)
        if function.reserved is not None and running >= function.reserved:
            # Throttled events go back to the queue, and come again with a growing delay.
            self.kernel.at(min(1.0 + age, 300.0), self._take, message, tries)
            return

        def ended(invocation: Invocation) -> None:
            if invocation.error is None:
                return
            again = RETRY_AFTER[min(tries, 1)]
            if tries >= function.retries:
                self._give_up(message, "RetriesExhausted")
            else:
                self.kernel.at(again, self._take, message, tries + 1)

        self._start(message, ended)

    def _give_up(self, message: Message, condition: str) -> None:
        """The event is dropped; where it failed for good, a record goes to the destination.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        """
        if message.function.on_failure:
            payload = json.loads(message.text)
            record = {"requestContext": {"condition": condition}, "requestPayload": payload}
            self.cloud.publish(message.function.on_failure, f"Lambda {condition}", record)

    # Runs.

    def _start(self, message: Message, ended: Callable[[Invocation], None]) -> None:
        self.count += 1
        function = message.function
        invocation = Invocation(
            self.cloud,
            function,
            f"request-{self.count}",
            message.source,
            json.loads(message.text),
            self.kernel.now,
            call=message.call,
        )
        warm = self._warm(function)
        environment = warm or Environment(self._zone(function))
        environment.busy = True
        invocation.environment = environment
        if warm is None:
            self.environments[function.logical].append(environment)
            init = self._draw("lambda_init_cpu") * max(1.0, FULL_CPU / function.memory)
            self.seconds[function.logical] += init
            delay = self._draw("lambda_sandbox") + init
        else:
            delay = self._draw("lambda_warm_start")
        self.running.append(invocation)
        self.kernel.at(delay, self._begin, invocation, ended)

    def _warm(self, function: Function) -> Environment | None:
        """The environment that was idle for the shortest time."""
        now = self.kernel.now
        pool = self.environments[function.logical]
        pool[:] = [one for one in pool if one.busy or now - one.idle_since < one.keep]
        idle = [one for one in pool if not one.busy and one.zone not in self.lost]
        return max(idle, key=lambda one: one.idle_since, default=None)

    def _zone(self, function: Function) -> str:
        """Any zone of the function; until Lambda has noticed, a lost one too."""
        zones = function.zones or ZONES
        open_zones = [one for one in zones if self.lost.get(one, float("inf")) > self.kernel.now]
        return self.random.choice(open_zones or zones)

    def _begin(self, invocation: Invocation, ended: Callable[[Invocation], None]) -> None:
        environment = invocation.environment
        assert environment is not None
        function = invocation.function
        invocation.began = self.kernel.now
        invocation.deadline = self.kernel.now + function.timeout
        if environment.zone in self.lost:
            self._end(invocation, ended, Killed())
            return

        def run() -> None:
            error: BaseException | None = None
            try:
                if function.logical in self.broken:
                    raise RuntimeError("the function cannot start")
                if environment.handler is None:
                    environment.handler = self.cloud.load(function)
                invocation.answer = environment.handler(invocation.event, Context(invocation))
            except SystemExit as exc:
                error = RuntimeError(f"Runtime.ExitError: {exc}")  # as Lambda has it
            except (Exception, Killed) as exc:
                error = exc
            self._end(invocation, ended, error)

        invocation.strand = self.kernel.start(run, function.timeout, invocation)

    def _end(
        self,
        invocation: Invocation,
        ended: Callable[[Invocation], None],
        error: BaseException | None,
    ) -> None:
        now, logical = self.kernel.now, invocation.function.logical
        environment = invocation.environment
        assert environment is not None
        assert invocation.began is not None
        invocation.ended, invocation.error = now, error
        self.calls += invocation.calls
        self.seconds[logical] += now - invocation.began
        self.running.remove(invocation)
        environment.busy = False
        environment.idle_since = now
        environment.keep = self._draw("lambda_keep_warm")
        if isinstance(error, Killed):
            self.environments[logical].remove(environment)
        self.cloud.lambda_ended(invocation)
        for listener in self.on_end:
            listener(invocation)
        ended(invocation)

    def kill(self, invocation: Invocation) -> None:
        """The host of a run is gone."""
        if invocation.strand:
            self.kernel.kill(invocation.strand)

    def lose_zone(self, zone: str) -> None:
        """Power is lost in a zone: its runs end, and for a while others are still started there."""
        self.lost[zone] = self.kernel.now + self._draw("lambda_zone_evacuation")
        for pool in self.environments.values():
            pool[:] = [one for one in pool if one.busy or one.zone != zone]
        for invocation in list(self.running):
            if invocation.environment and invocation.environment.zone == zone:
                self.kill(invocation)
