"""The configuration: what fits is used, what does not fails safe."""

import json
from decimal import Decimal

import pytest

from drtemplate.groups.handlers import SETTINGS
from handlers.configuration import LIMITS, parse_configuration, usable

GOOD = {"auto_failover": "ON", "auto_failover_enabled": True} | {
    key: default for key, (default, _) in LIMITS.items()
}
DEFAULTS = {key: default for key, (default, _) in LIMITS.items()}


def parsed(last=None, **changes):
    return parse_configuration(json.dumps(GOOD | changes), last)


@pytest.mark.parametrize("arming", ["ON", "DRY_RUN", "OFF"])
@pytest.mark.parametrize("enabled", [True, False])
def test_both_switches_say_what_is_armed(arming, enabled):
    found = parsed(auto_failover=arming, auto_failover_enabled=enabled)
    assert (found.arming, found.faults) == (arming if enabled else "OFF", ())
    assert found.values == DEFAULTS


def test_what_fits_counts():
    widest = {key: allowed[-1] for key, (_, allowed) in LIMITS.items()}
    assert parsed(**widest).values == widest
    # What no handler reads may be anything.
    others = {key: [] for key, one in SETTINGS.items() if one.allowed is None}
    assert parsed(**others).faults == ()


MISFITS = [True, "5", 5.5, -1, 10**9, None, [5]]


@pytest.mark.parametrize("key", LIMITS)
@pytest.mark.parametrize("value", MISFITS, ids=str)
def test_a_number_that_does_not_fit_is_the_last_usable_or_the_default(key, value):
    found = parsed(**{key: value})
    (fault,) = found.faults
    assert fault.startswith(f"{key}: ")
    assert (found.arming, found.values) == ("DRY_RUN", DEFAULTS)
    lowest = LIMITS[key][1][0]
    kept = parsed({"arming": "ON", **DEFAULTS, key: lowest}, **{key: value})
    assert (kept.arming, kept.values) == ("ON", DEFAULTS | {key: lowest})


MEANT_AS_OFF = [
    "{\u201cauto_failover\u201d: \u201cOFF\u201d}",
    json.dumps(json.dumps(GOOD | {"auto_failover": "OFF"})),
    "\ufeffOFF",
    "\ufeff" + json.dumps(GOOD | {"auto_failover": "OFF"}),
    '{"auto_failover": "OFF", "auto_failover": "ON", "auto_failover_enabled": true}',
    '{"auto_failover": "ON", "auto_failover_enabled": false, "auto_failover_enabled": true}',
]


@pytest.mark.parametrize("text", MEANT_AS_OFF)
def test_what_an_editor_or_a_shell_makes_of_off_is_off_and_a_fault(text):
    found = parse_configuration(text, {"arming": "ON", **DEFAULTS})
    assert (found.arming, bool(found.faults)) == ("OFF", True)


def test_a_key_that_is_there_twice_arms_nothing():
    twice = json.dumps(GOOD)[:-1] + ', "auto_failover": "ON"}'
    assert parse_configuration(twice, None).arming == "DRY_RUN"


@pytest.mark.parametrize("given", ["ON", "DRY_RUN", "OFF"])
@pytest.mark.parametrize("last", ["ON", "DRY_RUN", "OFF"])
def test_a_number_that_does_not_fit_arms_nothing(given, last):
    found = parsed({"arming": last, **DEFAULTS}, auto_failover=given, cooldown_seconds="soon")
    assert found.arming == (last if given == "ON" else given)


@pytest.mark.parametrize(
    "text", [None, "", "[1]", "7", "null", '"ON"', "{", "x" * 9000, "[" * 4000]
)
@pytest.mark.parametrize("last", ["ON", "DRY_RUN", "OFF", None])
def test_a_text_that_is_none_leaves_the_last_usable_or_a_dry_run(text, last):
    stored = last and {"arming": last, **DEFAULTS, "cooldown_seconds": 77}
    found = parse_configuration(text, stored)
    assert found.arming == (last or "DRY_RUN")
    assert found.values["cooldown_seconds"] == (77 if last else 3600)
    assert found.faults
    assert len(str(found.faults)) < 1000


def test_the_last_usable_one_survives_the_table():
    stored = parsed(auto_failover="DRY_RUN").stored()
    back = {
        key: Decimal(value) if isinstance(value, int) else value for key, value in stored.items()
    }
    assert usable(back) == stored
    assert parse_configuration(None, back).stored() == stored


@pytest.mark.parametrize(
    "stored", [None, 7, [], {"arming": "on"}, {"arming": ["ON"]}, {"cooldown_seconds": "x"},
               {"cooldown_seconds": Decimal("Infinity")}, {"cooldown_seconds": -1}],
    ids=str,
)  # fmt: skip
def test_a_stored_one_that_is_odd_counts_for_nothing(stored):
    found = parse_configuration(None, stored)
    assert (found.arming, found.values) == ("DRY_RUN", DEFAULTS)


# In the world.


@pytest.mark.parametrize("cooldown", [0, 600])
def test_the_cooldown_is_the_configured_one(world, cooldown):
    world.configure(cooldown_seconds=cooldown)
    event = {"trigger_failover": True, "components": ["database"]}
    world.send(event)
    if cooldown:
        world.run(cooldown - 5)
        assert world.send(event).outcome == "REFUSED"
    world.run(cooldown + 60)
    assert world.send(event).outcome == "COMPLETED"


def test_the_faults_stand_in_the_record(world):
    world.configure(cooldown_seconds="soon")
    assert world.send({"trigger_failover": True}).outcome == "COMPLETED"
    assert "cooldown_seconds: 'soon'" in world.items()[0]["Notes"][0]
