"""What was measured, as sections of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from measure import Times, per_second, ratio, table

from device import products
from device.checking import BACK, PARTS, REST
from device.training import HAND, THEIRS, named

Figures = Mapping[str, Any]


def sections(figures: Figures) -> list[str]:
    """What ran where, and a section for each part that there are figures of."""
    parts = {"training": _training, "products": _products, "checks": _checks}
    found = [provenance(figures)]
    found += [each(figures[name]) for name, each in parts.items() if figures[name]]
    if figures["failures"]:
        found.append("\n".join(("Failed:\n", *(f"- {x}" for x in figures["failures"]))))
    return found


def provenance(figures: Figures) -> str:
    """When, on what, and with which flags, in two paragraphs."""
    facts, flags = figures["facts"], figures["flags"]
    said = ", ".join(f"{name} {x}" for name, x in facts.items() if name != "device")
    how = "" if figures["whole"] else ", quickly: of no use as figures"
    return (
        f"`python benchmarks/on_gpu.py`{how}, {figures['seconds']:.0f} s on "
        f"{facts['device']}: {said}.\n\n"
        f"Flags: {', '.join(f'{name}: {x}' for name, x in flags.items())}."
    )


def _training(rows: list[dict[str, Any]]) -> str:
    header = ["net, batch"]
    for kind in (False, True):
        header += [f"{named(who, kind)}, ms" for who in (HAND, THEIRS)] + ["ratio"]
    body = {
        what: [_trained(row) for row in rows if row["what"] == what]
        for what in ("step", "epoch")
    }
    most, least = (f(len(x) for x in _times(rows)) for f in (max, min))
    return (
        "### Training\n\nNoise of MNIST's shape on the device, float32, SGD. In turn, "
        f"{least} to {most} rounds of each; milliseconds are medians, a ratio is the "
        "median over the rounds (smallest to largest). What is compiled was compiled "
        "before.\n\nOne step, on one batch:\n\n"
        f"{table(header, body['step'])}\n\n"
        "One epoch of `fit` beside the same loop over the same loader with torch.nn, "
        "both with every loss read at the end; the last, short batch is left out. "
        "`fit` also counts the right answers of each batch:\n\n"
        f"{table(header, body['epoch'])}"
    )


def _times(rows: list[dict[str, Any]]) -> list[Times]:
    return [x for row in rows for x in row["seconds"].values()] or [[]]


def _trained(row: dict[str, Any]) -> list[str]:
    cells = [f"{row['net']}, {row['batch']}"]
    for kind in (False, True):
        pair = [row["seconds"].get(named(who, kind), []) for who in (HAND, THEIRS)]
        cells += [*(_milliseconds(x) for x in pair), _ratio(*pair)]
    return cells


def _milliseconds(times: Times) -> str:
    return f"{median(times) * 1e3:,.3f}" if times else "-"


def _ratio(ours: Times, theirs: Times) -> str:
    return ratio(ours, theirs) if ours and theirs else "-"


def _products(rows: list[dict[str, Any]]) -> str:
    hand, library = products.HAND, products.LIBRARY
    body = []
    for row in rows:
        pair = row["seconds"][hand], row["seconds"][library]
        body.append(
            [
                " x ".join(map(str, row["shape"])),
                *(f"{median(x) * 1e6:,.1f}" for x in pair),
                ratio(*pair),
                *(_megabytes(row["peak"][name]) for name in (hand, library)),
                *(_megabytes(row[name]) for name in ("result", "broadcast")),
            ]
        )
    header = ["m x k x p", "tiles, us", "`@`, us", "ratio: median (min to max)"]
    header += ["peak, tiles", "peak, `@`", "result", "a plain broadcast"]
    return (
        "### Matrix products\n\n(m, k) times (k, p), float32 without TF32; in turn. "
        "Memory in MB: peaks are beyond the operands, with the result; `-` where no "
        "allocator counts.\n\n"
        f"{table(header, body)}"
    )


def _megabytes(count: int | None) -> str:
    return "-" if count is None else f"{count / 1e6:,.1f}"


def _checks(rows: list[dict[str, Any]]) -> str:
    return (
        "### Checks\n\nExamples per second of the host's clock, of one law "
        f"(`equals_the_oracle`) that nothing is shared with: median of {_rounds(rows)} "
        "rounds, in turn (smallest to largest); and of all laws together, which share "
        "what is drawn and its oracle.\n\n"
        f"{table(('function', 'target', 'one law', 'all laws'), map(_rate, rows))}\n\n"
        "Where the time of the one law goes, in microseconds an example; at the end of "
        "each part the device is waited for, so that the whole is longer than above. "
        f"`{BACK}` is what moves results to the host.\n\n"
        f"{table(('function', 'target', 'whole', *PARTS, REST), map(_shared, rows))}"
    )


def _rounds(rows: list[dict[str, Any]]) -> str:
    counts = sorted({len(row["rates"]) for row in rows})
    return " to ".join(map(str, dict.fromkeys((counts[0], counts[-1]))))


def _rate(row: dict[str, Any]) -> list[str]:
    every = row["all laws"]
    return [
        f"`{row['operation']}`",
        f"`{row['target']}`",
        per_second(row["rates"]),
        f"{every['examples'] / every['seconds']:,.0f}",
    ]


def _shared(row: dict[str, Any]) -> list[str]:
    parts = [row["parts"][name] for name in PARTS]
    every = [row["whole"], *parts, row["whole"] - sum(parts)]
    return [
        f"`{row['operation']}`",
        f"`{row['target']}`",
        *(f"{x / row['examples'] * 1e6:,.0f}" for x in every),
    ]
