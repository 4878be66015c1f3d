import ast
import io
import tokenize
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drtemplate.checks.handlers import check_handler, same_tree
from drtemplate.errors import HandlerError
from drtemplate.rendering import inline
from drtemplate.settings import PROJECT, Settings
from drtemplate.stack import build

PROPERTY = settings(max_examples=100, deadline=None, derandomize=True, database=None)
HANDLER = "def handler(event, context):\n    return event\n"
NARROW = "def handler(event,context): return event\n"


class DocstringFree(ast.NodeTransformer):
    def generic_visit(self, node):
        super().generic_visit(node)
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            return node
        match node.body:
            case [ast.Expr(value=ast.Constant(value=str())), *rest]:
                node.body = rest or ([] if isinstance(node, ast.Module) else [ast.Pass()])
        return node


def inline_code(path):
    """The code as a validated render takes it: narrowed, and proven."""
    code = inline.inline_code(path)
    check_handler(path, code)
    return code


def meaning(source):
    return ast.dump(DocstringFree().visit(ast.parse(source)))


def tokens(code):
    return list(tokenize.generate_tokens(io.StringIO(code).readline))


def strings(code):
    return [token.string for token in tokens(code) if token.type == tokenize.STRING]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("handlers")


@pytest.fixture
def narrowed(folder):
    def run(source):
        path = folder / "some_handler.py"
        path.write_bytes(source.encode())
        return inline_code(path)

    return run


@pytest.fixture
def refused(folder):
    def run(source):
        path = folder / "some_handler.py"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        with pytest.raises(HandlerError) as error:
            inline_code(path)
        message = str(error.value)
        assert message.startswith(f"{path}:")
        assert "\n" not in message
        assert "None" not in message
        return message.removeprefix(f"{path}")

    return run


# Bad input


def test_a_missing_file(tmp_path):
    with pytest.raises(HandlerError, match=r"absent\.py: .*No such file") as error:
        inline_code(tmp_path / "absent.py")
    assert "\n" not in str(error.value)


def test_a_directory(tmp_path):
    with pytest.raises(HandlerError, match="irectory") as error:
        inline_code(tmp_path)
    assert str(error.value).startswith(f"{tmp_path}: ")
    assert "\n" not in str(error.value)


def test_not_utf8(refused):
    assert "UTF-8" in refused(HANDLER.encode() + b"# caf\xe9\n")


def test_utf16(refused):
    refused(HANDLER.encode("utf-16"))


@pytest.mark.parametrize(
    ("source", "line", "word"),
    [
        (HANDLER + "\tx = 1\n", 3, "tab"),
        (HANDLER + "x = 'a\tb'\n", 3, "tab"),
        ("# a\tb\n" + HANDLER, 1, "tab"),
        (HANDLER.replace("\n", "\r\n"), 1, "carriage return"),
        (HANDLER + "x = 1\r", 3, "carriage return"),
    ],
)
def test_tabs_and_carriage_returns(refused, source, line, word):
    message = refused(source)
    assert message.startswith(f":{line}: ")
    assert word in message


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (HANDLER + "def g(:\n", 3),
        (HANDLER + "x = 'a\n", 3),
        ("if True:\nx = 1\n" + HANDLER, 2),
        (HANDLER + "x = '\\N{no such name}'\n", 3),
        ("print 'a'\n" + HANDLER, 1),
    ],
)
def test_syntax_errors(refused, source, line):
    message = refused(source)
    assert message.startswith(f":{line}: ")
    assert "not valid Python" in message


def test_a_null_byte(refused):
    assert "null byte" in refused(HANDLER + "x = '\0'\n")


def test_a_byte_order_mark(refused):
    refused(b"\xef\xbb\xbf" + HANDLER.encode())


