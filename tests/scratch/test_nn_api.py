"""What every Module can do, its containers, initial values and helpers, beside torch."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch

from dlcourse import scratch as S

BOTH = pytest.mark.parametrize("lib", [S, torch], ids=["scratch", "torch"])


def model(lib):
    """A module with a child, a shared parameter, buffers and a plain list of modules."""
    nn = lib.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(3, 4)
            self.scale = nn.Parameter(lib.ones(2))
            self.body = nn.Sequential(nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2, bias=False))
            self.tied = self.first
            self.register_buffer("seen", lib.zeros(1))
            self.register_buffer("scratchpad", lib.zeros(1), persistent=False)
            self.register_parameter("absent", None)
            self.unseen = [nn.Linear(1, 1)]

        def forward(self, x):
            return self.body(self.first(x)) * self.scale

    return Net()


@BOTH
def test_the_tree_is_walked_in_torchs_order(lib):
    net = model(lib)
    assert [n for n, _ in net.named_parameters()] == [
        "scale",
        "first.weight",
        "first.bias",
        "body.0.weight",
        "body.0.bias",
        "body.2.weight",
    ]
    assert [n for n, _ in net.named_modules()] == [
        "",
        "first",
        "body",
        "body.0",
        "body.1",
        "body.2",
    ]
    assert [n for n, _ in net.named_children()] == ["first", "body"]
    assert [n for n, _ in net.named_buffers()] == [
        "seen",
        "scratchpad",
        "body.0.running_mean",
        "body.0.running_var",
        "body.0.num_batches_tracked",
    ]
    assert len(list(net.modules())) == 6
    assert len(list(net.parameters(recurse=False))) == 1
    assert [n for n, _ in net.named_parameters(prefix="net", recurse=False)] == ["net.scale"]
    assert list(net.state_dict()) == [
        "scale",
        "seen",
        "first.weight",
        "first.bias",
        "body.0.weight",
        "body.0.bias",
        "body.0.running_mean",
        "body.0.running_var",
        "body.0.num_batches_tracked",
        "body.2.weight",
        "tied.weight",
        "tied.bias",
    ]
    assert net.get_submodule("body.2") is net.body[2]
    assert net.get_parameter("first.bias") is net.first.bias
    assert net.get_buffer("body.0.running_var") is net.body[0].running_var


def test_printing_is_torchs():
    assert repr(model(S)) == repr(model(torch))


@BOTH
def test_state_dict_shares_memory_and_loads_back(lib):
    net, other = model(lib), model(lib)
    state = net.state_dict()
    assert not any(t.requires_grad for t in state.values())
    with lib.no_grad():
        net.first.weight.fill_(7.0)
    assert state["first.weight"].sum().item() == 7.0 * 12
    result = other.load_state_dict(state)
    assert not result.missing_keys
    assert not result.unexpected_keys
    assert repr(result) == "<All keys matched successfully>"
    assert other.first.weight.sum().item() == 7.0 * 12
    assert other.first.weight is not net.first.weight
    prefixed = net.state_dict(prefix="net.")
    assert "net.body.2.weight" in prefixed


@BOTH
def test_loading_names_what_does_not_fit(lib):
    net = model(lib)
    state = dict(net.state_dict())
    state["extra"] = state.pop("scale")
    with pytest.raises(RuntimeError, match=r'(?s)Missing key.*"scale".*|Unexpected key.*"extra"'):
        net.load_state_dict(state)
    result = net.load_state_dict(state, strict=False)
    assert result.missing_keys == ["scale"]
    assert result.unexpected_keys == ["extra"]
    state = {**net.state_dict(), "scale": lib.ones(3)}
    with pytest.raises(RuntimeError, match="size mismatch for scale"):
        net.load_state_dict(state, strict=False)
    with pytest.raises(TypeError):
        net.load_state_dict([1])


def test_loading_takes_arrays():
    net = model(S)
    net.load_state_dict({k: np.asarray(t.numpy()) * 0 + 2 for k, t in net.state_dict().items()})
    assert net.body[2].weight.sum().item() == 16.0


@BOTH
def test_modes_gradients_and_apply(lib):
    net = model(lib)
    assert all(m.training for m in net.modules())
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    net(lib.randn(5, 3)).sum().backward()
    assert net.first.weight.grad is not None
    net.zero_grad()
    assert net.first.weight.grad is None
    net(lib.randn(5, 3)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert float(net.first.weight.grad.abs().sum()) == 0.0
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    order = []
    net.apply(lambda m: order.append(type(m).__name__))
    assert order == ["Linear", "BatchNorm1d", "ReLU", "Linear", "Sequential", "Net"]
    with pytest.raises(ValueError, match="boolean"):
        net.train("yes")


@BOTH
def test_casting(lib):
    net = model(lib)
    assert net.double() is net
    assert net.first.weight.dtype is lib.float64
    assert net.body[0].running_mean.dtype is lib.float64
    assert net.body[0].num_batches_tracked.dtype is lib.int64
    assert net(lib.randn(5, 3, dtype=lib.float64)).dtype is lib.float64
    assert net.to(lib.float32).first.weight.dtype is lib.float32
    assert net.to("cpu").first.weight.dtype is lib.float32
    assert net.to("cpu", lib.float64).first.weight.dtype is lib.float64
    assert net.to(lib.ones(1)).first.weight.dtype is lib.float32
    assert net.cpu().float().first.weight.dtype is lib.float32
    assert isinstance(net.first.weight, lib.nn.Parameter)
    with pytest.raises(TypeError):
        net.to(lib.int64)


@BOTH
def test_attributes_keep_their_kind(lib):
    nn = lib.nn
    net = model(lib)
    with pytest.raises(TypeError, match="cannot assign"):
        net.scale = lib.ones(2)
    with pytest.raises(TypeError, match="cannot assign"):
        net.first = 3
    net.seen = lib.ones(1)
    assert float(dict(net.named_buffers())["seen"].sum()) == 1.0
    net.scale = None
    assert "scale" not in dict(net.named_parameters())
    net.scale = nn.Parameter(lib.ones(3))
    assert net.scale.shape == (3,)
    net.first = nn.Identity()
    assert isinstance(dict(net.named_children())["first"], nn.Identity)
    del net.body
    assert not hasattr(net, "body")
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        _ = net.missing
    with pytest.raises(KeyError):
        net.register_buffer("a.b", lib.ones(1))
    with pytest.raises(KeyError):
        net.register_parameter("training", nn.Parameter(lib.ones(1)))
    with pytest.raises(TypeError):
        net.register_buffer("number", 3)
    with pytest.raises(TypeError):
        net.add_module("number", 3)

    class Forgetful(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError):
        Forgetful()


@BOTH
def test_buffers_by_assignment(lib):
    net = lib.nn.Module()
    net.kept = lib.nn.Buffer(lib.ones(2))
    net.passing = lib.nn.Buffer(lib.ones(2), persistent=False)
    assert [n for n, _ in net.named_buffers()] == ["kept", "passing"]
    assert list(net.state_dict()) == ["kept"]


@BOTH
def test_hooks_see_and_change_calls(lib):
    layer, seen = lib.nn.Linear(2, 2), []
    first = layer.register_forward_hook(lambda m, args, out: seen.append(args[0].shape))
    second = layer.register_forward_hook(lambda m, args, out: out * 0)
    third = layer.register_forward_pre_hook(lambda m, args: (args[0][:1],))
    assert float(layer(lib.ones(3, 2)).detach().abs().sum()) == 0.0
    assert seen == [(1, 2)]
    for handle in (first, second, third):
        handle.remove()
    assert layer(lib.ones(3, 2)).shape == (3, 2)
    assert seen == [(1, 2)]


@BOTH
def test_copies_and_pickles(lib):
    net = model(lib) if lib is S else None
    net = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3)) if net is None else net
    twin = copy.deepcopy(net)
    for (n, p), (m, q) in zip(net.named_parameters(), twin.named_parameters(), strict=True):
        assert n == m
        assert p is not q
        assert bool((p == q).all())
        assert isinstance(q, lib.nn.Parameter)
    layer = pickle.loads(pickle.dumps(lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.ReLU())))
    assert layer(lib.ones(1, 2)).shape == (1, 3)
    assert list(layer.state_dict()) == ["0.weight", "0.bias"]


# --- containers --------------------------------------------------------------------------------


@BOTH
def test_sequential(lib):
    nn = lib.nn
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    assert len(net) == 3
    assert isinstance(net[-1], nn.Linear)
    assert isinstance(net[:2], nn.Sequential)
    assert list(dict(net[1:].named_children())) == ["1", "2"]
    named = nn.Sequential(OrderedDict(fc=nn.Linear(2, 3), act=nn.Tanh()))
    assert list(named.state_dict()) == ["fc.weight", "fc.bias"]
    assert isinstance(named.act, nn.Tanh)
    net.append(nn.Sigmoid()).insert(1, nn.Identity())
    assert [type(m).__name__ for m in net] == ["Linear", "Identity", "ReLU", "Linear", "Sigmoid"]
    net[1] = nn.Dropout(0.5)
    del net[2]
    assert [type(m).__name__ for m in net] == ["Linear", "Dropout", "Linear", "Sigmoid"]
    assert list(dict(net.named_children())) == ["0", "1", "2", "3"]
    net.extend([nn.Tanh()])
    assert isinstance(net.pop(-1), nn.Tanh)
    assert len(net + nn.Sequential(nn.ReLU())) == 5
    with pytest.raises(IndexError):
        net[9]
    with pytest.raises(TypeError):
        nn.Sequential(3)


@BOTH
def test_module_list_and_dict(lib):
    nn = lib.nn
    layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    layers.append(nn.ReLU()).insert(0, nn.Tanh())
    layers += [nn.ReLU()]
    assert [type(m).__name__ for m in layers] == [
        "Tanh",
        "Linear",
        "Linear",
        "Linear",
        "ReLU",
        "ReLU",
    ]
    assert isinstance(layers[1:3], nn.ModuleList)
    assert len(layers[1:3]) == 2
    del layers[0]
    assert next(iter(layers.state_dict())) == "0.weight"
    with pytest.raises(NotImplementedError):
        layers(lib.ones(2))
    table = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ReLU()})
    table["c"] = nn.Tanh()
    table.update([("d", nn.ReLU())])
    assert list(table) == list(table.keys()) == ["a", "b", "c", "d"]
    assert "a" in table
    assert isinstance(table.pop("b"), nn.ReLU)
    assert len(table) == 3
    assert dict(table.items())["a"] is table["a"]
    assert list(table.state_dict()) == ["a.weight", "a.bias"]
    with pytest.raises(KeyError):
        table["b"]
    with pytest.raises(TypeError):
        table[3] = nn.ReLU()


@BOTH
def test_parameter_list_and_dict(lib):
    nn = lib.nn
    values = nn.ParameterList([lib.ones(2), nn.Parameter(lib.zeros(3))])
    values.append(lib.ones(1))
    assert len(values) == 3
    assert all(isinstance(p, nn.Parameter) for p in values)
    assert list(values.state_dict()) == ["0", "1", "2"]
    values[0] = lib.zeros(5)
    assert values[0].shape == (5,)
    table = nn.ParameterDict({"a": lib.ones(2)})
    table["b"] = nn.Parameter(lib.ones(3))
    assert list(table.keys()) == ["a", "b"]
    assert "b" in table
    assert list(table.state_dict()) == ["a", "b"]
    assert table.pop("a").shape == (2,)
    assert len(table) == 1


def containers(lib):
    nn = lib.nn
    yield nn.ModuleList([nn.Linear(2, 2) for _ in range(3)] + [nn.ReLU()])
    yield nn.ModuleList()
    yield nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.Sequential(nn.ReLU(), nn.Tanh())})
    yield nn.ParameterList([lib.ones(2, 3), lib.ones(1)])
    yield nn.ParameterDict({"left": lib.ones(2, 3)})
    yield nn.Sequential(nn.Hardswish(True), nn.Hardsigmoid(inplace=True))


def test_containers_print_as_torchs():
    for ours, theirs in zip(containers(S), containers(torch), strict=True):
        assert repr(ours) == repr(theirs)


@BOTH
def test_parameter(lib):
    t = lib.ones(2, 3)
    p = lib.nn.Parameter(t)
    assert p.requires_grad
    assert p.is_leaf
    assert isinstance(p, lib.Tensor)
    t += 1
    assert p.sum().item() == 12.0
    assert not lib.nn.Parameter(t, requires_grad=False).requires_grad
    assert repr(lib.nn.Parameter(lib.ones(2))) == (
        "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    )
    assert type(p * 2) is lib.Tensor
    assert type(p.data) is lib.Tensor


# --- initial values ----------------------------------------------------------------------------

SPREADS = [
    ("uniform_", (), {"a": -1.0, "b": 3.0}),
    ("normal_", (2.0, 0.5), {}),
    ("trunc_normal_", (), {"std": 2.0}),
    ("xavier_uniform_", (2.0,), {}),
    ("xavier_normal_", (), {}),
    ("kaiming_uniform_", (), {"nonlinearity": "relu"}),
    ("kaiming_uniform_", (), {"a": 5**0.5}),
    ("kaiming_normal_", (), {"mode": "fan_out", "nonlinearity": "tanh"}),
    ("orthogonal_", (2.0,), {}),
    ("sparse_", (0.3,), {"std": 0.5}),
]


@pytest.mark.parametrize(("name", "args", "options"), SPREADS)
def test_init_has_torchs_spread(name, args, options):
    ours, theirs = S.empty(60, 400), torch.empty(60, 400)
    assert getattr(S.nn.init, name)(ours, *args, **options) is ours
    getattr(torch.nn.init, name)(theirs, *args, **options)
    a, b = ours.numpy(), theirs.numpy()
    spread = b.std()
    assert abs(a.mean() - b.mean()) < 0.05 * spread
    assert abs(a.std() - spread) < 0.05 * spread
    assert abs(np.quantile(a, 0.99) - np.quantile(b, 0.99)) < 0.1 * spread


def test_init_is_exact_where_it_can_be():
    for name, shape, args in (
        ("constant_", (2, 3), (1.5,)),
        ("ones_", (2, 3), ()),
        ("zeros_", (2, 3), ()),
        ("eye_", (2, 3), ()),
        ("dirac_", (4, 2, 3, 3), ()),
        ("dirac_", (4, 2, 3), (2,)),
    ):
        ours, theirs = S.empty(*shape), torch.empty(*shape)
        getattr(S.nn.init, name)(ours, *args)
        getattr(torch.nn.init, name)(theirs, *args)
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    q = S.nn.init.orthogonal_(S.empty(3, 8)).numpy()
    np.testing.assert_allclose(q @ q.T, np.eye(3), atol=1e-6)
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert S.nn.init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert S.nn.init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain(
        "leaky_relu", 0.3
    )


@BOTH
def test_init_refuses(lib):
    init = lib.nn.init
    for name, shape in (
        ("xavier_uniform_", (3,)),
        ("kaiming_normal_", (3,)),
        ("orthogonal_", (3,)),
        ("eye_", (3,)),
        ("dirac_", (3, 3)),
    ):
        with pytest.raises(ValueError, match="dimension"):
            getattr(init, name)(lib.empty(*shape))
    with pytest.raises(ValueError, match="nonlinearity"):
        init.calculate_gain("step")
    with pytest.raises(ValueError, match="not supported"):
        init.kaiming_normal_(lib.empty(2, 2), mode="fan_up")


def test_init_draws_from_the_seed():
    S.manual_seed(3)
    a = S.nn.Linear(3, 4).weight.detach().numpy().copy()
    S.manual_seed(3)
    np.testing.assert_array_equal(a, S.nn.Linear(3, 4).weight.detach().numpy())
    g = S.Generator().manual_seed(5)
    b = S.nn.init.normal_(S.empty(4), generator=g).numpy().copy()
    np.testing.assert_array_equal(
        b, S.nn.init.normal_(S.empty(4), generator=S.Generator().manual_seed(5)).numpy()
    )


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("Linear", (50, 40)),
        ("Conv2d", (8, 16, 3)),
        ("ConvTranspose2d", (8, 16, 3)),
        ("Embedding", (50, 40)),
        ("LSTM", (20, 30)),
        ("MultiheadAttention", (32, 4)),
        ("Bilinear", (9, 8, 7)),
    ],
)
def test_layers_start_as_spread_as_torchs(name, args):
    S.manual_seed(0)
    torch.manual_seed(0)
    theirs = dict(getattr(torch.nn, name)(*args).named_parameters())
    for key, p in getattr(S.nn, name)(*args).named_parameters():
        expected = theirs[key].detach().numpy()
        assert p.shape == expected.shape
        few = p.numel() < 20  # a small sample has little to say
        assert few or abs(p._data.std() - expected.std()) <= 0.2 * expected.std()


# --- utils -------------------------------------------------------------------------------------


def gradients(lib):
    rng = np.random.default_rng(0)
    params = [lib.nn.Parameter(lib.zeros(*s)) for s in ((2, 3), (4,), (1,))]
    for p in params[:2]:
        p.grad = lib.tensor(rng.standard_normal(p.shape).astype(np.float32))
    return params


@pytest.mark.parametrize("norm_type", [2.0, 1.0, float("inf")])
@pytest.mark.parametrize("max_norm", [0.1, 100.0])
def test_clip_grad_norm(norm_type, max_norm):
    ours, theirs = gradients(S), gradients(torch)
    a = S.nn.utils.clip_grad_norm_(ours, max_norm, norm_type)
    b = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    np.testing.assert_allclose(a.item(), b.item(), rtol=1e-6)
    for p, q in zip(ours[:2], theirs[:2], strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-5)


def test_clip_grad_value_and_vectors():
    ours, theirs = gradients(S), gradients(torch)
    S.nn.utils.clip_grad_value_(ours, 0.3)
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    np.testing.assert_array_equal(ours[0].grad.numpy(), theirs[0].grad.numpy())
    vector = S.nn.utils.parameters_to_vector(ours)
    assert vector.shape == (11,)
    S.nn.utils.vector_to_parameters(S.arange(11).float(), ours)
    np.testing.assert_array_equal(ours[1].detach().numpy(), np.arange(6, 10))


@BOTH
def test_clip_grad_norm_refuses_nonfinite_if_asked(lib):
    p = lib.nn.Parameter(lib.zeros(2))
    p.grad = lib.tensor(np.array([np.inf, 1], np.float32))
    with pytest.raises(RuntimeError, match="non-finite"):
        lib.nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)


def test_pad_sequence():
    arrays = [np.arange(n * 2, dtype=np.float32).reshape(n, 2) for n in (3, 1, 2)]
    for options in ({}, {"batch_first": True}, {"padding_value": -1.0}, {"padding_side": "left"}):
        ours = S.nn.utils.rnn.pad_sequence([S.tensor(a) for a in arrays], **options)
        theirs = torch.nn.utils.rnn.pad_sequence([torch.tensor(a) for a in arrays], **options)
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    back = S.nn.utils.rnn.unpad_sequence(
        S.nn.utils.rnn.pad_sequence([S.tensor(a) for a in arrays]), S.tensor(np.array([3, 1, 2]))
    )
    for t, a in zip(back, arrays, strict=True):
        np.testing.assert_array_equal(t.numpy(), a)


# --- randomness --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape"),
    [("Dropout", (100, 100)), ("Dropout1d", (50, 40, 3)), ("Dropout2d", (50, 40, 3, 2))],
)
def test_dropout_keeps_the_mean(name, shape):
    S.manual_seed(0)
    layer = getattr(S.nn, name)(0.25)
    x = S.ones(*shape, requires_grad=True)
    y = layer(x)
    kept = y._data != 0
    assert abs(kept.mean() - 0.75) < 0.04
    np.testing.assert_allclose(y._data[kept], 1 / 0.75, rtol=1e-6)
    channels = kept.reshape(*shape[:2], -1)
    assert name == "Dropout" or (channels.all(2) | ~channels.any(2)).all()
    y.sum().backward()
    np.testing.assert_array_equal(x.grad._data, y._data)
    layer.eval()
    assert layer(x) is x
    assert float(getattr(S.nn, name)(1.0)(x).abs().sum()) == 0.0


def test_alpha_dropout_keeps_mean_and_variance():
    S.manual_seed(0)
    y = S.nn.AlphaDropout(0.2)(S.randn(200, 200))._data
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02


def test_gumbel_softmax_samples_the_distribution():
    S.manual_seed(0)
    logits = S.log(S.tensor(np.array([0.1, 0.2, 0.7], np.float32)))
    draws = S.nn.functional.gumbel_softmax(logits.expand(4000, 3), hard=True)
    np.testing.assert_allclose(draws._data.mean(0), [0.1, 0.2, 0.7], atol=0.03)
    np.testing.assert_allclose(draws._data.sum(1), 1, rtol=1e-6)


def test_dropout_between_recurrent_layers():
    S.manual_seed(0)
    layer = S.nn.LSTM(3, 4, 2, dropout=0.5)
    x = S.randn(5, 2, 3)
    assert (layer(x)[0]._data != layer(x)[0]._data).any()
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0]._data, layer(x)[0]._data)


# --- lazy layers -------------------------------------------------------------------------------


def lazy_model(lib):
    nn = lib.nn
    return nn.Sequential(
        nn.LazyConv2d(4, 3, padding=1),
        nn.LazyBatchNorm2d(),
        nn.ReLU(),
        nn.LazyConvTranspose2d(2, 2, stride=2, bias=False),
        nn.LazyInstanceNorm2d(affine=True),
        nn.Flatten(),
        nn.LazyLinear(5),
    )


def test_lazy_layers_become_torchs():
    ours, theirs = lazy_model(S), lazy_model(torch)
    assert repr(ours) == repr(theirs)
    assert repr(ours[6].weight) == "<UninitializedParameter>"
    with pytest.raises(RuntimeError, match="uninitialized"):
        _ = ours[6].weight.shape
    kept = ours[6].weight
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 4)).astype(np.float32)
    ours(S.tensor(x))
    theirs(torch.tensor(x))
    assert ours[6].weight is kept
    assert type(ours[6]) is S.nn.Linear
    assert repr(ours) == repr(theirs)
    shapes = {k: tuple(v.shape) for k, v in theirs.state_dict().items()}
    assert {k: tuple(v.shape) for k, v in ours.state_dict().items()} == shapes
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    np.testing.assert_allclose(
        ours.eval()(S.tensor(x))._data,
        theirs.eval()(torch.tensor(x)).detach().numpy(),
        rtol=1e-4,
        atol=1e-5,
    )


def test_a_lazy_layer_takes_its_size_from_a_state_dict():
    layer = S.nn.LazyLinear(2)
    layer.load_state_dict({"weight": np.ones((2, 3), np.float32), "bias": np.zeros(2, np.float32)})
    assert layer(S.ones(1, 3)).tolist() == [[3.0, 3.0]]
    assert layer.in_features == 3


def test_a_parametrized_parameter_stays_the_one_that_an_optimizer_knows():
    found = []
    for T in (torch, S):
        m, P = T.nn.Linear(2, 2), T.nn.utils.parametrize
        weight = m.weight.requires_grad_(False)
        P.register_parametrization(m, "weight", T.nn.Tanh())
        same = [m.parametrizations.weight.original is weight]
        same += [p.requires_grad for p in m.parameters()]
        P.remove_parametrizations(m, "weight")
        found.append([*same, m.weight is weight, m.weight.requires_grad, float(m.weight.max()) < 1])
    assert found[1] == found[0]


def test_an_expanded_buffer_in_which_nothing_repeats_is_loaded():
    for T in (torch, S):
        m = T.nn.Module()
        m.register_buffer("position_ids", T.arange(3).expand((1, -1)))
        assert str(m.load_state_dict({}, strict=False)).startswith("_IncompatibleKeys(missing")
        m.load_state_dict({"position_ids": T.tensor([[2, 1, 0]])})
        assert m.position_ids.tolist() == [[2, 1, 0]]
        with pytest.raises((RuntimeError, ValueError)):
            T.ones(1, 3).expand(2, 3).add_(1)
