"""Packed sequences, weights computed from others, hooks on what flows back, checked gradients."""

import numpy as np
import pytest
import torch

from dlcourse import scratch

RNG = np.random.default_rng(2)
BOTH = (torch, scratch)


def same_state(module, T, state):
    """Load arrays into a module of either library."""
    module.load_state_dict({k: T.from_numpy(a.copy()) for k, a in state.items()})


def arrays(module):
    return {k: t.detach().numpy().copy() for k, t in module.state_dict().items()}


def close(ours, theirs):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def on_both(make, use):
    """`use(module, T)` on both libraries with the weights of torch's; the arrays it returns."""
    torch.manual_seed(0)
    state, found = None, []
    for T in BOTH:
        module = make(T)
        state = state or arrays(module)
        assert list(module.state_dict()) == list(state)
        same_state(module, T, state)
        found.append([t.detach().numpy() for t in use(module, T)])
    close(found[1], found[0])


X = RNG.standard_normal((4, 6, 3)).astype(np.float32)
H0 = RNG.standard_normal((4, 4, 5)).astype(np.float32)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("lengths", [[6, 4, 4, 1], [2, 6, 3, 3]], ids=["sorted", "unsorted"])
@pytest.mark.parametrize("start", [False, True], ids=["zeros", "given"])
def test_packed_sequences_run_as_in_torch(kind, lengths, start):
    def use(rnn, T):
        pack = T.nn.utils.rnn
        x = T.from_numpy(X.copy()).requires_grad_()
        packed = pack.pack_padded_sequence(
            x, T.tensor(lengths), batch_first=True, enforce_sorted=lengths[0] == 6
        )
        h0 = T.from_numpy(H0.copy())
        hx = None if not start else (h0, h0 * 0.5) if kind == "LSTM" else h0
        out, final = rnn(packed, hx)
        final = final if isinstance(final, tuple) else (final,)
        padded, sizes = pack.pad_packed_sequence(out, batch_first=True, total_length=7)
        (padded.sum() + sum((f * f).sum() for f in final)).backward()
        grads = [p.grad for p in rnn.parameters()]
        return [padded, sizes, *final, x.grad, *grads, *pack.unpack_sequence(out)]

    make = {"num_layers": 2, "bidirectional": True, "batch_first": True}
    on_both(lambda T: getattr(T.nn, kind)(3, 5, **make), use)


@pytest.mark.parametrize(
    ("lengths", "options"),
    [([2, 6, 3, 3], {}), ([6, 4, 4, 0], {}), ([6, 4], {})],
)
def test_impossible_lengths_are_refused(lengths, options):
    for T in BOTH:
        with pytest.raises(RuntimeError):
            T.nn.utils.rnn.pack_padded_sequence(T.from_numpy(X), lengths, True, **options)


def test_packing_lists():
    for T in BOTH:
        parts = [T.arange(float(n)) for n in (3, 2, 2)]
        packed = T.nn.utils.rnn.pack_sequence(parts)
        assert packed.data.tolist() == [0, 0, 0, 1, 1, 1, 2]
        assert packed.batch_sizes.tolist() == [3, 3, 1]


# --- weights computed from others -------------------------------------------------------------


def trained(module, T):
    """Outputs in training and evaluation, and the gradients."""
    x = T.from_numpy(RNG_IMAGE.copy())
    first, second = module(x), module(x)
    second.square().sum().backward()
    return [first, second, *(p.grad for p in module.parameters()), module.eval()(x)]


