"""Every model on both engines: names, every layer's output, every gradient, five steps, equal."""

import ast
import inspect

import numpy as np
import pytest

from dlcourse import models
from dlcourse.models import gan
from dlcourse.teach.train import cross_entropy, own_loss, squared_error
from dlcourse.teach.twins import TOLERANCE, compare

R = np.random.default_rng(0)


def x(*shape):
    return R.standard_normal(shape)


def ink(*shape):
    return R.random(shape)


def n(high, *shape):
    return R.integers(0, high, shape)


def grid(*shape):
    present = np.zeros(shape)
    present[:, 1, 2] = present[0, 3, 0] = 1
    return present


# name -> model, its arguments, one batch, its loss
CASES = {
    "linear regression": (models.LinearModel, (5, 1), (x(8, 5), x(8, 1)), squared_error),
    "logistic regression": (models.LinearModel, (5, 3), (x(8, 5), n(3, 8)), cross_entropy),
    "MLP": (models.MLP, ([7, 6, 5, 3],), (x(8, 7), n(3, 8)), cross_entropy),
    "LeNet": (models.LeNet, (), (ink(6, 1, 8, 8), n(10, 6)), cross_entropy),
    "ResNet": (models.ResNet, (1, (4, 6, 8)), (ink(6, 1, 8, 8), n(10, 6)), cross_entropy),
    "Detector": (
        models.Detector, (10, 4),
        (ink(3, 1, 32, 32), grid(3, 4, 4), ink(3, 4, 4, 4), n(10, 3, 4, 4)), own_loss,
    ),
    "UNet": (models.UNet, (5, 4), (ink(3, 1, 16, 16), n(5, 3, 16, 16)), own_loss),
    "CharRNN rnn": (models.CharRNN, (11, 5, 7, "rnn"), (n(11, 3, 9), n(11, 3, 9)), own_loss),
    "CharRNN gru": (models.CharRNN, (11, 5, 7, "gru"), (n(11, 3, 9), n(11, 3, 9)), own_loss),
    "CharRNN lstm": (models.CharRNN, (11, 5, 7, "lstm"), (n(11, 3, 9), n(11, 3, 9)), own_loss),
    "SentimentRNN": (models.SentimentRNN, (20, 5, 6), (n(20, 4, 9), n(2, 4)), cross_entropy),
    "BagOfWords": (models.BagOfWords, (20, 5), (1 + n(19, 4, 9), n(2, 4)), cross_entropy),
    "Seq2Seq": (models.Seq2Seq, (9, 8, 5, 6, False), (1 + n(8, 3, 7), n(8, 3, 5)), own_loss),
    "Seq2Seq attention": (models.Seq2Seq, (9, 8, 5, 6), (1 + n(8, 3, 7), n(8, 3, 5)), own_loss),
    "GPT": (models.GPT, (11, 8, 2, 2, 12), (n(11, 3, 8), n(11, 3, 8)), own_loss),
    "BERT": (
        models.BERT, (11, 8, 2, 2, 12),
        (n(11, 3, 8), np.where(n(2, 3, 8) > 0, n(11, 3, 8), -100)), own_loss,
    ),
    "Recommender": (models.Recommender, (9, 7, 3, 2.5), (n(7, 20, 2), x(20)), own_loss),
    "Autoencoder": (models.Autoencoder, (16, 2, 8), (ink(6, 16),), own_loss),
    "VAE": (models.VAE, (16, 2, 8), (ink(6, 16), x(6, 2)), own_loss),
    "GAN": (models.GAN, (4, 3, 8), (x(6, 4), x(6, 3)), gan.PLAYERS),
    "DDPM": (models.DDPM, (4, 10, 8, 3), (x(6, 4), n(10, 6), x(6, 4)), own_loss),
    "VideoPredictor": (models.VideoPredictor, (8, 3, 9), (ink(2, 4, 1, 8, 8),), own_loss),
}  # fmt: skip
OPTIMIZERS = {"SGD": {"momentum": 0.9}, "Adam": {}}


@pytest.mark.parametrize("rule", OPTIMIZERS)
@pytest.mark.parametrize("name", CASES)
def test_the_two_engines_agree(name, rule):
    model, args, batch, loss = CASES[name]
    lr = 0.02 if rule == "SGD" else 0.01
    report = compare(
        model, args, batch, rule, steps=5, loss=loss, lr=lr, options=OPTIMIZERS[rule],
        precisions=("float64",),
    )  # fmt: skip
    report.assert_equal()
    (run,) = report.runs
    assert run.tolerance == TOLERANCE["float64"] == 1e-8
    assert len(run.right.losses) == 5
    assert len(set(run.right.losses)) == 5  # it really moved
    assert set(run.right.gradients) == set(run.right.shapes)  # every weight took part
    assert all(np.abs(g).max() > 0 for g in run.right.gradients.values())


@pytest.mark.parametrize("name", CASES)
def test_the_two_engines_agree_in_single_precision(name):
    model, args, batch, loss = CASES[name]
    compare(model, args, batch, loss=loss, lr=0.02, precisions=("float32",)).assert_equal()


def test_no_model_is_left_out():
    covered = {case[0].__wrapped__ for case in CASES.values()}
    assert covered == {getattr(models, name).__wrapped__ for name in models.__all__}


@pytest.mark.parametrize("name", models.__all__)
def test_a_model_knows_no_engine_but_its_argument(name):
    source = inspect.getsource(inspect.getmodule(getattr(models, name)))
    imported = {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {"functools", "itertools", "math", "numpy", "Any", "Block"}
