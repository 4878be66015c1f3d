"""Loads a handler as Lambda does. The code is not changed: the modules that it imports are."""

from __future__ import annotations

import builtins
import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, ModuleType
from typing import Any, cast

from drtemplate.errors import HandlerError
from drtemplate.world.deployment import Function
from drtemplate.world.invocation import Handler


@functools.lru_cache(maxsize=16)
def compiled(code: str, name: str) -> CodeType:
    """The handler's code; a process compiles each once."""
    return compile(code, filename(name), "exec")


def filename(logical: str) -> str:
    """What the code of a function is called in its tracebacks."""
    return f"<{logical}>"


def load(
    function: Function, modules: Mapping[str, ModuleType], output: Callable[..., None]
) -> Handler:
    """Execute the module anew, as a cold start does, and give its handler.

    Args:
        function: its code.
        modules: what it imports in place of the real modules, by their dotted names.
        output: takes what it prints.

    Raises:
        HandlerError: it has no function ``handler``.
    """
    namespace: dict[str, Any] = {
        "__name__": "index",
        "__builtins__": {**vars(builtins), "__import__": importer(modules), "print": output},
    }
    exec(compiled(function.code, function.logical), namespace)
    handler = namespace.get("handler")
    if not callable(handler):
        raise HandlerError(f"{function.logical}: the code has no function handler(event, context)")
    return cast(Handler, handler)


def importer(modules: Mapping[str, ModuleType]) -> Callable[..., Any]:
    """``__import__``, and by it ``importlib.import_module``, giving these modules for the real ones."""
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
