"""The actor: moves the writer and the traffic, once; verifies, records, tells.

What it accepts and answers, and how to read its state, stands in ``docs/runbook.md``. A run goes
configuration, arming, state, cooldown, lease, check, act, verify, record, notify. Every write of
the state item is a compare-and-swap on a fencing token that only rises, and each act is preceded
by one, so whoever comes back after its lease was taken can neither write nor act.
"""

import json
from decimal import Decimal
from os import environ as ENV
from time import gmtime, sleep, strftime, time

import boto3
from boto3.dynamodb.conditions import Attr
from botocore.config import Config

# A hung API must not eat the run: at most 2 x (1 + 3) seconds a call.
CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2})
rds, sns, ssm, elbv2, route53, cloudwatch = (
    boto3.client(name, config=CONFIG) for name in "rds sns ssm elbv2 route53 cloudwatch".split()
)
# The table answers in milliseconds, so a hung or throttled try is over sooner and made again.
AGAIN = CONFIG.merge(Config(read_timeout=1, retries={"total_max_attempts": 4}))
table = boto3.resource("dynamodb", config=AGAIN).Table(ENV["FAILOVER_STATE_TABLE"])
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
    "cooldown_seconds": (3600, range(86401)),
}
KEY, Stop = "FAILOVER_STATUS", RuntimeError
# Seconds kept back to record and tell before Lambda ends the run, and that a lease lives without a
# write; what this instance has told.
RESERVE, LEASE, TOLD = 115, 45, set()


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


def run(event, context, back=False, dead=lambda: True):
    """A failover or a fail back. Up to the lease it may refuse; then it ends recorded and told."""
    now = time()
    automatic = "votes" in event or "alarmData" in event
    # Without the table only a forced manual run goes on, and one that names the writer.
    blind = not automatic and event.get("force") is True and event.get("expected_writer")
    item = {
        "AttemptId": text(event.get("attempt_id") or context.aws_request_id),
        "Owner": context.aws_request_id,
        "Automatic": automatic,
        "Mode": text(event.get("mode", "UNPLANNED" if automatic else "PLANNED")),
        "Reason": text(event.get("reason")),
        "Votes": text(event.get("votes")),
        "StartTime": iso(now),
        "Stages": {"detect": seconds(now - number(event.get("detected_at", now)))},
        "Error": "",
        "LatchError": "",
        "NewWriter": "",
    }
    try:
        if not dead():
            return answer("NOT_REQUIRED", "not corroborated")
        config, item["Notes"] = configuration(event)
        arming = config["auto_failover"] if config["auto_failover_enabled"] else "OFF"
        dry = event.get("dry_run") is True or (automatic and arming == "DRY_RUN")
        try:
            state = load(dry)
        except Exception:
            if not blind:
                raise
            state = {"Status": "IDLE", "Unlocked": True}
        if automatic and arming == "OFF":
            raise Stop("automation is OFF")
        status, last = state["Status"], state.get("AttemptId")
        # Two monitors see the same, and each repeats its call; an alarm's is made again here.
        if status != "FAILED" and (
            last == item["AttemptId"] or ("votes" in event and status == "IN_PROGRESS")
        ):
            return answer("NOT_REQUIRED", f"{last} is {status}")
        wanted = check(event, back, state, now - config["cooldown_seconds"])
        if not wanted:
            return answer("NOT_REQUIRED", "latched")
        if dry:
            item["Plan"] = text([safe(STEPS[name][0], event, back, state) for name in wanted])
            audit(item)
            return answer("DRY_RUN", "planned only", state=item)
        item["Status"] = "IN_PROGRESS"
        try:
            save(state, **item)
        except Exception as error:
            # A blind run passes the table's outage, but not another's write.
            if not blind or "Conditional" in repr(error):
                raise
            state.update(item, Unlocked=True)
    except Exception as refusal:
        item["Error"] = text(refusal)
        safe(put, item, f"REFUSED#{iso(now)[:13]}#{item['Error']}")
        safe(notify, "REFUSED", item)
        return answer("REFUSED", item["Error"], 409)
    return act(event, context, back, state, wanted, now)


def act(event, context, back, state, wanted, now):
    """Move what is wanted, record and tell; the components fail apart from each other."""
    moved, failure, home = [], None, state.get("PreviousWriter")
    for name in wanted[::-1] if back else wanted:
        plan, move = STEPS[name]
        try:
            if move(context, state, now, *plan(event, back, state)):
                moved.append(name)
        except Exception as error:
            failure = failure or error
    took, status = time() - now, "FAILED_BACK" if back else "COMPLETED"
    if failure:
        status, state["Error"] = "FAILED", text(repr(failure))
    if back:
        state["PreviousWriter"] = None if "database" in moved else home
    # What fails from here on must not change how the run went.
    end = {"Status": status, "CompletedTime": iso(time()), "Duration": seconds(took)}
    safe(save, state, **end)
    state.update(end)
    safe(audit, state)
    stack = [{"Name": "StackName", "Value": STACK}]
    metric = {"MetricName": "FailoverDuration", "Value": took, "Dimensions": stack}
    safe(cloudwatch.put_metric_data, Namespace="DRSystem", MetricData=[metric])
    # Lambda tells of each error; of one that is repeated it need not.
    if not safe(notify, status, state) and failure:
        raise failure
    return answer(status, f"moved {moved}", state=state)


