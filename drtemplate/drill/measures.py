"""What a run took, stage by stage, from the facts and the histories of its world."""

from __future__ import annotations

import json
from collections.abc import Mapping

from drtemplate.drill.clients import served_again
from drtemplate.drill.facts import Act
from drtemplate.drill.scenario import BOTH, Scenario
from drtemplate.drill.trial import Trial
from drtemplate.drill.verdicts import given_up, latch_failed, replaced
from drtemplate.world.invocation import Call

# An alarm calls by itself, or the sweep for one that still stands.
BY_ALARM = ("alarm", "schedule")


class Measured:
    """The measures of one run.

    Attributes:
        stages: seconds by name, None where a stage did not take place.
        slow: by stage, the mechanism that took most of it.
        excused: the measures that this run cannot have, and that no budget may count on.
    """

    def __init__(self, trial: Trial, scenario: Scenario, zero: float, end: float) -> None:
        self.world = trial.world
        self.facts = trial.facts
        self.scenario = scenario
        self.zero = zero
        self.end = end
        self.slow: dict[str, str] = {}
        self.acts = [act for act in self.facts.acts if act.at >= zero]
        self.first = self._first_act()
        self.call = self._first_call()
        self.stages: dict[str, float | None] = {**self._reaction(), **self._completion()}
        self.excused = self._excused()
        cached, uncached = served_again(trial.world, zero, end)
        self.stages |= {"client_cached": cached, "client_uncached": uncached}

    def _first_act(self) -> Act | None:
        """The promotion, or the latch where only the application fails."""
        wanted = "database" if "database" in self.scenario.needs else "application"
        return next(
            (act for act in self.acts if act.component == wanted and not given_up(self.world, act)),
            None,
        )

    def _first_call(self) -> Call | None:
        """The call that led to the first act; else the monitor's first one."""
        if self.first:
            caller = self.first.caller
            return caller.call or Call(caller.queued, caller.source, None)
        calls = (c for c in self.facts.calls if c.at >= self.zero and c.source == "monitor")
        return next(calls, None)

    # Until AWS has accepted.

    def _reaction(self) -> dict[str, float | None]:
        found: dict[str, float | None] = dict.fromkeys(
            ("signal", "detect", "grace", "wait", "decide")
        )
        call = self.call
        if call is None or not self.scenario.needs:
            return found
        if self.first:
            # A run that acts on both components has waited once.
            taken = self.first.at - call.at
            waited = min(self.first.waited, taken)
            found |= {"wait": waited, "decide": taken - waited}
            self.slow["wait"] = "another observer, which has not spoken since"
            self.slow["decide"] = self._slowest_of_decide(call, self.first)
        signal = self._signal()
        if signal is not None and call.source in BY_ALARM:
            found |= {"signal": signal - self.zero, "detect": call.at - signal, "grace": 0.0}
            self.slow["detect"] = "CloudWatch's periods, late metrics and alarm evaluation"
        elif signal is not None and call.source == "monitor":
            seen = self._stands(call)
            if seen:
                stands = max(max(at, self.zero) for at in seen.values())
                waited = max(0.0, call.at - max(stands, signal))
                # Only what is configured is grace; another wait, as for a lease, is detection's.
                grace = min(waited, self._grace(seen))
                found["signal"] = signal - self.zero
                found["detect"] = max(0.0, stands - signal) + waited - grace
                found["grace"] = grace
                self._blame(call)
        return found

    def _setting(self, key: str, default: float) -> float:
        """A number of the deployed configuration."""
        deployment = self.world.deployment
        return float(json.loads(deployment.parameters[deployment.configuration]).get(key, default))

    def _grace(self, seen: Mapping[str, float]) -> float:
        """Seconds that the monitor waits where one signal decides alone."""
        (first, *more) = seen
        return 0.0 if more else self._setting(f"{first}_grace_seconds", 0.0)

    def _signal(self) -> float | None:
        """When AWS itself shows all that has failed."""
        shown = [self.zero]
        if "application" in self.scenario.needs:
            found = self.world.balancers["Primary"].shown_dead.first(True, self.zero)
            if found is None:
                return None
            shown.append(found)
        return max(shown)

    def _stands(self, call: Call) -> dict[str, float]:
        """When the calling run of the monitor had seen enough of each signal that it called for."""
        if call.caller is None:
            return {}
        needed = {"database": int(self._setting("consecutive_failures", 2)), "application": 1}
        asked = self.first.caller.event.get("components", needed) if self.first else needed
        needed = {name: count for name, count in needed.items() if name in asked}
        stands: dict[str, float] = {}
        rows = dict.fromkeys(needed, 0)
        for at, signal, bad in self.facts.probes[call.caller]:
            if at > call.at:
                break
            if signal not in needed:
                continue
            rows[signal] = rows[signal] + 1 if bad else 0
            if not bad:
                stands.pop(signal, None)
            elif rows[signal] >= needed[signal]:
                stands.setdefault(signal, at)
        return stands

    def _slowest_of_decide(self, call: Call, act: Act) -> str:
        began = act.caller.began or act.at
        parts = {f"API calls of {name}": took for name, took in act.spent.items()}
        if act.waited:
            # That wait is a stage of its own, and its calls are CloudWatch's.
            parts.pop("API calls of cloudwatch", None)
        parts["Lambda's queue and cold start"] = began - call.at
        held = any(
            self.zero <= write.at <= act.at and write.caller is not act.caller
            for write in self.facts.writes
        )
        rest = "another run's lease, whose end it waits for" if held else "the handler itself"
        parts[rest] = act.at - call.at - act.waited - sum(parts.values())
        return max(parts, key=lambda name: parts[name])

    def _blame(self, call: Call) -> None:
        assert call.caller is not None
        self.slow["signal"] = "the load balancer's probes in a row"
        self.slow["grace"] = "the configured grace, for Aurora or the servers to recover"
        earlier = [w for w in self.facts.writes if self.zero <= w.at < call.at]
        if any(write.status == "IN_PROGRESS" for write in earlier):
            self.slow["detect"] = "an earlier run's lease, which must expire before another may act"
        elif self.world.network.throttled:
            self.slow["detect"] = "API calls that are throttled, so that a signal is unknown"
        elif (call.caller.began or 0.0) > self.zero:
            self.slow["detect"] = (
                "the monitor's next run, started by EventBridge's schedule, counts anew"
            )
        else:
            self.slow["detect"] = (
                "time-outs of the probe and of calls, and the pause between two looks"
            )

    # From there on.

    def _completion(self) -> dict[str, float | None]:
        found: dict[str, float | None] = dict.fromkeys(("promote", "latch", "verify"))
        moved = done = None
        if "database" in self.scenario.needs:
            moved, done = self._promotion(found)
        if self.scenario.needs == BOTH:
            found["latch"] = self._latch(done)
            self.slow["latch"] = "the orchestrator's polling, and the calls until the latch"
        if done is None and self.first and self.first.component == "application":
            moved = done = self.first.at
        if moved is not None and done is not None:
            for write in self.facts.writes:
                # A run that found the writer moved and had only to latch does not await the cluster.
                if write.at >= moved and write.status in ("COMPLETED", "FAILED_BACK"):
                    found["verify"] = max(0.0, write.at - done)
                    break
        self.slow["promote"] = "Aurora's promotion"
        self.slow["verify"] = "the orchestrator's polling, and the calls after it"
        return found

    def _promotion(self, found: dict[str, float | None]) -> tuple[float | None, float | None]:
        """From accepted, or from Aurora's own start, until a new writer, and an available cluster."""
        aurora = self.world.aurora
        begin = self.first.at if self.first and self.first.component == "database" else None
        if begin is None:
            begin = aurora.status.first("failing-over", self.zero)
        if begin is None:
            return None, None
        before = aurora.writers.before(self.zero)
        moved = next(
            (
                at
                for at, name in zip(aurora.writers.times, aurora.writers.values, strict=True)
                if at > begin and name != before
            ),
            None,
        )
        done = None if moved is None else aurora.status.first("available", moved)
        if done is not None:
            found["promote"] = done - begin
        return moved, done

    def _latch(self, promoted: float | None) -> float | None:
        """From the application's turn, the first call or the end of the promotion, until accepted.

        An alarm calls for one component, so its latch has its turn when it calls.
        """
        act = next((act for act in self.acts if act.component == "application"), None)
        if act is None:
            return None
        turn = act.caller.call.at if act.caller.call else act.caller.queued
        if self.call and act.caller.source not in BY_ALARM:
            turn = min(turn, self.call.at)
        if promoted is not None and promoted <= act.at:
            turn = max(turn, promoted)
        return act.at - turn

    def _excused(self) -> tuple[str, ...]:
        """Where another moved the writer first, the automation's reaction to it was not asked for."""
        excused: set[str] = set()
        if self.first is None and replaced(self.world, self.zero):
            excused |= {"detect", "wait", "decide", "own_share", "accepted"}
        elif self.call and self.call.source == "operator":
            excused |= {"detect", "own_share", "accepted"}
        if latch_failed(self.world):
            excused.add("latch")
        return tuple(sorted(excused))
