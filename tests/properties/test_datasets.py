"""The digits are what they are said to be; a damaged file is refused by name."""

import errno
import gzip
import pickle
import socket
import threading
from contextlib import contextmanager
from functools import partial
from hashlib import md5
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from scratchnet import DataError, datasets, digits, mnist
from scratchnet.datasets import (
    DIGITS_IMAGES,
    DIGITS_LABELS,
    MNIST_FILES,
    IdxFile,
    read_idx,
)

PACKAGE = Path(str(files("scratchnet"))) / "digits"


def packed(x):
    """The bytes of an IDX file that holds x, uint8."""
    return bytes((0, 0, 8, x.ndim)) + np.array(x.shape, ">u4").tobytes() + x.tobytes()


def described(x, name="images"):
    """What is expected of the file that holds x."""
    return IdxFile(name, x.shape, md5(packed(x), usedforsecurity=False).hexdigest())


@contextmanager
def refused(path, found=""):
    """Within, a DataError is to be raised that begins with the name of the file."""
    with pytest.raises(DataError) as caught:
        yield
    assert str(caught.value).startswith(f"{path}: {found}")


def rows(split):
    """The images and labels of a split as a sorted list: whatever their order."""
    return sorted((*x.tolist(), y) for x, y in zip(*split_arrays(split), strict=True))


def split_arrays(split):
    return split.images, split.labels


class TestTheDigits:
    """1797 images of 8x8 pixels, from 43 writers."""

    def test_are_split_into_1437_and_360(self):
        data = digits()
        assert (data.name, data.shape, data.classes) == ("digits", (8, 8), 10)
        assert data.train.images.shape == (1437, 64)
        assert data.valid.images.shape == (360, 64)
        assert data.train.labels.shape == (1437,)
        assert data.valid.labels.shape == (360,)
        assert data.test is None

    @pytest.mark.parametrize("split", ["train", "valid"])
    def test_are_sixteenths_with_labels_of_all_ten_classes(self, split):
        images, labels = split_arrays(getattr(digits(), split))
        assert images.dtype == np.float32
        assert labels.dtype == np.int64
        assert np.unique(images * 16).tolist() == list(range(17))
        assert np.unique(labels).tolist() == list(range(10))

    def test_are_each_in_one_of_the_splits(self):
        data = digits()
        images = read_idx(PACKAGE, DIGITS_IMAGES).reshape(-1, 64) / 16
        labels = read_idx(PACKAGE, DIGITS_LABELS)
        every = sorted((*x, y) for x, y in zip(images.tolist(), labels, strict=True))
        assert sorted(rows(data.train) + rows(data.valid)) == every

    def test_are_shuffled_before_they_are_split(self):
        """The writers of the last images are not those of the first."""
        last = read_idx(PACKAGE, DIGITS_LABELS)[-360:].tolist()
        assert digits().valid.labels.tolist() != last
        assert rows(digits(seed=1).valid) != rows(digits(seed=0).valid)

    def test_are_the_same_every_time(self):
        one, other = digits(seed=5), digits(seed=5)
        for split in ("train", "valid"):
            pairs = zip(
                split_arrays(getattr(one, split)),
                split_arrays(getattr(other, split)),
                strict=True,
            )
            assert all(np.array_equal(x, y) for x, y in pairs)

    def test_come_with_their_attribution(self):
        text = (PACKAGE / "README.md").read_text()
        assert "CC BY 4.0" in text
        assert "Optical Recognition of Handwritten Digits" in text