def check(event, back, state, cold):
    """The components that are to be moved now; raises to refuse."""
    both, force = list(STEPS), event.get("force") is True
    expected, home = event.get("expected_writer"), state.get("PreviousWriter")
    asked = event.get("components", both)
    wanted = [name for name in both if name in asked]
    if type(asked) is not list or not wanted or {*asked} - {*both}:
        raise Stop(f"components: {both}")
    if state["Status"] == "IN_PROGRESS":
        raise Stop("lease held")
    if expected and expected != members()[0]:
        raise Stop(f"{expected} is not the writer")
    if force:
        return wanted
    if back:
        if "healthy" not in targets("PRIMARY"):
            raise Stop("primary unhealthy")
        if "database" in wanted and home and status_of(home) != "available":
            raise Stop(f"{home} is not available")
        return wanted
    if state.get("Latched") is True:
        wanted = wanted[: wanted.count("database")]
    # What a lost run has begun is seen through, in its cooldown or not.
    found = [
        name
        for name in wanted
        if number(state.get(f"{name}_at", 0)) <= cold
        or ("votes" in event and state.get("Error") == "abandoned")
    ]
    if wanted and not found:
        raise Stop("in cooldown")
    return found


def plan_database(event, back, state):
    """The writer to be replaced, and the instance to promote, or None if only to verify."""
    writer, readers, status = members()
    # While Aurora is at it, the present writer may be the new one: only a call that names it knows.
    old = text(event.get("writer") or (status != "failing-over" and writer) or "")
    home = state.get("PreviousWriter")
    if not old:
        raise Stop("writer unknown")
    if back:
        if home not in (None, writer, *readers):
            raise Stop(f"{home} is gone")
        return (writer, home) if home in readers else (None, None)
    if writer != old or status == "failing-over":
        return old, None
    for reader in readers:
        if safe(status_of, reader) == "available":
            return old, reader
    raise Stop("no reader is available")


def move_database(context, state, now, old, target):
    """Promote the target unless Aurora is at it; the proof is another writer, not a status."""
    if not old:
        return False
    if target:
        save(state)
        try:
            rds.failover_db_cluster(DBClusterIdentifier=CLUSTER, TargetDBInstanceIdentifier=target)
            state["database_at"] = int(time())
        except Exception as error:
            # Aurora is at it, or the answer was lost: who writes will tell.
            if not any(word in repr(error) for word in ("InvalidDBClusterState", "ReadTimeout")):
                raise
    accepted, stages = time(), state["Stages"]
    stages["decide"] = seconds(accepted - now)
    # Known even if it cannot be written now: the last write tells it.
    state["PreviousWriter"] = old
    safe(save, state)
    while True:
        writer, _, status = safe(members) or (old, [], "unknown")
        if writer not in (None, old):
            stages.setdefault("promote", seconds(time() - accepted))
            if status == "available":
                break
        if state["LeaseExpires"] < time() + LEASE / 2:
            safe(save, state)
        if context.get_remaining_time_in_millis() < RESERVE * 1000:
            raise Stop(f"{old} not replaced; {status}")
        sleep(2)
    stages["verify"] = seconds(time() - accepted) - stages["promote"]
    state.update(NewWriter=writer, database_at=int(accepted))
    return True


def plan_application(_event, back, _state):
    """Whether to latch, and whether the side that then serves can."""
    return not back, back or "healthy" in (safe(targets, "STANDBY") or [])


def move_application(_context, state, _now, latch, ready):
    """Latch the primary's health check to unhealthy, so that nothing fails back by itself."""
    begun = time()
    try:
        if not ready:
            raise Stop("no healthy standby target")
        save(state)
        route53.update_health_check(
            HealthCheckId=ENV["HEALTH_CHECK"], Disabled=latch, Inverted=latch
        )
        state.update(Latched=latch, application_at=int(begun))
        save(state)
    except Exception as error:
        # Switching is the health checks' own work: a failed latch is recorded, no failed run.
        if not latch:
            raise
        state["LatchError"] = text(repr(error))
    state["Stages"]["latch"] = seconds(time() - begun)
    return not state["LatchError"]


STEPS = {
    "database": (plan_database, move_database),
    "application": (plan_application, move_application),
}


def on_alarm(event, context):
    """An alarm on AWS's own metrics is a reason to look; a failover needs a second witness.

    It comes once. So what refuses it, as the lease of the other alarm's run, is asked again for 80 s;
    then there is still time to look for a minute, or for the longest promotion.
    """
    name, kind, dead = text(event["alarmData"].get("alarmName")), "database", writer_dead
    if name.endswith("-targets"):
        kind, dead = "application", targets_dead
    event |= {"reason": name, "attempt_id": f"{name}#{event.get('time')}", "components": [kind]}
    while (reply := run(event, context, dead=dead))[
        "statusCode"
    ] != 200 and context.get_remaining_time_in_millis() > RESERVE * 1900:
        sleep(10)
    return reply


