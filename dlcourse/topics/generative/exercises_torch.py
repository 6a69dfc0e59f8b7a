"""Exercises on generators in PyTorch: where gradients must pass, and where they must not."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ...teach.exercise import Case, Exercise, Wrong

# --- reparameterise ------------------------------------------------------------------------------


def reparameterise(mean, log_variance, noise):
    """Codes from N(mean, exp(log_variance)), with gradients to both; tensors (B, K)."""
    deviation = torch.exp(0.5 * log_variance)  #: the root of the variance
    return mean + deviation * noise  #: the chance comes from outside


def _drive_codes(
    reparameterise, mean: np.ndarray, log_variance: np.ndarray, noise: np.ndarray
) -> dict:
    """The codes, and what a gradient of their weighted sum brings back to both arguments."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (mean, log_variance)]
    codes = reparameterise(*leaves, torch.tensor(noise))
    if not isinstance(codes, torch.Tensor):
        return {"codes": codes, "gradient of mean": None, "gradient of log_variance": None}
    if codes.requires_grad:
        weights = torch.linspace(1.0, 2.0, codes.numel(), dtype=codes.dtype)
        (codes.reshape(-1) * weights).sum().backward()
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in leaves]
    return {
        "codes": codes.detach().numpy(),
        "gradient of mean": gradients[0].numpy(),
        "gradient of log_variance": gradients[1].numpy(),
    }


def _code_inputs(rng: np.random.Generator, B: int, K: int) -> dict:
    return {
        "mean": rng.normal(0, 1.5, (B, K)),
        "log_variance": rng.normal(0, 1.2, (B, K)),
        "noise": rng.normal(size=(B, K)),
    }


def _code_corners(rng: np.random.Generator) -> list[Case]:
    given = _code_inputs(rng, 2, 3)
    return [
        Case("no noise", {**given, "noise": np.zeros((2, 3))}),
        Case("variance one", {**given, "log_variance": np.zeros((2, 3))}),
        Case("means of zero", {**given, "mean": np.zeros((2, 3))}),
    ]


def _no_gradient(mean, log_variance, noise):
    with torch.no_grad():
        return mean + torch.exp(0.5 * log_variance) * noise


REPARAMETERISE = Exercise(
    id="reparameterise",
    title="Draw, and let the gradient through",
    asks="""Draw one code for each entry from the normal distribution with this `mean` and this
`log_variance` (the logarithm of the *variance*), using the given standard normal `noise`, so that
gradients reach both arguments.

- All three are tensors of shape (B, K); so is the result.
- Draw nothing new inside: with the same `noise` the result is the same.""",
    reference=reparameterise,
    inputs=_code_inputs,
    corners=_code_corners,
    drive=_drive_codes,
    wrongs=(
        Wrong(
            "without-gradient",
            _no_gradient,
            "**The codes are right, and nothing comes back.** They were computed under `no_grad` "
            "or detached, as if drawing could not be differentiated. The chance sits in `noise`; "
            "the rest is a sum and a product, and those have slopes.",
            belief="G-01",
            see="generator-bench#no-reparam",
            decoy="deviation = torch.exp(0.5 * log_variance).detach()",
        ),
        Wrong(
            "detached-deviation",
            lambda m, v, e: m + torch.exp(0.5 * v).detach() * e,
            "**The deviation is cut off.** The mean gets its gradient, the log-variance none: the "
            "encoder could never learn how wide its clouds should be.",
            belief="G-01",
            see="generator-bench#no-reparam",
        ),
        Wrong(
            "detached-mean",
            lambda m, v, e: m.detach() + torch.exp(0.5 * v) * e,
            "**The mean is cut off.** The width gets its gradient, the place none.",
            belief="G-01",
        ),
        Wrong(
            "log-variance-as-deviation",
            lambda m, v, e: m + v * e,
            "**`log_variance` is used as the deviation.** It may be negative, and it is zero "
            "where the variance is one. The deviation is exp of half of it.",
            belief="G-02",
            see="generator-bench#logvar-as-std",
            decoy="return mean + log_variance * noise",
        ),
        Wrong(
            "variance-as-deviation",
            lambda m, v, e: m + torch.exp(v) * e,
            "**The noise is multiplied by the variance.** A factor acts on the deviation: take "
            "the root, that is exp of half. (A network would learn around it; the divergence "
            "would then no longer mean what it says.)",
            belief="G-03",
            decoy="deviation = torch.exp(log_variance)",
        ),
        Wrong(
            "double-exponent",
            lambda m, v, e: m + torch.exp(2 * v) * e,
            "**The exponent is four times too large.** From log-variance to deviation one takes "
            "the half, not the double.",
            belief="G-07",
            decoy="deviation = torch.exp(2 * log_variance)",
        ),
        Wrong(
            "no-noise",
            lambda m, v, e: m + 0 * v,
            "**Nothing is drawn: that is the mean.** Then the clouds are points again, and the "
            "space between the codes stays empty.",
            decoy="return mean",
        ),
        Wrong(
            "noise-alone",
            lambda m, v, e: torch.exp(0.5 * v) * e + 0 * m,
            "**The mean is missing.** All clouds lie around zero, whatever the picture shows.",
            decoy="return deviation * noise",
        ),
        Wrong(
            "sign",
            lambda m, v, e: m - torch.exp(0.5 * v) * e,
            "**The noise is subtracted.** As a draw it would be as good, but with the given "
            "`noise` another code was asked for: mean *plus* deviation times noise.",
        ),
    ),
    hints=(
        "How do you make a number from N(5, 4) out of one from N(0, 1)?",
        "The deviation is the root of the variance; in the logarithm a root is a factor of one "
        "half.",
    ),
    why="""$\\mu + \\sigma\\varepsilon$ has mean $\\mu$ and variance $\\sigma^2$, and it is an
ordinary expression in $\\mu$ and $\\log\\sigma^2$: its slopes are 1 and
$\\frac12\\sigma\\varepsilon$. The randomness is an input, like the pictures. Drawing with a
function such as `torch.normal(mean, deviation)` gives codes that are as good, but without a path
for gradients.""",
    objectives=("GM-3",),
    minutes=6,
    difficulty=2,
)


