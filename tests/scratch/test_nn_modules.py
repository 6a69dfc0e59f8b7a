"""Every module beside torch's: names, shapes, outputs, gradients, from torch's own state dict."""

import warnings

import numpy as np
import pytest
import torch

from dlcourse import scratch as S
from dlcourse.scratch.autograd import backward


def normal(*shape):
    return lambda rng: rng.standard_normal(shape).astype(np.float32)


def ids(high, *shape):
    return lambda rng: rng.integers(0, high, shape)


def case(name, *args, inputs, **options):
    label = ",".join([*map(str, args), *(f"{k}={v}" for k, v in options.items())])
    return pytest.param(name, args, options, inputs, id=f"{name}({label})")


def pair(name, args=(), options=None):
    """The module on both engines, with torch's weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(torch.nn, name)(*args, **options or {})
        ours = getattr(S.nn, name)(*args, **options or {})
    state = {k: v.numpy() for k, v in theirs.state_dict().items()}
    ours.load_state_dict(state)
    return ours, theirs


def flat(result):
    """The tensors of a result, however nested."""
    if isinstance(result, (tuple, list)):
        return [t for part in result for t in flat(part)]
    return [] if result is None else [result]


def as_tensors(values, tensor):
    """Arrays as tensors that record, nested tuples kept."""
    if isinstance(values, tuple):
        return tuple(as_tensors(v, tensor) for v in values)
    if isinstance(values, np.ndarray):
        return tensor(values.copy(), requires_grad=values.dtype.kind == "f")
    return values


def drawn(source, rng):
    return tuple(drawn(s, rng) for s in source) if isinstance(source, tuple) else source(rng)


def assert_close(ours, theirs, what, rtol=5e-4):
    expected = theirs.detach().numpy()
    assert tuple(ours.shape) == tuple(expected.shape), what
    np.testing.assert_allclose(ours._data, expected, rtol=rtol, atol=1e-5, err_msg=what)


def assert_same_pass(ours, theirs, inputs, call=None, seed=0):
    """One pass forward and back on both: outputs, gradients, buffers."""
    rng = np.random.default_rng(seed)
    values = drawn(inputs, rng)
    a, b = as_tensors(values, S.tensor), as_tensors(values, torch.tensor)
    options = call or {}
    mine = {k: as_tensors(v, S.tensor) for k, v in options.items()}
    others = {k: as_tensors(v, torch.tensor) for k, v in options.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y, z = flat(ours(*a, **mine)), flat(theirs(*b, **others))
    assert len(y) == len(z)
    for i, (u, v) in enumerate(zip(y, z, strict=True)):
        assert_close(u, v, f"output {i}")
    gradients = [rng.standard_normal(v.shape).astype(np.float32) for v in z]
    kept = [i for i, v in enumerate(z) if v.requires_grad]
    assert kept == [i for i, u in enumerate(y) if u.requires_grad]
    if kept:
        backward([y[i] for i in kept], [S.tensor(np.asarray(gradients[i])) for i in kept])
        torch.autograd.backward(
            [z[i] for i in kept], [torch.tensor(np.asarray(gradients[i])) for i in kept]
        )
    for i, (u, v) in enumerate(zip(flat(a), flat(b), strict=True)):
        if v.grad is not None:
            assert_close(u.grad, v.grad, f"gradient of input {i}")
    theirs_named = dict(theirs.named_parameters())
    assert [n for n, _ in ours.named_parameters()] == list(theirs_named)
    for name, p in ours.named_parameters():
        if theirs_named[name].grad is not None:
            assert_close(p.grad, theirs_named[name].grad, f"gradient of {name}")
    for (name, u), (_, v) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert_close(u, v, f"buffer {name}")


PLAIN = [
    *(
        case(name, inputs=(normal(3, 4),))
        for name in [
            "ReLU",
            "LeakyReLU",
            "ELU",
            "CELU",
            "GELU",
            "SiLU",
            "Sigmoid",
            "Tanh",
            "Softplus",
            "ReLU6",
            "SELU",
            "Mish",
            "GLU",
            "Hardtanh",
            "Hardsigmoid",
            "Hardswish",
            "Softsign",
            "LogSigmoid",
            "Tanhshrink",
            "Hardshrink",
            "Softshrink",
            "Identity",
        ]
    ),
    *(
        case(name, dim=d, inputs=(normal(3, 4),))
        for name in ("Softmax", "LogSoftmax", "Softmin")
        for d in (0, 1)
    ),
    case("Softmax2d", inputs=(normal(2, 3, 4, 4),)),
    case("Threshold", 0.1, 20, inputs=(normal(9),)),
    case("GELU", approximate="tanh", inputs=(normal(9),)),
    case("LeakyReLU", 0.3, inputs=(normal(9),)),
    case("PReLU", inputs=(normal(3, 4),)),
    case("PReLU", 4, 0.1, inputs=(normal(3, 4, 2),)),
    case("Linear", 4, 3, inputs=(normal(2, 5, 4),)),
    case("Linear", 4, 3, bias=False, inputs=(normal(4),)),
    case("Bilinear", 3, 4, 2, inputs=(normal(5, 3), normal(5, 4))),
    case("Embedding", 7, 3, inputs=(ids(7, 2, 5),)),
    case("Embedding", 7, 3, padding_idx=2, inputs=(ids(7, 2, 5),)),
    case("Flatten", inputs=(normal(2, 3, 4),)),
    case("Flatten", 0, 1, inputs=(normal(2, 3, 4),)),
    case("Unflatten", 1, (2, 3), inputs=(normal(4, 6),)),
    case("CosineSimilarity", inputs=(normal(3, 4), normal(3, 4))),
    case("PairwiseDistance", inputs=(normal(3, 4), normal(3, 4))),
    case("Conv1d", 4, 6, 3, inputs=(normal(2, 4, 9),)),
    case("Conv1d", 4, 6, 3, 2, 1, 2, 2, False, inputs=(normal(2, 4, 9),)),
    case("Conv2d", 3, 5, 3, inputs=(normal(2, 3, 7, 8),)),
    case("Conv2d", 4, 6, (3, 2), (2, 1), (1, 0), (1, 2), 2, inputs=(normal(2, 4, 7, 8),)),
    case("Conv2d", 3, 5, 4, padding="same", inputs=(normal(2, 3, 7, 8),)),
    case("Conv2d", 3, 5, 4, padding="same", padding_mode="reflect", inputs=(normal(2, 3, 7, 8),)),
    *(
        case("Conv2d", 3, 5, 3, padding=(2, 1), padding_mode=mode, inputs=(normal(2, 3, 7, 8),))
        for mode in ("reflect", "replicate", "circular")
    ),
    case("Conv1d", 3, 5, 3, padding=2, padding_mode="circular", inputs=(normal(2, 3, 7),)),
    case("ConvTranspose1d", 4, 6, 3, 2, 1, 1, inputs=(normal(2, 4, 9),)),
    case("ConvTranspose2d", 4, 6, 3, inputs=(normal(2, 4, 5, 6),)),
    case("ConvTranspose2d", 4, 6, 3, 2, 1, 1, 2, False, 2, inputs=(normal(2, 4, 5, 6),)),
    case("MaxPool1d", 2, inputs=(normal(2, 3, 8),)),
    case("MaxPool2d", 2, inputs=(normal(2, 3, 8, 8),)),
    case("MaxPool2d", 3, 2, 1, ceil_mode=True, inputs=(normal(2, 3, 8, 8),)),
    case("AvgPool1d", 3, 2, inputs=(normal(2, 3, 8),)),
    case("AvgPool2d", (2, 3), inputs=(normal(2, 3, 8, 8),)),
    case("AvgPool2d", 3, 2, 1, True, False, inputs=(normal(2, 3, 8, 8),)),
    case("AdaptiveAvgPool1d", 3, inputs=(normal(2, 3, 8),)),
    case("AdaptiveAvgPool2d", (None, 3), inputs=(normal(2, 3, 8, 7),)),
    case("AdaptiveMaxPool1d", 3, inputs=(normal(2, 3, 8),)),
    case("AdaptiveMaxPool2d", 3, inputs=(normal(2, 3, 8, 7),)),
    case("BatchNorm1d", 4, inputs=(normal(6, 4),)),
    case("BatchNorm1d", 4, momentum=None, inputs=(normal(6, 4, 5),)),
    case("BatchNorm2d", 4, inputs=(normal(6, 4, 5, 3),)),
    case("BatchNorm2d", 4, 0.1, 0.5, False, False, inputs=(normal(6, 4, 5, 3),)),
    case("BatchNorm2d", 4, bias=False, inputs=(normal(6, 4, 5, 3),)),
    case("InstanceNorm1d", 4, inputs=(normal(6, 4, 5),)),
    case("InstanceNorm1d", 4, affine=True, inputs=(normal(4, 5),)),
    case("InstanceNorm2d", 4, affine=True, track_running_stats=True, inputs=(normal(6, 4, 5, 3),)),
    case("LayerNorm", 5, inputs=(normal(2, 3, 5),)),
    case("LayerNorm", (3, 5), 0.1, inputs=(normal(2, 3, 5),)),
    case("LayerNorm", 5, elementwise_affine=False, inputs=(normal(2, 3, 5),)),
    case("LayerNorm", 5, bias=False, inputs=(normal(2, 3, 5),)),
    case("RMSNorm", 5, inputs=(normal(2, 3, 5),)),
    case("RMSNorm", (3, 5), 0.1, inputs=(normal(2, 3, 5),)),
    case("GroupNorm", 2, 6, inputs=(normal(2, 6, 5),)),
    case("GroupNorm", 3, 6, affine=False, inputs=(normal(2, 6, 5, 3),)),
    case("LocalResponseNorm", 3, inputs=(normal(2, 6, 5, 3),)),
    case("Dropout", 0.0, inputs=(normal(3, 4),)),
    case("ZeroPad1d", 1, inputs=(normal(2, 3, 4),)),
    case("ZeroPad2d", (1, 0, 2, 1), inputs=(normal(2, 3, 4, 4),)),
    case("ConstantPad1d", 2, 1.5, inputs=(normal(2, 3, 4),)),
    case("ConstantPad2d", (1, -1, 2, 1), 1.5, inputs=(normal(2, 3, 4, 4),)),
    *(
        case(f"{kind}Pad{n}d", 1, inputs=(normal(*(2, 3, 4, 4)[: n + 2]),))
        for kind in ("Reflection", "Replication", "Circular")
        for n in (1, 2)
    ),
    case("Upsample", scale_factor=2, inputs=(normal(2, 3, 4, 5),)),
    case("Upsample", (6, 7), mode="bilinear", align_corners=False, inputs=(normal(2, 3, 4, 5),)),
    case("UpsamplingNearest2d", scale_factor=2, inputs=(normal(2, 3, 4, 5),)),
    case("UpsamplingBilinear2d", scale_factor=2, inputs=(normal(2, 3, 4, 5),)),
    case("PixelShuffle", 2, inputs=(normal(2, 8, 3, 3),)),
    case("PixelUnshuffle", 2, inputs=(normal(2, 2, 6, 4),)),
    case("ChannelShuffle", 2, inputs=(normal(2, 8, 3, 3),)),
    case("Unfold", 3, inputs=(normal(2, 2, 6, 4),)),
    case("Fold", (4, 5), 2, inputs=(normal(2, 8, 12),)),
]

LOSSES = [
    *(
        case(name, reduction=r, inputs=(normal(3, 4), normal(3, 4)))
        for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")
        for r in ("none", "mean", "sum")
    ),
    case("SmoothL1Loss", beta=0.3, inputs=(normal(3, 4), normal(3, 4))),
    case("HuberLoss", delta=0.3, inputs=(normal(3, 4), normal(3, 4))),
    case("CrossEntropyLoss", inputs=(normal(3, 4), ids(4, 3))),
    case("CrossEntropyLoss", ignore_index=1, label_smoothing=0.1, inputs=(normal(3, 4), ids(4, 3))),
    case("NLLLoss", reduction="sum", inputs=(normal(3, 4), ids(4, 3))),
    case("BCEWithLogitsLoss", inputs=(normal(3, 4), normal(3, 4))),
    case("KLDivLoss", reduction="batchmean", log_target=True, inputs=(normal(3, 4), normal(3, 4))),
    case(
        "CosineEmbeddingLoss",
        0.2,
        inputs=(normal(3, 4), normal(3, 4), lambda rng: np.array([1, -1, 1])),
    ),
    case("MarginRankingLoss", 0.2, inputs=(normal(3), normal(3), lambda rng: np.array([1, -1, 1]))),
    case("HingeEmbeddingLoss", inputs=(normal(3), lambda rng: np.array([1, -1, 1]))),
    case("SoftMarginLoss", inputs=(normal(3), lambda rng: np.array([1, -1, 1]))),
    case("TripletMarginLoss", swap=True, inputs=(normal(3, 4), normal(3, 4), normal(3, 4))),
    case("PoissonNLLLoss", inputs=(normal(3, 4), ids(5, 3, 4))),
]

RECURRENT = [
    case(name, 3, 4, inputs=(normal(5, 2, 3),), **options)
    for name in ("RNN", "LSTM", "GRU")
    for options in (
        {},
        {"num_layers": 2},
        {"bidirectional": True},
        {"num_layers": 2, "bidirectional": True, "batch_first": True},
        {"bias": False},
        {"num_layers": 3, "dropout": 0.0, "batch_first": True},
    )
]


def recurrent_states(name, layers=1, batch=(2,)):
    h = normal(layers, *batch, 4)
    return (h, h) if name == "LSTM" else h


RECURRENT += [
    *(case(n, 3, 4, inputs=(normal(5, 2, 3), recurrent_states(n))) for n in ("RNN", "LSTM", "GRU")),
    *(
        case(n, 3, 4, 2, bidirectional=True, inputs=(normal(5, 2, 3), recurrent_states(n, 4)))
        for n in ("LSTM", "GRU")
    ),
    *(case(n, 3, 4, inputs=(normal(5, 3),)) for n in ("RNN", "LSTM", "GRU")),
    *(
        case(n, 3, 4, inputs=(normal(5, 3), recurrent_states(n, batch=())))
        for n in ("RNN", "LSTM", "GRU")
    ),
    case("RNN", 3, 4, nonlinearity="relu", inputs=(normal(5, 2, 3),)),
    case("LSTM", 3, 4, inputs=(normal(1, 2, 3),)),
    *(case(f"{n}Cell", 3, 4, inputs=(normal(2, 3),)) for n in ("RNN", "LSTM", "GRU")),
    *(case(f"{n}Cell", 3, 4, bias=False, inputs=(normal(3),)) for n in ("RNN", "LSTM", "GRU")),
    case("RNNCell", 3, 4, nonlinearity="relu", inputs=(normal(2, 3), normal(2, 4))),
    case("LSTMCell", 3, 4, inputs=(normal(2, 3), (normal(2, 4), normal(2, 4)))),
    case("GRUCell", 3, 4, inputs=(normal(2, 3), normal(2, 4))),
]


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("name", "args", "options", "inputs"), PLAIN + LOSSES + RECURRENT)
def test_module_is_torchs(name, args, options, inputs, training):
    ours, theirs = pair(name, args, options)
    ours.train(training)
    theirs.train(training)
    for seed in range(2):  # twice, so that running statistics matter
        assert_same_pass(ours, theirs, inputs, seed=seed)


@pytest.mark.parametrize(("name", "args", "options", "inputs"), PLAIN + LOSSES + RECURRENT)
def test_module_prints_as_torchs(name, args, options, inputs):
    ours, theirs = pair(name, args, options)
    assert repr(ours) == repr(theirs)


# --- attention and transformers ----------------------------------------------------------------

ATTENTION = [
    ({}, {}),
    ({"batch_first": True}, {"need_weights": False}),
    ({"bias": False}, {"average_attn_weights": False}),
    ({"kdim": 5, "vdim": 6}, {}),
    ({"add_bias_kv": True}, {}),
    ({"add_zero_attn": True}, {}),
    ({"add_bias_kv": True, "add_zero_attn": True}, {"attn_mask": "bool"}),
    ({}, {"attn_mask": "float"}),
    ({}, {"attn_mask": "bool", "need_weights": False}),
    ({}, {"attn_mask": "heads"}),
    ({"batch_first": True}, {"key_padding_mask": True}),
    ({}, {"key_padding_mask": True, "attn_mask": "float", "need_weights": False}),
]


def attention_masks(call, L, S_, N, heads, rng):
    """Replace the names of masks in `call` by arrays that leave every query a key."""
    call = dict(call)
    allowed = rng.random((L, S_)) < 0.3
    allowed[:, 0] = False
    made = {
        "bool": allowed,
        "float": rng.standard_normal((L, S_)).astype(np.float32),
        "heads": np.broadcast_to(allowed, (N * heads, L, S_)).copy(),
    }
    if "attn_mask" in call:
        call["attn_mask"] = made[call["attn_mask"]]
    if "key_padding_mask" in call:
        mask = rng.random((N, S_)) < 0.3
        mask[:, 0] = False
        call["key_padding_mask"] = mask
    return call


@pytest.mark.parametrize(("options", "call"), ATTENTION)
def test_multihead_attention_is_torchs(options, call):
    ours, theirs = pair("MultiheadAttention", (8, 2), options)
    kdim, vdim = options.get("kdim", 8), options.get("vdim", 8)
    if options.get("batch_first"):
        inputs = (normal(3, 4, 8), normal(3, 5, kdim), normal(3, 5, vdim))
    else:
        inputs = (normal(4, 3, 8), normal(5, 3, kdim), normal(5, 3, vdim))
    call = attention_masks(call, 4, 5, 3, 2, np.random.default_rng(1))
    assert_same_pass(ours, theirs, inputs, call)


@pytest.mark.parametrize("batch", [True, False])
def test_self_attention_is_torchs(batch):
    ours, theirs = pair("MultiheadAttention", (8, 2))
    x = normal(4, 3, 8) if batch else normal(4, 8)
    assert_same_pass(
        lambda_module(ours, lambda m, t: m(t, t, t)),
        lambda_module(theirs, lambda m, t: m(t, t, t)),
        (x,),
    )


def lambda_module(module, function):
    """A module-like caller, for layers that take one tensor several times."""

    class Caller:
        named_parameters, named_buffers = module.named_parameters, module.named_buffers

        def __call__(self, *args, **options):
            return function(module, *args, **options)

    return Caller()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"norm_first": True},
        {"activation": "gelu", "batch_first": True},
        {"bias": False, "layer_norm_eps": 1e-3},
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_transformer_layers_are_torchs(options, training):
    for name, inputs in (
        ("TransformerEncoderLayer", (normal(4, 3, 8),)),
        ("TransformerDecoderLayer", (normal(4, 3, 8), normal(4, 3, 8))),
    ):
        ours, theirs = pair(name, (8, 2, 16, 0.0), options)
        ours.train(training)
        theirs.train(training)
        assert_same_pass(ours, theirs, inputs)
        assert repr(ours).replace("\n", "") == repr(theirs).replace("\n", "")


def test_encoder_layer_takes_masks():
    ours, theirs = pair("TransformerEncoderLayer", (8, 2, 16, 0.0), {"batch_first": True})
    causal = np.triu(np.full((4, 4), -np.inf, np.float32), 1)
    padding = np.zeros((3, 4), np.float32)
    padding[:, -1] = -np.inf
    assert_same_pass(ours, theirs, (normal(3, 4, 8),), {"src_mask": causal})
    call = {"src_mask": causal, "is_causal": True, "src_key_padding_mask": padding}
    assert_same_pass(ours, theirs, (normal(3, 4, 8),), call)


def test_transformer_is_torchs():
    options = {"dim_feedforward": 16, "dropout": 0.0, "batch_first": True}
    ours, theirs = pair("Transformer", (8, 2, 2, 2), options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    mask = S.nn.Transformer.generate_square_subsequent_mask(5).numpy()
    theirs_mask = torch.nn.Transformer.generate_square_subsequent_mask(5).numpy()
    np.testing.assert_array_equal(mask, theirs_mask)
    assert_same_pass(ours, theirs, (normal(3, 4, 8), normal(3, 5, 8)), {"tgt_mask": mask})


def test_encoder_stack_copies_its_layer():
    layer = S.nn.TransformerEncoderLayer(8, 2, 16)
    stack = S.nn.TransformerEncoder(layer, 2, S.nn.LayerNorm(8))
    first, second = stack.layers
    assert first.linear1.weight is not second.linear1.weight
    np.testing.assert_array_equal(first.linear1.weight._data, layer.linear1.weight._data)
    assert stack(S.randn(4, 3, 8)).shape == (4, 3, 8)
