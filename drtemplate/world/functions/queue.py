"""Lambda: execution environments, cold and warm, time-outs, the asynchronous queue and its retries.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from drtemplate.world.clock import Clock, Killed, current_strand
from drtemplate.world.deployment import Function
from drtemplate.world.invocation import (
    Call,
    Context,
    Environment,
    Handler,
    Host,
    Invocation,
    Message,
)
from drtemplate.world.physical import ZONES
from drtemplate.world.timings import Timings

# Memory that buys a whole CPU. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
FULL_CPU = 1769
# Before the first and before each further retry.
RETRY_AFTER = (60.0, 120.0)
Ended = Callable[[Invocation], None]


class Functions:
    """The Lambda service.

    Args:
        functions: by logical id.
        host: what each run gets of its world.
        load: gives the handler of a fresh execution environment.
        tell: takes a function, a subject and the record of an event of it that failed for good.
        ended: told of each run that is over.

    Attributes:
        broken: logical ids of functions that cannot start.
        lost: zones without power, and the time from which nothing is started there.
        seconds: billed seconds, by logical id.
        duplicate: how many extra times an asynchronous event is delivered.
        apart: seconds within which the extra deliveries come.
        skews: by logical id, seconds by which the clocks of its next environments are ahead.
        count, calls: runs, and API calls of those that have ended.
    """

    def __init__(
        self,
        clock: Clock,
        functions: Mapping[str, Function],
        timings: Timings,
        host: Host,
        load: Callable[[Function], Handler],
        tell: Callable[[Function, str, str], None],
        ended: Ended,
    ) -> None:
        self.clock = clock
        self.timings = timings
        self.host = host
        self.load = load
        self.tell = tell
        self.ended = ended
        self.random = clock.random("lambda")
        self.by_name = {one.name: one for one in functions.values()}
        self.by_name |= {one.arn: one for one in functions.values()}
        self.environments: dict[str, list[Environment]] = {one: [] for one in functions}
        self.broken: set[str] = set()
        self.lost: dict[str, float] = {}
        self.seconds = dict.fromkeys(functions, 0.0)
        self.running: list[Invocation] = []
        self.duplicate = 0
        self.apart = 0.0
        self.skews: dict[str, list[float]] = {}
        self.count = 0
        self.calls = 0
        self._requests = 0

    def _draw(self, timing: str) -> float:
        return self.timings.draw(timing, self.random)

    def _message(self, function: Function, event: Any, source: str, call: Call | None) -> Message:
        self._requests += 1
        request_id = f"request-{self._requests}"
        return Message(function, request_id, json.dumps(event), source, self.clock.now, call)

    # The asynchronous queue.

    def send(self, name: str, event: Any, source: str, call: Call | None = None) -> None:
        """Queue an event; the caller gets no answer."""
        message = self._message(self.by_name[name], event, source, call)
        self.clock.at(self._draw("lambda_queue"), self._take, message, 0)
        for _ in range(self.duplicate):
            later = self.random.uniform(0, self.apart) if self.apart else 0.0
            self.clock.at(later + self._draw("lambda_queue"), self._take, message, 0)

    def _take(self, message: Message, tries: int) -> None:
        function = message.function
        age = self.clock.now - message.sent
        if age > function.max_age:
            self._give_up(message, "EventAgeExceeded", tries, None)
            return
        running = sum(one.function is function for one in self.running)
        if function.reserved is not None and running >= function.reserved:
            # Throttled events go back to the queue, and come again with a growing delay.
            self.clock.at(min(1.0 + age, 300.0), self._take, message, tries)
            return

        def ended(invocation: Invocation) -> None:
            if invocation.error is None:
                return
            again = RETRY_AFTER[min(tries, 1)]
            if tries >= function.retries:
                self._give_up(message, "RetriesExhausted", tries + 1, invocation)
            else:
                self.clock.at(again, self._take, message, tries + 1)

        self._start(message, ended)

    def _give_up(
        self, message: Message, condition: str, tries: int, last: Invocation | None
    ) -> None:
        """The event is dropped; where it failed for good, a record goes to the destination.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        """
        if message.function.on_failure:
            context = {
                "condition": condition,
                "requestId": message.request_id,
                "functionArn": f"{message.function.arn}:$LATEST",
                "approximateInvokeCount": tries,
            }
            record = {"requestContext": context, "requestPayload": json.loads(message.text)}
            if last:
                record["responsePayload"] = last.failure()
            self.tell(message.function, f"Lambda {condition}", json.dumps(record))

    # Runs.

    def invoke(self, logical: str, event: Any, source: str) -> Invocation:
        """Start a run whose caller waits for it: at once, and without the queue's retries."""
        function = next(one for one in self.by_name.values() if one.logical == logical)
        return self._start(self._message(function, event, source, None), lambda _: None)

    def _start(self, message: Message, ended: Ended) -> Invocation:
        self.count += 1
        function = message.function
        invocation = Invocation(
            self.host,
            function,
            message.request_id,
            message.source,
            json.loads(message.text),
            self.clock.now,
            call=message.call,
        )
        warm = self._warm(function)
        environment = warm or self._made(function)
        environment.busy = True
        invocation.environment = environment
        if warm is None:
            init = self._draw("lambda_init_cpu") * max(1.0, FULL_CPU / function.memory)
            self.seconds[function.logical] += init
            delay = self._draw("lambda_sandbox") + init
        else:
            delay = self._draw("lambda_warm_start")
        self.running.append(invocation)
        self.clock.at(delay, self._begin, invocation, ended)
        return invocation

    def _made(self, function: Function) -> Environment:
        skews = self.skews.get(function.logical)
        made = Environment(self._zone(function), skew=skews.pop(0) if skews else 0.0)
        self.environments[function.logical].append(made)
        return made

    def _warm(self, function: Function) -> Environment | None:
        """The environment that was idle for the shortest time."""
        now = self.clock.now
        pool = self.environments[function.logical]
        pool[:] = [one for one in pool if one.busy or now - one.idle_since < one.keep]
        idle = [one for one in pool if not one.busy and one.zone not in self.lost]
        return max(idle, key=lambda one: one.idle_since, default=None)

    def _zone(self, function: Function) -> str:
        """Any zone of the function; until Lambda has noticed, a lost one too."""
        zones = function.zones or ZONES
        open_zones = [one for one in zones if self.lost.get(one, float("inf")) > self.clock.now]
        return self.random.choice(open_zones or zones)

    def _begin(self, invocation: Invocation, ended: Ended) -> None:
        environment = invocation.environment
        assert environment is not None
        function = invocation.function
        invocation.began = self.clock.now
        invocation.deadline = self.clock.now + function.timeout
        if environment.zone in self.lost:
            self._end(invocation, ended, Killed())
            return

        def run() -> None:
            error: BaseException | None = None
            # Known from the beginning: the strand may hold a request before it is ever suspended.
            invocation.strand = current_strand()
            try:
                if function.logical in self.broken:
                    raise RuntimeError("the function cannot start")
                if environment.handler is None:
                    environment.handler = self.load(function)
                answer = environment.handler(invocation.event, Context(invocation))
                json.dumps(answer)  # what is no JSON fails the run, as Lambda has it
                invocation.answer = answer
            except SystemExit as exc:
                error = RuntimeError(f"Runtime.ExitError: {exc}")  # as Lambda has it
            except (Exception, Killed) as exc:
                error = exc
            self._end(invocation, ended, error)

        self.clock.start(run, function.timeout, invocation)

    def _end(self, invocation: Invocation, ended: Ended, error: BaseException | None) -> None:
        now, logical = self.clock.now, invocation.function.logical
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
        self.ended(invocation)
        ended(invocation)

    def of(self, logical: str) -> list[Invocation]:
        """The runs of a function at this moment."""
        return [one for one in self.running if one.function.logical == logical]

    def kill(self, invocation: Invocation) -> None:
        """The host of a run is gone."""
        if invocation.strand:
            self.clock.kill(invocation.strand)

    def lose_zone(self, zone: str) -> None:
        """Power is lost in a zone: its runs end, and for a while others are still started there."""
        self.lost[zone] = self.clock.now + self._draw("lambda_zone_evacuation")
        for pool in self.environments.values():
            pool[:] = [one for one in pool if one.busy or one.zone != zone]
        for invocation in list(self.running):
            if invocation.environment and invocation.environment.zone == zone:
                self.kill(invocation)
