"""The loop around the step: what it remembers, what it leaves alone, when it stops."""

from dataclasses import replace
from operator import mul

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged import host, judge, oracle
from nets import loss_and_gradients, sgd_step

from scratchnet import (
    SGD,
    ArgumentError,
    ArgumentTypeError,
    Batches,
    Linear,
    Run,
    Sequential,
    accuracy,
    cross_entropy,
    evaluate,
    fit,
    perceptron,
    predict,
    state,
    train_step,
)
from scratchnet.arrays import to_numpy
from scratchnet.testing import Target
from scratchnet.trace import Trace

ROWS, FEATURES, CLASSES, BATCH = 10, 3, 4, 4
#: Ten rows in batches of four: two whole batches and one of two rows.
STEPS = 3
RNG = np.random.default_rng(0)
X = RNG.standard_normal((ROWS, FEATURES))
LABELS = RNG.integers(0, CLASSES, ROWS)
MOMENTUM = SGD(0.1, momentum=0.9, weight_decay=1e-3)


class Recorder:
    """A callback that keeps all that it is told."""

    def __init__(self):
        self.steps, self.epochs = [], []

    def after_step(self, run, _):
        self.steps.append(run)

    def after_epoch(self, run, _):
        self.epochs.append(run)


def batches(target, **options):
    x, labels = target.array(X), target.array(LABELS)
    return Batches(x, labels, **{"batch_size": BATCH, "shuffle": True} | options)


def net(target):
    rng = np.random.default_rng(1)
    return perceptron((FEATURES, 5, CLASSES), xp=target.xp, rng=rng, dtype=target.dtype)


def bits(run):
    """All parameters and velocities of a run, to the last bit."""
    arrays = {**state(run.model), **{f"v.{k}": v for k, v in run.velocities.items()}}
    return {name: to_numpy(x).tobytes() for name, x in arrays.items()}


def weighted(losses, rows):
    """The mean over rows of losses that are means over batches of so many rows."""
    return sum(map(mul, losses, rows)) / sum(rows)


def test_the_history_is_complete(target):
    """A loss for each step, a row for each epoch, and nothing left over."""
    recorder, train = Recorder(), batches(target)
    run = fit(net(target), MOMENTUM, train, epochs=2, valid=train, callbacks=[recorder])
    assert run.steps == len(run.history.losses) == len(recorder.steps) == 2 * STEPS
    assert run.epoch == len(run.history.epochs) == len(recorder.epochs) == 2
    assert (run.batch, run.losses, run.rows, run.correct) == (0, (), (), ())
    assert run.history.losses == tuple(float(r.losses[-1]) for r in recorder.steps)
    for epoch, ended in zip(run.history.epochs, recorder.epochs, strict=True):
        found = evaluate(ended.model, train)
        assert (epoch.valid_loss, epoch.valid_accuracy) == found
        assert epoch.seconds > 0


def test_training_is_a_step_on_every_batch_of_every_epoch(target):
    """And nothing else: the loop by hand comes to the same bits."""
    train, model, velocities = batches(target), net(target), {}
    for x, labels in (*train.epoch(0), *train.epoch(1)):
        model, velocities, *_ = train_step(model, MOMENTUM, velocities, x, labels)
    assert bits(fit(net(target), MOMENTUM, train, epochs=2)) == bits(
        Run(model, velocities)
    )


def test_an_epoch_without_validation_says_so(target):
    (epoch,) = fit(net(target), MOMENTUM, batches(target), epochs=1).history.epochs
    assert (epoch.valid_loss, epoch.valid_accuracy) == (None, None)


def test_training_losses_and_accuracies_are_means_over_rows(target):
    recorder = Recorder()
    run = fit(net(target), MOMENTUM, batches(target), epochs=1, callbacks=[recorder])
    (epoch,), rows = run.history.epochs, recorder.steps[-1].rows
    assert rows == (4, 4, 2)
    assert epoch.loss == weighted(run.history.losses, rows)
    assert epoch.train_accuracy == sum(map(int, recorder.steps[-1].correct)) / ROWS


