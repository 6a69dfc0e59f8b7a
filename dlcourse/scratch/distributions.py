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
from .linalg import cholesky, inv, solve
from .nn.functional import (
    binary_cross_entropy_with_logits,
    log_softmax,
    logsigmoid,
    one_hot,
    softplus,
)
from .random import bernoulli as toss
from .random import multinomial, rand, randn, rng
from .stubs import room

_TINY = np.finfo(np.float32).eps  # how far torch keeps probabilities from 0 and 1


class Distribution:
    """The form of a distribution: independent entries of shape `batch_shape`."""

    event_shape = ()
    has_rsample = False
    parameters: tuple = ()  # their names, as the constructor takes them

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

    def sample_n(self, n):
        """`n` values."""
        return self.sample((n,))

    def expand(self, batch_shape):
        """The same distribution for every entry of a larger shape."""
        names = [n for n in self.parameters if n in vars(self)][: len(self.parameters)]
        return type(self)(**{n: vars(self)[n].expand(batch_shape) for n in names})


class Uniform(Distribution):
    """Every value from `low` to `high` alike."""

    has_rsample, parameters = True, ("low", "high")

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

    has_rsample, parameters = True, ("loc", "scale")

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = self._take(loc, scale)
        self._need("scale", self.scale > 0, "positive")

    def cdf(self, value):
        """The probability of a smaller value."""
        return (1 + ((value - self.loc) / self.scale / 2**0.5).erf()) / 2

    def icdf(self, value):
        """The value below which the probability is `value`."""
        return self.loc + self.scale * (2 * value - 1).erfinv() * 2**0.5

    @property
    def mean(self):
        """`loc`."""
        return self.loc

    mode = mean

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
            return toss(self.probs.expand(self._shape(sample_shape)))

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
        *batch, self._num_events = self.param_shape = self.logits.shape
        self.batch_shape = tuple(batch)

    @property
    def mode(self):
        """The likeliest class."""
        return self.probs.argmax(-1)

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


class OneHotCategorical(Categorical):
    """One of K classes, as a vector with a 1 at its place."""

    def __init__(self, probs=None, logits=None, validate_args=None):
        super().__init__(probs, logits)
        self.event_shape = (self._num_events,)

    def sample(self, sample_shape=()):
        return one_hot(super().sample(sample_shape), self._num_events).to(self.probs.dtype)

    def log_prob(self, value):
        return super().log_prob(value.argmax(-1))


class Exponential(Distribution):
    """Waiting times at `rate` events per unit of time."""

    has_rsample, parameters = True, ("rate",)

    def __init__(self, rate, validate_args=None):
        (self.rate,) = self._take(rate)
        self._need("rate", self.rate > 0, "positive")

    @property
    def mean(self):
        """1 / rate."""
        return 1 / self.rate

    @property
    def variance(self):
        """1 / rate²."""
        return self.rate**-2

    def rsample(self, sample_shape=()):
        return -(-rand(self._shape(sample_shape), dtype=self.rate.dtype)).log1p() / self.rate

    def log_prob(self, value):
        return self.rate.log() - self.rate * value

    def entropy(self):
        """1 - log(rate)."""
        return 1 - self.rate.log()


class Laplace(Distribution):
    """Two exponential tails of width `scale` around `loc`."""

    has_rsample, parameters = True, ("loc", "scale")

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = self._take(loc, scale)
        self._need("scale", self.scale > 0, "positive")

    @property
    def mean(self):
        """`loc`."""
        return self.loc

    @property
    def variance(self):
        """2 scale²."""
        return 2 * self.scale**2

    def rsample(self, sample_shape=()):
        u = 2 * rand(self._shape(sample_shape), dtype=self.loc.dtype) - 1
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value):
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def entropy(self):
        """1 + log(2 scale)."""
        return 1 + (2 * self.scale).log()


class Poisson(Distribution):
    """How many events happen where `rate` are expected."""

    parameters = ("rate",)

    def __init__(self, rate, validate_args=None):
        (self.rate,) = self._take(rate)
        self._need("rate", self.rate >= 0, "non-negative")

    @property
    def mean(self):
        """`rate`."""
        return self.rate

    @property
    def variance(self):
        """`rate`."""
        return self.rate

    def sample(self, sample_shape=()):
        drawn = rng().poisson(self.rate._data, self._shape(sample_shape))
        return as_tensor(np.asarray(drawn, self.rate._data.dtype))

    def log_prob(self, value):
        return ops.PUBLIC["xlogy"](value, self.rate) - self.rate - (value + 1).lgamma()


