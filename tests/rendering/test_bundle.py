"""The modules of a folder as one file: the same statements in order, and nothing that would mean another thing."""

import ast
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drtemplate.errors import HandlerError
from drtemplate.groups.handlers import HANDLERS
from drtemplate.rendering.inline import inline_code, modules_of
from drtemplate.settings import PROJECT, Settings
from drtemplate.topologies.one_region import build

# Not in the order of their names, and one that two others need.
SAMPLE = {
    "__init__": '"""A package."""\n',
    "entry": '''"""Where it begins."""

import json

import boto3

from .words import (
    shout,  # a comment of the import's own
)
from .state import BOTH
from .clock import Stamp

# What is told.
WORD = "é"


def handler(event, _context):
    """Answer."""
    return json.dumps([shout(WORD), BOTH, Stamp(1).seconds, boto3.__name__])
''',
    "words": '''"""Words."""

from .state import read

import json


def shout(text):
    return json.dumps(text.upper()) + read()
''',
    "clock": '"""Time."""\n\nfrom .state import BOTH\n\n\nclass Stamp:\n    def __init__(self, by):\n'
    "        self.seconds = by * BOTH\n",
    "state": 'BOTH = 2  # plain\n\n\ndef read():\n    text = """\n\n\nfrom .nothing import x\n"""\n'
    "    return text",
    "unused": "import json\n\nBOTH = json\n",
}


@pytest.fixture
def package(tmp_path):
    """Write a folder, the modules in place of the sample's or beside them; gives its entry."""

    def made(**modules):
        folder = tmp_path / "any name"
        folder.mkdir(exist_ok=True)
        for name, text in (SAMPLE | modules).items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
        return folder / "entry.py"

    return made


def statements(text):
    return [ast.dump(node) for node in ast.parse(text).body]


def own(text):
    """The statements without relative imports."""
    found = ast.parse(text).body
    return [ast.dump(one) for one in found if not (isinstance(one, ast.ImportFrom) and one.level)]


def test_the_bundle_to_the_byte(package):
    # Blank lines go with an import that other blank lines follow.
    parts = {
        "state": SAMPLE["state"] + "\n",
        "words": SAMPLE["words"].replace("\nfrom .state import read\n", ""),
        "clock": SAMPLE["clock"].replace("\nfrom .state import BOTH\n", ""),
        "entry": re.sub(
            r"\nfrom \.words.*?\.clock import Stamp\n", "", SAMPLE["entry"], flags=re.S
        ),
    }
    banners = {name: f"{f'# ---- handlers/{name}.py ':-<98}" for name in parts}
    wanted = "\n\n".join(f"{banners[name]}\n{text}" for name, text in parts.items())
    assert inline_code(package()) == wanted
    assert inline_code(package()) == wanted


def test_the_bundle_runs(package):
    scope = {"__name__": "index"}
    exec(compile(inline_code(package()), "index.py", "exec", dont_inherit=True), scope)
    answer = scope["handler"]({}, None)
    assert answer.endswith(', 2, 2, "boto3"]')


