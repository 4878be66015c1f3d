"""Handlers become inline code: the same program in fewer bytes.

Comments, docstrings and blank lines go, and blanks around operators; the indentation shrinks to one
space a level, and what is continued is joined. Names stay. The syntax trees before and after are
compared: what Lambda runs is what ``handlers/`` says.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from drtemplate.errors import HandlerError

# Lambda's Python runtimes bring boto3 and botocore and nothing else beside the standard library.
# https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
RUNTIME_PACKAGES = frozenset({"boto3", "botocore"})
ENTRY_POINT = "handler"
INDENT = 4
WIDTH = 140
# Enough of Python's lexical rules: a string in one quote inside another of the same, which f-strings
# allow from 3.12 on, would fail the comparison of the trees, not pass unseen.
_STRING_OR_COMMENT = re.compile(
    r'''("""|\'\'\')(?:\\.|(?!\1).)*\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#[^\n]*''', re.DOTALL
)
_BLANKS = re.compile(r" ?([-+*/%|&]?=|[=!<>]=|[=<>+*|]|[,:](?= )) ?")
_COMPOUND = re.compile(r"(async|class|def|for|if|match|try|while|with|@)\b|@")
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def inline_code(path: Path) -> str:
    """Read a handler and return the text for ``Code.ZipFile``.

    Raises:
        HandlerError: the file is missing or unreadable, is no Python, holds a tab or a line end
            other than LF, imports what the runtime lacks, or has no ``handler``.
    """
    source = _read(path)
    tree = _parse(path, source)
    _check(path, tree)
    code = narrow(source, tree)
    if not _parses_to(without_docstrings(tree), code):
        raise HandlerError(
            f"{path}: narrowing would change the program; lay the code out more simply"
        )
    for line in code.split("\n"):
        if line != line.rstrip():
            raise HandlerError(
                f"{path}: a string ends the line {line.strip()!r} with a blank, "
                "which no literal block of YAML keeps readable; write it as \\x20"
            )
    return code


def _parses_to(tree: ast.Module, code: str) -> bool:
    try:
        return same_tree(tree, ast.parse(code))
    except SyntaxError:
        return False


