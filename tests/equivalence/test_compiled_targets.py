"""Compiled targets: correct code holds there, what is wrong only once compiled is
found, and nothing runs uncompiled without a word."""

import json
import pickle
import sys

import pytest

from scratchnet.errors import UnavailableError
from scratchnet.selfcheck import OPERATIONS, OURS
from scratchnet.testing import LAWS, OPS, Target, check, compiling, search, targets
from scratchnet.testing.binding import bind
from scratchnet.testing.replay import replayed
from scratchnet.testing.search import Tally, examples_of

torch = pytest.importorskip("torch")

NAME = "torch:cpu:float32+compiled"
SMALL = OPS["relu"].restrict(ranks=1, max_side=3, empty=False)
#: Not so many as usual: decks of fewer kinds are drawn apart.
FEW = 12
PLAIN = "equals_the_oracle", "results_are_of_their_kind"


@pytest.fixture
def here(monkeypatch):
    """The target: a name, as everything takes it."""
    if reason := Target.named(NAME).unavailable():
        # PyTorch does not bring a C++ compiler along, and not every machine has one.
        pytest.skip(reason)
    # Each kind takes a compiler more than a second: one, of long sides, is enough.
    for module in (search, sys.modules["scratchnet.testing.cases"]):
        monkeypatch.setattr(module, "KINDS", 1)
    return NAME


def wrong_once_compiled(x):
    y = torch.relu(x)
    return y + 1 if torch.compiler.is_compiling() else y


def relu_vjp_wrong_once_compiled(x):
    wrong = torch.compiler.is_compiling()
    return torch.relu(x), lambda g: (g * (x > 0) + wrong,)


@torch.compiler.disable
def left_alone(x):
    return torch.relu(x)


CALLS = {"so far": 0}


def of_another_kind_each_time(x):
    CALLS["so far"] += 1
    return torch.relu(x) + 0 * CALLS["so far"]


# Targets.


def anew():
    """Forget what was found of targets, and the kernel that was compiled for it."""
    targets._unavailable.cache_clear()
    compiling._kept.cache_clear()


def test_a_target_is_told_from_the_same_uncompiled():
    one, other = Target.named("torch:float32+compiled"), Target.named("torch:float32")
    assert str(one) == NAME
    assert {one, other} == {Target.named(NAME), Target.named("torch:cpu:float32")}
    assert one != other
    assert pickle.loads(pickle.dumps(one)) == one
    assert "FMA" in one.contract.reasons["accumulator"]
    assert not Target.named("torch:cpu:float64+compiled").is_full


def test_without_a_compiler_it_is_not_here():
    """Asked for, it is an error and no skip."""
    from torch._inductor import config

    anew()
    without = {"cpp.cxx": (None, "no-such-compiler"), "force_disable_caches": True}
    said = r"\+compiled was asked for, .*: No working C\+\+ compiler"
    with config.patch(without), pytest.raises(UnavailableError, match=said):
        check(torch.relu, OPS["relu"], targets=[NAME])
    anew()


def test_where_compiling_is_disabled_it_is_not_here():
    anew()
    with torch._dynamo.config.patch(disable=True):
        assert Target.named(NAME).unavailable() == "torch.compile is disabled"
    anew()


# Examples.


def drawn(name):
    subject = bind(lambda *_, **__: None, OPS["relu"], targets=["numpy:float32"])
    subject = subject.on(Target.named(NAME))
    tally = Tally()
    for _, case in examples_of(OPS[name], subject, 24, 0, tally):
        tally.examples += 1
        yield case


@pytest.mark.parametrize("name", OPS)
def test_many_examples_are_of_few_kinds(name):
    """Also where what they are called with is made of what is drawn."""
    cases = list(drawn(name))
    kinds = {compiling.kind_of_call(case.on(Target.named(NAME))) for case in cases}
    assert len(kinds) <= 4
    # The labels of one_hot are no drawn numbers, and they are all of it.
    assert len(cases) == 24 or name == "one_hot"
    assert len({repr(case) for case in cases}) == len(cases)


