"""Lesson 11: its study room against captum, scikit-learn, autograd and the axioms."""

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, Occlusion, Saliency
from scipy.stats import spearmanr
from sklearn.metrics import recall_score

from dlcourse import data, scratch
from dlcourse.teach.metrics import calibration_error, log_loss, softmax
from dlcourse.teach.quiz import find, grade
from dlcourse.teach.train import predict
from dlcourse.topics.trust import explain, federated, groups, robust


@pytest.fixture(scope="module")
def digits():
    return data.digits(seed=0)


@pytest.fixture(scope="module")
def nets(digits):
    """A trained network of ours and the same in torch, in double precision."""
    ours = explain.reader(scratch, digits.train, seed=0, epochs=10)
    theirs = explain.MLP(torch)([64, 64, 10])
    federated.put(torch, theirs, federated.state_of(ours))
    return ours, theirs.double()


@pytest.fixture(scope="module")
def shown(digits):
    return digits.valid.x[:12], digits.valid.y[:12]


def tensors(x, y):
    return torch.tensor(x, dtype=torch.float64), torch.tensor(y)


# Explanations -------------------------------------------------------------------------------------


def test_both_engines_give_captums_gradient(nets, shown):
    x, y = shown
    inputs, labels = tensors(x, y)
    wanted = Saliency(nets[1]).attribute(inputs.requires_grad_(), labels, abs=False).numpy()
    for net in nets:
        np.testing.assert_allclose(explain.slope(net, x, y), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("baseline", [0.0, 0.5, 1.0])
def test_both_engines_give_captums_integrated_gradients(nets, shown, baseline):
    x, y = shown
    captum = IntegratedGradients(nets[1])
    wanted = captum.attribute(
        tensors(x, y)[0], baseline, target=tensors(x, y)[1], n_steps=64, method="riemann_middle"
    ).numpy()
    for net in nets:
        found = explain.integrated_gradients(net, x, y, np.full_like(x, baseline), steps=64)
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_occlusion_is_captums_mean_over_a_patch(nets, shown, size):
    x, y = shown

    class Pictures(torch.nn.Module):
        def forward(self, pictures):
            return nets[1](pictures.flatten(1))

    pictures, labels = tensors(x.reshape(-1, 1, 8, 8), y)
    captum = Occlusion(Pictures()).attribute(
        pictures, (1, size, size), strides=(1, size, size), target=labels, baselines=0.5
    )
    found = explain.occlusion(nets[1], x, y, size=size, ink=0.5)
    np.testing.assert_allclose(found, captum.flatten(1).numpy(), atol=1e-5)


def test_integrated_gradients_are_complete(nets, shown):
    x, y = shown
    for net in nets:
        change = (predict(net, x) - predict(net, 0 * x))[np.arange(len(x)), y]
        total = explain.integrated_gradients(net, x, y, np.zeros_like(x), steps=256).sum(1)
        np.testing.assert_allclose(total, change, atol=0.02)


def test_the_probabilitys_gradient_has_the_factor_p_times_one_minus_p():
    model = torch.nn.Linear(3, 2).double()
    x, y = np.random.default_rng(0).normal(size=(5, 3)), np.array([0, 1, 0, 1, 1])
    p = softmax(predict(model, x))[np.arange(5), y][:, None]
    other = explain.slope(model, x, y) - explain.slope(model, x, 1 - y)
    np.testing.assert_allclose(
        explain.slope(model, x, y, of="probability"), p * (1 - p) * other, atol=1e-10
    )


def test_rank_correlation_is_spearmans():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 4, 30)).round(1)
    wanted = np.mean([spearmanr(u, v).statistic for u, v in zip(a, b, strict=True)])
    assert explain.rank_correlation(a, b) == pytest.approx(wanted)


def test_random_layers_are_drawn_from_the_top(nets):
    ours = nets[0]
    kept, fresh = (federated.state_of(m) for m in (ours, explain.randomised(ours, 1)))
    assert np.array_equal(kept["layers.0.weight"], fresh["layers.0.weight"])
    assert not np.allclose(kept["layers.1.weight"], fresh["layers.1.weight"])
    assert not np.allclose(
        kept["layers.0.weight"], federated.state_of(explain.randomised(ours, 2))["layers.0.weight"]
    )


# Calibration and attacks --------------------------------------------------------------------------


def test_the_temperature_has_the_smallest_loss():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(500, 4))
    y = np.array([rng.choice(4, p=p) for p in softmax(logits)])
    found = robust.temperature(3 * logits, y)
    assert found == pytest.approx(3, rel=0.2)
    least = log_loss(softmax(3 * logits / found), y)
    assert all(log_loss(softmax(3 * logits / (found * k)), y) >= least for k in (0.9, 1.1))


def test_perfect_calibration_scores_less_with_more_examples():
    p = np.random.default_rng(0).dirichlet(np.ones(3), 20_000)
    few, many = robust.ece_of_perfect(p[:200]), robust.ece_of_perfect(p)
    assert many < 0.01 < few
    assert calibration_error(p, np.zeros(len(p), int)) > 0.1


@pytest.mark.parametrize("eps", [0.05, 0.2])
def test_attacks_stay_in_their_box_and_raise_the_loss(nets, digits, eps):
    x, y = digits.valid.x, digits.valid.y
    for net in nets:
        clean = log_loss(softmax(predict(net, x)), y)
        losses = []
        for attack in (robust.shaken, robust.fgsm, robust.pgd):
            moved = attack(net, x, y, eps)
            assert np.abs(moved - x).max() <= eps + 1e-6
            assert moved.min() >= 0
            assert moved.max() <= 1
            losses.append(log_loss(softmax(predict(net, moved)), y))
        assert clean < losses[1]
        assert losses[0] < losses[1] <= losses[2]


