"""No comparison holds a tolerance that somebody chose, but those named here."""

from functools import cache
from pathlib import Path

import pytest
from tolerances import RULES, tolerances

import scratchnet

ROOT = Path(__file__).parents[2]
PACKAGE = Path(scratchnet.__file__).parent
#: Where results, and comparisons within the oracle, are held to derived bounds.
HOMES = {
    PACKAGE / "testing" / "elements.py",
    PACKAGE / "testing" / "bounded" / "selection.py",
}
#: Peers' tolerances are measured in benchmarks/, which is not read.
READ = {
    path.relative_to(base).as_posix(): path
    for base, paths in (
        (ROOT, [*(ROOT / "tests").rglob("*.py"), ROOT / "conftest.py"]),
        (PACKAGE.parent, PACKAGE.rglob("*.py")),
    )
    for path in sorted(paths)
    if path not in HOMES
}
ULPS = "what the contract, the only place with choices, states, and here is measured"
INSIDE = "how a derived bound is held, without rounding"
OVERFLOW = "whether a number is beyond the largest one"
SQUARE = "where a loss is a square, as its option says"
#: Expressions of a file, as `ast` writes them, with why they may stand.
EXEMPT = {
    "tests/equivalence/beyond.py": {"d < beta": SQUARE},
    "tests/properties/test_plain_tests.py": {
        "np.testing.assert_allclose": "the plain test is what is looked at"
    },
    "tests/equivalence/written.py": {
        "np.abs(x - t) < beta": SQUARE,
        "d <= beta": SQUARE,
        "r < 1": SQUARE,
        "abs(x - t) < beta": SQUARE,
    },
    "tests/equivalence/test_mnist.py": {
        "run.history.epochs[0].valid_accuracy >= least": "floors that the design names",
    },
    "tests/properties/test_bounded.py": {
        "-allowed <= x - rational(value) <= allowed": INSIDE,
        "(-error <= off) & (off <= error)": INSIDE,
        "-error <= off": INSIDE,
        "off <= error": INSIDE,
    },
    "tests/properties/test_cli.py": {
        "float(verdict.split()[-1]) >= 0.97": "a floor under the README's accuracy",
    },
    "tests/properties/test_contract.py": {
        "largest <= allowed": ULPS,
        "largest > ULPS[name]": ULPS,
        "measured > 1000": "how many numbers were measured",
    },
    "tests/properties/test_diagnosis.py": {
        "each.examples >= 50": "how many examples were counted",
    },
    "scratchnet/testing/candidates.py": {
        "np.abs(own.value - right.value) > own.error + right.error": "both are bounds "
        "that were derived: no result can be inside of the two",
    },
    "tests/properties/test_layers.py": {
        "stated - slack < weight.std() < stated + slack": "five standard errors of a "
        "sample: chance, not rounding",
    },
    "tests/properties/test_page.py": {
        "pytest.approx": "a length in an SVG, where numbers have six decimals",
    },
    "tests/properties/test_page_in_browser.py": {
        "(ratio := contrast(colour, ground)) < (TEXT if said else SHAPE)": "what WCAG "
        "requires of colours",
        "c <= 0.04045": "where the curve of sRGB begins, as WCAG has it",
    },
    "tests/properties/test_strategies.py": {
        "wide.max() - wide.min() <= kept": "how far drawn numbers are apart",
    },
    "tests/properties/test_users_code.py": {"rtol=1": "what is tested is its refusal"},
    "scratchnet/broadcasting.py": {"-rank <= axis < rank": "whole numbers"},
    "scratchnet/progress.py": {
        "self._bar.get_time() - self._drawn > 0.1": "seconds between two drawings",
    },
    "scratchnet/testing/mutants/correct/regression.py": {
        "d < beta": SQUARE,
        "xp.abs(apart) < beta": SQUARE,
    },
    "scratchnet/testing/references/distances.py": {
        "d < beta": SQUARE,
        "xp.abs(apart) < beta": SQUARE,
    },
    "scratchnet/testing/compare.py": {
        "abs(worst.expected) - worst.allowed > form.largest": OVERFLOW,
        "wrong > 1": "whole numbers",
    },
    "scratchnet/testing/formats.py": {"np.abs(nearest) > self.largest": OVERFLOW},
    "scratchnet/testing/bounded/exact.py": {"np.abs(exponent) < 64": "whole numbers"},
    "scratchnet/testing/bounded/variance.py": {
        "partial <= contract.format.largest": OVERFLOW,
    },
}
#: Where a bound may be written out, by how the file begins.
GIVEN = {
    "scratchnet/testing/bounded/": "bounds are derived there",
    "tests/properties/test_bounded.py": "what is tested is how a bound is passed on",
    "tests/properties/test_centering.py": "what is tested is how a bound is passed on",
    "tests/properties/test_promises.py": "what is tested is what a contract may state",
}


@cache
def found_in(name):
    return tuple(tolerances(READ[name].read_text()))


def is_exempt(name, finding):
    if finding.rule == "given bound":
        return name.startswith(tuple(GIVEN))
    return finding.text in EXEMPT.get(name, {})