BYTES = array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4).flatmap(
    partial(arrays, np.uint8, elements=st.integers(0, 255), fill=st.nothing())
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder to overwrite files in, example by example."""
    return tmp_path_factory.mktemp("idx")


@given(x=BYTES)
def test_an_array_that_was_written_is_read(folder, x):
    """Raw, and gzipped."""
    (folder / "raw").write_bytes(packed(x))
    (folder / "gzipped.gz").write_bytes(gzip.compress(packed(x)))
    for name in ("raw", "gzipped"):
        found = read_idx(folder, described(x, name))
        np.testing.assert_array_equal(found, x, strict=True)


@given(x=BYTES, data=st.data())
def test_one_changed_byte_anywhere_is_noticed(folder, x, data):
    content = bytearray(packed(x))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    (folder / "images").write_bytes(content)
    with refused(folder / "images"):
        read_idx(folder, described(x))


@given(x=BYTES, data=st.data())
def test_bytes_that_are_cut_off_or_added_are_noticed(folder, x, data):
    content = packed(x)
    kept = data.draw(st.integers(0, len(content) - 1))
    added = data.draw(st.binary(min_size=1, max_size=4))
    for damaged in (content[:kept], content + added):
        (folder / "images").write_bytes(damaged)
        with refused(folder / "images"):
            read_idx(folder, described(x))


def read_or_refused(folder, expected):
    """The array, or the beginning of what is said of the file."""
    try:
        return read_idx(folder, expected).tolist()
    except DataError as error:
        return str(error).partition(": ")[0]


@given(x=BYTES, data=st.data())
def test_a_damaged_gzip_file_is_never_read_as_another_array(folder, x, data):
    """Some bytes, such as its time stamp, may change without changing the content."""
    content = bytearray(gzip.compress(packed(x), mtime=0))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path = folder / "gzipped.gz"
    path.write_bytes(content)
    found = read_or_refused(folder, described(x, "gzipped"))
    assert found in (x.tolist(), str(path))


X = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
IMAGES = described(X)
WHOLE, GZIPPED = packed(X), gzip.compress(packed(X))
OTHER = packed(X[::-1])
RANK_3 = "required 00 00 08 03: an IDX file of unsigned bytes, rank 3"

#: The file's name, its content, and what is said of it after its path.
DAMAGE = {
    "truncated": (
        *("images", WHOLE[:-1]),
        "is 27 bytes unpacked, required 28: it is truncated or padded",
    ),
    "truncated header": ("images", WHOLE[:9], "holds shape (3, 0, 0), required"),
    "truncated, gzipped": (
        *("images.gz", GZIPPED[:-9]),
        "does not unpack (Compressed file ended before the end-of-stream marker was "
        "reached), required a whole gzip file",
    ),
    "gzipped after it was truncated": (
        *("images.gz", gzip.compress(WHOLE[:-1])),
        "is 27 bytes unpacked, required 28: it is truncated or padded",
    ),
    "padded": (
        *("images", WHOLE + b"\0"),
        "is 29 bytes unpacked, required 28: it is truncated or padded",
    ),
    "of signed bytes": (
        *("images", b"\0\0\x09\x03" + WHOLE[4:]),
        f"begins with bytes 00 00 09 03, {RANK_3}",
    ),
    "labels": ("images", packed(X[0, 0]), f"begins with bytes 00 00 08 01, {RANK_3}"),
    "of other images": (
        *("images", packed(X[:2])),
        "holds shape (2, 2, 2), required (3, 2, 2)",
    ),
    "transposed": (
        *("images", packed(X.reshape(2, 3, 2))),
        "holds shape (2, 3, 2), required (3, 2, 2)",
    ),
    "in another order": (
        *("images", OTHER),
        f"has MD5 {md5(OTHER).hexdigest()} unpacked, required {IMAGES.md5}",
    ),
    "a pickle": (
        *("images", pickle.dumps(X, protocol=4)),
        "begins with bytes 80 04 95",
    ),
    "a gzipped pickle": (
        *("images.gz", gzip.compress(pickle.dumps(X, protocol=4))),
        "begins with bytes 80 04 95",
    ),
    "a web page": (
        *("images.gz", b"<html>Not found</html>"),
        "does not unpack (Not a gzipped file (b'<h')), required a whole gzip file",
    ),
    "empty": ("images", b"", f"begins with bytes none, {RANK_3}"),
    "empty, gzipped": ("images.gz", b"", f"begins with bytes none, {RANK_3}"),
}


@pytest.mark.parametrize(("name", "content", "found"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_refused_by_name(tmp_path, name, content, found):
    (tmp_path / name).write_bytes(content)
    with refused(tmp_path / name, found):
        read_idx(tmp_path, IMAGES)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError) as caught:
        read_idx(tmp_path, IMAGES)
    assert str(caught.value) == (
        f"read_idx: images[.gz] is not in {tmp_path}, required there"
    )


#: What the four files of MNIST hold, made small.
SMALL = {
    "train-images-idx3-ubyte": X,
    "train-labels-idx1-ubyte": X[:, 0, 0],
    "t10k-images-idx3-ubyte": X + 12,
    "t10k-labels-idx1-ubyte": X[:, 1, 1],
}
GOOD = {f"{name}.gz": gzip.compress(packed(x)) for name, x in SMALL.items()}
#: Well-formed, of the right sizes, and not what was published.
TAMPERED = {f"{name}.gz": gzip.compress(packed(x ^ 1)) for name, x in SMALL.items()}


@pytest.fixture
def small(monkeypatch):
    """The files of MNIST are expected to be the small ones."""
    assert tuple(SMALL) == tuple(file.name for file in MNIST_FILES)
    expected = tuple(described(x, name) for name, x in SMALL.items())
    monkeypatch.setattr(datasets, "MNIST_FILES", expected)


def write(folder, contents):
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def assert_is_small(data):
    np.testing.assert_array_equal(data.train.images, X.reshape(3, 4) / np.float32(256))
    np.testing.assert_array_equal(data.train.labels, X[:, 0, 0])
    np.testing.assert_array_equal(data.test.labels, X[:, 1, 1])


def forbidden(*_, **__):
    raise PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.usefixtures("small")
class TestAFolder:
    def test_may_hold_the_files_raw_or_gzipped(self, tmp_path):
        name = "train-images-idx3-ubyte"
        write(tmp_path, GOOD)
        (tmp_path / f"{name}.gz").unlink()
        write(tmp_path, {name: packed(SMALL[name])})
        assert_is_small(mnist(tmp_path))
        assert_is_small(mnist(str(tmp_path)))

    def test_that_lacks_files_is_told_which(self, tmp_path):
        write(tmp_path, {"t10k-images-idx3-ubyte.gz": b""})
        with pytest.raises(DataError) as caught:
            mnist(tmp_path)
        assert str(caught.value) == (
            f"mnist: {tmp_path} lacks train-images-idx3-ubyte, train-labels-idx1-ubyte,"
            " t10k-labels-idx1-ubyte, required a folder with the four files of MNIST, "
            "each raw or .gz"
        )

    def test_must_be_there(self, tmp_path):
        with pytest.raises(DataError) as caught:
            mnist(tmp_path / "nowhere")
        assert str(caught.value) == (
            f"mnist: {tmp_path / 'nowhere'} is no folder, required a folder with the "
            "four files of MNIST, each raw or .gz"
        )

    @pytest.mark.parametrize(
        ("look", "named"),
        [
            ("is_dir", ""),
            ("is_file", ""),
            ("read_bytes", "train-images-idx3-ubyte.gz"),
        ],
    )
    def test_that_may_not_be_read_is_named(self, tmp_path, monkeypatch, look, named):
        """Simulated: a user with all rights may read anything."""
        write(tmp_path, GOOD)
        monkeypatch.setattr(Path, look, forbidden)
        with pytest.raises(DataError) as caught:
            mnist(tmp_path)
        assert str(caught.value) == (
            f"{tmp_path / named}: cannot be read (Permission denied), required leave to"
            " read it"
        )

    def test_with_one_damaged_file_is_refused_by_the_name_of_the_file(self, tmp_path):
        name = "t10k-labels-idx1-ubyte.gz"
        write(tmp_path, {**GOOD, name: TAMPERED[name]})
        with refused(tmp_path / name, "has MD5"):
            mnist(tmp_path)


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Serves contents by name on this machine: the address, and what was asked for."""
    monkeypatch.setenv("no_proxy", "*")
    servers = []

    def serve(contents):
        folder = tmp_path / f"mirror{len(servers)}"
        write(folder, contents)
        log = []

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=folder)

            def log_message(self, *_):
                log.append(Path(self.path).name)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        return f"http://127.0.0.1:{server.server_port}/", log

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Where downloads go, empty at first."""
    monkeypatch.setattr(datasets.pooch, "os_cache", lambda name: tmp_path / name)
    return tmp_path / "scratchnet" / "mnist"


@pytest.fixture
def mirrors(monkeypatch):
    """Says where to download from, in this order."""
    return lambda *urls: monkeypatch.setattr(datasets, "MIRRORS", urls)


@pytest.fixture
def down():
    """The address of a machine that refuses to be spoken to."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unheard.getsockname()[1]}/"


