"""A mutant: correct code with one fault, written as what is different in its source."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from functools import cache, cached_property, lru_cache
from importlib import resources
from types import CodeType, ModuleType

from scratchnet.errors import ArgumentError
from scratchnet.testing.laws.finding import Verdict
from scratchnet.testing.subject import Function

#: Where a mutant is asked, unless it shows in another format or library only.
TARGET = "numpy:float64"
#: The modules of correct code.
_CORRECT = "scratchnet.testing.mutants.correct"
#: What a module calls the VJP rule of a function.
_RULE = "{}_vjp"


@dataclass(frozen=True)
class Pair:
    """A function, and its VJP rule where there is one."""

    function: Function
    vjp: Function | None


@dataclass(frozen=True, eq=False)
class Mutant:
    """A planted bug.

    id: what it is called, in words with dashes. operation: the name of the one that it
    is a wrong version of. says: in a sentence, what is wrong.
    law: the law that must kill it, and the verdict that it must find. shows: the values
    or shapes on which it differs. edits: what of the correct source is replaced, and by
    what; each is there once. code: the module of correct code. target: where it shows.
    seen: where real code has had it.
    """

    id: str
    operation: str
    says: str
    law: str
    shows: str
    edits: Mapping[str, str]
    code: str
    verdict: Verdict = "WRONG"
    target: str = TARGET
    seen: str = ""

    def __repr__(self) -> str:
        return f"<mutant {self.id}>"

    @cached_property
    def source(self) -> str:
        """The source of the module with the fault in it.

        Raises ArgumentError where what is to be replaced is not there once.
        """
        text = source_of(self.code)
        for was, becomes in self.edits.items():
            if text.count(was) != 1:
                raise ArgumentError(
                    f"mutant {self.id}",
                    f"{was!r} stands {text.count(was)} times in {self.code}",
                    "required once",
                )
            text = text.replace(was, becomes)
        return text

    @property
    def diff(self) -> str:
        """The lines that are different, each after - or +."""
        before, after = source_of(self.code), self.source
        lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        return "\n".join(x for x in lines if x[:3] not in ("---", "+++", "@@ "))

    def broken(self) -> Pair:
        """The function with the fault, and its VJP rule, without any past: what one
        of them keeps from call to call, no other sees."""
        return _loaded(_compiled(f"<mutant {self.id}>", self.source), self.operation)

    def correct(self) -> Pair:
        """The same without the fault."""
        return correct(self.operation, self.code)


@cache
def source_of(code: str, /) -> str:
    """The source of a module of correct code. Raises ArgumentError for none."""
    file = resources.files(_CORRECT) / f"{code}.py"
    if not file.is_file():
        raise ArgumentError("mutant", f"code={code!r}", "required a module")
    return file.read_text(encoding="utf-8")


def correct(operation: str, code: str, /) -> Pair:
    """The correct code of an operation, without any past."""
    return _loaded(_compiled(f"<correct {code}>", source_of(code)), operation)


@lru_cache(maxsize=512)
def _compiled(name: str, source: str) -> CodeType:
    # So that tracebacks and `inspect` show the lines, those with the fault too.
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    return compile(source, name, "exec")


def _loaded(compiled: CodeType, operation: str) -> Pair:
    module = ModuleType(compiled.co_filename)
    exec(compiled, vars(module))  # noqa: S102 - our own source, edited by our own data
    rule = getattr(module, _RULE.format(operation), None)
    return Pair(getattr(module, operation), rule)
