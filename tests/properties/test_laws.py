"""Each law finds what it is there for; correct code breaks none of them."""

import itertools
import sys

import numpy as np
import pytest

from scratchnet.data import Batches
from scratchnet.optim import SGD
from scratchnet.testing import LAWS, check, laws, ops
from scratchnet.testing.laws import loaders, optimizers

NUMPY = ["numpy:float64"]


def softmax(x, *, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def softmax_vjp(x, *, axis=-1):
    y = softmax(x, axis=axis)
    return y, lambda g: (y * (g - (g * y).sum(axis=axis, keepdims=True)),)


def over_everything(x):
    e = np.exp(x - x.max()) if x.size else x
    return e / e.sum() if x.size else e


def in_place(x):
    if x.flags.writeable:
        x -= x.max(axis=-1, keepdims=True)
    return softmax(x)


def exits(*_):
    sys.exit(3)


counter = itertools.count()


def noisy(x):
    return np.maximum(x, 0) + next(counter) % 2


def gaps_ignored(x):
    """The memory of x, read without regard to its strides."""
    base = x if x.base is None or x.flags.c_contiguous else x.base
    return np.maximum(np.asarray(base).reshape(-1)[: x.size].reshape(x.shape), 0)


def alike(a, b):
    """A product that lines short loops up from the left."""
    found = np.matmul(a, b)
    return found if found.ndim < 4 else found[:, :1] * np.ones_like(found)


def in_whole_steps(x, mean, deviation):
    return (x - mean.astype(x.dtype)) / deviation


def of_forgotten_sum(x, *, axis=-1):
    y = softmax(x, axis=axis)
    return y, lambda g: (y * g,)


def ignoring(x, *, axis=-1):
    y, back = softmax_vjp(x, axis=axis)
    return y, lambda _: back(np.ones_like(y))


def adding_up(x, *, axis=-1):
    y, back = softmax_vjp(x, axis=axis)
    kept = np.zeros_like(y)

    def pullback(g):
        kept[...] += back(g)[0]
        return (kept.copy(),)

    return y, pullback


def writing(x, *, axis=-1):
    y, back = softmax_vjp(x, axis=axis)

    def pullback(g):
        found = back(g)
        if g.flags.writeable:
            g *= 0
        return found

    return y, pullback


def wide(x, *, axis=-1):
    y, back = softmax_vjp(x, axis=axis)
    return y, lambda g: (back(g)[0][None],)


#: Each law, with a subject that breaks it, its VJP rule, and the verdict.
BROKEN = {
    "equals_the_oracle": (ops.softmax, over_everything, None, "WRONG"),
    "is_exact_on_the_grid": (ops.relu, lambda x: 1.5 * np.maximum(x, 0), None, "WRONG"),
    "integers_stand_for_numbers": (ops.standardize, in_whole_steps, None, "WRONG"),
    "results_are_of_their_kind": (
        ops.relu,
        lambda x: np.maximum(x, 0).astype(np.float32),
        None,
        "MISPLACED",
    ),
    "rows_are_independent": (ops.softmax, over_everything, None, "WRONG"),
    "broadcasting_equals_the_loop": (ops.matmul, alike, None, "WRONG"),
    "empty_and_0d_are_no_exceptions": (
        ops.relu,
        lambda x: np.maximum(x, -np.inf if x.max() > 0 else 0),
        None,
        "REFUSES",
    ),
    "what_does_not_fit_is_refused": (
        ops.mse,
        lambda x, _, **__: np.zeros(np.shape(x)[1:]),
        None,
        "ACCEPTS",
    ),
    "the_layout_does_not_matter": (ops.relu, gaps_ignored, None, "WRONG"),
    "inputs_are_untouched": (ops.softmax, in_place, None, "MUTATES"),
    "results_are_new": (ops.relu, lambda x: x, None, "ALIASES"),
    "two_runs_agree": (ops.relu, noisy, None, "NONDETERMINISTIC"),
    "gradients_equal_the_oracle": (ops.softmax, softmax, of_forgotten_sum, "WRONG"),
    "gradients_are_of_their_kind": (ops.softmax, softmax, wide, "MISPLACED"),
    "pullbacks_are_linear": (ops.softmax, softmax, adding_up, "WRONG"),
    "pullbacks_are_derivatives": (ops.softmax, softmax, ignoring, "WRONG"),
    "pullbacks_leave_memory_alone": (ops.softmax, softmax, writing, "MUTATES"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_law_finds_what_it_is_there_for(name):
    operation, subject, vjp, verdict = BROKEN[name]
    report = check(subject, operation, vjp=vjp, targets=NUMPY, laws=[name])
    assert [each.verdict for each in report.results] == [verdict], str(report)
    assert report.witness is not None


class Loader:
    """Batches, which each broken one gets something wrong of."""

    def __init__(self, x, y, **options):
        self.batches, self.x, self.y = Batches(x, y, **options), x, y
        self.first = list(self.batches.epoch(0))
        self.size = options["batch_size"]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


class OncePerLoader(Loader):
    def __iter__(self):
        yield from self.first
        self.first = []


class Unpaired(Loader):
    def __iter__(self):
        return ((x[::-1], y) for x, y in self.batches)


class Rounded(Loader):
    def __len__(self):
        return max(1, len(self.x) // self.size)


class Global(Loader):
    def __iter__(self):
        order = np.random.permutation(len(self.x))  # noqa: NPY002
        return ((self.x[i : i + 1], self.y[i : i + 1]) for i in order)


class OneOrder(Loader):
    def __iter__(self):
        return iter(self.first)


class AlwaysShuffled(Loader):
    def __init__(self, x, y, **options):
        super().__init__(x, y, **{**options, "shuffle": True})


class Views(Loader):
    def __iter__(self):
        return ((self.x[i : i + 1], self.y[i : i + 1]) for i in range(len(self.x)))


LOADERS = {
    "every_row_comes_once": OncePerLoader,
    "pairs_stay_together": Unpaired,
    "batches_have_the_size_that_was_told": Rounded,
    "seeds_reproduce": Global,
    "epochs_differ": OneOrder,
    "without_shuffling_rows_are_in_order": AlwaysShuffled,
    "batches_are_copies": Views,
}


@pytest.mark.parametrize("name", LOADERS)
def test_a_law_finds_a_broken_loader(name):
    assert not check(LOADERS[name], ops.loader, targets=NUMPY, laws=[name]).ok


def step(parameters, gradients, state, **hyper):
    return SGD(**hyper).step(parameters, gradients, state)


def forgetful(parameters, gradients, state, **hyper):
    return step(parameters, gradients, {}, **hyper)[0], state


def shared(parameters, gradients, state, **hyper):
    """One velocity for all parameters."""
    one = dict.fromkeys(gradients, next(iter(gradients.values())))
    return step(parameters, one, state, **hyper)


def decaying(parameters, gradients, state, **hyper):
    every = {name: np.zeros_like(p) for name, p in parameters.items()} | gradients
    return step(parameters, every, state, **{**hyper, "weight_decay": 0.5})


def in_place_step(parameters, gradients, state, **hyper):
    new, after = step(parameters, gradients, state, **hyper)
    for name, p in parameters.items():
        if p.flags.writeable:
            p[...] = new[name]
    return new, after


OPTIMIZERS = {
    "every_step_equals_the_oracle": forgetful,
    "parameters_are_independent": shared,
    "without_a_gradient_nothing_moves": decaying,
    "steps_are_pure": in_place_step,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_law_finds_a_broken_optimizer(name):
    assert not check(OPTIMIZERS[name], ops.optimizer, targets=NUMPY, laws=[name]).ok


def test_every_law_is_seen_to_fail():
    assert LAWS.keys() == {*BROKEN, *LOADERS, *OPTIMIZERS}
    assert {*LOADERS} == {each.name for each in loaders.LOADERS}
    assert {*OPTIMIZERS} == {each.name for each in optimizers.OPTIMIZERS}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_says_what_it_claims_kills_and_misses(name):
    assert LAWS[name].claim
    assert LAWS[name].kills
    assert LAWS[name].misses


def logsumexp(x):
    m = x.max(axis=-1, keepdims=True)
    return m + np.log(np.exp(x - m).sum(axis=-1, keepdims=True))


def in_blocks(x):
    """The sum of the sums of pairs, from the end."""
    flat = x.reshape(-1)[::-1]
    return np.asarray(
        sum((flat[i : i + 2].sum() for i in range(0, flat.size, 2)), x.dtype.type(0))
    )


def welford(x):
    mean = np.zeros(x.shape[:-1], x.dtype)
    total = np.zeros(x.shape[:-1], x.dtype)
    for i in range(x.shape[-1]):
        off = x[..., i] - mean
        mean = mean + off / x.dtype.type(i + 1)
        total = total + off * (x[..., i] - mean)
    return total / x.dtype.type(x.shape[-1])


def bias_first(x, weight, bias=None):
    found = np.zeros((*x.shape[:-1], weight.shape[0]), x.dtype)
    if bias is not None:
        found = found + bias
    for i in range(x.shape[-1]):
        found = found + x[..., i : i + 1] * weight[:, i]
    return found


CORRECT = {
    "x - logsumexp(x)": (ops.log_softmax, lambda x: x - logsumexp(x)),
    "exp of that": (ops.softmax, lambda x: np.exp(x - logsumexp(x))),
    "Welford": (ops.var, welford),
    "the bias first": (ops.linear, bias_first),
    "a sum in blocks, reversed": (ops.sum, in_blocks),
    "where": (ops.relu, lambda x: np.where(x <= 0, 0, x).astype(x.dtype)),
    "einsum": (
        ops.matmul.restrict(ranks=2),
        lambda a, b: np.einsum("mk,kp->mp", a, b),
    ),
}


@pytest.mark.parametrize("name", CORRECT)
def test_other_algorithms_are_no_false_alarm(name):
    operation, subject = CORRECT[name]
    targets = ["numpy:float64", "numpy:float32"]
    wanted = [each for each in LAWS.values() if each.is_about(operation)]
    wanted = [each for each in wanted if not each.needs_vjp]
    # What must be refused is a promise of its own: an einsum of ones stretches.
    wanted = [each for each in wanted if each.name != "what_does_not_fit_is_refused"]
    report = check(subject, operation, targets=targets, laws=wanted)
    assert report.ok, str(report)


def test_rows_that_are_cut_to_fit_are_found():
    def cut(x, weight, bias=None):
        y = x[..., : weight.shape[-1]] @ weight.T
        return y if bias is None else y + bias

    report = check(cut, ops.linear, targets=NUMPY)
    assert [each.law.name for each in report.broken] == ["what_does_not_fit_is_refused"]


def test_one_that_exits_crashes_and_one_that_says_nothing_is_vacuous():
    assert check(exits, ops.relu, targets=NUMPY).broken[0].verdict == "CRASHES"
    nowhere = laws.law(accepts=lambda *_: False)(exits)
    (result,) = check(lambda x: x, ops.relu, targets=NUMPY, laws=[nowhere]).results
    assert result.verdict == "VACUOUS"


def test_the_batch_axis_softmax_falls_at_once_and_smallest():
    """As the lesson had it: over the rows of the batch."""

    def lesson(x):
        e = np.exp(x)
        return e / e.sum(axis=0, keepdims=True)

    report = check(lesson, ops.softmax, targets=NUMPY)
    assert report.broken[0].verdict == "WRONG"
    assert report.results[0].examples <= 5
    assert report.witness.arguments[0].size <= 4
