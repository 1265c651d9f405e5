"""Clocks: how long work takes on a device, and how much memory it needs there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from measure import Times, Work

#: Rounds that the time given is meant for; slower works have fewer.
ROUNDS, FEWEST = 25, 3


@dataclass(frozen=True)
class Clock:
    """Seconds on a device: by its events on CUDA, by the host's clock elsewhere."""

    device: str

    @property
    def on_cuda(self) -> bool:
        """Whether the device is CUDA's, with events and an allocator that counts."""
        return self.device.partition(":")[0] == "cuda"

    def settle(self) -> None:
        """Wait until the device has nothing left to do."""
        if self.on_cuda:
            torch.cuda.synchronize(self.device)

    def start(self) -> Callable[[], float]:
        """Start now; what is returned waits for the device and gives the seconds.

        An event is recorded on an idle stream and another behind all that was launched
        since: launching counts as far as the device has to wait for it.
        """
        self.settle()
        if not self.on_cuda:
            began = time.perf_counter()
            return lambda: time.perf_counter() - began
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()

        def stop() -> float:
            last.record()
            last.synchronize()
            return float(first.elapsed_time(last)) / 1000  # from milliseconds

        return stop

    def seconds(self, work: Work, calls: int = 1) -> float:
        """Seconds per call, of so many calls one after the other."""
        stop = self.start()
        for _ in range(calls):
            work()
        return stop() / calls

    def peak(self, work: Work) -> int | None:
        """Bytes at the peak of a work beyond what was there before, its result among
        them; None where no allocator counts them."""
        work()  # what a first call loads is not the work's
        self.settle()
        if not self.on_cuda:
            return None
        torch.cuda.reset_peak_memory_stats(self.device)
        before = torch.cuda.memory_allocated(self.device)
        result = work()
        self.settle()
        del result
        return int(torch.cuda.max_memory_allocated(self.device)) - before


def side_by_side(
    clock: Clock, works: Mapping[str, Work], *, seconds: float
) -> dict[str, Times]:
    """Seconds per call of each work, in turn, for so many seconds: what slows the
    machine slows them all. They have run before; the first call here is not counted.
    """
    share = seconds / (ROUNDS * max(1, len(works)))
    calls = {
        name: max(1, int(share / max(clock.seconds(work), 1e-9)))
        for name, work in works.items()
    }
    times: dict[str, Times] = {name: [] for name in works}

    def one_round() -> None:
        for name, work in works.items():
            times[name].append(clock.seconds(work, calls[name]))

    repeated(one_round, seconds=seconds)
    return times


def repeated(one_round: Callable[[], object], *, seconds: float) -> None:
    """Rounds for so many seconds, and at least as many as a median needs."""
    began, rounds = time.perf_counter(), 0
    while rounds < FEWEST or time.perf_counter() - began < seconds:
        one_round()
        rounds += 1
