"""The configuration in Parameter Store: what fits is used, and what does not fails safe.

A value that does not fit, or a store that cannot be read, means the last usable configuration where one
is known, else DRY_RUN. What was plainly meant as off is off.
"""

import json
import re
from typing import NamedTuple

SWITCHES = ("auto_failover", "auto_failover_enabled")
ARMING = ("ON", "DRY_RUN", "OFF")
# Key -> default, allowed values. See "Configuration" in docs/runbook.md.
LIMITS = {
    "probe_interval_seconds": (5, range(1, 11)),
    "consecutive_failures": (2, range(1, 6)),
    "database_grace_seconds": (20, range(46)),
    "application_grace_seconds": (30, range(46)),
    "cooldown_seconds": (3600, range(86401)),
}
OFF_WORDS = ("off", "false", "0", "no", "disabled")
# In a text that is no JSON: one of the two switches, set to one of those words.
PLAINLY_OFF = re.compile(
    r"auto_failover(_enabled)?['\"]?\s*[:=]\s*['\"]?\s*(" + "|".join(OFF_WORDS) + r")\b",
    re.IGNORECASE,
)
# What an editor or a shell makes of quotes; a byte order mark.
PLAIN = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb", '"') | dict.fromkeys("\\\ufeff", "")
)


class Configuration(NamedTuple):
    """What holds now.

    Attributes:
        arming: what automatic runs may do: ON, DRY_RUN or OFF.
        values: by the keys of `LIMITS`.
        faults: what did not fit, a text each; empty if all of it was usable.
    """

    arming: str
    values: dict
    faults: tuple = ()

    def stored(self):
        """As the state keeps the last usable one."""
        return {"arming": self.arming, **self.values}


def parse_configuration(text, last=None):
    """Read the parameter's text.

    Args:
        text: the JSON object; None if the store could not be read.
        last: the last usable configuration as `Configuration.stored` gave it, or None.
    """
    last, faults = usable(last), []
    given = _object(text, faults)
    if given is None:
        plain = (text or "").translate(PLAIN)
        off = PLAINLY_OFF.search(plain) or _means_off(plain.strip(" '\"\r\n\t"))
        arming, given = "OFF" if off else None, {}
    else:
        arming = _arming(given, faults)
    values = {}
    for key, (default, allowed) in LIMITS.items():
        value = given.get(key, last.get(key, default) if faults else default)
        if type(value) is not int or value not in allowed:
            faults.append(
                f"{key}: {str(value)[:80]!r} is not one of {allowed.start} to {allowed[-1]}"
            )
            value = last.get(key, default)
        values[key] = value
    if arming is None or (faults and arming == "ON"):
        arming = last.get("arming", "DRY_RUN")  # what does not fit arms nothing
    return Configuration(arming, values, tuple(faults))


def usable(stored):
    """What of a stored configuration fits; numbers may come back as DynamoDB gives them."""
    if not isinstance(stored, dict):
        return {}
    found = {"arming": stored["arming"]} if stored.get("arming") in ARMING else {}
    for key, (_, allowed) in LIMITS.items():
        try:
            number = int(stored[key])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if number in allowed:
            found[key] = number
    return found


def _object(text, faults):
    """The JSON object, or None with a fault."""
    if text is None:
        faults.append("the parameter cannot be read")
        return None
    try:
        given = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, faults))
    except (ValueError, RecursionError) as error:
        faults.append(f"no JSON: {error}"[:200])
        return None
    if not isinstance(given, dict):
        faults.append("no JSON object")
        return None
    return given


def _once(pairs, faults):
    """The object; of a key that is there twice the value that means off, if one does."""
    found = {}
    for key, value in pairs:
        if key in found:
            faults.append(f"{key}: is there more than once")
        if not (key in SWITCHES and _means_off(found.get(key))):
            found[key] = value
    return found


def _arming(given, faults):
    """ON, DRY_RUN or OFF, from both switches; None if they do not say it."""
    mode, enabled = (given.get(switch) for switch in SWITCHES)
    if mode not in ARMING or not isinstance(mode, str):
        faults.append(f"auto_failover: {str(mode)[:80]!r} is none of {', '.join(ARMING)}")
    if not isinstance(enabled, bool):
        faults.append(f"auto_failover_enabled: {str(enabled)[:80]!r} is neither true nor false")
    if _means_off(mode) or _means_off(enabled):
        return "OFF"
    return None if faults else mode


def _means_off(value):
    return value is not None and str(value).strip().lower() in OFF_WORDS
