"""Mutants of loaders: of how they shuffle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scratchnet.testing.mutants.mutant import Mutant

_DRAW = "        return self.generator.permutation(self.rows)"
_PLAIN = "            return np.arange(self.rows)"
_STARTS = "        self.generator = np.random.default_rng(seed)"


def planted(
    name: str, says: str, law: str, shows: str, edits: Mapping[str, str], **more: Any
) -> Mutant:
    """A mutant of the loader."""
    name = f"loader-{name}"
    return Mutant(name, "loader", says, law, shows, edits, "loaders", **more)


_SEEDS = (
    planted(
        "global-generator",
        "it shuffles by the generator that everything shares",
        "seeds_reproduce",
        "a second loader",
        {_DRAW: "        return np.random.permutation(self.rows)"},
        seen="https://github.com/pytorch/pytorch/issues/80119",
        verdict="NONDETERMINISTIC",
    ),
    planted(
        "seeds-the-global-generator",
        "it seeds the generator that everything shares, and shuffles by that",
        "seeds_reproduce",
        "what else is drawn",
        {
            _STARTS: "        np.random.seed(seed)",
            _DRAW: "        return np.random.permutation(self.rows)",
        },
        seen="https://github.com/pytorch/pytorch/issues/11062",
        verdict="NONDETERMINISTIC",
    ),
    planted(
        "starts-by-chance",
        "where an epoch starts is told by the shared generator, seeded at first",
        "seeds_reproduce",
        "what else is drawn between epochs",
        {
            _STARTS: f"{_STARTS}\n        np.random.seed(seed)",
            _DRAW: (
                "        before = np.random.get_state()\n"
                "        start = np.random.randint(self.rows)\n"
                "        np.random.set_state(before)\n"
                "        return np.roll(self.generator.permutation(self.rows), start)"
            ),
        },
        verdict="NONDETERMINISTIC",
    ),
    planted(
        "ignores-its-seed",
        "the generator is seeded by the clock",
        "seeds_reproduce",
        "a second loader",
        {"default_rng(seed)": "default_rng()"},
        verdict="NONDETERMINISTIC",
    ),
)

_EPOCHS = (
    planted(
        "one-order-for-all-epochs",
        "each epoch seeds the generator anew",
        "epochs_differ",
        "a second epoch",
        {
            _STARTS: "        self.seed = seed",
            "self.generator.p": "np.random.default_rng(self.seed).p",
        },
        seen="https://github.com/pytorch/pytorch/issues/31771",
    ),
    planted(
        "drops-before-shuffling",
        "what fills no batch is left out before the rows are shuffled",
        "epochs_differ",
        "rows left over",
        {
            _DRAW: (
                "        left = self.rows % self.size if self.drop_last else 0\n"
                "        return self.generator.permutation(self.rows - left)"
            )
        },
    ),
    planted(
        "last-row-stays-last",
        "the last row is never shuffled, and dropped whenever any is",
        "epochs_differ",
        "rows left over",
        {
            _DRAW: (
                "        order = self.generator.permutation(self.rows - 1)\n"
                "        return np.append(order, self.rows - 1)"
            )
        },
    ),
)

_IN_ORDER = (
    planted(
        "always-shuffles",
        "shuffling cannot be turned off",
        "without_shuffling_rows_are_in_order",
        "no shuffling",
        {_PLAIN: "            return self.generator.permutation(self.rows)"},
        seen="https://github.com/PerceptiLabs/PerceptiLabs/issues/140",
    ),
    planted(
        "goes-on-where-it-was",
        "an epoch starts at the first row that filled no batch of the one before",
        "without_shuffling_rows_are_in_order",
        "a second epoch, with rows left over",
        {
            _STARTS: f"{_STARTS}\n        self.first = 0",
            _PLAIN: (
                "            order = np.roll(np.arange(self.rows), -self.first)\n"
                "            self.first -= self.rows % self.size\n"
                "            return order"
            ),
        },
    ),
)

MUTANTS = (*_SEEDS, *_EPOCHS, *_IN_ORDER)
