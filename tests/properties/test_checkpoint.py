"""A checkpoint is whole or not there, and a resumed run is the unbroken one."""

import errno
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet import (
    SGD,
    Batches,
    Checkpoint,
    CheckpointError,
    Linear,
    ResumeWarning,
    Run,
    Saver,
    checkpoint,
    fit,
    load,
    perceptron,
    save,
    state,
)
from scratchnet.arrays import to_numpy
from scratchnet.testing import Target

RNG = np.random.default_rng(0)
X, LABELS = RNG.standard_normal((10, 3)), RNG.integers(0, 2, 10)
SGD_WITH_MOMENTUM = SGD(0.1, momentum=0.9, dampening=0.1, weight_decay=1e-3)
FORMATS = [
    *(Target.named(f"numpy:{dtype}") for dtype in ("float16", "float32", "float64")),
    *(
        Target.named(f"torch:cpu:{d}")
        for d in ("bfloat16", "float16", "float32", "float64")
    ),
]


def net_and_batches(target):
    """A small net, and four batches of which the last is short."""
    xp = target.xp
    net = perceptron((3, 4, 2), xp=xp, rng=np.random.default_rng(1), dtype=target.dtype)
    x, y = target.array(X), target.array(LABELS)
    return net, Batches(x, y, batch_size=3, shuffle=True)


def trained(run, batches, **until):
    with np.errstate(all="ignore"):
        return fit(run, SGD_WITH_MOMENTUM, batches, valid=batches, **until)


@pytest.fixture(params=FORMATS, ids=str)
def form(request):
    if request.param.library == "torch":
        pytest.importorskip("torch")
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoint.safetensors"


def test_what_is_loaded_is_what_was_saved(form, path):
    net, batches = net_and_batches(form)
    saved = Checkpoint(trained(net, batches, steps=6), {"seed": 0, "data": "mine"})
    save(saved, path)
    loaded = load(path, net)
    assert loaded.digest() == saved.digest()
    assert loaded.settings == saved.settings
    assert loaded.run.history == saved.run.history
    for name, expected in state(saved.run.model).items():
        actual = state(loaded.run.model)[name]
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(to_numpy(actual), to_numpy(expected))


