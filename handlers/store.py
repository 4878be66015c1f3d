"""The table of the state.

Every write is a compare-and-swap on a fencing token that only rises. Whoever has lost the lease can
neither write nor, since each act is preceded by a write, act.
"""

from time import time

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import BotoCoreError, ClientError

from .item import KEY, from_item, number, to_item
from .log import add_to_log, attempt, log
from .refusal import Refusal, unreachable
from .state import LEASE, TRANSITIONS


class Store:
    """Reads and writes the item for one run.

    Args:
        owner: a random name of this execution; a request id is shared by duplicates and retries.
    """

    def __init__(self, table, owner):
        self.table = table
        self.owner = owner

    def stored(self):
        """The item as the table has it, empty if there is none."""
        return self.table.get_item(Key={"StateKey": KEY}, ConsistentRead=True).get("Item", {})

    def read(self):
        """The state now.

        Raises:
            Refusal: the table gives no answer.
        """
        try:
            return from_item(self.stored())
        except (BotoCoreError, ClientError) as error:
            raise unreachable(error) from error

    def write(self, state, before):
        """Write the state in place of the one that was read.

        Raises:
            Refusal: somebody else has written since, or the table gives no answer.
            ValueError: the transition is none of `TRANSITIONS`.
        """
        if state.status != before.status and state.status not in TRANSITIONS[before.status]:
            raise ValueError(f"{before.status} -> {state.status} is no transition")
        token = int(number(before.token)) + 1
        state = state._replace(token=token, owner=self.owner, lease_expires=time() + LEASE)
        if before.unlocked:
            return state
        held = Attr("FencingToken")
        unwritten = held.eq(before.token)
        if before.token is None:
            unwritten = held.not_exists() | unwritten
        try:
            self.table.put_item(Item=to_item(state), ConditionExpression=unwritten)
        except (BotoCoreError, ClientError) as error:
            # Without an answer it may be written all the same; then it has our token and name.
            found = attempt(self.stored) or {}
            if (found.get("FencingToken"), found.get("Owner")) != (token, self.owner):
                if "ConditionalCheckFailed" in repr(error):
                    raise Refusal(
                        "lost_lease", "another run has written the state since"
                    ) from error
                raise unreachable(error) from error
        add_to_log(token=token)
        if (state.status, state.attempt_id) != (before.status, before.attempt_id):
            log("TRANSITION", before=before.status, status=state.status, attempt=state.attempt_id)
        return state

    def renew(self, state):
        """Keep the lease while a run waits.

        Raises:
            Refusal: it is lost.
        """
        return self.write(state, state)

    def fence(self, state):
        """Prove right before an act, or a word to people, that nobody else has the lease.

        Raises:
            Refusal: it is lost, and so nothing may be done.
        """
        return self.write(state, state)
