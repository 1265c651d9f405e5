"""What `scratchnet train` does: from settings to a trained net and what it leaves."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet import checkpoint, datasets
from scratchnet.activations import (
    elu_vjp,
    leaky_relu_vjp,
    relu_vjp,
    sigmoid_vjp,
    sine_vjp,
    softmax_vjp,
)
from scratchnet.arrays import (
    Array,
    Pullback,
    from_numpy,
    namespace_named,
    to_numpy,
)
from scratchnet.compilation import compiled
from scratchnet.data import Batches, Standardizer
from scratchnet.datasets import Dataset, Split
from scratchnet.errors import ArgumentError, CheckpointError, UnavailableError
from scratchnet.evaluation import evaluate, predict
from scratchnet.layers import perceptron
from scratchnet.optim import SGD
from scratchnet.pictures import Outcome
from scratchnet.training import Callback, Run, fit
from scratchnet.walking import parameters

ACTIVATIONS: Mapping[str, Callable[[Array], tuple[Array, Pullback]]] = {
    "relu": relu_vjp,
    "leaky_relu": partial(leaky_relu_vjp, slope=0.1),
    "elu": elu_vjp,
    "sigmoid": sigmoid_vjp,
    "sine": sine_vjp,
    "softmax": softmax_vjp,
}
DTYPES = ("float16", "bfloat16", "float32", "float64")
#: Rows evaluated at a time.
VALID_ROWS = 1024
CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True)
class Settings:
    """All that decides how a training run goes; the same settings, the same run."""

    data: str = "digits"
    hidden: tuple[int, ...] = ()
    activation: str = "relu"
    epochs: int = 30
    lr: float = 0.1
    momentum: float = 0.0
    weight_decay: float = 0.0
    batch_size: int = 64
    library: str = "numpy"
    device: str = "cpu"
    dtype: str = "float32"
    compile: bool = False
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self) | {"hidden": list(self.hidden)}


#: Settings that a resumed run must share: with others it would be another run.
FIXED = ("data", "hidden", "activation", "batch_size", "dtype", "seed")


class Experiment:
    """A dataset, a net and an optimizer on their target, ready to train.

    Everything that can be wrong with the settings is found here, before any work.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        if settings.compile and settings.library != "torch":
            raise ArgumentError(
                "train",
                f"compile with library={settings.library!r}",
                "required library='torch'",
            )
        _require_one_of("activation", settings.activation, ACTIVATIONS)
        _require_one_of("dtype", settings.dtype, DTYPES)
        self.optimizer = SGD(
            settings.lr, momentum=settings.momentum, weight_decay=settings.weight_decay
        )
        self._xp = namespace_named(settings.library)
        self._try_target()
        self.dataset = _dataset(settings.data)
        self._standardizer = Standardizer.fit(
            self._on_target(self.dataset.train.images)
        )
        self.train = self._batches(
            self.dataset.train,
            batch_size=settings.batch_size,
            shuffle=True,
            seed=settings.seed,
        )
        self.valid = self._batches(self.dataset.valid, batch_size=VALID_ROWS)
        self.sizes = (self.train.x.shape[1], *settings.hidden, self.dataset.classes)
        self.run = Run(
            perceptron(
                self.sizes,
                xp=self._xp,
                rng=np.random.default_rng(settings.seed),
                activation=ACTIVATIONS[settings.activation],
                dtype=settings.dtype,
                device=settings.device,
            )
        )

    @property
    def title(self) -> str:
        """What is trained, in one line."""
        settings = self.settings
        return (
            f"{self.dataset.name}: {self.train.rows:,} rows to train on, "
            f"{self.valid.rows:,} to validate; {'-'.join(map(str, self.sizes))}, "
            f"{self.parameter_count:,} parameters; {settings.library} on "
            f"{settings.device}, {settings.dtype}"
        )

    @property
    def parameter_count(self) -> int:
        """How many numbers are trained."""
        return sum(math.prod(p.shape) for p in parameters(self.run.model))

    def resume(self, path: Path, /) -> list[str]:
        """Go on from the checkpoint at path; what else than then holds now, in words.

        Raises CheckpointError where it belongs to another run.
        """
        saved = checkpoint.load(path, self.run.model)
        then, now = saved.settings, self.settings.as_json()
        for name in FIXED:
            if then.get(name) != now[name]:
                raise CheckpointError(
                    str(path),
                    f"was trained with {name}={then.get(name)!r}",
                    f"but the command says {now[name]!r}",
                )
        self.run = saved.run
        return [
            f"{name} was {then.get(name)!r}, is {now[name]!r}"
            for name in now
            if name not in ("epochs", *FIXED) and then.get(name) != now[name]
        ]

    def fit(self, callbacks: Sequence[Callback] = (), /) -> Run:
        """Train, or go on training, for all the epochs of the settings."""
        self.run = fit(
            self.run,
            self.optimizer,
            self.train,
            valid=self.valid,
            epochs=self.settings.epochs,
            callbacks=callbacks,
            compile=self.settings.compile,
        )
        return self.run

    def final(self) -> dict[str, float]:
        """Loss and accuracy on the validation rows and, where there are, test rows."""
        loss, accuracy = evaluate(self.run.model, self.valid)
        found = {"valid_loss": loss, "valid_accuracy": accuracy}
        if self.dataset.test is not None:
            test = self._batches(self.dataset.test, batch_size=VALID_ROWS)
            found["test_loss"], found["test_accuracy"] = evaluate(self.run.model, test)
        return found

    def predictions(self) -> np.ndarray[Any, Any]:
        """The predicted class of each validation row, on the host."""
        pairs = self.valid.epoch(0)
        return np.concatenate([to_numpy(predict(self.run.model, x)) for x, _ in pairs])

    def outcome(self) -> Outcome:
        """What there is to draw."""
        linear, weights = not self.settings.hidden, parameters(self.run.model)[0]
        return Outcome(
            history=self.run.history,
            images=self.dataset.valid.images,
            shape=self.dataset.shape,
            labels=self.dataset.valid.labels,
            predictions=self.predictions(),
            first_weights=to_numpy(weights),
            classes=self.dataset.classes,
            linear=linear,
            title=self.title,
        )

    def digest(self) -> str:
        """SHA-256 of the state of the run: equal for a resumed and an unbroken one."""
        return checkpoint.Checkpoint(self.run, self._identity()).digest()

    def report(self, **more: Any) -> dict[str, Any]:
        """The outcome as JSON values; numbers that are not finite become null."""
        history = self.run.history
        report = {
            "schema": 1,
            "settings": self.settings.as_json(),
            "parameters": self.parameter_count,
            "epochs": [asdict(epoch) for epoch in history.epochs],
            "final": self.final(),
            "sha256": self.digest(),
            **more,
        }
        return {name: _finite(value) for name, value in report.items()}

    def _try_target(self) -> None:
        """Raise where the device does not answer or nothing can be compiled for it."""
        x = self._on_target(np.zeros(1))
        try:
            to_numpy(x)
        except RuntimeError:  # such as PyTorch's "meta"
            raise UnavailableError(
                "train",
                f"device={self.settings.device!r}",
                "required a device that holds values",
            ) from None
        if self.settings.compile:
            # Some seconds, but the first step would fail after files were written.
            compiled(lambda x: x + 1)(x)

    def _identity(self) -> dict[str, Any]:
        return {name: self.settings.as_json()[name] for name in FIXED}

    def _batches(self, split: Split, /, **options: Any) -> Batches:
        images = self._standardizer(self._on_target(split.images))
        return Batches(images, self._on_target(split.labels), **options)

    def _on_target(self, x: np.ndarray[Any, Any]) -> Array:
        dtype = self.settings.dtype if x.dtype.kind == "f" else None
        return from_numpy(x, xp=self._xp, dtype=dtype, device=self.settings.device)


def unfinished(path: Path, /) -> str:
    """How far the run at path had come, in words; empty where it is finished."""
    settings, epoch = checkpoint.progress(path)
    epochs = settings.get("epochs", 0)
    return f"epoch {epoch} of {epochs}" if epoch < epochs else ""


def _require_one_of(name: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise ArgumentError(
            "train", f"{name}={value!r}", f"required one of {', '.join(choices)}"
        )


def _dataset(name: str) -> Dataset:
    if name in ("digits", "mnist"):
        return datasets.digits() if name == "digits" else datasets.mnist()
    reason = ""
    try:
        if Path(name).is_dir():
            return datasets.mnist(name)
    except OSError as error:
        # A folder above it may not be entered, or the name is too long.
        reason = f" ({error.strerror})"
    raise ArgumentError(
        "train",
        f"data={name!r}{reason}",
        "required digits, mnist, or a folder with MNIST",
    )


def _finite(value: Any, /) -> Any:
    """The same value with None for NaN and infinities, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def dump(report: Mapping[str, Any], /) -> str:
    """The report as text."""
    return json.dumps(report, indent=2, allow_nan=False) + "\n"
