"""What a decision rests on, and what it says."""

from typing import NamedTuple

from .refusal import Refusal
from .topology import Topology

# What is done with a component.
PROMOTE, LATCH, RELEASE, VERIFY, NOTHING = "PROMOTE", "LATCH", "RELEASE", "VERIFY", "NOTHING"


class Word(NamedTuple):
    """What the observers say of the writer.

    Attributes:
        alive: which observer has seen it alive since it was first missed, and None if none has.
        unseen: seconds since an observer's last word of a living writer, ten minutes at most; None if nobody
            has spoken, or could be asked.
        waited: seconds that observers were waited for.
        heard: epoch seconds at which they were heard; 0 if nobody was asked.
        spoken: for an alarm, when AWS has heard a reader last, on CloudWatch's clock.
    """

    alive: str | None = None
    unseen: float | None = None
    waited: float = 0.0
    heard: float = 0.0
    spoken: float | None = None


class Decision(NamedTuple):
    """What is to be done with one component.

    Attributes:
        kind: PROMOTE, LATCH, RELEASE, VERIFY (wait for who writes), or NOTHING.
        old: the writer that is to be replaced.
        targets: whom to promote, in the order in which they are tried.
        refused: one word for why nothing is done; empty where nothing need be done.
        reason: in words.
    """

    component: str
    kind: str
    old: str | None = None
    targets: tuple = ()
    refused: str = ""
    reason: str = ""

    @property
    def acts(self):
        """Whether it takes the lease."""
        return self.kind != NOTHING


class View(NamedTuple):
    """All that a decision rests on, read before it.

    Attributes:
        state: as reconciled with the topology.
        topology: None if it cannot be read, and ``unreadable`` says why.
        statuses: by instance; None where it cannot be read.
        targets: by side, PRIMARY and STANDBY, the states of its targets; None if unreadable.
        word: of the observers; None where nobody was asked.
        aws_silent, agreed: whether AWS hears a reader alone, and whether both observers have had the
            writer dead; either passes the cooldown once. None where nobody was asked.
        now: epoch seconds.
        row_age: seconds that the writer has been bad.
        lately_held: whether calls were refused seconds ago since somebody was at work on the writer.
        recorded: whether anybody had recorded who writes.
        moved_from: who wrote before, if another instance was found to write just now.
        causes: by instance, why its status is unreadable.
    """

    state: object
    topology: Topology | None
    cooldown: float
    now: float
    unreadable: str = ""
    statuses: dict = {}
    targets: dict = {}
    word: Word | None = None
    aws_silent: bool | None = None
    agreed: bool | None = None
    row_age: float = 0.0
    lately_held: bool = False
    recorded: bool = False
    moved_from: str | None = None
    causes: dict = {}


def readable(view):
    """The topology.

    Raises:
        Refusal: it could not be read.
    """
    if view.topology is None:
        raise Refusal("unreadable", f"the cluster cannot be read: {view.unreadable}")
    return view.topology


def listed(topology):
    """The members, as a reason names them."""
    return ", ".join(topology.members)
