"""An epoch of training by hand beside the same epoch in torch.nn and torch.optim."""

from __future__ import annotations

import os
from statistics import median

import numpy as np
import torch
from measure import Work, interleaved, ratio, table

from scratchnet.arrays import Array, namespace_named
from scratchnet.comparison import torch_net, torch_sgd, torch_step
from scratchnet.compilation import compiled
from scratchnet.data import Batches, Standardizer
from scratchnet.datasets import mnist
from scratchnet.layers import Sequential, perceptron
from scratchnet.optim import SGD
from scratchnet.training import train_step

NETS = ((784, 10), (784, 100, 10))
ROWS, BATCH = 50_000, 64
ROUNDS = 7
OPTIMIZER = SGD(learning_rate=0.01)


def data() -> tuple[str, np.ndarray, np.ndarray]:
    """MNIST, where SCRATCHNET_MNIST names its folder, or noise of its shape."""
    folder = os.environ.get("SCRATCHNET_MNIST")
    if folder:
        train = mnist(folder).train
        return "MNIST", Standardizer.fit(train.images)(train.images), train.labels
    rng = np.random.default_rng(0)
    images = rng.standard_normal((ROWS, 784), dtype=np.float32)
    return "synthetic data of MNIST's shape", images, rng.integers(0, 10, ROWS)


def hand_epoch(
    model: Sequential, batches: list[tuple[Array, Array]], *, compile_step: bool
) -> Work:
    """Training by hand from these weights; a compiled step is compiled already."""

    def plain(model: Sequential, x: Array, labels: Array) -> Sequential:
        return train_step(model, OPTIMIZER, {}, x, labels)[0]

    step = compiled(plain) if compile_step else plain
    for x, labels in (batches[0], batches[-1]):  # a full batch and the short last one
        step(model, x, labels)

    def epoch() -> None:
        trained = model
        for x, labels in batches:
            trained = step(trained, x, labels)

    return epoch


def torch_epoch(
    model: Sequential, batches: list[tuple[torch.Tensor, torch.Tensor]]
) -> Work:
    """Training in torch.nn and torch.optim from the same weights."""
    net = torch_net(model)
    optimizer = torch_sgd(net, OPTIMIZER)

    def epoch() -> None:
        for x, labels in batches:
            torch_step(net, optimizer, x, labels)

    return epoch


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    name, images, labels = data()
    loader = Batches(images, labels, batch_size=BATCH, shuffle=True)
    on_numpy = list(loader.epoch(0))
    on_torch = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in on_numpy]
    variants = {
        "PyTorch, compiled": ("torch", on_torch, True),
        "PyTorch, eager": ("torch", on_torch, False),
        "NumPy, eager": ("numpy", on_numpy, False),
    }
    rows = []
    for sizes in NETS:
        for variant, (library, batches, compile_step) in variants.items():
            xp, rng = namespace_named(library), np.random.default_rng(0)
            model = perceptron(sizes, xp=xp, rng=rng)
            pair = (
                hand_epoch(model, batches, compile_step=compile_step),
                torch_epoch(model, on_torch),
            )
            hand, theirs = interleaved(pair, rounds=ROUNDS)
            rows.append(
                [
                    f"{'-'.join(map(str, sizes))}, {variant}",
                    f"{median(hand):.3f}",
                    f"{median(theirs):.3f}",
                    ratio(hand, theirs),
                ]
            )
    (loading,) = interleaved([lambda: list(loader.epoch(0))], rounds=ROUNDS)
    print(
        f"Data: {name}, {len(labels):,} rows in {len(loader)} batches of {BATCH}, "
        "float32. Both sides train on the very same batches, drawn beforehand "
        f"(drawing them takes {median(loading):.3f} s an epoch); "
        f"{ROUNDS} interleaved pairs.\n"
    )
    header = ("net, by hand", "hand, s", "torch.nn, s", "ratio: median (min to max)")
    print(table(header, rows))


if __name__ == "__main__":
    main()
