"""Loads a handler as Lambda does. The code is not changed: the modules that it imports are."""

from __future__ import annotations

import builtins
import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, ModuleType
from typing import Any, cast

from drtemplate.errors import HandlerError
from drtemplate.world.deployment import Function, Package
from drtemplate.world.invocation import Handler


@functools.lru_cache(maxsize=128)
def compiled(code: str, name: str) -> CodeType:
    """A module's code; a process compiles each once."""
    return compile(code, name, "exec", dont_inherit=True)


def filename(logical: str, module: str = "") -> str:
    """What the code of a function, or a module of its package, is called in its tracebacks."""
    return f"<{logical}>{module and f'/{module}.py'}"


def load(
    function: Function, modules: Mapping[str, ModuleType], output: Callable[..., None]
) -> Handler:
    """Execute the function's code anew, as a cold start does, and give its handler.

    Args:
        function: its code.
        modules: what it imports in place of the real modules, by their dotted names.
        output: takes what it prints.

    Raises:
        HandlerError: it has no function ``handler``.
    """
    code, made = function.code, dict[str, ModuleType]()

    def executed(text: str, name: str, file: str) -> ModuleType:
        # Before it runs, as Python does: what imports in a circle finds what is there so far.
        module = made[name] = ModuleType(name)
        module.__dict__["__builtins__"] = scope
        exec(compiled(text, file), module.__dict__)
        return module

    def neighbour(name: str) -> ModuleType:
        if not isinstance(code, Package) or name not in code.modules:
            raise ModuleNotFoundError(f"no module {name!r} beside the handler")
        title = f"index.{name}"
        file = filename(function.logical, name)
        return made.get(title) or executed(code.modules[name], title, file)

    scope = {**vars(builtins), "__import__": importer(modules, neighbour), "print": output}
    if isinstance(code, Package):
        module = neighbour(code.entry)
    else:
        module = executed(code, "index", filename(function.logical))
    handler = getattr(module, "handler", None)
    if not callable(handler):
        raise HandlerError(f"{function.logical}: the code has no function handler(event, context)")
    return cast(Handler, handler)


def importer(
    modules: Mapping[str, ModuleType], neighbour: Callable[[str], ModuleType]
) -> Callable[..., Any]:
    """``__import__``, and by it ``importlib.import_module``, giving these modules for the real ones.

    Relative imports are answered by ``neighbour``.
    """
    real_import = builtins.__import__
    library = ModuleType("importlib")
    library.__dict__.update(vars(importlib))

    def import_module(name: str, package: str | None = None) -> Any:
        return modules.get(name) or importlib.import_module(name, package)

    library.__dict__["import_module"] = import_module
    given = {**modules, "importlib": library}

    def imported(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if level:
            return neighbour(name)
        if not fromlist:
            # ``import a.b`` binds a, which has the substitute of b.
            top = given.get(name.partition(".")[0])
            if top is not None:
                if name not in given:
                    real_import(name, globals, locals, fromlist, level)
                return top
        elif name in given:
            return given[name]
        return real_import(name, globals, locals, fromlist, level)

    return imported