class Gamma(Distribution):
    """Positive values of shape `concentration`, and `rate` per unit."""

    parameters = ("concentration", "rate")

    def __init__(self, concentration, rate, validate_args=None):
        self.concentration, self.rate = self._take(concentration, rate)
        self._need("concentration", self.concentration > 0, "positive")
        self._need("rate", self.rate > 0, "positive")

    @property
    def mean(self):
        """concentration / rate."""
        return self.concentration / self.rate

    @property
    def variance(self):
        """concentration / rate²."""
        return self.concentration / self.rate**2

    def sample(self, sample_shape=()):
        drawn = rng().gamma(self.concentration._data, size=self._shape(sample_shape))
        return as_tensor(np.asarray(drawn / self.rate._data, self.rate._data.dtype))

    def log_prob(self, value):
        a, b = self.concentration, self.rate
        return a * b.log() + (a - 1) * as_tensor(value).log() - b * value - a.lgamma()

    def entropy(self):
        """a - log b + log Gamma(a) + (1 - a) digamma(a)."""
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1 - a) * a.digamma()


class Dirichlet(Distribution):
    """Shares that add up to one, with `concentration` (..., K)."""

    parameters = ("concentration",)

    def __init__(self, concentration, validate_args=None):
        self._need("concentration", concentration > 0, "positive")
        self.concentration = concentration
        self.batch_shape, self.event_shape = concentration.shape[:-1], concentration.shape[-1:]

    @property
    def mean(self):
        """The concentrations, scaled to add up to one."""
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    def sample(self, sample_shape=()):
        shape = (*sample_shape, *self.concentration.shape)
        g = rng().gamma(self.concentration._data, size=shape)
        return as_tensor((g / g.sum(-1, keepdims=True)).astype(self.concentration._data.dtype))

    def log_prob(self, value):
        a = self.concentration
        scale = a.sum(-1).lgamma() - a.lgamma().sum(-1)
        return ops.PUBLIC["xlogy"](a - 1, value).sum(-1) + scale

    def entropy(self):
        """log B(a) + (s - K) psi(s) - sum of (a - 1) psi(a), with s the sum of a."""
        a, total = self.concentration, self.concentration.sum(-1)
        scale = a.lgamma().sum(-1) - total.lgamma()
        return scale + (total - a.shape[-1]) * total.digamma() - ((a - 1) * a.digamma()).sum(-1)


class Beta(Distribution):
    """A share between 0 and 1: the first of a `Dirichlet` of two."""

    parameters = ("concentration1", "concentration0")

    def __init__(self, concentration1, concentration0, validate_args=None):
        a, b = self.concentration1, self.concentration0 = self._take(concentration1, concentration0)
        self._pair = Dirichlet(ops.stack([a, b], -1))

    @property
    def mean(self):
        """a / (a + b)."""
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def variance(self):
        """m (1 - m) / (a + b + 1), m the mean."""
        total = self.concentration1 + self.concentration0
        return self.mean * (1 - self.mean) / (total + 1)

    def sample(self, sample_shape=()):
        return self._pair.sample(sample_shape)[..., 0]

    def log_prob(self, value):
        value = as_tensor(value)
        return self._pair.log_prob(ops.stack([value, 1 - value], -1))

    def entropy(self):
        """That of the pair."""
        return self._pair.entropy()


class MultivariateNormal(Distribution):
    """Normal vectors (..., K) around `loc`, by covariance, precision or lower triangle."""

    has_rsample = True

    def __init__(
        self,
        loc,
        covariance_matrix=None,
        precision_matrix=None,
        scale_tril=None,
        validate_args=None,
    ):
        given = [m for m in (covariance_matrix, precision_matrix, scale_tril) if m is not None]
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril")
        if scale_tril is None:
            scale_tril = cholesky(given[0] if precision_matrix is None else inv(precision_matrix))
        shape = np.broadcast_shapes(loc.shape, scale_tril.shape[:-1])
        self.loc, self.batch_shape, self.event_shape = loc.expand(shape), shape[:-1], shape[-1:]
        self.scale_tril = scale_tril
        self.covariance_matrix = scale_tril @ scale_tril.mT

    @property
    def mean(self):
        """`loc`."""
        return self.loc

    mode = mean

    @property
    def variance(self):
        """The diagonal of the covariance."""
        return self.covariance_matrix.diagonal(0, -2, -1).expand(self.loc.shape)

    def rsample(self, sample_shape=()):
        e = randn((*sample_shape, *self.loc.shape), dtype=self.loc.dtype)
        return self.loc + (self.scale_tril @ e.unsqueeze(-1)).squeeze(-1)

    def _half_log_det(self):
        return self.scale_tril.diagonal(0, -2, -1).log().sum(-1)

    def log_prob(self, value):
        z = solve(self.scale_tril, (value - self.loc).unsqueeze(-1)).squeeze(-1)
        k = self.event_shape[0]
        return -(z**2).sum(-1) / 2 - k * log(2 * pi) / 2 - self._half_log_det()

    def entropy(self):
        """k (1 + log(2 pi)) / 2 + log det(covariance) / 2."""
        found = self._half_log_det() + self.event_shape[0] * (1 + log(2 * pi)) / 2
        return found.expand(self.batch_shape)


