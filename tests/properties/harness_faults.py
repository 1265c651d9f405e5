"""Faults of the harness as data: one edit each, and the test that must find it."""

from dataclasses import dataclass

GATE = "tests/gpu/test_gate.py"
REPORTS = "tests/gpu/test_reports.py"


@dataclass(frozen=True)
class Fault:
    """A fault of the harness.

    says: what is wrong. file: where, in the package. was, becomes: what is replaced,
    which is there once, and by what. test: the id of what must fail.
    """

    says: str
    file: str
    was: str
    becomes: str
    test: str


FAULTS = (
    # Bounds.
    Fault(
        "a sum may be off by twice its bound",
        "testing/bounded/reductions.py",
        "    return relative, contract.unit_roundoff if wide else 0.0",
        "    return 2 * relative, contract.unit_roundoff if wide else 0.0",
        "tests/properties/test_within.py::test_the_bound_of_a_sum_is_attained[10]",
    ),
    Fault(
        "the oracle is as coarse as what it judges",
        "testing/contract.py",
        "return LONG_DOUBLE if self.format == FLOAT64 else DOUBLE",
        "return Arithmetic(self.format.carrier, self.format.unit_roundoff)",
        "tests/properties/test_within.py"
        "::test_a_sum_that_is_rounded_the_wrong_way_is_found[float32]",
    ),
    Fault(
        "an ulp is taken for one unit of roundoff",
        "testing/bounded/rounding.py",
        "units = roundings + 2 * ulps",
        "units = roundings + ulps",
        "tests/properties/test_bounded.py::test_a_function_may_be_off_by_its_ulps"
        "_and_not_by_three_times_as_many[exp-float32]",
    ),
    # Comparison.
    Fault(
        "NaN passes for any number",
        "testing/elements.py",
        "    good = off <= error\n    told",
        "    good = ~(off > error)\n    told",
        "tests/properties/test_within.py"
        "::test_infinities_nan_and_subnormal_numbers[identity-1-nan-False]",
    ),
    Fault(
        "two results may be four errors apart",
        "testing/laws/finding.py",
        "bound = 2 * oracle.error",
        "bound = 4 * oracle.error",
        "tests/properties/test_findings.py"
        "::test_two_results_may_be_two_errors_apart_and_no_further[2.1-WRONG-0]",
    ),
    # The engine.
    Fault(
        "what nothing was said of holds",
        "testing/search.py",
        'return Finding("VACUOUS", self.silence or said)',
        "return Finding()",
        "tests/properties/test_verdicts.py"
        "::test_what_nothing_can_be_said_of_is_vacuous",
    ),
    Fault(
        "a law is asked about one example",
        "testing/search.py",
        "            if left < 0:\n                break\n",
        "            break\n",
        "tests/properties/test_check.py"
        "::test_in_float64_every_law_has_fifty_examples_or_more",
    ),
    Fault(
        "the witness is the first that is found again",
        "testing/search.py",
        "return found[-1] if found else None",
        "return found[0] if found else None",
        "tests/properties/test_check.py"
        "::test_the_softmax_of_the_lesson_falls_at_once_and_small",
    ),
    Fault(
        "a test passes although its law is broken",
        "testing/verification.py",
        "        if not result.ok:\n",
        "        if not result.examples:\n",
        "tests/properties/test_failures.py"
        "::test_a_failure_is_a_short_proof_on_one_screen",
    ),
    # Strategies.
    Fault(
        "nothing is ever broadcast",
        "testing/strategies/plan.py",
        "if choice < ALIKE or",
        "if choice < 256 or",
        "tests/properties/test_drawn_cases.py"
        "::test_what_breaks_code_is_drawn_often[(),()->()]",
    ),
    Fault(
        "arrays are always contiguous",
        "testing/cases.py",
        "known[byte % len(known)] for byte in lying",
        "known[0] for _ in lying",
        "tests/properties/test_decks.py::test_laws_are_asked_of_what_breaks_code",
    ),
    Fault(
        "no number is NaN",
        "testing/strategies/family.py",
        "        found.reshape(-1)[place % found.size] = np.nan\n    return found\n",
        "        pass\n    return np.where(np.isnan(found), 0.0, found)\n",
        "tests/properties/test_strategies.py"
        "::test_a_family_draws_what_it_attacks_with[special-float64]",
    ),
    # Laws.
    Fault(
        "a remainder of first order will do",
        "testing/laws/derivatives.py",
        "(fine.step / coarse.step) ** 1.5",
        "(fine.step / coarse.step) ** 0.9",
        "tests/properties/test_verdicts.py"
        "::test_what_is_no_derivative_leaves_a_remainder_of_first_order[nearly one]",
    ),
    Fault(
        "of all that has to be refused one call is tried",
        "testing/laws/refusals.py",
        'wrong[case.index("refusal", len(wrong))]',
        "wrong[0]",
        "tests/equivalence/test_lookups.py"
        "::test_what_is_wrong_is_found_in_a_small_example[embedding-limits]",
    ),
    Fault(
        "whatever the host reads of a device will do",
        "testing/laws/devices.py",
        "    if (numbers := read.numbers + singles) < most:\n",
        "    if (numbers := read.numbers + singles) >= 0:\n",
        "tests/properties/test_devices.py"
        "::test_a_round_trip_to_the_host_is_found[simulated:gpu:float64]",
    ),
    # Devices, and the gate.
    Fault(
        "numerics are not pinned",
        "testing/numerics.py",
        "    pins.set()\n",
        "    pins.now()\n",
        "tests/properties/test_numerics.py::test_laws_are_asked_under_pins",
    ),
    Fault(
        "whoever changes numerics is not found out",
        "testing/engine.py",
        "        changed = pins.changed()\n",
        '        changed = ""\n',
        "tests/properties/test_numerics.py"
        "::test_a_subject_that_changes_numerics_is_found_out",
    ),
    Fault(
        "a device that does not answer is as good as one that does",
        "testing/devices.py",
        "    if reason := target_on(name, where=where).unavailable():\n        raise",
        "    if not target_on(name, where=where):\n        reason = ''\n        raise",
        f"{GATE}::test_a_required_device_that_does_not_answer_ends_the_session"
        "[the option]",
    ),
    Fault(
        "a misspelled variable is no error",
        "testing/requirement.py",
        'name.startswith("SCRATCHNET_") and name not in VARIABLES',
        'name.startswith("SCRATCHNET__") and name not in VARIABLES',
        f"{GATE}::test_a_misspelled_variable_ends_the_session",
    ),
    Fault(
        "a skip on a required device is a skip",
        "testing/requirement.py",
        'if report.outcome == "skipped" and not',
        'if report.outcome == "missed" and not',
        f"{GATE}::test_a_skip_is_a_failure[a skip in the test]",
    ),
    Fault(
        "a file that is skipped as a whole is not missed",
        "testing/requirement.py",
        "        if report.skipped:\n",
        "        if report.skipped and not report.nodeid:\n",
        f"{GATE}::test_a_file_that_is_skipped_as_a_whole_is_an_error",
    ),
    Fault(
        "what is deselected is not missed",
        "testing/requirement.py",
        "        if gone:\n            self._say(",
        "        if not gone:\n            self._say(",
        f"{GATE}::test_what_is_left_out_is_an_error[-m not device]",
    ),
    Fault(
        "the report of an earlier session is left in its place",
        "testing/requirement.py",
        "        report.unlink()\n",
        "        report.exists()\n",
        f"{GATE}::test_a_session_that_ends_early_is_no_proof"
        "[__import__('os')._exit(0)]",
    ),
    Fault(
        "a test that allocates nothing has used its device",
        "testing/gate.py",
        "    if ran.allocated == 0:\n",
        "    if ran.allocated == -1:\n",
        f"{GATE}::test_a_test_that_uses_nothing_of_its_device_is_an_error[return]",
    ),
    Fault(
        "results may live on the host",
        "testing/gate.py",
        'ran.law.get("elsewhere") and not ran.law["landed"]',
        'ran.law.get("elsewhere") == -1',
        f"{GATE}::test_results_on_the_host_are_wrong",
    ),
    Fault(
        "floors are not looked at",
        "testing/floors.py",
        "        if executed.get(key, 0) < n\n",
        "        if executed.get(key, 0) < 0 * n\n",
        f"{GATE}::test_what_is_left_out_is_an_error[--scratchnet-examples=1]",
    ),
    Fault(
        "a report never gets old",
        "testing/gate.py",
        "    if age > most:\n",
        "    if age > 9999 * most:\n",
        f"{REPORTS}::test_a_report_of_another_time_is_no_proof",
    ),
    Fault(
        "a report is of any commit",
        "testing/gate.py",
        "        if wanted and known.get(name) != wanted\n",
        "        if wanted and not known.get(name)\n",
        f"{REPORTS}::test_a_report_of_another_commit_is_no_proof",
    ),
    Fault(
        "what a hook drops is not missed",
        "testing/requirement.py",
        "        if left:\n",
        "        if not self.collected:\n",
        f"{GATE}::test_what_a_hook_drops_is_missed[of the list]",
    ),
    Fault(
        "a session need not have required the device",
        "testing/gate.py",
        'if device not in known.get("required", "").split(","):',
        "if not device:",
        f"{GATE}::test_a_session_that_requires_nothing_is_no_proof",
    ),
)
