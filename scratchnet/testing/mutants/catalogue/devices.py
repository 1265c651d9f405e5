"""Mutants that leave the device: each is right, and computed where it should not be."""

from __future__ import annotations

from functools import partial

from scratchnet.testing.mutants.mutant import Mutant

_planted = partial(
    Mutant,
    law="nothing_is_computed_on_the_host",
    verdict="MISPLACED",
    target="simulated:gpu:float64",
)
_IMPORTS = "from scratchnet.arrays import Array, array_namespace\n"
_MORE = (
    "import numpy as np\n\n"
    "from scratchnet.arrays import Array, array_namespace, from_numpy, to_numpy\n"
)

MUTANTS = (
    _planted(
        "softmax-powers-by-numpy",
        "softmax",
        "powers are NumPy's, of a copy on the host, and brought back",
        shows="rows that live on a device",
        edits={
            _IMPORTS: _MORE,
            "    powers = xp.exp(x - shift)\n": (
                "    powers = np.exp(to_numpy(x - shift))\n"
                "    powers = from_numpy(powers, xp=xp, device=x.device)\n"
            ),
        },
        code="softmax",
    ),
    _planted(
        "softmax-gradient-by-numpy",
        "softmax",
        "the pullback sums a copy on the host, and brings the sums back",
        shows="the pullback of rows that live on a device",
        edits={
            _IMPORTS: _MORE,
            "        mean = xp.sum(g * y, axis=axis, keepdims=True)\n": (
                "        mean = np.sum(to_numpy(g * y), axis=axis, keepdims=True)\n"
                "        mean = from_numpy(mean, xp=xp, device=g.device)\n"
            ),
        },
        code="softmax",
    ),
    _planted(
        "matmul-of-the-host",
        "matmul",
        "matrices are copied to the host, multiplied there and brought back",
        shows="matrices that live on a device",
        edits={
            _IMPORTS: _MORE,
            "    y = _product(left, _turned(right))\n    y = y[..., 0] if b": (
                "    y = np.matmul(to_numpy(left), to_numpy(right))\n"
                "    y = from_numpy(y, xp=array_namespace(a), device=a.device)\n"
                "    y = y[..., 0] if b"
            ),
        },
        code="products",
    ),
    _planted(
        "loader-picks-on-the-host",
        "loader",
        "rows are copied to the host, picked there and brought back",
        law="batches_are_made_on_the_device",
        shows="rows that live on a device",
        edits={
            "device, from_numpy\n": "device, from_numpy, to_numpy\n",
            "        return xp.take(array, rows, axis=0)": (
                "        picked = to_numpy(array)[to_numpy(rows)]\n"
                "        return from_numpy(picked, xp=xp, device=device(array))"
            ),
        },
        code="loaders",
    ),
    _planted(
        "loader-leaves-batches-on-the-host",
        "loader",
        "batches are copies on the host, where the next layer does not look for them",
        law="batches_are_made_on_the_device",
        shows="rows that live on a device",
        edits={
            "device, from_numpy\n": "device, from_numpy, to_numpy\n",
            "        return xp.take(array, rows, axis=0)": (
                "        return to_numpy(xp.take(array, rows, axis=0))"
            ),
        },
        code="loaders",
    ),
    _planted(
        "optimizer-steps-on-the-host",
        "optimizer",
        "gradients are copied to the host, looked through and brought back",
        law="steps_are_taken_on_the_device",
        shows="parameters that live on a device",
        edits={
            "import Array, array_namespace\n": (
                "import Array, array_namespace, from_numpy, to_numpy\n"
            ),
            "    for name, g in gradients.items():\n": (
                "    for name, g in gradients.items():\n"
                "        xp, there = array_namespace(g), g.device\n"
                "        g = from_numpy(to_numpy(g), xp=xp, device=there)\n"
            ),
        },
        code="optimizers",
    ),
    _planted(
        "optimizer-moves-on-the-host",
        "optimizer",
        "new parameters go by way of the host, in whole",
        law="steps_are_taken_on_the_device",
        shows="parameters that live on a device",
        edits={
            "import Array, array_namespace\n": (
                "import Array, array_namespace, from_numpy, to_numpy\n"
            ),
            "        after[name] = moved[0]\n": (
                "        xp, there = array_namespace(g), g.device\n"
                "        new = to_numpy(moved[0])\n"
                "        after[name] = from_numpy(new, xp=xp, device=there)\n"
            ),
        },
        code="optimizers",
    ),
)
