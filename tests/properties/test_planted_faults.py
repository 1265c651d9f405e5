"""Every law finds planted faults, most of them alone; in right code none finds one."""

from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from scratchnet.arrays import array_namespace
from scratchnet.testing import LAWS, OPS, Law, check, engine, laws

FLOAT64 = "numpy:float64"
FLOAT32 = "numpy:float32"
TARGETS = [FLOAT64, FLOAT32]
TARGETS += ["torch:cpu:float64", "torch:cpu:float32"] * bool(find_spec("torch"))


@pytest.fixture(autouse=True)
def _first_example_is_enough(monkeypatch):
    """Whether a fault is found is asked here, not how small the witness becomes."""
    monkeypatch.setattr(engine, "_smallest", lambda *found: found[-1])


# Functions that are right, each in its own way, but for what is passed to them.


def log_softmax(x, *, axis=-1):
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def relu(x):
    return np.maximum(x, x.dtype.type(0))


def passed_on(g, x):
    """The cotangent, where ReLU passes its argument on: NaN, too."""
    return np.where(x <= 0, g.dtype.type(0), g)


def pulled_back_by(pullback):
    """The VJP rule of ReLU with a pullback of (g, x)."""
    return lambda x: (relu(x), lambda g: (pullback(g, x),))


# Functions with one fault each.


def softmax_of_everything(x, *, axis=-1):
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum()


def softmax_shifted_by_the_largest_of_all(x, *, axis=-1):
    """0 / 0 in rows that are far below."""
    powers = np.exp(x - (x.max() if x.size else 0))
    return powers / powers.sum(axis=axis, keepdims=True)


def standardizer_that_adds_to_the_deviation(train, rows, *, per_feature):
    axis = 0 if per_feature else None
    std = train.std(axis=axis)
    constant = train.min(axis=axis) == train.max(axis=axis)
    return (rows - train.mean(axis=axis)) / np.where(constant, 1, std + 1e-8)


def standardizer(train, rows, *, per_feature, mean=lambda mean, train: mean):  # noqa: ARG005
    """A right one, but for what becomes of the mean."""
    axis = 0 if per_feature else None
    std = train.std(axis=axis)
    constant = train.min(axis=axis) == train.max(axis=axis)
    return (rows - mean(train.mean(axis=axis), train)) / np.where(constant, 1, std)


def standardizer_whose_mean_is_a_pixel(train, rows, *, per_feature):
    """Bytes less a byte wrap around."""
    return standardizer(
        train, rows, per_feature=per_feature, mean=lambda x, like: x.astype(like.dtype)
    )


def standardizer_in_the_dtype_of_its_rows(train, rows, *, per_feature):
    return standardizer(train, rows, per_feature=per_feature).astype(rows.dtype)


def elu_that_cancels(x, *, alpha=1.0):
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


def matmul_without_the_last_term(a, b):
    return np.matmul(a[..., :-1], b[..., :-1, :] if b.ndim > 1 else b[:-1])


def matmul_aligned_from_the_left(a, b):
    loops = max(a.ndim, b.ndim)
    a, b = (
        x.reshape(*x.shape[:-2], *(1,) * (loops - x.ndim), *x.shape[-2:])
        for x in (a, b)
    )
    return np.matmul(a, b)


def matvec(a, x):
    if not x.ndim or a.ndim < 2:
        raise ValueError("no vector, or no matrix")
    return np.matmul(a, x[..., None])[..., 0]


def matvec_that_cuts_to_fit(a, x):
    size = min(a.shape[-1:] + x.shape[-1:], default=0)
    return matvec(a[..., :size], x[..., :size])


def matvec_that_exits(a, x):
    try:
        return matvec(a, x)
    except ValueError as error:
        raise SystemExit(3) from error


def relu_in_double_precision(x):
    return relu(x).astype(np.float64)


def relu_of_batches_only(x):
    if x.ndim < 1 or len(x) == 0:
        raise ValueError("no batch")
    return relu(x)