def test_a_louder_network_answers_alike_and_has_no_gradient(nets, digits):
    ours = nets[0]
    loud, x, y = robust.louder(ours), digits.valid.x, digits.valid.y
    np.testing.assert_array_equal(predict(loud, x).argmax(1), predict(ours, x).argmax(1))
    assert (robust.uphill(loud, x, y) == 0).all(1).mean() > 0.8
    assert (robust.uphill(ours, x, y) == 0).all(1).mean() < 0.05


# Groups -------------------------------------------------------------------------------------------


def test_rates_are_scikit_learns():
    rng = np.random.default_rng(0)
    y, said = rng.integers(0, 2, (2, 300))
    found = groups.rates(y, said)
    assert found.tpr == pytest.approx(recall_score(y, said))
    assert found.fpr == pytest.approx(1 - recall_score(y, said, pos_label=0))
    assert found.yes == pytest.approx(found.base * found.tpr + (1 - found.base) * found.fpr)


def test_the_district_tells_the_group_and_repaying_does_not_need_it():
    people = groups.applicants(0, count=40_000)
    group, district = people["group"], people.x[:, 2]
    assert ((district > 1) == group).mean() > 0.9
    model_of_truth = people.x[:, 0] * 1.2 - people.x[:, 1] * 0.8
    for g in (0, 1):
        within = np.corrcoef(district[group == g], model_of_truth[group == g])[0, 1]
        assert abs(within) < 0.03


# Federated learning -------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [scratch, torch])
def test_one_full_step_each_is_one_step_on_everything(engine, digits):
    clients = federated.uneven(digits.train, 0)
    whole = data.Part(*(np.concatenate([c[k] for c in clients]) for k in ("x", "y")))
    model = federated.MLP(engine)([64, 32, 10])
    start, ends = federated.first_weights(engine, 0), []
    for part in (*clients, whole):
        federated.put(engine, model, start)
        federated.local(engine, model, part, 1, 0.5, len(part), 0)
        ends.append(federated.state_of(model))
    mean = federated.average(ends[:-1], [len(c) for c in clients])
    for name, weights in ends[-1].items():
        np.testing.assert_allclose(mean[name], weights, atol=1e-6)


def test_clients_share_out_all_examples(digits):
    for deal in (federated.alike, federated.skewed):
        assert sum(map(len, deal(digits.train, 5, 0))) == len(digits.train)
    assert [len(set(c.y)) for c in federated.skewed(digits.train, 5, 0)] == [2] * 5


def test_per_example_gradients_are_autograds(digits):
    rng = np.random.default_rng(0)
    W, b, x, y = rng.normal(size=(10, 64)), rng.normal(size=10), digits.valid.x[:5], digits.valid.y
    dW, db = federated.gradients(W, b, x.astype(float), y[:5])
    for i in range(5):
        weight, bias = (torch.tensor(v, requires_grad=True) for v in (W, b))
        logits = torch.tensor(x[i], dtype=torch.float64) @ weight.T + bias
        torch.nn.functional.cross_entropy(logits, torch.tensor(y[i])).backward()
        np.testing.assert_allclose(dW[i], weight.grad, atol=1e-12)
        np.testing.assert_allclose(db[i], bias.grad, atol=1e-12)


def test_no_example_moves_the_clipped_sum_by_more_than_the_limit():
    each = np.random.default_rng(0).normal(size=(20, 7)) * np.geomspace(0.01, 100, 20)[:, None]
    whole = federated.clipped_sum(each, 0.5)
    for i in range(20):
        without = federated.clipped_sum(np.delete(each, i, axis=0), 0.5)
        assert np.linalg.norm(whole - without) <= 0.5 + 1e-12


def test_the_noise_has_the_deviation_it_should():
    rng, each = np.random.default_rng(0), np.zeros((4, 20_000))
    sent = federated.private_gradient(each, limit=0.5, noise=3.0, rng=rng)
    assert sent.std() == pytest.approx(3.0 * 0.5 / 4, rel=0.03)


# The bank's numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 8])
def test_the_rooms_functions_give_the_keys(seed):
    def names(id):
        return {k: float(v) for k, v in find(id)[1].at(seed).names.items()}

    def right(id, value):
        assert grade(find(id)[1], repr(float(value)), seed).correct

    n = names("tw.fed.mean")
    states = [{"w": np.array(n["a"])}, {"w": np.array(n["b"])}]
    right("tw.fed.mean", federated.average(states, [n["n"], n["m"]])["w"])
    n = names("tw.leak.value")
    right(
        "tw.leak.value", federated.leak_input(np.array([[n["g"] * n["x"]]]), np.array([n["g"]]))[0]
    )
    n = {k: int(v) for k, v in names("tw.fair.rates").items()}
    y = np.arange(100) < n["a"]
    said = np.r_[np.arange(n["a"]) < n["b"], np.arange(100 - n["a"]) < n["c"]]
    right("tw.fair.rates", groups.rates(y.astype(int), said.astype(int)).tpr)
    n = names("tw.att.size")
    w = torch.tensor(np.resize([n["w"], -n["w"]], int(n["d"])))
    right("tw.att.size", (w * (n["e"] * w.sign())).sum().item())
