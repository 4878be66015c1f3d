"""Second opinions, before a writer is replaced: the observers' words, and AWS's own eye.

CloudWatch's timestamps are the one clock that all observers share; this host's may be off.
"""

from itertools import pairwise
from time import sleep, time

from .clients import OBSERVERS, STACK, cloudwatch
from .decision import Word
from .log import attempt, log

# Seconds: what a word may be younger than the first miss, how long after its last word an observer is
# waited for, how long at most, and how often it is asked.
TOLERANCE, HEARD, WAIT, ASK = 1, 30, 4, 0.5
# How far back and ahead words are asked for: clocks of two hosts may be two minutes apart.
BACK, AHEAD = 600, 180
# AWS's own eye: a reader's newest uptime is so much later than the writer's; or both observers agree
# for so long, with words no further apart than that.
SILENT, AGREED, GAP = 120, 180, 20


def read_series(namespace, name, dimensions, period, statistic):
    """(epoch seconds, value) of a metric's newest points, oldest first.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """
    now = time()
    found = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - BACK,
        EndTime=now + AHEAD,
        Period=period,
        Statistics=[statistic],
    )
    points = [(point["Timestamp"].timestamp(), point[statistic]) for point in found["Datapoints"]]
    return sorted(points)


def read_words(metric="DatabaseHealth", period=1, statistic="Maximum"):
    """By observer, its own series of a metric; None where it cannot be read."""
    found = {}
    for observer in OBSERVERS:
        dimensions = {"StackName": STACK, "Observer": observer}
        found[observer] = attempt(read_series, "DRSystem", metric, dimensions, period, statistic)
    return found


def hear_observers(caller, row_age):
    """Whether an observer has seen the writer alive since the caller first missed it.

    An observer heard of lately is waited for until it has spoken after that moment, for `WAIT` seconds
    at most.

    Args:
        caller: the observer that calls; None for an alarm, which names no first miss.
        row_age: seconds since that miss.
    """
    begun, missed, words = time(), None, {}
    while True:
        asked = time()
        words = words | {one: points for one, points in read_words().items() if points is not None}
        newest = max((points[-1][0] for points in words.values() if points), default=begun)
        if missed is None and words.get(caller):
            missed = first_miss(words[caller], row_age)
        since = begun - row_age if missed is None else missed
        for observer, points in words.items():
            if any(value >= 1 and at > since + TOLERANCE for at, value in points):
                return Word(observer, time() - begun)
        # Whoever was heard of lately is to speak after that moment; what could not be read may be yet.
        silent = [
            observer
            for observer in OBSERVERS
            if observer != caller
            and (
                observer not in words
                or (
                    words[observer]
                    and newest - words[observer][-1][0] <= HEARD
                    and words[observer][-1][0] <= since + TOLERANCE
                )
            )
        ]
        next_answer = time() + ASK + time() - asked
        if not silent or next_answer - begun > WAIT:
            log("WITNESSES", missed=since, waited=round(time() - begun, 3), silent=silent)
            return Word(waited=time() - begun)
        sleep(ASK)


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
        return max(request.row_age, 0.0) + now - began
    return max(now - (request.detected_at or began), 0.0)


def first_miss(points, row_age):
    """When the caller first missed the writer, on CloudWatch's clock: it has put a 0 right after that.

    None while its series does not show it; then this host's clock must do.
    """
    misses = []
    for at, value in reversed(points):
        if value >= 1 or points[-1][0] - at > row_age + GAP:
            break
        misses.append(at)
    return misses[-1] if misses else None


def aws_sees_writer_silent(writer, readers):
    """Whether AWS itself still hears a reader's engine and has not heard the writer's for two minutes.

    EngineUptime comes once a minute from a running engine.
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
    """
    heard = []
    for instance in (writer, *readers):
        dimensions = {"DBInstanceIdentifier": instance}
        points = attempt(read_series, "AWS/RDS", "EngineUptime", dimensions, 60, "Maximum")
        if points is None and instance == writer:
            return False
        heard.append(points[-1][0] if points else float("-inf"))
    silent, speaking = heard[0], max(heard[1:], default=float("-inf"))
    return speaking != float("-inf") and speaking - silent >= SILENT


def observers_agree():
    """Whether every observer has had the writer dead and a member alive, at each look of three minutes."""
    for points in read_words("WriterDead", 10, "Minimum").values():
        if not points:
            return False
        newest = points[-1][0]
        row = [point for point in points if point[0] >= newest - AGREED - GAP]
        gaps = [later[0] - sooner[0] for sooner, later in pairwise(row)]
        dead = [at for at, value in row if value >= 1]
        if len(dead) != len(row) or newest - row[0][0] < AGREED or max(gaps, default=0) > GAP:
            return False
    return True
