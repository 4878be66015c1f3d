"""Every link in the docs leads somewhere, and every command in them is one that the tool would take."""

import re

import pytest
from printed_commands import commands, problem, prose

from drtemplate.pages.words import anchor
from drtemplate.settings import PROJECT

PAGES = sorted(
    [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md"), *PROJECT.glob("examples/**/*.md")]
)
TEXTS = {str(page.relative_to(PROJECT)): page.read_text(encoding="utf-8") for page in PAGES}


def broken_links(pages):
    """Page and target of each link that leads nowhere."""
    anchors = {
        page: {anchor(title) for title in re.findall(r"(?m)^#+ (.+)$", prose(text))}
        for page, text in pages.items()
    }
    for page, text in pages.items():
        links = re.sub(r"(?s)(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", prose(text))
        for target in re.findall(r"\]\(([^)\s]+)\)", links):
            if re.match(r"https?:", target):
                continue
            name, _, fragment = target.partition("#")
            path = ((PROJECT / page).parent / name).resolve() if name else PROJECT / page
            known = anchors.get(str(path.relative_to(PROJECT)), set())
            if not path.exists() or (fragment and fragment not in known):
                yield page, target


def test_every_link_leads_somewhere():
    assert list(broken_links(TEXTS)) == []


@pytest.mark.parametrize("target", ["#nowhere", "none.md", "docs/runbook.md#nowhere", "x/y"])
def test_a_dead_link_is_found(target):
    pages = TEXTS | {"README.md": f"{TEXTS['README.md']}\n[a]({target})"}
    assert list(broken_links(pages)) == [("README.md", target)]


@pytest.mark.parametrize("page", TEXTS)
def test_every_command_parses(page):
    found = [(words, problem(words)) for words in commands(TEXTS[page])]
    assert [one for one in found if one[1]] == []


def test_the_commands_are_found():
    """Of each tool some, so that a page's layout cannot hide them all."""
    found = [words for text in TEXTS.values() for words in commands(text)]
    for name, least in (("generate.py", 10), ("make", 5), ("aws", 10)):
        assert sum(name in words[:3] for words in found) >= least, name


@pytest.mark.parametrize(
    "line",
    [
        "python generate.py diff",
        "python generate.py render --outptu x",
        "make tempalte",
        "make deploy STAKC=x",
        "aws rds describe-clusters",
        "AWS_MAX_ATTEMPTS=1 aws lambda invoke --function x",
        "x=$(aws sts get-caller-identity --qeury Account)",
        "aws dynamodb wait table-there --table-name x",
        "  aws dynamodb delete-table --table x",
    ],
)
def test_a_command_that_does_not_parse_is_found(line):
    (words,) = commands(f"```sh\n{line}\n```\n")
    assert problem(words)


PATH = re.compile(r"(?<!`)`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|yaml|cfg|toml))`")
# What a reader makes, names for himself, or is made by a command.
MADE = re.compile(
    r"build/|\.venv|.*(NAME|VERSION)|drtemplate\.toml|config\.json|(templates/)?staging"
)


def missing_paths(page, text):
    """The paths that a page names in code and that are not there, from the root or from its modules."""
    roots = [PROJECT, PROJECT / "drtemplate", (PROJECT / page).parent]
    for path in PATH.findall(re.sub(r"\[`[^`]+`\]\(", "", prose(text))):
        if not MADE.match(path) and not any((root / path).exists() for root in roots):
            yield path


@pytest.mark.parametrize("page", TEXTS)
def test_every_path_that_is_named_is_there(page):
    assert list(missing_paths(page, TEXTS[page])) == []


def test_a_path_that_is_not_there_is_found():
    text = (
        "`tests/none.py` `groups/none.py` `groups/dns.py` `setup.cfg` `none.cfg` `a/b` `build/x/`"
    )
    assert list(missing_paths("README.md", text)) == [
        "tests/none.py", "groups/none.py", "none.cfg", "a/b",
    ]  # fmt: skip
