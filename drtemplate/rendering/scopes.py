"""Which names a module binds and reads at its top level, by Python's own table of symbols."""

import ast
import builtins
import symtable
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

BUILT_IN = frozenset(dir(builtins))
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names of a module's top level, each with the line where the scope begins that was met first.

    That line is 0 for the top level itself; ``line_of`` finds the name behind it.

    Attributes:
        binds: what the module itself binds: by a statement, or by ``global`` in a function; not what
            it imports from a neighbour.
        changed: of these, what a function binds by ``global``.
        imported: of these, what imports of one thing alone bind: its package and its name there.
        reads: what it reads and neither binds nor imports.
    """

    binds: Mapping[str, int]
    changed: Mapping[str, int]
    imported: Mapping[str, tuple[str, str]]
    reads: Mapping[str, int]


def names_of(source: str, tree: ast.Module, taken: Collection[str]) -> Names:
    """Read a module's names.

    Args:
        source: its text, which is Python.
        tree: the same, parsed.
        taken: the names that it imports from its neighbours.
    """
    top = symtable.symtable(source, "module", "exec")
    targets = _targets(_outermost(tree))
    assigned = {one.get_name() for one in top.get_symbols() if one.is_assigned()}
    changed: dict[str, int] = {}
    reads: dict[str, int] = {}
    for table in _tables(top):
        for one in table.get_symbols():
            name, first = one.get_name(), table.get_lineno()
            bound = one.is_assigned() or one.is_imported()
            # The module's own table calls a name global that any function declares so.
            if bound and one.is_declared_global() and table is not top:
                changed.setdefault(name, first)
            # A class may read a built-in before it binds a name of its own that is called so.
            early = table.get_type() == "class" and one.is_local() and name in BUILT_IN
            if one.is_referenced() and (one.is_global() or early):
                reads.setdefault(name, first)
    binds = changed | dict.fromkeys(sorted(assigned | targets.keys()), 0)
    return Names(
        binds=binds,
        changed=changed,
        imported={
            name: next(iter(found))
            for name, found in targets.items()
            if len(found) == 1 and name not in assigned and name not in changed
        },
        reads={name: line for name, line in reads.items() if name not in {*binds, *taken}},
    )


def line_of(source: str, name: str, first: int) -> int:
    """The line of a name in a module, from the first line of its scope on; 0 is the top level's."""
    tree = ast.parse(source)
    tree.body = [one for one in tree.body if not (isinstance(one, ast.ImportFrom) and one.level)]
    for nodes in (_outermost(tree) if first == 0 else (), ast.walk(tree)):
        found = [
            line
            for node in nodes
            if (line := getattr(node, "lineno", 0)) >= max(first, 1) and name in _words(node)
        ]
        if found:
            return min(found)
    return max(first, 1)


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for inner in table.get_children():
        yield from _tables(inner)


def _outermost(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that stand in no function and no class."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, _SCOPES):
            yield from _outermost(child)


def _targets(nodes: Iterable[ast.AST]) -> dict[str, set[tuple[str, str]]]:
    """What each name is imported as, neighbours left out: ``import a.b`` gives the name a."""
    targets: dict[str, set[tuple[str, str]]] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                package = alias.name if alias.asname else alias.name.partition(".")[0]
                targets.setdefault(alias.asname or package, set()).add((package, ""))
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                target = (node.module or "", alias.name)
                targets.setdefault(alias.asname or alias.name, set()).add(target)
    return targets


def _words(node: ast.AST) -> Iterator[str]:
    for attribute in ("id", "name", "asname", "rest"):
        word = getattr(node, attribute, None)
        if isinstance(word, str):
            yield word.partition(".")[0]
    if isinstance(node, ast.Global):
        yield from node.names
