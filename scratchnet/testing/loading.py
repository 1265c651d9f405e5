"""Code that stands at an address: loaded, or refused in a sentence."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from scratchnet.errors import ArgumentError, ScratchnetError
from scratchnet.testing.subject import said
from scratchnet.testing.witness import attribute

_OURS = str(Path(__file__).parent)


def loaded(
    address: str, modules: dict[str, Any] | None = None, /, *, where: str = "replay"
) -> Any:
    """What stands at an address: `file.py:name` or `package.module:name`.

    A name may be dotted: a method is that of an object which is made of its class
    without arguments.
    modules: those that are there already, by their place; a new one is added.
    Raises ArgumentError where there is nothing, with the user's own lines of the
    traceback as its details where their code raises.
    """
    modules = {} if modules is None else modules
    place, _, name = address.rpartition(":")
    if not (place and name):
        raise ArgumentError(
            where, f"address {address!r}", "required file.py:name or module:name"
        )
    if place not in modules:
        modules[place] = _module(place, where)
    found = attribute(modules[place], name)
    if found is None:
        near = _near(modules[place], name)
        raise ArgumentError(where, f"no {name!r} in {place}", "required it there", near)
    return _bound(modules[place], name, found, where)


def _near(module: Any, name: str) -> str:
    """Which names of the module are like this one, as a fix."""
    known = {
        k for k, x in vars(module).items() if k[0] != "_" and not inspect.ismodule(x)
    }
    close = get_close_matches(name, sorted(known))
    return f"there is {', '.join(close)}" if close else ""


def _bound(module: Any, name: str, found: Any, where: str) -> Any:
    """What was found; of a method that of an object."""
    owner_name, _, last = name.rpartition(".")
    owner = attribute(module, owner_name) if owner_name else None
    if not isinstance(owner, type):
        return found
    if not inspect.isfunction(inspect.getattr_static(owner, last)):
        return found  # static, or of the class
    with _refused(where, f"{owner_name}()", "required a class that needs no arguments"):
        return getattr(owner(), last)


@contextmanager
def _refused(where: str, what: str, required: str) -> Iterator[None]:
    """Whatever the user's code raises, as a sentence."""
    try:
        yield
    except (ScratchnetError, KeyboardInterrupt):
        raise
    except BaseException as error:
        # A file that exits, or skips, is no law that holds.
        first = said(error).partition("\n")[0]
        refusal = ArgumentError(where, f"{what} raises {first}", required)
        refusal.details = users_lines(error)
        raise refusal from error


def _module(place: str, where: str) -> Any:
    if not place.endswith(".py") and not place.replace(".", "").isidentifier():
        fix = f"write {place}.py" if Path(f"{place}.py").is_file() else ""
        said = f"{place!r}, which is no name of a module"
        raise ArgumentError(where, said, "required file.py or a module", fix)
    with _refused(where, repr(place), "required a module to import"):
        is_file = place.endswith(".py")
        return _executed(place, where) if is_file else import_module(place)


def _executed(place: str, where: str) -> Any:
    path = Path(place)
    if not path.is_file():
        raise ArgumentError(where, f"file {place!r}", "which does not exist")
    # Not the name alone: a file may be called as a module that it imports.
    spec = importlib.util.spec_from_file_location(f"replayed {path.stem}", path)
    if spec is None or spec.loader is None:
        raise ArgumentError(where, f"file {place!r}", "required one of Python")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[spec.name] = module
    # What the file imports may lie beside it.
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        with suppress(ValueError):
            sys.path.remove(str(path.parent))
    return module


def users_lines(error: BaseException, /) -> str:
    """A traceback without our lines and those of the import system."""
    told = traceback.TracebackException.from_exception(error)
    told.stack = traceback.StackSummary.from_list(
        [each for each in told.stack if not _is_ours(each.filename)]
    )
    return "".join(told.format(chain=False))


def _is_ours(file: str) -> bool:
    # `importlib/__init__.py` imports modules by their name.
    imports = file.startswith("<frozen importlib") or file == importlib.__file__
    return imports or file.startswith(_OURS)