@given(size=st.integers(1, ROWS + 1))
def test_validation_does_not_depend_on_the_batch_size(target, size):
    """Batches weigh by their rows: a short last one counts no more than it should.

    Whatever the size, it is the mean over all rows, but for what rounding the means of
    the batches explains.
    """
    model, parts = net(target), batches(target, batch_size=size)
    loss, share = evaluate(model, parts)
    sums = [
        oracle("cross_entropy", model(x), labels) * len(labels) for x, labels in parts
    ]
    judge(sum(sums) / ROWS, ours=loss)
    assert share == accuracy(model(target.array(X)), target.array(LABELS))


def test_the_mean_of_batch_means_is_another_number(target):
    """The control: of five rows four are right, but one of two batches is all wrong."""
    model = Linear(target.array(np.eye(2)))
    x = target.array(np.eye(2)[[0, 1, 0, 1, 0]])
    labels = target.array(np.array([0, 1, 0, 1, 1]))
    valid = Batches(x, labels, batch_size=4)
    per_batch = [accuracy(model(x), labels) for x, labels in valid]
    assert evaluate(model, valid)[1] == 4 / 5
    assert np.mean(per_batch) == 1 / 2


def test_the_model_and_the_run_that_fit_was_given_are_not_changed(target):
    model, train = net(target), batches(target)
    before = Run(model)
    half = fit(before, MOMENTUM, train, steps=2)
    kept = bits(before), bits(half), half.losses
    fit(half, MOMENTUM, train, epochs=3)
    assert (bits(before), bits(half), half.losses) == kept
    assert bits(half) != bits(before)


def test_the_runs_that_a_callback_is_told_are_safe_to_keep(target):
    """Each is as it was when it was told: training on from it goes the same way."""
    recorder, train = Recorder(), batches(target)
    end = fit(net(target), MOMENTUM, train, epochs=2, callbacks=[recorder])
    assert [run.steps for run in recorder.steps] == list(range(1, 1 + 2 * STEPS))
    for run in recorder.steps:
        assert bits(fit(run, MOMENTUM, train, epochs=2)) == bits(end)


def test_the_same_seed_trains_the_same_net(target):
    once, again = (
        fit(net(target), MOMENTUM, batches(target, seed=3), epochs=2) for _ in range(2)
    )
    other = fit(net(target), MOMENTUM, batches(target, seed=4), epochs=2)
    assert bits(once) == bits(again)
    assert once.history.losses == again.history.losses
    assert bits(other) != bits(once)


@given(first=st.integers(0, 8), second=st.integers(0, 8))
def test_training_stops_after_exactly_so_many_steps(target, first, second):
    """Steps count from the beginning of the run: it can be asked for more later."""
    recorder, train = Recorder(), batches(target)
    run = fit(net(target), MOMENTUM, train, steps=first, callbacks=[recorder])
    assert run.steps == len(recorder.steps) == first
    assert (run.epoch, run.batch) == divmod(first, STEPS)
    assert len(run.history.epochs) == len(recorder.epochs) == run.epoch
    resumed = fit(run, MOMENTUM, train, steps=second)
    assert resumed.steps == max(first, second)
    unbroken = fit(net(target), MOMENTUM, train, steps=max(first, second))
    assert bits(resumed) == bits(unbroken)


BAD_LABELS = {
    "too large": (LABELS + 1, ArgumentError, f"within \\[0, {CLASSES}\\)"),
    "negative": (LABELS - 1, ArgumentError, "labels hold -1"),
    "float": (LABELS.astype(float), ArgumentTypeError, "an integer dtype"),
}


@pytest.mark.parametrize("where", ["train", "valid"])
@pytest.mark.parametrize("bad", BAD_LABELS.values(), ids=BAD_LABELS)
def test_bad_labels_are_refused_before_the_first_step(target, bad, where):
    labels, error, message = bad
    wrong = Batches(target.array(X), target.array(labels), batch_size=BATCH)
    given_batches = {"train": batches(target), "valid": None} | {where: wrong}
    train, valid = given_batches.values()
    recorder = Recorder()
    with pytest.raises(error, match=message):
        fit(net(target), SGD(0.1), train, valid=valid, epochs=1, callbacks=[recorder])
    assert recorder.steps == []


