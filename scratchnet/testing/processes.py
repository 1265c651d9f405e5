"""Processes: the same function of many jobs, on as many cores as there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from multiprocessing import get_context
from typing import TypeVar

Job = TypeVar("Job")
Found = TypeVar("Found")


def mapped(
    function: Callable[[Job], Found], jobs: Sequence[Job], processes: int, /
) -> Iterator[Found]:
    """What the function makes of each job, as soon as it does: in no order.

    With one process, or one job, here and in order. Raises what the function raises.
    """
    if min(processes, len(jobs)) <= 1:
        yield from map(function, jobs)
        return
    with ExitStack() as stack:
        # Not forked: a library's threads do not survive that.
        pool = stack.enter_context(
            ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
        )
        # What was interrupted, or failed, does not wait for the others.
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        for each in as_completed([pool.submit(function, job) for job in jobs]):
            yield each.result()
