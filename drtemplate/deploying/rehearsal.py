"""A rehearsal: dry runs both ways, then one real failover and its fail back, each step kept with its times."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from drtemplate.cloudformation.reading import list_of, mapping_of
from drtemplate.deploying.account import UnansweredError, account_call
from drtemplate.deploying.orchestrator import Answer, Event
from drtemplate.deploying.quiet import disquiet
from drtemplate.errors import DeployError

COMPONENTS = ("database", "application")
# Seconds between two looks; for which the replaced writer may take to come back, and a run to end
# whose answer was lost (Lambda's own limit), or whose function has failed (its lease, and a sweep).
POLL, RESTART, RUN, FAILED = 5.0, 900.0, 900.0, 180.0
# How often a fail back that is refused is asked for, and seconds in between.
TRIES, PAUSE = 3, 30.0
_ACTS = {"database": "PROMOTE", "application": "LATCH"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a rehearsal works with.

    Attributes:
        invoke: sends an event to the orchestrator, and gives its answer.
        members: instance -> status of the cluster's instances.
        say: takes a line for people.
        clock: seconds from any start.
        now: the time.
        sleep: waits so many seconds.
    """

    invoke: Callable[[Event], Answer]
    members: Callable[[], Mapping[str, str]]
    say: Callable[[str], None]
    clock: Callable[[], float]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Step:
    """An event that was sent, when, and what came of it; the answer is None if none came."""

    name: str
    event: Event
    begun: datetime
    seconds: float
    answer: Answer | None


