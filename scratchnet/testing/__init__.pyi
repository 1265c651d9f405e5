from .adapters import Adapted, adapted
from .bounded import Bounded, UnboundedError
from .case import Case
from .cases import cases
from .compare import Comparison, assert_within, within
from .contract import Contract
from .engine import check
from .evaluate import accepted, oracle
from .formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Format, format_of
from .laws import LAWS, Finding, Law
from .loading import loaded
from .op import Op
from .ops import OPS
from .references import REFERENCES, Algorithm, Reference
from .replay import replayed
from .report import Report, Result
from .subject import Subject
from .targets import Target

__all__ = [
    "BFLOAT16",
    "FLOAT16",
    "FLOAT32",
    "FLOAT64",
    "LAWS",
    "OPS",
    "REFERENCES",
    "Adapted",
    "Algorithm",
    "Bounded",
    "Case",
    "Comparison",
    "Contract",
    "Finding",
    "Format",
    "Law",
    "Op",
    "Reference",
    "Report",
    "Result",
    "Subject",
    "Target",
    "UnboundedError",
    "accepted",
    "adapted",
    "assert_within",
    "cases",
    "check",
    "format_of",
    "loaded",
    "oracle",
    "replayed",
    "within",
]
