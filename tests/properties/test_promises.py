"""Contracts say what they take for granted, and refuse what no code could keep."""

import copy
import pickle

import numpy as np
import pytest

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.contract import ULPS, Contract
from scratchnet.testing.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS


def test_one_function_is_loosened_by_its_name():
    """Formerly the other functions were then unknown."""
    contract = Contract(FLOAT32, ulps={"exp": 20})
    assert contract.ulps == {**ULPS, "exp": 20.0}
    x = Bounded.exact(np.linspace(0.5, 2, 4, dtype=np.float32), contract)
    assert np.isfinite(np.log(x).error).all()
    plain = np.exp(Bounded.exact(x.value.astype(np.float32), Contract(FLOAT32)))
    assert (np.exp(x).error > plain.error).all()


@pytest.mark.parametrize("dtype", ["float32", "f4", np.float32, np.dtype("f4")])
def test_formats_of_contracts_are_found_by_their_dtypes(dtype):
    contract = Contract(dtype, accumulator="float64")
    assert contract == Contract(FLOAT32, accumulator=FLOAT64)
    assert contract.format is FLOAT32
    assert contract.accumulator is FLOAT64


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"ulps": {"gelu": 4}},
            "Contract: ulps={'gelu': 4}, required functions among cos, erf, exp, "
            "expm1, log, log1p, pow, sigmoid, sin, sqrt, tanh\n"
            "  other functions are computed from these, whose errors they pass on",
        ),
        (
            {"ulps": {"exp": -1}},
            "Contract: ulps={'exp': -1}, required finite ulps, 0 or more",
        ),
        (
            {"ulps": {"exp": float("inf")}},
            "Contract: ulps={'exp': inf}, required finite ulps, 0 or more",
        ),
        (
            {"ulps": {"exp": float("nan")}},
            "Contract: ulps={'exp': nan}, required finite ulps, 0 or more",
        ),
        (
            {"accumulator": "float16"},
            "Contract: accumulator=float16, required one that holds every float32\n"
            "  leave it out: nothing is then promised of how sums are added up",
        ),
        (
            {"input_precision": 25},
            "Contract: input_precision=25, required 2 to 24, the bits of float32\n"
            "  leave it out where the factors of a product are not rounded first",
        ),
        (
            {"input_precision": 1},
            "Contract: input_precision=1, required 2 to 24, the bits of float32\n"
            "  leave it out where the factors of a product are not rounded first",
        ),
    ],
    ids=str,
)
def test_a_promise_that_cannot_be_is_refused(options, said):
    with pytest.raises(ArgumentError) as refusal:
        Contract(FLOAT32, **options)
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ulps": 20}, 'ulps=20, required a mapping.*\n  write ulps={"exp": 20}'),
        ({"ulps": {"exp": "20"}}, "ulps={'exp': '20'}, required a number"),
        ({"ulps": {"exp": True}}, "ulps={'exp': True}, required a number"),
        ({"input_precision": 11.0}, "input_precision=11.0, required a number of bits"),
        ({"flush_to_zero": "no"}, "flush_to_zero='no', required a bool"),
        ({"accumulator": "int32"}, "Contract.accumulator: dtype=int32 has no error"),
        ({"format": "int32"}, "Contract: dtype=int32 has no error bounds, required"),
        ({"format": None}, "Contract: dtype=None is no dtype, required one of"),
    ],
    ids=str,
)
def test_a_promise_of_another_type_is_refused(options, said):
    with pytest.raises(ArgumentTypeError, match=said):
        Contract(**{"format": FLOAT32, **options})


@pytest.mark.parametrize(
    ("form", "other"), [(BFLOAT16, FLOAT16), (FLOAT16, BFLOAT16)], ids=str
)
def test_neither_half_format_is_an_accumulator_of_the_other(form, other):
    """One has the bits, the other the range."""
    with pytest.raises(ArgumentError, match=f"required one that holds every {form}"):
        Contract(form, accumulator=other)


@pytest.mark.parametrize("form", FORMATS.values(), ids=str)
def test_tf32_can_be_converted_to_every_format(form):
    contract = Contract.tf32().with_format(form)
    assert contract.format is form
    assert contract.input_precision == min(11, form.precision)


@pytest.mark.parametrize(
    "contract",
    [
        Contract(FLOAT32),
        Contract(FLOAT16, accumulator=FLOAT32, ulps={"exp": 20}),
        Contract.tf32(),
    ],
    ids=["plain", "half", "tf32"],
)
def test_a_contract_survives_the_way_to_another_process(contract):
    hash(contract)
    for again in (pickle.loads(pickle.dumps(contract)), copy.deepcopy(contract)):
        assert again == contract
        assert hash(again) == hash(contract)
        assert again.reasons == contract.reasons