RNG_IMAGE = RNG.standard_normal((2, 3, 6, 6)).astype(np.float32)
WRAPPED = {
    "weight_norm": lambda u: (u.weight_norm, u.remove_weight_norm),
    "weight_norm, whole": lambda u: (lambda m: u.weight_norm(m, dim=None), u.remove_weight_norm),
    "spectral_norm": lambda u: (u.spectral_norm, u.remove_spectral_norm),
    "parametrizations.weight_norm": lambda u: (
        u.parametrizations.weight_norm,
        lambda m: u.parametrize.remove_parametrizations(m, "weight"),
    ),
    "parametrizations.spectral_norm": lambda u: (
        u.parametrizations.spectral_norm,
        lambda m: u.parametrize.remove_parametrizations(m, "weight"),
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WRAPPED)
@pytest.mark.parametrize("layer", ["Conv2d(3, 4, 3)", "ConvTranspose2d(3, 4, 3)"])
def test_normalised_weights(name, layer):
    import torch.nn.utils.parametrizations  # noqa: F401 -- torch has it only then

    on_both(lambda T: WRAPPED[name](T.nn.utils)[0](eval(f"T.nn.{layer}", {"T": T})), trained)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WRAPPED)
def test_normalised_weights_can_be_taken_off(name):
    wrap, unwrap = WRAPPED[name](scratch.nn.utils)
    layer = scratch.nn.Linear(4, 3)
    names = sorted(layer.state_dict())
    wrapped = wrap(layer).eval()
    before = wrapped(scratch.ones(2, 4))
    unwrap(wrapped)
    assert type(layer) is scratch.nn.Linear
    assert sorted(layer.state_dict()) == names
    close([layer(scratch.ones(2, 4)).detach().numpy()], [before.detach().numpy()])
    with pytest.raises(ValueError, match="weight"):
        unwrap(layer)


def test_own_parametrizations():
    for T in BOTH:
        import torch.nn.utils.parametrize  # noqa: F401 -- torch has it only then

        class Symmetric(T.nn.Module):
            def forward(self, x):
                return x.triu() + x.triu(1).transpose(-1, -2)

        layer = T.nn.Linear(3, 3)
        T.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
        assert T.nn.utils.parametrize.is_parametrized(layer, "weight")
        assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
        assert bool((layer.weight == layer.weight.t()).all())
        layer(T.ones(2, 3)).sum().backward()
        assert layer.parametrizations.weight.original.grad.tolist()[1][0] == 0
        assert type(layer).__name__ == "ParametrizedLinear"


# --- what flows back --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_backward_hooks_see_what_torchs_see():
    def use(net, T):
        seen = []
        handle = net[1].register_full_backward_hook(lambda m, gi, go: seen.extend([gi[0], go[0]]))
        first = net[0].register_full_backward_hook(lambda m, gi, go: seen.append(go[0]))
        second = net[2].register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
        x = T.from_numpy(X[:, 0].copy())
        net(x).square().sum().backward()
        grads = [p.grad.clone() for p in net.parameters()]
        for h in (handle, first, second):
            h.remove()
        net(x).sum().backward()
        return [*seen, *grads]

    on_both(lambda T: T.nn.Sequential(T.nn.Linear(3, 4), T.nn.Tanh(), T.nn.Linear(4, 2)), use)


def test_gradcheck_finds_wrong_gradients():
    for T in BOTH:

        class Wrong(T.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                return g * 3

        x = T.linspace(0.1, 1, 4, dtype=T.float64).requires_grad_()
        y = T.ones(4, dtype=T.float64)
        assert T.autograd.gradcheck(lambda x, y: (x.exp() * y, x.sum()), (x, y))
        assert not T.autograd.gradcheck(Wrong.apply, (x,), raise_exception=False)
        with pytest.raises(RuntimeError, match="Jacobian mismatch"):
            T.autograd.gradcheck(Wrong.apply, x)
        with pytest.raises(ValueError, match="require"):
            T.autograd.gradcheck(lambda y: y, (y,))


@pytest.mark.filterwarnings("ignore")
def test_variables_are_tensors():
    for T in BOTH:
        v = T.autograd.Variable(T.ones(2), requires_grad=True)
        assert isinstance(v, T.autograd.Variable)
        assert isinstance(T.ones(2), T.autograd.Variable)
        assert not isinstance(3, T.autograd.Variable)
        (v * 2).sum().backward()
        assert v.grad.tolist() == [2, 2]
        with T.autograd.set_detect_anomaly(False), T.autograd.detect_anomaly(check_nan=False):
            (v * 2).sum().backward()
