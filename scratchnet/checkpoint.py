"""Checkpoints: a training run in one safetensors file, and the exact way back.

The file is written beside the old one, flushed, read back and compared before it takes
the old one's place: whenever a run is killed, a whole checkpoint is there. A digest of
all the rest is in the file: one changed byte is noticed. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from scratchnet.arrays import (
    Array,
    array_namespace,
    device,
    dtype_name,
    from_numpy,
    numerics,
    to_numpy,
)
from scratchnet.data import Batches
from scratchnet.errors import CheckpointError, ScratchnetError
from scratchnet.training import Epoch, History, Run
from scratchnet.walking import parameters, state, with_state

FORMAT = "scratchnet checkpoint 1"

Tensors = dict[str, "np.ndarray[Any, Any]"]


class ResumeWarning(UserWarning):
    """A resumed run may differ in its last bits from an unbroken one, and why."""


@dataclass(frozen=True)
class Checkpoint:
    """A run, and the settings that decide how it goes on: JSON values by name.

    Batches depend on the seed and the run's epoch alone: with the seed among the
    settings, the state of the generator is in here too.
    """

    run: Run
    settings: Mapping[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256 of all that must survive a resume: everything but the clock."""
        tensors, record = _packed(self)
        record["run"] = _without_clock(record["run"])
        return _digest(tensors, record | {"dtypes": _dtypes(self.run)})


def save(checkpoint: Checkpoint, path: Path, /) -> None:
    """Write the checkpoint to path, replacing what is there all at once.

    Raises CheckpointError for a full disk, a folder that cannot be written to, and what
    does not read back as it was written; the old file then stays as it was.
    """
    run, (tensors, record) = checkpoint.run, _packed(checkpoint)
    record |= {"dtypes": _dtypes(run), "numerics": _numerics(run)}
    metadata = {"format": FORMAT, "record": json.dumps(record)}
    metadata["digest"] = _digest(tensors, metadata)
    partial = path.with_name(f"{path.name}.partial")
    try:
        save_file(tensors, partial, metadata=metadata)
        _flush(partial)
        found = _read(partial)
        if found[1] != metadata or not _is_whole(*found):
            raise OSError("what was written reads back differently")
        partial.replace(path)
        _flush(path.parent)
    except (OSError, SafetensorError, CheckpointError) as error:
        with suppress(OSError):  # it may not be there, or be a folder
            partial.unlink()
        raise CheckpointError(
            "checkpoint.save",
            f"{path} cannot be written ({error})",
            "required to go on",
        ) from None


def load(path: Path, model: Any, /) -> Checkpoint:
    """The checkpoint at path, its arrays in the library and on the device of the model.

    model is a freshly made one of the same architecture. Warns with ResumeWarning where
    versions or thread counts are not those of the run so far. Raises CheckpointError
    for a file that is missing, damaged or no checkpoint, and for another architecture.
    """
    tensors, record = _recorded(path)
    try:
        run = _unpacked(tensors, record, model)
        settings, then = dict(record["settings"]), dict(record["numerics"])
    except ScratchnetError as error:
        _, found, required, _ = error.args
        raise CheckpointError(
            str(path), f"is of another architecture: {found}", required
        ) from None
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, repr(error)) from None
    _warn_of_differences(path, then, _numerics(run))
    return Checkpoint(run, settings)


def progress(path: Path, /) -> tuple[dict[str, Any], int]:
    """The settings of the run at path, and how many whole epochs of it are done.

    Needs no model. Raises CheckpointError as `load` does.
    """
    _, record = _recorded(path)
    try:
        return dict(record["settings"]), int(record["run"]["epoch"])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, repr(error)) from None


@dataclass
class Saver:
    """A callback: saves after every epoch and, with `every`, every so many steps.

    `latest` is the run it was last told of, saved or not: what to save when training
    is interrupted.
    """

    path: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    every: int | None = None
    latest: Run | None = None

    def save(self, run: Run, /) -> None:
        """Save the run now."""
        save(Checkpoint(run, self.settings), self.path)

    def after_step(self, run: Run, _: Batches, /) -> None:
        """Save where the number of steps is a multiple of `every`."""
        self.latest = run
        if self.every and run.steps % self.every == 0:
            self.save(run)

    def after_epoch(self, run: Run, _: Batches, /) -> None:
        """Save."""
        self.latest = run
        self.save(run)


