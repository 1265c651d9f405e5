"""How much is measured: sizes, and the seconds that each comparison may take."""

from __future__ import annotations

from dataclasses import dataclass

Product = tuple[int, int, int]


@dataclass(frozen=True)
class Plan:
    """What a run of the benchmark measures.

    nets: sides of the layers; each is trained on so many rows in each size of batch.
    products: m, k and p of (m, k) times (k, p). seconds: of rounds for each comparison,
    which has the fewest rounds that a median needs in any case. examples: in a round of
    one law; checked: for each of all laws. compile: whether compiled steps are measured
    too.
    """

    nets: tuple[tuple[int, ...], ...]
    batches: tuple[int, ...]
    rows: int
    products: tuple[Product, ...]
    seconds: float
    examples: int
    checked: int
    compile: bool = True


_NETS = ((784, 10), (784, 100, 10))
#: Within five minutes on a GPU, of which compiling takes the most.
WHOLE = Plan(
    nets=_NETS,
    batches=(64, 1024),
    rows=60_000,
    products=(
        *((64, 784, 10), (64, 784, 100), (1024, 784, 100)),
        *((side, side, side) for side in (256, 512, 1024, 2048)),
    ),
    seconds=2.0,
    examples=100,
    checked=20,
)
#: Within a minute on a CPU: whether it runs, not how fast.
QUICK = Plan(
    nets=_NETS,
    batches=(64,),
    rows=640,
    products=((64, 784, 10), (64, 784, 100), (128, 128, 128)),
    seconds=0.2,
    examples=50,
    checked=5,
)
