"""Every function of nn.functional beside torch's: values and gradients, in float64 and float32."""

import itertools
import warnings
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import dlcourse.scratch.nn.functional as F
from dlcourse import scratch as S
from dlcourse.scratch.autograd import backward

RTOL = {np.float64: 1e-8, np.float32: 5e-4}


def rand(*shape):
    """A source of standard normal values of this shape."""
    return lambda rng: rng.standard_normal(shape)


def uniform(*shape):
    return lambda rng: rng.random(shape)


def rounded(*shape):
    """Values with ties."""
    return lambda rng: np.round(rng.standard_normal(shape))


def ids(high, *shape, low=0):
    return lambda rng: rng.integers(low, high, shape)


def signs(*shape):
    return lambda rng: np.where(rng.random(shape) < 0.5, -1, 1)


def booleans(*shape):
    return lambda rng: rng.random(shape) < 0.7


def both(sources, dtype, seed=0):
    """The same random inputs for the engine and for torch; floats require gradients."""
    rng = np.random.default_rng(seed)
    arrays = [np.asarray(source(rng)) for source in sources]
    arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays]
    ours = [S.tensor(a.copy(), requires_grad=a.dtype.kind == "f") for a in arrays]
    theirs = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    return ours, theirs


def assert_same(ours, theirs, rtol, atol=None, what="value"):
    expected = theirs.detach().numpy()
    assert tuple(ours.shape) == tuple(theirs.shape), what
    assert ours._data.dtype == expected.dtype, what
    atol = rtol / 10 if atol is None else atol
    np.testing.assert_allclose(ours._data, expected, rtol=rtol, atol=atol, err_msg=what)


def compare(ours_function, theirs_function, sources, dtype=np.float64, seed=0):
    """Same values, same gradients, inputs unchanged."""
    ours, theirs = both(sources, dtype, seed)
    before = [t._data.copy() for t in ours]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y, z = ours_function(*ours), theirs_function(*theirs)
    assert_same(y, z, RTOL[dtype])
    for t, a in zip(ours, before, strict=True):
        np.testing.assert_array_equal(t._data, a)
    if not z.requires_grad:
        assert not y.requires_grad
        return
    g = np.random.default_rng(seed + 1).standard_normal(z.shape).astype(dtype)
    backward(y, S.tensor(np.asarray(g)))
    z.backward(torch.tensor(np.asarray(g)))
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if b.grad is None:
            assert a.grad is None or not a.grad._data.any(), i
        else:
            assert_same(a.grad, b.grad, RTOL[dtype] * 10, what=f"gradient of input {i}")


def case(name, *sources, **options):
    """The function `name` on both engines with these inputs and options."""
    label = "-".join(f"{k}={v}" for k, v in options.items())
    return pytest.param(
        partial(getattr(F, name), **options),
        partial(getattr(TF, name), **options),
        sources,
        id=f"{name}-{label}",
    )


def product(name, *sources, **options):
    """One case for each combination of option values."""
    keys = list(options)
    for values in itertools.product(*options.values()):
        yield case(name, *sources, **dict(zip(keys, values, strict=True)))


REDUCTIONS = ("none", "mean", "sum")

ACTIVATIONS = [
    *(
        case(name, rand(3, 4))
        for name in [
            "relu",
            "sigmoid",
            "tanh",
            "leaky_relu",
            "relu6",
            "hardtanh",
            "hardsigmoid",
            "hardswish",
            "elu",
            "celu",
            "selu",
            "gelu",
            "silu",
            "mish",
            "softplus",
            "logsigmoid",
            "softsign",
            "tanhshrink",
            "hardshrink",
            "softshrink",
        ]
    ),
    *(case(name, rand()) for name in ("relu", "elu", "gelu", "silu", "softplus", "leaky_relu")),
    *(case(name, rand(0, 3)) for name in ("relu", "elu", "gelu", "silu", "softplus", "softsign")),
    *product("leaky_relu", rand(5), negative_slope=(0.0, 0.2, -0.1)),
    *product("elu", rand(5), alpha=(0.5, 2.0)),
    *product("celu", rand(5), alpha=(0.5, 2.0)),
    *product("gelu", rand(50), approximate=("none", "tanh")),
    *product("softplus", rand(50), beta=(0.5, 3), threshold=(1, 20)),
    *product("hardtanh", rand(50), min_val=(-2, -0.5), max_val=(0.5, 1)),
    *product("threshold", rand(20), threshold=(0.1, -1), value=(5.0, 0)),
    *product("hardshrink", rand(20), lambd=(0.1, 1)),
    *product("softshrink", rand(20), lambd=(0.1, 1)),
    *product("glu", rand(4, 6), dim=(0, 1, -1)),
    *(
        case("prelu", rand(*s), rand(n))
        for s, n in (((3, 4), 4), ((3, 4, 2, 2), 1), ((5,), 1), ((), 1))
    ),
    *product("softmax", rand(3, 4, 2), dim=(0, 1, -1, None)),
    *product("log_softmax", rand(3, 4, 2), dim=(0, 1, -1, None)),
    *product("softmin", rand(3, 4), dim=(0, -1)),
]


