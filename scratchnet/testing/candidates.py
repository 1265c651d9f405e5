"""Candidates: what a wrong subject may behave like, a planted bug, the operation with
another option, or another operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, signature
from typing import Any

import numpy as np

from scratchnet.errors import ScratchnetError
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.case import Case
from scratchnet.testing.evaluate import oracle
from scratchnet.testing.laws import LAWS
from scratchnet.testing.laws.finding import agree, inside, of_kind
from scratchnet.testing.mutants import MUTANTS, Mutant
from scratchnet.testing.mutants.mutant import Pair
from scratchnet.testing.op import Op, Options
from scratchnet.testing.ops import OPS
from scratchnet.testing.subject import Refusal, Subject, host
from scratchnet.testing.targets import Target

Oracles = tuple[Bounded, ...]
#: Axes that are written into code.
_AXES = (0, 1, -1, None)
#: Choices that stand for what is drawn: no value that code could hold.
_DRAWN = "drawn"


@dataclass(frozen=True)
class Seen:
    """What a call gave: arrays on the host, and of each what it is where it is not an
    array of its target, of the oracle's shape and dtype; else an empty word."""

    results: tuple[Any, ...]
    kinds: tuple[str, ...]

    def is_within(self, oracles: Oracles, /) -> bool:
        """Whether it is what the oracles allow."""
        return not any(self.kinds) and inside(self.results, oracles).ok


def seen(subject: Subject, case: Case, oracles: Oracles, /) -> Seen | None:
    """What a subject gives for an example; None where it raises, or gives no arrays.

    The example is one of the pullback where the oracles are.
    """
    try:
        results = _called(subject, case)
        arrays = tuple(np.array(host(x)) for x in results)
    except (Refusal, ScratchnetError):
        return None
    if any(x.dtype.kind not in "biuf" for x in arrays):
        return None
    if len(results) != len(oracles):
        return Seen(arrays, (f"{len(results)} results",))
    every = zip(results, arrays, oracles, strict=True)
    return Seen(arrays, tuple(_kind(subject, *each) for each in every))


def _called(subject: Subject, case: Case) -> tuple[Any, ...]:
    is_pulled = case.op.pullback_of is not None
    if not is_pulled or subject.operation.pullback_of is not None:
        return subject(case)
    (g, *arguments), options = case.on(subject.target)
    return subject.pulled(g, arguments, options)[1]


def _kind(subject: Subject, x: Any, array: Any, oracle: Bounded) -> str:
    """What is wrong with a result but for its numbers: its dtype, its shape."""
    if of_kind(x, oracle, subject).ok:
        return ""
    return f"{array.dtype} {array.shape}"


def is_wrong(found: Seen | None, oracles: Oracles, /) -> bool:
    """Whether a call that has an answer gave another one."""
    return found is None or not found.is_within(oracles)


@dataclass(frozen=True, eq=False)
class Candidate:
    """Something that a wrong subject may behave like.

    id: that of a planted bug, or empty. says: what it does, as a person reads it.
    compared: of an example, of what the subject gave and of what is allowed: whether it
    does the same, and whether that is not what is right.
    """

    id: str
    says: str
    compared: Callable[[Case, Seen | None, Oracles], tuple[bool, bool]]


def candidates(subject: Subject, /, *, pulled: bool) -> tuple[Candidate, ...]:
    """What the subject may behave like, or its pullback; nothing of an operation that
    is not a standard one, nor of what is no function of arrays."""
    op = subject.operation
    base = op.pullback_of or op
    known = OPS.get(base.name)
    if (
        known is None
        or known.reference is not base.reference
        or base.kind != "function"
    ):
        return ()
    return (
        *_planted(subject, base, pulled),
        *_with_other_options(base, pulled),
        *_other_operations(base, pulled),
    )


# Planted bugs.


def _planted(subject: Subject, base: Op, pulled: bool) -> Iterator[Candidate]:
    for mutant in MUTANTS.values():
        if mutant.operation != base.name or LAWS[mutant.law].needs_vjp != pulled:
            continue
        target = _place(mutant, subject.target)
        pair = mutant.broken()
        if target is None or (pulled and pair.vjp is None):
            continue
        broken = Subject(pair.function, base, target, subject.contract, pair.vjp)
        compared = partial(_like_planted, broken, _way(pair, pulled))
        yield Candidate(mutant.id, mutant.says, compared)


def _place(mutant: Mutant, target: Target) -> Target | None:
    """Where a planted bug is compared: on NumPy, or where it shows if it does so in
    another library only; None if that is not the subject's."""
    shows = Target.named(mutant.target)
    if shows.library != "numpy":
        return target if shows.library == target.library else None
    plain = Target("numpy", "", target.format)
    return target if plain.unavailable() else plain


def _way(pair: Pair, pulled: bool) -> Callable[..., Any]:
    """The function, or the function from the cotangent on."""
    vjp = pair.vjp
    if not pulled or vjp is None:
        return pair.function
    return lambda g, *arguments, **options: vjp(*arguments, **options)[1](g)


def _like_planted(
    broken: Subject,
    function: Callable[..., Any],
    case: Case,
    found: Seen | None,
    oracles: Oracles,
) -> tuple[bool, bool]:
    other = seen(broken, case, oracles)
    if found is None or other is None:
        return found is other or _is_empty(found or other), other is None
    if found.kinds != other.kinds:
        return False, True
    alike = (
        _is_same(found, other)
        or _is_near(found, other, oracles)
        or _is_allowed(function, case, found, other, oracles)
    )
    return alike, alike and is_wrong(other, oracles)