@pytest.mark.parametrize(
    ("statement", "module"),
    [
        ("import requests", "requests"),
        ("import json, requests", "requests"),
        ("import requests as json", "requests"),
        ("import aws_lambda_powertools.metrics", "aws_lambda_powertools"),
        ("from requests import get", "requests"),
        ("from requests.auth import HTTPBasicAuth", "requests.auth"),
        ("from . import helpers", "."),
        ("from .helpers import read", ".helpers"),
        ("from ..helpers import read", "..helpers"),
        ("import health_monitor", "health_monitor"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_imports_that_the_runtime_lacks(refused, statement, module, inside):
    source = f"{HANDLER}    {statement}\n" if inside else f"{statement}\n{HANDLER}"
    message = refused(source)
    assert message.startswith(f":{3 if inside else 1}: ")
    assert f"'{module}" in message


@pytest.mark.parametrize(
    "statement",
    [
        "import boto3",
        "import botocore.exceptions",
        "from botocore.config import Config",
        "import json, os.path",
        "from concurrent.futures import ThreadPoolExecutor",
        "from __future__ import annotations",
    ],
)
def test_imports_that_the_runtime_has(narrowed, statement):
    assert narrowed(f"{statement}\n{HANDLER}") == statement.replace(", ", ",") + f"\n{NARROW}"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x = 1\n",
        "def main(event, context):\n    return 1\n",
        "class A:\n    def handler(self):\n        return 1\n",
        "async " + HANDLER,
        "# def handler(event, context):\n",
    ],
)
def test_no_handler(refused, source):
    assert "handler" in refused(source)


@pytest.mark.parametrize(
    "source",
    [
        "def handler(event, context):\n  return event\n",
        HANDLER + "if True:\n   x = 1\n",
        HANDLER + "if True:\n  if True:\n    x = 1\n",
    ],
)
def test_other_indentation_is_kept_in_meaning_or_refused(folder, source):
    assert_same_program_or_refused(folder, source)


def assert_same_program_or_refused(folder, source):
    path = folder / "unusual.py"
    path.write_bytes(source.encode())
    try:
        code = inline_code(path)
    except HandlerError as error:
        assert str(error).startswith(str(path))  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert ast.dump(ast.parse(code)) == meaning(source)


# What goes and what stays


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# a\nx = 1\n", "x=1\n"),
        ("x = 1  # a\n", "x=1\n"),
        ("x = 1 # a # b\n", "x=1\n"),
        ("if x:\n    # a\n    y = 1\n", "if x: y=1\n"),
        ("if x:\n    # a\n    y = 1\n\n    # b\n    z = 1\n", "if x: y=1;z=1\n"),
        ("x = 1\n\n\n\ny = 2\n", "x=1;y=2\n"),
        ("x = 1\n    \ny = 2\n", "x=1;y=2\n"),
        ("x = 1   \n", "x=1\n"),
        ("x = 1\n\n\n", "x=1\n"),
        ("x = 1", "x=1\n"),
        ("x = [\n    1,  # one\n\n    # two\n    2,\n]\n", "x=[1,2]\n"),
    ],
)
def test_comments_and_blank_lines_go(narrowed, before, after):
    assert narrowed(HANDLER + before) == NARROW + after