def embed(functional):
    """`embedding` with the weight first, so that integer inputs come last."""
    return lambda weight, at, **options: functional.embedding(at, weight, **options)


def embedding_case(rows, source, **options):
    ours, theirs = partial(embed(F), **options), partial(embed(TF), **options)
    return pytest.param(ours, theirs, (rand(rows, 3), source), id=f"embedding-{rows}-{options}")


LINEAR = [
    *(case("linear", rand(*s), rand(5, 4), rand(5)) for s in ((3, 4), (2, 3, 4), (4,), (0, 4))),
    case("linear", rand(3, 4), rand(5, 4)),
    case("linear", rand(3, 4), rand(4)),
    case("bilinear", rand(3, 4), rand(3, 5), rand(2, 4, 5), rand(2)),
    case("bilinear", rand(2, 3, 4), rand(2, 3, 5), rand(2, 4, 5)),
    embedding_case(5, ids(5, 2, 3)),
    embedding_case(5, ids(5)),
    embedding_case(5, ids(5, 0)),
    embedding_case(5, ids(5, 20), padding_idx=2),
    embedding_case(5, ids(5, 20), padding_idx=-1),
    embedding_case(700, ids(50, 4, 9)),
    case("one_hot", ids(5, 2, 3), num_classes=7),
    case("one_hot", ids(5, 2, 3)),
    case("one_hot", ids(5), num_classes=5),
]

DISTANCES = [
    *product("normalize", rand(3, 4), p=(1, 2, 3.0, float("inf")), dim=(0, 1, -1)),
    *product("cosine_similarity", rand(3, 4), rand(3, 4), dim=(0, 1), eps=(1e-8, 2.0)),
    case("cosine_similarity", rand(3, 1, 4), rand(5, 4), dim=-1),
    *product("pairwise_distance", rand(3, 4), rand(3, 4), p=(1, 2, 3), keepdim=(False, True)),
]


def class_losses():
    """cross_entropy and nll_loss over shapes, weights, ignored classes and smoothing."""
    shapes = [((4, 5), (4,)), ((5,), ()), ((2, 5, 3), (2, 3)), ((2, 5, 3, 2), (2, 3, 2))]
    for (scores, target), reduction in itertools.product(shapes, REDUCTIONS):
        for name in ("cross_entropy", "nll_loss"):
            yield case(name, rand(*scores), ids(5, *target), reduction=reduction)
            yield case(name, rand(*scores), ids(5, *target), reduction=reduction, ignore_index=1)
        yield case(
            "cross_entropy",
            rand(*scores),
            ids(5, *target),
            reduction=reduction,
            label_smoothing=0.2,
        )
        for smoothing in (0.0, 0.3):
            yield case(
                "cross_entropy",
                rand(*scores),
                uniform(*scores),
                reduction=reduction,
                label_smoothing=smoothing,
            )


def weighted(name, functional, **options):
    """A class loss with the class weights as third input, detached as they are never trained."""

    def loss(scores, target, weight):
        return getattr(functional, name)(scores, target, weight=weight.detach(), **options)

    return loss


