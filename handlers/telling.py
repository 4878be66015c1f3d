"""What people are told, and what is kept for them: mails, records of runs, and incidents with their counts."""

import json
from time import time

from boto3.dynamodb.conditions import Attr

from .clients import DOMAIN, RETENTION_DAYS, STACK, TOPIC, sns, table
from .item import iso, number, storable
from .log import attempt, log

INCIDENT = "INCIDENT"
# Seconds without an automatic call after which an incident is over; between two mails of one reason;
# after which a reason that passes by itself mostly is told.
QUIET, HOUR, PATIENCE = 300, 3600, 300
# Reasons that mostly pass by themselves within seconds, and those nobody is told of.
PASSING_REASONS = frozenset(
    "seen_alive no_vote in_hands passing settling state lost_run lost_lease nobody_named unreadable slow another_writer no_writer".split()
)
SILENT_REASONS = frozenset(("not_corroborated", "busy", "known"))
# Somebody is at work on the writer; seconds after that in which it may be back and not yet be seen.
HELD, BACK_AGAIN = ("passing", "in_hands"), 25
# What a dry run would have done is told once an incident and not again.
ONCE = "dry_run"
# Bytes: SNS takes 256 KB, and nobody reads that much.
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
MOST = 20_000
# What to do, by the mail's subject or the reason.
ADVICE = {
    "REFUSED": "Nothing was moved. An automatic call is repeated while its signals stand; by hand, see runbook, Planned"
    " failover.",
    "COMPLETED": "Check the application; plan the fail back (runbook, Fail back).",
    "FAILED_BACK": "Nothing is left to do.",
    "FAILED": "See who writes now, then runbook, After a FAILED or abandoned run.",
    "DRY_RUN": "Nothing was moved, since the automation is set to DRY_RUN. If it is a true outage, start it by"
    " hand (runbook, Planned failover).",
    "cooldown": "If it is a true outage, start it by hand with force (runbook, Planned failover).",
    "off": "The automation is switched off. If it is a true outage, start it by hand (runbook, Planned failover).",
    "no_reader": "Look at the instances; when one is available, start the failover again.",
    "no_standby": "Look at the standby's servers: until one is healthy, clients cannot be led there.",
    "in_hands": "If somebody works on the database, let them finish; else start it by hand.",
    "passing": "If the instance does not come back, start it by hand (runbook, Planned failover).",
    "seen_alive": "One observer sees the writer, another does not: look at subnets and security groups.",
    "field": "Mend the event and send it again; nothing was changed.",
    "unreadable": "AWS's API gave no answer; the call is repeated. Look at the AWS Health Dashboard.",
    "state": "Look at the state table (runbook, Read the state). By hand, force and expected_writer act without it.",
}


def publish(subject, reason, record, advice=None):
    """Send a mail: the reason, what to do, and the record, cut to what can be sent. Raises what SNS raises."""
    lines = [reason, advice or ADVICE.get(subject, ""), f"Service: {DOMAIN}"]
    text = "\n".join(line for line in lines if line)
    text += "\n\n" + json.dumps(record, default=str, indent=1, sort_keys=True)
    encoded = text.encode(errors="replace")
    text = encoded[:MOST].decode(errors="ignore")
    if len(encoded) > MOST:
        text += "\n[cut; the whole record is in the state table]"
    sns.publish(TopicArn=TOPIC, Subject=f"{STACK}: {subject}"[:100], Message=text)
    log("TOLD", subject=subject, reason=reason)
    return True


def keep(item, key, condition=None):
    """Keep an item for DataRetentionDays; with a condition, only if that holds."""
    expires = int(time()) + 86400 * RETENTION_DAYS
    only = {} if condition is None else {"ConditionExpression": condition}
    table.put_item(Item={**storable(item), "StateKey": key, "ExpiresAt": expires}, **only)
    return True


def note_told(record, run, status):
    """Let a run's own record say that its end was told: the state can not, once another run has the lease.

    Args:
        record: what it is, if there is none yet.
        run: its key.
        status: as it was told; a record that says another by now is let be.
    """
    kept = table.get_item(Key={"StateKey": run}, ConsistentRead=True).get("Item")
    unchanged = Attr("Status").eq(status) if kept else Attr("Status").not_exists()
    keep((kept or record) | {"Told": status}, run, unchanged)


