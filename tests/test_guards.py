"""What must hold for every resource of this stack, now and after each change.

What holds for any template is a rule (docs/rules.md); here is what the project decided besides.
"""

import pytest
from guards import access, data, operation
from mutation import GONE, mutated

PARTS = (data, access, operation)
GUARDS = [value for part in PARTS for name, value in vars(part).items() if name.startswith("find_")]
MUTATIONS = [case for part in PARTS for case in part.MUTATIONS]


@pytest.mark.parametrize("find", GUARDS)
def test_the_template_passes_the_guard(template, find):
    assert find(template) == []


@pytest.mark.parametrize(
    ("find", "path", "value"),
    [
        pytest.param(*case, id=f"{case[0].__name__}-{case[1][0]}-{number}")
        for number, case in enumerate(MUTATIONS)
    ],
)
def test_the_guard_catches_a_mutation(template, find, path, value):
    whole = path if path[0] == "Outputs" else ("Resources", *path)
    findings = find(mutated(template, whole, value))
    assert findings
    assert all(finding.startswith(f"{whole[1]}: ") for finding in findings)


def test_a_silent_alarm_inside_a_composite_is_allowed(template):
    path = ("Resources", "DatabaseConnectionAlarm", "Properties", "AlarmActions")
    assert operation.find_silent_alarms(mutated(template, path, GONE)) == []


def test_every_guard_is_shown_to_catch_something():
    shown = {find for find, *_ in MUTATIONS}
    assert [find.__name__ for find in GUARDS if find not in shown] == []
