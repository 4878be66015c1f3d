"""The lock: exactly these files, and no other, are installed by `make template` and `make test`."""

import configparser
import re
import tomllib
from importlib.metadata import distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sbom import lacking

from drtemplate.settings import PROJECT

FOLDER = PROJECT / "requirements"
SCAN = PROJECT / "scan" / "requirements.txt"  # of an environment of its own
# What each file has beside setup.cfg's install_requires.
EXTRAS = {
    "render": (),
    "deploy": ("deploy",),
    "all": ("deploy", "dev", "drill"),
    "lock": ("lock",),
    "scan": SCAN,
}
LINE = re.compile(r"^(\S+==[^\\]+?) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M)


def locked(name):
    """Package -> its line of the file, with the condition under which it is installed."""
    found = [Requirement(line) for line, _ in LINE.findall((FOLDER / f"{name}.txt").read_text())]
    by_name = {canonicalize_name(one.name): one for one in found}
    assert len(by_name) == len(found), "a package has one version, on every platform and Python"
    return by_name


def pins(extras):
    """What setup.cfg and pyproject.toml name, or the scan's own file."""
    if extras is SCAN:
        return [
            Requirement(line.partition("#")[0])
            for line in SCAN.read_text().splitlines()
            if line[0] != "#"
        ]
    parser = configparser.ConfigParser(inline_comment_prefixes="#")
    parser.read(PROJECT / "setup.cfg")
    texts = [parser["options"]["install_requires"]]
    texts += [parser["options.extras_require"][extra] for extra in extras]
    build = tomllib.loads((PROJECT / "pyproject.toml").read_text())["build-system"]["requires"]
    lines = [*"\n".join(texts).split("\n"), *build]
    return [Requirement(line) for line in lines if line.strip()]


def installed():
    """Package -> distribution, but for ourselves and the pip that Python brings along."""
    found = {canonicalize_name(one.name): one for one in distributions()}
    return {name: one for name, one in found.items() if name not in ("drtemplate", "pip")}


@pytest.mark.parametrize("name", EXTRAS)
def test_every_line_is_a_package_with_its_version_and_hashes(name):
    text = (FOLDER / f"{name}.txt").read_text()
    assert LINE.sub("", text) == ""
    assert "://" not in text, "where it comes from is the user's own setting"


@pytest.mark.parametrize("name", EXTRAS)
def test_what_is_pinned_is_locked_in_that_version(name):
    found = locked(name)
    for pin in pins(EXTRAS[name]):
        assert found[canonicalize_name(pin.name)].specifier == pin.specifier, pin.name


@pytest.mark.parametrize("name", ["render", "deploy"])
def test_a_smaller_lock_is_part_of_the_whole(name):
    blocks = dict(LINE.findall((FOLDER / "all.txt").read_text()))
    for line, hashes in LINE.findall((FOLDER / f"{name}.txt").read_text()):
        assert blocks[line] == hashes


def test_what_is_locked_is_what_is_installed():
    wanted = {
        name: next(iter(one.specifier)).version
        for name, one in locked("all").items()
        if one.marker is None or one.marker.evaluate()
    }
    found = {name: one.version for name, one in installed().items() if name in wanted}
    assert found == wanted


@pytest.mark.parametrize("name", ["render", "deploy", "all"])
def test_a_lock_is_complete(name):
    """pip resolves nothing: whatever a locked package needs here must be locked too."""
    wanted, known = locked(name), installed()
    asked = [(name, "") for name in wanted]
    asked += [
        (canonicalize_name(pin.name), extra) for pin in pins(EXTRAS[name]) for extra in pin.extras
    ]
    seen = set()
    while asked:
        package, extra = asked.pop()
        if (package, extra) in seen or package not in known:
            continue  # of another platform
        seen.add((package, extra))
        for text in known[package].requires or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                found = wanted[canonicalize_name(needed.name)]
                assert needed.specifier.contains(next(iter(found.specifier)).version, True), text
                asked += [(canonicalize_name(needed.name), one) for one in needed.extras]
    assert len(seen) > len(pins(EXTRAS[name]))


def bill(lock):
    """As the target's tool writes it."""
    return {
        "components": [
            {
                "name": line.partition("==")[0],
                "version": re.split("[= ]+", line)[1],
                "externalReferences": [
                    {"hashes": [{"content": one} for one in re.findall("[0-9a-f]{64}", hashes)]}
                ],
            }
            for line, hashes in LINE.findall(lock)
        ]
    }


def test_a_bill_of_materials_has_each_package_and_hash():
    lock = (FOLDER / "all.txt").read_text()
    assert list(lacking(lock, bill(lock))) == []
    first, *rest = bill(lock)["components"]
    assert len(list(lacking(lock, {"components": rest}))) == 1
    assert len(list(lacking(lock, {"components": [first | {"version": "0"}, *rest]}))) == 2
    hashes = first["externalReferences"][0]["hashes"]
    assert len(list(lacking(lock, {"components": [first, *rest]}))) == 0
    hashes.pop()
    assert len(list(lacking(lock, {"components": [first, *rest]}))) == 1
