"""Handlers become inline code: the modules that a function reaches in ``handlers/``, as one file.

Each module stands as it is under a banner, behind those that it imports; its imports of them are taken
out, since their names are there already. So that this changes no meaning, a name of one file's top
level is one thing: `drtemplate.rendering.modules` judges each module, and here they are compared.
"""

from collections.abc import Iterator
from pathlib import Path

from drtemplate.errors import HandlerError
from drtemplate.rendering.modules import Module, check_package, read_module

ENTRY_POINT = "handler"
RULE = 98  # width of a banner


def inline_code(entry: Path) -> str:
    """Read a handler and the modules that it needs: the text for ``Code.ZipFile``.

    Args:
        entry: the module in which Lambda finds the handler; its neighbours are those of its folder.

    Raises:
        HandlerError: as ``modules_of``.
    """
    return "\n\n".join(_part(module) for module in modules_of(entry))


def modules_of(entry: Path) -> tuple[Module, ...]:
    """The modules that an entry module reaches, each behind those that it imports.

    Those that one module imports stand in the order of its statements.

    Raises:
        HandlerError: one of them may not stand in a bundle; a module or a name that is imported is
            missing; they import one another in a circle; a name of two modules would be one in the
            bundle; or the entry module defines no ``handler``.
    """
    check_package(entry.parent)
    modules = tuple(_ordered(read_module(entry), {}, ()))
    if ENTRY_POINT not in modules[-1].functions:
        raise HandlerError(
            f"{entry}: no function {ENTRY_POINT!r}; Lambda calls index.{ENTRY_POINT}"
        )
    for module in modules:
        _check_against(module, modules)
    return modules


def _ordered(module: Module, done: dict[str, Module], above: tuple[str, ...]) -> Iterator[Module]:
    """The module behind those that it imports, without those that are done."""
    above = (*above, module.name)
    for one in module.imports:
        if one.module in above:
            circle = " -> ".join((*above[above.index(one.module) :], one.module))
            module.refuse(
                one.first, f"a circle of imports: {circle}; move what both need to a module below"
            )
        if one.module not in done:
            path = module.path.with_name(f"{one.module}.py")
            if not path.is_file():
                module.refuse(one.first, f"imports from {one.module!r}; there is no {path.name}")
            yield from _ordered(read_module(path), done, above)
        found = done[one.module].names
        for name in one.names:
            if name not in found.binds:
                module.refuse(
                    one.first,
                    f"imports {name!r} from {one.module!r}, which does not define it; "
                    "import it from the module that does",
                )
            if name in found.changed:
                done[one.module].refuse_name(
                    name,
                    f"changes {name!r} by 'global', which {module.path.name} imports and would not "
                    "notice; give it to a function of this module to read",
                )
    done[module.name] = module
    yield module


def _check_against(module: Module, others: tuple[Module, ...]) -> None:
    """See that no name of its top level is another thing in a module of the same bundle."""
    names = module.names
    for other in others:
        if other is module:
            continue
        for name in sorted(names.binds.keys() & other.names.binds.keys()):
            target = names.imported.get(name)
            if target is None or target != other.names.imported.get(name):
                module.refuse_name(name, f"binds {name!r}, as {other.path.name} does; rename one")
        for name in sorted(names.binds.keys() & other.names.reads.keys()):
            module.refuse_name(
                name,
                f"binds {name!r}, and {other.path.name} uses the built-in of this name; rename it",
            )


def _part(module: Module) -> str:
    """The module under its banner, without its imports from neighbours and the gaps they leave."""
    kept = list(module.source.split("\n"))
    for one in reversed(module.imports):
        del kept[one.first - 1 : one.last]
        before, after = kept[: one.first - 1], kept[one.first - 1 :]
        if not after or not after[0]:
            while before and not before[-1]:
                before.pop()
        kept = before + after
    text = "\n".join(kept).strip("\n")
    banner = f"# ---- handlers/{module.path.name} "
    return f"{banner:-<{RULE}}\n{text}\n"
