"""The bound-carrying array, which yields an oracle's value and its error bound at once.

`array` is the type; `elementwise`, `functions`, `selection`, `reductions`, `products`
and `shaping` are its operations with their derivations, `rounding` and `exact` what
they share. Other people's code runs on it by the names of the array API (`standard`,
`namespace`), of NumPy and PyTorch (`protocols`, `dialects`), and by models of what
PyTorch computes in one call (`models`).
"""

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.given import UnboundedError

__all__ = ["Bounded", "UnboundedError"]
