"""The numbers that the explorables show, recomputed another way: torch, SciPy, differences."""

import numpy as np
import pytest
import torch
from scipy import ndimage, signal

from dlcourse.topics.convolution import kernel_bench as kernel
from dlcourse.topics.neural_networks import fold_plane as fold
from dlcourse.topics.neural_networks import softmax_bench as softmax
from dlcourse.topics.optimizers import momentum_terrain as terrain
from dlcourse.topics.overfitting import overfit_dial as dial

RNG = np.random.default_rng(0)

# Softmax and losses -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", softmax.KINDS)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_every_loss_has_the_gradient_of_central_differences(kind, smoothing):
    act = softmax.KINDS[kind].loss
    for seed in range(5):
        rng = np.random.default_rng(seed)
        z, y = rng.normal(0, 3, softmax.K), int(rng.integers(softmax.K))
        t = (1 - smoothing) * np.eye(softmax.K)[y] + smoothing / softmax.K
        steps = 1e-5 * np.eye(softmax.K)
        numerical = np.array([(act(z + s, t).loss - act(z - s, t).loss) / 2e-5 for s in steps])
        np.testing.assert_allclose(act(z, t).gradient, numerical, atol=1e-7)


def test_cross_entropy_is_torchs():
    z = RNG.normal(0, 3, softmax.K)
    logits = torch.tensor(z, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(logits[None], torch.tensor([4]), label_smoothing=0.1)
    loss.backward()
    ours = softmax.cross_entropy(z, 0.9 * np.eye(10)[4] + 0.01)
    assert ours.loss == pytest.approx(loss.item(), abs=1e-12)
    np.testing.assert_allclose(ours.gradient, logits.grad.numpy(), atol=1e-12)


def test_a_shift_of_a_thousand_changes_nothing_but_the_bare_formula():
    at, shifted = (softmax.EXPLORABLE.at(loss="ce", shift=s) for s in (0.0, 1000.0))
    for name in ("p", "gradient", "curve"):
        np.testing.assert_allclose(shifted[name], at[name], atol=1e-12)
    assert shifted["loss"] == pytest.approx(at["loss"], abs=1e-12)
    assert np.isnan(softmax.EXPLORABLE.at(loss="ce", shift=1000.0, naive=True)["loss"])


def test_the_bare_formula_holds_up_to_88_and_not_beyond():
    t = np.eye(softmax.K)[0]
    assert np.isfinite(softmax.naive_cross_entropy(np.full(softmax.K, 86.0), t).loss)
    assert np.isnan(softmax.naive_cross_entropy(np.full(softmax.K, 89.0), t).loss)


def test_the_floor_of_softmax_twice():
    assert softmax.EXPLORABLE.at(loss="double")["floor"] == pytest.approx(np.log(1 + 9 / np.e))
    assert np.log(1 + 9 / np.e) == pytest.approx(1.461, abs=5e-4)


def test_log_softmax_twice_is_harmless():
    z, t = RNG.normal(0, 3, softmax.K), np.eye(softmax.K)[2]
    once, twice = softmax.cross_entropy(z, t), softmax.KINDS["log-twice"].loss(z, t)
    assert twice.loss == pytest.approx(once.loss, abs=1e-12)
    np.testing.assert_allclose(twice.gradient, once.gradient, atol=1e-12)


def test_a_loss_of_the_learners_is_named():
    def twice(logits, y):
        p = np.exp(logits) / np.exp(logits).sum()
        return -np.log((np.exp(p) / np.exp(p).sum())[y])

    frame = softmax.EXPLORABLE.at(own={"function": twice}, loss="yours")
    assert frame["named"] == "double"
    other = softmax.EXPLORABLE.at(own={"function": lambda z, y: z[y] ** 2}, loss="yours")
    assert other["named"] is None


# Kernels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [3, 5, 7])
def test_correlation_and_convolution_are_scipys_and_torchs(k):
    image, cells = RNG.random((40, 60)), RNG.normal(size=(k, k))
    ours = kernel.correlate(image, cells)
    np.testing.assert_allclose(ours, ndimage.correlate(image, cells, mode="constant"), atol=1e-12)
    wanted = signal.convolve2d(image, cells, mode="same")
    np.testing.assert_allclose(kernel.convolve(image, cells), wanted, atol=1e-12)
    layer = torch.nn.functional.conv2d(
        torch.tensor(image)[None, None], torch.tensor(cells)[None, None], padding=k // 2
    )
    np.testing.assert_allclose(ours, layer[0, 0].numpy(), atol=1e-12)


@pytest.mark.parametrize("n", [5, 8, 17, 32])
@pytest.mark.parametrize(
    ("k", "s", "p", "d"), [(3, 1, 0, 1), (3, 2, 0, 1), (5, 3, 2, 1), (3, 2, 1, 2)]
)
def test_sizes_are_those_of_torch(n, k, s, p, d):
    if n + 2 * p < d * (k - 1) + 1:
        assert kernel.output_size(n, k, s, p, d) == 0
        return
    layer = torch.nn.Conv1d(1, 1, k, stride=s, padding=p, dilation=d)
    assert layer(torch.zeros(1, 1, n)).shape[-1] == kernel.output_size(n, k, s, p, d)


@pytest.mark.parametrize(("layers", "k", "s", "d"), [(3, 3, 1, 1), (2, 3, 2, 1), (3, 5, 1, 2)])
def test_the_receptive_field_is_what_a_gradient_reaches(layers, k, s, d):
    x = torch.zeros(1, 1, 201, requires_grad=True)
    y = x
    for _ in range(layers):
        y = torch.nn.functional.conv1d(y, torch.ones(1, 1, k), stride=s, dilation=d)
    y[0, 0, y.shape[-1] // 2].backward()
    reached = x.grad[0, 0].nonzero()
    assert int(reached.max() - reached.min()) + 1 == kernel.receptive_field(layers, k, s, d)


@pytest.mark.parametrize(("k", "s"), [(3, 2), (4, 2), (5, 3), (3, 1)])
def test_overlaps_are_those_of_a_transposed_convolution_of_ones(k, s):
    layer = torch.nn.functional.conv_transpose2d(
        torch.ones(1, 1, 6, 6), torch.ones(1, 1, k, k), stride=s
    )
    row = kernel.overlap(k, s)
    np.testing.assert_array_equal(np.outer(row, row), layer[0, 0].numpy())


def test_the_checkerboard_of_three_by_two_and_its_cure():
    assert kernel.EXPLORABLE.at(tab="upsampling", up_k=3, up_s=2)["inside"] == [1, 2, 4]
    assert kernel.EXPLORABLE.at(tab="upsampling", up_k=4, up_s=2)["inside"] == [4]


def test_the_parameters_of_a_layer_with_three_inputs():
    frame = kernel.EXPLORABLE.at(tab="shapes", channels_in=3, channels_out=10, k=3)
    assert (
        frame["parameters"] == 280 == sum(p.numel() for p in torch.nn.Conv2d(3, 10, 3).parameters())
    )
    assert frame["wrong_parameters"] == 100


def test_the_response_is_equivariant_inside():
    for dx in (-7, 5):
        assert kernel.EXPLORABLE.at(dx=dx)["moved_error"] < 1e-12


def test_a_convolution_of_the_learners_is_named():
    def mine(image, cells):
        return signal.convolve2d(image, cells, mode="same")

    assert kernel.EXPLORABLE.at(own={"function": mine})["named"] == "convolution"
    halved = kernel.EXPLORABLE.at(own={"function": lambda i, c: mine(i, c) / 2})
    assert halved["named"] == "none of those that we know"


def test_a_picture_of_the_learners_is_filtered():
    image = np.zeros((60, 40))
    image[30:] = 1
    frame = kernel.EXPLORABLE.at(own={"image": image}, photo="yours")
    assert frame["photo"].shape == (kernel.HEIGHT, kernel.WIDTH)
    assert np.ptp(frame["response"]) > 0


# Optimizers ---------------------------------------------------------------------------------------

TORCH = {
    "gradient descent": lambda w, a, b: torch.optim.SGD([w], lr=a),
    "momentum": lambda w, a, b: torch.optim.SGD([w], lr=a, momentum=b),
    "Nesterov": lambda w, a, b: torch.optim.SGD([w], lr=a, momentum=b, nesterov=True),
    "Adam": lambda w, a, b: torch.optim.Adam([w], lr=a, betas=(b, terrain.B2)),
}


@pytest.mark.parametrize("name", TORCH)
def test_paths_are_those_of_torch(name):
    alpha, beta, mu = 0.15, 0.8, 0.5
    w = torch.tensor([-9.0, 2.5], dtype=torch.float64, requires_grad=True)
    optimizer = TORCH[name](w, alpha, beta)
    places = [w.detach().numpy().copy()]
    for _ in range(60):
        optimizer.zero_grad()
        (0.5 * (mu * w[0] ** 2 + terrain.L * w[1] ** 2)).backward()
        optimizer.step()
        places.append(w.detach().numpy().copy())
    step = terrain.METHODS[name](alpha, beta)
    ours = terrain.path(step, np.array([-9.0, 2.5]), mu, 60, np.zeros((60, 2)))
    np.testing.assert_allclose(ours, places, atol=1e-6)


def test_the_rate_is_the_spectral_radius():
    for alpha, beta, c in RNG.uniform([0.01, 0.0, 0.1], [0.4, 0.99, 10.0], (50, 3)):
        matrix = np.array([[1 + beta - alpha * c, -beta], [1, 0]])
        radius = np.abs(np.linalg.eigvals(matrix)).max()
        assert terrain.rate(alpha, beta, c) == pytest.approx(radius, abs=1e-6)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_the_limit_of_the_step(beta):
    limit = (2 + 2 * beta) / terrain.L
    assert (
        terrain.rate(limit - 1e-4, beta, terrain.L)
        < 1
        < terrain.rate(limit + 1e-4, beta, terrain.L)
    )


def test_nothing_is_faster_than_the_best():
    for mu in (0.1, 0.2, 1.0, 5.0):
        alpha, beta = terrain.fastest(mu)
        at = max(terrain.rate(alpha, beta, mu), terrain.rate(alpha, beta, terrain.L))
        a, b = terrain.ALPHAS, terrain.BETAS[:, None]
        grid = np.maximum(terrain.rate(a, b, mu), terrain.rate(a, b, terrain.L))
        assert at <= grid.min() + 1e-9


@pytest.mark.parametrize("decay", ["none", "l2", "decoupled"])
def test_adams_ledger_is_torchs(decay):
    gradients = RNG.normal(size=50)
    w = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    kind = torch.optim.AdamW if decay == "decoupled" else torch.optim.Adam
    optimizer = kind([w], lr=terrain.LR, weight_decay=0 if decay == "none" else terrain.DECAY)
    for g in gradients:
        w.grad = torch.tensor([g], dtype=torch.float64)
        optimizer.step()
    assert terrain.ledger(gradients, decay=decay).w[-1] == pytest.approx(w.item(), abs=1e-10)


def test_the_numbers_of_adams_first_steps():
    at = terrain.EXPLORABLE.at
    assert at(tab="adam", correct=False)["first"] == pytest.approx(0.1 / np.sqrt(0.001), rel=1e-5)
    for scale in (1e-3, 1.0, 1e3):
        assert at(tab="adam", scale=scale)["first"] == pytest.approx(1, rel=1e-4)
    assert at(tab="adam", root=False, scale=1e-3)["first"] == pytest.approx(1 / 1e-3, rel=0.02)
    assert at(tab="adam", eps_inside=True, scale=1e-3)["first"] == pytest.approx(0.995, abs=1e-3)
    small = at(tab="adam", decay="l2", sequence="zero-mean", scale=1e-3)
    assert small["end"] < 0.05
    assert 0.75 < small["end_right"] < 0.9


def test_a_step_of_the_learners_is_named():
    def heavy(w, g, state):
        state["v"] = 0.9 * state.get("v", 0) + g
        return w - 0.3 * state["v"]

    def averaged(w, g, state):
        state["v"] = 0.9 * state.get("v", 0) + 0.1 * g
        return w - 0.3 * state["v"]

    named = [terrain.EXPLORABLE.at(own={"step": s})["named"] for s in (heavy, averaged)]
    assert named[0] == "momentum"
    assert named[1].startswith("momentum as an average")
    wrong = terrain.EXPLORABLE.at(own={"step": lambda w, g, state: w + g})
    assert wrong["named"] == "none of those that we know"
    assert wrong["left"]["yours"] is None


# Overfitting --------------------------------------------------------------------------------------


def test_the_error_falls_again_past_interpolation():
    test = {d: dial.EXPLORABLE.at(degree=d)["test"] for d in (3, 19, 59)}
    assert test[3] < 0.02
    assert test[19] > 1e6
    assert 0.1 < test[59] < 20


def test_least_squares_is_numpys():
    x, y = dial._points(20, 0.2)
    for degree in (3, 10, 40):
        wanted = np.linalg.lstsq(dial.legvander(x, degree), y, rcond=1e-12)[0]
        found = dial.fit(x, y, degree, dial.Restraint("none", 0))
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)


def test_ridge_is_its_formula_and_stopping_is_gradient_descent():
    x, y = dial._points(20, 0.2)
    phi = dial.legvander(x, 8)
    wanted = np.linalg.solve(phi.T @ phi + 0.1 * np.eye(9), phi.T @ y)
    np.testing.assert_allclose(dial.fit(x, y, 8, dial.Restraint("ridge", 0.1)), wanted, rtol=1e-8)
    w, lr = np.zeros(9), 1 / np.linalg.norm(phi, 2) ** 2
    for _ in range(50):
        w -= lr * phi.T @ (phi @ w - y)
    np.testing.assert_allclose(dial.fit(x, y, 8, dial.Restraint("early", 50)), w, rtol=1e-8)


def test_another_solution_passes_through_the_same_points_with_longer_weights():
    x, y = dial._points(20, 0.2)
    how = dial.Restraint("none", 0.0)
    short, other = (dial.fit(x, y, 40, how._replace(shortest=s)) for s in (True, False))
    phi = dial.legvander(x, 40)
    np.testing.assert_allclose(phi @ short, phi @ other, atol=1e-8)
    assert np.linalg.norm(other) > np.linalg.norm(short)


def test_the_switch_of_batch_norm():
    at = dial.EXPLORABLE.at
    norm = {"tab": "switch", "layer": "batch norm"}
    right = at(**norm, mode="eval")["accuracy"]
    assert right > 0.94
    assert at(**norm, mode="train", size=2)["accuracy"] < right - 0.2
    assert at(**norm, mode="train", size=32, order="sorted")["accuracy"] < 0.5
    assert at(**norm, mode="eval", order="sorted", size=2)["accuracy"] == right
    assert at(**norm, mode="eval", updates="5")["accuracy"] < right
    assert np.isnan(at(**norm, mode="train", size=1)["accuracy"])


def test_the_switch_of_dropout():
    at = dial.EXPLORABLE.at
    drop = {"tab": "switch", "layer": "dropout"}
    right = at(**drop, mode="eval")
    assert len(set(right["repeats"])) == 1
    left_on = at(**drop, mode="train")
    assert max(left_on["repeats"]) < right["accuracy"]
    assert len(set(left_on["repeats"])) > 1
    assert at(**drop, mode="eval", functional=True)["repeats"] == left_on["repeats"]
    assert at(**drop, mode="eval", rescale=False)["logit_ratio"] > 1.5


def test_running_statistics_follow_torch():
    net = dial._trained("batch norm", 10)
    layer = torch.nn.BatchNorm1d(64, momentum=0.3).double()
    layer.train()
    rng, mean, variance = np.random.default_rng(0), np.zeros(64), np.ones(64)
    for _ in range(4):
        x = rng.normal(size=(8, 64))
        layer(torch.tensor(x))
        mean = 0.7 * mean + 0.3 * x.mean(axis=0)
        variance = 0.7 * variance + 0.3 * x.var(axis=0, ddof=1)
    np.testing.assert_allclose(layer.running_mean.numpy(), mean, atol=1e-12)
    np.testing.assert_allclose(layer.running_var.numpy(), variance, atol=1e-12)
    found, _ = dial.running(net, 3, 0.3)
    wanted = 0.3 * sum(0.7**i * net.means[-1 - i] for i in range(3))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_points_and_a_fit_of_the_learners_are_used():
    x, y = np.array([3.0, 1.0, 2.0]), np.array([1.0, 0.0, 0.5])
    frame = dial.EXPLORABLE.at(own={"data": (x, y)}, degree=1)
    np.testing.assert_allclose(frame["x"], [-1, 0, 1])
    assert frame["train"] < 1e-20
    flat = dial.EXPLORABLE.at(own={"fitter": lambda x, y, at: np.zeros_like(at)})
    assert flat["test"] == pytest.approx(np.mean(dial.truth(dial.GRID) ** 2))
    with pytest.raises(ValueError, match="should return"):
        dial.EXPLORABLE.at(own={"fitter": lambda x, y, at: x})


# Folds --------------------------------------------------------------------------------------------


def test_training_is_torchs_gradient_descent():
    x, y = fold._data("corners")
    net = fold.network(fold.FOLDS, 1.0, True, 2)
    ours = fold.train(net, x, y, "relu", False, True, 5)
    tensors = [[torch.tensor(v, requires_grad=True) for v in layer] for layer in net]
    optimizer = torch.optim.SGD([v for layer in tensors for v in layer], lr=fold.LR)
    for _ in range(5):
        a = torch.tensor(x)
        for i, (W, b) in enumerate(tensors):
            a = a @ W + b
            a = torch.relu(a) if i + 1 < len(tensors) else a
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            a[:, 0], torch.tensor(y, dtype=torch.float64)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for mine, theirs in zip(ours, tensors, strict=True):
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a, b.detach().numpy(), atol=1e-10)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_linear_layers_are_one_matrix(layers):
    frame = fold.EXPLORABLE.at(activation="linear", layers=layers, epochs=20)
    assert frame["collapse_error"] < 1e-12
    assert frame["count"] == 1


