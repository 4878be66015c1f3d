"""Work on several processes, which end without a word when they are told to."""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_work = {"running": False}


class _Stopped(BaseException):
    """The process is to end; a `SystemExit` in a run would be taken for one of the handler's own."""


def results(
    work: Callable[[T], R],
    tasks: Sequence[T],
    jobs: int,
    prepare: Callable[..., None],
    given: tuple[Any, ...],
) -> Iterator[R]:
    """What the work makes of each task, in their order; on one process it is this one.

    Args:
        work: a function of a module.
        tasks: what can be pickled.
        jobs: processes.
        prepare: called once in each process, with ``given``.
        given: what all tasks have in common.
    """
    if jobs == 1:
        prepare(*given)
        yield from map(work, tasks)
        return
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
    with context.Pool(jobs, begin, (prepare, *given)) as pool:
        yield from pool.imap(partial(_done, work), tasks)


def begin(prepare: Callable[..., None], *given: Any) -> None:
    """Ctrl-C is the main process's to answer; it ends this one.

    An exit, and not a kill, gives back the lock of the queue, which the others wait for.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    prepare(*given)


def _stop(*_: object) -> None:
    # An exception can be lost, as in a finaliser; then another one comes, until the process ends.
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, 1.0)
    raise _Stopped if _work["running"] else SystemExit


def _done(work: Callable[[T], R], task: T) -> R:
    try:
        _work["running"] = True
        return work(task)
    except _Stopped:
        sys.exit()
    finally:
        _work["running"] = False
