"""The actor: moves the writer and the traffic, once; verifies, records, tells.

What it accepts and answers, and how to read its state, stands in ``docs/runbook.md``. A run goes
configuration, arming, state, cooldown, lease, check, act, verify, record, notify. Every write of
the state item is a compare-and-swap on a fencing token that only rises, so whoever comes back
after its lease was taken can neither write nor act.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from os import environ as ENV
from time import sleep, time

import boto3
from boto3.dynamodb.conditions import Attr
from botocore.config import Config

# A hung API must not eat the run: at most 2 x (2 + 3) seconds a call.
CONFIG = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
rds, sns, ssm, elbv2, route53, cloudwatch = (
    boto3.client(name, config=CONFIG) for name in "rds sns ssm elbv2 route53 cloudwatch".split()
)
table = boto3.resource("dynamodb", config=CONFIG).Table(ENV["FAILOVER_STATE_TABLE"])
CLUSTER, STACK = ENV["CLUSTER_ID"], ENV["STACK_NAME"]
# The allowed transitions of Status; FAILED -> COMPLETED is a late verification.
EDGES = {
    "IDLE": "IN_PROGRESS",
    "IN_PROGRESS": "COMPLETED FAILED FAILED_BACK",
    "COMPLETED": "IN_PROGRESS",
    "FAILED": "IN_PROGRESS COMPLETED",
    "FAILED_BACK": "IN_PROGRESS",
}
# Key of the configuration -> default, allowed values.
LIMITS = {
    "auto_failover": (ENV["AUTO_FAILOVER"], ["ON", "DRY_RUN", "OFF"]),
    "auto_failover_enabled": (True, [True, False]),
    "cooldown_seconds": (300, range(86401)),
    "rto_seconds": (30, range(1, 3601)),
}
KEY, Stop = "FAILOVER_STATUS", RuntimeError
# Seconds kept back to record and tell before Lambda ends the run, and between two looks.
RESERVE, POLL = 45, 2


def handler(event, context):
    """Answer one event; the runbook lists the kinds."""
    event = event if isinstance(event, dict) else {}
    action = event.get("action")
    if action == "status":
        return answer("STATUS", CLUSTER, state=safe(load, True))
    if event.get("trigger_failover") is True or action == "failback":
        return run(event, context, action == "failback")
    state = safe(load)
    if isinstance(event.get("alarmData"), dict):
        return on_alarm(event, context)
    if event.get("source") == "aws.rds":
        return on_rds_event(event, state)
    return answer("NOT_REQUIRED", "Failover not required")


def run(event, context, back):
    """A failover or a fail back. Up to the lease it may refuse; then it ends recorded and told."""
    now = time()
    automatic = "votes" in event or "alarmData" in event
    item = {
        "AttemptId": text(event.get("attempt_id") or context.aws_request_id),
        "Mode": text(event.get("mode", "UNPLANNED" if automatic else "PLANNED")),
        "Reason": text(event.get("reason")),
        "Votes": text(event.get("votes")),
        "StartTime": iso(now),
        "Stages": {"detect": seconds(now - number(event.get("detected_at", now)))},
        "Error": "",
    }
    try:
        config, item["Notes"] = configuration(event)
        arming = config["auto_failover"] if config["auto_failover_enabled"] else "OFF"
        if automatic and arming == "OFF":
            raise Stop("automation is OFF")
        dry = event.get("dry_run") is True or (automatic and arming == "DRY_RUN")
        try:
            state = load(dry)
        except Exception:
            # Without a state only a forced manual run goes on, and one that names the writer.
            if automatic or event.get("force") is not True or not event.get("expected_writer"):
                raise
            state = {"Status": "IDLE", "Unlocked": True}
        if state.get("AttemptId") == item["AttemptId"] and state["Status"] != "FAILED":
            return answer("NOT_REQUIRED", f"is {state['Status']}")
        wanted = check(event, back, state, now - config["cooldown_seconds"])
        if dry:
            item["Plan"] = text([safe(STEPS[name][0], event, back, state) for name in wanted])
            audit(item)
            return answer("DRY_RUN", "planned only", state=item)
        lease = int(time() + context.get_remaining_time_in_millis() / 1000 + 10)
        save(state, **item, Status="IN_PROGRESS", LeaseExpires=lease)
    except Exception as refusal:
        # A standing signal repeats its call: one item and one message an hour tell of it.
        item["Error"] = text(refusal)
        key = f"REFUSED#{iso(now)[:13]}#{item['Error']}"
        if safe(put, item, key, Attr("StateKey").not_exists()):
            safe(notify, "REFUSED", item)
        return answer("REFUSED", item["Error"], 409)
    status, failure = "FAILED_BACK" if back else "COMPLETED", None
    try:
        for name in wanted:
            plan, move = STEPS[name]
            move(context, state, now, *plan(event, back, state))
    except Exception as error:
        status, failure = "FAILED", error
        state["Error"] = repr(error)
    finish(state, status, now, config["rto_seconds"])
    if failure:
        raise failure
    return answer(status, f"moved {wanted}", state=state)


def finish(state, status, now, rto):
    """Record and tell; what fails here must not change how the run went."""
    took = time() - now
    end = {"Status": status, "CompletedTime": iso(time()), "Duration": seconds(took)}
    if status == "FAILED_BACK":
        end["PreviousWriter"] = None
    safe(save, state, **end)
    state.update(end)
    safe(audit, state)
    safe(publish, FailoverDuration=took, FailoverOverdue=float(took > rto))
    safe(notify, status, state)


def check(event, back, state, cold):
    """The components that are to be moved now; raises to refuse."""
    both, force = list(STEPS), event.get("force") is True
    expected, home = event.get("expected_writer"), state.get("PreviousWriter")
    asked = event.get("components", both)
    if not isinstance(asked, list) or not all(name in both for name in asked):
        raise Stop(f"components: {both}")
    wanted = [name for name in both if name in asked]
    if state["Status"] == "IN_PROGRESS":
        raise Stop(f"{state.get('AttemptId')} holds the lease")
    if expected and expected != members()[0]:
        raise Stop(f"{expected} is not the writer")
    if back and not force:
        if "healthy" not in targets("PRIMARY"):
            raise Stop("primary unhealthy")
        if "database" in wanted and home and status_of(home) != "available":
            raise Stop(f"{home} is not available")
    elif not force:
        wanted = [name for name in wanted if number(state.get(f"{name}_at", 0)) <= cold]
        if state.get("Latched") is True:
            wanted = wanted[: wanted.count("database")]
    if not wanted:
        raise Stop("in cooldown or latched")
    return wanted


def plan_database(event, back, state):
    """The writer to be replaced, and the instance to promote, or None if only to verify."""
    writer, readers, status = members()
    old, home = event.get("writer"), state.get("PreviousWriter")
    if back:
        return (writer, home) if home in readers else (None, None)
    old = old if old in readers else writer
    if writer != old or status == "failing-over":
        return old, None
    for reader in readers:
        if safe(status_of, reader) == "available":
            return old, reader
    raise Stop("no reader is available")


def move_database(context, state, now, old, target):
    """Promote the target unless Aurora is at it; the proof is another writer, not a status."""
    if target:
        fence(state)
        try:
            rds.failover_db_cluster(DBClusterIdentifier=CLUSTER, TargetDBInstanceIdentifier=target)
        except rds.exceptions.InvalidDBClusterStateFault:
            pass
    accepted, stages = time(), state["Stages"]
    stages["decide"] = seconds(accepted - now)
    # Known even if it cannot be written now: the last write tells it.
    state.update(database_at=int(accepted), PreviousWriter=old)
    safe(save, state)
    while True:
        writer, _, status = safe(members) or (old, [], "unknown")
        if writer not in (None, old):
            stages.setdefault("promote", seconds(time() - accepted))
            if status == "available":
                break
        if context.get_remaining_time_in_millis() < RESERVE * 1000:
            raise Stop(f"{old} not replaced; {status}")
        sleep(POLL)
    stages["verify"] = seconds(time() - accepted) - stages["promote"]
    state["NewWriter"] = writer


def plan_application(event, back, state):
    """Whether to latch, and whether the side that then serves can."""
    return not back, back or "healthy" in (safe(targets, "STANDBY") or [])


def move_application(context, state, now, latch, ready):
    """Latch the primary's health check to unhealthy, so that nothing fails back by itself."""
    begun = time()
    try:
        if not ready:
            raise Stop("no healthy standby target")
        fence(state)
        route53.update_health_check(
            HealthCheckId=ENV["HEALTH_CHECK"], Disabled=latch, Inverted=latch
        )
        state.update(Latched=latch, application_at=int(begun))
        save(state)
    except Exception as error:
        # Switching is the health checks' own work: a failed latch is recorded, no failed run.
        state["LatchError"] = repr(error)
    state["Stages"]["latch"] = seconds(time() - begun)