def relu_of_memory_as_it_lies(x):
    """Takes for granted that elements are neighbours."""
    every = np.lib.stride_tricks.as_strided(x, (x.size,), (x.itemsize,))
    return relu(every.reshape(x.shape))


def relu_of_what_can_be_written(x):
    if not x.flags.writeable:
        raise ValueError("assignment destination is read-only")
    return relu(x)


def relu_that_uses_its_input_up(x):
    y = relu(x)
    if x.flags.writeable:
        x[...] = 0
    return y


def relu_that_flattens_its_input(x):
    """Its numbers stay what they are, but lie in one row."""
    y = relu(x)
    if x.flags.c_contiguous:
        x.shape = (-1,)
    return y


def relu_that_returns_its_input(x):
    return x if (x > 0).all() else relu(x)


def relu_with_one_buffer(x, *, buffers={}):  # noqa: B006
    buffer = buffers.setdefault((x.shape, x.dtype), np.empty_like(x, order="C"))
    np.maximum(x, x.dtype.type(0), out=buffer)
    return buffer


def sigmoid_that_wavers(x, *, calls=count()):  # noqa: B008
    y = 1 / (1 + np.exp(-x))
    return np.nextafter(y, x.dtype.type(next(calls) % 2))


def gradient_without_the_sum_of_the_cotangent(x, *, axis=-1):
    y = log_softmax(x, axis=axis)
    return y, lambda g: (g - np.exp(y) * g,)


def gradient_that_adds_up(x):
    kept = np.zeros_like(x)

    def pullback(g):
        nonlocal kept
        kept = kept + passed_on(g, x)
        return (kept,)

    return relu(x), pullback


def gradient_of_the_square(x):
    return np.sin(x), lambda g: (g * g * np.cos(x),)


def gradient_of_another_function(x):
    return np.sin(x), lambda g: (g * np.cos(x) * 1.0005,)


def zeroes_the_cotangent(g, x):
    if g.flags.writeable:
        g[x <= 0] = 0
    return passed_on(g, x)


def broadcast_vjp_that_hands_on(x, shape):
    """The cotangent itself, where nothing was stretched."""
    added = len(shape) - x.ndim
    padded = (*(1,) * added, *x.shape)
    axes = tuple(i for i, side in enumerate(padded) if side != shape[i])

    def pullback(g):
        if x.shape == shape:
            return (g,)
        return (g.sum(axis=axes, keepdims=True).reshape(x.shape),)

    return np.array(np.broadcast_to(x, shape)), pullback


def mse_vjp_with_one_gradient(x, t, *, reduction="mean"):
    return mse(x, t, reduction=reduction), lambda g: (2 * g * (x - t),)


def mse(x, t, *, reduction="mean"):
    costs = (x - t) ** 2
    return {"none": lambda x: x, "sum": np.sum, "mean": np.mean}[reduction](costs)


# Loaders: an order of rows for an epoch, how many batches are told, and what a batch
# of rows is.


def shuffled(generator, n):
    return generator.permutation(n)


def by_chance(generator, n):
    del generator
    return np.random.permutation(n)  # noqa: NPY002 - the fault that is planted


def full_and_rest(n, size, drop_last):
    return n // size if drop_last else -(-n // size)


def copies(array, rows, generator):
    del generator
    return array[rows]


def in_parts(order, size, drop_last):
    parts = [order[i : i + size] for i in range(0, len(order), size)]
    return [part for part in parts if len(part) == size or not drop_last]


@dataclass
class Loader:
    """Batches that are made by these functions."""

    x: Any
    y: Any
    size: int
    drop_last: bool
    generator: Any
    order: Any
    length: Any
    part: Any
    labels: Any
    rows: Any

    def __len__(self):
        return self.length(len(self.x), self.size, self.drop_last)

    def __iter__(self):
        order = self.order(self.generator, len(self.x))
        for rows in self.part(order, self.size, self.drop_last):
            yield (
                self.rows(self.x, rows, self.generator),
                self.labels(self.y, rows, self.generator),
            )