@pytest.mark.parametrize("name", READ)
def test_no_comparison_has_a_tolerance_that_was_chosen(name):
    assert [each for each in found_in(name) if not is_exempt(name, each)] == []


def test_no_exemption_is_unused():
    found = {(name, finding) for name in READ for finding in found_in(name)}
    exempt = {(name, text) for name in EXEMPT for text in EXEMPT[name]}
    assert exempt <= {(name, finding.text) for name, finding in found}
    given = {name for name, finding in found if finding.rule == "given bound"}
    assert [x for x in GIVEN if not any(name.startswith(x) for name in given)] == []


def test_every_file_is_read_but_those_where_bounds_are_derived():
    names = {Path(name).name for name in READ}
    assert {"conftest.py", "test_tolerances.py", "losses.py", "rounding.py"} <= names
    for path in HOMES:
        assert list(tolerances(path.read_text()))


PROBES = {
    "tolerant function": [
        "np.testing.assert_allclose(x, y)",
        "from numpy.testing import assert_allclose",
        "assert np.allclose(x, y)",
        "assert math.isclose(x, y)",
        "getattr(np, 'isclose')(x, y)",
        "assert x == pytest.approx(y)",
        "torch.testing.assert_close(x, y)",
        "np.testing.assert_almost_equal(x, y)",
        "np.testing.assert_array_almost_equal(x, y)",
        "self.assertAlmostEqual(x, y)",
        "torch.autograd.gradcheck(f, x)",
    ],
    "named tolerance": [
        "check(x, y, rtol=1e-6)",
        "check(x, y, atol=0)",
        "def check(x, y, rtol): ...",
        "atol = 1e-6",
        "check(x, y, decimal=6)",
        "check(x, y, places=6)",
        "check(x, y, rel_tol=1e-6)",
        "self.assertLess(x, y, delta=1e-6)",
        "check(x, y, **{'rtol': 1e-6})",
    ],
    "chosen number": [
        "assert x - 1e-6 < y < x + 1e-6",
        "assert -1e-6 < x - y < 1e-6",
        "assert x / y < 1.0001",
        "assert 0.9999 < x / y",
        "assert log(10) - 0.1 < loss < log(10) + 0.1",
        "assert 0.13044965 < float(x.mean())",
        "assert 1 - 1e-3 * (n > 1000) - 1e-4 < ratio <= 1",
        "assert x - y < 3 * 1e-6",
        "assert x - y < 10**-6",
        "assert x - y < 1 / 1000000",
        "assert x - y < float('1e-6')",
        "assert x - y < Fraction('1e-6')",
        "assert x - y < Fraction(1, 10000)",
        "assert np.less(x - y, 1e-6).all()",
        "assert np.greater(1e-6, x - y).all()",
        "assert operator.lt(x - y, 1e-6)",
        "assert (x - y).lt(1e-6).all()",
        "np.testing.assert_array_less(x, y + 1e-6)",
        "self.assertLess(x, 1e-6)",
        "SMALL = 1e-6\nassert x - y < SMALL",
        "SMALL: float = 1e-6\nassert x - y < SMALL",
        "SMALL = {'float32': 1e-6}\nassert x - y < SMALL[dtype]",
        "A = np.float32(1e-6)\nB = 2 * A\nassert x - y < B",
        "LOW, HIGH = 0, 1e-6\nassert x < HIGH",
        "def check(x, y, small=1e-6):\n    assert x - y < small",
        "def check(x, y, *, small=1e-6):\n    assert x - y < small",
        "for small in (1e-3, 1e-6): assert x - y < small",
        "@pytest.mark.parametrize('c', [1e-6])\ndef test_f(c): assert x - y < c",
        "@pytest.mark.parametrize(('n', 'c'), [(1, 0.9)])\n"
        "def test_f(n, c): assert x >= c",
    ],
    "distance": [
        "assert abs(x - y) < 1e-6",
        "assert abs(x - y) <= bound",
        "assert 1e-6 > abs(x - y)",
        "assert np.abs(x - y).max() < 1e-6",
        "assert (x - y).abs().max() < 1e-6",
        "assert max(abs(a - b) for a, b in pairs) < 1e-6",
        "assert np.all(np.abs(x - y) < 1e-6 * np.abs(y))",
        "assert np.linalg.norm(x - y) < 1e-6",
        "if abs(x - y) > 1e-6: raise AssertionError",
        "error = np.abs(x - y)\nassert error.max() < 1e-6",
        "assert (error := abs(x - y)) < 1e-6, error",
        "print(error := abs(x - y))\nassert error < c",
        "assert (x - y)**2 < c",
        "assert (x - y) * (x - y) < c",
        "assert np.square(x - y) < c",
        "assert np.ptp([x, y]) < c",
        "assert max(x, y) - min(x, y) < c",
        "assert max(x - y, y - x) < c",
        "assert np.abs(np.subtract(x, y)) < c",
        "assert abs(operator.sub(x, y)) < c",
        "assert abs(x.__sub__(y)) < c",
        "assert np.abs(np.diff([x, y])) < c",
        "d = x - y\nassert abs(d) < c",
        "d = (x - y).ravel()\ne = d / y\nassert np.linalg.norm(e) < c",
        "def err(a, b): return abs(a - b)\nassert err(x, y) < c",
        "def err(a, b): return abs(a - b)\nassert self.err(x, y) < c",
        "def apart(a, b): return a - b\nassert abs(apart(x, y)) < c",
        "err = lambda a, b: abs(a - b)\ne = err(x, y)\nassert e < c",
        "for e in np.abs(x - y): assert e < c",
        "assert all(e < c for e in np.abs(x - y))",
        "np.testing.assert_array_less(abs(x - y), c)",
        "assert np.less(np.abs(x - y), c).all()",
        "assert np.abs(x - y).lt(c).all()",
        "assert operator.lt(abs(x - y), c)",
        "assert math.dist(x, y) < c",
        "assert F.l1_loss(x, y) < c",
        "assert F.mse_loss(x, y) < c",
        "assert mean_squared_error(x, y) < c",
    ],
    "two-sided": [
        "assert x - c < y < x + c",
        "assert x + c > y > x - c",
        "assert y * (1 - c) < x < y * (1 + c)",
        "assert x - c < y and y < x + c",
        "assert np.all((x - c < y) & (y < x + c))",
        "assert np.logical_and(x - c < y, np.less(y, x + c)).all()",
        "assert -c < x - y < c",
        "assert -(a + b) < x - y < a + b",
        "assert -c * y < x - y < c * y",
        "d = x - y\nassert -c <= d <= c",
        "d = x - y\nassert (-c <= d) & (d <= c)",
    ],
    "rounding": [
        "assert round(x, 6) == round(y, 6)",
        "assert np.round(x, 6).tolist() == y",
        "assert x.round(6) == y",
        "assert f'{x:.6f}' == '0.130450'",
        "assert '%.6f' % x == '0.130450'",
        "assert 'x = %8.6g' % x in out",
        "assert format(x, '.6f') == '0.130450'",
        "assert '{:.6f}'.format(x) == '0.130450'",
        "assert '{x:.6f}'.format(x=x) == '0.130450'",
        "s = round(x, 6)\nassert s == y",
        "s = f'{x:.6f}'\nassert s == '0.130450'",
        "def shown(x): return '%.6f' % x\nassert shown(x) == shown(y)",
        "assert Decimal(x).quantize(Decimal('1e-6')) == y",
        "assert np.format_float_positional(x, 6) == '0.13045'",
        "assert str(x)[:8] == '0.130450'",
        "np.testing.assert_array_equal(np.round(x, 6), y)",
        "assert np.array_equal(x.round(6), y)",
        "self.assertEqual(round(x, 6), y)",
        "assert f'{x:.6f}'.startswith('0.13')",
    ],
    "given bound": [
        "within(x, Bounded(y, c, 1e-6))",
        "within(x, Bounded(y, c, error=1e-6))",
        "within(x, Bounded(y, c, 2.0**-20))",
        "within(x, Bounded(y, c, np.full(3, 1e-6)))",
        "e = 1e-6\nwithin(x, Bounded(y, c, e))",
        "assert_within(x, f, y, contract=Contract(FLOAT32, ulps={'exp': 400}))",
        "within(x, oracle(f, y, contract=Contract(F, None, None, False, {'exp': 9})))",
        "replace(contract, ulps=dict.fromkeys(ULPS, 400))",
    ],
}