@pytest.mark.usefixtures("small")
class TestADownload:
    def test_fills_the_cache_once(self, served, cache, mirrors):
        url, log = served(GOOD)
        mirrors(url)
        assert_is_small(mnist())
        assert {path.name for path in cache.iterdir()} == GOOD.keys()
        assert sorted(log) == sorted(GOOD)
        assert_is_small(mnist())
        assert len(log) == len(GOOD)

    def test_fetches_only_what_is_missing(self, served, cache, mirrors):
        url, log = served(GOOD)
        mirrors(url)
        mnist()
        (cache / "t10k-labels-idx1-ubyte.gz").unlink()
        assert_is_small(mnist())
        assert log[4:] == ["t10k-labels-idx1-ubyte.gz"]

    def test_goes_on_to_the_next_mirror_when_one_is_down(
        self, served, cache, mirrors, down
    ):
        mirrors(down, served({})[0], served(GOOD)[0])
        assert_is_small(mnist())
        assert {path.name for path in cache.iterdir()} == GOOD.keys()

    def test_goes_on_when_a_mirror_has_other_files(self, served, cache, mirrors):
        (bad, asked), (good, _) = served(TAMPERED), served(GOOD)
        mirrors(bad, good)
        assert_is_small(mnist())
        assert sorted(asked) == sorted(GOOD)
        assert {path.name: path.read_bytes() for path in cache.iterdir()} == GOOD

    def test_leaves_nothing_wrong_in_the_cache(self, served, cache, mirrors):
        url, _ = served(TAMPERED)
        mirrors(url)
        with pytest.raises(DataError, match=f"{url}: DataError"):
            mnist()
        assert list(cache.iterdir()) == []

    def test_that_nobody_answers_says_which_files_to_put_where(
        self, cache, mirrors, down
    ):
        mirrors(down)
        with pytest.raises(DataError) as caught:
            mnist()
        first, *fix = str(caught.value).splitlines()
        assert first == (
            f"mnist: no mirror gave train-images-idx3-ubyte.gz ({down}: "
            "ConnectionError), required a network, or the files"
        )
        assert fix == [
            f"  put {', '.join(GOOD)}",
            f"  into {cache}, or into a folder of yours and pass that",
        ]

    def test_that_cannot_be_kept_says_so(self, served, cache, mirrors):
        """A file where the folder of the cache would be made."""
        url, _ = served(GOOD)
        mirrors(url)
        cache.parent.write_bytes(b"")
        with pytest.raises(DataError, match=f"no mirror gave .*{url}: "):
            mnist()

    def test_is_not_tried_where_a_folder_is_given(self, tmp_path, served, mirrors):
        url, log = served(GOOD)
        mirrors(url)
        write(tmp_path / "mine", GOOD)
        assert_is_small(mnist(tmp_path / "mine"))
        assert log == []


@pytest.fixture(scope="module")
def data(mnist_folder):
    return mnist(mnist_folder)