def _packed(checkpoint: Checkpoint) -> tuple[Tensors, dict[str, Any]]:
    """The run as row-major host arrays and a JSON record."""
    run = checkpoint.run
    tensors = {
        f"parameters.{name}": to_numpy(x) for name, x in state(run.model).items()
    }
    tensors |= {f"velocities.{name}": to_numpy(x) for name, x in run.velocities.items()}
    tensors["losses"] = np.asarray([float(loss) for loss in run.losses], np.float64)
    tensors["history.losses"] = np.asarray(run.history.losses, np.float64)
    record = {
        "settings": dict(checkpoint.settings),
        "run": {
            "epoch": run.epoch,
            "batch": run.batch,
            "rows": list(run.rows),
            "correct": [int(count) for count in run.correct],
            "seconds": run.seconds,
            "epochs": [asdict(epoch) for epoch in run.history.epochs],
        },
    }
    return tensors, record


def _unpacked(tensors: Tensors, record: dict[str, Any], model: Any) -> Run:
    xp = array_namespace(*parameters(model))
    on = device(parameters(model)[0])

    def arrays(kind: str) -> dict[str, Array]:
        prefix = f"{kind}."
        return {
            name.removeprefix(prefix): from_numpy(
                x, xp=xp, dtype=record["dtypes"][name.removeprefix(prefix)], device=on
            )
            for name, x in tensors.items()
            if name.startswith(prefix)
        }

    # In the model's order of names: a file keeps an order of its own.
    found = arrays("parameters")
    model = with_state(model, found)
    velocities = arrays("velocities")
    saved = record["run"]
    return Run(
        model,
        {name: velocities[name] for name in state(model) if name in velocities},
        epoch=saved["epoch"],
        batch=saved["batch"],
        losses=tuple(tensors["losses"].tolist()),
        rows=tuple(saved["rows"]),
        correct=tuple(saved["correct"]),
        seconds=saved["seconds"],
        history=History(
            tuple(Epoch(**epoch) for epoch in saved["epochs"]),
            tuple(tensors["history.losses"].tolist()),
        ),
    )


def _without_clock(run: dict[str, Any]) -> dict[str, Any]:
    epochs = [epoch | {"seconds": None} for epoch in run["epochs"]]
    return run | {"seconds": None, "epochs": epochs}


def _dtypes(run: Run) -> dict[str, str]:
    """Of the parameters: on the host, bfloat16 travels as float32."""
    return {name: dtype_name(x.dtype) for name, x in state(run.model).items()}


def _numerics(run: Run) -> dict[str, str]:
    arrays = parameters(run.model)
    return numerics(array_namespace(*arrays)) | {"device": str(device(arrays[0]))}


def _read(path: Path) -> tuple[Tensors, dict[str, str]]:
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            str(path),
            f"cannot be read ({error})",
            "required a checkpoint of scratchnet",
        ) from None


def _recorded(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """The tensors and the JSON record of a file, once it is a checkpoint of ours."""
    tensors, metadata = _read(path)
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            str(path), f"has format {metadata.get('format')!r}", f"required {FORMAT!r}"
        )
    if not _is_whole(tensors, metadata):
        raise _damaged(path, "its digest is that of other content")
    try:
        return tensors, dict(json.loads(metadata["record"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, repr(error)) from None


def _damaged(path: Path, reason: str) -> CheckpointError:
    return CheckpointError(
        str(path), f"is damaged ({reason})", "required a whole checkpoint"
    )


def _is_whole(tensors: Tensors, metadata: Mapping[str, str]) -> bool:
    """Whether the digest in the metadata is that of all the rest."""
    rest = {name: text for name, text in metadata.items() if name != "digest"}
    return metadata.get("digest") == _digest(tensors, rest)


def _digest(tensors: Tensors, record: Mapping[str, Any]) -> str:
    digest = sha256(json.dumps(record, sort_keys=True).encode())
    for name, x in sorted(tensors.items()):
        digest.update(f"{name} {x.dtype} {x.shape}".encode())
        digest.update(x.tobytes())
    return digest.hexdigest()


def _flush(path: Path) -> None:
    """Wait until the file, or the folder's list of files, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _warn_of_differences(
    path: Path, then: Mapping[str, str], now: Mapping[str, str]
) -> None:
    changed = [
        f"{name} was {then.get(name, 'absent')}, is {now.get(name, 'absent')}"
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    ]
    if changed:
        warnings.warn(
            f"{path}: resumed elsewhere than it began, the run may differ in its last "
            f"bits from an unbroken one: {'; '.join(changed)}",
            ResumeWarning,
            stacklevel=3,
        )
