"""The generated pages are current and whole, and what they say of the code is so."""

import re

import pytest

from drtemplate.checks.ledger import CLASSES, LEDGER, load_ledger
from drtemplate.cli import main
from drtemplate.commands import docs
from drtemplate.groups.handlers import SETTINGS
from drtemplate.pages.deviations import MEANINGS
from drtemplate.pages.reference import state_attributes, state_keys
from drtemplate.settings import PROJECT, Settings
from drtemplate.topologies.one_region import build

STACK = build(Settings())
TEMPLATE = STACK.to_dict()
DOCS = PROJECT / "docs"


@pytest.mark.parametrize("name", docs.PAGES)
def test_a_page_is_current(name):
    assert main(["docs", "--check", name]) == 0


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """The pages as copies, instead of those of the working tree."""
    places = {}
    for name, (path, make) in docs.PAGES.items():
        copied = tmp_path / path.name
        copied.write_bytes(path.read_bytes())
        places[name] = (copied, make)
    monkeypatch.setattr(docs, "PAGES", places)
    return places


@pytest.mark.parametrize("name", ["graph", "architecture", "reference"])
def test_a_stale_page_is_found_and_written_anew(elsewhere, name, capsys):
    path, _ = elsewhere[name]
    current = path.read_text()
    stale = current.replace("PrimaryALB", "PrimaryLB")
    path.write_text(stale)
    assert main(["docs", "--check"]) == 1
    assert f"run `generate.py docs {name}`" in capsys.readouterr().err
    assert path.read_text() == stale
    assert main(["docs", name]) == 0
    assert path.read_text() == current


def test_a_readme_without_the_marks_and_an_unknown_page_are_refused(elsewhere, capsys):
    path, _ = elsewhere["graph"]
    text = path.read_text()
    for broken in (text.replace(docs.END, ""), text + docs.BEGIN, ""):
        path.write_text(broken)
        assert main(["docs", "graph"]) == 2
        assert capsys.readouterr().err.count("\n") == 1
        assert path.read_text() == broken
    assert main(["docs", "grpah"]) == 2
    assert "no page is called grpah" in capsys.readouterr().err


def test_every_deviation_stands_in_its_class_with_its_reason():
    page = (DOCS / "deviations.md").read_text()
    assert list(MEANINGS) == list(CLASSES)
    chapters = dict(zip(CLASSES, re.split(r"(?m)^## ", page)[1:], strict=True))
    header = " ".join(LEDGER.read_text().partition("\n\n")[0].replace("#", " ").split())
    entries = load_ledger()
    for name, (_, meaning) in MEANINGS.items():
        words = meaning.removeprefix("It is ").removesuffix(".")
        assert words[1:] in header  # the ledger's own words, but for the capital
        rows = [
            line for line in chapters[name].splitlines() if re.match(r"\| (\w+ `|\w+ \|)", line)
        ]
        mine = [entry for entry in entries if entry.reason == name]
        assert len([row for row in rows if not row.startswith("| what")]) == len(mine)
    for entry in entries:
        assert entry.because.replace("|", "\\|") in " ".join(chapters[entry.reason].split())
        for address in re.findall(r"https://[^\s;,]+[^\s;,.]", entry.evidence):
            assert f"]({address})" in chapters[entry.reason]


def test_the_reference_has_every_name():
    page = (DOCS / "reference.md").read_text()
    chapters = {one.partition("\n")[0]: one for one in re.split(r"(?m)^## ", page)[1:]}
    for section in ("Parameters", "Resources", "Outputs"):
        rows = re.findall(r"(?m)^\| `(\w+)` \|", chapters[section])
        assert sorted(rows) == sorted(TEMPLATE[section])
    assert re.findall(r"(?m)^\| `(\w+)` \|", chapters["Configuration keys"]) == list(SETTINGS)
    titles = re.findall(r"(?m)^### (.+)$", chapters["Resources"])
    assert titles == list(dict.fromkeys(STACK.groups.values()))
    alarms = [one for one in TEMPLATE["Resources"].values() if "Alarm" in one["Type"]]
    assert len(re.findall(r"(?m)^\| `<stack>-", chapters["Alarms"])) == len(alarms)
    for one in alarms:
        assert one["Properties"]["AlarmDescription"] in chapters["Alarms"]


def test_every_item_and_attribute_of_the_state_is_one_that_the_deployed_code_writes():
    runbook = (DOCS / "runbook.md").read_text()
    rows, keys = state_attributes(runbook), state_keys(runbook)
    names = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    code = "".join(
        one["Properties"]["Code"]["ZipFile"]
        for one in TEMPLATE["Resources"].values()
        if one["Type"] == "AWS::Lambda::Function"
    )
    assert len(keys) > 3
    for key in keys:
        assert f'"{key.partition("<")[0]}' in code, key
    assert "Status" in names
    assert len(names) > 10
    written = set(re.findall(r"\w+", code))
    # The code puts ``database_at`` together from the component's name.
    assert {name for name in names if name.partition("_")[0] not in written} == set()
