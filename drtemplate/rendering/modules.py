"""A module of the folder of handlers, read and judged by itself.

The modules of a function become one file (`drtemplate.rendering.inline`). What a module may hold is so
chosen that it means the same in that file as alone: it says where each of its names comes from.
"""

import ast
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from drtemplate.errors import HandlerError
from drtemplate.rendering.scopes import BUILT_IN, Names, names_of
from drtemplate.rendering.yaml import not_in_a_block

# Lambda's Python runtimes bring boto3 and botocore and nothing else beside the standard library.
# https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
RUNTIME_PACKAGES = frozenset({"boto3", "botocore"})
# https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations
_ENCODING = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
# They see the module's names as a whole, which the one file has more of.
_WHOLE = frozenset({"eval", "exec", "globals"})
_CHARACTERS = {
    "\t": "a tab",
    "\r": "a carriage return",
    "\0": "a null byte",
    " ": "a blank at the end of the line",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """``from .module import names``, on the lines ``first`` to ``last``."""

    module: str
    names: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module that may stand in a bundle.

    Attributes:
        path: where it was read.
        source: its text.
        imports: what it takes from its neighbours, in the order of its statements.
        names: what it binds and reads at its top level.
        functions: the functions that it defines there.
    """

    path: Path
    source: str
    imports: tuple[Import, ...]
    names: Names
    functions: frozenset[str]

    @property
    def name(self) -> str:
        """What its neighbours import it by."""
        return self.path.stem

    def refuse(self, line: int, problem: str) -> NoReturn:
        """Say what is wrong with it, and where.

        Raises:
            HandlerError: always.
        """
        raise HandlerError(f"{self.path}:{line}: {problem}")


def read_module(path: Path) -> Module:
    """Read a module of the handlers.

    Raises:
        HandlerError: it is missing, unreadable or not UTF-8; it holds what no literal block of YAML
            takes; it is no Python; it imports what the runtime lacks, or a neighbour in another way
            than ``from .name import a, b`` at its head; or a name in it comes from nowhere.
    """
    source = _text(path)
    tree = _parsed(path, source)
    imports = tuple(_imports(path, source, tree))
    taken = {name for one in imports for name in one.names}
    names = names_of(source, tree, taken)
    functions = frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef))
    module = Module(path=path, source=source, imports=imports, names=names, functions=functions)
    _check_names(module, taken)
    return module


def check_package(folder: Path) -> None:
    """See that nothing is left out with the package's own file, which no bundle has.

    Raises:
        HandlerError: it cannot be read, or there is more in it than a docstring.
    """
    path = folder / "__init__.py"
    if not path.exists():
        return
    for node in _parsed(path, _text(path)).body:
        if not _is_text(node):
            raise HandlerError(
                f"{path}:{node.lineno}: no bundle runs this; leave a docstring alone in it"
            )


def _text(path: Path) -> str:
    try:
        source = path.read_bytes().decode("utf-8")
    except OSError as exc:
        raise HandlerError(f"{path}: cannot read the handler: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise HandlerError(f"{path}: the handler is not UTF-8; save it as UTF-8") from exc
    if found := not_in_a_block(source):
        line, character = found
        what = _CHARACTERS.get(character, ascii(character))
        raise HandlerError(
            f"{path}:{line}: holds {what}, which no literal block of YAML takes; "
            "use text of spaces and LF line ends, and escapes in strings"
        )
    return source


def _parsed(path: Path, source: str) -> ast.Module:
    for number, line in enumerate(source.split("\n")[:2], 1):
        if (found := _ENCODING.match(line)) and found[1].lower() not in ("utf-8", "utf8"):
            raise HandlerError(f"{path}:{number}: declares an encoding; leave it out, it is UTF-8")
    try:
        tree = ast.parse(source)
        compile(tree, str(path), "exec", dont_inherit=True)  # finds more, as a return at top level
    except SyntaxError as exc:
        place = f":{exc.lineno}" if exc.lineno else ""
        raise HandlerError(f"{path}{place}: not valid Python: {exc.msg}") from exc
    except ValueError as exc:
        raise HandlerError(f"{path}: not valid Python: {exc}") from exc
    return tree


def _imports(path: Path, source: str, tree: ast.Module) -> Iterator[Import]:
    """The relative imports; all others are judged on the way."""
    head = _head(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                _check_external(path, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            _check_external(path, node.lineno, node.module or "")
            if node.names[0].name == "*":
                raise HandlerError(f"{path}:{node.lineno}: imports *; name what is used")
    lines = source.split("\n")
    for node in (one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)):
        if not node.level:
            continue
        if trouble := _trouble(node, head, lines):
            raise HandlerError(
                f"{path}:{node.lineno}: {trouble}; modules import one another by "
                "'from .name import a, b' alone, at their head"
            )
        names = tuple(alias.name for alias in node.names)
        last = node.end_lineno or node.lineno
        yield Import(module=node.module or "", names=names, first=node.lineno, last=last)


def _head(tree: ast.Module) -> set[ast.stmt]:
    """The statements before the first that is neither an import nor the docstring."""
    head = set[ast.stmt]()
    for number, node in enumerate(tree.body):
        if not (number == 0 and _is_text(node)) and not isinstance(
            node, ast.Import | ast.ImportFrom
        ):
            break
        head.add(node)
    return head


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _trouble(node: ast.ImportFrom, head: set[ast.stmt], lines: list[str]) -> str | None:
    """Why a relative import is none that can be taken out."""
    module = node.module or ""
    if node.level > 1:
        return "imports from above the folder"
    if not module:
        return "imports a module as a whole"
    if "." in module:
        return "imports from a folder within the folder"
    if node.names[0].name == "*":
        return "imports *"
    for alias in node.names:
        if alias.asname:
            return f"imports {alias.name!r} under another name"
    if node not in head:
        return "imports a neighbour behind or within other statements"
    statements = ast.parse("\n".join(lines[node.lineno - 1 : node.end_lineno])).body
    return None if len(statements) == 1 else "imports on a line with another statement"


def _check_external(path: Path, line: int, module: str) -> None:
    package = module.partition(".")[0]
    if module == "__future__":
        raise HandlerError(
            f"{path}:{line}: imports from __future__, which would change its neighbours too; "
            "leave it out, and quote an annotation that looks ahead"
        )
    if package not in RUNTIME_PACKAGES and package not in sys.stdlib_module_names:
        raise HandlerError(
            f"{path}:{line}: imports {module!r}, which the Lambda runtime lacks; use the standard "
            "library and boto3, and 'from .name import a, b' for a neighbour"
        )


def _check_names(module: Module, taken: Collection[str]) -> None:
    names = module.names
    for name, line in {**names.reads, **names.binds}.items():
        dunder = name.startswith("__") and name.endswith("__") and name != "__debug__"
        if dunder or (name in _WHOLE and name not in names.binds):
            module.refuse(line, f"uses {name!r}, which means another thing in a bundle; do without")
        if name in names.reads and name not in BUILT_IN:
            module.refuse(line, f"uses {name!r}, which it neither defines nor imports")
    for name in sorted(names.binds.keys() & set(taken)):
        module.refuse(
            names.binds[name], f"binds {name!r}, which it imports from a neighbour; rename one"
        )
