"""The pictures that a training run leaves."""

from __future__ import annotations

import errno
import struct
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.canvas import CROSS, VERMILION, spread
from scratchnet.curves import ACTIVATIONS, activations, curves
from scratchnet.errors import ArgumentError, ScratchnetError, UnavailableError
from scratchnet.pictures import (
    Outcome,
    confusion,
    confusion_counts,
    predictions,
    summary,
    weights,
    write_all,
)
from scratchnet.training import Epoch, History

pytest.importorskip("matplotlib")
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color

NAMES = ("summary", "curves", "predictions", "weights", "confusion", "activations")
NAN = float("nan")


def history(epochs: int, *, valid: bool = True) -> History:
    """A run whose loss falls as it should."""
    rows = (
        Epoch(1 / e, 1 - 0.5 / e, 1.1 / e if valid else None, 0.9 if valid else None, 1)
        for e in range(1, epochs + 1)
    )
    return History(tuple(rows), tuple(2.3 / step for step in range(1, 9 * epochs + 1)))


def outcome(labels, predicted, **changes) -> Outcome:
    """A run on random images, predicted so."""
    rng, shape = np.random.default_rng(0), changes.pop("shape", (2, 2))
    pixels, units = shape[0] * shape[1], changes.pop("units", 10)
    fields = {
        "history": history(3),
        "images": rng.random((len(labels), pixels)),
        "shape": shape,
        "labels": np.asarray(labels),
        "predictions": np.asarray(predicted),
        "first_weights": rng.standard_normal((units, pixels)),
        "classes": 10,
        "linear": units == 10,
        "title": "noise",
    }
    return Outcome(**(fields | changes))


CLASSES = list(range(10))
MANY = CLASSES * 5
#: What a picture could stumble over.
ODD = {
    "digits": outcome(MANY, [*MANY[:-2], 0, 0], shape=(8, 8), history=history(30)),
    "mnist": outcome(
        CLASSES, CLASSES[::-1], shape=(28, 28), units=100, history=history(1)
    ),
    "all right": outcome(CLASSES, CLASSES),
    "all wrong": outcome(CLASSES, CLASSES[1:] + CLASSES[:1]),
    "one row, one unit": outcome([3], [4], units=1),
    "not square": outcome(CLASSES, CLASSES, shape=(3, 7)),
    "a class that never occurs": outcome([0, 2], [2, 0], classes=3, units=3),
    "no epoch": outcome(CLASSES, CLASSES, history=history(0)),
    "no validation": outcome(CLASSES, CLASSES, history=history(2, valid=False)),
    "a loss of zero": outcome([1], [1], history=History((Epoch(0, 1, 0, 1, 1),), (0,))),
    "diverged": outcome(
        CLASSES,
        [0] * 10,
        history=History((Epoch(NAN, 0.1, NAN, 0.0, 1),), (2.3, 1e30, NAN)),
        first_weights=np.full((10, 4), NAN),
    ),
    "weights of zero": outcome(CLASSES, CLASSES, first_weights=np.zeros((10, 4))),
    "a long title": outcome(CLASSES, CLASSES, title="very " * 99),
}
PICTURES = {
    "summary": summary,
    "curves": lambda found: curves(found.history, title=found.title),
    "predictions": predictions,
    "weights": weights,
    "confusion": confusion,
}


def texts(figure) -> list:
    """All that is written, but for the numbers at axes."""
    found = list(figure.texts)
    for axes in figure.axes:
        titles = (axes.title, axes._left_title)
        found += [*axes.texts, *titles, axes.xaxis.label, axes.yaxis.label]
    return [text for text in found if text.get_text()]


def marked(figure) -> list[str]:
    """The titles of the images that have both a cross and a frame of its colour."""
    return [
        axes.get_title()
        for axes in figure.axes
        if axes.get_title().startswith(CROSS)
        and same_color(axes.spines["top"].get_edgecolor(), VERMILION)
    ]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("run") / "pictures"
    return write_all(ODD["one row, one unit"], folder)


def test_a_run_leaves_its_pictures_and_nothing_else(written):
    assert [path.name for path in written] == [f"{name}.png" for name in NAMES]
    assert sorted(written[0].parent.iterdir()) == sorted(written)


def test_pictures_are_png_files_as_wide_as_a_page(written):
    heads = [path.read_bytes()[:24] for path in written]
    assert {head[:8] for head in heads} == {b"\x89PNG\r\n\x1a\n"}
    sizes = [struct.unpack(">II", head[16:]) for head in heads]
    assert {width for width, _ in sizes} == {1600}
    assert sizes[0] == (1600, 744)


