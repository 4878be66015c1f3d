"""Settings together: what every two of them render passes our rules, and fails over.

cfn-lint, which takes seconds for each, looks at them in two modules, so that two cores share them.
"""

import copy
import itertools

import pytest
from variations import VARIATIONS, alone, checked, covering, drawn

from drtemplate.checks.catalogue import load_rules
from drtemplate.choices import choices
from drtemplate.drill.runner import drill
from drtemplate.drill.scenarios import select
from drtemplate.pipeline import render
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build
from drtemplate.world.reading import load_deployment


@pytest.fixture(scope="module")
def found():
    rules = load_rules()

    def in_template(template):
        return [
            (rule.id, match.path, match.message) for rule in rules for match in rule.find(template)
        ]

    return in_template


def test_every_two_values_of_fields_render_and_pass_our_rules(found):
    for settings in itertools.chain(alone(), covering()):
        assert found(build(settings).to_dict()) == [], settings


def test_a_defect_in_other_settings_is_found(found):
    template = copy.deepcopy(build(next(drawn(1, 1))).to_dict())
    template["Resources"]["PrimaryALB"]["Properties"]["Name"]["Fn::Sub"] += "-and-much-more"
    assert [rule for rule, *_ in found(template)]


@pytest.mark.parametrize("settings", checked(40, 15)[::8], ids=range(5))
def test_what_other_settings_render_fails_over(timings, tmp_path, settings):
    """All but the seconds, which the design promises of the default intervals alone."""
    path = tmp_path / "template.yaml"
    path.write_text(render(settings).text)
    names = ["both_tiers_dead", "zone_outage"]
    for summary in drill(load_deployment(path), timings, select(names), runs=1, seed=1):
        assert (summary.broken, summary.denials) == ({}, {})
        assert [one for one in summary.budgets if not one.unit and not one.held] == []


def test_every_field_is_varied():
    varied = {name for those in VARIATIONS.values() for value in those for name in value}
    parts = {name.partition(".")[0] for name in varied}
    assert choices(Settings).keys() <= varied
    for part in ("addresses", "database", "automation", "names", "roles", "existing", "records"):
        assert part in parts
        fields = {f"{part}.{name}" for name in choices(type(getattr(Settings(), part)))}
        assert fields <= varied