def _is_same(one: Seen, other: Seen) -> bool:
    pairs = zip(one.results, other.results, strict=False)
    return len(one.results) == len(other.results) and all(
        np.array_equal(x, y, equal_nan=x.dtype.kind == y.dtype.kind == "f")
        for x, y in pairs
    )


def _is_near(one: Seen, other: Seen, oracles: Oracles) -> bool:
    """Whether two results are no further apart than two right ones may be. Of those in
    another shape than they should have the numbers are compared, one by one."""
    shapes = [[x.shape for x in each.results] for each in (one, other)]
    sizes = [x.size for x in other.results]
    if shapes[0] != shapes[1] or sizes != [each.value.size for each in oracles]:
        return False
    return all(
        agree(x.reshape(each.shape), y.reshape(each.shape), each, what="it").ok
        for x, y, each in zip(one.results, other.results, oracles, strict=True)
    )


def _is_allowed(
    function: Callable[..., Any], case: Case, found: Seen, other: Seen, oracles: Oracles
) -> bool:
    """Whether results are inside the bounds of the planted bug itself, run as if it
    were a reference: what is much larger than the right result rounds by more."""
    own = _evaluated(partial(oracle, function), case, oracles, case.options)
    if own is None or any(found.kinds) or len(own) != len(oracles):
        return False
    every = tuple(zip(own, other.results, oracles, strict=True))
    if any(mine.shape != right.shape for mine, _, right in every):
        return False
    return inside(found.results, tuple(_telling(*each) for each in every)).ok


def _telling(own: Bounded, other: Any, right: Bounded) -> Bounded:
    """The bounds of a planted bug where they exclude the right result; elsewhere, as
    of what cancels, they would allow too much: then those of the right one."""
    with np.errstate(all="ignore"):
        apart = np.abs(own.value - right.value) > own.error + right.error
        value = np.where(apart, own.value, np.asarray(other, right.value.dtype))
        error = np.where(apart, own.error, 2 * right.error)
    return Bounded(value, right.contract, error)


def _evaluated(
    judge: Callable[..., Any], case: Case, oracles: Oracles, options: Mapping[str, Any]
) -> Oracles | None:
    """What is allowed by another function than the operation's reference, under the
    same contract; None where it raises, or gives no such arrays."""
    contract = oracles[0].contract
    # Whatever wrong code raises of arrays that carry bounds is nobody's error.
    with suppress(Exception), np.errstate(all="ignore"):
        found = judge(*case.arguments, contract=contract, **options)
        own = found if isinstance(found, tuple) else (found,)
        if all(isinstance(each, Bounded) for each in own):
            return own
    return None


# The operation with another option; other operations.


def _with_other_options(base: Op, pulled: bool) -> Iterator[Candidate]:
    reference = base.gradient if pulled else base.reference
    if reference is None:
        return
    whole = base.unrestricted or base
    for name in whole.parameters:
        for value in _pinned(whole, name):
            changed = partial(_pinned_to, {name: value})
            compared = partial(_like_reference, reference.oracle, changed)
            yield Candidate("", f"{base.name} with {name}={value!r}", compared)


def _pinned(op: Op, name: str) -> tuple[Any, ...]:
    """The values of an option that may be written into code: the choices for it, and
    what it is where it is not given."""
    if name == "axis":
        return _AXES
    choices = op.parameters[name]
    some = [] if callable(choices) else [x for x in choices if x != _DRAWN]
    takes = signature(op.reference.algorithms[0].function).parameters.get(name)
    if takes is not None and takes.default is not Parameter.empty:
        some.append(takes.default)
    return tuple(dict.fromkeys(some))


def _pinned_to(values: Options, options: Options) -> Options:
    return {**options, **values}


def _other_operations(base: Op, pulled: bool) -> Iterator[Candidate]:
    """Those of arrays of the same shapes, with no options that this one has not."""
    for other in OPS.values():
        reference = other.gradient if pulled else other.reference
        alike = (other.called, other.signature) == (base.called, base.signature)
        if reference is None or not alike or other.name == base.name:
            continue
        if other.kind == "function" and other.parameters.keys() <= {*base.parameters}:
            changed = partial(_only, tuple(other.parameters))
            compared = partial(_like_reference, reference.oracle, changed)
            yield Candidate("", other.name, compared)


def _is_empty(found: Seen | None) -> bool:
    """Whether an answer has no numbers, which nothing is told by."""
    return found is not None and not any(x.size for x in found.results)


def _only(names: tuple[str, ...], options: Options) -> Options:
    return {name: options[name] for name in names if name in options}


def _like_reference(
    judge: Callable[..., Any],
    changed: Callable[[Options], Options],
    case: Case,
    found: Seen | None,
    oracles: Oracles,
) -> tuple[bool, bool]:
    own = _evaluated(judge, case, oracles, changed(dict(case.options)))
    if found is None or own is None:
        # That neither answers is no evidence: any code may be without one. Nor is it
        # that one of them refuses what has no numbers.
        return (found is None and own is None) or _is_empty(found), False
    shapes = [each.shape for each in own], [x.shape for x in found.results]
    if shapes[0] != shapes[1] or not inside(found.results, own).ok:
        return False, True
    # Each must exclude the other: bounds that hold both tell neither from the other.
    pairs = (oracles, own), (own, oracles)
    return True, all(not inside(_rounded(x), each).ok for each, x in pairs)


def _rounded(oracles: Oracles) -> tuple[Any, ...]:
    """What a reference gives, as arrays of the format."""
    return tuple(
        np.asarray(x.contract.format.rounded(x.value), x.contract.format.carrier)
        if x.is_real
        else x.value
        for x in oracles
    )
