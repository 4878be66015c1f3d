"""What must hold in every history, judged at the moment of each act and at the end.

The watcher knows what is true in the simulated account, which no handler does. What befalls the account
says whom it excuses: an observer whose word is not to be had, or the automation as a whole.
"""

import json
from collections import Counter

from simulated import STATE
from truth import BUDGET, HANDS, HEALTHY, LATER, NOTED, RULE_7, SAME, SAMPLED, Truth, seconds

from drtemplate.groups.handlers import ORCHESTRATOR
from drtemplate.world.aws.aurora import FAILING_OVER
from drtemplate.world.clock import Killed

# What each kind of broken promise is called.
KINDS = (
    "healthy moved", "in hands", "cooldown", "third", "doubled", "missed", "from home", "not told", "told twice",
    "in progress", "disagrees", "no lease", "token", "switched off", "latched", "half a fail back", "another writer",
    "raised", "tier",
)  # fmt: skip
# What is counted, broken or not.
FIGURES = (
    "histories", "automatic promotions", "of dead writers", "of writers back for a moment", "of healthy writers",
    "of healthy writers, no word to be had", "deaths that the automation owed an answer", "promotions by hand",
    "latches", "mails",
)  # fmt: skip


class Watcher(Truth):
    """Notes what is broken.

    Attributes:
        broken: (seconds, kind, words).
        figures: how often what was done.
    """

    def __init__(self, cooldown):
        super().__init__(cooldown)
        self.broken = []
        self.figures = Counter()
        self.kill_after = None
        self.attempts = {}  # attempt id -> (subject, start of the run, whether the table could note the mail)
        self.back_at = {}  # attempt -> seconds at which it was recorded that all is back
        self.way_home = set()  # attempts of fail backs of the database
        self.returns = []  # fail backs that were answered
        self.latches = []  # attempts that have latched
        self.switched_at = []  # seconds at which the latch was set or released
        self.moved_by = {}  # attempt id -> run
        self.verdict = None
        self.missed_at = self.recent = None

    def breaks(self, kind, words):
        assert kind in KINDS
        self.broken.append((round(self.now, 1), kind, words))

    def broken_kinds(self):
        return {kind for _, kind, _ in self.broken}

    def ticked(self):
        """A dead writer is replaced within the budget, if the automation could."""
        aurora = self.world.aurora
        shown = aurora.shown.value
        living = any(
            one.mode == "up" and one.status == "available"
            for one in aurora.nodes.values()
            if one.name != aurora.writer
        )
        armed = self.armed[-1][1] == "ON"
        if self.alive or aurora.status.value != "available" or shown in HANDS or not living:
            self.missed_at = self.recent = None
            return
        if not armed or self.now < self.excused or self.handled_until > self.now:
            self.missed_at = self.recent = None
            return
        recent = sum(self.now - when < self.cooldown + 5 for when in self.moves)
        if self.missed_at is None:
            self.figures["deaths that the automation owed an answer"] += 1
        if self.missed_at is None or recent != self.recent:
            self.missed_at = self.now
        self.recent = recent
        if recent > 1:
            return
        if self.now - self.missed_at > (LATER if recent else BUDGET):
            self.breaks("missed", f"{aurora.writer} dead for {self.now - self.since:.0f} s")
            self.missed_at = float("inf")

    # At each call.

    def before(self, caller, service, operation, params):
        if caller.function.logical != ORCHESTRATOR:
            return
        event = caller.event
        if event.get("action") == "failback" and "database" in event.get(
            "components", ["database"]
        ):
            self.way_home.add(self._attempt(caller))
        if operation == "FailoverDBCluster":
            self.catch_up()
            self.verdict = self._judge_promotion(caller, params)
        if operation == "UpdateHealthCheck":
            self._judge_latch(caller, params)
        if operation == "PutItem" and params["Item"]["StateKey"] == STATE:
            self.token = self.world.table.number_of(STATE, "FencingToken")

    def after(self, caller, service, operation, params, answer):
        if caller.function.logical != ORCHESTRATOR:
            return
        if operation == "FailoverDBCluster":
            self._promoted(caller, params)
        if operation == "UpdateHealthCheck":
            if params.get("Disabled"):
                self.latches.append(self._attempt(caller))
                self.figures["latches"] += 1
            self.switched_at.append(self.now)
            self._acted(caller)
        if operation == "PutItem" and params["Item"]["StateKey"] == STATE:
            item = params["Item"]
            if not item["FencingToken"] > self.token:
                self.breaks("token", f"{self.token} -> {item['FencingToken']}")
            if item["Status"] == "FAILED_BACK":
                self.back_at.setdefault(item["AttemptId"], self.now)
        if self.kill_after is caller:
            self.kill_after = None
            raise Killed

    def _automatic(self, caller):
        """Whether an observer or an alarm has asked, by itself or through the sweep."""
        event = caller.event
        return "votes" in event or "alarmData" in event or event.get("action") == "sweep"

    def _judge_promotion(self, caller, params):
        found = []
        aurora, back = self.world.aurora, caller.event.get("action") == "failback"
        found += self._judge_any(caller, "FailoverDBCluster")
        named = caller.event.get("writer") or caller.event.get("expected_writer")
        if named not in (None, aurora.writer):
            found.append(("another writer", f"{named} was named, and {aurora.writer} writes"))
        if back:
            both = "application" in caller.event.get("components", ["application"])
            if both and self.world.checks["Primary"].accepted == (True, True):
                found.append(("half a fail back", "the writer is moved while the latch stands"))
            if self.home in (None, aurora.writer):
                found.append(
                    ("from home", f"{aurora.writer} -> {params['TargetDBInstanceIdentifier']}")
                )
            elif params["TargetDBInstanceIdentifier"] != self.home:
                found.append(("from home", f"home is {self.home}"))
        if not back and (caller, "FailoverDBCluster") not in self.stood_at:
            found += self._judge_tier(caller, params["TargetDBInstanceIdentifier"])
        # No look can stop a run that freezes between it and the act itself.
        if not self._automatic(caller) or (caller, "FailoverDBCluster") in self.stood_at:
            return found
        # One that came back a moment ago has been dead until then.
        # AWS's metrics come once a minute, and a minute late; an alarm that no observer backs goes by them.
        alarm = "votes" not in caller.event and not self.witnessed()
        healthy = self.healthy() and not (alarm and self.now - self.since < 2 * SAMPLED)
        dead = 0.0 if healthy else self.now - self.dead_from
        words = f"{aurora.writer} asked for by {caller.event.get('observer') or caller.source}"
        nobody = self.unreached_from + HEALTHY < self.now < self.unreached_until
        if healthy and (self.witnessed() or nobody):
            found.append(("healthy moved", f"{words}; alive for {self.now - self.since:.0f} s"))
        if self.handled_from + HEALTHY < self.now < self.handled_until and not self.alive:
            found.append(("in hands", f"{words}; the cluster is {aurora.shown.value}"))
        cooldown = self._cooldown()
        recent = [one for one in self.moves if self.now - one < cooldown]
        if recent and dead < RULE_7 and not self._did_not_take():
            found.append(
                (
                    "cooldown",
                    f"{words}, dead for {dead:.0f} s, moved {self.now - recent[-1]:.0f} s ago",
                )
            )
        acts = [one for one in self.acts if one["automatic"] and self.now - one["at"] < cooldown]
        if len([one for one in acts if one["took"] or one["known"]]) > 1:
            found.append(("third", words))
        return found

    def _cooldown(self):
        """Its seconds; by clocks that are two minutes ahead, and behind, it is shorter by so much."""
        return self.cooldown - (240 if self.skewed else 1)

    def _judge_tier(self, caller, target):
        """Of the readers that serve all through the run, none is of a lower tier than the target."""
        nodes = self.world.aurora.nodes
        if "DescribeDBInstances" in self.garble:
            return  # whether it is ready could not be read
        for one in nodes.values():
            ready = one.mode == "up" and one.status == "available" and one.started < caller.began
            if one.name != self.world.aurora.writer and ready and one.tier < nodes[target].tier:
                yield "tier", f"{target} of tier {nodes[target].tier}, and {one.name} is ready"

    def _did_not_take(self):
        """Whether the last act was of no effect, or lost, on a writer that is dead since, and was long enough ago."""
        last = self.acts[-1] if self.acts else None
        tried = list(self.lost_at)
        if last and not last["took"] and last["at"] >= max(self.moves, default=0.0) - 1:
            tried.append(last["at"])
        return any(self.dead_from <= at <= self.now - 55 for at in tried)

    def _judge_any(self, caller, operation):
        table = self.world.table
        blind = caller.event.get("force") is True and "expected_writer" in caller.event
        item = table.items.get(STATE, {})
        found = []
        # No fence can stop a run that freezes between it and the act itself.
        if (
            not blind
            and (caller, operation) not in self.stood_at
            and not (table.writers.get(STATE) is caller and item.get("Status") == "IN_PROGRESS")
        ):
            found.append(("no lease", f"{item.get('Status')} of {item.get('AttemptId')}"))
        if caller.event.get("dry_run"):
            found.append(("switched off", "dry_run"))
        if self._automatic(caller) and self._switched_off(caller):
            found.append(("switched off", f"{self.armed[-1][1]} since {self.armed[-1][0]:.0f} s"))
        return found

    def _switched_off(self, caller):
        since, how = self.armed[-1]
        if how not in ("OFF", "DRY_RUN") or since >= caller.began - 1:
            return False
        unread = any(start < self.now and end > since for start, end in self.ssm)
        unread |= (
            bool(self.garble & {"GetParameter", "GetItem", "PutItem"}) or since < self.unswept_until
        )
        return not unread or (
            since < caller.began - 130 and self.unswept_until < since and not self.garble
        )

    def _promoted(self, caller, params):
        for kind, words in self.verdict:
            self.breaks(kind, words)
        automatic = self._automatic(caller)
        self.figures["automatic promotions" if automatic else "promotions by hand"] += 1
        if automatic:
            how = (
                "of dead writers"
                if not self.alive
                else "of writers back for a moment"
                if not self.healthy()
                else "of healthy writers"
                if self.witnessed()
                else "of healthy writers, no word to be had"
            )
            self.figures[how] += 1
        attempt = self._attempt(caller), caller.event.get("action")
        doubled = [one for one in self.acts if one["attempt"] == attempt and one["took"]]
        if doubled:
            self.breaks(
                "doubled", f"{attempt[0]}: again after {self.now - doubled[-1]['at']:.0f} s"
            )
        act = {"at": self.now, "attempt": attempt, "automatic": automatic, "took": True, "known": False, "seen": False,
               "blind": caller.event.get("force") is True and "expected_writer" in caller.event}  # fmt: skip
        if self.acts and self.now - self.acts[-1]["at"] < 50:
            self._look_back(self.acts[-1])
        self.acts.append(act)
        self.moves.append(self.now)
        self.excuse(60)
        # Whether it took, a minute shows.
        self.world.clock.at(50, self._look_back, act)
        self._acted(caller)

    def given_up(self):
        """Aurora has undone what it began; what it does after that is none of an act's."""
        if self.acts and not self.acts[-1]["seen"]:
            self._look_back(self.acts[-1])

    def _look_back(self, act):
        aurora = self.world.aurora
        if act["seen"]:
            return
        act["seen"] = True
        act["took"] = any(when > act["at"] for when, _ in self.changes())
        if not act["took"]:
            act["known"] = aurora.status.value == "available"

    def _attempt(self, caller):
        event = caller.event
        if "alarmData" in event or event.get("action") == "sweep":
            return self.world.table.text_of(STATE, "AttemptId")
        return event.get("attempt_id") or caller.request_id

    def _acted(self, caller):
        attempt = self._attempt(caller)
        self.moved_by.setdefault(attempt, []).append(caller)

    def _judge_latch(self, caller, params):
        for kind, words in self._judge_any(caller, "UpdateHealthCheck"):
            self.breaks(kind, words)
        stood = (caller, "UpdateHealthCheck") in self.stood_at
        whole = caller.event.get("action") == "failback" and "components" not in caller.event
        shown = self.world.aurora.shown
        if whole and shown.value == shown.before(self.now - 3) == FAILING_OVER:
            self.breaks("half a fail back", "the latch is released while Aurora fails over")
        if stood or not (self._automatic(caller) and params.get("Disabled")):
            return
        (primary, since), (standby, gone) = self.sides["Primary"], self.sides["Standby"]
        # What has changed since the last second is in the balancers alone.
        good = {name: one.shown_good.value for name, one in self.world.balancers.items()}
        if primary and good["Primary"] and self.now - since > HEALTHY:
            self.breaks("latched", "the primary has a healthy target")
        if not standby and not good["Standby"] and self.now - gone > HEALTHY:
            self.breaks("latched", "the standby has no healthy target")
        recent = [one for one in self.switched_at if self.now - one < self._cooldown()]
        if recent and not any(self.now - at < SAME for at in self.lost_at):
            self.breaks("cooldown", f"latched, {self.now - recent[-1]:.0f} s after the last change")

    def told(self, caller, subject):
        if caller is None or caller.function.logical != ORCHESTRATOR:
            return
        subject = subject.removeprefix("drill: ")
        text = self.world.messages[-1].text
        record = json.loads(text[text.index("\n\n") + 2 :]) if "\n\n{" in text else {}
        # Of a run that was lost, its key alone may be known.
        key = str(record.get("Run") or record.get("StateKey"))
        attempt = record.get("AttemptId") or key.split("#", 2)[-1]
        noted = all(
            self.now < start - NOTED or end + NOTED < self.now for start, end in self.table_lost
        )
        self.attempts.setdefault(attempt, []).append((subject, record.get("StartTime"), noted))
        self.figures["mails"] += 1
        if subject == "FAILED_BACK" and attempt in self.way_home and not self.skewed:
            self._judge_home(attempt, seconds(record["StartTime"]))

    def _judge_home(self, attempt, begun):
        """Nobody is told that all is back if the writer has not been home since."""
        wrote = {self.world.aurora.writers.before(begun)}
        wrote |= {who for at, who in self.changes() if at >= begun}
        if self.home is not None and self.home not in wrote:
            self.breaks("from home", f"{attempt} is told as FAILED_BACK, and {self.home} is home")

    def ended(self, run):
        if run.function.logical != ORCHESTRATOR:
            return
        if isinstance(run.error, Exception) and not self.excused > self.now:
            self.breaks("raised", repr(run.error)[:200])
        body = json.loads(run.answer["body"]) if run.answer else {}
        self._judge_return(run, body)
        if (
            body.get("outcome") == "FAILED_BACK"
            and "database" in body.get("state", {}).get("Components", ["database"])
            and "database" in run.event.get("components", ["database"])
            # What was moved while it told so is another move.
            and not any(
                at > self.back_at.get(self._attempt(run), self.now) for at, _ in self.changes()
            )
        ):
            self.home = None
            self.moves = self.moves[-1:]
            for act in self.acts[:-1]:
                act["automatic"] = False

    def _judge_return(self, run, body):
        """A fail back that is asked for the first time is not called needless away from home."""
        aurora = self.world.aurora
        if run.event.get("action") != "failback":
            return
        known = list(self.returns)
        if body.get("outcome") in ("NOT_REQUIRED", "FAILED_BACK"):
            self.returns.append(run)
        if body.get("outcome") != "NOT_REQUIRED":
            return
        away = self.home not in (None, aurora.writer) and aurora.status.value == "available"
        key = f"ATTEMPT#failback#{self._attempt(run)}"
        # What has failed half way is told, and is that person's to ask for under another name.
        ended = self.world.table.items.get(key, {}).get("Status") == "DONE"
        busy = (
            self.world.table.text_of(STATE, "Status") == "IN_PROGRESS"
            or ended
            or (self.acts and self.now - self.acts[-1]["at"] < 120)
        )
        if (
            away
            and not busy
            and not any(
                one.request_id == run.request_id
                or one.event.get("attempt_id", 0) == run.event.get("attempt_id", 1)
                for one in known
            )
            and "database" in run.event.get("components", ["database"])
        ):
            self.breaks(
                "from home", f"{aurora.writer} writes, {self.home} is home: {body['message']}"
            )
