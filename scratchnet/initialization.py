"""How weights are drawn before training. All are drawn by NumPy, in float64."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np

#: Draws a layer's weights: (generator, outputs, inputs) -> array (outputs, inputs).
Initializer = Callable[[np.random.Generator, int, int], "np.ndarray[Any, Any]"]


def lecun_normal(
    rng: np.random.Generator, outputs: int, inputs: int, /
) -> np.ndarray[Any, Any]:
    """Normal, standard deviation 1/sqrt(inputs): keeps the variance of a linear map.

    LeCun, Bottou, Orr, Mueller, Efficient BackProp, 1998.
    """
    return rng.standard_normal((outputs, inputs)) / sqrt(inputs)


def kaiming_normal(
    rng: np.random.Generator, outputs: int, inputs: int, /
) -> np.ndarray[Any, Any]:
    """Normal, standard deviation sqrt(2/inputs): makes up for the half that ReLU drops.

    He, Zhang, Ren, Sun, ICCV 2015.
    """
    return rng.standard_normal((outputs, inputs)) * sqrt(2 / inputs)


def scaled_normal(
    rng: np.random.Generator, outputs: int, inputs: int, /
) -> np.ndarray[Any, Any]:
    """Normal, standard deviation 1/inputs: near zero, so that a classifier starts at a
    loss near log(classes). The lesson's 1/784 on MNIST."""
    return rng.standard_normal((outputs, inputs)) / inputs
