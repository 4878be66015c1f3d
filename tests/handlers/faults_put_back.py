"""Faults that the handlers once had, put back into them: by row of the findings, what is changed where.

Each has a short story in which it shows, beside what kind of promise it breaks.
"""

from typing import NamedTuple

from simulated import FOLDER

from drtemplate.groups.handlers import HANDLERS, MONITOR, MONITOR_2
from drtemplate.world.deployment import Package


class Mutation(NamedTuple):
    """A fault.

    Attributes:
        kind: what it breaks, of `watching.KINDS`.
        story: as `histories.play` takes it.
        changes: module, old text, new text.
    """

    kind: str
    story: tuple
    changes: tuple


def of(kind, story, *changes):
    return Mutation(kind, story, changes)


DIES = ("dies", "refused", False)
LOST = ("run_lost_at", "FailoverDBCluster", True)  # accepted, and then the run is lost
LATER = (300, "lags", 30)  # time passes
NO_COOLDOWN = ("closing", 'state if counted else state.with_move("database", now)', "state")
FORGETS = (
    "attempts",
    "    try:\n        table.put_item(Item=item, ConditionExpression=free)",
    "    return True\n    try:\n        table.put_item(Item=item, ConditionExpression=free)",
)


def TELL(unless):
    """A run is not told if this holds."""
    call = "attempt(publish, self.status, self.reason, record)"
    return ("ending", f"return {call}", f"return {unless} or {call}")