@dataclass(kw_only=True)
class Rehearsal:
    """One rehearsal.

    Attributes:
        attempt: what its runs are called in the stack's own records.
        components: what is moved.
        writer: who writes before it, and after it again.
        held: whether all of it went as it should.
        verdict: how it ended.
        restart: seconds from the new writer until the old one was available again; None if not seen.
    """

    means: Means
    attempt: str
    components: tuple[str, ...] = COMPONENTS
    steps: list[Step] = field(default_factory=list)
    writer: str = ""
    held: bool = False
    verdict: str = "under way"
    restart: float | None = None

    def failover(self, **more: object) -> Event:
        """The event of a failover."""
        return {"trigger_failover": True, **self._event("failover"), **more}

    def fail_back(self, **more: object) -> Event:
        """The event of its fail back."""
        return {"action": "failback", **self._event("failback"), **more}

    def _event(self, way: str) -> Event:
        attempt = f"{self.attempt}-{way}"
        return {
            "components": list(self.components),
            "mode": "DRILL",
            "reason": "rehearsal",
            "attempt_id": attempt,
        }

    def check(self) -> Iterator[str]:
        """See that nothing is at work, and run dry both ways; what would be done, a line each.

        Raises:
            DeployError: this is no moment for a rehearsal, or a dry run would not do it.
        """
        status, members = self._status(), self.means.members()
        now = self.means.now().timestamp()
        with account_call("read the orchestrator's status"):
            reasons = list(disquiet(status, members, self.components, now))
        if reasons:
            raise DeployError(f"this is no moment for a rehearsal: {'; '.join(reasons)}")
        self.writer = str(status["writer"])
        runs = {
            "dry run of the failover": self.failover,
            "dry run of the fail back": self.fail_back,
        }
        for number, (name, event) in enumerate(runs.items()):
            attempt = f"{self.attempt}-dry-{number + 1}"
            answer = self._send(name, event(dry_run=True, attempt_id=attempt))
            plan = [mapping_of(one) for one in list_of(answer.body.get("plan"))]
            unfit = [
                f"{one.get('Component')}: {one.get('Reason')}"
                for one in plan
                if not number and one.get("Kind") != _ACTS.get(str(one.get("Component")))
            ]
            if answer.outcome != "DRY_RUN" or unfit or not plan:
                why = "; ".join(unfit) or answer.message
                raise DeployError(
                    f"the {name} would not do it: {why}; both sides need a healthy target, unless only "
                    "the database is moved: --component database"
                )
            yield f"{name}: {answer.message}"

    def perform(self) -> None:
        """Fail over and back, and see that all is as it was; the verdict tells what came of it.

        Raises:
            DeployError: AWS does not answer any more.
        """
        begun = self._send("failover", self.failover(expected_writer=self.writer), real=True)
        if begun.outcome != "COMPLETED" and not self._has_moved():
            self._end(f"the failover did not take place, and nothing was moved: {begun.message}")
            return
        self._wait_for_members(begun)
        back = self._send("fail back", self.fail_back(), real=True)
        for _ in range(TRIES - 1):
            if back.outcome != "REFUSED":
                break
            self.means.sleep(PAUSE)
            back = self._send("fail back", self.fail_back(), real=True)
        faults = list(self._faults(begun, back))
        self._end("; ".join(faults) or "failed over and back, and all is as it was", not faults)

    def _faults(self, begun: Answer, back: Answer) -> Iterator[str]:
        """What is not as it should be at the end."""
        if begun.outcome != "COMPLETED":
            yield f"the failover ended {begun.outcome}: {begun.message}"
        if back.outcome != "FAILED_BACK":
            yield f"the fail back ended {back.outcome}: {back.message}"
        status = self._status()
        check = mapping_of(status.get("health_check"))
        if status.get("writer") != self.writer:
            yield f"{status.get('writer')} writes, and not {self.writer}"
        if not check or check.get("disabled") or check.get("inverted"):
            yield "the primary's health check is not what it was"

    def _end(self, verdict: str, held: bool = False) -> None:
        self.verdict, self.held = verdict, held

    def _has_moved(self) -> bool:
        """Whether a failover that did not end well has moved anything all the same."""
        status = self._status()
        check = mapping_of(status.get("health_check"))
        return status.get("writer") != self.writer or bool(check.get("disabled"))

    def _wait_for_members(self, begun: Answer) -> None:
        """Wait until every instance is available, or the time is over; the fail back then says why not."""
        start, stages = self.means.clock(), stages_of(begun)
        while (waited := self.means.clock() - start) < RESTART:
            try:
                if set(self.means.members().values()) == {"available"}:
                    if "database" in self.components:
                        after = ("verify", "latch")
                        self.restart = waited + sum(stages.get(name, 0.0) for name in after)
                    return
            except UnansweredError:
                pass  # asked again
            self.means.sleep(POLL)
        self.means.say(f"after {RESTART:.0f} s not every instance is available")

    def _status(self) -> Mapping[str, Any]:
        """The orchestrator's answer to ``status``.

        Raises:
            DeployError: it gives none.
        """
        answer = self.means.invoke({"action": "status"})
        if answer.outcome != "STATUS":
            raise DeployError(f"the orchestrator does not tell its status: {answer.message}")
        return answer.body

    def _send(self, name: str, event: Event, real: bool = False) -> Answer:
        """Send an event, and keep the step; a lost answer of a real run is read from its record.

        Raises:
            DeployError: no answer comes, nor a record.
        """
        begun, start = self.means.now(), self.means.clock()
        answer: Answer | None = None
        if real:
            self.means.say(f"{begun:%H:%M:%S}  {name} ...")
        try:
            try:
                answer = self.means.invoke(event)
            except UnansweredError as exc:
                if not real:
                    raise
                self.means.say(f"{exc}; its record is waited for")
            if real and (answer is None or answer.outcome == "ERROR"):
                patience = FAILED if answer else RUN
                answer = self._recorded(str(event["attempt_id"]), patience) or answer
        finally:
            seconds = self.means.clock() - start
            self.steps.append(Step(name, event, begun, seconds, answer))
        if answer is None:
            raise DeployError(f"the {name} gave no answer, and has no record")
        if real:
            self.means.say(f"          {answer.outcome} after {seconds:.1f} s: {answer.message}")
        return answer

    def _recorded(self, attempt: str, patience: float) -> Answer | None:
        """How the state says that a run ended; None if in so many seconds it does not."""
        start = self.means.clock()
        while self.means.clock() - start < patience:
            try:
                state = mapping_of(self._status().get("state"))
            except DeployError:
                state = {}
            if state.get("AttemptId") == attempt and state.get("Status") != "IN_PROGRESS":
                said = str(state.get("Error") or "as its record says")
                return Answer(str(state.get("Status")), said, {"state": state})
            self.means.sleep(POLL)
        return None


def stages_of(answer: Answer) -> dict[str, float]:
    """Stage -> seconds, as the run has recorded them."""
    stages = mapping_of(mapping_of(answer.body.get("state")).get("Stages"))
    found = {}
    for name, seconds in stages.items():
        # A record that cannot be read must not keep a fail back from being asked for.
        with suppress(TypeError, ValueError):
            found[str(name)] = float(seconds)
    return found
