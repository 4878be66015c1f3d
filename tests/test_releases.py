"""What an update of a live stack from a released version to today's template would do.

``tests/releases/`` holds each released template as it was.
"""

import configparser
import copy
from pathlib import Path

import pytest

from drtemplate.cloudformation.changes import compare
from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.updates import Behaviour
from drtemplate.pipeline import render
from drtemplate.settings import PROJECT, Settings

RELEASES = sorted(Path(__file__).with_name("releases").glob("*.yaml"))
assert RELEASES


@pytest.fixture(scope="module")
def today():
    return render(Settings()).template


def losses(release, template):
    """What a live stack would lose, or could not be updated for: logical id and why."""
    for one in compare(load_template(release), template).resources:
        if one.obstacles:
            yield one.logical_id, "refused"
        if one.action == "Remove":
            yield one.logical_id, "removed"
        elif one.holds_data and one.behaviour >= Behaviour.CONDITIONAL:
            yield one.logical_id, "replaced"
        if one.holds_data and any(change.path.endswith("Policy") for change in one.changes):
            yield one.logical_id, "kept otherwise"


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_an_update_loses_no_data_and_is_not_refused(release, today):
    assert list(losses(release, today)) == []


def test_the_version_of_this_code_was_released_with_its_template():
    """Whoever raises the version puts the template beside the others, for the updates to come."""
    setup = configparser.ConfigParser()
    setup.read(PROJECT / "setup.cfg")
    assert setup["metadata"]["version"] in {path.stem for path in RELEASES}


BUCKET, CLUSTER = "ApplicationArtifactsBucket", "AuroraDBCluster"
MUTATIONS = {
    "another name": (BUCKET, "Properties.BucketName", "x", "replaced"),
    "perhaps another cluster": (CLUSTER, "Properties.MasterUsername", "x", "replaced"),
    "another key, and all that it encrypts": (
        "KMSKey",
        "Properties.KeySpec",
        "RSA_2048",
        "replaced",
    ),
    "another type": (BUCKET, "Type", "AWS::S3::AccessPoint", "refused"),
    "a fixed name twice": ("PrimaryTargetGroup", "Properties.Port", 81, "refused"),
    "no longer kept": (BUCKET, "DeletionPolicy", "Delete", "kept otherwise"),
}


@pytest.mark.parametrize(("title", "path", "value", "why"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_loss_is_noticed(today, title, path, value, why):
    template = copy.deepcopy(today)
    node = template["Resources"][title]
    *above, last = path.split(".")
    for name in above:
        node = node[name]
    node[last] = value
    assert (title, why) in losses(RELEASES[0], template)


def test_another_logical_id_is_noticed(today):
    resources = dict(today["Resources"])
    resources["Renamed"] = resources.pop(BUCKET)
    found = list(losses(RELEASES[0], today | {"Resources": resources}))
    assert found == [("Renamed", "refused"), (BUCKET, "removed")]
