"""The numbers that plain tests draw: between limits, or all that are finite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class Numbers:
    """The numbers that arrays hold: of a dtype, and within so much, or all finite."""

    dtype: str
    within: float | None

    def elements(self, least: float | None = None, most: float | None = None) -> Any:
        """One number; between these where there is more to be said of it."""
        width = np.finfo(self.dtype).bits
        if self.within is not None:
            least = -self.within if least is None else least
            most = self.within if most is None else most
        return st.floats(
            least, most, width=width, allow_nan=False, allow_infinity=False
        )

    def arrays(self, shape: Any, **limits: float) -> SearchStrategy[np.ndarray]:
        """Arrays of a shape, or of shapes that are drawn."""
        return hnp.arrays(self.dtype, shape, elements=self.elements(**limits))

    def positive(self, shape: Any) -> SearchStrategy[np.ndarray]:
        """Arrays of numbers above 0, as deviations are."""
        if self.within is not None:
            return self.arrays(shape, least=0.125)
        return self.arrays(shape, least=float(np.finfo(self.dtype).tiny))

    def probabilities(self, shape: Any) -> SearchStrategy[np.ndarray]:
        """Arrays of numbers between 0 and 1, which are among them where all are."""
        edge = 0.0 if self.within is None else 2.0**-7
        return self.arrays(shape, least=edge, most=1 - edge)