def weighted_class_losses():
    for reduction, ignore, smoothing in itertools.product(REDUCTIONS, (-100, 2), (0.0, 0.2)):
        options = {"reduction": reduction, "ignore_index": ignore}
        for name, target in (("cross_entropy", ids(5, 4, 3)), ("nll_loss", ids(5, 4, 3))):
            extra = {"label_smoothing": smoothing} if name == "cross_entropy" else {}
            pair = (weighted(name, f, **options, **extra) for f in (F, TF))
            sources = (rand(4, 5, 3), target, uniform(5))
            yield pytest.param(*pair, sources, id=f"{name}-weighted-{options}-{extra}")
    for reduction in REDUCTIONS:
        pair = (
            weighted("cross_entropy", f, reduction=reduction, label_smoothing=0.1) for f in (F, TF)
        )
        sources = (rand(4, 5), uniform(4, 5), uniform(5))
        yield pytest.param(*pair, sources, id=f"cross_entropy-weighted-soft-{reduction}")


def weight_cases():
    """Elementwise losses with a weight as third input."""
    for name, reduction in itertools.product(
        (
            "mse_loss",
            "l1_loss",
            "huber_loss",
            "binary_cross_entropy",
            "binary_cross_entropy_with_logits",
        ),
        REDUCTIONS,
    ):
        pair = (weighted(name, f, reduction=reduction) for f in (F, TF))
        sources = (uniform(3, 4), uniform(3, 4), uniform(3, 4))
        yield pytest.param(*pair, sources, id=f"{name}-weighted-{reduction}")
    for reduction in REDUCTIONS:
        pair = (
            lambda x, y, w, f=f, r=reduction: f.binary_cross_entropy_with_logits(
                x, y, pos_weight=w.detach(), reduction=r
            )
            for f in (F, TF)
        )
        yield pytest.param(
            *pair, (rand(3, 4), uniform(3, 4), uniform(4)), id=f"pos_weight-{reduction}"
        )


LOSSES = [
    *(
        c
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
        for c in product(name, rand(3, 4), rand(3, 4), reduction=REDUCTIONS)
    ),
    *product("soft_margin_loss", rand(3, 4), signs(3, 4), reduction=REDUCTIONS),
    *(case(name, rand(), rand()) for name in ("mse_loss", "l1_loss", "huber_loss")),
    *(case(name, rand(3, 4), rand(4)) for name in ("mse_loss", "l1_loss", "huber_loss")),
    *product("smooth_l1_loss", rand(9), rand(9), beta=(0, 0.5, 2.0), reduction=REDUCTIONS),
    *product("huber_loss", rand(9), rand(9), delta=(0.3, 2.0), reduction=REDUCTIONS),
    *product("binary_cross_entropy", uniform(3, 4), uniform(3, 4), reduction=REDUCTIONS),
    *product("binary_cross_entropy_with_logits", rand(3, 4), uniform(3, 4), reduction=REDUCTIONS),
    *product(
        "kl_div",
        rand(3, 4),
        uniform(3, 4),
        reduction=(*REDUCTIONS, "batchmean"),
        log_target=(False, True),
    ),
    *class_losses(),
    *weighted_class_losses(),
    *weight_cases(),
    *product("hinge_embedding_loss", rand(6), signs(6), margin=(0.5, 1.0), reduction=REDUCTIONS),
    *product(
        "margin_ranking_loss", rand(6), rand(6), signs(6), margin=(0, 0.5), reduction=REDUCTIONS
    ),
    *product(
        "cosine_embedding_loss",
        rand(6, 3),
        rand(6, 3),
        signs(6),
        margin=(0, 0.2),
        reduction=REDUCTIONS,
    ),
    *product(
        "triplet_margin_loss",
        rand(6, 3),
        rand(6, 3),
        rand(6, 3),
        margin=(0.5, 1.0),
        p=(1, 2),
        swap=(False, True),
        reduction=REDUCTIONS,
    ),
    *product(
        "gaussian_nll_loss",
        rand(4, 3),
        rand(4, 3),
        uniform(4, 3),
        full=(False, True),
        reduction=REDUCTIONS,
    ),
    case("gaussian_nll_loss", rand(4, 3), rand(4, 3), uniform(4, 1), eps=0.5),
    *product(
        "poisson_nll_loss",
        uniform(4, 3),
        uniform(4, 3),
        log_input=(True, False),
        full=(False,),
        reduction=REDUCTIONS,
    ),
]


def batch_norm(f, training, affine, tracked):
    """batch_norm with running statistics of its own, returned joined to the output."""

    def run(x, weight, bias, mean, var):
        kept = (mean.detach() * 1, (var * var).detach()) if tracked else (None, None)
        affine_parts = (weight, bias) if affine else (None, None)
        return f.batch_norm(x, *kept, *affine_parts, training=training, momentum=0.3)

    return run