def _read(path: Path) -> str:
    try:
        source = path.read_bytes().decode("utf-8")
    except OSError as exc:
        raise HandlerError(f"{path}: cannot read the handler: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise HandlerError(f"{path}: the handler is not UTF-8; save it as UTF-8") from exc
    for line, text in enumerate(source.split("\n"), 1):
        for character, name in (("\t", "a tab"), ("\r", "a carriage return")):
            if character in text:
                raise HandlerError(f"{path}:{line}: {name}; use spaces and LF line ends")
    return source


def _parse(path: Path, source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as exc:
        line = f":{exc.lineno}" if exc.lineno else ""
        raise HandlerError(f"{path}{line}: not valid Python: {exc.msg}") from exc
    except ValueError as exc:
        raise HandlerError(f"{path}: not valid Python: {exc}") from exc


def _check(path: Path, tree: ast.Module) -> None:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = ["." * node.level + (node.module or "")]
        else:
            continue
        for module in modules:
            package = module.partition(".")[0]
            if package not in RUNTIME_PACKAGES and package not in sys.stdlib_module_names:
                raise HandlerError(
                    f"{path}:{node.lineno}: imports {module!r}, which the Lambda runtime lacks; "
                    "use the standard library and boto3"
                )
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    if ENTRY_POINT not in names:
        raise HandlerError(f"{path}: no function {ENTRY_POINT!r}; Lambda calls index.{ENTRY_POINT}")


def narrow(source: str, tree: ast.Module) -> str:
    """The source without comments, docstrings and blank lines, one space per level.

    What lies inside a string that spans lines stays as it is: its blanks are data.
    """
    source = _cut_docstrings(source, tree)
    comments, inside_string = _comments_and_strings(source)
    kept: list[str] = []
    depth = base = 0  # brackets that are open, and the level of the line that opened the first
    for number, line in enumerate(source.split("\n"), 1):
        text = line[: comments.get(number)]
        ends_inside = number + 1 in inside_string
        if not ends_inside:
            text = text.rstrip()
        if number in inside_string:
            kept.append(text)
        elif code := text.lstrip(" "):
            level = (len(text) - len(code)) // INDENT
            base = base if depth else level
            code = code if ends_inside else _squeezed(code)
            if depth and not ends_inside and number - 1 not in inside_string:
                _join(kept, code, base + 1)
            else:
                kept.append(" " * level + code)
        depth += _opened(text)
    if not inside_string:
        kept = _with_suites(kept)
    return "\n".join(kept) + "\n"


def _join(lines: list[str], code: str, level: int) -> None:
    """Add a line that continues a bracket to the last one, as far as the width allows."""
    last = lines[-1]
    if code[0] in ")]}" and len(last) + len(code) <= WIDTH:
        lines[-1] = last.removesuffix(",") + code
        return
    glue = "" if last[-1] in "([{,:=" else " "
    if len(last) + len(glue) + len(code) <= WIDTH:
        lines[-1] = last + glue + code
    else:
        lines.append(" " * level + code)


def _squeezed(line: str) -> str:
    """Without the blanks around operators and behind commas and colons, strings excepted."""
    end, parts = 0, []
    for match in _STRING_OR_COMMENT.finditer(line):
        parts += [_BLANKS.sub(r"\1", line[end : match.start()]), match[0]]
        end = match.end()
    return "".join([*parts, _BLANKS.sub(r"\1", line[end:])])


def _with_suites(lines: list[str]) -> list[str]:
    """A body of one simple statement goes behind its colon."""
    levels = [len(line) - len(line.lstrip(" ")) for line in lines] + [0]
    kept: list[str] = []
    for number, line in enumerate(lines):
        head = kept[-1] if kept else ""
        alone = levels[number + 1] < levels[number] and levels[number - 1] == levels[number] - 1
        body = line.lstrip(" ")
        fits = len(head) + 1 + len(body) <= WIDTH and "\\" not in (head[-1:], body[-1:])
        if alone and fits and head.endswith(":") and not _COMPOUND.match(body) and number:
            kept[-1] = f"{head} {body}"
        else:
            kept.append(line)
    return kept


def _opened(code: str) -> int:
    """Brackets that the line opens, less those that it closes."""
    bare = _STRING_OR_COMMENT.sub("", code)
    return sum(map(bare.count, "([{")) - sum(map(bare.count, ")]}"))


def _cut_docstrings(source: str, tree: ast.Module) -> str:
    """Leave docstrings out; where a body had nothing else, ``pass`` takes the place."""
    lines = [line.encode() for line in source.split("\n")]  # columns of the tree count bytes
    for node in reversed(_documented(tree)):
        docstring = node.body[0]
        first, last = docstring.lineno - 1, (docstring.end_lineno or docstring.lineno) - 1
        before = lines[first][: docstring.col_offset]
        after = lines[last][docstring.end_col_offset :].lstrip(b" ;")
        alone = len(node.body) == 1 and not isinstance(node, ast.Module)
        # Blank lines in its place keep the numbers of all others.
        lines[first] = before + (b"pass " if alone else b"") + after
        lines[first + 1 : last + 1] = [b""] * (last - first)
    return b"\n".join(lines).decode()


def _documented(tree: ast.Module) -> list[Documented]:
    """The module, classes and functions that have a docstring."""
    return [
        node
        for node in [tree, *_statements(tree)]
        if isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None
    ]


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below that holds statements or is one; expressions hold none."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        for child in getattr(node, name, ()):
            yield child
            yield from _statements(child)


def _comments_and_strings(source: str) -> tuple[dict[int, int], set[int]]:
    """Column at which each line's comment begins; lines that begin within a string."""
    ends: dict[int, int] = {}
    inside: set[int] = set()
    number, start = 1, 0
    for match in _STRING_OR_COMMENT.finditer(source):
        number += source.count("\n", start, match.start())
        start = match.start()
        line = source.rfind("\n", 0, start) + 1
        if match[0].startswith("#"):
            ends[number] = start - line
        else:
            inside.update(range(number + 1, number + 1 + match[0].count("\n")))
    return ends, inside


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The tree as it must look after narrowing; changes it in place."""
    for node in _documented(tree):
        node.body[:1] = [] if len(node.body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]
    return tree


def same_tree(left: ast.AST, right: ast.AST) -> bool:
    """Whether two syntax trees are equal but for positions."""
    pairs: list[tuple[object, object]] = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, ast.AST):
            pairs += [
                (getattr(one, name, None), getattr(other, name, None)) for name in one._fields
            ]
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pairs += zip(one, other, strict=True)
        elif one != other:
            return False
    return True