def test_every_rule_has_a_control():
    assert PROBES.keys() == RULES.keys()


@pytest.mark.parametrize(
    ("rule", "source"), [(rule, x) for rule in PROBES for x in PROBES[rule]]
)
def test_the_reader_sees_each_tolerance(rule, source):
    """The control: what it cannot see, it could not forbid."""
    assert rule in {finding.rule for finding in tolerances(source)}


@pytest.mark.parametrize(
    "source",
    [
        "assert within(x, oracle(f, y)).ok",
        "assert_within(x, f, y)",
        "np.testing.assert_array_equal(x, y)",
        "assert x == y",
        "assert x == 0.1",
        "assert log(9) < loss < log(11)",
        "assert abs(x) <= 1",
        "assert -1 <= x <= 1",
        "assert -c < x < c",
        "assert x <= 2.0**-20",
        "assert x < 0.5",
        "assert x < inf",
        "assert 0 <= rows - size < size",
        "assert abs(above - below) == gap",
        "assert abs(n - 1) < 3",
        "assert x[i - j] < abs(y)",
        "assert after < before",
        "X = np.array([0.3])\nassert (X < y).all()",
        "places = rows * columns",
        "unit = round(x / step) * step",
        "whole = np.rint(x) == x",
        "floor(Fraction(n, m) * 10**8) == 13044972",
        "print(f'{x:.6f}')",
        "assert '%d rows' % n in out",
        "Bounded(x, contract)",
        "Bounded(x, contract, 0.0)",
        "Bounded(x, contract, error)",
        "Contract(FLOAT32, accumulator=FLOAT64)",
    ],
)
def test_exact_comparisons_and_statements_are_allowed(source):
    assert list(tolerances(source)) == []
