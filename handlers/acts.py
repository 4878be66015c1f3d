"""The acts: promote, latch, release, and see that it happened. Right before each stand the fence and a last look."""

from time import sleep, time

from botocore.exceptions import ClientError

from .clients import CLUSTER, HEALTH_CHECK, TARGET_GROUPS, elbv2, rds, route53
from .conditions import SHOWS, check_calm, check_hands, check_sides
from .log import attempt, log
from .refusal import Refusal
from .state import LEASE
from .targets import read_targets
from .topology import read_topology
from .view import LATCH, PROMOTE
from .witnesses import hear_observers, row_age

# Seconds kept back to record and tell before Lambda ends the run: what the rest takes if every call hangs.
RESERVE = 115
# Seconds between two looks at a promotion, and that a fence is good for.
LOOK, FRESH = 2, 5
ACCEPTED, UNKNOWN, LEFT = "ACCEPTED", "UNKNOWN", "LEFT"
# RDS says no to this target, and may say yes to the next one.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html
NOT_THIS_ONE = ("InvalidDBInstanceState", "DBInstanceNotFound", "AccessDenied")


class NotTaken(Exception):
    """AWS has refused the act, or did not carry it out: nothing was moved."""


def move_database(run, decision):
    """Promote one of the targets, or only wait for the end of what Aurora does by itself.

    Raises:
        Refusal: at the last look the named writer was not the writer, or nobody could say.
        NotTaken: AWS did not do it, and the old writer still writes.
        TimeoutError: it was not to be seen within the time.
    """
    answer = promote(run, decision) if decision.kind == PROMOTE else LEFT
    asked = time()
    if answer == ACCEPTED:
        run.accepted("database")
    run.stage("decide", asked - run.began - run.state.stages.get("wait", 0.0))
    run.change(home=run.state.home or decision.old)
    run.keep()
    topology = wait_for_writer(run, decision, asked, answer)
    run.stage("verify", time() - asked - run.state.stages["promote"])
    run.change(previous_writer=decision.old, new_writer=topology.writer, writer=topology.writer)


def promote(run, decision):
    """Ask for the first target that RDS takes.

    Returns:
        ACCEPTED; UNKNOWN if the answer was lost, or RDS is at it already, perhaps for a try of this very
        call; LEFT if right before the act Aurora, or somebody, was at it.
    """
    refused = None
    for target in decision.targets:
        pending = run.state.pending["database"]._replace(target=target)
        run.state = run.state.with_pending("database", pending)
        topology = last_look(run)
        if topology.failing_over or topology.writer != decision.old:
            log("LEFT", component="database", writer=topology.writer, status=topology.status)
            return LEFT
        log(
            "ACT", act="FailoverDBCluster", component="database", writer=decision.old, target=target
        )
        try:
            rds.failover_db_cluster(DBClusterIdentifier=CLUSTER, TargetDBInstanceIdentifier=target)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            log("NOT_ACCEPTED", component="database", target=target, error=repr(error)[:450])
            if code.startswith("InvalidDBClusterState"):
                return UNKNOWN
            if error.response["ResponseMetadata"].get("HTTPStatusCode", 0) >= 500:
                raise  # a try of this very call may have been accepted; the sweep sees whether
            if not code.startswith(NOT_THIS_ONE):
                raise NotTaken(repr(error)) from error
            refused = refused or error
        except Exception as error:
            log("NO_ANSWER", component="database", target=target, error=repr(error)[:450])
            return UNKNOWN
        else:
            log("ACCEPTED", component="database", writer=decision.old, target=target)
            return ACCEPTED
    raise NotTaken(repr(refused)) from refused


