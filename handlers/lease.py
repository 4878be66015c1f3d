"""A run that has the lease: what it knows, and how it writes the state."""

from time import time

from .log import attempt


class Run:
    """A run that has the lease.

    Attributes:
        state: as written last; what an act changes in it is written by its next write.
        began: epoch seconds.
        word: of the witnesses.
        context: Lambda's.
        before: by component, what was waited for before it.
        taken: the components of which AWS has accepted a move, or that were found moved.
    """

    def __init__(self, store, state, request, began, word, context, before):
        self.store = store
        self.state = state
        self.request = request
        self.began = began
        self.word = word
        self.context = context
        self.before = before
        self.taken = set()

    def change(self, **values):
        """Change the state; the next write keeps it."""
        self.state = self.state._replace(**values)

    def fence(self):
        """Right before an act; raises `Refusal` if the lease is lost."""
        self.state = self.store.fence(self.state)

    def keep(self):
        """Write what is known now; what cannot be written is in the last write."""
        self.state = attempt(self.store.renew, self.state) or self.state

    def put_back(self, component):
        """Whether a lost run's act was to be made again, and waits for that again: it was not made."""
        lost = self.before.get(component)
        repeats = lost and lost.lost and self.state.pending[component].repeated
        if component in self.taken or not repeats:
            return False
        self.state = self.state.with_pending(component, lost)
        return True

    def stage(self, name, seconds):
        """Record how long a part took."""
        self.change(stages={**self.state.stages, name: max(0.0, round(seconds, 3))})

    def accepted(self, component):
        """AWS has said yes, or somebody has moved it: the cooldown begins, and people are owed a word."""
        pending = self.state.pending.get(component)
        state = self.state.with_move(component, time())
        if pending:
            state = state.with_pending(component, pending._replace(accepted=True))
        self.taken.add(component)
        self.state = state.owing(state.run_key, "moved something, and its end is not recorded")
