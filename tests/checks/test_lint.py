import copy

import pytest
import yaml
from refusals import one_line

from drtemplate.checks.lint import CONFIGURATION, check_regions, lint
from drtemplate.errors import InputError
from drtemplate.rendering.yaml import to_yaml
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

RETIRED = "8.0.mysql_aurora.3.02.0"
REGIONS = Settings().regions


@pytest.fixture(scope="module")
def text():
    stack = build(Settings())
    return to_yaml(stack.to_dict(), stack.banners)


@pytest.fixture(scope="module")
def clean(text):
    return lint(text, REGIONS)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Findings in a template with four faults, run beside a configuration that hides them all."""
    template = copy.deepcopy(build(Settings(engine_version=RETIRED)).to_dict())
    resources = template["Resources"]
    resources["AuroraDBCluster"]["Properties"]["EnableBacktrack"] = True
    resources["DatabaseEndpointParameter"]["Properties"]["Type"] = "SecureString"
    value = {"Fn::GetAtt": ["AuroraDBCluster", "ReaderEndpoint.Address"]}
    template["Outputs"]["DatabaseReadEndpoint"]["Value"] = value
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / ".cfnlintrc").write_text("ignore_checks: [E, W]\nregions: [nowhere-1]\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return {(finding.rule, finding.where) for finding in lint(to_yaml(template), REGIONS)}


@pytest.fixture(scope="module")
def unignored(text, tmp_path_factory):
    """Rules found in the stack if nothing is ignored."""
    configuration = tmp_path_factory.mktemp("strict") / ".cfnlintrc"
    facts = yaml.safe_load(CONFIGURATION.read_text())
    del facts["ignore_checks"]
    configuration.write_text(yaml.safe_dump(facts))
    return {finding.rule for finding in lint(text, REGIONS, configuration)}


def test_the_stack_is_clean_in_both_regions(clean):
    assert REGIONS == ("us-east-1", "us-west-2")
    assert clean == []


FAULTS = {
    "a retired engine version": ("W3690", "Resources.AuroraDBCluster.Properties"),
    "an unknown property": ("E3002", "Resources.AuroraDBCluster.Properties.EnableBacktrack"),
    "a SecureString": ("E3030", "Resources.DatabaseEndpointParameter.Properties.Type"),
    "an unknown attribute": ("E6101", "Outputs.DatabaseReadEndpoint.Value"),
}


@pytest.mark.parametrize(("rule", "where"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_whatever_stands_in_the_working_directory(broken, rule, where):
    assert any(found == rule and path.startswith(where) for found, path in broken), broken


def ignored():
    return yaml.safe_load(CONFIGURATION.read_text())["ignore_checks"]


def test_something_is_ignored():
    assert ignored()


@pytest.mark.parametrize("rule", ignored())
def test_an_ignored_rule_is_explained_right_above(rule):
    lines = [line.strip() for line in CONFIGURATION.read_text().splitlines()]
    above = lines[lines.index(f"- {rule}") - 1]
    assert above.startswith("# ")
    assert len(above) > 20


@pytest.mark.parametrize("rule", ignored())
def test_an_ignored_rule_would_find_something(unignored, rule):
    assert rule in unignored


def test_nothing_but_what_is_ignored_is_hidden(unignored):
    assert unignored == set(ignored())


def test_the_hook_and_the_render_validate_for_the_same_regions():
    assert tuple(yaml.safe_load(CONFIGURATION.read_text())["regions"]) == REGIONS


@pytest.mark.parametrize("region", ["nowhere-1", "us-east-1a", "US-EAST-1", ""])
def test_an_unknown_region_is_refused(region):
    assert region in one_line(InputError, check_regions, ["us-east-1", region])


def test_linting_for_an_unknown_region_is_refused(text):
    with pytest.raises(InputError, match="nowhere-1"):
        lint(text, ["nowhere-1"])


def test_known_regions_pass():
    check_regions(["us-east-1", "eu-central-1"])


def test_a_missing_configuration_is_refused(text, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        lint(text, REGIONS, tmp_path / ".cfnlintrc")


@pytest.mark.parametrize(
    "line", ["append_rules: [drtemplate.nowhere]", "append_rules: 1", "colour: 1"]
)
def test_a_configuration_that_cfn_lint_cannot_use_is_refused(text, tmp_path, line):
    configuration = tmp_path / ".cfnlintrc"
    configuration.write_text(f"{line}\n")
    assert str(configuration) in one_line(InputError, lint, text, REGIONS, configuration)


def test_a_text_that_is_not_yaml_is_a_finding():
    (finding,) = lint("Resources: [\n", REGIONS)
    assert finding.rule == "E0000"
    assert "line" in str(finding)
