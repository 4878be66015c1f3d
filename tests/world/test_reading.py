"""The rules of a template, in a drill."""

import json

import pytest

from drtemplate.cloudformation.document import load_template
from drtemplate.errors import InputError
from drtemplate.world.reading import TEMPLATE, load_deployment


@pytest.fixture
def changed(tmp_path):
    """The deployment of the template, with other properties of its rules."""

    def load(rule, **properties):
        template = load_template(TEMPLATE)
        template["Resources"][rule]["Properties"] |= properties
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(template))
        return load_deployment(path)

    return load


@pytest.mark.parametrize(
    ("rule", "properties", "words"),
    [
        ("RDSEventRule", {"EventPattern": {"source": [{"suffix": "rds"}]}}, "suffix"),
        ("RDSEventRule", {"EventPattern": {"source": "aws.rds"}}, "object"),
        ("HealthCheckScheduleRule", {"ScheduleExpression": "cron(* * * * ? *)"}, "only rates"),
        ("CompositeAlarm", {"AlarmRule": 'ALARM("gone")'}, "do not exist: gone"),
        ("CompositeAlarm", {"AlarmRule": "__import__('os')"}, "the world does not know"),
        (
            "CompositeAlarm",
            {"AlarmRule": 'ALARM("drill-writer") XOR TRUE'},
            "the world does not know: XOR",
        ),
    ],
)
def test_a_template_with_a_rule_that_no_drill_knows(changed, rule, properties, words):
    with pytest.raises(InputError, match=words) as refusal:
        changed(rule, **properties)
    assert "changed.json" in str(refusal.value)


@pytest.mark.parametrize("rule", ["RDSEventRule", "HealthCheckScheduleRule"])
def test_a_rule_that_is_disabled_does_nothing(changed, rule):
    before, after = changed(rule, State="ENABLED").rules, changed(rule, State="DISABLED").rules
    assert len(after) == len(before) - 1
    gone = {one.arn for one in before} - {one.arn for one in after}
    assert [one.rpartition("-")[2] for one in gone] == [rule]
