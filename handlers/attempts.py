"""Which attempts have been made: one delivered again, at any distance, makes no second call and no second mail.

An attempt is remembered from its intent. One whose act AWS did not take is withdrawn, and decided anew.
"""

from time import time

from boto3.dynamodb.conditions import Attr

from .clients import table
from .log import attempt

DAY = 86400
INTENT, DONE, WITHDRAWN = "INTENT", "DONE", "WITHDRAWN"


def attempt_key(request):
    """The item's key; a fail back is another attempt than the failover whose name it carries."""
    return f"ATTEMPT#{request.action}#{request.attempt_id}"


def recall(request):
    """INTENT, DONE or WITHDRAWN; None if the attempt has never got as far as an intent."""
    item = table.get_item(Key={"StateKey": attempt_key(request)}, ConsistentRead=True).get("Item")
    return item.get("Status") if item else None


def claim(request, cooldown, owner, again):
    """Remember the intent; False if another delivery of the same attempt has it.

    Args:
        again: whether an intent that was lost with its run may be made again.
    """
    item = {
        "StateKey": attempt_key(request),
        "Status": INTENT,
        "Owner": owner,
        "ExpiresAt": int(time()) + cooldown + DAY,
    }
    free = Attr("StateKey").not_exists() | Attr("Status").eq(WITHDRAWN)
    if again:
        free = free | Attr("Status").eq(INTENT)
    try:
        table.put_item(Item=item, ConditionExpression=free)
    except Exception as error:
        found = attempt(
            lambda: table.get_item(Key={"StateKey": item["StateKey"]}, ConsistentRead=True)
        )
        if (found or {}).get("Item", {}).get("Owner") == owner:
            return True
        if "ConditionalCheckFailed" in repr(error):
            return False
        raise
    return True


def settle(request, cooldown, owner, status):
    """Remember how it ended; a failure here leaves the intent, which is the safe side."""
    item = {
        "StateKey": attempt_key(request),
        "Status": status,
        "Owner": owner,
        "ExpiresAt": int(time()) + cooldown + DAY,
    }
    attempt(table.put_item, Item=item, ConditionExpression=Attr("Owner").eq(owner))
