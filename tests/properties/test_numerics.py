"""Switches that decide rounding are pinned while laws ask, and watched."""

import os
from functools import partial
from operator import setitem

import numpy as np
import pytest
from properties.asking import asked

from scratchnet.testing import OPS, Contract, Target, check, numerics
from scratchnet.testing.binding import bind
from scratchnet.testing.engine import hold
from scratchnet.testing.laws import LAWS
from scratchnet.testing.numerics import Pins, pinned, switches
from scratchnet.testing.replay import replayed

torch = pytest.importorskip("torch")
CPU = Target.named("torch:cpu:float32")
CUDA = Target.named("torch:cuda:float32")


def of_torch(x):
    return torch.relu(x)


@pytest.fixture(autouse=True)
def restored():
    """Whatever a test changes, the next one starts as this one did."""
    pins = Pins(switches(CUDA, CUDA.contract))
    yield
    pins.restore()


@pytest.mark.parametrize("where", ["torch:cpu:float32", "torch:cuda:float32"])
def test_pins_are_set_and_put_back(where):
    """Those of CUDA too, which needs no GPU for it and is not initialised by it."""
    torch.set_float32_matmul_precision("medium")
    torch.backends.cudnn.benchmark = True
    target = Target.named(where)
    before = numerics.now(target)
    with pinned(target) as pins:
        known = {each.name: each.pinned for each in switches(target, target.contract)}
        assert pins.now() == known
        assert not pins.changed()
    assert numerics.now(target) == before
    assert not torch.cuda.is_initialized()


def test_every_switch_that_rounds_otherwise_on_cuda_is_pinned():
    found = {each.name: each.pinned for each in switches(CUDA, CUDA.contract)}
    assert found == {
        "float32 matmul precision": "highest",
        "oneDNN matmul precision": "ieee",
        "subnormals flushed to zero": False,
        "CUDA matmul precision": "ieee",
        "cuDNN conv and rnn precision": "ieee, ieee",
        "float16 products reduced in float16": False,
        "bfloat16 products reduced in bfloat16": False,
        "float16 products added up in float16": False,
        "cuBLAS workspace": ":4096:8",
        "cuDNN chooses by timing": False,
        "cuDNN is deterministic": True,
        "deterministic algorithms": True,
    }


def test_tf32_is_on_where_the_contract_says_so():
    """It is a contract of its own, never a wider tolerance."""
    with pinned(CUDA, Contract.tf32()) as pins:
        assert torch.backends.cuda.matmul.fp32_precision == "tf32"
        assert torch.get_float32_matmul_precision() == "high"
        assert not pins.changed()


def test_the_old_names_of_the_switches_can_still_be_read():
    """PyTorch refuses to read them where old and new names contradict each other."""
    with pinned(CUDA):
        assert not torch.backends.cuda.matmul.allow_tf32
        assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    assert torch.backends.cudnn.allow_tf32


def test_operations_of_cudnn_that_are_set_one_by_one_are_put_back_so():
    torch.backends.cudnn.conv.fp32_precision = "ieee"
    before = numerics.now(CUDA)
    assert before["cuDNN conv and rnn precision"] == "ieee, tf32"
    with pinned(CUDA) as pins:
        assert not pins.changed()
        torch.backends.cudnn.rnn.fp32_precision = "tf32"
        assert pins.changed() == (
            "cuDNN conv and rnn precision from ieee, ieee to ieee, tf32"
        )
    assert numerics.now(CUDA) == before
    torch.backends.cudnn.conv.fp32_precision = "tf32"


@pytest.mark.parametrize("flush", [False, True])
def test_whether_subnormals_are_flushed_is_seen(flush):
    if not torch.set_flush_denormal(flush) and flush:
        pytest.skip("this processor does not flush")
    assert numerics.now(CPU)["subnormals flushed to zero"] == flush
    with pinned(CPU) as pins:
        assert not pins.now()["subnormals flushed to zero"]
    assert numerics.now(CPU)["subnormals flushed to zero"] == flush


def test_numpy_has_no_switches():
    assert numerics.now("numpy:float32") == {}


def test_laws_are_asked_under_pins():
    seen = []

    def watched(x):
        seen.append(torch.get_float32_matmul_precision())
        return torch.relu(x)

    torch.set_float32_matmul_precision("medium")
    assert asked(watched, targets=[CPU], examples=3).ok
    assert set(seen[-3:]) == {"highest"}
    assert torch.get_float32_matmul_precision() == "medium"


