"""What an update of a live stack from a released version to today's template would do.

``tests/releases/`` holds each released template as it was.
"""

import configparser
import copy
import re
from pathlib import Path

import pytest

from drtemplate import __version__
from drtemplate.cloudformation.changes import compare
from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.updates import Behaviour
from drtemplate.pipeline import default_output, render
from drtemplate.settings import PROJECT, Settings

RELEASES = sorted(Path(__file__).with_name("releases").glob("*.yaml"))
assert RELEASES
CHANGELOG = (PROJECT / "CHANGELOG.md").read_text()
UNRELEASED = "Unreleased"


def unkept(changelog, kept, version, committed):
    """What the changelog says of releases and is not so.

    Args:
        changelog: its text.
        kept: version -> its template's text.
        version: today's.
        committed: today's template.
    """
    chapters = dict(re.findall(r"(?ms)^## (\S+)\n(.*?)(?=^## |\Z)", changelog))
    released = [name for name in chapters if name != UNRELEASED]
    if released[0] != version:
        yield f"the newest release is {released[0]}, and the version {version}"
    for name in sorted({*released} ^ {*kept}):
        yield f"{name} has a chapter or a kept template, not both: `make release` keeps today's"
    for name, text in chapters.items():
        if not re.search(r"(?m)^### Upgrade actions\n\n\S", text):
            yield f"{name} has no upgrade actions"
    if UNRELEASED not in chapters and kept.get(version) != committed:
        yield f"the template is not that of {version}: write what changes under ## {UNRELEASED}"


KEPT = {path.stem: path.read_text() for path in RELEASES}
COMMITTED = default_output("yaml").read_text()


def test_each_release_has_its_template_and_its_upgrade_actions():
    assert list(unkept(CHANGELOG, KEPT, __version__, COMMITTED)) == []


RELEASED = re.sub(rf"(?ms)^## {UNRELEASED}\n.*?(?=^## )", "", CHANGELOG)
CHAPTER = "## {}\n\n- x\n\n### Upgrade actions\n\nNone.\n\n## "


@pytest.mark.parametrize(
    ("changelog", "version", "committed", "found"),
    [
        (RELEASED.replace("## ", CHAPTER.format(UNRELEASED), 1), __version__, "another", ""),
        (RELEASED, __version__, "another", "write what changes"),
        (RELEASED, "9.0.0", COMMITTED, "the newest release is"),
        (RELEASED.replace("## ", CHAPTER.format("9.0.0"), 1), "9.0.0", "", "9.0.0 has"),
        (RELEASED.replace("Upgrade actions", "Notes", 1), __version__, COMMITTED, "no upgrade"),
    ],
)
def test_a_release_that_is_not_whole_is_noticed(changelog, version, committed, found):
    told = list(unkept(changelog, KEPT, version, committed))
    assert any(found in one for one in told) if found else told == []


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