FORM = (
    ", required library[:device]:dtype[+compiled]\n"
    "  write numpy:float32 or torch:cuda:float32"
)
YOURSELF = '\n  say yourself what is known of others: Contract("float32", ulps={...})'


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", FORM),
        ("numpy", FORM),
        ("float32", FORM),
        ("numpy:", FORM),
        (":float32", FORM),
        ("numpy::float32", FORM),
        ("torch:cuda:0:float32", FORM),
        (None, FORM),
        (32, FORM),
        (
            "foo:float32",
            f", required a library among numpy, torch, strict, simulated{YOURSELF}",
        ),
        (
            "torch:mps:float32",
            f", required a device of torch among cpu, cuda{YOURSELF}",
        ),
        (
            "numpy:cuda:float32",
            f", required a device of numpy among cpu{YOURSELF}",
        ),
        (
            "torch:float32+banana",
            ", required no other suffix than +compiled, not +banana",
        ),
        ("torch:float32+", ", required no other suffix than +compiled, not +"),
        (
            "numpy:float32+compiled",
            ", required torch for +compiled: numpy has no compiler",
        ),
        (
            "numpy:bfloat16",
            ", required a dtype that numpy has\n  write torch:bfloat16",
        ),
        (
            "strict:device1:float16",
            ", required a dtype that strict has\n  write torch:float16",
        ),
        (
            "simulated:gpu:bfloat16",
            ", required a dtype that simulated has\n  write torch:bfloat16",
        ),
        (
            "strict:no_float64:float64",
            ", required a dtype that no_float64 has\n  write torch:float64",
        ),
        # PyTorch's float is float32, NumPy's float64.
        ("torch:float", ", required the name in full, float64"),
    ],
    ids=repr,
)
def test_a_target_that_is_none_is_refused(written, said):
    with pytest.raises(ArgumentError) as refusal:
        Contract.for_target(written)
    assert str(refusal.value) == f"Contract.for_target: target={written!r}{said}"


def test_a_target_of_integers_has_no_contract():
    with pytest.raises(ArgumentTypeError, match="target: dtype=int32 has no error"):
        Contract.for_target("numpy:int32")


TARGETS = [
    *("numpy:float16", "numpy:float32", "numpy:float64", "strict:device1:float32"),
    *("strict:float64", "torch:bfloat16", "torch:cpu:float16", "torch:float32"),
    *("torch:cuda:float16", "torch:cuda:bfloat16", "torch:cuda:float64"),
    *("torch:float32+compiled", "torch:cuda:float16+compiled"),
    *("simulated:gpu:float32", "simulated:tf32:float64"),
]


@pytest.mark.parametrize("written", TARGETS)
def test_a_contract_of_a_target_is_never_sharper_than_that_of_its_format(written):
    found = Contract.for_target(written)
    plain = Contract(found.format)
    assert found.accumulator is None
    assert found.input_precision is None
    assert found.ulps == plain.ulps
    assert found.underflow >= plain.underflow


@pytest.mark.parametrize("written", TARGETS)
def test_the_reasons_speak_of_the_target(written):
    reasons = Contract.for_target(written).reasons
    assert reasons.keys() == {
        *(
            "accumulator",
            "flush_to_zero",
            "input_precision",
            "reciprocals",
            "ulps",
            "oracle",
        )
    }
    said = " ".join(reasons.values())
    assert ("Torch" in said or "torch" in said) == written.startswith("torch")
    assert ("CUDA" in said) == ("cuda" in written)
    assert ("FMA" in said) == written.endswith("+compiled")


@pytest.mark.parametrize(
    ("written", "choice", "said"),
    [
        ("numpy:float16", "accumulator", "NumPy adds float16 up in float16 along any"),
        ("torch:cuda:float16", "accumulator", "allow_fp16_reduced_precision_reduction"),
        ("torch:cuda:bfloat16", "accumulator", "products may be reduced in bfloat16"),
        ("torch:float16+compiled", "accumulator", "keep intermediates in float32"),
        ("torch:cuda:float32+compiled", "flush_to_zero", "enable_reflect_ftz"),
        ("torch:float32", "flush_to_zero", "torch.set_flush_denormal"),
    ],
)
def test_a_reason_names_the_switch(written, choice, said):
    assert said in Contract.for_target(written).reasons[choice]


def test_what_pytorch_is_said_to_do_by_default_it_does():
    torch = pytest.importorskip("torch")
    matmul = torch.backends.cuda.matmul
    assert matmul.allow_fp16_reduced_precision_reduction
    assert matmul.allow_bf16_reduced_precision_reduction
    assert not matmul.allow_tf32
    assert torch.get_float32_matmul_precision() == "highest"