MUTATIONS = {
    "E1 a lost run lifts the cooldown": of(
        "cooldown",
        (1, 3600, (5, *DIES), (0, *LOST), (200, "walled", "both", 90), (90, "lags", 30)),
        ("closing", 'return state._replace(status="FAILED", ', 'return state._replace(moves={}, status="FAILED", '),
        NO_COOLDOWN,
    ),
    "E2 the error of a closed run stays": of(
        "disagrees",
        (1, 3600, (5, *DIES), (0, *LOST), LATER),
        ("closing", 'status=end.status, error="",', "status=end.status,"),
    ),
    "E3 home is where the writer was last": of(
        "from home",
        (1, 400, (5, *DIES), (100, "asked", "fail back", 0), (60, "asked", "fail back", 0)),
        ("decision", "readable(view), view.state.home", "readable(view), view.state.previous_writer"),
    ),
    "E4 home moves with each move": of(
        "from home",
        (1, 400, (5, *DIES), (100, "asked", "forced", 0), (60, "asked", "fail back of the database", 0)),
        ("acts", "home=run.state.home or decision.old", "home=decision.old"),
    ),
    "E5 the writer goes home though the latch stands": of(
        "half a fail back",
        (1, 3600, (5, "servers", "Primary", "REFUSED", 90), (0, *DIES), (200, "answer_lost", "UpdateHealthCheck", "REQUEST", 30),
         (1, "asked", "fail back", 0)),
        ("runs", 'if failures and request.action == "failback":', "if False:"),
    ),
    "E6 another failover, hours later, closes a run": of(
        "disagrees",
        (1, 400, (5, "rolls_back"), (0, *LOST), (0, "asked", "database", 0), (3900, "aurora_moves")),
        ("closing", "if now - pending.since > PENDING:", "if False:"),
    ),
    "E7 a promotion with a known error of the latch is not told": of(
        "not told",
        (1, 3600, (5, "servers", "Standby", "REFUSED", 200), (20, "asked", "failover", 0)),
        TELL("self.refused"),
    ),
    "E8 a promotion whose latch lost the fence is not told": of(
        "not told",
        (1, 3600, (5, "run_stands_at", "DescribeDBClusters", 100, 4), (0, "asked", "failover", 0), LATER),
        TELL('"written the state" in run.state.latch_error'),
        ("closing", 'done = done.owing(end.run, end.reason)', ""),
        ("lease", 'state.owing(state.run_key, "moved something, and its end is not recorded")', "state"),
        ("closing", "state = state.owing(state.run_key, LOST)", ""),
    ),
    "E10 what was switched off is on while the store is silent": of(
        "switched off",
        (1, 3600, (5, "switched", "OFF"), (140, "outage", "ssm", "error", 200), (5, *DIES), (60, "lags", 30)),
        ("configuration", 'arming = last.get("arming", "DRY_RUN")', 'arming = "ON"'),
    ),
    "E11 a call that names nobody replaces who writes now": of(
        "healthy moved",
        (2, 3600, (5, "lags", 60), (0, "observer_unheard", MONITOR, "DescribeDBClusters", 90),
         (0, "observer_unheard", MONITOR_2, "DescribeDBClusters", 90), (0, "sweeps_lost", 90), (1, "dies", "refused", True), (60, "lags", 60)),
        ("decision", "if request.alarm or not (old or request.automatic):", "if not old:"),
        NO_COOLDOWN,
    ),
    "E12 an attempt is not remembered": of(
        "doubled",
        (1, 3600, (5, "asked", "forced", 0), (90, "again", 2)),
        ("runs", "known = None if state.unlocked else recall(request)", "known = None"),
        FORGETS,
    ),
    "E15 one half of a fail back goes without the other": of(
        "half a fail back",
        (1, 3600, (5, "servers", "Primary", "REFUSED", 60), (130, "aurora_moves"), (7, "asked", "fail back", 0)),
        ("decision", "if back and any(one.refused for one in made):", "if False:"),
        ("conditions", "if topology and topology.failing_over:", "if False:"),
    ),
    "E16 no look right before the act": of(
        "another writer",
        (2, 3600, (5, "run_stands_at", "DescribeDBInstances", 40), (0, "sweeps_lost", 90), (0, "events_late", 300),
         (0, "asked_naming"), (3, "aurora_moves"), (60, "lags", 30)),
        ("acts", "if topology.failing_over or topology.writer != decision.old:", "if False:"),
    ),
    "E17 only the last attempt is remembered": of(
        "doubled",
        (1, 3600, (5, "asked", "forced", 0), (70, "asked", "forced", 0), (60, "again", 5)),
        ("runs", "known = None if state.unlocked else recall(request)",
         'known = "DONE" if state.attempt_id == request.attempt_id else None'),
        FORGETS,
    ),
    "E17 a fail back is the same attempt as its failover": of(
        "from home",
        (1, 3600, (5, "asked", "ticket", 0), (200, "asked", "fail back of the ticket", 0)),
        ("attempts", 'f"ATTEMPT#{request.action}#{request.attempt_id}"', 'f"ATTEMPT#{request.attempt_id}"'),
    ),
    "E18 a run for one component forgets what the other waits for": of(
        "disagrees",
        (1, 3600, (5, *DIES), (0, *LOST), (0, "run_lost_at", "DescribeDBClusters", False), (40, "servers", "Primary", "REFUSED", 90)),
        ("state", "others = {name: one for name, one in self.pending.items() if name != component}", "others = {}"),
        ("closing", "pending = {name: one._replace(lost=True) for name, one in state.pending.items()}", "pending = {}"),
    ),
    "E19 a reboot by hand is an outage": of(
        "in hands",
        (1, 3600, (5, "rebooted"), (60, "lags", 30)),
        ("conditions", "status not in IN_SERVICE and view.row_age < PASSING", "False"),
    ),
    "E19 a cluster in somebody's hands is an outage": of(
        "in hands",
        (1, 3600, (5, "in_hands", "upgrading", 200), (160, "lags", 30)),
        ("conditions", "if status in IN_HANDS:", "if False:"),
        ("conditions", "if view.lately_held and all(", "if False and all("),
    ),
    "E20 no second promotion in the cooldown": of(
        "missed",
        (1, 3600, (5, "rolls_back"), (0, *DIES), (600, "lags", 30)),
        ("conditions", "and moves == 1", "and moves == 0"),
    ),
    "E22 a blind run starts no cooldown": of(
        "cooldown",
        (1, 3600, (5, "outage", "dynamodb", "error", 40), (1, "asked_naming"), (130, "walled", "both", 90), (90, "lags", 30)),
        NO_COOLDOWN,
    ),
    "E22 a blind run leaves no home": of(
        "disagrees",
        (1, 3600, (5, "outage", "dynamodb", "error", 40), (1, "asked_naming")),
        ("closing", 'home = state.home or (moved_from if moved_from in topology.members else "")', "home = state.home"),
    ),
    "E24 no observer has a veto": of(
        "healthy moved",
        (1, 3600, (5, "walled", MONITOR, 90), (90, "lags", 30)),
        ("conditions", "if view.word and view.word.alive:", "if False:"),
    ),
    "E24 an observer that reaches nobody counts": of(
        "healthy moved",
        (1, 3600, (5, "walled_off", 90), (90, "lags", 30)),
        ("rows", "return BAD if suspects and others else UNKNOWN", "return BAD if suspects else UNKNOWN"),
    ),
    "E25 a lost answer is a failure": of(
        "disagrees",
        (1, 3600, (5, "answer_lost", "FailoverDBCluster", "ANSWER", 30), (1, "asked", "database", 0)),
        ("acts", 'error=repr(error)[:450])\n            return UNKNOWN', 'error=repr(error)[:450])\n            raise NotTaken(repr(error)) from error'),
        ("acts", 'if code.startswith("InvalidDBClusterState"):', "if False:"),
    ),
    "E25 a latch whose answer was lost has failed": of(
        "disagrees",
        (1, 3600, (5, "answer_lost", "UpdateHealthCheck", "ANSWER", 30), (1, "asked", "failover", 0)),
        ("acts", "if is_latched() is not latch:", "if True:"),
    ),
    "an act that came late is not in its run's record": of(
        "disagrees",
        (2, 3600, (411, "run_stands_at", "FailoverDBCluster", 60), (200, "dies", "silent", False), (275, "rebooted")),
        ("ending", "if self.moved:\n                attempt(keep", "if False:\n                attempt(keep"),
    ),
    "C21 the reader of the highest tier is promoted": of(
        "tier",
        (2, 3600, (5, *DIES), (60, "lags", 30)),
        ("topology", 'key=lambda member: member.get("PromotionTier", 1))', 'key=lambda member: -member.get("PromotionTier", 1))'),
    ),
    "E31 one reader alone is asked for": of(
        "missed",
        (2, 3600, (5, "reader_dies", False), (0, *DIES), (300, "lags", 30)),
        ("acts", "for target in decision.targets:", "for target in decision.targets[:1]:"),
    ),
}  # fmt: skip


def mutated(mutation):
    """The functions' code with the fault in it, as pairs of function and package."""
    made = []
    for logical in HANDLERS:
        package = FOLDER.functions[logical].code
        modules = dict(package.modules)
        for module, old, new in mutation.changes:
            if module in modules:
                modules[module] = _changed(modules[module], module, old, new)
        made.append((logical, Code(package.entry, tuple(modules.items()))))
    return tuple(made)


class Code(NamedTuple):
    """A package that can be hashed."""

    entry: str
    modules: tuple

    def package(self):
        return Package(entry=self.entry, modules=dict(self.modules))


def _changed(text, module, old, new):
    assert text.count(old) == 1, f"{module} has {text.count(old)} times: {old}"
    return text.replace(old, new)
