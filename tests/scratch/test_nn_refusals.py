"""What torch refuses, the engine refuses; what the engine lacks, it says so."""

import warnings

import numpy as np
import pytest
import torch

from dlcourse import scratch as S

KINDS = (ValueError, TypeError, IndexError, RuntimeError, NotImplementedError)


def r(lib, *shape):
    return lib.ones(*shape)


def i(lib, *values):
    return lib.tensor(np.array(values))


FUNCTIONAL = {
    "linear, inner sizes": lambda F, L: F.linear(r(L, 2, 3), r(L, 4, 5)),
    "linear, dtypes": lambda F, L: F.linear(r(L, 2, 3).double(), r(L, 4, 3)),
    "linear, bias": lambda F, L: F.linear(r(L, 2, 3), r(L, 4, 3), r(L, 5)),
    "linear, no tensor": lambda F, L: F.linear([1.0], r(L, 4, 3)),
    "relu, no tensor": lambda F, L: F.relu([1.0]),
    "gelu of ints": lambda F, L: F.gelu(i(L, 1, 2)),
    "elu of ints": lambda F, L: F.elu(i(L, 1, 2)),
    "silu of ints": lambda F, L: F.silu(i(L, 1, 2)),
    "softplus of ints": lambda F, L: F.softplus(i(L, 1, 2)),
    "gelu, approximate": lambda F, L: F.gelu(r(L, 2), approximate="fast"),
    "gelu, unknown argument": lambda F, L: F.gelu(r(L, 2), exact=True),
    "celu, alpha 0": lambda F, L: F.celu(r(L, 2), alpha=0.0),
    "softshrink, lambd": lambda F, L: F.softshrink(r(L, 2), -1.0),
    "hardtanh, bounds": lambda F, L: F.hardtanh(r(L, 2), 2.0, 1.0),
    "glu, odd": lambda F, L: F.glu(r(L, 3)),
    "glu, 0-d": lambda F, L: F.glu(r(L).sum()),
    "glu, dim": lambda F, L: F.glu(r(L, 4), dim=3),
    "prelu, weights": lambda F, L: F.prelu(r(L, 2, 3), r(L, 4)),
    "softmax, dim": lambda F, L: F.softmax(r(L, 2, 3), dim=2),
    "log_softmax, dim": lambda F, L: F.log_softmax(r(L, 2, 3), dim=-3),
    "dropout, p": lambda F, L: F.dropout(r(L, 2), 1.5),
    "dropout2d, p": lambda F, L: F.dropout2d(r(L, 2, 3, 4, 4), -0.1),
    "alpha_dropout, p": lambda F, L: F.alpha_dropout(r(L, 2), 1.5),
    "embedding, range": lambda F, L: F.embedding(i(L, 3), r(L, 3, 2)),
    "embedding, negative": lambda F, L: F.embedding(i(L, -1), r(L, 3, 2)),
    "embedding, float ids": lambda F, L: F.embedding(r(L, 2), r(L, 3, 2)),
    "embedding, weight": lambda F, L: F.embedding(i(L, 0), r(L, 3)),
    "embedding, padding_idx": lambda F, L: F.embedding(i(L, 0), r(L, 3, 2), padding_idx=3),
    "one_hot, range": lambda F, L: F.one_hot(i(L, 5), 3),
    "one_hot, negative": lambda F, L: F.one_hot(i(L, -1), 3),
    "one_hot, floats": lambda F, L: F.one_hot(r(L, 2)),
    "one_hot, no classes": lambda F, L: F.one_hot(L.zeros(0).long(), 0),
    "interpolate, ints": lambda F, L: F.interpolate(L.zeros(1, 1, 4).long(), 8),
    "bce logits, ints": lambda F, L: F.binary_cross_entropy_with_logits(r(L, 2), i(L, 0, 1)),
    "kl_div, ints": lambda F, L: F.kl_div(r(L, 2), i(L, 0, 1)),
    "mse_loss, shapes": lambda F, L: F.mse_loss(r(L, 3, 4), r(L, 2, 4)),
    "mse_loss, reduction": lambda F, L: F.mse_loss(r(L, 3), r(L, 3), reduction="median"),
    "l1_loss, shapes": lambda F, L: F.l1_loss(r(L, 3, 4), r(L, 3, 5)),
    "smooth_l1_loss, beta": lambda F, L: F.smooth_l1_loss(r(L, 3), r(L, 3), beta=-1.0),
    "huber_loss, delta": lambda F, L: F.huber_loss(r(L, 3), r(L, 3), delta=0.0),
    "bce, range": lambda F, L: F.binary_cross_entropy(r(L, 3) * 2, r(L, 3)),
    "bce, shapes": lambda F, L: F.binary_cross_entropy(r(L, 3, 4), r(L, 3, 1)),
    "bce logits, shapes": lambda F, L: F.binary_cross_entropy_with_logits(r(L, 3), r(L, 3, 1)),
    "kl_div, reduction": lambda F, L: F.kl_div(r(L, 3), r(L, 3), reduction="x"),
    "cross_entropy, range": lambda F, L: F.cross_entropy(r(L, 2, 3), i(L, 0, 3)),
    "cross_entropy, batch": lambda F, L: F.cross_entropy(r(L, 2, 3), i(L, 0, 1, 2)),
    "cross_entropy, floats": lambda F, L: F.cross_entropy(r(L, 2, 3), r(L, 2)),
    "cross_entropy, int32": lambda F, L: F.cross_entropy(r(L, 2, 3), i(L, 0, 1).to(L.int32)),
    "cross_entropy, weight": lambda F, L: F.cross_entropy(r(L, 2, 3), i(L, 0, 1), weight=r(L, 2)),
    "cross_entropy, smoothing": lambda F, L: F.cross_entropy(
        r(L, 2, 3), i(L, 0, 1), label_smoothing=2.0
    ),
    "cross_entropy, reduction": lambda F, L: F.cross_entropy(r(L, 2, 3), i(L, 0, 1), reduction="x"),
    "cross_entropy, int scores": lambda F, L: F.cross_entropy(i(L, 1, 2), i(L, 1)),
    "cross_entropy, spatial": lambda F, L: F.cross_entropy(r(L, 2, 3, 4), L.zeros(2, 5).long()),
    "nll_loss, range": lambda F, L: F.nll_loss(r(L, 2, 3), i(L, 0, 3)),
    "nll_loss, negative": lambda F, L: F.nll_loss(r(L, 2, 3), i(L, 0, -1)),
    "cosine_embedding_loss": lambda F, L: F.cosine_embedding_loss(
        r(L, 2, 3), r(L, 2, 3), r(L, 2, 3)
    ),
    "margin_ranking_loss": lambda F, L: F.margin_ranking_loss(r(L, 2), r(L, 2), r(L, 2, 1)),
    "triplet, margin": lambda F, L: F.triplet_margin_loss(r(L, 2, 3), r(L, 2, 3), r(L, 2, 3), -1.0),
    "layer_norm, shape": lambda F, L: F.layer_norm(r(L, 2, 3), (4,)),
    "layer_norm, int": lambda F, L: F.layer_norm(r(L, 2, 3), 3),
    "layer_norm, weight": lambda F, L: F.layer_norm(r(L, 2, 3), (3,), r(L, 2)),
    "rms_norm, shape": lambda F, L: F.rms_norm(r(L, 2, 3), (2,)),
    "group_norm, groups": lambda F, L: F.group_norm(r(L, 2, 4), 3),
    "group_norm, 1-d": lambda F, L: F.group_norm(r(L, 4), 2),
    "group_norm, weight": lambda F, L: F.group_norm(r(L, 2, 4), 2, r(L, 3)),
    "batch_norm, one value": lambda F, L: F.batch_norm(r(L, 1, 3), None, None, training=True),
    "batch_norm, no statistics": lambda F, L: F.batch_norm(r(L, 2, 3), None, None),
    "batch_norm, weight": lambda F, L: F.batch_norm(r(L, 2, 3), None, None, r(L, 2), training=True),
    "instance_norm, one value": lambda F, L: F.instance_norm(r(L, 2, 3, 1)),
    "conv2d, channels": lambda F, L: F.conv2d(r(L, 1, 3, 4, 4), r(L, 2, 2, 3, 3)),
    "conv2d, kernel": lambda F, L: F.conv2d(r(L, 1, 3, 2, 2), r(L, 2, 3, 3, 3)),
    "conv2d, dims": lambda F, L: F.conv2d(r(L, 4, 4), r(L, 2, 3, 3, 3)),
    "conv2d, weight dims": lambda F, L: F.conv2d(r(L, 1, 3, 4, 4), r(L, 2, 3, 3)),
    "conv2d, stride": lambda F, L: F.conv2d(r(L, 1, 3, 4, 4), r(L, 2, 3, 3, 3), stride=0),
    "conv2d, padding": lambda F, L: F.conv2d(r(L, 1, 3, 4, 4), r(L, 2, 3, 3, 3), padding=-1),
    "conv2d, dilation": lambda F, L: F.conv2d(r(L, 1, 3, 4, 4), r(L, 2, 3, 3, 3), dilation=0),
    "conv2d, groups": lambda F, L: F.conv2d(r(L, 1, 4, 4, 4), r(L, 3, 2, 3, 3), groups=2),
    "conv2d, bias": lambda F, L: F.conv2d(r(L, 1, 3, 4, 4), r(L, 2, 3, 3, 3), r(L, 3)),
    "conv2d, same with stride": lambda F, L: F.conv2d(
        r(L, 1, 3, 4, 4), r(L, 2, 3, 3, 3), padding="same", stride=2
    ),
    "conv2d, padding word": lambda F, L: F.conv2d(
        r(L, 1, 3, 4, 4), r(L, 2, 3, 3, 3), padding="full"
    ),
    "conv2d, stride length": lambda F, L: F.conv2d(
        r(L, 1, 3, 4, 4), r(L, 2, 3, 3, 3), stride=(1, 1, 1)
    ),
    "conv2d, dtypes": lambda F, L: F.conv2d(r(L, 1, 3, 4, 4).double(), r(L, 2, 3, 3, 3)),
    "conv_transpose2d, channels": lambda F, L: F.conv_transpose2d(
        r(L, 1, 3, 4, 4), r(L, 2, 3, 3, 3)
    ),
    "conv_transpose2d, extra": lambda F, L: F.conv_transpose2d(
        r(L, 1, 3, 4, 4), r(L, 3, 2, 3, 3), output_padding=1
    ),
    "conv1d, dims": lambda F, L: F.conv1d(r(L, 1, 3, 4, 4), r(L, 2, 3, 3)),
    "max_pool2d, padding": lambda F, L: F.max_pool2d(r(L, 1, 1, 4, 4), 2, padding=2),
    "max_pool2d, too small": lambda F, L: F.max_pool2d(r(L, 1, 1, 2, 2), 3),
    "max_pool2d, dims": lambda F, L: F.max_pool2d(r(L, 4, 4), 2),
    "max_pool2d, stride": lambda F, L: F.max_pool2d(r(L, 1, 4, 4), 2, stride=0),
    "max_pool2d, kernel": lambda F, L: F.max_pool2d(r(L, 1, 4, 4), 0),
    "avg_pool2d, divisor": lambda F, L: F.avg_pool2d(r(L, 1, 4, 4), 2, divisor_override=0),
    "avg_pool2d, padding": lambda F, L: F.avg_pool2d(r(L, 1, 4, 4), 2, padding=2),
    "adaptive_avg_pool2d, size": lambda F, L: F.adaptive_avg_pool2d(r(L, 1, 4, 4), -1),
    "adaptive_max_pool2d, dims": lambda F, L: F.adaptive_max_pool2d(r(L, 4, 4), 1),
    "unfold, kernel": lambda F, L: F.unfold(r(L, 1, 1, 2, 2), 3),
    "fold, size": lambda F, L: F.fold(r(L, 1, 4, 5), (4, 4), 2),
    "pixel_shuffle, channels": lambda F, L: F.pixel_shuffle(r(L, 1, 3, 2, 2), 2),
    "pixel_unshuffle, size": lambda F, L: F.pixel_unshuffle(r(L, 1, 3, 3, 2), 2),
    "pad, odd": lambda F, L: F.pad(r(L, 2, 3), (1,)),
    "pad, too many": lambda F, L: F.pad(r(L, 2), (1, 1, 1, 1)),
    "pad, too negative": lambda F, L: F.pad(r(L, 2), (-2, -1)),
    "pad, reflect too wide": lambda F, L: F.pad(r(L, 1, 2, 3), (3, 1), mode="reflect"),
    "pad, circular too wide": lambda F, L: F.pad(r(L, 1, 2, 3), (4, 1), mode="circular"),
    "pad, reflect axes": lambda F, L: F.pad(r(L, 2, 3), (1, 1, 1, 1), mode="reflect"),
    "pad, mode": lambda F, L: F.pad(r(L, 2, 3), (1, 1), mode="mirror"),
    "pad, value": lambda F, L: F.pad(r(L, 1, 2, 3), (1, 1), mode="reflect", value=1.0),
    "interpolate, both": lambda F, L: F.interpolate(r(L, 1, 2, 3), size=5, scale_factor=2),
    "interpolate, neither": lambda F, L: F.interpolate(r(L, 1, 2, 3)),
    "interpolate, dims": lambda F, L: F.interpolate(r(L, 1, 2, 3), 5, mode="bilinear"),
    "interpolate, mode": lambda F, L: F.interpolate(r(L, 1, 2, 3), 5, mode="smooth"),
    "interpolate, corners": lambda F, L: F.interpolate(r(L, 1, 2, 3), 5, align_corners=True),
    "interpolate, size": lambda F, L: F.interpolate(r(L, 1, 2, 3), 0),
    "interpolate, sizes": lambda F, L: F.interpolate(r(L, 1, 2, 3), (3, 4)),
    "attention, inner": lambda F, L: F.scaled_dot_product_attention(
        r(L, 2, 3), r(L, 2, 4), r(L, 2, 4)
    ),
    "attention, mask": lambda F, L: F.scaled_dot_product_attention(
        r(L, 2, 3), r(L, 2, 3), r(L, 2, 3), attn_mask=r(L, 3, 3)
    ),
    "attention, mask and causal": lambda F, L: F.scaled_dot_product_attention(
        r(L, 2, 3), r(L, 2, 3), r(L, 2, 3), attn_mask=r(L, 2, 2), is_causal=True
    ),
}


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_functions_refuse_what_torch_refuses(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((*KINDS, AssertionError)):
            FUNCTIONAL[name](torch.nn.functional, torch)
        with pytest.raises(KINDS) as caught:
            FUNCTIONAL[name](S.nn.functional, S)
    assert str(caught.value), "an error must say what is wrong"


MODULES = {
    "Linear, no sizes": lambda nn, L: nn.Linear(3),
    "Linear, negative": lambda nn, L: nn.Linear(-1, 2),
    "Linear, device": lambda nn, L: nn.Linear(1, 2, device="nowhere"),
    "Linear, input": lambda nn, L: nn.Linear(3, 2)(r(L, 2, 4)),
    "ReLU, argument": lambda nn, L: nn.ReLU(slope=1),
    "ReLU, too many": lambda nn, L: nn.ReLU(False, 1),
    "Threshold, missing": lambda nn, L: nn.Threshold(1.0),
    "Hardtanh, bounds": lambda nn, L: nn.Hardtanh(1.0, -1.0),
    "Dropout, p": lambda nn, L: nn.Dropout(1.5),
    "Conv2d, groups": lambda nn, L: nn.Conv2d(3, 4, 3, groups=2),
    "Conv2d, groups 0": lambda nn, L: nn.Conv2d(4, 4, 3, groups=0),
    "Conv2d, padding": lambda nn, L: nn.Conv2d(4, 4, 3, padding="full"),
    "Conv2d, same stride": lambda nn, L: nn.Conv2d(4, 4, 3, 2, padding="same"),
    "Conv2d, mode": lambda nn, L: nn.Conv2d(4, 4, 3, padding_mode="mirror"),
    "Conv2d, channels": lambda nn, L: nn.Conv2d(4, 4, 3)(r(L, 1, 3, 5, 5)),
    "ConvTranspose2d, mode": lambda nn, L: nn.ConvTranspose2d(4, 4, 3, padding_mode="circular"),
    "BatchNorm1d, dims": lambda nn, L: nn.BatchNorm1d(3)(r(L, 2, 3, 4, 4)),
    "BatchNorm2d, dims": lambda nn, L: nn.BatchNorm2d(3)(r(L, 2, 3)),
    "BatchNorm2d, channels": lambda nn, L: nn.BatchNorm2d(3)(r(L, 2, 4, 3, 3)),
    "BatchNorm1d, one": lambda nn, L: nn.BatchNorm1d(3)(r(L, 1, 3)),
    "GroupNorm, groups": lambda nn, L: nn.GroupNorm(3, 4),
    "Embedding, padding": lambda nn, L: nn.Embedding(3, 2, padding_idx=3),
    "Embedding, range": lambda nn, L: nn.Embedding(3, 2)(i(L, 3)),
    "Softmax2d, dims": lambda nn, L: nn.Softmax2d()(r(L, 2, 3)),
    "LSTM, hidden 0": lambda nn, L: nn.LSTM(3, 0),
    "LSTM, layers 0": lambda nn, L: nn.LSTM(3, 4, 0),
    "LSTM, dropout": lambda nn, L: nn.LSTM(3, 4, dropout=2.0),
    "LSTM, input size": lambda nn, L: nn.LSTM(3, 4)(r(L, 5, 2, 4)),
    "LSTM, dims": lambda nn, L: nn.LSTM(3, 4)(r(L, 5, 2, 2, 3)),
    "LSTM, state": lambda nn, L: nn.LSTM(3, 4)(r(L, 5, 2, 3), (r(L, 1, 2, 5), r(L, 1, 2, 4))),
    "GRU, state": lambda nn, L: nn.GRU(3, 4)(r(L, 5, 2, 3), r(L, 2, 2, 4)),
    "RNN, nonlinearity": lambda nn, L: nn.RNN(3, 4, nonlinearity="sin"),
    "RNNCell, nonlinearity": lambda nn, L: nn.RNNCell(3, 4, nonlinearity="sin")(r(L, 2, 3)),
    "LSTMCell, input": lambda nn, L: nn.LSTMCell(3, 4)(r(L, 2, 4)),
    "GRUCell, state": lambda nn, L: nn.GRUCell(3, 4)(r(L, 2, 3), r(L, 2, 5)),
    "MultiheadAttention, heads": lambda nn, L: nn.MultiheadAttention(8, 3),
    "MultiheadAttention, width": lambda nn, L: nn.MultiheadAttention(8, 2)(*[r(L, 4, 2, 6)] * 3),
    "MultiheadAttention, mask": lambda nn, L: nn.MultiheadAttention(8, 2)(
        *[r(L, 4, 2, 8)] * 3, attn_mask=r(L, 3, 3)
    ),
    "MultiheadAttention, padding": lambda nn, L: nn.MultiheadAttention(8, 2)(
        *[r(L, 4, 2, 8)] * 3, key_padding_mask=r(L, 3, 4)
    ),
    "encoder, activation": lambda nn, L: nn.TransformerEncoderLayer(8, 2, activation="sin"),
    "Transformer, widths": lambda nn, L: nn.Transformer(8, 2, 1, 1, 8)(
        r(L, 3, 2, 6), r(L, 3, 2, 8)
    ),
    "MSELoss, reduction": lambda nn, L: nn.MSELoss(reduction="x")(r(L, 2), r(L, 2)),
    "Parameter of a list": lambda nn, L: nn.Parameter([1.0]),
    "Parameter of ints": lambda nn, L: nn.Parameter(i(L, 1, 2)),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_refuse_what_torch_refuses(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((*KINDS, AssertionError, AttributeError)):
            MODULES[name](torch.nn, torch)
        with pytest.raises(KINDS) as caught:
            MODULES[name](S.nn, S)
    assert str(caught.value), "an error must say what is wrong"


UNSUPPORTED = {
    "max_norm": lambda F, nn: F.embedding(i(S, 0), r(S, 3, 2), max_norm=1.0),
    "sparse": lambda F, nn: nn.Embedding(3, 2, sparse=True),
    "scale_grad_by_freq": lambda F, nn: nn.Embedding(3, 2, scale_grad_by_freq=True),
    "return_indices": lambda F, nn: F.max_pool3d(r(S, 1, 4, 4, 4), 2, return_indices=True),
    "adaptive return_indices": lambda F, nn: nn.AdaptiveMaxPool2d(2, return_indices=True)(
        r(S, 1, 4, 4)
    ),
    "antialias": lambda F, nn: F.interpolate(r(S, 1, 1, 4, 4), 2, mode="bilinear", antialias=True),
    "bicubic": lambda F, nn: F.interpolate(r(S, 1, 1, 4, 4), 2, mode="bicubic"),
    "proj_size": lambda F, nn: nn.LSTM(3, 4, proj_size=2),
    "cuda": lambda F, nn: nn.Linear(1, 1).cuda(),
    "to cuda": lambda F, nn: nn.Linear(1, 1).to("cuda"),
    "half": lambda F, nn: nn.Linear(1, 1).half(),
    "out": lambda F, nn: F.normalize(r(S, 2, 2), out=r(S, 2, 2)),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_not_supported_is_refused_with_a_reason(name):
    with pytest.raises((NotImplementedError, RuntimeError)) as caught:
        UNSUPPORTED[name](S.nn.functional, S.nn)
    assert len(str(caught.value)) > 10
