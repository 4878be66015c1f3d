"""A stack in one screen: what it is, whether it is armed and latched, and its last run."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from boto3.dynamodb.types import TypeDeserializer

from drtemplate.cloudformation.reading import of_type
from drtemplate.deploying.account import UnansweredError, account_call
from drtemplate.deploying.answers import pages
from drtemplate.deploying.living import Living
from drtemplate.deploying.outcome import DONE
from drtemplate.deploying.preflight import LATCHED
from drtemplate.deploying.update_checks import pending_subscriptions

# The names that the template gives; a stack without one of them has no such row.
_TABLE, _CLUSTER, _CONFIG = "FailoverStateTable", "AuroraDBCluster", "FailoverConfigParameter"
_KEY = {"StateKey": {"S": "FAILOVER_STATUS"}}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the screen; ``well`` is False where somebody should look."""

    name: str
    text: str
    well: bool = True


def status_rows(living: Living) -> Iterator[Row]:
    """The screen; what AWS does not answer is a row that says so."""
    yield _stack(living)
    rows: Mapping[str, tuple[str, Callable[[Living], Iterator[Row]]]] = {
        "arming": (_CONFIG, _arming),
        "latch": (LATCHED, _latch),
        "database": (_CLUSTER, _database),
        "last run": (_TABLE, _last_run),
        "targets": ("", _targets),
        "alarms": ("", _alarms),
        "alerts": ("", _alerts),
    }
    for name, (title, make) in rows.items():
        if title and title not in living.ids:
            continue
        try:
            yield from make(living)
        except UnansweredError as exc:
            yield Row(name, f"not known: {exc}", False)


def _stack(living: Living) -> Row:
    stack = living.stack
    when = f" since {stack.updated:%Y-%m-%d %H:%M} UTC" if stack.updated else ""
    environment = living.values.get("Environment", "")
    protection = f"termination protection {'on' if stack.protected else 'off'}"
    parts = [f"{stack.status}{when}", *filter(None, [environment]), protection]
    exposed = environment == "Production" and not stack.protected
    well = (stack.status in DONE or stack.status == "UPDATE_ROLLBACK_COMPLETE") and not exposed
    return Row("stack", ", ".join(parts), well)


def _arming(living: Living) -> Iterator[Row]:
    with account_call("read the configuration"):
        told = living.account.client("ssm").get_parameter(Name=living.ids[_CONFIG])
        text = str(told["Parameter"]["Value"])
    deployed = living.values.get("AutoFailover", "")
    try:
        configuration = json.loads(text)
        effective = str(configuration["auto_failover"])
        if configuration.get("auto_failover_enabled") is not True:
            effective = (
                f"OFF (auto_failover_enabled is {configuration.get('auto_failover_enabled')})"
            )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        effective = "a configuration that cannot be read"
    same = deployed == effective
    words = effective if same else f"{effective}; deployed as {deployed or 'nothing'}"
    yield Row("arming", words, same and effective == "ON")


def _latch(living: Living) -> Iterator[Row]:
    with account_call("read the latch"):
        told = living.account.route53.get_health_check(HealthCheckId=living.ids[LATCHED])
        config = told["HealthCheck"]["HealthCheckConfig"]
    disabled, inverted = bool(config.get("Disabled")), bool(config.get("Inverted"))
    words = {
        (False, False): "off: Route 53 decides by itself",
        (True, True): "ON: the primary is held unhealthy until somebody fails back",
        (True, False): "the health check is Disabled alone: healthy, and never looked at",
        (False, True): "the health check is Inverted alone: unhealthy while it answers",
    }[disabled, inverted]
    yield Row("latch", words, not disabled and not inverted)


def _database(living: Living) -> Iterator[Row]:
    with account_call("ask for the cluster"):
        told = living.account.client("rds").describe_db_clusters(
            DBClusterIdentifier=living.ids[_CLUSTER]
        )
        cluster = told["DBClusters"][0]
        members = cluster.get("DBClusterMembers", [])
        state = str(cluster["Status"])
    writers = [one["DBInstanceIdentifier"] for one in members if one.get("IsClusterWriter")]
    readers = [one["DBInstanceIdentifier"] for one in members if not one.get("IsClusterWriter")]
    yield Row(
        "database",
        f"{state}; writer {', '.join(writers) or 'unknown'}; "
        f"reader {', '.join(readers) or 'none, and nothing to fail over to'}",
        state == "available" and len(writers) == 1 and bool(readers),
    )


def _last_run(living: Living) -> Iterator[Row]:
    with account_call("read the last run"):
        told = living.account.client("dynamodb").get_item(
            TableName=living.ids[_TABLE], Key=_KEY, ConsistentRead=True
        )
        item = {name: TypeDeserializer().deserialize(v) for name, v in told.get("Item", {}).items()}
    state = str(item.get("Status", "IDLE"))
    parts = [state]
    for words, name in (("at", "StartTime"), ("from", "PreviousWriter"), ("to", "NewWriter")):
        if item.get(name) not in (None, "", "None"):
            parts.append(f"{words} {item[name]}")
    reason = f": {item['Error']}" if item.get("Error") else ""
    yield Row("last run", " ".join(parts) + reason, state not in ("FAILED", "IN_PROGRESS"))


def _targets(living: Living) -> Iterator[Row]:
    for title, _ in of_type(living.template, "AWS::ElasticLoadBalancingV2::TargetGroup"):
        if title not in living.ids:
            continue
        with account_call(f"ask for the targets of {title}"):
            told = living.account.client("elbv2").describe_target_health(
                TargetGroupArn=living.ids[title]
            )
            states = [one["TargetHealth"]["State"] for one in told["TargetHealthDescriptions"]]
        healthy = states.count("healthy")
        yield Row("targets", f"{title}: {healthy} healthy of {len(states)}", healthy > 0)


def _alarms(living: Living) -> Iterator[Row]:
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    own = {
        living.ids[title] for title, _ in of_type(living.template, *kinds) if title in living.ids
    }
    if not own:
        return
    standing: set[str] = set()
    asked = {"StateValue": "ALARM", "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    with account_call("ask for the alarms"):
        for told in pages(living.account.client("cloudwatch").describe_alarms, **asked):
            for one in [*told.get("MetricAlarms", []), *told.get("CompositeAlarms", [])]:
                standing.add(one["AlarmName"])
    found = sorted(standing & own)
    yield Row("alarms", ", ".join(found) or f"none of {len(own)} stands", not found)


def _alerts(living: Living) -> Iterator[Row]:
    pending = list(pending_subscriptions(living))
    for line in pending:
        yield Row("alerts", line.removeprefix("note: "), False)