def count_refusal(kind, reason, record, subject="REFUSED", told=False):
    """Count a refusal of an automatic call in its incident, and tell it if that is due.

    A reason is told once an hour in an incident; one that mostly passes, when calls have been refused for
    five minutes.

    Args:
        kind: the refusal's.
        reason: in words.
        record: what is kept of the call.
        subject: of the mail.
        told: whether another mail tells it anyway.
    """
    now = time()
    for _ in range(3):
        before = table.get_item(Key={"StateKey": INCIDENT}, ConsistentRead=True).get("Item")
        item = _incident(before, now)
        entry = dict(item["Refusals"].get(kind) or {"Count": 0, "First": int(now), "Told": 0})
        entry |= {"Count": int(number(entry["Count"])) + 1, "Last": int(now), "Reason": reason}
        due = not told and _due(kind, entry, item, now)
        told_before = entry.get("Told", 0)
        if due or told:
            entry |= {"Told": int(now), "Owed": ""}
        item["Refusals"] = {**item["Refusals"], kind: entry}
        if attempt(_put_incident, item, before):
            break
    else:
        raise RuntimeError("the incident cannot be written")
    begun = iso(number(item["Start"]))
    attempt(keep, {**record, "Error": reason, **_counts(entry)}, f"REFUSED#{begun}#{kind}")
    if due and not attempt(publish, subject, reason, record, ADVICE.get(kind)):
        attempt(_owe, kind, subject, told_before)
    return due


def _owe(kind, subject, told_before):
    """A mail that SNS refused is owed, whoever has written the incident meanwhile."""
    for _ in range(5):
        before = table.get_item(Key={"StateKey": INCIDENT}, ConsistentRead=True)["Item"]
        owed = before["Refusals"][kind] | {"Told": told_before, "Owed": subject}
        item = {**before, "Refusals": {**before["Refusals"], kind: owed}}
        if attempt(_put_incident, item, before):
            return


def tell_refusals():
    """Tell the refusals whose mail could not be sent, when no call may come any more that repeats it.

    Returns:
        How many mails are still owed.
    """
    before = table.get_item(Key={"StateKey": INCIDENT}, ConsistentRead=True).get("Item")
    owed = _owed(before)
    if not owed:
        return 0
    told = {kind: {**entry, "Told": int(time()), "Owed": ""} for kind, entry in owed.items()}
    item = {**before, "Refusals": {**before["Refusals"], **told}}
    # Whoever is about to tell the same loses it.
    if not attempt(_put_incident, item, before):
        return len(owed)
    left = {}
    for kind, entry in owed.items():
        record = {"Error": entry["Reason"], **_counts(entry)}
        if not attempt(publish, entry["Owed"], entry["Reason"], record, ADVICE.get(kind)):
            left[kind] = entry
    if left:
        restored = {**item, "Refusals": {**item["Refusals"], **left}}
        attempt(_put_incident, restored, item)
    return len(left)


def _owed(item):
    """By kind, the refusals of an incident whose mail could not be sent."""
    refusals = (item or {}).get("Refusals")
    if not isinstance(refusals, dict):
        return {}
    return {
        kind: one for kind, one in refusals.items() if isinstance(one, dict) and one.get("Owed")
    }


def lately_held(now):
    """Whether an automatic call was refused seconds ago since somebody was at work on the writer."""
    item = table.get_item(Key={"StateKey": INCIDENT}, ConsistentRead=True).get("Item", {})
    refusals = item.get("Refusals")
    entries = [refusals.get(kind) or {} for kind in HELD] if isinstance(refusals, dict) else []
    return any(now - number(entry.get("Last")) < BACK_AGAIN for entry in entries)


def touch_incident():
    """An automatic call that was not refused goes on with its incident too."""
    now = time()
    before = table.get_item(Key={"StateKey": INCIDENT}, ConsistentRead=True).get("Item")
    _put_incident(_incident(before, now), before)


def _incident(before, now):
    """The present incident, or a new one after five quiet minutes."""
    item = dict(before or {})
    if not before or abs(now - number(item.get("Last"))) > QUIET:
        item = {"Start": int(now), "Calls": 0, "Refusals": _owed(before)}
    if not isinstance(item.get("Refusals"), dict):
        item["Refusals"] = {}
    item |= {"Last": int(now), "Calls": int(number(item.get("Calls"))) + 1}
    return item


def _put_incident(item, before):
    version = Attr("Version")
    held = None if before is None else before.get("Version")
    item["Version"] = int(number(held)) + 1
    condition = version.eq(held)
    if held is None:
        condition = version.not_exists() | condition
    table.put_item(Item={**storable(item), "StateKey": INCIDENT}, ConditionExpression=condition)
    return True


def _due(kind, entry, item, now):
    if kind in SILENT_REASONS:
        return False
    told = number(entry["Told"])
    told = told if told <= now + HOUR else 0.0  # a time that cannot be is none
    if kind.startswith(ONCE):
        # Of each component once, whichever plan it was part of.
        known = [name for name, one in item["Refusals"].items() if number(one.get("Told"))]
        return any(part not in " ".join(known) for part in kind.removeprefix(ONCE).split("_"))
    if told and now - told < HOUR:
        return False
    if kind not in PASSING_REASONS:
        return True
    # What was told of another kind says nothing of these.
    passing = [one for name, one in item["Refusals"].items() if name in PASSING_REASONS]
    begun = min(number(one.get("First")) for one in (entry, *passing))
    told = max((number(one.get("Told")) for one in passing), default=0.0)
    return now - begun >= PATIENCE and now - told >= HOUR


def _counts(entry):
    return {
        "Count": entry["Count"],
        "First": iso(number(entry["First"])),
        "Last": iso(number(entry["Last"])),
    }