@pytest.mark.parametrize(
    "text",
    [
        "'# no comment'",
        '"a # b"',
        "'it\\'s # a'",
        "r'\\#'",
        "b'#'",
        "{'#':'#'}",
        "f'{y} # {z}'",
        "'''# a'''",
    ],
)
def test_a_hash_inside_a_string_stays(narrowed, text):
    assert narrowed(f"{HANDLER}x = {text}  # 'gone'\n") == f"{NARROW}x={text}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('def f():\n    """Doc."""\n    return 1\n', "def f(): return 1\n"),
        ('def f():\n    """Doc.\n\n    More.\n    """\n    return 1\n', "def f(): return 1\n"),
        ("def f():\n    'Doc'\n    return 1\n", "def f(): return 1\n"),
        ('def f():\n    r"""Doc"""\n', "def f(): pass\n"),
        ('def f():\n    """Doc"""  # a\n\n    return 1\n', "def f(): return 1\n"),
        ('def f():\n    # a\n    """Doc"""\n    return 1\n', "def f(): return 1\n"),
        ('def f():\n    "a" "b"\n    return 1\n', "def f(): return 1\n"),
        ('def f():\n    ("a"\n     "b")\n    return 1\n', "def f(): return 1\n"),
        ('def f():\n    """Doc"""\n    g()\n    return 1\n', "def f(): g();return 1\n"),
        ('async def f():\n    """Doc"""\n    await g()\n', "async def f(): await g()\n"),
        ('class A:\n    """Doc"""\n', "class A: pass\n"),
        ('class A:\n    """Doc"""\n\n    x = 1\n', "class A: x=1\n"),
        (
            'class A:\n    """Doc"""\n\n    def f(self):\n        """Doc"""\n',
            "class A:\n def f(self): pass\n",
        ),
        (
            'def f():\n    """Doc"""\n    def g():\n        """Doc"""\n        return 1\n    return g\n',
            "def f():\n def g(): return 1\n return g\n",
        ),
    ],
)
def test_docstrings_go(narrowed, before, after):
    assert narrowed(HANDLER + before) == NARROW + after


def test_the_docstring_of_the_module_goes(narrowed):
    assert narrowed(f'"""What it does.\n\nAnd how.\n"""\n\n{HANDLER}') == NARROW


def test_what_reads_a_docstring_is_refused(refused):
    assert refused(HANDLER + "x = handler.__doc__\n").startswith(":3: reads a docstring")


@pytest.mark.parametrize("first", ["", "#!/usr/bin/env python3\n"])
def test_an_encoding_is_refused(refused, first):
    message = refused(f"{first}# -*- coding: latin-1 -*-\n{HANDLER}")
    assert message.startswith(f":{2 if first else 1}: declares an encoding")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 'not a docstring'\n", "x='not a docstring'\n"),
        ("def f():\n    x = 1\n    'not a docstring'\n", "def f(): x=1;'not a docstring'\n"),
        ("def f():\n    f'not a docstring'\n", "def f(): f'not a docstring'\n"),
        ("def f():\n    b'not a docstring'\n", "def f(): b'not a docstring'\n"),
        ("if True:\n    'not a docstring'\n", "if True: 'not a docstring'\n"),
    ],
)
def test_other_strings_stay(narrowed, before, after):
    assert narrowed(HANDLER + before) == NARROW + after


@pytest.mark.parametrize(
    "text",
    [
        '"""a\n\n        b  c\n    # d\n"""',
        "'''\n    a\n'''",
        'f"""a\n      {event}\n  # b\n\n"""',
        'rb"""\\a\n    b"""',
        '"a \\\n      b # c"',
        '("a\\n"\n     "b")',
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_strings_of_several_lines_are_untouched(narrowed, text, depth):
    start = ["", "if True:\n    ", "if True:\n    if True:\n        "][depth]
    source = f"{HANDLER}{start}x = {text}\n{start}y = 1\n"
    code = narrowed(source)
    assert strings(code) == strings(source)
    assert ast.dump(ast.parse(code)) == meaning(source)


def test_two_strings_that_meet_on_a_line_are_untouched(narrowed):
    source = HANDLER + 'x = ["""a\n    # b""", """c\n    d"""]\ny = 2\n'
    assert strings(narrowed(source)) == strings(source)


def test_a_comment_behind_a_string_of_several_lines_goes(narrowed):
    assert narrowed(HANDLER + 'x = """a\nb"""  # c\n') == NARROW + 'x="""a\nb"""\n'


def test_blanks_behind_a_string_of_several_lines_go(narrowed):
    assert narrowed(HANDLER + 'x = """a\nb"""   \n') == NARROW + 'x="""a\nb"""\n'