def norms():
    for shape, training, affine, tracked in itertools.product(
        ((4, 3), (4, 3, 5), (4, 3, 2, 5)), (True, False), (True, False), (True, False)
    ):
        if training or tracked:
            pair = (batch_norm(f, training, affine, tracked) for f in (F, TF))
            sources = (rand(*shape), rand(3), rand(3), rand(3), rand(3))
            yield pytest.param(
                *pair, sources, id=f"batch_norm-{shape}-{training}-{affine}-{tracked}"
            )
    for shape in ((4, 6, 5), (2, 6, 3, 2), (4, 6)):
        for groups in (1, 2, 6):
            if len(shape) > 2 or groups < 6:
                yield case("group_norm", rand(*shape), num_groups=groups)
                pair = (
                    lambda x, w, b, f=f, n=groups: f.group_norm(x, n, w, b, 0.1) for f in (F, TF)
                )
                yield pytest.param(
                    *pair,
                    (rand(*shape), rand(6), rand(6)),
                    id=f"group_norm-affine-{shape}-{groups}",
                )
    for shape in ((4, 3, 5), (2, 3, 4, 2)):
        yield case("instance_norm", rand(*shape))
        pair = (lambda x, w, b, f=f: f.instance_norm(x, weight=w, bias=b) for f in (F, TF))
        yield pytest.param(*pair, (rand(*shape), rand(3), rand(3)), id=f"instance_norm-{shape}")
    for normalized in ((5,), (3, 5)):
        yield case("layer_norm", rand(2, 3, 5), normalized_shape=normalized)
        yield case("rms_norm", rand(2, 3, 5), normalized_shape=normalized)
        yield case("layer_norm", rand(0, 3, 5), normalized_shape=normalized)
        pair = (lambda x, w, b, f=f, n=normalized: f.layer_norm(x, n, w, b, 0.1) for f in (F, TF))
        sources = (rand(2, 3, 5), rand(*normalized), rand(*normalized))
        yield pytest.param(*pair, sources, id=f"layer_norm-affine-{normalized}")
        pair = (lambda x, w, f=f, n=normalized: f.rms_norm(x, n, w, 0.1) for f in (F, TF))
        yield pytest.param(*pair, sources[:2], id=f"rms_norm-affine-{normalized}")
    yield from product(
        "local_response_norm", rand(2, 5, 4), size=(2, 3), alpha=(0.5,), beta=(0.75,)
    )


def convolutions():
    for stride, padding, dilation, groups in itertools.product((1, 2), (0, 1), (1, 2), (1, 2)):
        options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        wide, narrow = 4 // groups, 6 // groups
        yield case("conv1d", rand(2, 4, 9), rand(6, wide, 3), rand(6), **options)
        yield case("conv2d", rand(2, 4, 9, 8), rand(6, wide, 3, 2), rand(6), **options)
        yield case("conv_transpose1d", rand(2, 4, 5), rand(4, narrow, 3), rand(6), **options)
        options["output_padding"] = max(stride, dilation) - 1
        yield case("conv_transpose2d", rand(2, 4, 5, 4), rand(4, narrow, 3, 2), rand(6), **options)
    yield case("conv2d", rand(3, 6, 6), rand(2, 3, 3, 3))
    yield case("conv1d", rand(3, 6), rand(2, 3, 3))
    yield case("conv_transpose2d", rand(3, 6, 6), rand(3, 2, 3, 3))
    yield case("conv2d", rand(0, 3, 6, 6), rand(2, 3, 3, 3))
    yield case("conv2d", rand(2, 3, 7, 6), rand(2, 3, 3, 2), stride=(2, 1), padding=(1, 0))
    yield case("conv2d", rand(2, 4, 5, 5), rand(4, 1, 3, 3), groups=4)
    yield from product(
        "conv2d",
        rand(2, 3, 7, 6),
        rand(2, 3, 4, 2),
        rand(2),
        padding=("same", "valid"),
        dilation=(1, 2),
    )
    yield from product("conv1d", rand(2, 3, 9), rand(2, 3, 4), padding=("same", "valid"))


