"""Handlers become inline code: the same program in fewer bytes.

Comments, docstrings and blank lines go, the indentation shrinks to one space a level, and the
syntax trees before and after are compared: what Lambda runs is what ``handlers/`` says.
"""

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from drtemplate.errors import HandlerError

# Lambda's Python runtimes bring boto3 and botocore and nothing else beside the standard library.
# https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
RUNTIME_PACKAGES = frozenset({"boto3", "botocore"})
ENTRY_POINT = "handler"
INDENT = 4
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
    if not same_tree(without_docstrings(tree), ast.parse(code)):
        raise HandlerError(
            f"{path}: narrowing would change the program; lay the code out more simply"
        )
    return code


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
        raise HandlerError(f"{path}:{exc.lineno}: not valid Python: {exc.msg}") from exc
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

    A line inside a string that spans lines stays as it is: its blanks are data.
    """
    lines = source.split("\n")
    ends, inside_string = _comments_and_strings(source)
    docstrings = {node.lineno: node for node in _docstrings(tree)}
    kept: list[str] = []
    number = 1
    while number <= len(lines):
        if (docstring := docstrings.get(number)) is not None:
            if docstring.replacement:
                kept.append(" " * (docstring.column // INDENT) + docstring.replacement)
            number = docstring.end_lineno + 1
            continue
        line = lines[number - 1]
        if number in inside_string:
            kept.append(line)
        elif text := line[: ends.get(number)].strip():
            depth = len(line) - len(line.lstrip(" "))
            kept.append(" " * (depth // INDENT) + text)
        number += 1
    return "\n".join(kept) + "\n"


class _Docstring:
    """Where a docstring stands, and the ``pass`` that must replace it if its body is empty else."""

    __slots__ = ("column", "end_lineno", "lineno", "replacement")

    def __init__(self, statement: ast.stmt, alone: bool) -> None:
        self.lineno = statement.lineno
        self.end_lineno = statement.end_lineno or statement.lineno
        self.column = statement.col_offset
        self.replacement = "pass" if alone else ""


def _docstrings(tree: ast.Module) -> list[_Docstring]:
    return [
        _Docstring(node.body[0], alone=len(node.body) == 1 and not isinstance(node, ast.Module))
        for node in _documented(tree)
    ]


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
    opened: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "COMMENT":
            ends[token.start[0]] = token.start[1]
        elif kind == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif kind == "FSTRING_START":  # from Python 3.12 an f-string is several tokens
            opened.append(token.start[0])
        elif kind == "FSTRING_END":
            inside.update(range(opened.pop() + 1, token.end[0] + 1))
    return ends, inside


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The tree as it must look after narrowing; changes it in place."""
    for node in _documented(tree):
        node.body[:1] = [] if len(node.body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]
    return tree


def same_tree(left: object, right: object) -> bool:
    """Whether two syntax trees are equal but for positions."""
    if type(left) is not type(right):
        return False
    if isinstance(left, ast.AST) and isinstance(right, ast.AST):
        return all(
            same_tree(getattr(left, name, None), getattr(right, name, None))
            for name in left._fields
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_tree, left, right))
    return left == right
