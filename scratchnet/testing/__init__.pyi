from .bounded import Bounded, UnboundedError
from .compare import Comparison, assert_within, within
from .contract import Contract
from .evaluate import accepted, oracle
from .formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format, format_of
from .references import REFERENCES, Algorithm, Reference

__all__ = [
    "BFLOAT16",
    "FLOAT16",
    "FLOAT32",
    "FLOAT64",
    "REFERENCES",
    "Algorithm",
    "Bounded",
    "Comparison",
    "Contract",
    "Format",
    "Reference",
    "UnboundedError",
    "accepted",
    "assert_within",
    "format_of",
    "oracle",
    "within",
]