@pytest.mark.parametrize("name", HANDLERS.values())
def test_the_template_holds_the_statements_of_the_modules_in_their_order(name):
    entry = PROJECT / "handlers" / name
    resources = build(Settings()).to_dict()["Resources"]
    code = {
        resource["Properties"]["Code"]["ZipFile"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    assert inline_code(entry) in code
    of_modules = [own(module.source) for module in modules_of(entry)]
    assert statements(inline_code(entry)) == list(itertools.chain(*of_modules))


def test_every_module_of_the_project_is_reached():
    folder = PROJECT / "handlers"
    reached = {one.path for name in HANDLERS.values() for one in modules_of(folder / name)}
    assert reached == set(folder.glob("*.py")) - {folder / "__init__.py"}


PIECES = st.sampled_from(
    ["", "", "# a", "import json", "import os", "from .b import y", "from .a import (\n    x,\n)"]
)


@given(
    head=st.lists(PIECES, max_size=12), rest=st.sampled_from(["", "\n\nZ = 1\n", "Z = '''\n\n'''"])
)
def test_only_imports_of_neighbours_and_blank_lines_are_left_out(tmp_path_factory, head, rest):
    folder = tmp_path_factory.mktemp("folder")
    modules = {
        "a": "x = 1\n",
        "b": "y = 1\n",
        "entry": "\n".join([*head, rest, "def handler(event, context): ...", ""]),
    }
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    entry = folder / "entry.py"
    order = [module.name for module in modules_of(entry)]
    code = inline_code(entry)
    assert statements(code) == [one for name in order for one in own(modules[name])]
    of_entry = code.split("# ---- handlers/entry.py")[1].partition("\n")[2]
    kept = re.sub(r"from \.a import \(\n    x,\n\)|from \.b import y", "", modules["entry"])
    assert of_entry.split() == kept.split()
    # None of the gaps is wider than it was.
    assert max(map(len, re.findall("\n+", of_entry))) <= max(map(len, re.findall("\n+", kept)))


# Refusals.

HANDLER = "def handler(event, context): ...\n"
ENTRY = f"from .state import read\n\n\n{HANDLER}"


def refused(entry):
    with pytest.raises(HandlerError) as caught:
        inline_code(entry)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{entry.parent}/")


ONLY = "modules import one another by 'from .name import a, b' alone, at their head"


@pytest.mark.parametrize(
    ("statement", "trouble"),
    [
        ("from ..state import read", "imports from above the folder"),
        ("from . import state", "imports a module as a whole"),
        ("from .state.more import read", "imports from a folder within the folder"),
        ("from .state import *", "imports *"),
        ("from .state import read as look", "imports 'read' under another name"),
        ("if True:\n from .state import read", "imports a neighbour behind or within other"),
        ("try:\n from .state import read\nfinally: ...", "imports a neighbour behind or within"),
        ("def f():\n from .state import read", "imports a neighbour behind or within other"),
        ("class A:\n from .state import read", "imports a neighbour behind or within other"),
        ("A = 1\nfrom .state import read", "imports a neighbour behind or within other"),
        ("from .state import read; A = 1", "imports on a line with another statement"),
        ("import json; from .state import read", "imports on a line with another statement"),
        ("'''a\n'''; from .state import read", "imports on a line with another statement"),
    ],
)
def test_imports_of_another_form(package, statement, trouble):
    line = next(n for n, text in enumerate(statement.split("\n"), 1) if "from ." in text)
    message = refused(package(entry=f"{statement}\n{HANDLER}"))
    assert message.startswith(f"entry.py:{line}: {trouble}")
    assert message.endswith(ONLY)


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        # What an import does not find.
        (
            {"entry": f"import json\nfrom .nothing import x\n{HANDLER}"},
            "entry.py:2: imports from 'nothing'; there is no nothing.py",
        ),
        (
            {"entry": f"from .state import x\n{HANDLER}"},
            "entry.py:1: imports 'x' from 'state', which does not define it; "
            "import it from the module that does",
        ),
        (
            {"entry": f"from .clock import BOTH\n{HANDLER}"},
            "entry.py:1: imports 'BOTH' from 'clock', which does not define it; "
            "import it from the module that does",
        ),
        (
            {"state": "from .words import shout\n", "entry": ENTRY},
            "words.py:3: a circle of imports: state -> words -> state; "
            "move what both need to a module below",
        ),
        (
            {"entry": f"from .entry import x\n{HANDLER}"},
            "entry.py:1: a circle of imports: entry -> entry; move what both need to a module below",
        ),
        (
            {"entry": "from .state import read\n"},
            "entry.py: no function 'handler'; Lambda calls index.handler",
        ),
        # What the runtime lacks, or what would be another thing in the middle of a file.
        (
            {"state": "\nimport handlers.clock\n"},
            "state.py:2: imports 'handlers.clock', which the Lambda runtime lacks; use the standard "
            "library and boto3, and 'from .name import a, b' for a neighbour",
        ),
        (
            {"state": "from __future__ import annotations\n"},
            "state.py:1: imports from __future__, which would change its neighbours too; "
            "leave it out, and quote an annotation that looks ahead",
        ),
        ({"state": "from os import *\n"}, "state.py:1: imports *; name what is used"),
        (
            {"__init__": '"""A package."""\n\nimport os\n'},
            "__init__.py:3: no bundle runs this; leave a docstring alone in it",
        ),
        ({"state": "A = 1\nreturn A\n"}, "state.py:2: not valid Python: 'return' outside function"),
        ({"state": "A = 1\nB = '\t'\n"}, "state.py:2: holds a tab, which no literal block of YAML"),
    ],
)
def test_a_module_that_no_bundle_takes(package, modules, message):
    assert refused(package(**modules)).startswith(message)


OTHER = "uses {!r}, which a bundle has otherwise; do without"
NOWHERE = "uses {!r}, which it neither defines nor imports"


