"""Whether each function's code can be loaded where nothing is wrong, before anything is drilled.

A module that fails there fails always; its drills would count such runs as failed, and call scenarios in
which nothing must be done held. One that fails only in an outage is the handler's own behaviour.
"""

from drtemplate.errors import DrTemplateError, HandlerError, InputError
from drtemplate.world.clock import Killed
from drtemplate.world.deployment import Deployment, Function
from drtemplate.world.functions import sandbox
from drtemplate.world.invocation import Environment, Invocation
from drtemplate.world.physical import ZONES
from drtemplate.world.roles import Roles
from drtemplate.world.timings import Timings
from drtemplate.world.world import World


def check_imports(deployment: Deployment, timings: Timings) -> None:
    """Load each function once, as its first cold start does, in a world that has no fault.

    Raises:
        InputError: one cannot be loaded, is no handler, or calls, while it is loaded, what no drill knows.
    """
    for function in deployment.functions.values():
        roles = Roles(deployment.grants)
        if trouble := _trouble(World(deployment, timings, "import", roles=roles), function):
            where = function.source or function.logical
            raise InputError(f"{where}: {trouble}; every run would fail, so mend it first")


def _trouble(world: World, function: Function) -> str | None:
    found: list[str] = []
    world.functions.broken.update(world.functions.environments)  # no other run is of interest

    def run() -> None:
        try:
            world.load(function)
        except KeyboardInterrupt:
            raise
        except HandlerError:
            pass  # the world has taken note of it
        except Killed:
            found.append(f"cannot be imported within its time-out of {function.timeout:g} s")
        except BaseException as exc:
            found.append(f"cannot be imported: {_described(exc, function)}")

    first = Environment((function.zones or ZONES)[0], busy=True)
    invocation = Invocation(world, function, "import", "import", {}, 0.0, first, 0.0)
    invocation.deadline = function.timeout
    try:
        world.clock.at(0.0, world.clock.start, run, function.timeout, invocation)
        world.run(function.timeout + 1)  # past the deadline, so that it has ended or is killed
    except HandlerError:
        return "has no function handler(event, context)"
    except DrTemplateError as exc:
        return str(exc)
    finally:
        world.close()
    return found[0] if found else None


def _described(error: BaseException, function: Function) -> str:
    """The error in a line, with the last line of the handler's own that led to it."""
    text, file, line = str(error), "", None
    if isinstance(error, SyntaxError):
        text, line = error.msg, error.lineno
    at = error.__traceback__
    while at is not None:
        own, _, module = at.tb_frame.f_code.co_filename.partition("/")
        if own == sandbox.filename(function.logical):
            file, line = module, at.tb_lineno
        at = at.tb_next
    told = f"{type(error).__name__}: {' '.join(text.split())}".removesuffix(": ")
    if function.source.endswith(f"/{file}"):  # named already
        file = ""
    return told if line is None else f"{told} ({file and f'{file}, '}line {line})"