STEPS = {
    "database": (plan_database, move_database),
    "application": (plan_application, move_application),
}


def on_alarm(event, context):
    """An alarm on AWS's own metrics is a reason to look; a failover needs a second witness."""
    name = text(event["alarmData"].get("alarmName"))
    kind = "application" if name.endswith("-alb-unhealthy-targets") else "database"
    if not (writer_dead() if kind == "database" else targets_dead()):
        return answer("NOT_REQUIRED", "not corroborated")
    event |= {"reason": name, "attempt_id": f"{name}#{event.get('time')}", "components": [kind]}
    return run(event, context, False)


def targets_dead():
    return targets("PRIMARY") & {"healthy", "unhealthy"} == {"unhealthy"}


def writer_dead():
    """The monitor sees no life, and AWS itself sees the writer's instance down or restarted."""
    writer = members()[0]
    health = samples("DRSystem", "DatabaseHealth", "StackName", STACK, 10, 30)
    # Seconds since it began: absent, or fewer than have just passed.
    uptime = samples("AWS/RDS", "EngineUptime", "DBInstanceIdentifier", writer, 60, 300)
    down = min(uptime, default=0) < 300 or status_of(writer) != "available"
    return down and max(health, default=0) < 1


def samples(namespace, name, dimension, value, period, past):
    """The metric's values in the seconds that have just passed, in any order."""
    found = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime=time() - past,
        EndTime=time(),
        Period=period,
        Statistics=["Maximum"],
    )
    return [one["Maximum"] for one in found["Datapoints"]]