@pytest.mark.parametrize(
    ("state", "line", "trouble"),
    [
        ("def f():\n    return __name__", 2, OTHER.format("__name__")),
        ("\nA = __file__", 2, OTHER.format("__file__")),
        ("__all__ = ['read']", 1, OTHER.format("__all__")),
        ("def f():\n    return globals()", 2, OTHER.format("globals")),
        ("A = eval('1')", 1, OTHER.format("eval")),
        ("exec('A = 1')", 1, OTHER.format("exec")),
        ("def f(now):\n    return now\n\n\ndef g():\n    return now", 6, NOWHERE.format("now")),
        # Its neighbour has it, and in the bundle it would be found.
        ("class A:\n    def f(self):\n        return Stamp", 3, NOWHERE.format("Stamp")),
    ],
)
def test_a_name_that_comes_from_elsewhere(package, state, line, trouble):
    text = f"{state}\n\n\nBOTH = 2\n\n\ndef read(): ...\n"
    assert refused(package(state=text)) == f"state.py:{line}: {trouble}"


@pytest.mark.parametrize(
    "binding",
    [
        "def f(): ...",
        "async def f(): ...",
        "class f: ...",
        "f = 1",
        "a, (f, *b) = 1, (2, 3)",
        "f: int = 1",
        "for f in (): ...",
        "with open('x') as f: ...",
        "try: ...\nexcept OSError as f: ...",
        "import json as f",
        "import json\nf = json",
        "if True:\n    f = 1",
        "[f := 1 for _ in 'a']",
        "match 1:\n    case {'a': f}: ...",
        "match 1:\n    case {**f}: ...",
        "def g():\n    global f\n    f = 1",
        "def g():\n    global f\n    import f.x",
        "f = 1\ndel f",
    ],
)
def test_a_clash_of_names(package, binding):
    binding = binding.replace("import f.x", "import os as f")
    line = 1 + next(n for n, text in enumerate(binding.split("\n")) if re.search(r"\bf\b", text))
    words = f"{binding}\n\n\ndef shout(): ...\n"
    state = "def f(): ...\n\n\nBOTH = 1\n"
    first = f"from .words import shout\nfrom .state import BOTH\n{HANDLER}"
    message = refused(package(entry=first, words=words, state=state))
    assert message == f"words.py:{line}: binds 'f', as state.py does; rename one"


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ("import json", "import json", False),
        ("import os.path", "import os", False),
        ("import os.path as os", "import os", True),
        ("from time import time", "from time import time", False),
        ("from time import time", "import time", True),
        ("from time import time as now", "from time import monotonic as now", True),
        ("import json", "if True:\n    import json", False),
        ("import json", "try:\n    import json\nexcept ImportError:\n    json = None", True),
        ("import json", "def f():\n    import json\n    return json", False),
        ("import json", "def f():\n    global json\n    json = 1", True),
    ],
)
def test_the_same_import_is_no_clash(package, one, other, clash):
    entry = package(
        entry=f"from .words import shout\nfrom .state import BOTH\n{HANDLER}",
        words=f"{one}\n\n\ndef shout(): ...\n",
        state=f"{other}\n\n\nBOTH = 1\n",
    )
    if clash:
        assert re.match(r"words\.py:1: binds '\w+', as state\.py does; rename one", refused(entry))
    else:
        inline_code(entry)


@pytest.mark.parametrize(
    "reads",
    [
        "def f():\n    return open('x')",
        "A = open",
        "class A:\n    first = open\n    open = first",
    ],
)
def test_a_built_in_that_a_neighbour_hides(package, reads):
    entry = package(
        entry=f"from .words import open\nfrom .state import BOTH\n{HANDLER}",
        words="A1 = 1\n\n\ndef open(): ...\n",
        state=f"{reads}\n\n\nBOTH = 1\n",
    )
    wanted = "words.py:4: binds 'open', and state.py uses the built-in of this name; rename it"
    assert refused(entry) == wanted


def test_a_name_that_changes_behind_its_importer_s_back(package):
    state = "BOTH = 1\n\n\ndef read():\n    global BOTH\n    BOTH = 2\n"
    entry = package(state=state, entry=f"from .clock import Stamp\n{HANDLER}")
    message = refused(entry)
    assert message.startswith("state.py:5: changes 'BOTH' by 'global', which clock.py imports")


@pytest.mark.parametrize(
    "rebinds",
    ["BOTH = 2", "def BOTH(): ...", "def f():\n    global BOTH\n    BOTH = 2", "import os as BOTH"],
)
def test_an_imported_name_that_is_bound_again(package, rebinds):
    entry = package(clock=f"from .state import BOTH\n\n{rebinds}\n\n\nclass Stamp: ...\n")
    line = 3 + rebinds.split("\n")[0].count("f()")
    wanted = f"clock.py:{line}: binds 'BOTH', which it imports from a neighbour; rename one"
    assert refused(entry) == wanted