def test_a_subject_that_changes_numerics_is_found_out():
    def changing(x):
        torch.set_float32_matmul_precision("medium")
        return torch.relu(x)

    (result,) = asked(changing, targets=[CPU], examples=3).results
    assert result.verdict == "MUTATES"
    assert (
        "numerics were changed while it ran: float32 matmul precision from highest to "
        "medium" in result.finding.message
    )
    assert asked(of_torch, targets=[CPU], examples=3).ok


# A device that does not answer any more.


@pytest.fixture
def dies(monkeypatch):
    """A function whose device is lost at its third example, as after an assertion."""
    calls = []

    def dying(x):
        calls.append(x.shape)
        if len(calls) > 20:
            raise RuntimeError("CUDA error: device-side assert triggered")
        return np.maximum(x, 0) if isinstance(x, np.ndarray) else relu_there(x)

    monkeypatch.setattr(
        Target, "lost", lambda _: "device-side assert" * (len(calls) > 20)
    )
    return dying, calls


def relu_there(x):
    xp = x.__array_namespace__()
    return xp.maximum(x, xp.zeros_like(x))


def test_what_ends_the_use_of_a_device_is_a_verdict(dies):
    """It is shown where it was found: there is nothing to look for it on."""
    dying, calls = dies
    report = check(dying, OPS["relu"], targets=["simulated:gpu:float32"])
    last = report.results[-1]
    assert last.verdict == "CRASHES"
    assert "the device does not answer any more: device-side assert" in str(last)
    assert len(calls) == 21
    assert any("has ended its use, no more was asked" in x for x in report.untested)


def test_a_refusal_that_ends_the_use_of_a_device_is_none(monkeypatch):
    def refusing(x, axis=-1):
        raise RuntimeError(f"device-side assert: {x.shape}, {axis}")

    law, target = LAWS["what_does_not_fit_is_refused"], "simulated:gpu:float64"
    subject = bind(refusing, OPS["softmax"], targets=[target]).on(Target.named(target))
    assert hold(law, subject, examples=5).ok
    monkeypatch.setattr(Target, "lost", lambda _: "device-side assert")
    result = hold(law, subject, examples=5)
    assert result.verdict == "CRASHES"
    assert "ended the use of the device" in result.finding.message


# What a failure says of them.

FAILING = """
import pytest
from scratchnet.testing import Target, ops

HERE = "simulated:gpu:float32"

@pytest.mark.verifies(ops.relu, laws="equals_the_oracle", targets=HERE)
def test_law(law):
    law.holds_for(lambda x: x + 1)

@pytest.mark.device("simulated:gpu")
def test_plain():
    assert float(Target.named(HERE).array(1.0)) == 2
"""


def test_every_failure_on_a_device_says_what_was_pinned(pytester, monkeypatch):
    monkeypatch.setattr(numerics, "settings", lambda *_: "TF32: as the contract says")
    pytester.makepyfile(test_it=FAILING)
    result = pytester.runpytest_inprocess()
    assert result.parseoutcomes() == {"failed": 2}
    said = result.stdout.str()
    assert "\nnumerics  TF32: as the contract says" in said
    assert "Captured numerics call" in said
    assert said.count("TF32: as the contract says") >= 2


def test_what_is_pinned_is_said_for_the_contract():
    said = numerics.settings(CUDA, Contract.tf32())
    assert "CUDA matmul precision: tf32" in said
    assert "CUDA matmul precision: ieee" in numerics.settings(CUDA, CUDA.contract)
    assert numerics.settings(CPU, CPU.contract) == ""


def test_a_test_that_changes_numerics_fails(pytester, monkeypatch):
    """Also one that is of no law."""
    monkeypatch.setenv("ROUNDING", "even")
    read = partial(os.environ.get, "ROUNDING")
    switch = numerics.Switch(
        "rounding", "even", read, partial(setitem, os.environ, "ROUNDING")
    )
    monkeypatch.setattr(numerics, "switches", lambda *_: (switch,))
    change = "    __import__('os').environ['ROUNDING'] = 'down'\n    assert"
    body = FAILING.replace("== 2", "== 1").replace("    assert", change)
    pytester.makepyfile(test_it=body)
    result = pytester.runpytest_inprocess("-k", "plain")
    said = "the test has changed numerics: rounding from even to down"
    result.stdout.fnmatch_lines([f"*{said}*"])
    assert os.environ["ROUNDING"] == "even"


def depends(x):
    """Right only where products are not rounded to TF32."""
    return torch.relu(x) + (torch.get_float32_matmul_precision() == "high")


def test_a_witness_is_replayed_under_the_pins_that_it_was_found_under():
    report = asked(depends, targets=[CPU], contract=Contract.tf32())
    (result,) = report.results
    assert result.verdict == "WRONG"
    witness = result.recorded() | {"subject": f"{__file__}:depends"}
    assert not replayed(witness).ok
