"""Layers of volumes, bags of embeddings, sampled images and rarer losses: as in torch."""

import numpy as np
import pytest
import torch

from dlcourse import scratch
from tests.scratch.parity import compare

RNG = np.random.default_rng(3)


def array(*shape):
    return RNG.standard_normal(shape)


F = "T.nn.functional."
VOLUME = {"x": array(2, 4, 5, 6, 7), "w": array(6, 4, 3, 2, 3), "b": array(6)}
FUNCTIONS = [
    (F + "conv3d(x, w, b)", VOLUME),
    (F + "conv3d(x[0], w, padding=(1, 0, 2), stride=(2, 1, 2))", VOLUME),
    (F + "conv3d(x, w, dilation=(2, 1, 1), padding='valid')", VOLUME),
    (F + "conv3d(x, w, padding='same')", VOLUME),
    (F + "conv3d(x, w[:, :2], groups=2)", VOLUME),
    (F + "conv3d(x, w, stride=0)", VOLUME),
    (F + "conv3d(x[:, :, :2], w)", VOLUME),
    (F + "conv3d(x[0, 0], w)", VOLUME),
    (F + "conv_transpose3d(x, w.transpose(0, 1), b)", VOLUME),
    (F + "conv_transpose3d(x, w.transpose(0, 1), b, 2, 1, 1)", VOLUME),
    (F + "conv_transpose3d(x, w.transpose(0, 1), None, (3, 1, 2), 0, (2, 0, 1))", VOLUME),
    (F + "conv_transpose3d(x, w.transpose(0, 1), None, 1, 1, 0, 1, 2)", VOLUME),
    (F + "conv_transpose3d(x, w.transpose(0, 1), None, 1, 0, 1)", VOLUME),
    (F + "max_pool3d(x, 2)", VOLUME),
    (F + "max_pool3d(x[0], (3, 2, 2), 2, 1)", VOLUME),
    (F + "max_pool3d(x, 2, ceil_mode=True)", VOLUME),
    (F + "max_pool3d(x, 2, dilation=(2, 1, 3))", VOLUME),
    (F + "max_pool3d(x, 9)", VOLUME),
    (F + "avg_pool3d(x, 2)", VOLUME),
    (F + "avg_pool3d(x[1], (2, 3, 2), (1, 2, 2), (1, 1, 0))", VOLUME),
    (F + "avg_pool3d(x, 3, 2, 1, count_include_pad=False)", VOLUME),
    (F + "adaptive_avg_pool3d(x, (2, 3, 4))", VOLUME),
    (F + "adaptive_avg_pool3d(x[0], (None, 1, 2))", VOLUME),
    (F + "adaptive_avg_pool3d(x, 1)", VOLUME),
]
IMAGE = {"x": array(2, 3, 5, 6), "g": RNG.uniform(-1.3, 1.3, (2, 4, 3, 2)), "m": array(2, 2, 3)}
FUNCTIONS += [
    (F + "affine_grid(m, [2, 3, 4, 5], align_corners=False)", IMAGE),
    (F + "affine_grid(m, x.size(), align_corners=True)", IMAGE),
    (F + "grid_sample(x, " + F + "affine_grid(m, x.size(), False), align_corners=False)", IMAGE),
    *[
        (F + f"grid_sample(x, {grid}, {mode!r}, {border!r}, align_corners={corners})", IMAGE)
        for mode, grid in (("bilinear", "g"), ("nearest", "g.detach()"))
        for border in ("zeros", "border")
        for corners in (False, True)
    ],
    (F + "grid_sample(x, g[0], align_corners=False)", IMAGE),
]
ROWS = {
    "t": array(7, 3),
    "ids": RNG.integers(0, 7, 8),
    "pairs": RNG.integers(0, 7, (3, 4)),
    "at": np.array([0, 3, 3, 5]),
    "p": array(8),
}
FUNCTIONS += [
    *[(F + f"embedding_bag(ids, t, at, mode={m!r})", ROWS) for m in ("sum", "mean", "max")],
    *[(F + f"embedding_bag(pairs, t, mode={m!r})", ROWS) for m in ("sum", "mean", "max")],
    (F + "embedding_bag(ids, t, at, mode='sum', per_sample_weights=p)", ROWS),
    (F + "embedding_bag(ids, t, at, include_last_offset=True)", ROWS),
    (F + "embedding_bag(ids, t, at, padding_idx=int(ids[1]))", ROWS),
    (F + "embedding_bag(ids, t)", ROWS),
    (F + "embedding_bag(pairs, t, at)", ROWS),
    (F + "embedding_bag(ids, t, at, per_sample_weights=p)", ROWS),
]
SCORES = {
    "x": array(4, 5),
    "y": array(4, 5),
    "z": array(4, 5),
    "c": RNG.integers(0, 5, 4),
    "w": RNG.uniform(0.5, 2, 5),
    "h": (RNG.random((4, 5)) > 0.5).astype(float),
}
FUNCTIONS += [
    (F + "multi_margin_loss(x, c)", SCORES),
    (F + "multi_margin_loss(x, c, 2, 0.5, w.detach(), reduction='none')", SCORES),
    (F + "multi_margin_loss(x[0], c[:1], reduction='sum')", SCORES),
    (F + "multi_margin_loss(x, c, 3)", SCORES),
    (F + "multilabel_soft_margin_loss(x, h)", SCORES),
    (F + "multilabel_soft_margin_loss(x, h, w, reduction='none')", SCORES),
    (F + "triplet_margin_with_distance_loss(x, y, z, swap=True)", SCORES),
    (
        F + "triplet_margin_with_distance_loss(x, y, z, margin=0.3, reduction='none', "
        "distance_function=lambda a, b: 1 - T.nn.functional.cosine_similarity(a, b))",
        SCORES,
    ),
    *[
        (F + f"{loss}, {old})", SCORES)
        for loss in (
            "mse_loss(x, y",
            "cross_entropy(x, c",
            "kl_div(x, y",
            "soft_margin_loss(x, y.detach()",
        )
        for old in ("size_average=False", "reduce=False", "reduce=True", "size_average=True")
    ],
    (F + "leaky_relu_(x * 1, 0.2)", SCORES),
    (F + "elu_(x * 1) + " + F + "relu_(y * 1)", SCORES),
]