@given(steps=st.integers(0, 12))
@settings(max_examples=26)
def test_a_run_resumed_at_any_step_is_the_unbroken_run(steps, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "checkpoint.safetensors"
    net, batches = net_and_batches(Target.named("numpy:float32"))
    save(Checkpoint(trained(net, batches, steps=steps)), path)
    resumed = trained(load(path, net).run, batches, epochs=3)
    unbroken = trained(net, batches, epochs=3)
    assert Checkpoint(resumed).digest() == Checkpoint(unbroken).digest()


def test_a_run_saved_before_its_epoch_was_closed_closes_it(path):
    """Killed between the last step of an epoch and its row in the history."""
    net, batches = net_and_batches(Target.named("numpy:float64"))
    saver = Saver(path, every=1)
    saver.after_epoch = lambda *_: None  # type: ignore[method-assign]
    unbroken = fit(net, SGD_WITH_MOMENTUM, batches, epochs=1, callbacks=[saver])
    assert load(path, net).run.history.epochs == ()
    resumed = fit(load(path, net).run, SGD_WITH_MOMENTUM, batches, epochs=1)
    assert Checkpoint(resumed).digest() == Checkpoint(unbroken).digest()


def changes(run):
    """Runs that differ from this one in one thing that the next step depends on."""
    name, velocity = next(iter(run.velocities.items()))
    other = {**run.velocities, name: velocity + 1}
    yield "velocity", replace(run, velocities=other)
    yield "position", replace(run, batch=run.batch + 1)
    yield "epoch", replace(run, epoch=run.epoch + 1)
    yield "losses", replace(run, losses=(*run.losses[:-1], 0.0))
    yield "history", replace(run, history=replace(run.history, losses=()))
    yield "parameters", replace(run, model=Linear(np.ones((2, 3))))


def test_the_digest_tells_runs_apart():
    """The control: a digest that overlooked something would hide a lossy resume."""
    net, batches = net_and_batches(Target.named("numpy:float64"))
    run = trained(net, batches, steps=6)
    digests = {what: Checkpoint(other).digest() for what, other in changes(run)}
    assert Checkpoint(run).digest() not in digests.values()
    assert len(set(digests.values())) == len(digests)
    assert Checkpoint(run, {"seed": 1}).digest() != Checkpoint(run).digest()


@pytest.mark.parametrize(
    "weight",
    [
        np.arange(6.0).reshape(3, 2).T,
        np.arange(12.0).reshape(2, 6)[:, ::2],
        np.broadcast_to(np.arange(3.0), (2, 3)),
        np.arange(6.0).reshape(2, 3)[:, ::-1],
    ],
    ids=["transposed", "strided", "expanded", "reversed"],
)
def test_parameters_of_any_layout_survive(path, weight):
    """safetensors writes the memory of an array, whatever its strides say."""
    layer = Linear(weight)
    save(Checkpoint(Run(layer)), path)
    np.testing.assert_array_equal(load(path, layer).run.model.weight, weight)


def saved_run(path):
    net, batches = net_and_batches(Target.named("numpy:float64"))
    save(Checkpoint(trained(net, batches, steps=2)), path)
    return net


def edited(old, new):
    return lambda path: path.write_bytes(path.read_bytes().replace(old, new, 1))


DAMAGE = {
    "missing": (Path.unlink, "cannot be read (No such file"),
    "foreign": (lambda path: path.write_bytes(b"x" * 99), "cannot be read"),
    "truncated": (
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        "cannot be read",
    ),
    "unknown dtype": (edited(b"F64", b"F99"), "cannot be read"),
    "other format": (
        edited(b"scratchnet checkpoint 1", b"scratchnet checkpoint 9"),
        "has format 'scratchnet checkpoint 9', required 'scratchnet checkpoint 1'",
    ),
    "no run": (
        edited(b'\\"run\\"', b'\\"ran\\"'),
        "is damaged (its digest is that of other content), required a whole checkpoint",
    ),
    "no digest": (edited(b'"digest"', b'"dogest"'), "is damaged (its digest"),
}


@pytest.mark.parametrize(("damage", "found"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_refused_by_name(path, damage, found):
    net = saved_run(path)
    damage(path)
    with pytest.raises(CheckpointError) as caught:
        load(path, net)
    assert str(caught.value).startswith(f"{path}: {found}")


def is_refused(path, net):
    try:
        load(path, net)
    except CheckpointError as error:
        return str(error).startswith(f"{path}: ")
    return False


def test_one_changed_byte_anywhere_is_noticed(path):
    """In a weight, a velocity, the record, the header: each byte of the file."""
    net = saved_run(path)
    content = path.read_bytes()
    overlooked = []
    for place, byte in enumerate(content):
        path.write_bytes(content[:place] + bytes([byte ^ 1]) + content[place + 1 :])
        overlooked += [place] * (not is_refused(path, net))
    assert overlooked == []
    # The control: what is refused is the change, not the file.
    path.write_bytes(content)
    assert not is_refused(path, net)


def test_a_whole_file_that_lacks_the_run_is_refused(path, monkeypatch):
    """Of a format that we say is ours, but of another version of it."""
    packed = checkpoint._packed
    monkeypatch.setattr(checkpoint, "_packed", lambda saved: (packed(saved)[0], {}))
    net = saved_run(path)
    with pytest.raises(CheckpointError) as caught:
        load(path, net)
    assert str(caught.value) == (
        f"{path}: is damaged (KeyError('run')), required a whole checkpoint"
    )


def test_another_architecture_is_refused(path):
    saved_run(path)
    other = perceptron((3, 5, 2), xp=np, rng=RNG, dtype="float64")
    with pytest.raises(CheckpointError) as caught:
        load(path, other)
    assert str(caught.value) == (
        f"{path}: is of another architecture: layers.0.bias is float64 of shape (4,), "
        "required float64 of shape (5,)"
    )


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def writes_something_else(tensors, path, metadata):
    checkpoint_file = {name: x + 1 for name, x in tensors.items()}
    save_file(checkpoint_file, path, metadata)


save_file = checkpoint.save_file


@pytest.mark.parametrize(
    ("writer", "found"),
    [(full_disk, "No space left"), (writes_something_else, "reads back differently")],
)
def test_a_failed_write_leaves_the_last_checkpoint(path, monkeypatch, writer, found):
    net = saved_run(path)
    before = path.read_bytes()
    monkeypatch.setattr(checkpoint, "save_file", writer)
    with pytest.raises(CheckpointError, match=found):
        save(Checkpoint(Run(net)), path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def writes_nonsense(_, path, **__):
    path.write_bytes(b"nonsense")


def test_what_cannot_be_read_back_is_taken_away(path, monkeypatch):
    net = saved_run(path)
    before = path.read_bytes()
    monkeypatch.setattr(checkpoint, "save_file", writes_nonsense)
    with pytest.raises(CheckpointError, match="cannot be written"):
        save(Checkpoint(Run(net)), path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_in_the_way_is_said(path):
    """Where the next file is written beside the last."""
    net = saved_run(path)
    before = path.read_bytes()
    path.with_name(f"{path.name}.partial").mkdir()
    with pytest.raises(CheckpointError) as caught:
        save(Checkpoint(Run(net)), path)
    assert str(caught.value).startswith(f"checkpoint.save: {path} cannot be written")
    assert path.read_bytes() == before


def test_other_versions_and_threads_are_said(path, monkeypatch):
    net = saved_run(path)
    elsewhere = {"numpy": "1.0", "machine": "abacus", "torch threads": "8"}
    monkeypatch.setattr(checkpoint, "numerics", lambda _: elsewhere)
    with pytest.warns(ResumeWarning) as warned:
        load(path, net)
    message = str(warned[0].message)
    assert f"numpy was {np.__version__}, is 1.0" in message
    assert "torch threads was absent, is 8" in message


def started(folder, epochs):
    """The run of resumable_run.py on a folder, once it has begun to train, and the
    epoch and batch that it begins at."""
    program = Path(__file__).with_name("resumable_run.py")
    run = subprocess.Popen(
        [sys.executable, program, folder, str(epochs)],
        stdout=subprocess.PIPE,
        text=True,
    )
    epoch, batch = map(int, run.stdout.readline().split())
    return run, (epoch, batch)


def finished(folder, epochs):
    run, _ = started(folder, epochs)
    digest, _ = run.communicate()
    return digest.strip()


def wait_for(path, deadline):
    while not path.exists() and time.monotonic() < deadline:
        pass


def test_a_run_killed_twenty_times_ends_as_if_unbroken(tmp_path):
    """Ten times at a random moment, ten times when the next file is being written."""
    moments = random.Random(0)
    folder = tmp_path / "killed"
    folder.mkdir()
    partial = folder / "checkpoint.safetensors.partial"
    positions, torn = [], 0
    for kill in range(20):
        # Of more epochs than any machine trains before it is killed.
        run, position = started(folder, epochs=10**6)
        positions.append(position)
        time.sleep(moments.uniform(0, 0.1))
        if kill % 2:
            wait_for(partial, time.monotonic() + 1)
        run.send_signal(signal.SIGKILL)
        rest, _ = run.communicate()
        assert rest == ""
        torn += partial.exists()
    epochs = positions[-1][0] + 10
    (tmp_path / "unbroken").mkdir()
    digest = finished(folder, epochs)
    assert len(digest) == 64
    assert digest == finished(tmp_path / "unbroken", epochs)
    # The kills fell where they should: all along the run, and while it was writing.
    assert positions == sorted(positions)
    assert len(set(positions)) > 10
    assert torn > 0
