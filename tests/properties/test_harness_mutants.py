"""Faults planted in the harness itself: each is found by a test of the harness.

What finds faults in everybody's code has to be right, and only its own tests say so.
Each fault is one edit in a copy of the package. One test is named for it, which must
fail about that copy, and pass about one without it.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

import scratchnet

ROOT = Path(__file__).parents[2]
PACKAGE = Path(scratchnet.__file__).parent
#: What would reach into a session: another one's options, workers and measurements.
FOREIGN = ("PYTEST_", "COV", "HYPOTHESIS_")


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
        'Finding("VACUOUS", f"nothing was said about {self.silent:,} numbers")',
        "Finding()",
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
        "    if read.numbers < most:\n",
        "    if read.numbers >= 0:\n",
        "tests/properties/test_devices.py"
        "::test_a_round_trip_to_the_host_is_found[simulated:gpu:float64]",
    ),
)


@pytest.fixture
def copied(tmp_path):
    """The package in a folder of its own, with what says that it is installed there:
    the plugin refuses to test any other than the one that is."""
    # Other processes may be about to write what they have compiled.
    unfinished = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=unfinished)
    installed = metadata.distribution("scratchnet")
    about = tmp_path / f"scratchnet-{installed.version}.dist-info"
    about.mkdir()
    for name in ("METADATA", "entry_points.txt"):
        (about / name).write_text(installed.read_text(name))
    return tmp_path


def planted(fault, folder):
    """The fault, in the package that lies there."""
    file = folder / PACKAGE.name / fault.file
    text = file.read_text()
    assert text.count(fault.was) == 1
    file.write_text(text.replace(fault.was, fault.becomes))


def session(folder, *arguments):
    """A session about the package that lies there: always of the same examples."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    places = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    # The working directory, of which Python thinks first otherwise, has a package too.
    ours = {"PYTHONPATH": os.pathsep.join(places), "PYTHONSAFEPATH": "1", "CI": "true"}
    options = ("-p", "no:cacheprovider", "--color=no", *arguments)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=ROOT,
        env=plain | ours,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.says)
def test_a_fault_of_the_harness_is_found_by_its_tests(fault, copied):
    """By one that fails: not by a session that does not even begin."""
    planted(fault, copied)
    found = session(copied, "-x", "-q", fault.test)
    assert found.returncode == pytest.ExitCode.TESTS_FAILED, found.stdout + found.stderr
    assert f"FAILED {fault.test}" in found.stdout


def test_without_a_fault_they_pass(copied):
    """The control: what fails anyway, or is skipped, finds nothing; nor does what asks
    the package that is installed, whose plugin pytest would load."""
    tests = {fault.test: None for fault in FAULTS}
    found = session(copied, "--trace-config", "-rA", *tests)
    assert found.returncode == pytest.ExitCode.OK, found.stdout + found.stderr
    assert {test for test in tests if f"PASSED {test}" not in found.stdout} == set()
    plugin = copied / PACKAGE.name / "testing" / "plugin.py"
    assert f": {plugin}\n" in found.stdout


def test_every_part_of_the_harness_has_a_fault():
    parts = {fault.file.split("/")[1] for fault in FAULTS}
    assert {"bounded", "elements.py", "search.py", "strategies", "laws"} <= parts
    assert len(FAULTS) >= 10
