"""What the trust bench claims, computed again in other ways."""

import numpy as np
import pytest

from dlcourse import scratch
from dlcourse.data import digits
from dlcourse.teach.explorable import KnobError
from dlcourse.topics.trust import explain, federated
from dlcourse.topics.trust import trust_bench as bench

at = bench.EXPLORABLE.at


@pytest.fixture(scope="module")
def model():
    return explain.reader(scratch, digits().train, seed=0)


@pytest.mark.parametrize("of", ["logit", "probability"])
def test_its_slopes_are_the_engines(model, of):
    x, y, _ = bench.pictures()
    found = bench.slopes(bench.nets()[0], x, y, of)
    wanted = explain.slope(model, x.astype(np.float32), y, of)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize("baseline", bench.BASELINES.values())
def test_its_maps_are_the_lessons(model, baseline):
    x, y, _ = bench.pictures()
    single = x.astype(np.float32)
    net = bench.nets()[0]
    integrated = bench.attribution(net, x, y, bench.Way("integrated", "logit", baseline, True))
    wanted = explain.integrated_gradients(
        model, single, y, np.full_like(single, baseline), bench.STEPS
    )
    np.testing.assert_allclose(integrated, wanted, atol=1e-3)
    occluded = bench.attribution(net, x, y, bench.Way("occlusion", "logit", baseline, True))
    np.testing.assert_allclose(
        occluded, explain.occlusion(model, single, y, ink=baseline), atol=1e-4
    )


def test_its_deletion_curve_is_the_lessons(model):
    x, _, _ = bench.pictures()
    c = bench.logits(bench.nets()[0], x).argmax(1)
    ranks = np.random.default_rng(0).normal(size=x.shape)
    wanted = explain.deletion(model, x.astype(np.float32), c, ranks, range(bench.MOST + 1))
    found = bench.deletion(bench.nets()[0], x, c, ranks, 0.0)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_the_size_of_gradient_times_input_survives_random_weights_and_its_sign_does_not():
    signed, size = (at(method="product", shown=s)["alike"] for s in ("signed", "size"))
    assert size > 0.85
    assert abs(signed) < 0.2


def test_black_gets_nothing_from_a_black_baseline():
    assert at(digit=0)["on_black"] == 0
    assert at(digit=0, baseline="white")["on_black"] > 0.5


def test_integrated_gradients_add_up_and_gradient_times_input_does_not():
    for digit in range(10):
        frame = at(digit=digit)
        assert frame["total"] == pytest.approx(frame["change"], rel=0.02)
    frame = at(digit=3, method="product")
    assert abs(frame["total"] / frame["change"] - 1) > 0.02


def test_it_is_sure_of_noise_and_the_probabilitys_gradient_fades():
    assert at(digit=bench.STATIC)["confidence"] > 0.9
    sure = {of: at(digit=0, method="gradient", of=of)["length"] for of in ("logit", "probability")}
    assert sure["probability"] < 0.02 * sure["logit"]


def test_without_the_column_most_of_the_gap_stays():
    every, unaware = (at(tab="fair", columns=c)["tpr"] for c in ("all", "no group"))
    assert every[0] - every[1] > 0.4
    assert unaware[0] - unaware[1] > 0.6 * (every[0] - every[1])


def test_the_presets_of_the_fair_tab_do_what_they_say():
    frames = {p: at(**bench.EXPLORABLE.preset(p).settings) for p in ("parity", "same-accuracy")}
    parity, same = frames["parity"], frames["same-accuracy"]
    assert abs(parity["yes"][0] - parity["yes"][1]) < 0.02
    assert abs(parity["fpr"][0] - parity["fpr"][1]) > 0.1
    assert abs(same["accuracy"][0] - same["accuracy"][1]) < 0.01
    assert abs(same["tpr"][0] - same["tpr"][1]) > 0.1


def test_clipping_hides_nothing_and_noise_does():
    for limit in (0.001, 0.1, 10):
        assert at(tab="peek", limit=limit)["error"] < 1e-9
    assert abs(at(tab="peek", noise=1.0)["likeness"]) < 0.3
    with np.errstate(all="raise"):
        dW, db = federated.gradients(*bench._layer(), *(v[:1] for v in bench.pictures()[:2]))
    np.testing.assert_allclose(
        federated.leak_input(dW[0], db[0]), bench.pictures()[0][0], atol=1e-12
    )


def test_the_learners_own_picture():
    picture = np.zeros((8, 8))
    picture[:, 4] = 1
    frame = at(own={"picture": picture})
    np.testing.assert_array_equal(frame["picture"], picture.ravel())
    with pytest.raises(KnobError, match="8 by 8"):
        at(own={"picture": np.ones(3)})
