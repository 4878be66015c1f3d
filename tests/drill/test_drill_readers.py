"""With any number of readers the automation acts as with one: each is probed, and may be promoted."""

import json

import pytest

from drtemplate.cloudformation.lookups import text_of
from drtemplate.drill.runner import drill
from drtemplate.drill.scenarios import select
from drtemplate.pipeline import render
from drtemplate.plans import DatabasePlan
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build
from drtemplate.world.reading import load_deployment

READERS = [1, 2, 5]
SCENARIOS = ("both_tiers_dead", "zone_outage", "writer_hung", "fail_back")


@pytest.fixture(scope="module", params=READERS)
def stack(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("stack") / "template.yaml"
    path.write_text(render(Settings(database=DatabasePlan(readers=request.param))).text)
    return load_deployment(path)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_drill_holds(stack, timings, name):
    (summary,) = drill(stack, timings, select([name]), runs=2, seed=1)
    assert summary.held, summary


@pytest.mark.parametrize("count", READERS)
def test_each_member_is_probed_and_may_be_promoted(count):
    resources = build(Settings(database=DatabasePlan(readers=count))).to_dict()["Resources"]
    members = {name for name, one in resources.items() if one["Type"] == "AWS::RDS::DBInstance"}
    assert len(members) == count + 1
    for monitor in ("HealthMonitorFunction", "HealthMonitorFunction2"):
        variables = resources[monitor]["Properties"]["Environment"]["Variables"]
        probed = json.loads(text_of(variables["MEMBER_ENDPOINTS"]))
        assert probed == {f"${{{one}.Endpoint.Address}}": f"${{{one}}}" for one in members}
    (policy,) = resources["LambdaExecutionRole"]["Properties"]["Policies"]
    for sid in ("SeeWhoCanBePromoted", "MoveTheWriter"):
        (statement,) = (one for one in policy["PolicyDocument"]["Statement"] if one["Sid"] == sid)
        allowed = {text_of(one) for one in statement["Resource"]}
        assert allowed - {"${AuroraDBCluster.DBClusterArn}"} == {
            f"${{{one}.DBInstanceArn}}" for one in members
        }


def test_zones_and_tiers_are_those_of_the_settings():
    plan = DatabasePlan(readers=3, reader_zones=(2, 1, 2), reader_tiers=(3, 0, 1))
    resources = build(
        Settings(database=plan, zones=("us-east-1a", "us-east-1c"), regions=("us-east-1",))
    )
    found = [
        (one["Properties"]["AvailabilityZone"][-1], one["Properties"]["PromotionTier"])
        for one in resources.to_dict()["Resources"].values()
        if one["Type"] == "AWS::RDS::DBInstance"
    ]
    assert found == [("a", 0), ("c", 3), ("a", 0), ("c", 1)]