def test_blanks_inside_a_string_are_kept_or_refused(folder):
    assert_same_program_or_refused(folder, HANDLER + 'x = """a   \n  b"""\n')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1 + \\\n    2\n", "x=1+\\\n 2\n"),
        ("x = f(1,\n      2,\n      3)\n", "x=f(1,2,3)\n"),
        ("if a:\n    b = 1\n    c = 2\nelse:\n    d\n", "if a: b=1;c=2\nelse: d\n"),
        ("x = 1\nif a: b\ny = 2\n", "x=1\nif a:b\ny=2\n"),
        (f"x = {'9' * 60}\ny = {'9' * 90}\n", f"x={'9' * 60};y={'9' * 90}\n"),
        (f"x = {'9' * 60}\ny = {'9' * 91}\n", f"x={'9' * 60}\ny={'9' * 91}\n"),
        ("x = (\n        1\n)\n", "x=(1)\n"),
        ("if (a and\n        b):\n    c()\n", "if (a and b): c()\n"),
        ("@a\n@b(1,  # x\n   2)\ndef f():\n    pass\n", "@a\n@b(1,2)\ndef f(): pass\n"),
        ("with a as b, \\\n        c as d:\n    pass\n", "with a as b,\\\n  c as d: pass\n"),
        (
            "try:\n    a()\nexcept E:  # x\n    b()\nfinally:\n    c()\n",
            "try: a()\nexcept E: b()\nfinally: c()\n",
        ),
        (
            "match a:\n    case 1:\n        b()\n    case _:\n        c()\n",
            "match a:\n case 1: b()\n case _: c()\n",
        ),
        (
            "async def f():\n    async with a:\n        async for b in c:\n            await b\n",
            "async def f():\n async with a:\n  async for b in c: await b\n",
        ),
    ],
)
def test_layout(narrowed, before, after):
    assert narrowed(HANDLER + before) == NARROW + after


@pytest.mark.parametrize(
    "before",
    [
        'def f(): "doc"\n',
        'class NotReady(Exception): "doc"\n',
        'async def f(): """doc"""\n',
        'if True:\n    def f(): "doc"\n',
        'class A:\n    def f(self): "doc"\n    x = 1\n',
        'def f(): "doc"; return 1\n',
        'def f():\n    "doc"; return 1\n',
        'def f():\n    "doc";\n    return 1\n',
        'def f():\n    """doc\n    more"""; x = 1\n    return x\n',
        'class A:\n    "doc"; x = 1\n',
    ],
)
def test_a_docstring_that_shares_its_line_is_dropped_or_refused(folder, before):
    assert_same_program_or_refused(folder, HANDLER + before)


def test_a_docstring_of_the_module_that_shares_its_line(folder):
    assert_same_program_or_refused(folder, f'"doc"; x = 1\n{HANDLER}')


def test_a_long_expression_is_kept_or_refused(folder):
    path = folder / "long.py"
    statement = f"x = {' + '.join(['1'] * 900)}\n"
    path.write_text(HANDLER + statement, "utf-8")
    try:
        code = inline_code(path)
    except HandlerError as error:
        assert str(error).startswith(str(path))  # noqa: PT017
    else:
        assert code == NARROW + statement.replace(" ", "")


def test_names_stay(narrowed):
    source = dedent(
        """
        import boto3  # a

        SOME_LONG_NAME = 1


        def handler(event, context):
            another_long_name = SOME_LONG_NAME  # b
            return helper(keyword=another_long_name)


        def helper(*, keyword):
            return keyword
        """
    )
    names = [token.string for token in tokens(source) if token.type == tokenize.NAME]
    assert [t.string for t in tokens(narrowed(source)) if t.type == tokenize.NAME] == names


def test_text_beyond_ascii_stays(narrowed):
    assert narrowed(HANDLER + "x = 'Zürich ☃'  # é\n") == NARROW + "x='Zürich ☃'\n"


def test_narrowing_twice_changes_nothing_that_counts(folder, narrowed):
    source = (PROJECT / "handlers" / "health_monitor.py").read_text("utf-8")
    assert narrowed(source) == narrowed(source)


# Any program


@st.composite
def blocks(draw, depth=0):
    indent = "    " * depth
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(st.lists(st.sampled_from(NOISE), max_size=2))
        lines += draw(statements(depth))
    return [line.replace("<indent>", indent) for line in lines]


