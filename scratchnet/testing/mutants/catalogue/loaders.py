"""Mutants of loaders: of what batches there are, and what is in them."""

from __future__ import annotations

from scratchnet.testing.mutants.catalogue.shuffling import planted as _planted

_DRAW = "        return self.generator.permutation(self.rows)"
_YIELD = "            yield self.taken(self.x, part), self.taken(self.y, part)"
_TAKE = "        return xp.take(array, rows, axis=0)"
_LENGTH = "        return -(-self.rows // self.size)"
_PARTS = "        order = self.order()\n"
_EACH = "        for part in self.parts():\n"
_STARTS = "        self.generator = np.random.default_rng(seed)"
_KEPT = "        self.x, self.y = x, y"


_ROWS = (
    _planted(
        "row-twice",
        "the first row of an epoch comes once more in place of the last",
        "every_row_comes_once",
        "a shuffled epoch",
        {
            _DRAW: (
                "        order = self.generator.permutation(self.rows)\n"
                "        return np.append(order[:-1], order[:1])"
            )
        },
    ),
    _planted(
        "draws-with-replacement",
        "rows are drawn and put back, so that some come twice and others never",
        "every_row_comes_once",
        "a shuffled epoch",
        {_DRAW: "        return self.generator.integers(self.rows, size=self.rows)"},
        seen="https://github.com/tensorflow/skflow/issues/50",
    ),
    _planted(
        "carries-rows-over",
        "rows that filled no batch go first in the next epoch, where they come again",
        "every_row_comes_once",
        "a second epoch that is shuffled, with rows left over",
        {
            _STARTS: f"{_STARTS}\n        self.left = np.arange(0)",
            _DRAW: (
                "        drawn = self.generator.permutation(self.rows)\n"
                "        order = np.append(self.left, drawn)[: self.rows]\n"
                "        self.left = order[self.rows - self.rows % self.size :]\n"
                "        return order"
            ),
        },
    ),
    _planted(
        "for-one-epoch",
        "it is used up by the first epoch",
        "every_row_comes_once",
        "a second epoch",
        {
            _STARTS: f"{_STARTS}\n        self.left = self.parts()",
            _EACH: (
                "        left, self.left = self.left, []\n        for part in left:\n"
            ),
        },
        seen="https://github.com/0xyd/sec2vec/issues/27",
    ),
    _planted(
        "fills-the-last-batch",
        "a short batch is filled with rows from the front",
        "every_row_comes_once",
        "rows left over",
        {
            _PARTS: (
                f"{_PARTS}"
                "        if not self.drop_last:\n"
                "            order = np.resize(order, len(self) * self.size)\n"
            ),
            "starts = range(0, self.rows, self.size)": (
                "starts = range(0, len(order), self.size)"
            ),
        },
        seen="https://github.com/chainer/chainer/issues/2221",
    ),
    _planted(
        "drops-short-batches",
        "a batch that is not full is left out, whether that was asked for or not",
        "every_row_comes_once",
        "rows left over",
        {"if not self.drop_last or len(part)": "if len(part)"},
    ),
)

_PAIRS = (
    _planted(
        "shuffles-twice",
        "the rows of a batch are shuffled once more, without their labels",
        "pairs_stay_together",
        "a batch of two rows",
        {
            _YIELD: (
                "            again = self.generator.permutation(part)\n"
                "            yield self.taken(self.x, again), self.taken(self.y, part)"
            )
        },
    ),
    _planted(
        "shuffles-labels-alone",
        "the labels are shuffled, the rows are not",
        "pairs_stay_together",
        "a shuffled epoch",
        {
            _EACH: "        for i, part in enumerate(self.parts()):\n",
            _YIELD: (
                "            rows = i * self.size + np.arange(len(part))\n"
                "            yield self.taken(self.x, rows), self.taken(self.y, part)"
            ),
        },
        seen="https://github.com/DrexelChatbotGroup/DrexelChatbot/issues/15",
    ),
    _planted(
        "sorts-rows-of-a-batch",
        "rows are read from the first to the last, labels as they were drawn",
        "pairs_stay_together",
        "a shuffled batch of two rows",
        {"self.taken(self.x, part)": "self.taken(self.x, np.sort(part))"},
    ),
    _planted(
        "rounds-to-single",
        "rows go through float32",
        "pairs_stay_together",
        "numbers of more than 24 bits",
        {
            "yield self.taken(self.x, part)": (
                "yield self.taken(self.x, part).astype(np.float32).astype(np.float64)"
            )
        },
    ),
)

_SIZES = (
    _planted(
        "length-without-the-rest",
        "len does not count the last batch where it is short",
        "batches_have_the_size_that_was_told",
        "rows left over",
        {_LENGTH: "        return self.rows // self.size"},
    ),
    _planted(
        "length-one-too-many",
        "len counts a short batch where there is none",
        "batches_have_the_size_that_was_told",
        "no rows left over",
        {_LENGTH: "        return self.rows // self.size + 1"},
        seen="https://github.com/BirkhoffG/jax-dataloader/issues/33",
    ),
    _planted(
        "ragged",
        "rows are dealt to as many batches in parts that are as even as can be",
        "batches_have_the_size_that_was_told",
        "seven rows in batches of three",
        {
            _PARTS: (
                f"{_PARTS}"
                "        if not self.drop_last:\n"
                "            return np.array_split(order, len(self))\n"
            )
        },
    ),
)

_SLICE = (
    "        if (np.diff(part) == 1).all():\n"
    "            return array[int(part[0]) : int(part[-1]) + 1]\n"
    f"{_TAKE}"
)
_COPIES = (
    _planted(
        "slices",
        "rows that are neighbours come as a slice of the data",
        "batches_are_copies",
        "rows in order",
        {_TAKE: _SLICE},
        seen="https://github.com/lkriener/yin_yang_data_set/pull/4",
        verdict="ALIASES",
    ),
    _planted(
        "slices-of-its-own-copy",
        "it copies the data once, and batches are slices of that",
        "batches_are_copies",
        "rows in order, in a second epoch",
        {_KEPT: "        self.x, self.y = np.array(x), np.array(y)", _TAKE: _SLICE},
        seen="https://github.com/awslabs/gluonts/pull/1171",
        verdict="ALIASES",
    ),
    _planted(
        "keeps-its-batches",
        "without shuffling the batches are made once, and handed out again",
        "batches_are_copies",
        "rows in order, in a second epoch",
        {
            _STARTS: f"{_STARTS}\n        self.known: dict[int, Array] = {{}}",
            "self.taken(self.x, part)": (
                "self.taken(self.x, part) if self.shuffle else self.known.setdefault(\n"
                "                int(part[0]), self.taken(self.x, part)\n"
                "            )"
            ),
        },
        seen="https://github.com/mindee/doctr/issues/840",
        verdict="ALIASES",
    ),
)

MUTANTS = (*_ROWS, *_PAIRS, *_SIZES, *_COPIES)
