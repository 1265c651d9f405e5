"""Loaders that give one epoch each time that they are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scratchnet.testing.adapters.options import shown_as, takes_of
from scratchnet.testing.subject import Function


class Epochs:
    """What is iterated once for each epoch: of each a call, of the next seed.

    Its length is that of an epoch, counted, where what is called has none.
    """

    def __init__(self, function: Function, arguments: Any, options: Any) -> None:
        self._function, self._arguments, self._options = function, arguments, options
        self._epoch = 0

    def _call(self, epoch: int) -> Any:
        options = dict(self._options)
        if options.get("shuffle") and "seed" in options:
            options["seed"] += epoch
        return self._function(*self._arguments, **options)

    def __iter__(self) -> Iterator[Any]:
        epoch, self._epoch = self._epoch, self._epoch + 1
        return iter(self._call(epoch))

    def __len__(self) -> int:
        found = self._call(0)
        return len(found) if hasattr(found, "__len__") else sum(1 for _ in found)


def of_one_epoch(function: Function, /) -> Function:
    """The function, whose generator, or list, is made anew for each epoch; what can be
    iterated again is left as it is."""

    def loader(*arguments: Any, **options: Any) -> Any:
        found = function(*arguments, **options)
        if isinstance(found, Iterator | list | tuple):
            return Epochs(function, arguments, options)
        return found

    return shown_as(loader, function, takes_of(function))