@given(order=st.permutations(range(4)))
def test_accuracy_is_the_share_of_rows_with_the_largest_logit_at_the_label(
    target, order
):
    logits = target.array(np.eye(4)[order])
    labels = np.array([0, 1, 2, 3])
    assert predict(Sequential(()), logits).tolist() == order
    expected = np.mean(np.array(order) == labels)
    assert accuracy(logits, target.array(labels)) == expected


def test_the_accuracy_of_nothing_is_nothing(target):
    nothing = target.array(np.zeros(0, np.int64))
    assert np.isnan(accuracy(target.array(np.zeros((0, 4))), nothing))


def test_accuracy_takes_one_label_for_each_row(target):
    logits, column = target.array(X), target.array(LABELS[:, None])
    with pytest.raises(ArgumentError) as caught:
        accuracy(logits, column)
    assert str(caught.value) == (
        "accuracy: labels.shape=(10, 1), but logits.shape=(10, 3) requires (10,)"
    )


@given(copies=st.sampled_from([1, 2, 4, 8]))
def test_the_gradient_is_divided_by_the_rows_of_its_own_batch(target, copies):
    """Copies of one row, however many, take the step of that row."""
    x, labels = X[:1], LABELS[:1]
    few = train_step(net(target), MOMENTUM, {}, target.array(x), target.array(labels))
    many = train_step(
        net(target),
        MOMENTUM,
        {},
        target.array(np.repeat(x, copies, axis=0)),
        target.array(np.repeat(labels, copies)),
    )
    parameters = state(net(target))
    _, gradients = loss_and_gradients(
        np.repeat(host(target.array(x)), copies, axis=0),
        np.repeat(labels, copies),
        parameters,
        activation="relu",
    )
    expected, _ = sgd_step(MOMENTUM, parameters, gradients, {})
    for name, allowed in expected.items():
        judge(allowed, ours=state(few[0])[name], ours_copied=state(many[0])[name])


def test_the_last_short_batch_takes_the_step_of_its_rows_alone(target):
    train = batches(target, shuffle=False)
    before = fit(net(target), MOMENTUM, train, steps=STEPS - 1)
    after = fit(before, MOMENTUM, train, steps=STEPS)
    x, labels = target.array(X[-2:]), target.array(LABELS[-2:])
    model, velocities, loss, _ = train_step(
        before.model, MOMENTUM, before.velocities, x, labels
    )
    assert bits(after) == bits(replace(before, model=model, velocities=velocities))
    assert after.history.losses[-1] == float(loss)
    assert float(loss) == float(cross_entropy(before.model(x), labels))


@given(first=st.integers(1, ROWS), then=st.integers(1, ROWS))
def test_epochs_are_counted_as_epochs_whatever_the_batch_size(first, then):
    """A resumed run may go on with batches of another size, once an epoch is done."""
    target = Target.named("numpy:float64")
    run = fit(net(target), MOMENTUM, batches(target, batch_size=first), epochs=2)
    again = fit(run, MOMENTUM, batches(target, batch_size=then), epochs=3)
    assert again.epoch == len(again.history.epochs) == 3


def test_what_a_run_remembers_is_not_copied_at_every_step():
    """10,000 kept runs would hold 50 million losses, if each had a copy of its own."""
    trace, kept = Trace(), []
    for step in range(10_000):
        trace = trace.appended(step)
        kept.append(trace)
    assert len({id(each._items) for each in kept}) == 1
    assert [len(each) for each in kept[:3]] == [1, 2, 3]


@given(st.lists(st.integers()), st.lists(st.integers(), min_size=1), st.data())
def test_a_trace_is_the_tuple_of_its_items(items, more, data):
    """Whatever is appended to it, twice even: it stays what it was."""
    trace = Trace(items)
    longer, other = trace, trace
    for item in more:
        longer, other = longer.appended(item), other.appended(-item)
    assert trace == tuple(items)
    assert longer == (*items, *more)
    assert other == (*items, *(-item for item in more))
    at = data.draw(st.slices(len(longer)))
    assert longer[at] == (*items, *more)[at]
    assert longer[-1] == more[-1]


def test_accuracy_is_a_share_of_all_that_is_labelled():
    logits = np.eye(3)[np.array([[0, 1], [2, 0]])]
    assert accuracy(logits, np.array([[0, 1], [2, 1]])) == 0.75
