"""Handwritten digits: small ones in the package, MNIST from a folder or the network.

Both are IDX files, gzipped or raw, and are checked in full before a pixel is used.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import md5
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import pooch

from scratchnet.errors import DataError

#: Where MNIST can be downloaded from, tried in this order.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


@dataclass(frozen=True)
class IdxFile:
    """What an IDX file of unsigned bytes holds; md5 is that of the unpacked bytes."""

    name: str
    shape: tuple[int, ...]
    md5: str


DIGITS_IMAGES = IdxFile(
    "images-idx3-ubyte", (1797, 8, 8), "a5adabccf8d3e2540826a202a7bfb422"
)
DIGITS_LABELS = IdxFile(
    "labels-idx1-ubyte", (1797,), "497796a0698e25d3920a9422b635bf34"
)

TRAIN_IMAGES = IdxFile(
    "train-images-idx3-ubyte", (60_000, 28, 28), "6bbc9ace898e44ae57da46a324031adb"
)
TRAIN_LABELS = IdxFile(
    "train-labels-idx1-ubyte", (60_000,), "a25bea736e30d166cdddb491f175f624"
)
TEST_IMAGES = IdxFile(
    "t10k-images-idx3-ubyte", (10_000, 28, 28), "2646ac647ad5339dbf082846283269ea"
)
TEST_LABELS = IdxFile(
    "t10k-labels-idx1-ubyte", (10_000,), "27ae3e4e09519cfbb04c329615203637"
)
MNIST_FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)


@dataclass(frozen=True)
class Split:
    """Images as rows of scaled pixels, (n, height * width) float32, and labels, (n,)
    int64: NumPy arrays."""

    images: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Dataset:
    """Images of shape (height, width) in so many classes, split, not standardized."""

    name: str
    shape: tuple[int, int]
    classes: int
    train: Split
    valid: Split
    test: Split | None = None


def digits(*, seed: int = 0) -> Dataset:
    """The 1797 digits of 8x8 pixels inside the package: 1437 to train, 360 to validate.

    Pixels are divided by 16. Shuffled before the split, by the seed: the writers of the
    last images are not those of the first. Attribution: `scratchnet/digits/README.md`.
    """
    with as_file(files("scratchnet") / "digits") as folder:
        images = _scaled(read_idx(folder, DIGITS_IMAGES), 16)
        labels = read_idx(folder, DIGITS_LABELS).astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(labels))
    train, valid = order[:1437], order[1437:]
    return Dataset(
        "digits",
        (8, 8),
        10,
        Split(images[train], labels[train]),
        Split(images[valid], labels[valid]),
    )


def mnist(folder: Path | str | None = None) -> Dataset:
    """MNIST: 50,000 rows to train, the next 10,000 to validate, 10,000 to test.

    Pixels are divided by 256. From a folder that holds the four IDX files, gzipped or
    raw, or from the cache, which is filled from the network once. Raises DataError for
    a file that is missing, unreadable, truncated or not MNIST, and where nothing can be
    downloaded.
    """
    found = _downloaded() if folder is None else _read_all(Path(folder))
    images = _scaled(found[TRAIN_IMAGES.name], 256)
    labels = found[TRAIN_LABELS.name].astype(np.int64)
    return Dataset(
        "mnist",
        (28, 28),
        10,
        Split(images[:50_000], labels[:50_000]),
        Split(images[50_000:], labels[50_000:]),
        Split(
            _scaled(found[TEST_IMAGES.name], 256),
            found[TEST_LABELS.name].astype(np.int64),
        ),
    )


def _scaled(images: np.ndarray[Any, Any], levels: int) -> np.ndarray[Any, Any]:
    """Rows of pixels as float32: exact, the number of levels being a power of two."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(levels)


