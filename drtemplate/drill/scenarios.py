"""The scenarios of a drill."""

from collections.abc import Mapping

from drtemplate.drill import blind_spots, faults, usual_week
from drtemplate.drill.scenario import (
    APPLICATION,
    BOTH,
    BOTH_DEAD,
    CRASHES,
    DATABASE,
    DONE,
    HANGS,
    IDLE,
    REFUSED,
    Scenario,
    now,
)
from drtemplate.drill.witnessed import WITNESSED
from drtemplate.errors import InputError
from drtemplate.world.aws.prober import Reply


def _while_down(
    service: str,
    title: str,
    *,
    must_act: bool = True,
    outcomes: frozenset[str] = frozenset(),
    owed: tuple[str, ...] = (),
    allowed: Mapping[str, float] | None = None,
) -> Scenario:
    """Both tiers die while a service's API has been down for twenty seconds."""
    return Scenario(
        name=f"{service}_down",
        title=f"both tiers dead while {title} is down",
        faults=((-20.0, faults.service_down(service)), *BOTH_DEAD),
        needs=BOTH,
        must_act=must_act,
        outcomes=outcomes,
        owed=owed,
        allowed=allowed or {},
    )


SCENARIOS = (
    Scenario(name="writer_crash", title="writer crashes, Aurora sees it", faults=now(CRASHES),
             # Where Aurora takes longer than the grace, the observers find its own restart of the writer.
             needs=DATABASE, outcomes=IDLE | DONE | REFUSED),
    Scenario(name="writer_hung", title="writer hangs, Aurora does not see it", faults=now(HANGS),
             needs=DATABASE, must_act=True),
    Scenario(name="writer_restart", title="writer's engine restarts in place",
             faults=now(faults.engine_crashes)),
    Scenario(name="reader_crash", title="reader crashes", faults=now(faults.reader_stops)),
    Scenario(name="zone_outage", title="the writer's zone is lost", faults=now(faults.zone_lost),
             needs=DATABASE, outcomes=IDLE | DONE | {"KILLED"}),
    Scenario(name="application_dead", title="application tier dead",
             faults=now(faults.servers_die()), needs=APPLICATION, must_act=True),
    Scenario(name="application_back", title="application tier dead, and back after 200 s",
             # Longer than Route 53 needs to take the latch; then clients must stay where they are.
             faults=((0.0, faults.servers_die()), (200.0, faults.servers_die(reply=Reply.GOOD))),
             needs=APPLICATION, must_act=True),
    Scenario(name="both_sides_dead", title="application tier dead on both sides",
             # A latch is asked for, and not made.
             faults=now(faults.servers_die(), faults.servers_die("Standby")),
             outcomes=REFUSED, owed=("REFUSED",)),
    Scenario(name="both_tiers_dead", title="writer hangs unseen and application tier dead",
             faults=BOTH_DEAD, needs=BOTH, must_act=True),
    Scenario(name="both_tiers_crash", title="writer crashes, Aurora sees it, and application tier dead",
             faults=now(CRASHES, faults.servers_die()), needs=BOTH, must_act=True),
    Scenario(name="load_balancer_dead", title="primary load balancer dead",
             faults=now(faults.balancer_dies)),
    Scenario(name="nat_lost", title="NAT gateway of the first zone lost", faults=now(faults.nat_lost)),
    Scenario(name="blip_3s", title="network blip of 3 s", faults=now(faults.cut(3)), lasts=180.0),
    Scenario(name="blip_15s", title="network blip of 15 s", faults=now(faults.cut(15)), lasts=180.0),
    Scenario(name="backup_window", title="backup window",
             faults=now(faults.status("backing-up", "backup_duration"))),
    Scenario(name="maintenance_window", title="maintenance window with a patch",
             faults=((-20.0, faults.status("maintenance")), (0.0, faults.engine_pauses))),
    Scenario(name="modification_window", title="modification, with a restart in place",
             faults=((-20.0, faults.status("modifying")), (0.0, faults.engine_crashes))),
    Scenario(name="lag_spike", title="replication lag of 5 s for four minutes",
             faults=((0.0, faults.lag(5000)), (240.0, faults.lag(20)))),
    Scenario(name="stale_lag", title="no lag metric any more", faults=now(faults.lag(None))),
    Scenario(name="metrics_missing", title="metrics of the writer and of the primary's hosts missing",
             # AWS's eye takes the writer for dead, and the observers know better.
             faults=now(blind_spots.writers_metrics_missing), outcomes=IDLE | REFUSED, lasts=600.0),
    Scenario(name="metrics_missing_monitor_dead", title="no engine's uptime known, monitor dead",
             setup=(faults.monitor_broken,), faults=now(blind_spots.uptimes_missing), lasts=600.0),
    Scenario(name="monitor_dead", title="writer hangs unseen while the monitor is dead",
             setup=(faults.monitor_broken,), faults=now(HANGS), needs=DATABASE, must_act=True,
             # An alarm on AWS's metrics: two periods that are missing, and CloudWatch's look back.
             lasts=780.0, allowed={"detect": 260.0, "own_share": 265.0}),
    Scenario(name="monitor_and_both_dead", title="both tiers dead while the monitor is dead",
             setup=(faults.monitor_broken,), faults=BOTH_DEAD, needs=BOTH, must_act=True,
             # Two alarms; the second may find the first one's run, and looks for its end every 10 s.
             lasts=780.0, allowed={"detect": 260.0, "decide": 15.0, "own_share": 270.0,
                                   "accepted": 275.0, "latch": 15.0}),
    Scenario(name="orchestrator_killed", title="both tiers dead, orchestrator killed after its call",
             setup=(faults.killed_after_act,), faults=BOTH_DEAD, needs=BOTH, must_act=True,
             # What is done is recorded by the next run, when the lease of the killed one is over.
             lasts=600.0, allowed={"own_share": 75.0, "latch": 75.0}),
    Scenario(name="orchestrator_killed_early",
             title="both tiers dead, orchestrator killed with the lease, before its call",
             setup=(faults.killed_before_act,), faults=BOTH_DEAD, needs=BOTH, must_act=True,
             lasts=600.0,
             # The lease of the killed run, 45 s, must end, and the call be repeated.
             allowed={"detect": 75.0, "own_share": 80.0, "accepted": 90.0}),
    # Without the state there is no lease, and so an automatic run must refuse.
    _while_down("dynamodb", "DynamoDB", must_act=False, outcomes=REFUSED, owed=("REFUSED",)),
    _while_down("sns", "SNS"),
    _while_down("cloudwatch", "CloudWatch"),
    # Two tries, until the defaults hold: one would overlook the switch that stops the automation.
    _while_down("ssm", "Systems Manager", allowed={"decide": 5.0, "own_share": 16.0}),
    Scenario(name="route53_down", title="both tiers dead while Route 53's control plane is down",
             faults=((-20.0, faults.service_down("route53")), *BOTH_DEAD), needs=BOTH,
             must_act=True, untaken=1.0),
    Scenario(name="lambda_down", title="writer hangs unseen while the monitor cannot invoke",
             faults=((-20.0, faults.service_down("lambda")), (0.0, HANGS)), needs=DATABASE,
             # As with the monitor dead: CloudWatch's own way to the orchestrator.
             must_act=True, lasts=780.0, allowed={"detect": 260.0, "own_share": 265.0}),
    Scenario(name="elbv2_down", title="writer hangs unseen while Elastic Load Balancing's API is down",
             faults=((-20.0, faults.service_down("elbv2")), (0.0, HANGS)), needs=DATABASE,
             must_act=True),
    Scenario(name="elbv2_down_restart",
             title="writer's engine restarts while Elastic Load Balancing's API is down",
             faults=((-20.0, faults.service_down("elbv2")), (0.0, faults.engine_crashes))),
    # From before any of the monitor's runs that call began, until Aurora is at it: none of them knows who
    # wrote. A run that cannot read who writes refuses, and one that cannot tell the old writer from the new
    # one only verifies.
    Scenario(name="rds_down", title="writer crashes, Aurora sees it while RDS's API is down",
             faults=((-140.0, faults.service_down("rds")), (0.0, CRASHES),
                     (20.0, faults.service_back("rds"))), needs=DATABASE,
             outcomes=IDLE | DONE | REFUSED),
    Scenario(name="throttling", title="both tiers dead, 20 % of all API calls throttled",
             faults=((-20.0, faults.throttled(0.2)), *BOTH_DEAD), needs=BOTH, must_act=True,
             # Each call may need a second try, and a probe's a later tick; a latch takes two calls, each
             # of which fails twice in 4 % of the runs.
             untaken=0.15,
             allowed={"detect": 30.0, "decide": 6.0, "own_share": 32.0, "accepted": 60.0, "latch": 10.0}),
    Scenario(name="double_trigger", title="both tiers dead, events delivered twice, a person triggers too",
             setup=(faults.delivered_twice(),), needs=BOTH, must_act=True,
             faults=(*BOTH_DEAD, (8.0, faults.operator(20, trigger_failover=True, reason="outage")))),
    Scenario(name="aurora_stalled", title="both tiers dead, Aurora accepts and never promotes",
             setup=(faults.failover_never_ends,), faults=BOTH_DEAD, needs=BOTH, must_act=True,
             outcomes=frozenset({"FAILED"}), lasts=600.0),
    # What can be moved is. Without another member that answers the observers may be the sick ones, so the
    # database has no vote of theirs, and its alarm is what people are told.
    Scenario(name="no_reader", title="both tiers dead, no reader available",
             setup=(faults.no_reader,), faults=now(CRASHES, faults.servers_die()), needs=APPLICATION,
             must_act=True, owed=("COMPLETED", "database-health"), lasts=720.0),
    *WITNESSED,
    Scenario(name="day_0", title="day 0: nothing registered", setup=(faults.nothing_registered,),
             faults=(), lasts=600.0),
    Scenario(name="planned_failover", title="planned failover", needs=BOTH, must_act=True,
             manual=True,
             faults=now(faults.operator(trigger_failover=True, mode="PLANNED", reason="drill"))),
    Scenario(name="fail_back", title="fail back after a planned failover", needs=BOTH, must_act=True,
             manual=True, warm=360.0,
             faults=((-320.0, faults.operator(trigger_failover=True, mode="PLANNED", reason="drill")),
                     (0.0, faults.operator(action="failback")))),
    Scenario(name="quiet_week", title="a quiet week, ten minutes in each run",
             setup=(usual_week.usual_noise,), faults=(), lasts=455.0, sliced=True),
)  # fmt: skip

# A week in a thousand parts, as many as a drill has runs.
SLICES, SLICE, STRIDE = 1000, 604.8, 613


def select(names: list[str] | None) -> tuple[Scenario, ...]:
    """The scenarios of these names, in the order of their declaration; all if none is named.

    Raises:
        InputError: there is no such scenario.
    """
    known = {one.name: one for one in SCENARIOS}
    for name in names or ():
        if name not in known:
            raise InputError(f"no scenario {name!r}; known are {', '.join(known)}")
    return tuple(one for one in SCENARIOS if not names or one.name in names)
