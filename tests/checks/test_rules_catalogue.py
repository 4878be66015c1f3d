"""Every rule is loaded through ``.cfnlintrc``, is documented, and finds its example where it stands."""

import ast
import copy
import importlib
import inspect
import itertools
import json
import pkgutil
import re
import subprocess
import sys

import pytest
import yaml

from drtemplate.checks import rules as package
from drtemplate.checks.catalogue import as_markdown, load_rules
from drtemplate.checks.rules.rule import TemplateRule
from drtemplate.rendering.yaml import to_yaml
from drtemplate.settings import PROJECT, Settings
from drtemplate.topologies.one_region import build

MODULES = [
    importlib.import_module(f"{package.__name__}.{one.name}")
    for one in pkgutil.iter_modules(package.__path__)
]
ALLOWED = ("cfnlint", "drtemplate.cloudformation", package.__name__)
RULES = load_rules()
IDS = [rule.id for rule in RULES]


def steps(path):
    return path.split(".")


def put(template, path, value):
    *parents, last = steps(path)
    node = template
    for step in parents:
        node = node[step]
    node[last] = value


def test_every_rule_is_loaded_through_the_configuration():
    classes = {
        one
        for module in MODULES
        for _, one in inspect.getmembers(module, inspect.isclass)
        if issubclass(one, TemplateRule) and one is not TemplateRule
    }
    assert {type(rule) for rule in RULES} == classes
    assert len(RULES) == len(classes) >= 28


def test_the_page_lists_the_rules_as_they_are():
    assert (PROJECT / "docs" / "rules.md").read_text() == as_markdown(RULES), (
        "run `generate.py docs rules`"
    )


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_says_what_it_finds_why_and_where_aws_says_so(rule):
    assert re.fullmatch(r"[EW]9[1-9]\d\d", rule.id)
    assert rule.shortdesc
    assert rule.description.endswith(".")
    assert rule.source_url.startswith("https://docs.aws.amazon.com/")
    assert rule.tags


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_rules_import_nothing_of_the_generator(module):
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        for name in names:
            assert name.startswith(ALLOWED) or name.partition(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_finds_its_example(find, template, rule):
    broken = copy.deepcopy(template)
    put(broken, *rule.example)
    assert rule.id in {one for one, _ in find(broken)}


@pytest.fixture(scope="module")
def hooked(tmp_path_factory):
    """What the pre-commit hook's command says of the examples: exit code, matches, lines by file.

    As few templates as can be, with no resource changed twice in one: a run takes a second each.
    """
    folder = tmp_path_factory.mktemp("examples")
    left, lines = list(RULES), {}
    for number in itertools.count():
        if not left:
            break
        stack, touched = build(Settings()), set()
        template = copy.deepcopy(stack.to_dict())
        for rule in list(left):
            place = tuple(steps(rule.example[0])[:2])
            if place not in touched:
                touched.add(place)
                put(template, *rule.example)
                left.remove(rule)
        text = to_yaml(template, stack.banners)
        path = folder / f"{number}.yaml"
        path.write_text(text)
        lines[str(path)] = text.splitlines()
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    (entry,) = [hook["entry"] for hook in hooks if hook["id"] == "cfn-lint"]
    ran = subprocess.run(
        [*entry.split(), "--format", "json", *lines],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, json.loads(ran.stdout), lines


def test_the_hook_fails(hooked):
    errors, warnings = 2, 4
    assert hooked[0] == errors | warnings


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_the_hook_finds_the_example_at_its_line(hooked, rule):
    _, matches, lines = hooked
    found = [one for one in matches if one["Rule"]["Id"] == rule.id]
    assert found
    for one in found:
        text, path = lines[one["Filename"]], one["Location"]["Path"]
        number = one["Location"]["Start"]["LineNumber"]
        key = re.match(r"[ -]*([\w:]+):", text[number - 1])[1]
        # The last step that is there: a missing property is told where it should stand.
        assert key in path[-2:]
        if path[0] == "Resources":
            above = [line for line in text[:number] if re.match(r"  \w+:", line)]
            assert above[-1].strip(" :") == path[1]


def test_no_rule_fails_in_the_hook(hooked):
    assert [one["Message"] for one in hooked[1] if one["Rule"]["Id"] == "E0002"] == []
