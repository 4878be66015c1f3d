"""Scenarios that a second witness decides: what looks like an outage from where somebody stands, what is in
somebody's hands, and what befalls the automation itself.
"""

from drtemplate.drill import faults, people
from drtemplate.drill.scenario import (
    APPLICATION,
    BOTH,
    BOTH_DEAD,
    DATABASE,
    HANGS,
    IDLE,
    REFUSED,
    Scenario,
    now,
)
from drtemplate.world.aws.prober import Reply

# Seconds where the cooldown of an earlier move lasts: the time in which observers or AWS must agree that the writer is dead.
COOLED = {"detect": 350.0, "own_share": 360.0, "accepted": 360.0, "latch": 360.0}

WITNESSED = (
    Scenario(name="member_removed", title="both tiers dead, the reader was deleted",
             setup=(people.reader_removed,), faults=BOTH_DEAD, needs=APPLICATION,
             must_act=True, owed=("COMPLETED", "database-health"), lasts=720.0),
    # What has a second witness, and what only looks like an outage from where somebody stands.
    Scenario(name="targets_hang", title="both tiers dead, the servers hang", needs=BOTH, must_act=True,
             faults=now(HANGS, faults.servers_die(reply=Reply.SILENT)), allowed={"accepted": 25.0}),
    Scenario(name="one_observer_dead", title="both tiers dead, one observer dead",
             setup=(faults.observer_broken,), faults=BOTH_DEAD, needs=BOTH, must_act=True),
    Scenario(name="subnet_cut", title="one subnet of the functions cut off", faults=now(people.subnet_cut),
             outcomes=IDLE | {"KILLED"}),
    Scenario(name="subnet_cut_both_dead", title="both tiers dead, one subnet of the functions cut off",
             faults=((-30.0, people.subnet_cut), *BOTH_DEAD), needs=BOTH, must_act=True),
    Scenario(name="path_closed", title="network ACL edited: one observer does not reach the database",
             faults=now(people.database_barred(everywhere=False))),
    Scenario(name="security_group", title="security group edited: no observer reaches the database",
             faults=now(people.database_barred(everywhere=True)), owed=("database-health",)),
    Scenario(name="security_group_application_dead",
             title="application tier dead, a security group edited: no observer reaches the database",
             faults=now(people.database_barred(everywhere=True), faults.servers_die()),
             needs=APPLICATION, must_act=True),
    Scenario(name="path_closed_application_dead",
             title="application tier dead, network ACL edited: one observer does not reach the database",
             faults=now(people.database_barred(everywhere=False), faults.servers_die()),
             needs=APPLICATION, must_act=True),
    # In somebody's hands.
    Scenario(name="reboot_by_hand", title="writer rebooted by hand", faults=now(people.writer_rebooted),
             outcomes=IDLE | REFUSED),
    Scenario(name="upgrade", title="engine upgraded in place", faults=now(people.upgraded),
             outcomes=IDLE | REFUSED, lasts=600.0),
    Scenario(name="backtrack", title="cluster backtracked", faults=now(people.backtracked),
             outcomes=IDLE | REFUSED),
    Scenario(name="cluster_stopped", title="cluster stopped", faults=now(people.stopped),
             outcomes=IDLE | REFUSED, lasts=720.0),
    # The cooldown, and Aurora's own changes of mind.
    Scenario(name="death_in_cooldown", title="writer moved by hand, and then it hangs unseen",
             faults=((-200.0, people.moved_in_the_console), (0.0, HANGS)), needs=DATABASE, must_act=True,
             warm=360.0, lasts=600.0, allowed={name: COOLED[name] for name in ("detect", "own_share", "accepted")}),
    Scenario(name="rolled_back", title="both tiers dead, Aurora gives the first promotion up",
             setup=(people.promotion_rolls_back,), faults=BOTH_DEAD, needs=BOTH, must_act=True,
             lasts=720.0, allowed=COOLED),
    # Deliveries, and hosts that are lost.
    Scenario(name="duplicates", title="both tiers dead, each event again within a minute",
             setup=(faults.delivered_twice(55),), faults=BOTH_DEAD, needs=BOTH, must_act=True,
             lasts=600.0),
    Scenario(name="lost_run", title="both tiers dead, orchestrator killed at any of its calls",
             setup=(faults.killed_at_any_call,), faults=BOTH_DEAD, needs=BOTH, must_act=True, lasts=600.0,
             # A lost act is made again when it has not shown for 60 s, by the next call.
             allowed={"detect": 100.0, "own_share": 110.0, "accepted": 115.0, "latch": 110.0}),
    # The switch.
    Scenario(name="switch_odd", title="both tiers dead, the switch set to an odd value a minute before",
             faults=((-70.0, people.switch_odd), *BOTH_DEAD), needs=BOTH, must_act=True),
    Scenario(name="switch_never_read", title="both tiers dead, the switch odd from the beginning",
             setup=(people.switch_odd,), faults=BOTH_DEAD, outcomes=frozenset({"DRY_RUN"}),
             owed=("DRY_RUN",)),
)  # fmt: skip