def last_look(run):
    """The topology right before the act, under a fence and the witnesses' word that are seconds old.

    A run may have stood still since it decided; what was true then may not be so any more.

    Raises:
        Refusal: the lease is lost, the cluster cannot be read, or an observer has seen the writer alive.
    """
    for _ in range(3):
        if run.request.automatic and time() - run.word.heard > FRESH:
            hear_again(run)
        run.fence()
        fenced = time()
        try:
            topology = read_topology(rds, CLUSTER)
        except Exception as error:
            raise Refusal(
                "unreadable", f"who writes cannot be read right before the act: {error!r}"
            ) from error
        if run.request.automatic:
            check_hands("the cluster", topology.status)
        if time() - fenced <= FRESH and (
            not run.request.automatic or time() - run.word.heard <= 2 * FRESH
        ):
            return topology
    raise Refusal("slow", "who writes could not be read in time before the act")


def hear_again(run):
    """Ask the observers once more; raises `Refusal` if one has seen the writer alive."""
    request = run.request
    age = row_age(request, time(), run.began)
    run.word = hear_observers(request.observer, age, run.word.spoken)
    if run.word.alive:
        raise Refusal("seen_alive", f"observer {run.word.alive} has seen the writer alive since")


def wait_for_writer(run, decision, asked, answer):
    """Wait until another instance writes in an available cluster; that is the proof, and no status alone.

    Returns:
        The topology then.

    Raises:
        NotTaken: Aurora has given it up, or never begun.
        TimeoutError: the function's time is over.
    """
    at_it, counted = answer == LEFT, answer == ACCEPTED
    while True:
        topology = attempt(read_topology, rds, CLUSTER)
        status = topology.status if topology else "unreadable"
        at_it |= status == "failing-over"
        moved = topology is not None and topology.writer not in (None, decision.old)
        # What was found moved before this run began is counted already.
        new = moved and topology.writer != run.state.writer
        if (new or (at_it and answer == UNKNOWN)) and not counted:
            run.accepted("database")
            counted = True
        if moved:
            if "promote" not in run.state.stages:
                run.stage("promote", time() - asked)
            if status == "available":
                return topology
        elif status == "available" and topology.writer and (at_it or time() - asked >= SHOWS):
            cause = "Aurora has given the failover up" if at_it else "no failover is to be seen"
            raise NotTaken(f"{decision.old} not replaced: {cause}")
        if run.state.lease_expires < time() + LEASE / 2:
            run.keep()
        if run.context.get_remaining_time_in_millis() < RESERVE * 1000:
            raise TimeoutError(f"{decision.old} not replaced; {status}")
        sleep(LOOK)


def move_application(run, decision):
    """Latch the primary's health check to unhealthy, or release it; a lost answer is looked up.

    Raises:
        Refusal: what a latch or a fail back needs does not hold any more, or the lease is lost.
        NotTaken: Route 53 did not do it.
    """
    begun, latch = time(), decision.kind == LATCH
    for _ in range(2):
        if latch:
            check_sides(run.request, read_sides())
        else:
            check_calm(attempt(read_topology, rds, CLUSTER))
        seen = time()
        run.fence()
        if time() - seen <= 2 * FRESH:
            break
    else:
        raise Refusal("slow", "the lease could not be proven in time before the act")
    log("ACT", act="UpdateHealthCheck", component="application", latch=latch)
    try:
        route53.update_health_check(HealthCheckId=HEALTH_CHECK, Disabled=latch, Inverted=latch)
    except Exception as error:
        log("NO_ANSWER", component="application", error=repr(error)[:450])
        if is_latched() is not latch:
            raise NotTaken(repr(error)) from error
    log("ACCEPTED", component="application", latch=latch)
    run.accepted("application")
    run.change(latched=latch)
    run.stage("latch", time() - begun)
    run.keep()


def read_sides():
    """By side, the states of its targets; None where they cannot be read."""
    return {side: attempt(read_targets, elbv2, group) for side, group in TARGET_GROUPS.items()}


def read_latch():
    """Whether the primary's health check is disabled, and inverted; None if it cannot be read.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
    """
    found = attempt(route53.get_health_check, HealthCheckId=HEALTH_CHECK)
    if not found:
        return None
    config = found["HealthCheck"]["HealthCheckConfig"]
    return bool(config.get("Disabled")), bool(config.get("Inverted"))


def is_latched():
    """Whether it is held unhealthy; None if it cannot be read."""
    read = attempt(read_latch)
    return None if read is None else read == (True, True)
