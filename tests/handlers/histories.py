"""Random hours of a deployed stack: what may happen in them, and what must hold whatever does.

A story is a tuple of readers of the cluster, the cooldown, and happenings: ``(seconds after the one
before, name, arguments...)``, each a method of `hours.Hour`. `play` lets it happen, mends all, lets some quiet
minutes pass, and gives what was broken. ``make histories N=10000`` plays many and prints figures.
"""

import gc
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from ends import judge_end
from hours import AFTER, BEFORE, EVENTS, SWITCHES, Hour
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from watching import FIGURES, HANDS, KINDS

from drtemplate.groups.handlers import OBSERVERS
from drtemplate.world.aws.network import ERROR, SILENT


def play(story, code=None):
    """Let a story happen.

    Returns:
        The watcher, with what was broken and how often what was done.
    """
    readers, cooldown, *happenings = story
    hour = Hour(readers, cooldown, code)
    try:
        now = hour.clock.now
        for pause, name, *arguments in happenings:
            now += pause
            if pause:
                hour.run(now)
            getattr(hour, name)(*arguments)
        hour.run(now + 20)
        hour.mend()
        hour.run(now + 20 + AFTER)
        judge_end(hour.watch)
    finally:
        hour.close()
    return hour.watch


OBSERVER = st.sampled_from(list(OBSERVERS))
SHORT = st.sampled_from([5, 15, 40, 90, 200])
SERVICES = st.sampled_from("rds cloudwatch dynamodb ssm sns route53 elbv2".split())
OPERATIONS = st.sampled_from(
    "GetItem PutItem FailoverDBCluster UpdateHealthCheck Publish DescribeDBClusters GetParameter"
    " GetHealthCheck DescribeDBInstances GetMetricStatistics".split()
)
NTH = st.integers(1, 45)
HAPPENINGS = {
    "dies": (st.sampled_from(["refused", "hung", "silent", "closed"]), st.booleans()),
    "revives": (),
    "stalls": (st.sampled_from([15, 30, 60, 100]),),
    "crashes": (),
    "reader_dies": (st.booleans(),),
    "aurora_moves": (),
    "rolls_back": (),
    "rebooted": (),
    "in_hands": (st.sampled_from(sorted(HANDS)), st.sampled_from([60, 200])),
    "lags": (st.sampled_from([30, 60]),),
    "events_late": (st.sampled_from([120, 300]),),
    "observer_lost": (OBSERVER, SHORT),
    "observer_frozen": (OBSERVER, SHORT),
    "observer_unheard": (
        OBSERVER,
        st.sampled_from(["PutMetricData", "Invoke", "DescribeDBClusters", "DescribeTargetHealth"]),
        SHORT,
    ),
    "cut": (OBSERVER, SHORT),
    "walled": (st.sampled_from([*OBSERVERS, "both"]), SHORT),
    "walled_off": (SHORT,),
    "lossy": (st.sampled_from([0.1, 0.5]), SHORT),
    "outage": (SERVICES, st.sampled_from([ERROR, SILENT]), SHORT),
    "run_lost": (NTH, st.booleans()),
    "run_lost_at": (OPERATIONS, st.booleans()),
    "run_stands": (NTH, st.sampled_from([5, 20, 60, 100])),
    "run_stands_at": (OPERATIONS, st.sampled_from([5, 20, 60, 100])),
    "answer_lost": (OPERATIONS, st.sampled_from(["ANSWER", "REQUEST"]), st.sampled_from([5, 30])),
    "twice": (SHORT,),
    "again": (st.integers(0, 6),),
    "sweeps_lost": (SHORT,),
    "skewed": (st.sampled_from([-120, 30, 120]), st.sampled_from([-120, 30])),
    "switched": (st.sampled_from(list(SWITCHES)),),
    "asked": (st.sampled_from(sorted(EVENTS)), st.integers(0, 1)),
    "asked_naming": (),
    "servers": (
        st.sampled_from(["Primary", "Standby"]),
        st.sampled_from(["REFUSED", "SILENT"]),
        SHORT,
    ),
}
# Without deaths and people nothing would be asked for.
OFTEN = ["dies"] * 6 + ["servers"] * 2 + ["asked"] * 3 + ["run_lost", "run_lost_at", "walled"]


