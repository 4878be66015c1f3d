"""Second opinions, before a writer is replaced: the observers' words, and AWS's own eye.

CloudWatch's timestamps are the one clock that all observers share; this host's may be off.
"""

from email.utils import parsedate_to_datetime
from itertools import pairwise
from time import sleep, time

from .clients import OBSERVERS, STACK, cloudwatch
from .conditions import AGREED
from .log import attempt, log
from .view import Word

# Seconds: what a word may be younger than the first miss, how long after its last word an observer is
# waited for, how long at most, and how often it is asked; how long while words cannot be read, since then
# the last answer may take a while too.
TOLERANCE, HEARD, WAIT, ASK, UNREAD = 1, 30, 3.9, 0.5, 3.4
# How far back and ahead words are asked for: clocks of two hosts may be two minutes apart.
BACK, AHEAD = 600, 180
# Two bad looks are at least so far apart; a call that says less, or nothing, does not know of the first.
LEAST = 2
# AWS's own eye: a reader's newest uptime is so much later than the writer's; or both observers agree
# for so long, with words no further apart than that.
SILENT, GAP = 120, 20


def ask(namespace, name, dimensions, period, statistic):
    """CloudWatch's answer for a metric of the last minutes.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """
    now = time()
    return cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - BACK,
        EndTime=now + AHEAD,
        Period=period,
        Statistics=[statistic],
    )


def points_of(answer, statistic):
    """(epoch seconds, value) of the points of an answer, oldest first."""
    found = [(point["Timestamp"].timestamp(), point[statistic]) for point in answer["Datapoints"]]
    return sorted(found)


def clock_of(answer):
    """What CloudWatch's own clock showed; None where the answer does not say it.

    https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1
    """
    date = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(date).timestamp() if date else None


def read_words(metric="DatabaseHealth", period=1, statistic="Maximum"):
    """By observer, its own series of a metric, None where it cannot be read; and CloudWatch's clock."""
    found, clock = {}, None
    for observer in OBSERVERS:
        dimensions = {"StackName": STACK, "Observer": observer}
        answer = attempt(ask, "DRSystem", metric, dimensions, period, statistic)
        found[observer] = points_of(answer, statistic) if answer else None
        clock = attempt(clock_of, answer) if answer else clock
    return found, clock


def hear_observers(caller, row_age, spoken=None):
    """Whether an observer has seen the writer alive since the caller first missed it.

    An observer heard of lately is waited for until it has spoken after that moment, and the caller until
    its series shows the miss, for `WAIT` seconds at most.

    Args:
        caller: the observer that calls; None for an alarm, which names no first miss.
        row_age: seconds since that miss.
        spoken: for an alarm, when AWS has heard a reader last; an older word is none.
    """
    begun, words, first = time(), {}, None
    while True:
        asked = time()
        read, clock = read_words()
        words = words | {one: points for one, points in read.items() if points is not None}
        newest = max((points[-1][0] for points in words.values() if points), default=0.0)
        clock = max(newest, spoken or 0.0) if clock is None else clock
        first = clock - row_age if first is None else first
        since = first_miss(words.get(caller), row_age, first, spoken)
        alive = [
            observer
            for observer, points in words.items()
            if any(value >= 1 and at >= since + TOLERANCE for at, value in points)
        ]
        waits = [
            one for one in OBSERVERS if one not in words or _is_awaited(words[one], since, clock)
        ]
        heard = caller in alive
        if words.get(caller):
            waits = [one for one in waits if one != caller]
            if words[caller][-1][1] >= 1:
                # Its 0 is on its way, or another run of it sees the writer.
                waits = [*waits, caller]
                alive = [one for one in alive if one != caller]
        longest = WAIT if words.keys() >= set(OBSERVERS) else UNREAD
        last = time() + ASK + time() - asked - begun > longest
        if last and caller in waits and heard:
            alive.append(caller)
        if alive or not waits or last:
            log("WITNESSES", missed=since, alive=alive, awaited=waits)
            unseen = seconds_unseen(words.values(), clock)
            return Word(alive[0] if alive else None, unseen, time() - begun, time(), spoken)
        sleep(ASK)


def _is_awaited(points, since, clock):
    """Whether an observer was heard of lately, and has not spoken since the first miss."""
    return bool(points) and clock - points[-1][0] <= HEARD and points[-1][0] <= since + TOLERANCE


def seconds_unseen(words, clock):
    """Seconds since the last word of a living writer, as long as is looked back; None if nobody has spoken."""
    points = [point for series in words for point in series]
    alive = [at for at, value in points if value >= 1]
    if not points:
        return None
    return clock - max(alive) if alive else float(BACK)


def first_miss(points, row_age, first, spoken):
    """When the caller first missed the writer, on CloudWatch's clock: a call says how old its row is.

    Args:
        points: its own words, oldest first: it has put a 0 right after each miss.
        row_age: seconds since the miss, by its own clock.
        first: so long before the witnesses were asked first; a call that came late had missed it sooner.
        spoken: see `hear_observers`.
    """
    misses = [first]
    for at, value in reversed(points or ()):
        if value >= 1 or points[-1][0] - at > row_age + GAP:
            break
        misses.append(at)
    return min(misses) if spoken is None else max(first, spoken)


def row_age(request, now, began):
    """Seconds since the caller first missed the writer; for an alarm, that an observer's word counts.

    Args:
        request: it says how old the row was when it was sent, since clocks differ.
        now: epoch seconds.
        began: epoch seconds at which the run began.
    """
    if request.alarm:
        return HEARD
    if request.row_age is not None:
        return max(request.row_age, LEAST) + now - began
    return max(now - (request.detected_at or began), LEAST)


def aws_hears_reader_alone(writer, readers):
    """Since when AWS itself hears a reader's engine, and has not heard the writer's for two minutes before.

    EngineUptime comes once a minute from a running engine.
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html

    Returns:
        The time of the reader's newest point, on CloudWatch's clock; None if it is not so.
    """
    series = []
    for instance in (writer, *readers):
        dimensions = {"DBInstanceIdentifier": instance}
        answer = attempt(ask, "AWS/RDS", "EngineUptime", dimensions, 60, "Maximum")
        if answer is None and instance == writer:
            return None
        series.append([at for at, _ in points_of(answer, "Maximum")] if answer else [])
    silent = max(series[0], default=float("-inf"))
    # Two points since: where all were silent, one may only be readable before the other.
    alone = [times[-1] for times in series[1:] if sum(at > silent for at in times) >= 2]
    spoken = max(alone, default=float("-inf"))
    return spoken if spoken - silent >= SILENT and alone else None


def observers_agree():
    """Whether every observer has had the writer dead and a member alive, at each look of three minutes."""
    words, clock = read_words("WriterDead", 10, "Minimum")
    if not all(words.values()):
        return False
    latest = max(clock or 0.0, *(points[-1][0] for points in words.values()))
    for points in words.values():
        newest = points[-1][0]
        row = [point for point in points if point[0] >= newest - AGREED - GAP]
        gaps = [later[0] - sooner[0] for sooner, later in pairwise(row)]
        dead = [at for at, value in row if value >= 1]
        if len(dead) != len(row) or newest - row[0][0] < AGREED or max(gaps, default=0) > GAP:
            return False
        if latest - newest > GAP:
            return False  # what it has said is of another time
    return True