NOISE = ["", "   ", "<indent># a", "# b 'c", '        # """d', "<indent>    # e"]
SIMPLE = [
    "a = 1",
    "a = 1  # b",
    "a = '# b'  # c",
    'a = "it\'s" # "',
    "a = f'{b!r:>{c}} # d'",
    'a = """b\n  # c\n\n      d"""',
    "a = f'''b\n    {c}  # d\n  '''",
    "a = f(1,  # b\n\n<indent>      c=2,\n# d\n)",
    "a = [\n<indent>    1,\n<indent>    # b\n<indent>]",
    "a = 1 + \\\n<indent>        2",
    "a = 'b' \\\n  'c # d'",
    "a = lambda b: b  # c",
    "'a string on its own'",
    "a; b  # c",
    "if a: b = 1",
    "pass",
]
COMPOUND = [
    "if a:  # b",
    "for a in b:",
    "while a:",
    "with a as b, c:",
    "with (a as b,  # c\n<indent>      d):",
    "@a  # b\n<indent>@c(\n<indent>    1)\n<indent>def f(a, *, b='#'):",
    "def f(a,  # b\n<indent>      c=1\n):",
    "async def f():",
    "class A(B):  # c",
]
DOCSTRINGS = ['"""A."""', '"""A.\n\n<indent>    # b\n<indent>"""  # c', "'A' 'b'", "('a'\n 'b')"]


@st.composite
def statements(draw, depth):
    indent = "    " * depth
    if depth > 3 or draw(st.booleans()):
        return [indent + draw(st.sampled_from(SIMPLE))]
    inner = indent + "    "
    opening = draw(st.sampled_from(COMPOUND))
    lines = [indent + opening.replace("<indent>", indent)]
    if "def " in opening or "class " in opening:
        lines += draw(st.lists(st.sampled_from(NOISE), max_size=1))
        doc = draw(st.none() | st.sampled_from(DOCSTRINGS))
        if doc is not None:
            lines.append(inner + doc)
            if draw(st.booleans()):
                return lines
    return [line.replace("<indent>", inner) for line in lines] + draw(blocks(depth + 1))


@st.composite
def programs(draw):
    start = draw(st.sampled_from(["", "# a\n", '"""Module."""\n', '"""Module.\n\n# a\n"""\n\n']))
    end = draw(st.sampled_from(["", "\n\n", "# end", "a = 1", "   "]))
    return start + "\n".join([*draw(blocks()), HANDLER, *draw(blocks())]) + "\n" + end


@given(source=programs())
@PROPERTY
def test_any_program_stays_the_same_program(folder, source):
    path = folder / "any.py"
    path.write_bytes(source.encode())
    code = inline_code(path)
    assert ast.dump(ast.parse(code)) == meaning(source)
    assert code == inline_code(path)
    assert code.endswith("\n")
    assert not code.endswith("\n\n")
    assert len(code) <= len(source) + 1
    assert not [token for token in tokens(code) if token.type == tokenize.COMMENT]


# The guard


def mutated(monkeypatch, change):
    right = inline.narrow
    monkeypatch.setattr(inline, "narrow", lambda source: change(right(source)))


PROGRAM = dedent(
    '''
    LIMIT = 5  # seconds
    NAMES = ["a", "b"]


    def handler(event, context):
        """Doc."""
        if event and LIMIT > 3:
            print("text")
        return NAMES


    def helper(event, depth=1.0):
        return handler(event, depth)
    '''
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT=5;", ""),
        (' print("text")\n', " pass\n"),
        ("LIMIT=5", "LIMIT=6"),
        ("LIMIT=5", "LIMIT=5.0"),
        ("depth=1.0", "depth=True"),
        ('"text"', '"text "'),
        ('"text"', 'b"text"'),
        ('"text"', 'f"text"'),
        (">3", ">=3"),
        ("event and", "event or"),
        ("\n return NAMES\n", " return NAMES\n"),
        (" return NAMES\n", "  return NAMES\n"),
        (': print("text")\n', ': print("text"); return NAMES\n'),
        ('print("text")\n return NAMES', 'print("text")\nreturn NAMES'),
        ("return NAMES", "return names"),
        ("def handler", "async def handler"),
        ("depth=1.0", "*, depth=1.0"),
        ('["a","b"]', '["b","a"]'),
        ('["a","b"]', '["a" "b"]'),
        ('["a","b"]', '("a","b")'),
        ("handler(event,depth)", "handler(depth,event)"),
        ("handler(event,depth)", "handler(event,context=depth)"),
        ("def helper", "x = 1\ndef helper"),
    ],
)
def test_a_wrong_narrowing_is_caught(monkeypatch, refused, narrowed, old, new):
    assert old in narrowed(PROGRAM)
    mutated(monkeypatch, lambda code: code.replace(old, new, 1))
    assert "change the program" in refused(PROGRAM)