def read_idx(folder: Path, expected: IdxFile) -> np.ndarray[Any, Any]:
    """The array in folder/name or folder/name.gz, uint8, once it is what is expected.

    IDX: two zero bytes, 8 for unsigned bytes, the rank, then the sides as big-endian
    32-bit integers and the elements. Raises DataError, naming the file.
    """
    path = _present(folder, expected)
    if path is None:
        raise DataError(
            "read_idx", f"{expected.name}[.gz] is not in {folder}", "required there"
        )
    content = _unpacked(path)
    rank = len(expected.shape)
    if content[:4] != bytes((0, 0, 8, rank)):
        raise DataError(
            str(path),
            f"begins with bytes {content[:4].hex(' ') or 'none'}",
            f"required 00 00 08 {rank:02x}: an IDX file of unsigned bytes, rank {rank}",
        )
    start = 4 + 4 * rank
    shape = tuple(
        map(int, np.frombuffer(content[4:start].ljust(4 * rank, b"\0"), ">u4"))
    )
    if shape != expected.shape:
        raise DataError(str(path), f"holds shape {shape}", f"required {expected.shape}")
    if len(content) != start + int(np.prod(shape)):
        raise DataError(
            str(path),
            f"is {len(content):,} bytes unpacked",
            f"required {start + int(np.prod(shape)):,}: it is truncated or padded",
        )
    digest = md5(content, usedforsecurity=False).hexdigest()
    if digest != expected.md5:
        raise DataError(
            str(path), f"has MD5 {digest} unpacked", f"required {expected.md5}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _present(folder: Path, file: IdxFile) -> Path | None:
    """The path of the file, raw or gzipped, if it is there."""
    candidates = (folder / file.name, folder / f"{file.name}.gz")
    with _reading(folder):
        present = [path for path in candidates if path.is_file()]
    return present[0] if present else None


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Within, what the system refuses becomes a DataError that names the path."""
    try:
        yield
    except OSError as error:
        raise DataError(
            str(path), f"cannot be read ({error.strerror})", "required leave to read it"
        ) from None


def _unpacked(path: Path) -> bytes:
    with _reading(path):
        content = path.read_bytes()
    if path.suffix != ".gz":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            str(path), f"does not unpack ({error})", "required a whole gzip file"
        ) from None


def _read_all(folder: Path) -> Mapping[str, np.ndarray[Any, Any]]:
    with _reading(folder):
        is_folder = folder.is_dir()
    if not is_folder:
        raise DataError("mnist", f"{folder} is no folder", _REQUIRED)
    missing = [file.name for file in MNIST_FILES if not _present(folder, file)]
    if missing:
        raise DataError("mnist", f"{folder} lacks {', '.join(missing)}", _REQUIRED)
    return {file.name: read_idx(folder, file) for file in MNIST_FILES}


_REQUIRED = "required a folder with the four files of MNIST, each raw or .gz"


def _downloaded() -> Mapping[str, np.ndarray[Any, Any]]:
    """The four files from the cache, where those that are missing are fetched first."""
    cache = Path(pooch.os_cache("scratchnet")) / "mnist"
    for file in MNIST_FILES:
        if not _present(cache, file):
            _fetch(cache, file)
    return _read_all(cache)


def _fetch(cache: Path, file: IdxFile) -> None:
    """Download a file from the first mirror that has it, and check it."""
    name = f"{file.name}.gz"
    failures = []
    for mirror in MIRRORS:
        try:
            # No hash of the packed file: mirrors pack differently, so that read_idx
            # checks the unpacked bytes instead.
            pooch.retrieve(
                mirror + name,
                known_hash=None,
                fname=name,
                path=cache,
                downloader=pooch.HTTPDownloader(timeout=30),
            )
            read_idx(cache, file)
            return
        except (OSError, DataError) as error:
            failures.append(f"{mirror}: {type(error).__name__}")
            # It must not be taken for the file next time, if it is there.
            with suppress(OSError):
                (cache / name).unlink()
    raise DataError(
        "mnist",
        f"no mirror gave {name} ({'; '.join(failures)})",
        "required a network, or the files",
        f"put {', '.join(f'{file.name}.gz' for file in MNIST_FILES)}\n"
        f"  into {cache}, or into a folder of yours and pass that",
    )