def test_lines_in_general_position_make_as_many_pieces_as_they_should():
    assert fold.EXPLORABLE.at()["count"] == 7
    assert fold.EXPLORABLE.at(folds=fold.FOLDS[:5])["count"] == 2
    assert fold.EXPLORABLE.at(folds=fold.FOLDS[:10])["count"] == 4


def test_one_unit_is_no_better_than_a_line():
    """A single fold's boundary is one line, so its accuracy is bounded by the best line's."""
    best = fold.best_line("corners")
    for folds in RNG.uniform(-3, 3, (200, 5)):
        for bias in (-1.0, 1.0):
            frame = fold.EXPLORABLE.at(data="corners", folds=folds, bias=bias)
            assert frame["accuracy"] <= best + 0.01
    assert best < 0.8


def test_two_units_tell_the_corners_apart():
    frame = fold.EXPLORABLE.at(data="corners", folds=fold.BAND, bias=1.0)
    assert frame["accuracy"] > 0.95


def test_without_biases_every_line_goes_through_the_origin():
    assert all(line[2] == 0 for line in fold.EXPLORABLE.at(use_bias=False, epochs=20)["lines"])


def test_points_and_a_model_of_the_learners_are_used():
    points = (RNG.normal(size=(50, 2)), np.repeat(["a", "b"], 25))
    assert len(fold.EXPLORABLE.at(own={"points": points}, data="yours")["labels"]) == 50
    frame = fold.EXPLORABLE.at(own={"model": lambda p: p[:, 0]})
    assert (frame["output"].reshape(80, 80)[:, -1] > 128).all()
    with pytest.raises(ValueError, match="one score for each"):
        fold.EXPLORABLE.at(own={"model": lambda p: p})