def test_the_same_run_draws_the_same_bytes(written, tmp_path):
    again = write_all(ODD["one row, one unit"], tmp_path)
    assert [path.read_bytes() for path in again] == [
        path.read_bytes() for path in written
    ]


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("odd", ODD)
def test_nothing_is_cut_off_and_no_text_covers_another(name, odd):
    """Warnings of Matplotlib are errors, so that it has none either."""
    assert_legible(PICTURES[name](ODD[odd]))


def test_the_activations_are_legible():
    assert_legible(activations())


def assert_legible(figure) -> None:
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    bounds = figure.get_tightbbox(renderer)
    width, height = figure.get_size_inches()
    assert bounds.x0 >= 0
    assert bounds.y0 >= 0
    assert bounds.x1 <= width
    assert bounds.y1 <= height
    boxes = {text: text.get_window_extent(renderer) for text in texts(figure)}
    assert len(boxes) > 1
    assert [
        (a.get_text(), b.get_text())
        for a, b in combinations(boxes, 2)
        if boxes[a].overlaps(boxes[b])
    ] == []


LABELS = st.lists(st.integers(0, 2), min_size=1, max_size=9)


# Four images take a twentieth of a second.
@settings(max_examples=25)
@given(st.data())
def test_exactly_the_wrong_predictions_are_marked(data):
    labels = np.asarray(data.draw(LABELS))
    predicted = np.asarray(data.draw(st.lists(st.integers(0, 2), **_size(labels))))
    figure = predictions(outcome(labels, predicted), rows=1, columns=4)
    wrong, shown = int((labels != predicted).sum()), min(4, len(labels))
    # Half of the places for either, and what one leaves free for the other.
    right = len(labels) - wrong
    marks = min(wrong, max(2, shown - right))
    assert len(marked(figure)) == marks
    assert len(figure.axes) == shown
    assert figure.texts[0].get_text().startswith(f"{wrong} of {len(labels)} ")


def _size(labels) -> dict[str, int]:
    return {"min_size": len(labels), "max_size": len(labels)}


def test_a_wrong_prediction_says_what_it_is():
    figure = predictions(outcome([3, 1], [8, 1]))
    assert [axes.get_title() for axes in figure.axes] == [f"{CROSS} 8, is 3", "1"]


def test_the_summary_has_a_column_for_each_class_and_two_of_many_errors():
    """So that the images stand above the weights of their class."""
    figure = summary(outcome(MANY, [9, 0, 1, *MANY[3:]]))
    _, _, *digits = [axes.get_title() for axes in figure.axes][:32]
    right = [str(label) for label in CLASSES]
    assert digits == [f"{CROSS} 9", f"{CROSS} 0", *right[2:], *right, *right]
    assert marked(figure) == digits[:2]


def test_an_image_is_shown_as_it_is():
    found = outcome([1, 2], [1, 2], shape=(2, 3))
    images = [axes.images[0].get_array() for axes in predictions(found).axes]
    assert np.array_equal(images, found.images.reshape(2, 2, 3))


def test_the_last_values_stand_beside_the_curves():
    epochs = (Epoch(0.9, 0.5, 0.8, 0.6, 1.0), Epoch(0.4, 0.75, 0.5, 0.625, 1.0))
    loss, accuracy = curves(History(epochs, (1.0, 0.8, 0.5, 0.3))).axes
    assert {text.get_text() for text in loss.texts} == {
        "training 0.4",
        "validation 0.5",
    }
    assert {text.get_text() for text in accuracy.texts} == {
        "training 75.00%",
        "validation 62.50%",
    }


def test_a_run_that_diverged_says_so_where_its_curve_ends():
    epochs = (Epoch(0.5, 0.5, None, None, 1.0), Epoch(NAN, 0.5, None, None, 1.0))
    loss, _ = curves(History(epochs, (0.5, 0.5, NAN, NAN))).axes
    (label,) = loss.texts
    assert label.get_text() == "training nan"
    assert loss.lines[-1].get_xydata().tolist() == [[0.5, 0.5]]


def test_without_validation_there_is_no_validation_curve():
    figure = curves(history(2, valid=False))
    labels = [line.get_label() for axes in figure.axes for line in axes.lines]
    assert labels == ["each step", "training", "training"]