# Subjects.


def test_every_law_that_is_asked_there_holds_for_softmax(here):
    function, vjp = OURS["softmax"]
    report = check(function, OPS["softmax"], vjp=vjp, targets=here, examples=FEW)
    assert report.ok, str(report)
    assert {each.law.name for each in report.results} == {
        law.name
        for law in LAWS.values()
        if law.applies(OPS["softmax"], Target.named(NAME))
    }
    said = "asked in float64 only, and not of compiled code"
    assert f"rows_are_independent: it is {said}" in report.untested


@pytest.mark.parametrize("name", ["cross_entropy", "linear"])
def test_gradients_of_ours_hold(here, name):
    """The pullback is compiled as one with its forward."""
    function, vjp = OURS[name]
    laws = ["gradients_equal_the_oracle"]
    pair = function, OPERATIONS[name]
    report = check(*pair, vjp=vjp, targets=here, laws=laws, examples=FEW)
    assert report.ok, str(report)


@pytest.mark.parametrize("name", ["sgd", "train_step"])
def test_steps_of_ours_hold(here, name):
    pair = OURS[name][0], OPERATIONS[name]
    report = check(*pair, targets=here, laws=PLAIN[:1], examples=FEW)
    assert report.ok, str(report)


def test_what_is_wrong_only_once_compiled_is_found(here):
    report = check(
        wrong_once_compiled, SMALL, targets=[here, "torch:cpu:float32"], laws=PLAIN
    )
    assert report.verdicts == {
        ("equals_the_oracle", here): "WRONG",
        ("results_are_of_their_kind", here): "HOLDS",
        ("equals_the_oracle", "torch:cpu:float32"): "HOLDS",
        ("results_are_of_their_kind", "torch:cpu:float32"): "HOLDS",
    }


def test_a_witness_is_replayed_compiled(here):
    report = check(wrong_once_compiled, SMALL, targets=here, laws=PLAIN[:1])
    recorded = json.loads(json.dumps(report.results[0].recorded()))
    assert recorded["target"] == here
    assert replayed(recorded).verdict == "WRONG"
    assert replayed(recorded | {"target": "torch:cpu:float32"}).ok


def test_a_pullback_that_is_wrong_only_once_compiled_is_found(here):
    gradients = ["gradients_equal_the_oracle"]
    pair = torch.relu, SMALL
    vjp = relu_vjp_wrong_once_compiled
    assert check(*pair, vjp=vjp, targets="torch:cpu:float32", laws=gradients).ok
    report = check(*pair, vjp=vjp, targets=here, laws=gradients)
    assert report.broken[0].verdict == "WRONG"


def test_what_is_not_compiled_at_all_does_not_hold(here):
    report = check(left_alone, SMALL, targets=here, laws=PLAIN)
    assert {each.verdict for each in report.results} == {"VACUOUS"}
    assert "error     nothing of it was compiled" in str(report)
    assert report.compared == 0


def test_what_is_compiled_again_and_again_is_told(here, monkeypatch):
    """Beyond a limit torch.compile would run it as it is."""
    monkeypatch.setattr(compiling, "LIMIT", 1)
    report = check(of_another_kind_each_time, SMALL, targets=here, laws=PLAIN[:1])
    assert report.broken[0].verdict == "VACUOUS"
    assert "torch.compile would run it uncompiled from here on" in str(report)


def test_what_is_watched_is_compiled_still(here, monkeypatch):
    """As on CUDA, where the host is another place: watching must not keep Dynamo from
    compiling, nor what is called later."""
    monkeypatch.setattr(Target, "on_device", property(lambda self: self.compiled))
    function, _ = OURS["softmax"]
    laws = ["nothing_is_computed_on_the_host", "equals_the_oracle"]
    for order in (laws, laws[::-1]):
        own = fresh(function)
        report = check(own, OPS["softmax"], targets=here, laws=order, examples=FEW)
        assert report.ok, str(report)


def fresh(function):
    """The function under another name: what is compiled of one is kept."""
    return lambda x, axis=-1: function(x, axis=axis)
