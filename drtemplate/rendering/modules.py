"""A module of the folder of handlers, read and judged by itself.

The modules of a function become one file (`drtemplate.rendering.inline`). What a module may hold is so
chosen that it means the same in that file as alone: it says where each of its names comes from.
"""

import ast
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from drtemplate.errors import HandlerError
from drtemplate.rendering.scopes import BUILT_IN, Names, line_of, names_of
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

    def refuse_name(self, name: str, problem: str) -> NoReturn:
        """Say what is wrong with a name of its top level, and where that stands.

        Raises:
            HandlerError: always.
        """
        first = {**self.names.binds, **self.names.reads, **self.names.changed}[name]
        self.refuse(line_of(self.source, name, first), problem)


def read_module(path: Path) -> Module:
    """Read a module of the handlers.

    Raises:
        HandlerError: it is missing, unreadable or not UTF-8; it holds what no literal block of YAML
            takes; it is no Python; it imports what the runtime lacks, or a neighbour in another way
            than ``from .name import a, b`` at its head; or a name in it comes from nowhere.
    """
    return _judged(path, _text(path))


@lru_cache(maxsize=64)  # several functions share a module
def _judged(path: Path, source: str) -> Module:
    tree = _parsed(path, source)
    imports = tuple(_imports(path, tree))
    taken = {name for one in imports for name in one.names}
    module = Module(
        path=path,
        source=source,
        imports=imports,
        names=names_of(source, tree, taken),
        functions=frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef)),
    )
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


def _imports(path: Path, tree: ast.Module) -> Iterator[Import]:
    """The relative imports; all others are judged on the way."""
    head = _head(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                _check_external(path, node.lineno, alias.name)
            continue
        if not isinstance(node, ast.ImportFrom):
            continue
        if not node.level:
            _check_external(path, node.lineno, node.module or "")
            if node.names[0].name == "*":
                raise HandlerError(f"{path}:{node.lineno}: imports *; name what is used")
            continue
        if trouble := _trouble(node, head):
            raise HandlerError(
                f"{path}:{node.lineno}: {trouble}; modules import one another by "
                "'from .name import a, b' alone, at their head"
            )
        names = tuple(alias.name for alias in node.names)
        last = node.end_lineno or node.lineno
        yield Import(module=node.module or "", names=names, first=node.lineno, last=last)


def _head(tree: ast.Module) -> list[ast.stmt]:
    """The docstring and the imports behind it, and the statement that ends them."""
    head = list[ast.stmt]()
    for node in tree.body:
        head.append(node)
        if not isinstance(node, ast.Import | ast.ImportFrom) and (
            len(head) > 1 or not _is_text(node)
        ):
            break
    return head


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _trouble(node: ast.ImportFrom, head: list[ast.stmt]) -> str | None:
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
    place = head.index(node)
    around = (*head[:place][-1:], *head[place + 1 :][:1])
    if any({one.lineno, one.end_lineno} & {node.lineno, node.end_lineno} for one in around):
        return "imports on a line with another statement"
    return None


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
    for name in sorted({*names.reads, *names.binds}):
        dunder = name.startswith("__") and name.endswith("__") and name != "__debug__"
        if dunder or (name in _WHOLE and name in names.reads):
            module.refuse_name(name, f"uses {name!r}, which a bundle has otherwise; do without")
        if name in names.reads and name not in BUILT_IN:
            module.refuse_name(name, f"uses {name!r}, which it neither defines nor imports")
    for name in sorted(names.binds.keys() & set(taken)):
        module.refuse_name(name, f"binds {name!r}, which it imports from a neighbour; rename one")