# --- gan_losses ----------------------------------------------------------------------------------


def gan_losses(generator, discriminator, real, noise):
    """The two players' losses (judge, fool) on real examples (B, D) and noise (B, Z)."""
    drawn = generator(noise)
    yes = discriminator(real)
    no = discriminator(drawn.detach())  #: the generator must not learn to be found out
    called = discriminator(drawn)  #: here the gradient comes back through the judge
    bce = F.binary_cross_entropy_with_logits
    judge = bce(yes, torch.ones_like(yes)) + bce(no, torch.zeros_like(no))
    fool = bce(called, torch.ones_like(called))
    return judge, fool


def _players(D: int, Z: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Two small networks with fixed weights in float64."""
    generator = nn.Sequential(nn.Linear(Z, D), nn.Tanh()).double()
    discriminator = nn.Sequential(nn.Linear(D, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    with torch.no_grad():
        for i, p in enumerate([*generator.parameters(), *discriminator.parameters()]):
            values = torch.linspace(-1.1, 0.9 + 0.1 * i, p.numel(), dtype=torch.float64)
            p.copy_(values.sin().view_as(p))
    return generator, discriminator


def _drive_duel(gan_losses, real: np.ndarray, noise: np.ndarray) -> dict:
    """Both losses, and the gradient of each with respect to both players."""
    players = dict(
        zip(("generator", "discriminator"), _players(real.shape[1], noise.shape[1]), strict=True)
    )
    losses = gan_losses(*players.values(), torch.tensor(real), torch.tensor(noise))
    found: dict = {}
    for name, loss in zip(("judge", "fool"), losses, strict=True):
        found[name] = loss.detach().numpy() if isinstance(loss, torch.Tensor) else loss
        for player, net in players.items():
            # A loss for the generator also reaches the judge; whether it does is not asked.
            if (name, player) != ("fool", "discriminator"):
                found[f"gradient of {name} for the {player}"] = _gradient(loss, net)
    return found


def _gradient(loss, net: nn.Module) -> np.ndarray:
    parameters = list(net.parameters())
    if not (isinstance(loss, torch.Tensor) and loss.requires_grad):
        return np.zeros(sum(p.numel() for p in parameters))
    grads = torch.autograd.grad(loss.sum(), parameters, retain_graph=True, allow_unused=True)
    pairs = zip(grads, parameters, strict=True)
    return np.concatenate([(p * 0 if g is None else g).detach().numpy().ravel() for g, p in pairs])


def _duel_inputs(rng: np.random.Generator, B: int, D: int, Z: int) -> dict:
    return {"real": rng.normal(0.5, 1, (B, D)), "noise": rng.normal(size=(B, Z))}


def _duel(judge=None, fool=None, detach=True):
    """A known-wrong variant: `judge(yes, no)` or `fool(called, drawn, discriminator)` changed."""

    def wrong(generator, discriminator, real, noise):
        drawn = generator(noise)
        yes, no = discriminator(real), discriminator(drawn.detach() if detach else drawn)
        judged = judge(yes, no) if judge else _bce(yes, 1) + _bce(no, 0)
        called = discriminator(drawn)
        fooled = fool(called, drawn, discriminator) if fool else _bce(called, 1)
        return judged, fooled

    return wrong


def _bce(logits: torch.Tensor, label: float) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


GAN_LOSSES = Exercise(
    id="gan_losses",
    title="The losses of two players",
    asks="""Compute the losses of both players of an adversarial pair and return `judge, fool`.

- `judge`, for the discriminator: call `real` ones 1 and drawn ones 0; the **sum** of the two mean
  cross-entropies. No gradient of it may reach the generator.
- `fool`, for the generator: have the drawn ones called 1 (the non-saturating loss). Its gradient
  must reach the generator.
- `generator(noise)` gives drawn examples (B, D); `discriminator(x)` gives logits (B, 1);
  `torch.nn.functional` is there as `F`.""",
    reference=gan_losses,
    inputs=_duel_inputs,
    drive=_drive_duel,
    wrongs=(
        Wrong(
            "detached-twice",
            _duel(fool=lambda c, drawn, d: _bce(d(drawn.detach()), 1)),
            "**What was drawn is detached in the generator's loss, too.** The number is right, "
            "but the only road back to the generator is cut, and it will never move. Detach in "
            "the discriminator's loss only.",
            belief="G-11",
            see="generator-bench#detach-generator",
            decoy="called = discriminator(drawn.detach())",
        ),
        Wrong(
            "towards-fake",
            _duel(fool=lambda c, drawn, d: _bce(c, 0)),
            "**The generator is trained to be called drawn.** With the label 0 it learns to be "
            "found out, and its samples get worse. It wants to be called real.",
            belief="G-12",
            see="generator-bench#towards-fake",
            decoy="fool = bce(called, torch.zeros_like(called))",
        ),
        Wrong(
            "first-game",
            _duel(fool=lambda c, drawn, d: -_bce(c, 0)),
            "**That is the generator's loss of the first game, log(1 − D).** It has the same goal "
            "and can work, but next to no slope while the drawn ones are seen through. The "
            "exercise asks for the other one.",
            belief="G-13",
            decoy="fool = -bce(called, torch.zeros_like(called))",
        ),
        Wrong(
            "not-detached",
            _duel(detach=False),
            "**The discriminator's loss reaches the generator.** If every gradient is cleared "
            "before the generator's own step this costs time and nothing else; but the exercise "
            "asks for a loss that leaves the generator alone: detach what was drawn.",
            belief="G-10",
            decoy="no = discriminator(drawn)",
        ),
        Wrong(
            "labels-exchanged",
            _duel(judge=lambda y, n: _bce(y, 0) + _bce(n, 1)),
            "**The discriminator's labels are exchanged.** Real ones are to be called 1.",
            decoy="judge = bce(yes, torch.zeros_like(yes)) + bce(no, torch.ones_like(no))",
        ),
        Wrong(
            "real-only",
            _duel(judge=lambda y, n: _bce(y, 1) + 0 * n.sum()),
            "**The discriminator sees real ones only.** Then it can call everything real and has "
            "no loss: it needs the drawn ones as well.",
            decoy="judge = bce(yes, torch.ones_like(yes))",
        ),
        Wrong(
            "halved",
            _duel(judge=lambda y, n: (_bce(y, 1) + _bce(n, 0)) / 2),
            "**The discriminator's loss is halved.** A fair habit of some programs, but it makes "
            "the step half as long, and 2 log 2 is no longer its value for a mere guesser. The "
            "sum was asked for.",
        ),
        Wrong(
            "sigmoid-twice",
            _duel(
                judge=lambda y, n: _bce(torch.sigmoid(y), 1) + _bce(torch.sigmoid(n), 0),
                fool=lambda c, drawn, d: _bce(torch.sigmoid(c), 1),
            ),
            "**A sigmoid is applied before a loss that contains one.** "
            "`binary_cross_entropy_with_logits` takes the raw logits.",
            belief="C-10",
            decoy="yes = torch.sigmoid(discriminator(real))",
        ),
        Wrong(
            "one-batch",
            _duel(
                judge=lambda y, n: F.binary_cross_entropy_with_logits(
                    torch.cat([y, n]),
                    torch.cat([torch.ones_like(y), 0 * n.detach()]),
                    reduction="sum",
                )
            ),
            "**The loss is summed over the batch.** It asks for two means: with sums the step "
            "grows with the batch.",
            belief="C-08",
        ),
    ),
    hints=(
        "Write down the labels first: which two for the discriminator, which for the generator?",
        "The drawn examples are used twice. In one use the gradient must stop before the "
        "generator, in the other it must go through.",
        "`tensor.detach()` gives the same numbers without their history.",
    ),
    why="""Both losses are the same cross-entropy with other labels. The generator's loss uses the
discriminator as a teacher: its gradient passes *through* the discriminator's layers to the drawn
example and on to the generator. That is why its own loss must not be detached. In the
discriminator's loss the same path exists but is of no use, so it is cut.""",
    objectives=("GM-4",),
    minutes=10,
    difficulty=3,
)


EXERCISES = (REPARAMETERISE, GAN_LOSSES)