class Independent(Distribution):
    """`base_distribution` with its last dimensions counted as one event."""

    def __init__(self, base_distribution, reinterpreted_batch_ndims, validate_args=None):
        self.base_dist, self.reinterpreted_batch_ndims = (
            base_distribution,
            reinterpreted_batch_ndims,
        )
        batch = tuple(base_distribution.batch_shape)
        if reinterpreted_batch_ndims > len(batch):
            raise ValueError("more dimensions of one event than the base distribution has")
        cut = len(batch) - reinterpreted_batch_ndims
        self.batch_shape = batch[:cut]
        self.event_shape = (*batch[cut:], *base_distribution.event_shape)
        self.has_rsample = base_distribution.has_rsample

    @property
    def mean(self):
        """That of the base."""
        return self.base_dist.mean

    @property
    def variance(self):
        """That of the base."""
        return self.base_dist.variance

    def sample(self, sample_shape=()):
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape=()):
        return self.base_dist.rsample(sample_shape)

    def _summed(self, values):
        n = self.reinterpreted_batch_ndims
        return values.sum(tuple(range(-n, 0))) if n else values

    def log_prob(self, value):
        return self._summed(self.base_dist.log_prob(value))

    def entropy(self):
        """The sum of the parts' entropies."""
        return self._summed(self.base_dist.entropy())


class MixtureSameFamily(Distribution):
    """One of several components, drawn by a Categorical; their last batch dimension counts them."""

    def __init__(self, mixture_distribution, component_distribution, validate_args=None):
        self.mixture_distribution = mixture_distribution
        self.component_distribution = component_distribution
        self.batch_shape = tuple(component_distribution.batch_shape[:-1])
        self.event_shape = tuple(component_distribution.event_shape)
        if mixture_distribution.logits.shape[-1] != component_distribution.batch_shape[-1]:
            raise ValueError("as many components as the mixture has weights are needed")

    def _mixed(self, values):
        weights = self.mixture_distribution.probs
        return (values * weights.reshape(*weights.shape, *(1 for _ in self.event_shape))).sum(
            -1 - len(self.event_shape)
        )

    @property
    def mean(self):
        """The weighted mean of the components' means."""
        return self._mixed(self.component_distribution.mean)

    @property
    def variance(self):
        """The mean of the components' variances, and the variance of their means."""
        parts = self.component_distribution
        return self._mixed(parts.variance + parts.mean**2) - self.mean**2

    def sample(self, sample_shape=()):
        with no_grad():
            values = self.component_distribution.sample(sample_shape)
            at = self.mixture_distribution.sample(sample_shape)
            dim = values.dim() - 1 - len(self.event_shape)
            at = at.reshape(*at.shape, *(1,) * (values.dim() - at.dim()))
            index = at.expand(*at.shape[: dim + 1], *self.event_shape)
            return values.gather(dim, index).squeeze(dim)

    def log_prob(self, value):
        value = value.unsqueeze(-1 - len(self.event_shape))
        parts = self.component_distribution.log_prob(value)
        return (parts + log_softmax(self.mixture_distribution.logits, -1)).logsumexp(-1)


# --- variables pushed through a function ------------------------------------------------------


class Transform:
    """An invertible function of each element: `inv` and the logarithm of its slope."""

    def __init__(self, cache_size=0):
        self.cache_size = cache_size

    def __call__(self, x):
        raise NotImplementedError

    def inv(self, y):
        """The x with transform(x) = y."""
        raise NotImplementedError

    def log_abs_det_jacobian(self, x, y):
        """log |dy / dx|."""
        raise NotImplementedError


class ExpTransform(Transform):
    """y = exp(x)."""

    def __call__(self, x):
        return x.exp()

    def inv(self, y):
        return y.log()

    def log_abs_det_jacobian(self, x, y):
        return x


class TanhTransform(Transform):
    """y = tanh(x)."""

    def __call__(self, x):
        return x.tanh()

    def inv(self, y):
        return y.atanh()

    def log_abs_det_jacobian(self, x, y):
        return 2 * (log(2) - x - softplus(-2 * x))