def on_rds_event(event, state):
    """Audit it; the end of a failover may close a run whose own verification came too late."""
    kind, when = safe(lambda: event["detail"]["EventID"]), text(event.get("time"))
    safe(put, {"Detail": text(event.get("detail"))}, f"EVENT#{when}#{kind}")
    # Only a run that has acted, and an event with a date ("2...") after its start.
    acted = state and state["Status"] == "FAILED" and "decide" in state.get("Stages", [])
    late = acted and "3" > when > text(state.get("StartTime"))
    if late and kind in ["RDS-EVENT-0071", "RDS-EVENT-0069"]:
        writer, _, status = members()
        if writer not in (None, state.get("PreviousWriter")) and status == "available":
            save(state, Status="COMPLETED", NewWriter=writer, CompletedTime=iso(time()))
            safe(notify, "COMPLETED", state)
    return answer("RECORDED", kind)


def members():
    """The writer (None without one), the readers by promotion tier, and the cluster's status."""
    cluster = rds.describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"][0]
    ids = {True: [], False: []}
    for one in sorted(cluster["DBClusterMembers"], key=lambda one: one.get("PromotionTier", 1)):
        ids[one["IsClusterWriter"]].append(one["DBInstanceIdentifier"])
    return (ids[True] or [None])[0], ids[False], cluster["Status"]


def status_of(name):
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0][
        "DBInstanceStatus"
    ]


