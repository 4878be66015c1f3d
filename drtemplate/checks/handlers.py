"""The proof that inline code is the program that stands in ``handlers/``, and that Lambda runs it."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from drtemplate.errors import HandlerError
from drtemplate.rendering.inline import read_handler

# Lambda's Python runtimes bring boto3 and botocore and nothing else beside the standard library.
# https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
RUNTIME_PACKAGES = frozenset({"boto3", "botocore"})
ENTRY_POINT = "handler"
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def check_handler(path: Path, code: str) -> None:
    """Compare the inline code with its handler, syntax tree by syntax tree, docstrings excepted.

    Args:
        path: the handler.
        code: what stands in the template for it.

    Raises:
        HandlerError: the handler is unreadable or no Python, imports what the runtime lacks, has no
            ``handler``, reads a docstring, declares an encoding, or is another program than the code.
    """
    source = read_handler(path)
    tree = _parse(path, source)
    _check(path, tree)
    _check_what_narrowing_drops(path, source)
    try:
        same = same_tree(without_docstrings(tree), ast.parse(code))
    except (SyntaxError, ValueError):
        same = False
    if not same:
        raise HandlerError(
            f"{path}: narrowing would change the program; lay the code out more simply"
        )


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


def _check_what_narrowing_drops(path: Path, source: str) -> None:
    """Refuse a program to which docstrings or comments mean something; their trees are equal."""
    for number, line in enumerate(source.split("\n"), 1):
        if "__doc__" in line:
            raise HandlerError(
                f"{path}:{number}: reads a docstring, which is left out; use a constant"
            )
        # https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations
        if number <= 2 and re.match(r"[ \f]*#.*coding[:=]", line):
            raise HandlerError(f"{path}:{number}: declares an encoding; leave it out, it is UTF-8")


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below that holds statements or is one; expressions hold none."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        for child in getattr(node, name, ()):
            yield child
            yield from _statements(child)


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The tree as it must look after narrowing; changes it in place."""
    for node in [tree, *_statements(tree)]:
        if isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None:
            alone = len(node.body) == 1 and not isinstance(node, ast.Module)
            node.body[:1] = [ast.Pass()] if alone else []
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