def loader(
    *,
    order=shuffled,
    plain=lambda generator, n: np.arange(n),  # noqa: ARG005
    length=full_and_rest,
    part=in_parts,
    labels=copies,
    rows=copies,
):
    """A function that makes loaders: right ones, but for what is passed here."""

    def made(x, y, *, batch_size, shuffle, seed, drop_last):
        return Loader(
            x,
            y,
            batch_size,
            drop_last,
            np.random.default_rng(seed),
            order if shuffle else plain,
            length,
            part,
            labels,
            rows,
        )

    return made


def loader_for_one_epoch(x, y, **options):
    epoch = iter(loader()(x, y, **options))
    count = full_and_rest(len(x), options["batch_size"], options["drop_last"])

    class Exhausted:
        def __len__(self):
            return count

        def __iter__(self):
            return epoch

    return Exhausted()


def ragged(order, size, drop_last):
    if drop_last or not len(order):
        return in_parts(order, size, drop_last)
    return np.array_split(order, -(-len(order) // size))


def same_each_time(generator, n):
    del generator
    return np.random.default_rng(0).permutation(n)


def views(array, rows, generator):
    """A slice, where the rows are neighbours."""
    del generator
    in_order = len(rows) and (np.diff(rows) == 1).all()
    return array[rows[0] : rows[-1] + 1] if in_order else array[rows]


def shuffled_once_more(array, rows, generator):
    return array[generator.permutation(rows)]


def with_dropped_tail(x, y, *, batch_size, drop_last, **options):
    """The tail goes before the rows are shuffled."""
    n = len(x) - (len(x) % batch_size if drop_last else 0)
    made = loader()
    return made(x[:n], y[:n], batch_size=batch_size, drop_last=drop_last, **options)


# Optimisers.


def velocity(before, g, *, momentum, dampening):
    return g if before is None else momentum * before + (1 - dampening) * g


def optimizer(
    *,
    missing=lambda p: None,  # noqa: ARG005
    velocity=velocity,
    keep=lambda state: dict(state),
    key=lambda name: name,
):
    """A step of SGD: right, but for what is passed here."""

    def step(
        parameters,
        gradients,
        state,
        *,
        learning_rate,
        momentum,
        dampening,
        nesterov,
        weight_decay,
        maximize,
    ):
        after, state = dict(parameters), keep(state)
        for name, p in parameters.items():
            g = gradients[name] if name in gradients else missing(p)
            if g is None:
                continue
            g = (-g if maximize else g) + weight_decay * p
            if momentum:
                v = velocity(
                    state.get(key(name)), g, momentum=momentum, dampening=dampening
                )
                state[key(name)] = v
                g = g + momentum * v if nesterov else v
            after[name] = p - learning_rate * g
        return after, state

    return step


class State:
    """Velocities that are no dictionary."""

    def __init__(self, velocities):
        self.velocities = velocities


def with_an_object_for_a_state(parameters, gradients, state, **options):
    known = state.velocities if state else {}
    after, known = optimizer()(parameters, gradients, known, **options)
    return after, State(known)


def with_an_object_that_is_written_to(parameters, gradients, state, **options):
    after, known = with_an_object_for_a_state(parameters, gradients, state, **options)
    if state:
        state.velocities = known.velocities
    return after, known


def damped_at_first(before, g, *, momentum, dampening):
    before = np.zeros_like(g) if before is None else before
    return momentum * before + (1 - dampening) * g


def updated_in_place(before, g, *, momentum, dampening):
    if before is None:
        return np.array(g)
    before *= momentum
    before += (1 - dampening) * g
    return before


def remembered(before, g, *, momentum, dampening, last={}):  # noqa: B006
    """Goes on from the last call, whatever the state was."""
    before = None if before is None else last.get(g.shape)
    last[g.shape] = velocity(before, g, momentum=momentum, dampening=dampening)
    return last[g.shape]


#: Whether no other law of the operation finds the fault.
ALONE, AMONG_OTHERS = True, False


@dataclass(frozen=True)
class Planted:
    """A law, and a subject with a fault that it finds."""

    law: str
    verdict: str
    operation: str
    alone: bool
    subject: Any
    vjp: Any = None
    target: str = FLOAT64

    def __str__(self):
        return f"{self.law}-{self.verdict}-{self.operation}-{self.alone:d}"

    def report(self, **options):
        return check(
            self.subject,
            OPS[self.operation],
            vjp=self.vjp,
            targets=[self.target],
            **options,
        )


PLANTED = [
    Planted(
        *("equals_the_oracle", "WRONG", "standardizer", AMONG_OTHERS),
        standardizer_that_adds_to_the_deviation,
    ),
    Planted(
        *("equals_the_oracle", "INACCURATE", "elu", AMONG_OTHERS),
        elu_that_cancels,
    ),
    Planted(
        *("integers_stand_for_numbers", "MISPLACED", "standardizer", ALONE),
        standardizer_in_the_dtype_of_its_rows,
    ),
    Planted(
        *("integers_stand_for_numbers", "WRONG", "standardizer", ALONE),
        standardizer_whose_mean_is_a_pixel,
    ),
    Planted(
        *("is_exact_on_the_grid", "WRONG", "matmul", AMONG_OTHERS),
        matmul_without_the_last_term,
    ),
    Planted(
        *("results_are_of_their_kind", "MISPLACED", "relu", ALONE),
        relu_in_double_precision,
        target=FLOAT32,
    ),
    Planted(
        *("rows_are_independent", "WRONG", "softmax", AMONG_OTHERS),
        softmax_of_everything,
    ),
    Planted(
        *("rows_are_independent", "WRONG", "softmax", AMONG_OTHERS),
        softmax_shifted_by_the_largest_of_all,
    ),
    Planted(
        *("broadcasting_equals_the_loop", "MISPLACED", "matmul", AMONG_OTHERS),
        matmul_aligned_from_the_left,
    ),
    Planted(
        *("empty_and_0d_are_no_exceptions", "REFUSES", "relu", AMONG_OTHERS),
        relu_of_batches_only,
    ),
    Planted(
        *("what_does_not_fit_is_refused", "ACCEPTS", "matvec", ALONE),
        matvec_that_cuts_to_fit,
    ),
    Planted(
        *("what_does_not_fit_is_refused", "CRASHES", "matvec", ALONE),
        matvec_that_exits,
    ),
    Planted(
        *("the_layout_does_not_matter", "WRONG", "relu", AMONG_OTHERS),
        relu_of_memory_as_it_lies,
    ),
    Planted(
        *("the_layout_does_not_matter", "REFUSES", "relu", AMONG_OTHERS),
        relu_of_what_can_be_written,
    ),
    Planted(
        *("inputs_are_untouched", "MUTATES", "relu", ALONE),
        relu_that_uses_its_input_up,
    ),
    Planted(
        *("inputs_are_untouched", "MUTATES", "relu", ALONE),
        relu_that_flattens_its_input,
    ),
    Planted(
        *("results_are_new", "ALIASES", "relu", ALONE),
        relu_that_returns_its_input,
    ),
    Planted(*("results_are_new", "ALIASES", "relu", ALONE), relu_with_one_buffer),
    Planted(
        *("two_runs_agree", "NONDETERMINISTIC", "sigmoid", ALONE),
        sigmoid_that_wavers,
    ),
    Planted(
        *("gradients_equal_the_oracle", "WRONG", "relu", ALONE),
        relu,
        pulled_back_by(lambda g, x: np.where(x < 0, g * 0, g)),
    ),
    Planted(
        *("gradients_equal_the_oracle", "WRONG", "log_softmax", AMONG_OTHERS),
        log_softmax,
        gradient_without_the_sum_of_the_cotangent,
    ),
    Planted(
        *("gradients_are_of_their_kind", "MISPLACED", "relu", ALONE),
        relu,
        pulled_back_by(lambda g, x: passed_on(g, x).astype(np.float64)),
        target=FLOAT32,
    ),
    Planted(
        *("gradients_are_of_their_kind", "MISPLACED", "mse", AMONG_OTHERS),
        mse,
        mse_vjp_with_one_gradient,
    ),
    Planted(
        *("pullbacks_are_linear", "WRONG", "relu", ALONE),
        relu,
        gradient_that_adds_up,
    ),
    Planted(
        *("pullbacks_are_linear", "WRONG", "sine", AMONG_OTHERS),
        np.sin,
        gradient_of_the_square,
    ),
    Planted(
        *("pullbacks_are_derivatives", "WRONG", "sine", AMONG_OTHERS),
        np.sin,
        gradient_of_another_function,
    ),
    Planted(
        *("pullbacks_leave_memory_alone", "MUTATES", "relu", ALONE),
        relu,
        pulled_back_by(zeroes_the_cotangent),
    ),
    Planted(
        *("pullbacks_leave_memory_alone", "ALIASES", "broadcast_to", ALONE),
        lambda x, shape: np.array(np.broadcast_to(x, shape)),
        broadcast_vjp_that_hands_on,
    ),
    Planted(*("every_row_comes_once", "WRONG", "loader", ALONE), loader_for_one_epoch),
    Planted(
        *("pairs_stay_together", "WRONG", "loader", ALONE),
        loader(rows=shuffled_once_more),
    ),
    Planted(
        *("batches_have_the_size_that_was_told", "WRONG", "loader", ALONE),
        loader(length=lambda n, size, drop_last: n // size),  # noqa: ARG005
    ),
    Planted(
        *("batches_have_the_size_that_was_told", "WRONG", "loader", ALONE),
        loader(part=ragged),
    ),
    Planted(
        *("seeds_reproduce", "NONDETERMINISTIC", "loader", ALONE),
        loader(order=by_chance),
    ),
    Planted(*("epochs_differ", "WRONG", "loader", ALONE), loader(order=same_each_time)),
    Planted(*("epochs_differ", "WRONG", "loader", AMONG_OTHERS), with_dropped_tail),
    Planted(
        *("without_shuffling_rows_are_in_order", "WRONG", "loader", ALONE),
        loader(plain=shuffled),
    ),
    Planted(*("batches_are_copies", "ALIASES", "loader", ALONE), loader(rows=views)),
    Planted(
        *("every_step_equals_the_oracle", "WRONG", "optimizer", ALONE),
        optimizer(velocity=damped_at_first),
    ),
    Planted(
        *("parameters_are_independent", "WRONG", "optimizer", AMONG_OTHERS),
        optimizer(key=lambda name: "velocity"),  # noqa: ARG005
    ),
    Planted(
        *("without_a_gradient_nothing_moves", "WRONG", "optimizer", ALONE),
        optimizer(missing=np.zeros_like),
    ),
    Planted(
        *("steps_are_pure", "MUTATES", "optimizer", ALONE),
        optimizer(velocity=updated_in_place),
    ),
    Planted(
        *("steps_are_pure", "MUTATES", "optimizer", ALONE),
        with_an_object_that_is_written_to,
    ),
    Planted(
        *("steps_are_pure", "NONDETERMINISTIC", "optimizer", AMONG_OTHERS),
        optimizer(velocity=remembered),
    ),
]


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_law_finds_its_planted_fault(planted):
    report = planted.report(laws=[planted.law])
    assert report.verdicts == {(planted.law, planted.target): planted.verdict}
    assert report.witness is not None


@pytest.mark.parametrize("planted", [p for p in PLANTED if p.alone], ids=str)
def test_what_is_found_alone_all_other_laws_let_pass(planted):
    """Without the law nobody would know."""
    assert [each.law.name for each in planted.report().broken] == [planted.law]


def test_every_law_has_a_planted_fault():
    assert {planted.law for planted in PLANTED} == LAWS.keys()


def laws_in(module):
    return {x for x in vars(module).values() if isinstance(x, Law)}


def test_every_law_that_is_written_is_asked():
    """One that is left out of the list would hold for everything."""
    modules = [x for x in vars(laws).values() if isinstance(x, ModuleType)]
    written = {each for module in modules for each in laws_in(module)}
    assert written == set(LAWS.values())
    assert list(LAWS) == [each.name for each in LAWS.values()]


# What nears a limit, and is there too early.


def sigmoid(x):
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, z) / (1 + z)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def elu(x, *, alpha):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


TOO_EARLY = {
    "sigmoid": (lambda x: np.where(x > 20, 1, sigmoid(x)), "WRONG"),
    "tanh": (lambda x: np.where((x > 10) | (x < -10), np.sign(x), np.tanh(x)), "WRONG"),
    # As in PyTorch, unless it is told another threshold.
    "softplus": (lambda x: np.where(x > 20, x, softplus(x)), "INACCURATE"),
    "silu": (lambda x: np.where(x > 20, x, x * sigmoid(x)), "WRONG"),
    "elu": (
        lambda x, *, alpha: np.where(x < -20, -alpha, elu(x, alpha=alpha)),
        "WRONG",
    ),
}


@pytest.mark.parametrize("name", TOO_EARLY)
def test_a_limit_that_is_reached_too_early_is_found(name):
    subject, verdict = TOO_EARLY[name]
    law = "equals_the_oracle"
    report = check(subject, OPS[name], targets=[FLOAT64], laws=[law])
    assert report.verdicts[law, FLOAT64] == verdict


# Code that is right, in whatever way it computes.


def log_softmax_by_logsumexp(x, /, *, axis=-1):
    xp = array_namespace(x)
    most = xp.max(x, axis=axis, keepdims=True)
    total = xp.sum(xp.exp(x - most), axis=axis, keepdims=True)
    return x - (most + xp.log(total))


def log_softmax_by_shifting(x, /, *, axis=-1):
    xp = array_namespace(x)
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def log_softmax_vjp(x, /, *, axis=-1):
    xp = array_namespace(x)
    y = log_softmax_by_logsumexp(x, axis=axis)
    return y, lambda g: (g - xp.exp(y) * xp.sum(g, axis=axis, keepdims=True),)


def softmax_by_log_softmax(x, /, *, axis=-1):
    return array_namespace(x).exp(log_softmax_by_shifting(x, axis=axis))


def softmax_by_dividing(x, /, *, axis=-1):
    xp = array_namespace(x)
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def softmax_vjp_by_centring(x, /, *, axis=-1):
    xp = array_namespace(x)
    y = softmax_by_dividing(x, axis=axis)

    def pullback(g):
        return (y * (g - xp.sum(g * y, axis=axis, keepdims=True)),)

    return y, pullback


def softmax_vjp_by_products(x, /, *, axis=-1):
    xp = array_namespace(x)
    y = softmax_by_log_softmax(x, axis=axis)

    def pullback(g):
        return (g * y - y * xp.sum(g * y, axis=axis, keepdims=True),)

    return y, pullback


def linear_bias_last(x, weight, bias=None, /):
    y = array_namespace(x).matmul(x, weight.T)
    return y if bias is None else y + bias


def linear_bias_first(x, weight, bias=None, /):
    """The bias is what the sum of products starts with."""
    xp = array_namespace(x)
    start = xp.sum(xp.zeros_like(weight), axis=-1) if bias is None else bias
    y = xp.sum(xp.zeros_like(x), axis=-1)[..., None] + start
    for i in range(x.shape[-1]):
        y = y + x[..., i, None] * weight[:, i]
    return y


def sum_in_blocks(x, /, *, axis=None, keepdims=False):
    """All elements are added up three by three, those along an axis at once."""
    if axis is not None:
        return np.sum(x, axis=axis, keepdims=keepdims)
    flat = x.reshape(-1)
    blocks = [flat[i : i + 3].sum() for i in range(0, flat.size, 3)]
    total = np.asarray(sum(blocks), x.dtype)
    return total.reshape((1,) * x.ndim) if keepdims else total


def sum_reversed(x, /, *, axis=None, keepdims=False):
    """From the last element to the first."""
    return np.flip(np.sum(np.flip(x), axis=axis, keepdims=keepdims))


def as_matrices(product):
    """The product of matrices, also of vectors; a side of 1 is not stretched."""

    def matmul(a, b, /):
        x = a[None, :] if a.ndim == 1 else a
        y = b[:, None] if b.ndim == 1 else b
        if x.shape[-1] != y.shape[-2]:
            raise ValueError("the inner sides differ")
        found = product(x, y)
        found = found if b.ndim > 1 else found[..., 0]
        if a.ndim > 1:
            return found
        return found[..., 0, :] if b.ndim > 1 else found[..., 0]

    return matmul


def by_einsum(x, y):
    return np.einsum("...mk,...kp->...mp", x, y)


def by_loops(x, y):
    """A sum of outer products, one for each inner index, from the last on."""
    xp = array_namespace(x)
    found = xp.matmul(xp.zeros_like(x), xp.zeros_like(y))
    for i in reversed(range(x.shape[-1])):
        found = found + x[..., :, i, None] * y[..., None, i, :]
    return found


def relu_by_maximum(x, /):
    xp = array_namespace(x)
    return xp.maximum(x, xp.zeros_like(x))


def relu_by_where(x, /):
    xp = array_namespace(x)
    return xp.where(x < 0, xp.zeros_like(x), x)


def relu_vjp(x, /):
    xp = array_namespace(x)
    return relu_by_where(x), lambda g: (xp.where(x <= 0, xp.zeros_like(g), g),)


def leaky_relu(x, *, slope=0.01):
    return np.where(x <= 0, x.dtype.type(slope) * x, x)


def leaky_vjp_by(factor):
    """The VJP rule of leaky ReLU whose pullback multiplies by this."""

    def vjp(x, *, slope=0.01):
        y = leaky_relu(x, slope=slope)
        return y, lambda g: (g * np.asarray(factor(x, slope), g.dtype),)

    return vjp


RIGHT = [
    ("log_softmax", log_softmax_by_logsumexp, log_softmax_vjp, TARGETS),
    ("log_softmax", log_softmax_by_shifting, None, TARGETS[:2]),
    ("softmax", softmax_by_log_softmax, softmax_vjp_by_products, TARGETS),
    ("softmax", softmax_by_dividing, softmax_vjp_by_centring, TARGETS[:2]),
    ("linear", linear_bias_last, None, TARGETS[:2]),
    ("linear", linear_bias_first, None, TARGETS),
    ("sum", sum_in_blocks, None, TARGETS[:2]),
    ("sum", sum_reversed, None, TARGETS[:2]),
    ("matmul", as_matrices(by_einsum), None, TARGETS[:2]),
    ("matmul", as_matrices(by_loops), None, TARGETS),
    ("relu", relu_by_maximum, None, TARGETS[:2]),
    ("relu", relu_by_where, relu_vjp, TARGETS),
    ("relu", relu, pulled_back_by(lambda g, x: g * (x > 0)), TARGETS[:2]),
    ("relu", relu, pulled_back_by(lambda g, x: np.where(x > 0, g, 0 * g)), TARGETS[:2]),
    (
        *("leaky_relu", leaky_relu),
        leaky_vjp_by(lambda x, slope: (x > 0) + slope * (x <= 0)),
        TARGETS[:2],
    ),
    (
        *("leaky_relu", leaky_relu),
        leaky_vjp_by(lambda x, slope: np.where(x <= 0, slope, 1)),
        TARGETS[:2],
    ),
    ("standardizer", standardizer, None, TARGETS[:2]),
    ("loader", loader(), None, TARGETS[:1]),
    ("optimizer", optimizer(), None, TARGETS[:2]),
    ("optimizer", with_an_object_for_a_state, None, TARGETS[:2]),
]


@pytest.mark.parametrize(
    ("operation", "subject", "vjp", "targets"),
    RIGHT,
    ids=[f"{name}-{i}" for i, (name, *_) in enumerate(RIGHT)],
)
def test_right_code_is_never_found_wrong(operation, subject, vjp, targets):
    """An alarm about it would be a way to compute that nobody thought of."""
    report = check(subject, OPS[operation], vjp=vjp, targets=targets, examples=20)
    assert report.ok, str(report)
