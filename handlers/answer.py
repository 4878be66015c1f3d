"""What the caller gets."""

import json


def answer(outcome, message, code=200, **more):
    """``statusCode`` and, as JSON in ``body``, at least outcome and message."""
    more |= {"outcome": outcome, "message": message}
    return {"statusCode": code, "body": json.dumps(more, default=str)}