def pools():
    for kernel, stride, padding, ceil_mode in itertools.product(
        (2, 3), (None, 1, 2, 3), (0, 1), (False, True)
    ):
        options = {
            "kernel_size": kernel,
            "stride": stride,
            "padding": padding,
            "ceil_mode": ceil_mode,
        }
        for source in (rand(2, 3, 9, 8), rounded(3, 9, 8)):
            yield case("max_pool2d", source, **options)
            yield case("avg_pool2d", source, **options)
        yield case("max_pool1d", rounded(2, 3, 9), **options)
        yield case("avg_pool1d", rand(2, 3, 9), **options)
        yield case("avg_pool2d", rand(2, 3, 9, 8), **options, count_include_pad=False)
        yield case("avg_pool2d", rand(2, 3, 9, 8), **options, divisor_override=3)
    yield from product(
        "max_pool2d", rand(2, 3, 9, 8), kernel_size=(2, 3), dilation=(2, 3), stride=(1, 2)
    )
    yield case("max_pool2d", rand(2, 3, 9, 8), kernel_size=(3, 2), stride=(2, 1), padding=(1, 0))
    yield case("max_pool2d", ids(9, 2, 3, 4, 4), kernel_size=2)
    yield case("max_pool2d", rand(0, 3, 4, 4), kernel_size=2)
    for size in ((1, 1), (2, 3), (9, 8), (10, 3), (None, 4), 2):
        yield case("adaptive_avg_pool2d", rand(2, 3, 9, 8), output_size=size)
        yield case("adaptive_max_pool2d", rounded(2, 3, 9, 8), output_size=size)
    for size in (1, 4, 11):
        yield case("adaptive_avg_pool1d", rand(2, 3, 9), output_size=size)
        yield case("adaptive_max_pool1d", rounded(3, 9), output_size=size)


def patches():
    for kernel, dilation, padding, stride in itertools.product((2, (3, 2)), (1, 2), (0, 1), (1, 2)):
        options = {
            "kernel_size": kernel,
            "dilation": dilation,
            "padding": padding,
            "stride": stride,
        }
        yield case("unfold", rand(2, 3, 7, 8), **options)
    yield case("unfold", rand(3, 7, 8), kernel_size=2)
    yield case("fold", rand(2, 12, 12), output_size=(4, 5), kernel_size=2)
    yield case("fold", rand(12, 6), output_size=(4, 5), kernel_size=2, stride=2, padding=(0, 1))
    yield case("pixel_shuffle", rand(2, 12, 3, 4), upscale_factor=2)
    yield case("pixel_shuffle", rand(9, 3, 4), upscale_factor=3)
    yield case("pixel_unshuffle", rand(2, 3, 6, 4), downscale_factor=2)
    yield case("channel_shuffle", rand(2, 6, 3, 2), groups=3)


def pads():
    for widths in ((1, 2), (0, 0), (2, 0, 1, 3), (-1, 2), (-1, -1, 2, 0), (1, 1, 1, 1, 1, 1)):
        yield case("pad", rand(3, 4, 5), pad=widths)
        yield case("pad", rand(3, 4, 5), pad=widths, value=1.5)
    for mode in ("reflect", "replicate", "circular"):
        yield case("pad", rand(2, 3, 5), pad=(2, 1), mode=mode)
        yield case("pad", rand(3, 5), pad=(2, 1), mode=mode)
        yield case("pad", rand(2, 3, 5, 4), pad=(2, 1, 3, 0), mode=mode)
        yield case("pad", rand(3, 5, 4), pad=(2, 1, 3, 0), mode=mode)
    yield case("pad", ids(9, 2, 3), pad=(1, 1), value=7)
    yield case("pad", rand(2, 3, 5), pad=(8, 1), mode="replicate")


def resamplings():
    for size in (3, 7, 10):
        yield case("interpolate", rand(2, 3, 5), size=size)
        yield case("interpolate", rand(2, 3, 5), size=size, mode="nearest-exact")
        yield case("interpolate", rand(2, 3, 5, 4), size=(size, 6), mode="area")
        for align in (None, False, True):
            yield case("interpolate", rand(2, 3, 5), size=size, mode="linear", align_corners=align)
            yield case(
                "interpolate",
                rand(2, 3, 5, 4),
                size=(size, 6),
                mode="bilinear",
                align_corners=align,
            )
    for scale in (2, 0.6, 1.5, (2.0, 3.0)):
        yield case("interpolate", rand(2, 3, 5, 4), scale_factor=scale)
        for align, again in itertools.product((False, True), (None, True)):
            yield case(
                "interpolate",
                rand(2, 3, 5, 4),
                scale_factor=scale,
                mode="bilinear",
                align_corners=align,
                recompute_scale_factor=again,
            )


