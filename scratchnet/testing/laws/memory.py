"""Laws of memory: layouts do not matter, inputs stay untouched, results are new."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from scratchnet.arrays import Array, is_array, library, to_numpy
from scratchnet.testing import simulated
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.case import Call, Case
from scratchnet.testing.laws.finding import (
    Finding,
    Misplaced,
    agree,
    compared_with,
    miscounted,
    together,
)
from scratchnet.testing.laws.law import law
from scratchnet.testing.strategies.layout import contiguous
from scratchnet.testing.subject import Subject, host, shown


def _is_laid_out(subject: Subject, case: Case) -> bool:
    del subject
    return any(layout is not contiguous for layout in case.layouts)


@law(accepts=_is_laid_out, everywhere=True)
def the_layout_does_not_matter(subject: Subject, case: Case) -> Finding:
    """How arrays lie in memory changes nothing.

    Claim   f of strided, transposed, expanded or read-only x == f of contiguous x
    Kills   memory read as if it had no gaps; views taken for copies; written inputs
    Misses  what is wrong however it lies
    """
    lying, plain = subject(case), subject(case, laid=False)
    oracles = case.oracle(subject.contract)
    for results in (lying, plain):
        if (wrong := miscounted(results, oracles, "result")) is not None:
            return wrong
    names = ", ".join(layout.__name__ for layout in case.layouts)

    def alike(oracles: tuple[Bounded, ...]) -> Finding:
        return together(
            agree(one, other, oracle, what=f"laid out as {names}")
            for one, other, oracle in zip(lying, plain, oracles, strict=True)
        )

    return compared_with(subject, case, alike)


def arrays_of(call: Call, /) -> list[Any]:
    """All arrays among arguments and options."""
    arguments, options = call
    return [x for x in (*arguments, *options.values()) if is_array(x)]


#: How many bytes of an extended number mean anything: 80 bits, whatever is after them.
_EXTENDED = 10 if np.finfo(np.longdouble).nmant == 63 else None


def bits(x: Any, /) -> bytes:
    """The bits of an array: of NaN and of zeros of either sign, too."""
    kept = to_numpy(x)
    if kept.dtype.char not in "gG":
        return kept.tobytes()
    size = np.dtype(np.longdouble).itemsize
    return kept.reshape(-1).view(np.uint8).reshape(-1, size)[:, :_EXTENDED].tobytes()


def state(x: Any, /) -> tuple[tuple[int, ...], str, bytes]:
    """What of an array another may change: its shape, its dtype and its bits."""
    return tuple(x.shape), str(x.dtype), bits(x)


@law(everywhere=True)
def inputs_are_untouched(subject: Subject, case: Case) -> Finding:
    """Nothing that is passed is written to.

    Claim   x has the same shape and bits after f(x) as before
    Kills   x -= x.max() on the caller's array; options filled in
    Misses  what is written elsewhere
    """
    call = case.on(subject.target)
    before = [state(x) for x in arrays_of(call)]
    subject.at(*call)
    return _untouched(before, arrays_of(call), "the function")


def _untouched(before: list[Any], arrays: list[Any], who: str) -> Finding:
    for i, (was, x) in enumerate(zip(before, arrays, strict=True)):
        if state(x) != was:
            return Finding(
                "MUTATES", f"array {i} was written to by {who}: now {shown(x)}"
            )
    return Finding(compared=_numbers(before))


def _numbers(states: list[Any]) -> int:
    """How many numbers these are; 1 of none, as it was seen that there are none."""
    return sum(prod(shape) for shape, *_ in states) or 1


def overlap(x: Any, y: Any, /) -> bool:
    """Whether two arrays of a library lie in the same memory."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return bool(np.may_share_memory(x, y)) and np.shares_memory(x, y)
    if isinstance(x, simulated.Array) and isinstance(y, simulated.Array):
        return simulated.overlap(x, y)
    if library(x) == library(y) == "torch":
        return _overlap_in_torch(x, y)
    if library(x) == library(y) == "array_api_strict":
        return bool(np.shares_memory(np.asarray(x._array), np.asarray(y._array)))
    return False


def _overlap_in_torch(x: Any, y: Any) -> bool:
    """Whether tensors of one storage have an element in common: parts of it need not.

    Asked of NumPy about as many bytes that lie alike, since it knows no bfloat16.
    """
    storages = {each.untyped_storage().data_ptr() for each in (x, y)}
    if len(storages) > 1 or not x.numel() or not y.numel():
        return False
    memory = np.empty(x.untyped_storage().nbytes(), np.uint8)
    return bool(np.shares_memory(*(_lying_alike(each, memory) for each in (x, y))))


def _lying_alike(x: Any, memory: Array) -> Array:
    size = x.element_size()
    return np.lib.stride_tricks.as_strided(
        memory[size * x.storage_offset() :],
        (*x.shape, size),
        (*(size * stride for stride in x.stride()), 1),
    )


@law(everywhere=True, of=lambda op: not op.shares)
def results_are_new(subject: Subject, case: Case) -> Finding:
    """Writing into a result changes neither the arguments nor another result.

    Claim   no result shares memory with an argument or with another result
    Kills   views returned as results; one buffer for all calls
    Misses  memory shared with what is neither
    """
    call = case.on(subject.target)
    first = subject.at(*call)
    again = subject.at(*call)
    return apart(first, {"argument": arrays_of(call), "result of the next call": again})


def apart(results: tuple[Any, ...], others: dict[str, Any], /) -> Finding:
    """ALIASES where a result lies in the memory of another thing, or of another."""
    looked = 0
    kept = [x for x in results if is_array(x)]
    for i, x in enumerate(kept):
        for name, arrays in (*others.items(), ("other result", kept[:i])):
            for j, y in enumerate(filter(is_array, arrays)):
                looked += 1
                if overlap(x, y):
                    return Finding(
                        "ALIASES", f"result {i} shares memory with {name} {j}"
                    )
    return Finding(compared=looked or 1)


@law(everywhere=True)
def two_runs_agree(subject: Subject, case: Case) -> Finding:
    """The same call gives the same bits.

    Claim   f(x) == f(x), bit for bit
    Kills   memory that was never written; state from call to call; unseeded noise
    Misses  what is wrong each time
    """
    first = _result_states(subject, case)
    if first == _result_states(subject, case):
        return Finding(compared=_numbers(first))
    return Finding("NONDETERMINISTIC", "the second call gave other bits than the first")


def _result_states(subject: Subject, case: Case) -> list[Any]:
    """What the results of a call are, before there is another.

    Raises Misplaced where they hold no numbers.
    """
    results = subject(case)
    if wrong := miscounted(results, case.oracle(subject.contract), "result"):
        raise Misplaced(wrong)
    return [state(host(x)) for x in results]