def test_each_dropped_line_is_caught(monkeypatch, narrowed, refused):
    for number in range(len(narrowed(PROGRAM).splitlines())):
        with monkeypatch.context() as patch:
            mutated(
                patch,
                lambda code, skip=number: "".join(
                    line for at, line in enumerate(code.splitlines(keepends=True)) if at != skip
                ),
            )
            refused(PROGRAM)


@pytest.mark.parametrize("wrong", ["def handler(:\n", "x = 'a\n", "  x = 1\n", "\0"])
def test_a_narrowing_that_is_no_python_is_caught(monkeypatch, refused, wrong):
    mutated(monkeypatch, lambda code: code + wrong)
    refused(PROGRAM)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("x = 1", "x  =  1", True),
        ("x = 'a'", 'x = "a"', True),
        ("x = (1)", "x = 1", True),
        ("if a:\n    b", "if a: b", True),
        ("x = 1", "x = 2", False),
        ("x = 1", "x = True", False),
        ("x = 1", "x = 1.0", False),
        ("x = 'a'", "x = b'a'", False),
        ("x = 1", "y = 1", False),
        ("x", "x; y", False),
        ("a + b", "a - b", False),
        ("f(a)", "f(b=a)", False),
        ("f(*a)", "f(**a)", False),
        ("def f(): pass", "async def f(): pass", False),
        ("x: int = 1", "x = 1", False),
        ("return_ = None", "return_ = 0", False),
        ("(a,)", "[a]", False),
        ("f'{a}'", "f'{a!r}'", False),
    ],
)
def test_same_tree(left, right, same):
    assert same_tree(ast.parse(left), ast.parse(right)) is same
    assert same_tree(ast.parse(right), ast.parse(left)) is same


# The real handlers

HANDLERS = ["failover_orchestrator.py", "health_monitor.py"]
each_handler = pytest.mark.parametrize("path", [PROJECT / "handlers" / name for name in HANDLERS])


def test_both_handlers_are_known():
    assert sorted(path.name for path in (PROJECT / "handlers").glob("*.py")) == HANDLERS


@each_handler
def test_a_handler_stays_the_same_program(path):
    assert ast.dump(ast.parse(inline_code(path))) == meaning(path.read_text("utf-8"))


@each_handler
def test_a_handler_is_narrowed(path):
    code = inline_code(path)
    assert code == inline_code(path)
    assert len(code) < len(path.read_text("utf-8"))
    assert code.endswith("\n")
    assert not code.endswith("\n\n")
    assert not [token for token in tokens(code) if token.type == tokenize.COMMENT]


@each_handler
def test_a_handler_can_be_a_literal_block(path):
    code = inline_code(path)
    assert code.isascii() is path.read_text("utf-8").isascii()
    assert "\t" not in code
    assert [line for line in code.split("\n")[:-1] if line != line.rstrip() or not line] == []


@each_handler
def test_the_strings_of_a_handler_are_kept(path):
    kept = strings(inline_code(path))
    tree = ast.parse(path.read_text("utf-8"))
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docstrings = [
        node
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    ]
    assert len(kept) == len(strings(path.read_text("utf-8"))) - len(docstrings)


def test_the_template_holds_the_handlers():
    resources = build(Settings()).to_dict()["Resources"].values()
    code = {
        resource["Properties"]["Code"]["ZipFile"]
        for resource in resources
        if resource["Type"] == "AWS::Lambda::Function"
    }
    assert code == {inline_code(PROJECT / "handlers" / name) for name in HANDLERS}
