"""Which attempts have been made: one delivered again, at any distance, makes no second call and no second mail.

An attempt is remembered from its intent. One whose act AWS did not take is withdrawn, and decided anew.
"""

from time import time

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import BotoCoreError, ClientError

from .clients import table
from .log import attempt
from .refusal import unreachable

DAY = 86400
INTENT, DONE, WITHDRAWN = "INTENT", "DONE", "WITHDRAWN"


def attempt_key(request):
    """The item's key; a fail back is another attempt than the failover whose name it carries."""
    return f"ATTEMPT#{request.action}#{request.attempt_id}"


def recall(request):
    """INTENT, DONE or WITHDRAWN; None if the attempt has never got as far as an intent.

    Raises:
        Refusal: the table gives no answer.
    """
    try:
        return read_attempt(request).get("Status")
    except (BotoCoreError, ClientError) as error:
        raise unreachable(error) from error


def read_attempt(request):
    """The item; empty if there is none."""
    key = {"StateKey": attempt_key(request)}
    return table.get_item(Key=key, ConsistentRead=True).get("Item", {})


def lost_parts(request, state):
    """By component of the request, what a lost run of this attempt has begun, and nobody has seen the end of."""
    return {
        name: one
        for name, one in state.pending.items()
        if one.lost and one.attempt_id == request.attempt_id and name in request.components
    }


def what_is_left(request, known, state):
    """A person's request without what its lost run has done: that must not be done to the next writer too.

    Args:
        request: it may name no writer.
        known: what `recall` gave.
        state: the present one.
    """
    if known != INTENT or request.automatic:
        return request
    lost = lost_parts(request, state)
    left = request._replace(components=tuple(lost), expected_writer=None)
    if "database" in lost and request.action == "failover":
        return left._replace(writer=lost["database"].old)
    return left


def made(request, state, known, now):
    """What becomes of the attempt without this delivery; None if nothing does.

    Args:
        request: the failover or fail back.
        state: the present one; of a run whose lease has expired it says that it was lost.
        known: what `recall` gave.
        now: epoch seconds.
    """
    if known == DONE or (known == INTENT and not lost_parts(request, state)):
        return f"attempt {request.attempt_id} is known; the state is {state.status}"
    if state.leased(now) and state.attempt_id == request.attempt_id:
        return f"attempt {request.attempt_id} is being made"
    return None


def claim(request, cooldown, owner, known):
    """Remember the intent; False if another delivery of the same attempt has it by now.

    Args:
        request: the failover or fail back.
        cooldown: seconds; it is remembered for that and a day.
        owner: of the lease.
        known: what `recall` gave: an intent that was lost with its run is made again.

    Raises:
        Refusal: the table gives no answer.
    """
    item = _item(request, cooldown, owner, INTENT)
    # The answer to a first try of this very call may have been lost.
    free = Attr("Status").not_exists() | Attr("Status").eq(WITHDRAWN) | Attr("Owner").eq(owner)
    if known == INTENT:
        free = free | Attr("Status").eq(INTENT)
    try:
        table.put_item(Item=item, ConditionExpression=free)
    except (BotoCoreError, ClientError) as error:
        if "ConditionalCheckFailed" in repr(error):
            return False
        if (attempt(read_attempt, request) or {}).get("Owner") == owner:
            return True
        raise unreachable(error) from error
    return True


def settle(request, cooldown, owner, status):
    """Remember how it ended; a failure here leaves the intent, which is the safe side."""
    item = _item(request, cooldown, owner, status)
    attempt(table.put_item, Item=item, ConditionExpression=Attr("Owner").eq(owner))


def first_refusal(request, kind):
    """Whether a refusal is none of an attempt that was told of this reason, nor of another delivery of its event.

    True too if the table gives no answer: twice is better than never.
    """
    item = {
        "StateKey": f"TOLD#{request.action}#{request.attempt_id}",
        "Kind": kind,
        "Request": request.request_id,
        "ExpiresAt": int(time()) + DAY,
    }
    another = Attr("Kind").ne(kind) & Attr("Request").ne(request.request_id)
    try:
        table.put_item(Item=item, ConditionExpression=Attr("Kind").not_exists() | another)
    except (BotoCoreError, ClientError) as error:
        return "ConditionalCheckFailed" not in repr(error)
    return True


def _item(request, cooldown, owner, status):
    """What is remembered, for the cooldown and a day."""
    return {
        "StateKey": attempt_key(request),
        "Status": status,
        "Owner": owner,
        "ExpiresAt": int(time()) + cooldown + DAY,
    }
