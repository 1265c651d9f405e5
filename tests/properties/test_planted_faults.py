"""Every law finds planted faults, most of them alone."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from properties.planted_functions import (
    all_to_each_that_ties,
    broadcast_vjp_that_hands_on,
    elu_that_cancels,
    gradient_in_one_buffer,
    gradient_of_another_function,
    gradient_of_the_last_forward,
    gradient_of_the_square,
    gradient_that_adds_up,
    gradient_that_adds_up_in_a_buffer,
    gradient_without_the_sum_of_the_cotangent,
    largest,
    log_softmax,
    matmul_aligned_from_the_left,
    matmul_right_in_front,
    matmul_without_the_last_term,
    matvec_that_cuts_to_fit,
    matvec_that_exits,
    mse,
    mse_vjp_with_one_gradient,
    nll_that_uses_its_weights_up,
    passed_on,
    pulled_back_by,
    relu,
    relu_in_double_precision,
    relu_of_batches_only,
    relu_of_memory_as_it_lies,
    relu_of_tensors_that_returns_its_input,
    relu_of_what_can_be_written,
    relu_that_flattens_its_input,
    relu_that_returns_its_input,
    relu_that_uses_its_input_up,
    relu_with_one_buffer,
    sigmoid_that_wavers,
    softmax_of_everything,
    softmax_right_in_front,
    softmax_shifted_by_the_largest_of_all,
    standardizer_in_the_dtype_of_its_rows,
    standardizer_that_adds_to_the_deviation,
    standardizer_that_cuts,
    standardizer_whose_mean_is_a_pixel,
    zeroes_the_cotangent,
)
from properties.planted_loaders import (
    by_chance,
    loader,
    loader_for_one_epoch,
    ragged,
    same_each_time,
    shuffled,
    shuffled_once_more,
    views,
    with_a_copy_of_its_own,
    with_a_row_twice,
    with_dropped_tail,
    with_the_global_generator_seeded_once,
    without_the_last,
)
from properties.planted_optimizers import (
    damped_at_first,
    decaying_in_the_gradient,
    forgetful,
    optimizer,
    remembered,
    rolling_on,
    starting_at_rest,
    tired,
    updated_in_place,
    with_an_object_that_is_written_to,
    with_the_first_gradient,
    writing_to_parameters,
)

from scratchnet.testing import LAWS, OPS, Law, check, laws
from scratchnet.testing.search import Search

FLOAT64 = "numpy:float64"
FLOAT32 = "numpy:float32"
TORCH = "torch:cpu:float64"
#: Whether no other law of the operation finds the fault.
ALONE, AMONG_OTHERS = True, False


@pytest.fixture(autouse=True)
def _first_example_is_enough(monkeypatch):
    """Whether a fault is found is asked here, not how small the witness becomes."""
    monkeypatch.setattr(Search, "smallest", lambda *found: found[-1])


@dataclass(frozen=True)
class Planted:
    """A law, and a subject with a fault that it finds."""

    law: str
    verdict: str
    operation: str
    alone: bool
    subject: Any
    vjp: Any = None
    target: str = FLOAT64

    def __str__(self):
        return f"{self.law}-{self.verdict}-{self.operation}-{self.alone:d}"

    def report(self, **options):
        if self.target == TORCH:
            pytest.importorskip("torch")
        return check(
            self.subject,
            OPS[self.operation],
            vjp=self.vjp,
            targets=[self.target],
            **options,
        )


PLANTED = [
    Planted(
        *("equals_the_oracle", "WRONG", "standardizer", AMONG_OTHERS),
        standardizer_that_adds_to_the_deviation,
    ),
    Planted(
        *("equals_the_oracle", "INACCURATE", "elu", AMONG_OTHERS),
        elu_that_cancels,
    ),
    Planted(
        *("integers_stand_for_numbers", "MISPLACED", "standardizer", ALONE),
        standardizer_in_the_dtype_of_its_rows,
    ),
    Planted(
        *("integers_stand_for_numbers", "WRONG", "standardizer", ALONE),
        standardizer_whose_mean_is_a_pixel,
    ),
    *(
        Planted(
            *("integers_stand_for_numbers", "MISPLACED", "standardizer", ALONE),
            standardizer_that_cuts(kind),
        )
        for kind in "iu"
    ),
    Planted(
        *("is_exact_on_the_grid", "WRONG", "matmul", AMONG_OTHERS),
        matmul_without_the_last_term,
    ),
    Planted(
        *("results_are_of_their_kind", "MISPLACED", "relu", ALONE),
        relu_in_double_precision,
        target=FLOAT32,
    ),
    Planted(
        *("rows_are_independent", "WRONG", "softmax", AMONG_OTHERS),
        softmax_of_everything,
    ),
    Planted(
        *("rows_are_independent", "WRONG", "softmax", AMONG_OTHERS),
        softmax_shifted_by_the_largest_of_all,
    ),
    Planted(
        *("broadcasting_equals_the_loop", "MISPLACED", "matmul", AMONG_OTHERS),
        matmul_aligned_from_the_left,
    ),
    Planted(
        *("empty_and_0d_are_no_exceptions", "REFUSES", "relu", AMONG_OTHERS),
        relu_of_batches_only,
    ),
    Planted(
        *("what_does_not_fit_is_refused", "ACCEPTS", "matvec", ALONE),
        matvec_that_cuts_to_fit,
    ),
    Planted(
        *("what_does_not_fit_is_refused", "CRASHES", "matvec", ALONE),
        matvec_that_exits,
    ),
    Planted(
        *("the_layout_does_not_matter", "WRONG", "relu", AMONG_OTHERS),
        relu_of_memory_as_it_lies,
    ),
    Planted(
        *("the_layout_does_not_matter", "REFUSES", "relu", AMONG_OTHERS),
        relu_of_what_can_be_written,
    ),
    Planted(
        *("inputs_are_untouched", "MUTATES", "relu", ALONE),
        relu_that_uses_its_input_up,
    ),
    Planted(
        *("inputs_are_untouched", "MUTATES", "relu", ALONE),
        relu_that_flattens_its_input,
    ),
    Planted(
        *("inputs_are_untouched", "MUTATES", "nll", AMONG_OTHERS),
        nll_that_uses_its_weights_up,
    ),
    Planted(
        *("results_are_new", "ALIASES", "relu", ALONE),
        relu_that_returns_its_input,
    ),
    Planted(
        *("results_are_new", "ALIASES", "relu", ALONE),
        relu_of_tensors_that_returns_its_input,
        target=TORCH,
    ),
    Planted(*("results_are_new", "ALIASES", "relu", ALONE), relu_with_one_buffer),
    Planted(
        *("two_runs_agree", "NONDETERMINISTIC", "sigmoid", ALONE),
        sigmoid_that_wavers,
    ),
    Planted(
        *("gradients_equal_the_oracle", "WRONG", "relu", ALONE),
        relu,
        pulled_back_by(lambda g, x: np.where(x < 0, g * 0, g)),
    ),
    Planted(
        *("gradients_equal_the_oracle", "WRONG", "amax", ALONE),
        largest,
        all_to_each_that_ties,
    ),
    Planted(
        *("gradients_equal_the_oracle", "WRONG", "log_softmax", AMONG_OTHERS),
        log_softmax,
        gradient_without_the_sum_of_the_cotangent,
    ),
    Planted(
        *("gradients_are_of_their_kind", "MISPLACED", "relu", ALONE),
        relu,
        pulled_back_by(lambda g, x: passed_on(g, x).astype(np.float64)),
        target=FLOAT32,
    ),
    Planted(
        *("gradients_are_of_their_kind", "MISPLACED", "mse", AMONG_OTHERS),
        mse,
        mse_vjp_with_one_gradient,
    ),
    Planted(
        *("pullbacks_are_linear", "WRONG", "relu", ALONE),
        relu,
        gradient_that_adds_up,
    ),
    Planted(
        *("pullbacks_are_linear", "WRONG", "relu", AMONG_OTHERS),
        relu,
        gradient_that_adds_up_in_a_buffer,
    ),
    Planted(
        *("pullbacks_are_linear", "WRONG", "relu", ALONE),
        relu,
        gradient_of_the_last_forward,
    ),
    Planted(
        *("pullbacks_are_linear", "WRONG", "sine", AMONG_OTHERS),
        np.sin,
        gradient_of_the_square,
    ),
    Planted(
        *("pullbacks_are_derivatives", "WRONG", "sine", AMONG_OTHERS),
        np.sin,
        gradient_of_another_function,
    ),
    Planted(
        *("pullbacks_leave_memory_alone", "MUTATES", "relu", ALONE),
        relu,
        pulled_back_by(zeroes_the_cotangent),
    ),
    Planted(
        *("pullbacks_leave_memory_alone", "ALIASES", "relu", ALONE),
        relu,
        gradient_in_one_buffer,
    ),
    Planted(
        *("pullbacks_leave_memory_alone", "ALIASES", "broadcast_to", ALONE),
        lambda x, shape: np.array(np.broadcast_to(x, shape)),
        broadcast_vjp_that_hands_on,
    ),
    Planted(
        *("broadcasting_equals_the_loop", "WRONG", "matmul", AMONG_OTHERS),
        matmul_right_in_front,
    ),
    Planted(
        *("rows_are_independent", "WRONG", "softmax", AMONG_OTHERS),
        softmax_right_in_front,
    ),
    Planted(
        *("every_row_comes_once", "WRONG", "loader", AMONG_OTHERS), loader_for_one_epoch
    ),
    Planted(
        *("every_row_comes_once", "WRONG", "loader", ALONE),
        loader(order=with_a_row_twice),
    ),
    Planted(
        *("pairs_stay_together", "WRONG", "loader", ALONE),
        loader(rows=shuffled_once_more),
    ),
    Planted(
        *("batches_have_the_size_that_was_told", "WRONG", "loader", ALONE),
        loader(length=lambda n, size, drop_last: n // size),  # noqa: ARG005
    ),
    Planted(
        *("batches_have_the_size_that_was_told", "WRONG", "loader", ALONE),
        loader(part=ragged),
    ),
    Planted(
        *("seeds_reproduce", "NONDETERMINISTIC", "loader", ALONE),
        loader(order=by_chance),
    ),
    Planted(
        *("seeds_reproduce", "NONDETERMINISTIC", "loader", ALONE),
        with_the_global_generator_seeded_once,
    ),
    Planted(*("epochs_differ", "WRONG", "loader", ALONE), loader(order=same_each_time)),
    Planted(*("epochs_differ", "WRONG", "loader", AMONG_OTHERS), with_dropped_tail),
    Planted(
        *("epochs_differ", "WRONG", "loader", ALONE), loader(order=without_the_last)
    ),
    Planted(
        *("without_shuffling_rows_are_in_order", "WRONG", "loader", ALONE),
        loader(plain=shuffled),
    ),
    Planted(*("batches_are_copies", "ALIASES", "loader", ALONE), loader(rows=views)),
    Planted(
        *("batches_are_copies", "ALIASES", "loader", ALONE), with_a_copy_of_its_own
    ),
    Planted(
        *("every_step_equals_the_oracle", "WRONG", "optimizer", ALONE),
        optimizer(velocity=damped_at_first),
    ),
    Planted(
        *("every_step_equals_the_oracle", "WRONG", "optimizer", AMONG_OTHERS), tired
    ),
    Planted(
        *("every_step_equals_the_oracle", "WRONG", "optimizer", AMONG_OTHERS),
        with_the_first_gradient,
    ),
    Planted(
        *("parameters_are_independent", "WRONG", "optimizer", AMONG_OTHERS),
        optimizer(key=lambda name: "velocity"),  # noqa: ARG005
    ),
    Planted(
        *("without_a_gradient_nothing_moves", "WRONG", "optimizer", ALONE),
        optimizer(missing=np.zeros_like),
    ),
    *(
        Planted(
            *("without_a_gradient_nothing_moves", "WRONG", "optimizer", ALONE), each
        )
        for each in (forgetful, rolling_on, starting_at_rest)
    ),
    Planted(
        *("steps_are_pure", "MUTATES", "optimizer", ALONE),
        optimizer(velocity=updated_in_place),
    ),
    Planted(
        *("steps_are_pure", "MUTATES", "optimizer", ALONE),
        with_an_object_that_is_written_to,
    ),
    *(
        Planted(*("steps_are_pure", "MUTATES", "optimizer", AMONG_OTHERS), each)
        for each in (writing_to_parameters, decaying_in_the_gradient)
    ),
    Planted(
        *("steps_are_pure", "NONDETERMINISTIC", "optimizer", AMONG_OTHERS),
        optimizer(velocity=remembered),
    ),
]


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_law_finds_its_planted_fault(planted):
    report = planted.report(laws=[planted.law])
    assert report.verdicts == {(planted.law, planted.target): planted.verdict}
    assert report.witness is not None


@pytest.mark.parametrize("planted", [p for p in PLANTED if p.alone], ids=str)
def test_what_is_found_alone_all_other_laws_let_pass(planted):
    """Without the law nobody would know."""
    assert [each.law.name for each in planted.report().broken] == [planted.law]


def test_every_law_has_a_planted_fault():
    assert {planted.law for planted in PLANTED} == LAWS.keys()


def laws_in(module):
    return {x for x in vars(module).values() if isinstance(x, Law)}


def test_every_law_that_is_written_is_asked():
    """One that is left out of the list would hold for everything."""
    modules = [x for x in vars(laws).values() if isinstance(x, ModuleType)]
    written = {each for module in modules for each in laws_in(module)}
    assert written == set(LAWS.values())
    assert list(LAWS) == [each.name for each in LAWS.values()]


@pytest.mark.parametrize("name", LAWS)
def test_a_law_says_what_it_claims_kills_and_misses(name):
    assert LAWS[name].claim
    assert LAWS[name].kills
    assert LAWS[name].misses


# What nears a limit, and is there too early.


def sigmoid(x):
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, z) / (1 + z)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def elu(x, *, alpha):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


TOO_EARLY = {
    "sigmoid": (lambda x: np.where(x > 20, 1, sigmoid(x)), "WRONG"),
    "tanh": (lambda x: np.where((x > 10) | (x < -10), np.sign(x), np.tanh(x)), "WRONG"),
    # As in PyTorch, unless it is told another threshold.
    "softplus": (lambda x: np.where(x > 20, x, softplus(x)), "INACCURATE"),
    "silu": (lambda x: np.where(x > 20, x, x * sigmoid(x)), "WRONG"),
    "elu": (
        lambda x, *, alpha: np.where(x < -20, -alpha, elu(x, alpha=alpha)),
        "WRONG",
    ),
}


@pytest.mark.parametrize("name", TOO_EARLY)
def test_a_limit_that_is_reached_too_early_is_found(name):
    subject, verdict = TOO_EARLY[name]
    law = "equals_the_oracle"
    report = check(subject, OPS[name], targets=[FLOAT64], laws=[law])
    assert report.verdicts[law, FLOAT64] == verdict