def attentions():
    q, k, v = rand(2, 3, 4, 6), rand(2, 3, 5, 6), rand(2, 3, 5, 7)
    yield case("scaled_dot_product_attention", q, k, v)
    yield case("scaled_dot_product_attention", q, k, v, scale=0.3)
    yield case("scaled_dot_product_attention", q, k, v, is_causal=True)
    yield case("scaled_dot_product_attention", rand(4, 6), rand(5, 6), rand(5, 7))
    yield case("scaled_dot_product_attention", rand(3, 4, 6), rand(3, 5, 6), rand(3, 5, 7))
    for mask in (
        rand(4, 5),
        booleans(4, 5),
        rand(2, 1, 4, 5),
        booleans(2, 3, 4, 5),
        booleans(1, 5),
    ):
        pair = (
            lambda q, k, v, m, f=f: f.scaled_dot_product_attention(q, k, v, attn_mask=m)
            for f in (F, TF)
        )
        yield pytest.param(*pair, (q, k, v, mask), id="attention-mask")
    yield case(
        "scaled_dot_product_attention",
        rand(2, 6, 4, 6),
        rand(2, 3, 5, 6),
        rand(2, 3, 5, 7),
        enable_gqa=True,
    )


CASES = [
    *ACTIVATIONS,
    *LINEAR,
    *DISTANCES,
    *LOSSES,
    *norms(),
    *convolutions(),
    *pools(),
    *patches(),
    *pads(),
    *resamplings(),
    *attentions(),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(("ours", "theirs", "sources"), CASES)
def test_value_and_gradient_are_torchs(ours, theirs, sources, dtype):
    compare(ours, theirs, sources, dtype)


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30, -1e30, 100.0, -100.0])


@pytest.mark.parametrize(
    "name",
    [
        *("relu", "sigmoid", "tanh", "leaky_relu", "relu6", "hardtanh", "hardsigmoid", "hardswish"),
        *(
            "elu",
            "celu",
            "selu",
            "silu",
            "mish",
            "softplus",
            "logsigmoid",
            "softsign",
            "tanhshrink",
        ),
        *("hardshrink", "softshrink"),
    ],
)
def test_special_values(name):
    """NaN, infinities and signed zeros go through as in torch, forward and backward."""
    ours = S.tensor(SPECIAL.copy(), requires_grad=True)
    theirs = torch.tensor(SPECIAL, requires_grad=True)
    y, z = getattr(F, name)(ours), getattr(TF, name)(theirs)
    assert_same(y, z, 1e-8)
    y.sum().backward()
    z.sum().backward()
    known = ~np.isnan(SPECIAL)  # at NaN, torch's slope depends on the place in the vector
    np.testing.assert_allclose(
        ours.grad._data[known], theirs.grad.numpy()[known], rtol=1e-7, atol=1e-12
    )


@pytest.mark.parametrize("name", ["relu", "relu6", "hardtanh", "threshold", "sigmoid", "softsign"])
def test_ints_where_torch_takes_them(name):
    options = {"threshold": 0, "value": 5} if name == "threshold" else {}
    x = np.array([-3, 0, 2, 9])
    assert_same(
        getattr(F, name)(S.tensor(x), **options),
        getattr(TF, name)(torch.tensor(x), **options),
        1e-6,
    )