def test_steps_and_epochs_share_an_axis():
    """Training is a mean over the epoch, so in its middle; validation at its end."""
    steps, training, validation = curves(history(2)).axes[0].lines
    assert np.array_equal(steps.get_xdata(), np.arange(1, 19) / 9)
    assert training.get_xdata().tolist() == [0.5, 1.5]
    assert validation.get_xdata().tolist() == [1.0, 2.0]


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(0, 20))
def test_labels_move_apart_no_further_than_needed(a, b, gap):
    """And in order, so that each stays at its curve. Halves of integers are exact."""
    above, below = spread([a, b], gap)
    assert abs(above - below) == max(gap, abs(a - b))
    assert above + below == a + b
    assert (above <= below) == (a <= b)


@pytest.mark.parametrize("odd", ["digits", "mnist", "diverged", "weights of zero"])
def test_weights_share_a_scale_with_zero_in_the_middle(odd):
    *images, _ = weights(ODD[odd]).axes
    ((low, high),) = {axes.images[0].get_clim() for axes in images}
    assert low == -high < 0


def test_no_more_units_are_shown_than_can_be_seen():
    figure = weights(outcome([1], [1], units=100))
    assert len(figure.axes) == 64 + 1
    assert figure.texts[0].get_text().endswith("64 of 100 units")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_confusion_counts_every_pair_where_it_belongs(pairs):
    labels, predicted = np.asarray(pairs, dtype=np.int64).reshape(-1, 2).T
    counts = confusion_counts(labels, predicted, classes=5)
    assert counts.tolist() == [
        [pairs.count((label, said)) for said in range(5)] for label in range(5)
    ]


def test_the_confusion_matrix_writes_its_counts_but_no_zeros():
    """True classes down, predicted ones across."""
    axes = confusion(outcome([0, 0, 0, 2, 2], [0, 0, 1, 2, 0], classes=3)).axes[0]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "2", (1, 0): "1", (2, 2): "1", (0, 2): "1"}


def test_the_diagonal_does_not_drown_the_errors():
    """The scale of the colours ends with the most frequent error."""
    labels = [0] * 1000 + [1] * 9
    errors = confusion(outcome(labels, [0] * 1009, classes=2)).axes[0].images[-1]
    assert errors.get_clim() == (0, 9)
    assert errors.get_array().mask.tolist() == [[True, True], [False, True]]


@pytest.mark.parametrize("column", range(len(ACTIVATIONS)))
def test_activations_show_our_functions_and_our_pullbacks(column):
    name, f_vjp = list(ACTIVATIONS.items())[column]
    value, slope = activations().axes[2 * column : 2 * column + 2]
    x, y = value.lines[0].get_data()
    expected, pullback = f_vjp(x)
    left, right, dot = slope.lines[:3]
    drawn_slope = np.concatenate([left.get_ydata(), right.get_ydata()])
    assert value._left_title.get_text() == name
    assert (x[0], x[-1]) == (-4, 4)
    assert np.array_equal(y, expected)
    assert np.array_equal(drawn_slope, pullback(np.ones_like(x))[0])
    assert dot.get_xydata().tolist() == [[0, left.get_ydata()[-1]]]


def test_nothing_touches_pyplot(monkeypatch, tmp_path):
    """Which holds every figure, wants a display, and is for one thread."""
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    write_all(ODD["one row, one unit"], tmp_path)


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UnavailableError) as caught:
        write_all(ODD["digits"], tmp_path / "run")
    assert str(caught.value) == (
        "pictures: Matplotlib is not installed, required to draw them\n"
        '  pip install "scratchnet[report]"'
    )
    assert not (tmp_path / "run").exists()


def test_a_full_disk_is_said_and_costs_no_old_picture(monkeypatch, tmp_path):
    (tmp_path / "summary.png").write_bytes(b"old")

    def full(path: Path, _content: bytes) -> None:
        path.open("wb").close()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ScratchnetError, match=r"cannot be written \(No space left"):
        write_all(ODD["one row, one unit"], tmp_path)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["summary.png"]
    assert (tmp_path / "summary.png").read_bytes() == b"old"


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path):
    (tmp_path / "run").touch()
    with pytest.raises(ScratchnetError, match="required a folder"):
        write_all(ODD["one row, one unit"], tmp_path / "run")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": np.zeros((0, 4))}, "images.shape=(0, 4), required (1, 4)"),
        ({"shape": (3, 3), "images": np.zeros((2, 4))}, "required (2, 9)"),
        ({"labels": np.zeros(3, int)}, "labels.shape=(3,), required (2,)"),
        ({"predictions": np.array([0, 7])}, "but classes=3 requires 0 to 2"),
        ({"first_weights": np.zeros((10, 5))}, "first_weights.shape=(10, 5)"),
    ],
)
def test_an_outcome_that_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ArgumentError) as caught:
        replace(outcome([0, 1], [0, 1], classes=3), **changes)
    assert message in str(caught.value)
