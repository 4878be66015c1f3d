"""One JSON line for each decision, transition, act and refused call; an incident can be rebuilt from them.

The query that prints an incident stands in ``docs/runbook.md``, "Read an incident".
"""

import json
from time import time

# What every line of this run says besides: who runs, for which attempt. An execution environment has
# one run at a time, so it belongs to the module.
_run = {}


def begin_log(**fields):
    """Say what every further line of this run carries; forgets the run before."""
    _run.clear()
    _run.update(fields, begun=time())


def add_to_log(**fields):
    """Let further lines carry more, such as the fencing token."""
    _run.update(fields)


def log(event, **fields):
    """Write a line; ``ms`` are milliseconds since the run began."""
    bound = {key: value for key, value in _run.items() if key != "begun"}
    line = {"event": event, "ms": round((time() - _run.get("begun", time())) * 1000)}
    print(json.dumps(line | bound | fields, default=str))


def attempt(function, *arguments, **named):
    """The result, or None: what fails here is logged and must not change how a run ends."""
    try:
        return function(*arguments, **named)
    except Exception as error:
        log("FAILED_CALL", call=function.__name__, error=repr(error)[:450])
        return None
