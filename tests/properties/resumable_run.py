"""A training run that saves after every step and goes on where it was: to be killed.

Run as a program with a folder and a number of epochs; prints the epoch and the batch
that it starts at and, when it is done, the digest of what it came to.
"""

import sys
from pathlib import Path

import numpy as np

from scratchnet import (
    SGD,
    Batches,
    Checkpoint,
    Run,
    Saver,
    digits,
    fit,
    load,
    perceptron,
)

SETTINGS = {"seed": 7}


def main(folder: Path, epochs: int) -> None:
    data = digits()
    train = Batches(
        data.train.images, data.train.labels, batch_size=64, shuffle=True, seed=7
    )
    valid = Batches(data.valid.images, data.valid.labels, batch_size=360)
    net = perceptron((64, 32, 10), xp=np, rng=np.random.default_rng(7))
    path = folder / "checkpoint.safetensors"
    run = load(path, net).run if path.exists() else Run(net)
    print(run.epoch, run.batch, flush=True)
    run = fit(
        run,
        SGD(0.05, momentum=0.9, dampening=0.1),
        train,
        epochs=epochs,
        valid=valid,
        callbacks=[Saver(path, SETTINGS, every=1)],
    )
    print(Checkpoint(run, SETTINGS).digest(), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