EMPTY = {
    "cross_entropy": lambda f, lib: f.cross_entropy(lib.zeros(0, 3), lib.zeros(0).long()),
    "cross_entropy, sum": lambda f, lib: f.cross_entropy(
        lib.zeros(0, 3), lib.zeros(0).long(), reduction="sum"
    ),
    "all ignored": lambda f, lib: f.cross_entropy(lib.zeros(2, 3), lib.zeros(2).long() - 100),
    "mse_loss": lambda f, lib: f.mse_loss(lib.zeros(0, 3), lib.zeros(0, 3)),
    "linear, no inputs": lambda f, lib: f.linear(lib.zeros(2, 0), lib.zeros(4, 0)),
    "linear, no outputs": lambda f, lib: f.linear(lib.zeros(2, 3), lib.zeros(0, 3)),
    "batch_norm": lambda f, lib: f.batch_norm(lib.zeros(0, 3), None, None, training=True),
    "group_norm": lambda f, lib: f.group_norm(lib.zeros(0, 4, 2), 2),
    "one_hot": lambda f, lib: f.one_hot(lib.zeros(0, 2).long(), 3),
    "adaptive_avg_pool2d": lambda f, lib: f.adaptive_avg_pool2d(lib.zeros(1, 1, 4, 4), 0),
}


@pytest.mark.parametrize("name", EMPTY)
def test_empty_input(name):
    assert_same(EMPTY[name](F, S), EMPTY[name](TF, torch), 1e-6)


def test_in_place_forms_write_the_input():
    for name in (
        "relu",
        "leaky_relu",
        "elu",
        "silu",
        "hardtanh",
        "relu6",
        "selu",
        "mish",
        "hardswish",
    ):
        x = np.linspace(-3, 3, 7)
        ours, theirs = S.tensor(x.copy()), torch.tensor(x)
        assert getattr(F, name)(ours, inplace=True) is ours
        getattr(TF, name)(theirs, inplace=True)
        np.testing.assert_allclose(ours._data, theirs.numpy(), rtol=1e-9)
    leaf = S.tensor(np.linspace(-3, 3, 7), requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        F.relu(leaf, inplace=True)
    F.relu(leaf * 2, inplace=True).sum().backward()
    np.testing.assert_array_equal(leaf.grad._data, 2.0 * (leaf._data > 0))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("flat", [False, True])
def test_ctc_loss(reduction, flat):
    """Repeats, an empty target, unequal lengths and a target that is too long."""
    scores = np.random.default_rng(0).standard_normal((6, 4, 5))
    targets = np.array([[1, 2, 2], [3, 0, 0], [0, 0, 0], [4, 4, 4]])
    lengths, found = [3, 1, 0, 3], []
    given = np.concatenate([row[:n] for row, n in zip(targets, lengths, strict=True)])
    for T in (torch, S):
        x = T.tensor(scores, requires_grad=True)
        loss = T.nn.CTCLoss(reduction=reduction, zero_infinity=True)(
            x.log_softmax(-1),
            T.tensor(given if flat else targets),
            T.tensor([6, 4, 5, 4]),
            T.tensor(lengths),
        )
        loss.sum().backward()
        infinite = T.nn.functional.ctc_loss(
            x[:4, 3].log_softmax(-1), T.tensor([4, 4, 4]), (4,), (3,)
        )
        found.append([t.detach().numpy() for t in (loss, x.grad, infinite)])
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    x = S.zeros(2, 1, 3).log_softmax(-1)
    for bad in (((9,), (1,), 0), ((2,), (1, 1), 0), ((2,), (5,), 0), ((2,), (1,), 7)):
        with pytest.raises(RuntimeError):
            F.ctc_loss(x, S.tensor([[1]]), *bad)


@pytest.mark.parametrize("options", [{}, {"stride": 1}, {"padding": 1}, {"stride": (1, 2)}])
def test_unpooling_puts_each_maximum_back(options):
    found = []
    for T in (torch, S):
        x = T.tensor(np.random.default_rng(0).permutation(60).reshape(1, 2, 5, 6) / 7)
        x[0, 0, 2, 2] = float("nan")
        x.requires_grad_()
        y, at = T.nn.MaxPool2d(2, return_indices=True, **options)(x)
        back = T.nn.MaxUnpool2d(2, **options)(y, at, output_size=(5, 6))
        line, where = T.nn.functional.max_pool1d(x[0, 1], 2, return_indices=True)
        again = T.nn.functional.max_unpool1d(line, where, 2)
        (y.nan_to_num().sum() + (again * again).sum()).backward()
        found.append([t.detach().numpy() for t in (y, at, back, again, x.grad)])
        with pytest.raises(ValueError, match="output_size"):
            T.nn.MaxUnpool2d(2)(y, at, output_size=(50, 6))
    assert repr(S.nn.MaxUnpool2d(2)) == repr(torch.nn.MaxUnpool2d(2))
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs)
