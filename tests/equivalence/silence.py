"""Of how much nothing may be said: the caps of each law, operation and format.

Of laws that compare with the oracle alone. Where two results are compared it depends on
the machine as well, as one of them may overflow.

`silence.json` holds the shares of the examples of seed 0, as the command below wrote
them. What is not in it is capped at 0.

    pytest tests/equivalence/test_operations.py --junitxml=report.xml
    python tests/equivalence/silence.py report.xml

Caps only fall: the smaller of the old and the new one is kept, the old one of what is
not in the report. Where a new one is larger the command names it, writes nothing and
exits with 1. With `--drawn-anew`, for when examples are drawn in another way, those of
the report are taken as they are.
"""

import argparse
import json
import sys
from math import ceil
from pathlib import Path
from xml.etree import ElementTree

FILE = Path(__file__).with_name("silence.json")
CAPS = json.loads(FILE.read_text()) if FILE.exists() else {}
LAWS = ("equals_the_oracle", "gradients_equal_the_oracle", "is_exact_on_the_grid")
FEWEST = 50
#: Shares are kept in parts of so many.
PARTS = 1000


def enough(result):
    """Fail where a law that holds was asked of too little.

    Of fewer examples than there are to be in float64, of no numbers, or where it says
    nothing about more of them than it used to.
    """
    assert result.compared
    assert result.examples >= (FEWEST if result.subject.target.is_full else 1)
    if result.law.name not in LAWS:
        return
    form = result.subject.target.format.name
    operation = result.subject.operation.name
    cap = CAPS.get(form, {}).get(result.law.name, {}).get(operation, 0)
    assert parts(result.silent, result.compared) <= cap, "more is left unsaid"


def parts(silent, compared):
    return ceil(PARTS * silent / (silent + compared or 1))


def shares(report):
    """The largest share of each format, law and operation in a report of pytest."""
    found = {}
    for each in ElementTree.parse(report).iter("property"):
        told = json.loads(each.get("value")) if each.get("name") == "scratchnet" else {}
        if "silent" in told and told["law"] in LAWS:
            cell = told["target"].split(":")[-1], told["law"], told["operation"]
            share = parts(told["silent"], told["compared"])
            found[cell] = max(share, found.get(cell, 0))
    return found


def flat(caps):
    """Caps by format, law and operation."""
    return {
        (form, law, operation): cap
        for form, of_form in caps.items()
        for law, of_law in of_form.items()
        for operation, cap in of_law.items()
    }


def nested(cells):
    """Caps as the file has them: without those that are 0."""
    caps = {}
    for (form, law, operation), cap in cells.items():
        if cap:
            caps.setdefault(form, {}).setdefault(law, {})[operation] = cap
    return caps


def raised(new, old):
    """The cells whose new share is above their cap, with both."""
    return {k: (old.get(k, 0), new[k]) for k in sorted(new) if new[k] > old.get(k, 0)}


def main(arguments=None, file=FILE):
    """Write the caps of a report; 1 where that would raise one unasked."""
    parser = argparse.ArgumentParser(description="Write the caps of a report.")
    parser.add_argument("report")
    parser.add_argument("--drawn-anew", action="store_true")
    asked = parser.parse_args(arguments)
    new = shares(asked.report)
    old = flat(json.loads(file.read_text())) if file.exists() else {}
    if not asked.drawn_anew:
        if up := raised(new, old):
            for cell, (before, now) in up.items():
                print(f"{' '.join(cell)}: {now} of {PARTS}, capped at {before}")
            return 1
        new = old | new
    file.write_text(json.dumps(nested(new), indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
