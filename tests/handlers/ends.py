"""What must hold at the end of a history, when all is mended and some quiet minutes have passed."""

from typing import Any

from simulated import START, STATE
from truth import seconds


def judge_end(watch):
    """State, table, mails and reality agree; `watch` is the watcher."""
    world = watch.world
    item = world.table.items.get(STATE, {})
    under_way = item.get("Status") == "IN_PROGRESS" and item.get("AttemptId")
    for attempt, runs in watch.moved_by.items():
        if attempt != under_way:
            judge_mails(watch, attempt, runs)
    lease = float(item.get("LeaseExpires", 0))
    if item.get("Status") == "IN_PROGRESS" and not START + watch.now <= lease:
        watch.breaks("in progress", f"{item.get('AttemptId')}")
    if item.get("Status") == "IN_PROGRESS":
        return
    found: dict[str, Any] = {
        "Writer": world.aurora.writer,
        "Latched": world.checks["Primary"].accepted == (True, True),
    }
    for name, true in found.items():
        if item.get(name, False) != true:
            watch.breaks("disagrees", f"{name}: {item.get(name)}, and is {true}")
    if item.get("Home") and item["Home"] not in world.aurora.nodes:
        watch.breaks("disagrees", f"Home: {item['Home']}")
    if item.get("Status") in ("COMPLETED", "FAILED_BACK") and item.get("Error"):
        watch.breaks("disagrees", f"{item['Status']} with {item['Error']}")
    if item.get("Status") == "COMPLETED" and item.get("NewWriter"):
        begun = seconds(item["StartTime"])
        wrote = [at for at, who in watch.changes() if who == item["NewWriter"]]
        if not any(at < begun + 3700 for at in wrote):
            watch.breaks("disagrees", f"NewWriter: {item['NewWriter']} did not write then")
    writer = world.aurora.writer
    if (item.get("Home") or writer) != (watch.home or writer):
        watch.breaks("disagrees", f"Home: {item.get('Home')}, and is {watch.home}")
    judge_records(watch)


def judge_records(watch):
    """Each run that has moved something, and whose move took, says so in its own record."""
    records = {
        key.split("#", 2)[2]: item
        for key, item in watch.world.table.items.items()
        if key.startswith("RUN#")
    }
    for act in watch.acts:
        attempt, _ = act["attempt"]
        record = records.get(attempt, {})
        if not act["took"] or act["blind"] or watch.now - act["at"] > 3000:
            continue
        # One that was moved away again before the next sweep is not known to have been there.
        if sum(0 < at - act["at"] < 130 for at, _ in watch.changes()) > 1:
            continue
        if record.get("Status") not in ("COMPLETED", "FAILED_BACK"):
            watch.breaks(
                "disagrees",
                f"record of {attempt}: {record.get('Status')} {record.get('Error')}",
            )
    for attempt in watch.latches:
        record = records.get(attempt, {})
        if record.get("LatchError"):
            watch.breaks("disagrees", f"record of {attempt}: {record['LatchError']}")


def judge_mails(watch, attempt, runs):
    # Each run of an attempt is told: one that failed, or moved a part, before the next.
    told = [
        one
        for one in watch.attempts.get(attempt, ())
        if one[0] in ("COMPLETED", "FAILED", "FAILED_BACK")
    ]
    if not told:
        watch.breaks("not told", f"{attempt}: {[str(run.error)[:60] for run in runs]}")
    # A run that was lost between its mail and the note of it, or an answer that was lost, is told again.
    excused = watch.killed or watch.late or watch.garble & {"Publish", "PutItem"}
    excused = excused or not all(noted for *_, noted in told)
    if not excused and len(told) != len(set(told)):
        watch.breaks("told twice", f"{attempt}: {told}")