def targets_dead():
    """Whether a target of the primary is unhealthy and none healthy."""
    return targets("PRIMARY") & {"healthy", "unhealthy"} == {"unhealthy"}


def writer_dead():
    """Look for a minute: the monitor saw no life, or the writer alone gives no sign.

    The alarm acts once, and a metric of AWS comes up to three minutes late. Silence all around says
    nothing of the writer.
    """
    for _ in range(6):
        writer, readers, _ = members()
        health = samples("DRSystem", "DatabaseHealth", "StackName", STACK, 30)
        if 1 in health:
            break
        silent = [
            name
            for name in [str(writer), *readers]
            if not samples("AWS/RDS", "EngineUptime", "DBInstanceIdentifier", name, 180)
        ]
        if 0 in health or silent == [writer]:
            return True
        sleep(10)
    return None


def samples(namespace, name, dimension, value, past):
    """The metric's values in the seconds that have just passed, in any order."""
    found = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime=time() - past,
        EndTime=time(),
        Period=past // 3,
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
    """The writer (None without one), the readers, and the cluster's status."""
    cluster = rds.describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"][0]
    ids = {True: [], False: []}
    for one in cluster["DBClusterMembers"]:
        ids[one["IsClusterWriter"]].append(one["DBInstanceIdentifier"])
    return (ids[True] or [None])[0], ids[False], cluster["Status"]


def status_of(name):
    """The status of a database instance."""
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
    """The state item as the table has it, empty if there is none."""
    return table.get_item(Key={"StateKey": KEY}, ConsistentRead=True).get("Item", {})


def load(dry=False):
    """The state item; a run whose lease expired has failed, which is written down unless dry."""
    state = stored()
    if state.get("Status") not in list(EDGES):
        state["Status"] = "IDLE"
    if state["Status"] == "IN_PROGRESS" and number(state.get("LeaseExpires")) < time():
        lost = {"Status": "FAILED", "Error": "abandoned", "Owner": ""}
        if not dry:
            save(state, **lost)
        state.update(lost)
    return state


def save(state, **values):
    """Write the item along an edge, if nobody has since it was read; token and lease are renewed.

    Right before an act it is the fence: who has lost the lease cannot write, and so does not act.
    """
    was, status = state["Status"], values.get("Status", state["Status"])
    if status not in [was, *EDGES[was].split()]:
        raise Stop(f"{was} -> {status} is no edge")
    token, held = Attr("FencingToken"), state.get("FencingToken")
    values |= {"FencingToken": int(number(held)) + 1, "LeaseExpires": int(time()) + LEASE}
    item = state | values
    if not state.get("Unlocked"):
        try:
            table.put_item(
                Item=item | {"StateKey": KEY},
                ConditionExpression=token.not_exists() if held is None else token.eq(held),
            )
        except Exception:
            # Without an answer it may be written all the same; then it has our token and name.
            found = safe(stored) or {}
            if any(found.get(key) != item.get(key) for key in ("FencingToken", "Owner")):
                raise
    state.update(values)


def put(item, key):
    """Write an item that expires."""
    expires = int(time()) + 86400 * int(ENV["RETENTION_DAYS"])
    table.put_item(Item=item | {"StateKey": key, "ExpiresAt": expires})


def audit(item):
    """Keep the run as an item of its own."""
    put(item, f"RUN#{item['StartTime']}#{item['AttemptId']}")


def notify(subject, item):
    """Tell the first error, then the whole item; True if it repeats what this hour has been told."""
    error = item["Error"] or item["LatchError"]
    key = f"{subject} {time() // 3600} {error}"
    # Of two monitors at once, one loses the race for the lease.
    if error and item.get("Automatic") and (key in TOLD or "Conditional" in error):
        return True
    sns.publish(
        TopicArn=ENV["SNS_TOPIC_ARN"],
        Subject=f"{STACK}: {subject}",
        Message=f"{error}\n{json.dumps(item, default=str, indent=1)}",
    )
    TOLD.add(key)
    return None


def safe(function, *arguments, **named):
    """The result, or None: what is tried this way must not change the outcome of a run."""
    try:
        return function(*arguments, **named)
    except Exception as error:
        print(f"{function.__name__}: {error!r}")
        return None


def answer(outcome, message, code=200, **more):
    """What the caller is told."""
    more |= {"outcome": outcome, "message": message}
    return {"statusCode": code, "body": json.dumps(more, default=str)}


def number(value):
    """Whatever stands there, 0 if it is no number."""
    return safe(float, value or 0) or 0


def text(value):
    """As much of it as an item or a key has room for."""
    return str(value)[:450]


def seconds(value):
    """As DynamoDB takes a fraction."""
    return Decimal(f"{min(max(0, value), 86400):.3f}")


def iso(when):
    """A time as a text that sorts."""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(when))
