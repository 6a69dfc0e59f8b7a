"""Figures: the picture is stored with its description, and every plot shows what it was given."""

import base64
import io
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from dlcourse import data
from dlcourse.show import figures, plots

R = np.random.default_rng(0)
DIGITS = data.digits().test


def _wiggle(a, b):
    return a**2 + 8 * b**2


PLOTS = {
    "learning_curves": lambda: plots.learning_curves(
        {"train": R.random((3, 9)), "valid": R.random(9)}, baseline=("chance", 0.5)
    ),
    "image_grid": lambda: plots.image_grid(DIGITS.x[:13], [str(d) for d in DIGITS.y[:13]]),
    "colour images": lambda: plots.image_grid(R.random((2, 3, 5, 6))),
    "decision_regions": lambda: plots.decision_regions(
        lambda p: (p[:, 0] > 0).astype(int), R.normal(size=(20, 2)), R.integers(0, 2, 20)
    ),
    "confusion_matrix": lambda: plots.confusion_matrix(DIGITS.y, DIGITS.y[::-1]),
    "filters": lambda: plots.filters(R.normal(size=(6, 1, 5, 5))),
    "attention_maps": lambda: plots.attention_maps(np.eye(5)[None].repeat(3, 0), list("abcde")),
    "loss_surface": lambda: plots.loss_surface(
        _wiggle, (-1, 1, -1, 1), {"SGD": R.random((5, 2)), "Adam": R.random((5, 2))}
    ),
    "histograms_by_layer": lambda: plots.histograms_by_layer(
        {"one": R.normal(size=99), "two": R.normal(size=99)}
    ),
    "latent_grid": lambda: plots.latent_grid(lambda z: DIGITS.x[: len(z)], side=4),
}


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_draws_and_fits_a_notebook(name):
    figure = PLOTS[name]()
    data_, metadata = figures.bundle(figure, alt="what is seen")
    picture = imread(io.BytesIO(base64.b64decode(data_["image/png"])))
    shown = metadata["image/png"]
    assert shown["alt"] == "what is seen"
    assert shown["width"] <= 720
    assert abs(picture.shape[1] - 2 * shown["width"]) <= 2
    assert picture[..., :3].std() > 0.01  # not an empty card
    np.testing.assert_array_equal(picture[0, 0, :3], 1)  # the card is white


def test_show_stores_the_description_and_closes_the_figure(capsys):
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    assert plt.get_fignums()
    figures.show(figure, alt="A line\n   that rises.")
    assert not plt.get_fignums()
    data_, _ = figures.bundle(figure, "A line\n   that rises.")
    assert data_["text/plain"] == "<figure: A line that rises.>"


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_a_description_is_refused(alt):
    with pytest.raises(ValueError, match="needs alt text"):
        figures.bundle(figures.subplots()[0], alt)


def test_the_same_figure_gives_the_same_bytes():
    first, second = (figures.png(plots.image_grid(DIGITS.x[:3])) for _ in range(2))
    assert first == second


def test_curves_differ_in_more_than_colour():
    figure = plots.learning_curves({n: np.arange(3) + i for i, n in enumerate("abcd")})
    lines = [line for line in figure.axes[0].get_lines() if line.get_label() in "abcd"]
    assert len({str(line.get_linestyle()) for line in lines}) == 4


def test_names_of_curves_do_not_overlap_and_are_dark_enough():
    figure = plots.learning_curves({f"curve {i}": np.ones(5) for i in range(6)})
    figure.canvas.draw()
    boxes = [t.get_window_extent() for t in figure.axes[0].texts]
    tops = sorted((b.y0, b.y1) for b in boxes)
    assert all(low >= high - 1 for (_, high), (low, _) in itertools.pairwise(tops))
    for text in figure.axes[0].texts:
        light = np.dot([0.2126, 0.7152, 0.0722], np.array(to_rgb(text.get_color())) ** 2.2)
        assert 1.05 / (light + 0.05) >= 4.5


def test_the_confusion_matrix_counts():
    figure = plots.confusion_matrix([0, 0, 1, 1, 1], [0, 1, 1, 1, 0], labels=["no", "yes"])
    written = [t.get_text() for t in figure.axes[0].texts]
    assert written == ["1", "1", "1", "2"]


def test_filters_are_white_at_zero():
    figure = plots.filters(np.array([[[[-1.0, 0.0], [0.0, 3.0]]]]))
    assert figure.axes[0].get_images()[0].get_clim() == (-3.0, 3.0)


def test_a_picture_that_is_no_square_is_refused():
    with pytest.raises(ValueError, match="no square"):
        plots.image_grid(np.zeros((2, 10)))