@st.composite
def happening(draw):
    name = draw(st.sampled_from([*HAPPENINGS, *OFTEN]))
    pause = draw(st.sampled_from([0, 1, 3, 7, 12, 20, 27, 40, 65, 100, 200]))
    return (pause, name, *(draw(one) for one in HAPPENINGS[name]))


STORIES = st.builds(
    lambda readers, cooldown, happenings: (readers, cooldown, *happenings),
    st.sampled_from([1, 1, 2, 5]),
    st.sampled_from([3600, 3600, 400]),
    st.lists(happening(), min_size=2, max_size=12),
)


def shrink(story, kind, code=None):
    """The same kind of failure with as few happenings as leaving one out after the other gives."""
    readers, cooldown, *happenings = story
    at = 0
    while at < len(happenings):
        pause = happenings[at][0]
        fewer = [*happenings[:at], *happenings[at + 1 :]]
        for later in (pause, 0):
            if at < len(fewer):
                moved = (fewer[at][0] + later, *fewer[at][1:])
                tried = [*fewer[:at], moved, *fewer[at + 1 :]]
            else:
                tried = fewer
            if kind in play((readers, cooldown, *tried), code).broken_kinds():
                happenings = tried
                break
        else:
            at += 1
    return (readers, cooldown, *happenings)


def tally(number, first, code=None):
    """Play so many stories as the seed gives them.

    Returns:
        The figures, and by kind of failure how often it was found and the shortest story with it.
    """
    figures: Counter = Counter()
    found: dict[str, tuple] = {}

    @seed(first)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(STORIES)
    def played(story):
        watch = play(story, code)
        figures["histories"] += 1
        figures.update(watch.figures)
        for kind in watch.broken_kinds():
            figures[kind] += 1
            found[kind] = min(found.get(kind, story), story, key=len)

    # What is loaded by now stays; to look through it for garbage again and again takes a tenth of the time.
    gc.freeze()
    played()
    return figures, found


def play_many(number, first, jobs):
    """The same on several processes.

    Returns:
        The figures; and a text for each kind of failure, with the shrunk story.
    """
    figures: Counter = Counter()
    found: dict[str, tuple] = {}
    # A later process must not inherit what this one has running.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        share = [(number + job) // jobs for job in range(jobs)]
        for more, stories in pool.map(tally, share, [1000 * first + job for job in range(jobs)]):
            figures.update(more)
            for kind, story in stories.items():
                found[kind] = min(found.get(kind, story), story, key=len)
    return figures, [describe(kind, story) for kind, story in found.items()]


def describe(kind, story):
    """A failure in words: what broke, and the shrunk story."""
    story = shrink(story, kind)
    readers, cooldown, *happenings = story
    lines = [f"{kind}: {readers} readers, a cooldown of {cooldown} s, and after {BEFORE} s"]
    lines += [f"  {pause:>4} s later: {name} {arguments}" for pause, name, *arguments in happenings]
    broken = [f"  at {at} s: {words}" for at, one, words in play(story).broken if one == kind]
    return "\n".join([*lines, *broken, f"  play({story!r})"])


def main():
    """``python tests/handlers/histories.py [N [SEED]]``: figures, and a story for each kind of failure."""
    words = sys.argv[1:3] + ["1000", "1"][len(sys.argv[1:3]) :]
    if not all(word.isdecimal() and int(word) for word in words):
        print(
            "error: give N and SEED as whole numbers from 1 up: make histories N=1000 SEED=1",
            file=sys.stderr,
        )
        sys.exit(2)
    number, first = map(int, words)
    figures, failures = play_many(number, first, os.cpu_count() or 1)
    shown = [*FIGURES, *KINDS]
    for name in [*shown, *sorted(set(figures) - set(shown))]:
        print(f"{figures[name]:>8}  {'broken: ' if name in KINDS else ''}{name}")
    for failure in failures:
        print(f"\n{failure}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
