"""What a twin test cannot see: caches, masks, samples and scores, right in themselves."""

import importlib

import numpy as np
import pytest

from dlcourse import models
from dlcourse.models.ddpm import cosine_signal
from dlcourse.models.gpt import Block
from dlcourse.models.sampling import choose, probabilities

ENGINES = [importlib.import_module(name) for name in ("torch", "dlcourse.scratch")]


@pytest.fixture(params=ENGINES, ids=lambda e: e.__name__)
def engine(request):
    request.param.manual_seed(0)
    return request.param


def ids(engine, high, *shape):
    return engine.tensor(np.random.default_rng(0).integers(0, high, shape))


def values(tensor):
    return tensor.detach().numpy()


def test_the_cache_gives_what_the_whole_text_gives(engine):
    model = models.GPT(engine)(11, 16, 2, 4, 32)
    x = ids(engine, 11, 2, 12)
    whole = values(model(x))
    logits, cache = model.extend(x[:, :5])
    parts = [values(logits)]
    for i in range(5, 12):
        logits, cache = model.extend(x[:, i : i + 1], cache)
        parts.append(values(logits))
    np.testing.assert_allclose(np.concatenate(parts, 1), whole, atol=1e-5)


def test_gpt_does_not_see_the_future_and_bert_does(engine):
    gpt, bert = models.GPT(engine)(11, 16, 2, 4, 32), models.BERT(engine)(11, 16, 2, 4, 32)
    x = np.random.default_rng(0).integers(0, 11, (1, 9))
    other = x.copy()
    other[0, 6] = (other[0, 6] + 1) % 11
    for model, blind in ((gpt, True), (bert, False)):
        a, b = (values(model(engine.tensor(t))) for t in (x, other))
        assert np.allclose(a[:, :6], b[:, :6], atol=1e-6) is blind
        assert not np.allclose(a[:, 6:], b[:, 6:], atol=1e-6)


def test_attention_rows_sum_to_one(engine):
    attention = Block(engine)(8, 2).attn
    q = engine.tensor(np.random.default_rng(0).normal(size=(1, 2, 5, 4)).astype(np.float32))
    weights = values(attention.weights(q, q))
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)
    assert not np.triu(weights[0, 0], 1).any()


def test_the_translator_does_not_look_at_fillings(engine):
    model = models.Seq2Seq(engine)(9, 8)
    source = np.array([[0, 0, 3, 4, 5]])
    memory, state = model.encoder(model.embed_source(engine.tensor(source)))
    h, _ = model.decoder(model.embed_target(engine.tensor(np.array([[1, 2]]))), state)
    weights = values(model.attend(h, memory, engine.tensor(source)))
    assert not weights[:, :, :2].any()
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)


def test_translating_greedily_agrees_with_the_logits(engine):
    model = models.Seq2Seq(engine)(9, 8)
    source = engine.tensor(np.array([[1, 2, 3], [4, 5, 6]]))
    out = model.translate(source, 1, 4)
    given = engine.tensor(np.concatenate([np.ones((2, 1), np.int64), values(out)[:, :-1]], 1))
    np.testing.assert_array_equal(values(model(source, given)).argmax(-1), values(out))


def test_a_bag_of_words_does_not_know_their_order(engine):
    bag, reader = models.BagOfWords(engine)(9), models.SentimentRNN(engine)(9)
    a = engine.tensor(np.array([[0, 1, 2, 3]]))
    b = engine.tensor(np.array([[0, 3, 1, 2]]))
    np.testing.assert_allclose(values(bag(a)), values(bag(b)), atol=1e-6)
    assert not np.allclose(values(reader(a)), values(reader(b)), atol=1e-4)


def test_the_discriminators_loss_does_not_reach_the_generator(engine):
    model = models.GAN(engine)(2)
    noise = engine.tensor(np.ones((4, 8), np.float32))
    model.judge(engine.tensor(np.ones((4, 2), np.float32)), noise).backward()
    assert all(p.grad is None for p in model.generator.parameters())
    assert all(p.grad is not None for p in model.discriminator.parameters())


def test_the_divergence_is_the_known_integral(engine):
    """KL of N(m, s^2) from N(0, 1), against the same by a million samples (Kingma & Welling)."""
    model = models.VAE(engine)(4, 1)
    x = engine.tensor(np.random.default_rng(0).random((1, 4)).astype(np.float32))
    _, apart = model.parts(x, engine.tensor(np.zeros((1, 1), np.float32)))
    mean, log_variance = (float(values(v)[0, 0]) for v in model.encode(x))
    s = np.exp(0.5 * log_variance)
    z = mean + s * np.random.default_rng(1).normal(size=1_000_000)
    sampled = np.mean(-0.5 * ((z - mean) / s) ** 2 - np.log(s) + 0.5 * z**2)
    assert apart.item() == pytest.approx(sampled, abs=5e-3)


def test_noise_takes_over_and_keeps_the_variance():
    signal = cosine_signal(50)
    assert (np.diff(signal) < 0).all()
    assert signal[0] > 0.99
    assert signal[-1] == 1e-4


def test_a_perfect_denoiser_walks_back_to_the_data(engine):
    """Where all data are one point, the right noise is known, and sampling must end there."""
    model = models.DDPM(engine)(2, steps=30)
    point = engine.tensor(np.array([[1.5, -0.5]], np.float32))

    def oracle(x, t):
        return (x - model.signal[t][:, None] * point) / model.noise[t][:, None]

    model.forward = oracle
    noises = np.random.default_rng(0).normal(size=(30, 64, 2)).astype(np.float32)
    with engine.no_grad():
        drawn = values(model.sample(engine.tensor(noises)))
    np.testing.assert_allclose(drawn, np.tile([1.5, -0.5], (64, 1)), atol=1e-3)


LOGITS = np.log([0.5, 0.3, 0.15, 0.05])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0.5, 0.3, 0.15, 0.05]),
        ({"temperature": 0}, [1, 0, 0, 0]),
        ({"temperature": 0.5}, np.array([0.25, 0.09, 0.0225, 0.0025]) / 0.365),
        ({"top_k": 2}, [0.625, 0.375, 0, 0]),
        ({"top_p": 0.5}, [1, 0, 0, 0]),
        ({"top_p": 0.6}, [0.625, 0.375, 0, 0]),
        ({"top_k": 3, "top_p": 1.0}, np.array([0.5, 0.3, 0.15, 0]) / 0.95),
    ],
)
def test_sampling_by_hand(options, expected):
    np.testing.assert_allclose(probabilities(LOGITS, **options), expected, atol=1e-12)


def test_choices_follow_the_probabilities():
    rng = np.random.default_rng(0)
    drawn = [choose(LOGITS, rng, top_k=3) for _ in range(4000)]
    share = np.bincount(drawn, minlength=4) / 4000
    np.testing.assert_allclose(share, np.array([0.5, 0.3, 0.15, 0]) / 0.95, atol=0.03)


def test_a_negative_temperature_is_refused():
    with pytest.raises(ValueError, match="at least 0"):
        probabilities(LOGITS, temperature=-1)
