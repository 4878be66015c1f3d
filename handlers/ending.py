"""How a run ends: its record, its mail, and what of it is still owed. Nothing here changes how it went."""

from time import time

from .answer import answer
from .attempts import DONE, WITHDRAWN, settle
from .clients import STACK, cloudwatch
from .events import LONGEST
from .item import iso, to_item
from .log import attempt, log
from .refusal import Refusal
from .telling import count_refusal, keep, note_told, publish


class Ending:
    """What became of a run.

    Attributes:
        run: it, with the lease.
        moved: the components that were moved, or found moved.
        failure: what the first part that was to be moved failed of; None if all was.
        refused: the decisions that were refused beside those that acted.
        ended: the components that wait for nothing any more.
        overtaken: whether another run has the lease by now; then that sees it through and tells it.
    """

    def __init__(self, run, moved, failures, refused, ended):
        self.run = run
        self.moved = moved
        self.refused = refused
        self.ended = ended
        self.overtaken = False
        self.failure = failures[0] if failures else None
        if not moved and not failures:
            self.failure = Refusal("not_latched", run.state.latch_error)

    @property
    def status(self):
        """COMPLETED only if something asked for was moved or found moved."""
        if self.failure:
            return "FAILED"
        return "FAILED_BACK" if self.run.request.action == "failback" else "COMPLETED"

    @property
    def reason(self):
        """In words: what failed, or what was moved, and what was not."""
        parts = [f"moved: {', '.join(self.moved)}"] if self.moved else []
        if self.failure:
            failure = self.failure
            parts = [failure.reason if isinstance(failure, Refusal) else repr(failure), *parts]
        parts += [f"{one.component} not moved: {one.reason}" for one in self.refused]
        latch = self.run.state.latch_error
        if latch and not any(latch in part for part in parts):
            parts.append(f"not latched: {latch}")
        return "; ".join(parts)[:LONGEST]

    def record(self):
        """Write the end; people are owed it until they are told."""
        run, now = self.run, time()
        run.change(
            status=self.status,
            error=self.reason if self.failure else "",
            completed_time=iso(now),
            duration=round(now - run.began, 3),
        )
        run.state = run.state.owing(run.state.run_key, self.reason)
        if self.status == "FAILED_BACK" and "database" in run.request.components:
            run.state = run.state.at_home()
        for component in self.ended:
            run.state = run.state.with_pending(component, None)
        if not self.failure:
            run.state = run.state.made_good(run.request.attempt_id)
        before = run.state._replace(status="IN_PROGRESS")
        try:
            kept = run.store.write(run.state, before)
        except Exception as error:
            self.overtaken = getattr(error, "kind", "") == "lost_lease"
            kept = None if self.overtaken else attempt(run.store.write, run.state, before)
        run.state = kept or run.state
        log(
            "END", status=self.status, moved=self.moved, reason=self.reason, stages=run.state.stages
        )
        return kept

    def remember(self, cooldown):
        """The attempt is done; of an observer's, what was refused or not taken is decided anew.

        A person's attempt is done as soon as anything of it was: it may name no writer, and a second
        delivery must not move the new one.
        """
        run = self.run
        waiting = run.state.pending
        # Of these nobody knows the end yet; an act that was put back is still the lost run's.
        unknown = {name for name, one in waiting.items() if one.run == run.state.run_key}
        lost = any(one.attempt_id == run.request.attempt_id for one in waiting.values() if one.lost)
        left = self.refused or (set(waiting) | set(self.ended)) - run.taken - set(self.moved)
        done = run.taken or self.moved or unknown
        status = DONE if done and not (run.request.automatic and left) else WITHDRAWN
        if not (run.state.unlocked or lost):
            settle(run.request, cooldown, run.store.owner, status)

    def tell(self):
        """Tell it, once; whether people are told, or need not be."""
        run = self.run
        record = {**to_item(run.state), "Components": list(run.request.components)}
        record.pop("Untold", None)
        if self.overtaken:
            # Whoever has the lease may not know of an act that came late.
            if self.moved:
                attempt(keep, record, run.state.run_key)
            return True
        for one in self.refused if run.request.automatic else ():
            attempt(count_refusal, one.refused, one.reason, record, told=True)
        if self.failure and not run.taken and run.request.automatic:
            # It is asked again while its signals stand, and so counted like a refusal.
            kind = getattr(self.failure, "kind", type(self.failure).__name__)
            return attempt(count_refusal, kind, self.reason, record, "FAILED") is not None
        attempt(keep, record, run.state.run_key) or attempt(keep, record, run.state.run_key)
        return attempt(publish, self.status, self.reason, record)

    def note(self, kept):
        """Remember that people are told: the state does, or, where it cannot be written, the run's own record."""
        run, key = self.run, self.run.state.run_key
        owed = {name: why for name, why in run.state.untold.items() if name != key}
        if not (kept and attempt(run.store.write, kept._replace(untold=owed), kept)):
            attempt(note_told, to_item(run.state._replace(untold={})), key, self.status)


def finish(run, ending, configuration):
    """Record, remember, tell, note that it was told, measure.

    Raises:
        Exception: what the run failed of, if that is the only way left to tell it.
    """
    kept = ending.record()
    ending.remember(configuration.values["cooldown_seconds"])
    told = ending.tell()
    if told and not ending.overtaken:
        ending.note(kept)
    stack = [{"Name": "StackName", "Value": STACK}]
    metric = {"MetricName": "FailoverDuration", "Value": time() - run.began, "Dimensions": stack}
    attempt(cloudwatch.put_metric_data, Namespace="DRSystem", MetricData=[metric])
    if ending.failure and not told:
        raise ending.failure
    code = 500 if ending.failure else 200
    return answer(ending.status, ending.reason, code, state=to_item(run.state))
