"""Rows of bad looks: when a signal stands, and what it may ask for. Pure."""

GOOD, BAD, UNKNOWN = "good", "bad", "unknown"
SIGNALS = ("database", "alb_targets")
COMPONENT = {"database": "database", "alb_targets": "application"}
# Unknown looks that a row outlives; more of them end it.
UNKNOWN_LOOKS = 2


class Row:
    """Bad looks at a signal, without a good one between them.

    Attributes:
        first: when the first of them began.
        bad: how many there are.
        known: seconds of it between two bad looks, one right after the other.
        writer: whom RDS called writer during the row; None if nobody could say.
    """

    def __init__(self, first):
        self.first = first
        self.bad = 0
        self.known = 0.0
        self.unknown = 0
        self.last_bad = None
        self.writer = None


def judge_database(cluster, members, writer):
    """One look at the database.

    Args:
        cluster: whether the cluster endpoint answers; None if its name gives nothing.
        members: by instance, the same of its own endpoint.
        writer: whom RDS calls writer now; None if that cannot be read.

    A writer counts as dead only beside a member that answers: where nobody does, the observer may be
    the sick one, and there is nothing to promote.
    """
    if cluster:
        return GOOD
    if cluster is None:
        return UNKNOWN
    if writer is None:
        suspects = [name for name, alive in members.items() if alive is False]
    elif members.get(writer):
        return GOOD  # only the cluster endpoint's name lags behind
    else:
        suspects = [writer] if members.get(writer) is False else []
    others = [name for name, alive in members.items() if alive and name != writer]
    return BAD if suspects and others else UNKNOWN


class Rows:
    """The rows of one run of an observer, one for each signal."""

    def __init__(self):
        self.rows = {}

    def look(self, signal, verdict, now, writer=None, holds=False):
        """Take a look's verdict.

        Args:
            signal: one of `SIGNALS`.
            verdict: GOOD, BAD or UNKNOWN.
            now: when the look began.
            writer: whom RDS calls writer now; another one than before begins a new row.
            holds: whether an unknown look cannot end the row, since a member is known to be dead.
        """
        row = self.rows.get(signal)
        if row and writer and row.writer and row.writer != writer:
            del self.rows[signal]
            row = None
        if verdict == GOOD:
            self.rows.pop(signal, None)
        elif verdict == BAD:
            row = self.rows.setdefault(signal, Row(first=now))
            row.known += now - row.last_bad if row.last_bad is not None else 0.0
            row.bad, row.unknown, row.last_bad = row.bad + 1, 0, now
            row.writer = writer or row.writer
        elif row:
            row.unknown, row.last_bad = row.unknown + (not holds), None
            if row.unknown > UNKNOWN_LOOKS:
                del self.rows[signal]

    def standing(self, values):
        """The signals that ask for something now: both at once, one alone after its grace."""
        # The load balancer has debounced its own signal already.
        needed = {"database": values["consecutive_failures"], "alb_targets": 1}
        found = [
            signal
            for signal in SIGNALS
            if signal in self.rows
            and self.rows[signal].bad >= needed[signal]
            and self.rows[signal].last_bad is not None
        ]
        if len(found) == 1:
            grace = values[f"{COMPONENT[found[0]]}_grace_seconds"]
            return found if self.rows[found[0]].known >= grace else []
        return found