def targets(side):
    """The states in which the side's targets are."""
    found = elbv2.describe_target_health(TargetGroupArn=ENV[f"{side}_TARGETS"])
    return {one["TargetHealth"]["State"] for one in found["TargetHealthDescriptions"]}


def configuration(event):
    """The values, and notes on those that do not fit; the monitor's notes come with its call."""
    notes, given, values = [text(event.get("notes"))], {}, {}
    try:
        given = dict(json.loads(ssm.get_parameter(Name=ENV["CONFIG"])["Parameter"]["Value"]))
    except Exception as error:
        notes.append(repr(error))
    for key, (default, allowed) in LIMITS.items():
        value = values[key] = given.get(key)
        if type(value) is not type(default) or value not in allowed:
            values[key] = default
            notes.append(f"{key}: {default!r}, not {value!r}")
    return values, notes


def stored():
    return table.get_item(Key={"StateKey": KEY}, ConsistentRead=True).get("Item", {})


def load(dry=False):
    """The state item; a run whose lease expired has failed, which is written down unless dry."""
    state = stored()
    if state.get("Status") not in list(EDGES):
        state["Status"] = "IDLE"
    if state["Status"] == "IN_PROGRESS" and number(state.get("LeaseExpires")) < time():
        lost = {"Status": "FAILED", "Error": "abandoned"}
        if not dry:
            save(state, **lost)
        state.update(lost)
    return state


def save(state, **values):
    """Write the item along an edge, if nobody has since it was read; the token rises."""
    was, status = state["Status"], values.get("Status", state["Status"])
    if status not in [was, *EDGES[was].split()]:
        raise Stop(f"{was} -> {status} is no edge")
    token, held = Attr("FencingToken"), state.get("FencingToken")
    values["FencingToken"] = int(number(held)) + 1
    if not state.get("Unlocked"):
        put(state | values, KEY, token.not_exists() if held is None else token.eq(held))
    state.update(values)


def fence(state):
    """Right before an act: the lease must still be ours."""
    if not state.get("Unlocked"):
        ours = stored().get("FencingToken") == state["FencingToken"]
        if not ours or state["LeaseExpires"] < time():
            raise Stop("the lease was lost")


def put(item, key, condition=None):
    """Write an item; all but the state expire."""
    expires = {} if key == KEY else {"ExpiresAt": int(time()) + 86400 * int(ENV["RETENTION_DAYS"])}
    condition = {"ConditionExpression": condition} if condition else {}
    return table.put_item(Item={**item, "StateKey": key, **expires}, **condition)


def audit(item):
    put(item, f"RUN#{item['StartTime']}#{item['AttemptId']}")


def notify(subject, item):
    """What happened and the first error, then the whole item."""
    message = f"{item.get('Error')}\n{json.dumps(item, default=str, indent=1)}"
    sns.publish(TopicArn=ENV["SNS_TOPIC_ARN"], Subject=f"{STACK}: {subject}", Message=message)


def publish(**values):
    dimensions = [{"Name": "StackName", "Value": STACK}]
    data = [{"MetricName": key, "Value": values[key], "Dimensions": dimensions} for key in values]
    cloudwatch.put_metric_data(Namespace="DRSystem", MetricData=data)


def safe(function, *arguments, **named):
    """The result, or None: what is tried this way must not change the outcome of a run."""
    try:
        return function(*arguments, **named)
    except Exception as error:
        print(f"{function.__name__}: {error!r}")


def answer(outcome, message, code=200, **more):
    body = {"outcome": outcome, "message": message} | more
    return {"statusCode": code, "body": json.dumps(body, default=str)}


def number(value):
    """Whatever stands there, 0 if it is no number."""
    return safe(float, value or 0) or 0


def text(value):
    """As much of it as an item or a key has room for."""
    return str(value)[:450]


def seconds(value):
    """As DynamoDB takes a fraction."""
    return Decimal(f"{max(0, value):.3f}")


def iso(when):
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")
