"""Work on several processes, which end without a word when the main one does."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from drtemplate.errors import DrTemplateError

T = TypeVar("T")
R = TypeVar("R")


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
        prepare: a function of a module, called once in each process, with ``given``.
        given: what all tasks have in common, and what can be pickled.

    Raises:
        DrTemplateError: a process was killed, as by a system that is out of memory.
    """
    if jobs == 1:
        prepare(*given)
        yield from map(work, tasks)
        return
    before = multiprocessing.active_children()
    # New processes: a copy of this one would have its locks, and not the threads that hold them.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, prepare, given)
    try:
        with _ctrl_c_held():
            # Not `map`, which cancels what is left, and a pool that breaks then fails over that.
            found = deque(pool.submit(work, task) for task in tasks)
        while found:
            yield found.popleft().result()
    except BaseException as exc:
        for child in multiprocessing.active_children():
            if child not in before:
                child.kill()
        if isinstance(exc, BrokenProcessPool):
            raise DrTemplateError(
                f"one of the {jobs} processes was killed; run it again, with fewer --jobs if memory is short"
            ) from None
        raise
    finally:
        pool.shutdown()


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """A process that is started here never gets Ctrl-C: that is the main one's to answer, which gets it late."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
