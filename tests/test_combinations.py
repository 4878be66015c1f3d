"""Settings together: what every two of them render passes our rules, and drawn ones pass cfn-lint."""

import copy

import pytest
from variations import VARIATIONS, covering, drawn

from drtemplate.checks.catalogue import load_rules
from drtemplate.checks.validation import validate
from drtemplate.choices import choices
from drtemplate.pipeline import render
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

DRAWN = 3  # each takes cfn-lint three seconds; `make settings-night N=` draws more


@pytest.fixture(scope="module")
def found():
    rules = load_rules()

    def in_template(template):
        return [
            (rule.id, match.path, match.message) for rule in rules for match in rule.find(template)
        ]

    return in_template


def test_every_two_values_of_fields_render_and_pass_our_rules(found):
    count = 0
    for settings in covering():
        assert found(build(settings).to_dict()) == [], settings
        count += 1
    assert count > sum(map(len, VARIATIONS.values()))


def test_a_defect_in_other_settings_is_found(found):
    template = copy.deepcopy(build(next(drawn(1, 1))).to_dict())
    template["Resources"]["PrimaryALB"]["Properties"]["Name"]["Fn::Sub"] += "-and-much-more"
    assert [rule for rule, *_ in found(template)]


@pytest.mark.parametrize("settings", [*drawn(DRAWN, 15)], ids=range(DRAWN))
def test_drawn_settings_pass_cfn_lint(settings):
    assert validate(render(settings), settings) == []


def test_every_field_is_varied():
    varied = {name for those in VARIATIONS.values() for value in those for name in value}
    parts = {name.partition(".")[0] for name in varied}
    assert choices(Settings).keys() <= varied
    for part in ("addresses", "database", "automation", "names", "roles", "existing", "records"):
        assert part in parts
        fields = {f"{part}.{name}" for name in choices(type(getattr(Settings(), part)))}
        assert fields <= varied
