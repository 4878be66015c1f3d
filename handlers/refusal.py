"""A polite no: a run that is not made, and why. Any other exception is a bug, and is told as one."""


class Refusal(Exception):
    """Nothing was moved, and nothing is going to be.

    Attributes:
        kind: one word for each reason, by which repeats are counted.
        reason: in words, with what to do.
    """

    def __init__(self, kind, reason):
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


def unreachable(error):
    """The state table gives no answer."""
    return Refusal("state", f"the state table cannot be read or written: {error!r}"[:450])
