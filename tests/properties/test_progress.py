"""The bar over a training run: on a terminal, and nowhere else."""

from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from scratchnet import SGD, Batches, ProgressBar, digits, fit, perceptron


@pytest.mark.parametrize("terminal", [True, False])
def test_the_bar_is_drawn_to_the_end_on_a_terminal_alone(terminal):
    text = StringIO()
    console = Console(file=text, force_terminal=terminal, width=80)
    rows = digits().train
    batches = Batches(rows.images[:12], rows.labels[:12], batch_size=4, seed=0)
    net = perceptron((64, 10), xp=np, rng=np.random.default_rng(0))
    with ProgressBar(6, console=console) as bar:
        fit(net, SGD(0.1), batches, epochs=2, callbacks=[bar])
    assert ("6/6" in text.getvalue()) == terminal
    assert ("epoch 2" in text.getvalue()) == terminal
    assert bool(text.getvalue()) == terminal
