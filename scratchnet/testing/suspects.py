"""What to look at first of a broken law, and which of several is the gravest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from scratchnet.testing.ops import OPS

if TYPE_CHECKING:
    from scratchnet.testing.report import Result

#: From side effects to what is wrong in the plainest way.
GRAVITY = (
    "HOLDS",
    "VACUOUS",
    "NONDETERMINISTIC",
    "ALIASES",
    "MUTATES",
    "ACCEPTS",
    "MISPLACED",
    "INACCURATE",
    "REFUSES",
    "HANGS",
    "CRASHES",
    "WRONG",
)

#: What ends the process of a subject, or its use of it.
_ENDS = {
    "CRASHES": "code that exits, or hands sizes or types to a library that it ends in",
    "HANGS": "a loop without end for such inputs, or one that takes ever longer",
}


#: Side effects: what is returned is right all the same.
_ASIDE = ("HOLDS", "VACUOUS", "NONDETERMINISTIC", "ALIASES", "MUTATES")
#: What raises, or should have: nobody goes on with a wrong number.
_LOUD = ("REFUSES", "ACCEPTS")
#: Values at which nothing overflows, and nothing is lost beside what is larger.
ORDINARY = ("moderate", "grid", "ties")
#: From side effects to what is wrong of ordinary numbers.
_PLACES = ("aside", "loud edge", "loud empty", "edge", "empty", "loud", "ordinary")


def gravity(
    verdict: str,
    message: str,
    family: str,
    shapes: Iterable[Sequence[int]],
    /,
    *,
    pullback: bool = False,
) -> tuple[int, bool, int]:
    """How plainly it is wrong, by what is wrong and by the smallest example of it.

    What is silently wrong of ordinary numbers goes first, then what is refused of them;
    then what is silently wrong of empty arrays, and of numbers at an edge; then what is
    refused there, and what should be and is not; side effects come last. Where the
    value is as wrong as the pullback it goes first, as the other may follow. That
    arguments are written to goes before the refusal of those that are read-only.
    """
    if _unwritable(verdict, message):
        # Behind every side effect that was seen itself.
        verdict = "NONDETERMINISTIC"
    place = _place(verdict, family, any(0 in shape for shape in shapes))
    return _PLACES.index(place), not pullback, GRAVITY.index(verdict)


def is_ordinary(gravity: tuple[int, bool, int], /) -> bool:
    """Whether so much is wrong of ordinary numbers."""
    return gravity[0] >= _PLACES.index("loud")


def _place(verdict: str, family: str, empty: bool) -> str:
    if verdict in _ASIDE:
        return "aside"
    if verdict == "ACCEPTS":
        return "loud edge"
    is_plain = family in ("", *ORDINARY)
    if is_plain and not empty:
        return "loud" if verdict in _LOUD else "ordinary"
    kind = "empty" if is_plain else "edge"
    return f"loud {kind}" if verdict in _LOUD else kind


_MISPLACED = (
    "what is returned, not its numbers: an array alone, of the declared shape, and of "
    "the library, device and dtype of the arguments"
)


def suspect(result: Result, /) -> str:
    """What to look at first."""
    if result.verdict in _ENDS:
        return _ENDS[result.verdict]
    if result.verdict == "REFUSES":
        return _refused(result)
    if result.verdict == "MISPLACED" and not result.law.needs_vjp:
        return _MISPLACED
    if result.verdict != "VACUOUS":
        return result.law.kills
    if result.subject.target.compiled and result.examples:
        return "what Dynamo does not take: TORCH_LOGS=graph_breaks,recompiles says what"
    if result.examples and not result.silent:
        return "the law itself: `compared` is 0 in all of its findings"
    return "too few examples, or an operation restricted too far"


def _refused(result: Result) -> str:
    if why := _unwritable(result.verdict, result.finding.message):
        return f"it writes to its arguments, of which some {why}: MUTATES"
    operation = result.subject.operation
    name = f"ops.{operation.name}" if operation.name in OPS else "operation"
    narrowed = f"narrow the operation: {name}.restrict"
    options = "".join(f", {each}=" for each in operation.parameters)
    arrays = () if result.witness is None else result.witness.arrays
    if not all(x.size for x in arrays) or "of x[:0]: " in result.finding.message:
        return (
            f"empty arrays are refused: if that is meant, --no-empty, or "
            f"{narrowed}(empty=False)"
        )
    return (
        "what has an answer is refused: if that is no promise of yours, --dims, "
        f"--finite, --kwargs, or {narrowed}(ranks=, families=, empty=False{options})"
    )


#: What NumPy and PyTorch say of arrays that cannot be written to, and what they are.
_UNWRITABLE = {
    "read-only": "are read-only",
    "written-to tensor refers to a single memory": "have one number in several places",
}


def _unwritable(verdict: str, message: str) -> str:
    """What arguments are that a subject writes to; empty where it is none of that."""
    if verdict != "REFUSES":
        return ""
    return next((why for text, why in _UNWRITABLE.items() if text in message), "")