@pytest.mark.parametrize(("text", "arrays"), FUNCTIONS, ids=[text for text, _ in FUNCTIONS])
def test_functions_agree(text, arrays):
    compare(text, arrays)


MODULES = {
    "Conv3d(4, 6, 3, padding=1, padding_mode='reflect')": (2, 4, 5, 6, 7),
    "ConvTranspose3d(4, 6, 3, 2, 1, 1)": (2, 4, 3, 3, 3),
    "MaxPool3d(2)": (2, 4, 4, 4, 6),
    "AvgPool3d((1, 2, 2))": (2, 4, 4, 4, 6),
    "AdaptiveAvgPool3d(1)": (2, 4, 4, 4, 6),
    "BatchNorm3d(4)": (2, 4, 3, 3, 3),
    "InstanceNorm3d(4, affine=True)": (2, 4, 3, 3, 3),
    "ConstantPad3d(1, 2.0)": (1, 2, 3, 3, 3),
    "ReplicationPad3d((1, 0, 2, 0, 1, 1))": (1, 2, 3, 3, 3),
    "EmbeddingBag(9, 4, mode='sum')": None,
    "EmbeddingBag(9, 4, padding_idx=2)": None,
    "MultiMarginLoss(p=2)": "loss",
}


@pytest.mark.parametrize("text", MODULES)
def test_modules_agree(text):
    shape, results = MODULES[text], []
    x = array(*(shape if isinstance(shape, tuple) else (3, 5))).astype(np.float32)
    ids, state = RNG.integers(0, 5, (3, 5)), None
    for T in (torch, scratch):
        m = eval(f"T.nn.{text}", {"T": T})
        state = state or {k: v.numpy().copy() for k, v in m.state_dict().items()}
        m.load_state_dict({k: T.from_numpy(v.copy()) for k, v in state.items()})
        given = [T.from_numpy(ids)] if shape is None else [T.from_numpy(x)]
        given += [T.from_numpy(ids[:, 0])] if shape == "loss" else []
        results.append((repr(m), m(*given).detach().numpy()))
    (ours, theirs) = results[1], results[0]
    assert ours[0] == theirs[0]
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda F: F.grid_sample(scratch.ones(1, 1, 2, 2), scratch.ones(1, 2, 2, 2), "bicubic"),
        lambda F: F.affine_grid(scratch.ones(1, 3, 4), (1, 1, 2, 2, 2)),
        lambda F: F.max_pool3d(scratch.ones(1, 2, 2, 2), 2, return_indices=True),
    ],
)
def test_the_rest_is_refused(call):
    with pytest.raises(NotImplementedError):
        call(scratch.nn.functional)
