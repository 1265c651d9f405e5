"""Laws: what must hold for every example of an operation.

A law is a function of a subject and an example with a claim, what it kills and what it
misses. `LAWS` holds all of them by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from scratchnet.testing.laws import (
    derivatives,
    devices,
    gradients,
    loaders,
    memory,
    optimizers,
    refusals,
    rows,
    values,
)
from scratchnet.testing.laws.finding import Finding, Verdict, agree, inside, together
from scratchnet.testing.laws.law import Law, law

__all__ = [
    "LAWS",
    "Finding",
    "Law",
    "Verdict",
    "agree",
    "inside",
    "law",
    "listing",
    "together",
]

#: All laws by name, in the order in which they are asked: what a broken one means is
#: plainest first.
LAWS: Mapping[str, Law] = MappingProxyType(
    {
        each.name: each
        for each in (
            values.equals_the_oracle,
            values.is_exact_on_the_grid,
            values.integers_stand_for_numbers,
            rows.results_are_of_their_kind,
            rows.rows_are_independent,
            rows.broadcasting_equals_the_loop,
            rows.empty_and_0d_are_no_exceptions,
            refusals.what_does_not_fit_is_refused,
            memory.the_layout_does_not_matter,
            memory.inputs_are_untouched,
            memory.results_are_new,
            memory.two_runs_agree,
            devices.nothing_is_computed_on_the_host,
            gradients.gradients_equal_the_oracle,
            gradients.gradients_are_of_their_kind,
            gradients.pullbacks_are_linear,
            derivatives.pullbacks_are_derivatives,
            gradients.pullbacks_leave_memory_alone,
            *loaders.LOADERS,
            devices.batches_are_made_on_the_device,
            *optimizers.OPTIMIZERS,
            devices.steps_are_taken_on_the_device,
        )
    }
)


def listing(laws: Iterable[Law], /) -> str:
    """All laws, what each claims, kills and misses, as a Markdown table."""
    rows = ["| law | claim | kills | misses |", "| --- | --- | --- | --- |"]
    for each in laws:
        where = "" if each.everywhere else ", in float64"
        where += ", on devices" if each.on_device else ""
        rows.append(
            f"| `{each.name}`{where} | {_cell(each.claim)} | {_cell(each.kills)} "
            f"| {_cell(each.misses)} |"
        )
    return "\n".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
