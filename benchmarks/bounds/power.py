"""How often is a planted bug found, by the bound and by fixed tolerances?

Run: python benchmarks/bounds/power.py [--draws T] [--seed S] [--write]

Exits with 1 where correct code is found wrong by the bound, where a bug of small shapes
is missed in float64, or where one is missed on the exact grid.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from bugs import Bug, Trial
from grid import GRID
from planted import ORDINARY, SMALL

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import provenance, rewrite, table

from scratchnet.testing import Bounded, within

DETECTION = Path(__file__).parents[2] / "docs" / "detection.md"
#: Draws of a bug in 10^5 numbers: a share of those of the others.
LARGE, SHARE = ("1e5", "16384"), 8
#: assert_close's defaults: the relative and the absolute part.
DEFAULTS = {
    "float16": (1e-3, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}


def close(found: np.ndarray, oracle: Bounded) -> bool:
    """What torch.testing.assert_close says with its defaults."""
    relative, absolute = DEFAULTS[found.dtype.name]
    return _near(found, oracle, relative, absolute)


def relatively(found: np.ndarray, oracle: Bounded) -> bool:
    """What numpy.testing.assert_allclose(rtol=1e-5) says."""
    return _near(found, oracle, 1e-5, 0.0)


def _near(found: np.ndarray, oracle: Bounded, relative: float, absolute: float) -> bool:
    expected = np.asarray(oracle.value).astype(found.dtype)
    return bool(
        np.allclose(found, expected, rtol=relative, atol=absolute, equal_nan=True)
    )


def bounded(found: np.ndarray, oracle: Bounded) -> bool:
    """What the bound says."""
    return within(found, oracle).ok


JUDGES: Mapping[str, Callable[[Any, Bounded], bool]] = {
    "assert_close": close,
    "rtol=1e-5": relatively,
    "bound": bounded,
}


def rejected(trial: Trial, results: Any, judge: Callable[..., bool]) -> bool:
    """Whether any of the results is found wrong."""
    return not all(
        judge(found, oracle)
        for found, oracle in zip(results, trial.oracles, strict=True)
    )


def rates(
    name: str, bug: Bug, dtype: Any, *, draws: int, seed: int
) -> tuple[list[float], list[float]]:
    """The share of draws in which each judge rejects the bug, and correct code."""
    rng = np.random.default_rng([seed, crc32(name.encode())])
    draws = max(5, draws // SHARE) if any(n in name for n in LARGE) else draws
    found, wrongly = np.zeros(len(JUDGES)), np.zeros(len(JUDGES))
    for _ in range(draws):
        trial = bug(rng, dtype)
        found += [rejected(trial, trial.bad, judge) for judge in JUDGES.values()]
        wrongly += [rejected(trial, trial.good, judge) for judge in JUDGES.values()]
    return list(found / draws), list(wrongly / draws)


def _written(shares: list[float]) -> list[str]:
    return [f"{share:.2f}" for share in shares]


def ordinary(draws: int, seed: int) -> tuple[str, bool]:
    """The table of ordinary shapes in float32, and whether correct code passed."""
    header = ["bug", *JUDGES, *(f"wrongly: {judge}" for judge in JUDGES)]
    rows, fine = [], True
    for name, bug in ORDINARY.items():
        found, wrongly = rates(name, bug, np.float32, draws=draws, seed=seed)
        rows.append([name, *_written(found), *_written(wrongly)])
        fine = fine and wrongly[-1] == 0
    return table(header, rows), fine


def small(draws: int, seed: int) -> tuple[str, bool]:
    """The table of small shapes, and whether float64 missed nothing."""
    kinds = (np.float32, np.float64)
    header = ["bug", *(f"{k.__name__}: {judge}" for k in kinds for judge in JUDGES)]
    header += [f"wrongly, {k.__name__}: {judge}" for k in kinds for judge in JUDGES]
    rows, fine = [], True
    for name, bug in SMALL.items():
        pairs = [rates(name, bug, kind, draws=draws, seed=seed) for kind in kinds]
        found = [share for pair in pairs for share in pair[0]]
        wrongly = [share for pair in pairs for share in pair[1]]
        rows.append([name, *_written(found), *_written(wrongly)])
        fine = fine and found[-1] == 1 and not any(pair[1][-1] for pair in pairs)
    return table(header, rows), fine


def exact(draws: int, seed: int) -> tuple[str, bool]:
    """The table of the exact grid, and whether all were found and nothing else."""
    rows, fine = [], True
    for name, bug in GRID.items():
        rng = np.random.default_rng([seed, crc32(name.encode())])
        shares = np.zeros(3)
        for _ in range(draws):
            good, bad, oracle = bug(rng)
            passed = all(within(each, oracle).ok for each in good)
            shares += [oracle.is_exact, passed, not within(bad, oracle).ok]
        rows.append([name, *_written(list(shares / draws))])
        fine = fine and bool((shares == draws).all())
    return table(["bug", "tolerance is 0", "correct code passes", "found"], rows), fine


def main() -> int:
    """Print the three tables, or put them into docs/detection.md."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="rewrite detection.md")
    chosen = parser.parse_args()
    parts = {
        "Ordinary shapes, float32": ordinary,
        "Small shapes of any scale": small,
        "Exact grid": exact,
    }
    fine, sections = True, []
    with np.errstate(all="ignore"):
        for title, part in parts.items():
            text, passed = part(chosen.draws, chosen.seed)
            sections.append(f"## {title}\n\n{text}")
            print(sections[-1], end="\n\n", flush=True)
            fine = fine and passed
    if chosen.write:
        command = f"tox -e bounds-power -- --draws {chosen.draws} --seed {chosen.seed}"
        rewrite(DETECTION, provenance(command, "numpy", "torch"), *sections)
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
