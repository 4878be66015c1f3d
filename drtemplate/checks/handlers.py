"""That Lambda can run what stands in ``handlers/``."""

import ast
import re
import sys
from pathlib import Path

from drtemplate.errors import HandlerError

# Lambda's Python runtimes bring boto3 and botocore and nothing else beside the standard library.
# https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
RUNTIME_PACKAGES = frozenset({"boto3", "botocore"})
ENTRY_POINT = "handler"
# https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations
_ENCODING = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def check_handler(path: Path, source: str) -> None:
    """Refuse a program that Lambda could not import, or in which it would find nothing to call.

    Args:
        path: the handler, for errors.
        source: its text.

    Raises:
        HandlerError: it is no Python, imports what the runtime lacks, has no ``handler``, or declares
            an encoding other than UTF-8.
    """
    for number, line in enumerate(source.split("\n")[:2], 1):
        if (found := _ENCODING.match(line)) and found[1].lower() not in ("utf-8", "utf8"):
            raise HandlerError(f"{path}:{number}: declares an encoding; leave it out, it is UTF-8")
    tree = _parse(path, source)
    for node in ast.walk(tree):
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


def _parse(path: Path, source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as exc:
        line = f":{exc.lineno}" if exc.lineno else ""
        raise HandlerError(f"{path}{line}: not valid Python: {exc.msg}") from exc
    except ValueError as exc:
        raise HandlerError(f"{path}: not valid Python: {exc}") from exc
