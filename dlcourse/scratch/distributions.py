"""Probability distributions as torch.distributions spells them: sample, score, compare.

`rsample` keeps the gradient with respect to the parameters (the reparameterisation of Kingma and
Welling, 2014); `sample` does not.  Sorted in order of increasing complexity.
"""

from math import log, pi

import numpy as np

from . import ops
from .autograd import Tensor
from .creation import as_tensor
from .dtypes import get_default_dtype
from .grad_mode import no_grad
from .nn.functional import binary_cross_entropy_with_logits, log_softmax, logsigmoid
from .random import bernoulli, multinomial, rand, randn

_TINY = np.finfo(np.float32).eps  # how far torch keeps probabilities from 0 and 1


class Distribution:
    """The form of a distribution: independent entries of shape `batch_shape`."""

    event_shape = ()
    has_rsample = False

    def _take(self, *parameters):
        """The parameters, numbers or tensors, as tensors broadcast against each other."""
        given = [p for p in parameters if isinstance(p, Tensor)]
        kind = given[0].dtype if given else get_default_dtype()
        tensors = [p if isinstance(p, Tensor) else as_tensor(p, dtype=kind) for p in parameters]
        self.batch_shape = np.broadcast_shapes(*(t.shape for t in tensors))
        return [t.expand(self.batch_shape) for t in tensors]

    def _need(self, name, ok, rule):
        if not bool(ok.all()):
            raise ValueError(f"{type(self).__name__}: {name} must be {rule}")

    def _shape(self, sample_shape):
        return (*sample_shape, *self.batch_shape)

    def sample(self, sample_shape=()):
        """Draw values of shape `sample_shape + batch_shape`, without a gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape=()):
        """Draw values through which gradients reach the parameters."""
        raise NotImplementedError(f"{type(self).__name__} cannot be reparameterised: use sample()")

    def log_prob(self, value):
        """The logarithm of the density, or of the probability, at `value`."""
        raise NotImplementedError

    @property
    def variance(self):
        """The mean squared distance from the mean."""
        raise NotImplementedError(f"{type(self).__name__} has no variance")

    @property
    def stddev(self):
        """The standard deviation."""
        return self.variance.sqrt()


class Uniform(Distribution):
    """Every value from `low` to `high` alike."""

    has_rsample = True

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = self._take(low, high)
        self._need("low", self.low < self.high, "below high")

    @property
    def mean(self):
        """Half way."""
        return (self.low + self.high) / 2

    @property
    def variance(self):
        """(high - low)² / 12."""
        return (self.high - self.low) ** 2 / 12

    def rsample(self, sample_shape=()):
        u = rand(self._shape(sample_shape), dtype=self.low.dtype)
        return self.low + u * (self.high - self.low)

    def log_prob(self, value):
        inside = (self.low <= value) & (value < self.high)
        return inside.type_as(self.low).log() - (self.high - self.low).log()

    def entropy(self):
        """log(high - low)."""
        return (self.high - self.low).log()


class Normal(Distribution):
    """The bell curve with mean `loc` and standard deviation `scale`."""

    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = self._take(loc, scale)
        self._need("scale", self.scale > 0, "positive")

    @property
    def mean(self):
        """`loc`."""
        return self.loc

    @property
    def variance(self):
        """`scale`²."""
        return self.scale**2

    def rsample(self, sample_shape=()):
        return self.loc + self.scale * randn(self._shape(sample_shape), dtype=self.loc.dtype)

    def log_prob(self, value):
        z = (value - self.loc) / self.scale
        return -(z**2) / 2 - self.scale.log() - log(2 * pi) / 2

    def entropy(self):
        """(1 + log(2 pi)) / 2 + log(scale)."""
        return (1 + log(2 * pi)) / 2 + self.scale.log()


class Bernoulli(Distribution):
    """1 with probability `probs`, else 0; or by `logits`."""

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        if logits is not None:
            (self.logits,) = self._take(logits)
            self.probs = self.logits.sigmoid()
        else:
            (self.probs,) = self._take(probs)
            self._need("probs", (self.probs >= 0) & (self.probs <= 1), "between 0 and 1")
            p = self.probs.clamp(_TINY, 1 - _TINY)
            self.logits = p.log() - (1 - p).log()

    @property
    def mean(self):
        """`probs`."""
        return self.probs

    @property
    def variance(self):
        """p (1 - p)."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        with no_grad():
            return bernoulli(self.probs.expand(self._shape(sample_shape)))

    def log_prob(self, value):
        logits, value = ops.PUBLIC["broadcast_tensors"](self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self):
        """-p log p - (1 - p) log(1 - p)."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")


class Categorical(Distribution):
    """One of K classes, by `probs` (..., K), which need not add up to one, or by `logits`."""

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        if logits is not None:
            self.logits = log_softmax(logits, dim=-1)
            self.probs = self.logits.exp()
        else:
            (weights,) = self._take(probs)
            self._need("probs", weights >= 0, "non-negative")
            self.probs = weights / weights.sum(-1, keepdim=True)
            self.logits = self.probs.clamp(_TINY, 1 - _TINY).log()
        *batch, self._num_events = self.logits.shape
        self.batch_shape = tuple(batch)

    def sample(self, sample_shape=()):
        n = int(np.prod(sample_shape))
        rows = self.probs.detach().reshape(-1, self._num_events)
        return multinomial(rows, n, replacement=True).T.reshape(self._shape(sample_shape))

    def log_prob(self, value):
        shape = np.broadcast_shapes(value.shape, self.batch_shape)
        index = value.long().expand(shape).unsqueeze(-1)
        return self.logits.expand((*shape, self._num_events)).gather(-1, index).squeeze(-1)

    def entropy(self):
        """-sum of p log p."""
        return -(self.probs * self.logits).sum(-1)


def _kl_normal(p, q):
    ratio = (p.scale / q.scale) ** 2
    return (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log()) / 2


def _kl_bernoulli(p, q):
    yes = logsigmoid(p.logits) - logsigmoid(q.logits)
    no = logsigmoid(-p.logits) - logsigmoid(-q.logits)
    return p.probs * yes + (1 - p.probs) * no


def _kl_categorical(p, q):
    return (p.probs * (p.logits - q.logits)).sum(-1)


_KL = {Normal: _kl_normal, Bernoulli: _kl_bernoulli, Categorical: _kl_categorical}


def kl_divergence(p, q):
    """The mean of log p - log q under p, for two distributions of the same kind."""
    if type(p) is not type(q) or type(p) not in _KL:
        raise NotImplementedError(f"KL from {type(p).__name__} to {type(q).__name__}")
    return _KL[type(p)](p, q)


__all__ = [
    "Bernoulli", "Categorical", "Distribution", "Normal", "Uniform", "kl_divergence",
]  # fmt: skip
