"""Why: which laws find what plain tests do not, and where plain tests fail wrongly."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from today.subjects import subjects
from today.trial import OURS, PROMISES, Found

#: What is nearer is told to be near; nothing is judged by it.
NEAR = 1e-6


def _of(found: Iterable[Found], *, bugs: bool) -> dict[str, dict[str, Found]]:
    """What each judge found of each bug, or of each correct function."""
    grid: dict[str, dict[str, Found]] = defaultdict(dict)
    for each in found:
        if subjects()[each.subject].bug == bugs and not each.smallest:
            grid[each.subject][each.judge] = each
    return grid


def _grouped(pairs: Iterable[tuple[str, str]]) -> str:
    """A list: for each reason what it is one of, the most frequent reason first."""
    groups: dict[str, list[str]] = defaultdict(list)
    for reason, name in pairs:
        groups[reason].append(name)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    lines = [f"- {why} ({len(x)}): {', '.join(x)}." for why, x in ordered]
    return "\n".join(lines) or "None."


def alone(found: Sequence[Found]) -> str:
    """The bugs that no plain test finds, by the law that finds them."""
    return _grouped(
        (f"`{by[OURS].said.partition(':')[0]}`", f"`{name}`")
        for name, by in _of(found, bugs=True).items()
        if by[OURS].red and sum(each.red for each in by.values()) == 1
    )


def missed(found: Sequence[Found]) -> str:
    """The bugs that our laws do not find, and which plain tests do."""
    return _grouped(
        (_finders(by.values()), f"`{name}`")
        for name, by in _of(found, bugs=True).items()
        if not by[OURS].red
    )


def _finders(found: Iterable[Found]) -> str:
    names = [each.judge for each in found if each.red]
    return f"found by {', '.join(names)}" if names else "found by none"


def alarms(found: Sequence[Found]) -> str:
    """What fails correct code, judge by judge: why, and of which functions."""
    grid = _of(found, bugs=False)
    judges = dict.fromkeys(name for by in grid.values() for name in by)
    parts = [f"{_name(judge)}:\n\n{_of_judge(grid, judge)}" for judge in judges]
    promised = [
        (f"`{by[OURS].said.partition(':')[0]}`", f"`{name}`")
        for name, by in grid.items()
        if by[OURS].promises
    ]
    laws = " and ".join(f"`{each}`" for each in PROMISES)
    parts.append(
        "Not counted, since a bare formula neither copies nor refuses: accepted "
        f"algorithms that break {laws}, and nothing else.\n\n{_grouped(promised)}"
    )
    return "\n\n".join(parts)


def _name(judge: str) -> str:
    return judge[:1].upper() + judge[1:]


def _of_judge(grid: dict[str, dict[str, Found]], judge: str) -> str:
    return _grouped(
        (reason(by[judge].said), f"`{name}`")
        for name, by in grid.items()
        if by[judge].red and not by[judge].promises
    )


def reason(said: str, /) -> str:
    """In a few words what a test said."""
    for word in ("nan", "inf"):
        if f"{word} location mismatch" in said:
            return f"{word} on one side only"
    size = re.search(r"Max absolute difference among violations: ([\d.e+-]+) ", said)
    if size is None:
        return said.partition(" ")[0].rstrip(":") if said else "nothing was said"
    apart = float(size[1])
    if apart < NEAR:
        return "the tolerance is too tight: they are less than 1e-6 apart"
    return "other digits: they are 1e-6 or more apart"