class SigmoidTransform(Transform):
    """y = 1 / (1 + exp(-x))."""

    def __call__(self, x):
        return x.sigmoid()

    def inv(self, y):
        return y.logit()

    def log_abs_det_jacobian(self, x, y):
        return -softplus(-x) - softplus(x)


class AffineTransform(Transform):
    """y = loc + scale x."""

    def __init__(self, loc, scale, event_dim=0, cache_size=0):
        if event_dim:
            raise NotImplementedError("AffineTransform: wrap the distribution in Independent")
        super().__init__(cache_size)
        self.loc, self.scale = loc, scale

    def __call__(self, x):
        return self.loc + self.scale * x

    def inv(self, y):
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x, y):
        return (x * 0 + self.scale).abs().log()


class TransformedDistribution(Distribution):
    """What `transforms`, one or several elementwise, make of draws from `base_distribution`."""

    def __init__(self, base_distribution, transforms, validate_args=None):
        self.base_dist = base_distribution
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        self.batch_shape = tuple(base_distribution.batch_shape)
        self.event_shape = tuple(base_distribution.event_shape)
        self.has_rsample = base_distribution.has_rsample

    def _forward(self, x):
        for t in self.transforms:
            x = t(x)
        return x

    def sample(self, sample_shape=()):
        with no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape=()):
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value):
        total, dims = 0.0, tuple(range(-len(self.event_shape), 0))
        for t in reversed(self.transforms):
            x = t.inv(value)
            slope = t.log_abs_det_jacobian(x, value)
            total = total - (slope.sum(dims) if dims else slope)
            value = x
        return total + self.base_dist.log_prob(value)


class LogNormal(TransformedDistribution):
    """exp of a normal variable."""

    parameters = ("loc", "scale")

    def __init__(self, loc, scale, validate_args=None):
        base = Normal(loc, scale)
        super().__init__(base, ExpTransform())
        self.loc, self.scale = base.loc, base.scale

    @property
    def mean(self):
        """exp(loc + scale² / 2)."""
        return (self.loc + self.scale**2 / 2).exp()

    @property
    def variance(self):
        """(exp(scale²) - 1) mean²."""
        return (self.scale**2).expm1() * self.mean**2

    def entropy(self):
        """That of the normal variable, plus loc."""
        return self.base_dist.entropy() + self.loc


def _kl_independent(p, q):
    return p._summed(kl_divergence(p.base_dist, q.base_dist))


def _kl_normal(p, q):
    ratio = (p.scale / q.scale) ** 2
    return (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log()) / 2


def _kl_bernoulli(p, q):
    yes = logsigmoid(p.logits) - logsigmoid(q.logits)
    no = logsigmoid(-p.logits) - logsigmoid(-q.logits)
    return p.probs * yes + (1 - p.probs) * no


def _kl_categorical(p, q):
    return (p.probs * (p.logits - q.logits)).sum(-1)


_KL = {
    Normal: _kl_normal,
    Bernoulli: _kl_bernoulli,
    Categorical: _kl_categorical,
    OneHotCategorical: _kl_categorical,
    Independent: _kl_independent,
}


def kl_divergence(p, q):
    """The mean of log p - log q under p, for two distributions of the same kind."""
    if type(p) is not type(q) or type(p) not in _KL:
        raise NotImplementedError(f"KL from {type(p).__name__} to {type(q).__name__}")
    return _KL[type(p)](p, q)


__all__ = [
    "AffineTransform",
    "Bernoulli",
    "Beta",
    "Categorical",
    "Dirichlet",
    "Distribution",
    "ExpTransform",
    "Exponential",
    "Gamma",
    "Independent",
    "Laplace",
    "LogNormal",
    "MixtureSameFamily",
    "MultivariateNormal",
    "Normal",
    "OneHotCategorical",
    "Poisson",
    "SigmoidTransform",
    "TanhTransform",
    "Transform",
    "TransformedDistribution",
    "Uniform",
    "kl_divergence",
]

__path__ = []  # torch has each in a file: `from torch.distributions.normal import Normal`
_FILES = {
    "kl_divergence": "kl",
    "LogNormal": "log_normal",
    "MixtureSameFamily": "mixture_same_family",
    "MultivariateNormal": "multivariate_normal",
    "OneHotCategorical": "one_hot_categorical",
    "TransformedDistribution": "transformed_distribution",
}
_transforms = {n: globals()[n] for n in __all__ if n.endswith("Transform")}
transforms = room("distributions.transforms", "As in torch.", **_transforms)
for _name in [n for n in __all__ if n not in _transforms]:
    _file = _FILES.get(_name, _name.lower())
    globals()[_file] = room(f"distributions.{_file}", "As in torch.", **{_name: globals()[_name]})
