"""The figures of lesson 00."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure


def digits(images: np.ndarray, truth: np.ndarray, answers: np.ndarray) -> Figure:
    """Six digits that were read rightly above, up to six that were not below; images (N, 64)."""
    good, bad = np.flatnonzero(answers == truth), np.flatnonzero(answers != truth)
    fig, axes = plt.subplots(2, 6, figsize=(7.2, 2.9))
    for ax in axes.flat:
        ax.set_axis_off()
    for row, chosen in zip(axes, (good, bad), strict=True):
        for ax, i in zip(row, chosen, strict=False):
            ax.imshow(images[i].reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
            wrong = answers[i] != truth[i]
            ax.set_title(f"{answers[i]} (is {truth[i]})" if wrong else f"{answers[i]}", fontsize=10)
    for row, label in zip(axes, ("right", "wrong"), strict=True):
        row[0].text(-0.25, 0.5, label, transform=row[0].transAxes, rotation=90, va="center")
    return fig


def noise(confidence: np.ndarray) -> Figure:
    """How often each confidence occurs on noise, with one such image beside it."""
    fig, (left, ax) = plt.subplots(1, 2, figsize=(7.2, 2.8), width_ratios=(1, 2.6))
    left.imshow(np.random.default_rng(0).random((8, 8)), cmap="gray_r", vmin=0, vmax=1)
    left.set_title("one of the images")
    left.set_axis_off()
    ax.hist(confidence, bins=np.linspace(0.1, 1, 19))
    ax.axvline(0.1, ls=":", color="0.4")
    ax.text(0.108, ax.get_ylim()[1] * 0.93, "no idea at all", fontsize=9, color="0.35", va="top")
    ax.set(xlabel="confidence in the answer", ylabel="images of noise", xlim=(0.08, 1))
    return fig
