"""The whole training step under torch.compile: the same numbers, in two graphs."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from judged import judge
from nets import loss_and_gradients, sgd_step

from scratchnet import (
    SGD,
    Batches,
    Checkpoint,
    Run,
    UnavailableError,
    digits,
    fit,
    perceptron,
    save,
    state,
)
from scratchnet.arrays import namespace_named
from scratchnet.experiment import CHECKPOINT

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def device():
    """Where the net lives; tests/gpu has another."""
    return "cpu"


@pytest.fixture(scope="module")
def training(device):
    """A net, an optimizer with momentum, and batches of which the last is short."""
    xp = namespace_named("torch")
    rows = digits().train
    train = Batches(
        torch.tensor(rows.images, device=device),
        torch.tensor(rows.labels, device=device),
        batch_size=256,
        shuffle=True,
    )
    rng = np.random.default_rng(0)
    net = perceptron((64, 16, 10), xp=xp, rng=rng, device=device)
    return net, SGD(0.1, momentum=0.9, weight_decay=1e-3), train


class Recorder:
    """A callback that keeps the run after every step."""

    def __init__(self):
        self.runs = []

    def after_step(self, run, _):
        self.runs.append(run)

    def after_epoch(self, run, _):
        self.runs[-1] = run


@pytest.fixture(scope="module")
def compiled_run(training):
    """Every step of three compiled epochs, and how many graphs they took."""
    net, optimizer, train = training
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    recorder = Recorder()
    try:
        fit(net, optimizer, train, epochs=3, callbacks=[recorder], compile=True)
    except UnavailableError as error:
        # PyTorch does not bring a C++ compiler along, and not every machine has one.
        pytest.skip(str(error))
    return recorder.runs, torch._dynamo.utils.counters["stats"]["unique_graphs"]


def test_full_and_short_batches_take_a_graph_each(compiled_run):
    """The first step, which has no velocity to go on, takes none."""
    runs, graphs = compiled_run
    assert len(runs) == 3 * 6
    assert graphs == 2
    assert all(bool((p - p == 0).all()) for p in state(runs[-1].model).values())


def test_each_compiled_step_is_within_and_the_eager_one_too(training, compiled_run):
    """Each from the state that the compiled run was in, so that nothing adds up."""
    _, optimizer, train = training
    runs, _ = compiled_run
    for before, after in pairwise(runs):
        eager = fit(before, optimizer, train, steps=before.steps + 1)
        x, labels = next(train.epoch(before.epoch, start=before.batch))
        parameters = state(before.model)
        _, gradients = loss_and_gradients(x, labels, parameters, activation="relu")
        expected = sgd_step(optimizer, parameters, gradients, before.velocities)
        found = (state(after.model), after.velocities)
        others = (state(eager.model), eager.velocities)
        for allowed, compiled, plain in zip(expected, found, others, strict=True):
            for name, bound in allowed.items():
                assert np.isfinite(bound.error).all()
                judge(bound, like=x, ours=compiled[name], ours_eager=plain[name])


def test_a_resumed_run_compiles_to_the_same_bits(training, compiled_run):
    _, optimizer, train = training
    runs, _ = compiled_run
    resumed = fit(runs[8], optimizer, train, epochs=3, compile=True)
    for name, expected in state(runs[-1].model).items():
        assert torch.equal(state(resumed.model)[name], expected)


def test_without_a_compiler_one_sentence_says_so(training, tmp_path):
    """Before the run in --out is replaced.

    In a process of its own: PyTorch looks for the compiler once.
    """
    net, _, _ = training
    save(Checkpoint(Run(net)), tmp_path / CHECKPOINT)
    before = (tmp_path / CHECKPOINT).read_bytes()
    program = "from scratchnet.cli import main; main()"
    arguments = ("train", "--library", "torch", "--compile", "--out", str(tmp_path))
    environment = os.environ | {
        "CXX": "no-such-compiler",
        "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache"),
    }
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 2
    assert (
        ran.stderr
        == "error: compile: there is no C++ compiler, required by torch.compile\n"
    )
    assert (tmp_path / CHECKPOINT).read_bytes() == before
