"""torch.nn.functional: layers, activations and losses without state.

Each function checks its arguments as torch does and calls a primitive of `nn/_*.py` (or is a short
composite of tensor operations).  Arguments of torch that the engine lacks are refused.
"""

import math
import warnings

import numpy as np

from .. import ops
from ..autograd import Tensor, wrap
from ..inplace import in_place
from ..random import rng
from . import _activations, _attention, _conv, _ctc, _image, _linear, _losses, _norm, _pool
from ._conv import Geometry

# --- checks and small helpers -----------------------------------------------------------------


def refuse(**unsupported):
    for name, value in unsupported.items():
        if value:
            raise NotImplementedError(f"{name}={value!r} is not supported by this engine")


def _tensor(name, t):
    if not isinstance(t, Tensor):
        raise TypeError(f"{name}(): expected a Tensor, but got {type(t).__name__}")
    return t


def _floating(name, *tensors):
    for t in tensors:
        if _tensor(name, t)._data.dtype.kind != "f":
            raise RuntimeError(f'"{name}" not implemented for {t.dtype}: convert with .float()')


def _array(t):
    """The array of an optional tensor."""
    return None if t is None else t._data


def as_tuple(value, n, name):
    """An int, or a sequence of one or n ints, as a tuple of n ints."""
    if isinstance(value, Tensor):
        value = value.tolist()
    value = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if not all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in value):
        raise TypeError(f"{name} must be an int or a tuple of ints, not {value!r}")
    if len(value) not in (1, n):
        raise RuntimeError(f"{name} must be a single int or a tuple of {n} ints, not {value!r}")
    return value * n if len(value) == 1 else value


def _apply(function, input, inplace, *args, **options):
    """`function(input, ...)`, written over the input if `inplace`."""
    return (in_place(function) if inplace else function)(input, *args, **options)


# --- activations ------------------------------------------------------------------------------


def _activation(name, input, inplace=False, **options):
    _floating(name, input)
    return _apply(getattr(_activations, name), input, inplace, **options)


def relu(input, inplace=False):
    """max(x, 0)."""
    return _apply(ops.relu, input, inplace)


def sigmoid(input):
    """1 / (1 + exp(-x))."""
    return ops.sigmoid(input)


def tanh(input):
    """Hyperbolic tangent."""
    return ops.tanh(input)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """x where positive, else negative_slope * x."""
    return _activation("leaky_relu", input, inplace, negative_slope=negative_slope)


def relu6(input, inplace=False):
    """x clipped to [0, 6]."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """x clipped to [min_val, max_val]."""
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val: {min_val} > {max_val}")
    if _tensor("hardtanh", input)._data.dtype.kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    return _apply(_activations.hardtanh, input, inplace, min_val=min_val, max_val=max_val)


def hardsigmoid(input, inplace=False):
    """relu6(x + 3) / 6."""
    return _apply(lambda x: relu6(x + 3) / 6, input, inplace)


def hardswish(input, inplace=False):
    """x relu6(x + 3) / 6."""
    return _activation("hardswish", input, inplace)


def elu(input, alpha=1.0, inplace=False):
    """x where positive, else alpha (exp(x) - 1)."""
    return _activation("elu", input, inplace, alpha=alpha)


def celu(input, alpha=1.0, inplace=False):
    """x where positive, else alpha (exp(x / alpha) - 1)."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _apply(lambda x: _activation("elu", x / alpha) * alpha, input, inplace)


_SELU = {"alpha": 1.6732632423543772848170429916717, "scale": 1.0507009873554804934193349852946}


def selu(input, inplace=False):
    """scale * elu(x, alpha), with the constants that keep mean 0 and variance 1."""
    return _activation("elu", input, inplace, **_SELU)


def gelu(input, *, approximate="none"):
    """x Phi(x), exactly or with `approximate="tanh"`."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return _activation("gelu" if approximate == "none" else "gelu_tanh", input)


def silu(input, inplace=False):
    """x sigmoid(x)."""
    return _activation("silu", input, inplace)


def mish(input, inplace=False):
    """x tanh(softplus(x))."""
    return _activation("mish", input, inplace)


def softplus(input, beta=1, threshold=20):
    """log(1 + exp(beta x)) / beta, and x itself where beta x > threshold."""
    return _activation("softplus", input, beta=beta, threshold=threshold)


def logsigmoid(input):
    """log sigmoid(x)."""
    return _activation("logsigmoid", input)


def softsign(input):
    """x / (1 + |x|)."""
    return input / (ops.abs(input) + 1)


def tanhshrink(input):
    """x - tanh(x)."""
    return input - ops.tanh(input)


def threshold(input, threshold, value, inplace=False):
    """x where x > threshold, else value."""
    return _apply(_activations.threshold, input, inplace, threshold=threshold, value=value)


def hardshrink(input, lambd=0.5):
    """x where |x| > lambd, else 0."""
    return input.masked_fill(abs(input) <= lambd, 0)


def softshrink(input, lambd=0.5):
    """x moved towards 0 by lambd, and 0 within it."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return relu(input - lambd) - relu(-input - lambd)


def prelu(input, weight):
    """x where positive, else weight * x; one weight, or one per channel (axis 1)."""
    _floating("prelu", input, weight)
    _linear.same_dtype(input._data, weight._data)
    channels = input.shape[1] if input.dim() > 1 else 1
    if weight.dim() > 1 or weight.numel() not in (1, channels):
        raise RuntimeError(
            f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
            f"{weight.numel()} and channel size = {channels}."
        )
    return _activations.prelu(input, weight)


def glu(input, dim=-1):
    """a sigmoid(b), where a and b are the halves of the input along `dim`."""
    if input.dim() == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    n = input.size(dim)
    if n % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {n}")
    a, b = input.chunk(2, dim)
    return a * b.sigmoid()


def _softmax_dim(name, dim, ndim):
    """torch's old rule where `dim` is left out, with its warning."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. "
        "Change the call to include dim=X as an argument.",
        stacklevel=4,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """exp(x) / sum of exp(x) along `dim`."""
    return ops.softmax(input, _softmax_dim("softmax", dim, input.dim()), dtype=dtype)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """log softmax(x) along `dim`."""
    return ops.log_softmax(input, _softmax_dim("log_softmax", dim, input.dim()), dtype=dtype)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """softmax(-x)."""
    return ops.softmax(-input, _softmax_dim("softmin", dim, input.dim()), dtype=dtype)


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A differentiable sample of one-hot vectors; source: Jang et al., 2017."""
    noise = wrap(rng().gumbel(size=logits.shape).astype(logits._data.dtype))
    soft = ops.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    best = soft._data == soft._data.max(dim, keepdims=True)
    return wrap(best.astype(soft._data.dtype)) - soft.detach() + soft


# --- dropout ----------------------------------------------------------------------------------


def _dropout(input, shape, p, training, inplace):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    kept = rng().random(shape, dtype=np.float32) >= p
    scale = wrap(kept * input._data.dtype.type(1 / (1 - p) if p < 1 else 0))
    return _apply(ops.mul, input, inplace, scale)


def dropout(input, p=0.5, training=True, inplace=False):
    """Zero each element with probability p and scale the others by 1 / (1 - p).

    Source: Srivastava et al., 2014.
    """
    return _dropout(_tensor("dropout", input), input.shape, p, training, inplace)


def dropout1d(input, p=0.5, training=True, inplace=False):
    """Dropout of whole channels: input (N, C, L) or (C, L)."""
    if input.dim() not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, but received {input.dim()}D")
    return _dropout(input, (*input.shape[:-1], 1), p, training, inplace)


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Dropout of whole channels: input (N, C, H, W) or (C, H, W)."""
    if input.dim() not in (3, 4):
        raise RuntimeError(f"dropout2d: Expected 3D or 4D input, but received {input.dim()}D")
    return _dropout(input, (*input.shape[:-2], 1, 1), p, training, inplace)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """Dropout of whole channels: input (N, C, D, H, W) or (C, D, H, W)."""
    if input.dim() not in (4, 5):
        raise RuntimeError(f"dropout3d: Expected 4D or 5D input, but received {input.dim()}D")
    return _dropout(input, (*input.shape[:-3], 1, 1, 1), p, training, inplace)


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout that keeps mean and variance behind SELU; source: Klambauer et al., 2017."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    floor = -_SELU["alpha"] * _SELU["scale"]
    kept = rng().random(input.shape) >= p
    a = ((1 - p) * (1 + p * floor**2)) ** -0.5 if p < 1 else 0.0
    dropped = wrap(np.where(kept, 0, floor).astype(input._data.dtype))
    mask = wrap(kept.astype(input._data.dtype))
    return _apply(lambda x: (x * mask + dropped) * a - a * p * floor, input, inplace)


# --- linear maps and lookups ------------------------------------------------------------------


def linear(input, weight, bias=None):
    """input @ weight.T + bias; input (..., I), weight (O, I) or (I)."""
    _tensor("linear", input)
    _tensor("linear", weight)
    if weight._data.ndim == 2 and input._data.ndim:
        return _linear.linear(input, weight, bias)
    if bias is not None and weight.dim() == 1 and input.dim() == 2:
        raise RuntimeError("linear: weight must be a matrix, not a vector")
    y = ops.matmul(input, weight.T if weight.dim() == 2 else weight)
    return y if bias is None else y + bias


def bilinear(input1, input2, weight, bias=None):
    """x1^T W x2 + b for each output feature: weight (O, I, J)."""
    if input1.shape[:-1] != input2.shape[:-1]:
        raise RuntimeError(
            f"bilinear(): input batch dimensions do not match: {input1.shape} and {input2.shape}"
        )
    if weight.shape[1:] != (input1.shape[-1], input2.shape[-1]):
        raise RuntimeError(f"bilinear(): weight {weight.shape} does not fit the inputs")
    return _linear.bilinear(input1, input2, weight, bias)


def embedding(
    input,
    weight,
    padding_idx=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    sparse=False,
):
    """Rows of weight (V, D) by integer input (...) -> (..., D); `padding_idx` gets no gradient."""
    refuse(max_norm=max_norm, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)
    ids, count = _tensor("embedding", input)._data, _tensor("embedding", weight).shape[0]
    if ids.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"embedding wants indices of type int64 or int32, not {input.dtype}")
    if weight.dim() != 2:
        raise RuntimeError("'weight' must be 2-D")
    if ids.size and (ids.min() < 0 or ids.max() >= count):
        raise IndexError(f"index out of range in self: ids must lie between 0 and {count - 1}")
    if padding_idx is not None and not -count <= padding_idx < count:
        raise ValueError("Padding_idx must be within num_embeddings")
    return _linear.embedding(weight, ids=ids, padding_idx=padding_idx)


def embedding_bag(
    input,
    weight,
    offsets=None,
    max_norm=None,
    norm_type=2,
    scale_grad_by_freq=False,
    mode="mean",
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """Rows of weight (V, D), summed, averaged or maximised per bag: input (B, n), or (M) in bags
    that start at `offsets` (B) -> (B, D)."""
    if (input.dim() == 2) != (offsets is None):
        raise ValueError("embedding_bag: give a 2-D input, or a 1-D input with offsets")
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError("per_sample_weights is only supported for mode='sum'")
    ids = input._data.reshape(-1)
    if offsets is None:
        starts = np.arange(0, ids.size, input.shape[1])
    else:
        starts = offsets._data[:-1] if include_last_offset else offsets._data
    bag = np.searchsorted(starts, np.arange(ids.size), side="right") - 1
    if padding_idx is not None:  # those take no part
        kept = ids != padding_idx % weight.shape[0]
        ids, bag = ids[kept], bag[kept]
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights.reshape(-1)[wrap(kept)]
    options = (None, max_norm, norm_type, scale_grad_by_freq, sparse)
    rows = embedding(wrap(ids), weight, *options)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    return _bagged(rows, bag, len(starts), mode)


def _bagged(rows, bag, n, mode):
    """Rows (M, D) of bags 0 ... n - 1 as one row each; an empty bag gives zeros."""
    if mode == "max":
        none = rows.new_zeros(rows.shape[1])
        bags = [rows[wrap(bag == i)] for i in range(n)]
        return ops.stack([b.max(0).values if len(b) else none for b in bags])
    total = rows.new_zeros(n, rows.shape[1]).index_add(0, wrap(bag), rows)
    counts = np.maximum(np.bincount(bag, minlength=n), 1).astype(rows._data.dtype)
    return total / wrap(counts[:, None]) if mode == "mean" else total


def one_hot(tensor, num_classes=-1):
    """(...) class ids -> (..., num_classes) of int64 zeros and ones."""
    ids = tensor._data
    if ids.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type int64")
    if num_classes == -1:
        if not ids.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(ids.max()) + 1
    if num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    if ids.size and ids.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if ids.size and ids.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return wrap((ids[..., None] == np.arange(num_classes)).astype(np.int64))


# --- distances --------------------------------------------------------------------------------


def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """x / max(norm(x, p), eps) along `dim`."""
    refuse(out=out)
    return input / _norm_of(input, p, dim, keepdim=True).clamp(min=eps)


def _norm_of(x, p, dim, keepdim=False):
    """The p-norm along `dim`; its gradient at 0 is 0, as torch chooses."""
    if p == math.inf:
        return x.abs().amax(dim, keepdim)
    if p == 1:
        return x.abs().sum(dim, keepdim)
    if p == 0:
        return (x != 0).to(x.dtype).sum(dim, keepdim)
    if p == 2:
        return _norm.l2_norm(x, dim=dim, keepdim=keepdim)
    return x.norm(p, dim, keepdim)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) along `dim`; the inputs broadcast."""
    _floating("cosine_similarity", x1, x2)
    x1, x2 = ops.broadcast_tensors(x1, x2)
    a, b = (_norm.l2_norm(x, dim=dim, keepdim=True, floor=eps) for x in (x1, x2))
    return ((x1 / a) * (x2 / b)).sum(dim)


def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """norm(x1 - x2 + eps, p) along the last axis."""
    return _norm_of(x1 - x2 + eps, p, -1, keepdim)


def pdist(input, p=2.0):
    """The p-norm distances between all pairs of rows of (N, D), as a vector."""
    if input.dim() != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.dim()}D")
    i, j = np.triu_indices(len(input), 1)
    return _norm_of(input[wrap(i)] - input[wrap(j)], p, -1)


# --- losses -----------------------------------------------------------------------------------


def _check_loss(name, input, target, size_average=None, reduce=None, reduction="mean"):
    _floating(name, input)
    _tensor(name, target)
    if size_average is reduce is None and reduction in _REDUCTIONS:
        return reduction
    return _check_reduction(reduction, size_average, reduce)


_REDUCTIONS = ("none", "mean", "sum")


def _check_reduction(reduction, size_average=None, reduce=None):
    """The reduction, which old code may spell as two flags."""
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(
            "size_average and reduce args will be deprecated, please use "
            f"reduction='{reduction}' instead.",
            stacklevel=4,
        )
    if reduction not in _REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def _reduce(values, reduction):
    if reduction == "none":
        return values
    return values.mean() if reduction == "mean" else values.sum()


def _warn_sizes(input, target):
    if input._data.shape != target._data.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=4,
        )


def _elementwise_loss(primitive, input, target, reduction, weight=None, **options):
    """A primitive of `_losses`, weighted by element if `weight` is given."""
    if input._data.shape != target._data.shape:
        input, target = ops.broadcast_tensors(input, target)
    if input._data.dtype != target._data.dtype:
        input, target = _same_float(input, target)
    if weight is None:
        return primitive(input, target, reduction=reduction, **options)
    return _reduce(primitive(input, target, reduction="none", **options) * weight, reduction)


def _same_float(input, target):
    a, b = input._data.dtype, target._data.dtype
    wider = np.result_type(a, b) if b.kind == "f" else a
    return tuple(
        t if t._data.dtype == wider else t.double() if wider == np.float64 else t.float()
        for t in (input, target)
    )


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """(x - y)^2, averaged."""
    reduction = _check_loss("mse_loss", input, target, size_average, reduce, reduction)
    _warn_sizes(input, target)
    return _weighted_loss(_losses.mse_loss, input, target, reduction, weight)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """|x - y|, averaged."""
    reduction = _check_loss("l1_loss", input, target, size_average, reduce, reduction)
    _warn_sizes(input, target)
    return _weighted_loss(_losses.l1_loss, input, target, reduction, weight)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """(x - y)^2 / 2 within delta, linear beyond, averaged."""
    _check_loss("huber_loss", input, target, reduction=reduction)
    _warn_sizes(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    return _elementwise_loss(_losses.huber_loss, input, target, reduction, weight, delta=delta)


def _weighted_loss(primitive, input, target, reduction, weight):
    """As torch does with `weight` here: a mean divides by the sum of the weights."""
    if weight is None:
        return _elementwise_loss(primitive, input, target, reduction)
    if weight.shape != input.shape:
        raise ValueError("Inputs and weights must have the same size.")
    kind = "none" if reduction == "none" else "sum"
    total = _elementwise_loss(primitive, input, target, kind, weight)
    return total / weight.sum() if reduction == "mean" else total


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """huber_loss(delta=beta) / beta; |x - y| for beta = 0."""
    reduction = _check_loss("smooth_l1_loss", input, target, size_average, reduce, reduction)
    _warn_sizes(input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return _elementwise_loss(_losses.l1_loss, input, target, reduction)
    return _elementwise_loss(_losses.huber_loss, input, target, reduction, delta=beta) / beta


def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """target (log target - input), input holding log-probabilities; see "batchmean"."""
    _floating("kl_div", target)
    batchmean = reduction == "batchmean"
    given = "sum" if batchmean else reduction
    reduction = _check_loss("kl_div", input, target, size_average, reduce, given)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.",
            stacklevel=2,
        )
    kind = "sum" if batchmean else reduction
    loss = _elementwise_loss(_losses.kl_div, input, target, kind, log_target=log_target)
    return loss / input.shape[0] if batchmean and input.dim() else loss


def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """-(y log x + (1 - y) log(1 - x)) of probabilities, averaged."""
    reduction = _check_loss("binary_cross_entropy", input, target, size_average, reduce, reduction)
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    _linear.same_dtype(input._data, target._data)
    x = input._data
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        raise RuntimeError("all elements of input should be between 0 and 1")
    return _elementwise_loss(_losses.binary_cross_entropy, input, target, reduction, weight)


def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):
    """Binary cross-entropy of sigmoid(x), averaged; `pos_weight` scales the positive part."""
    reduction = _check_loss(
        "binary_cross_entropy_with_logits", input, target, size_average, reduce, reduction
    )
    _floating("binary_cross_entropy_with_logits", target)
    if input._data.shape != target._data.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    if pos_weight is None:
        return _elementwise_loss(_losses.bce_with_logits, input, target, reduction, weight)
    scale = 1 + (pos_weight - 1) * target
    loss = (1 - target) * input - scale * logsigmoid(input)
    return _reduce(loss if weight is None else loss * weight, reduction)


def _class_rows(input, target):
    """Scores (N, C, d...) or (C) as rows (M, C), class ids as (M), and the shape of the losses."""
    if input.dim() == 1:
        input, target = input.unsqueeze(0), target.unsqueeze(0)
        shape = ()
    else:
        shape = target.shape
    if input.dim() == 0 or input.shape[0] != target.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[:1]}) to match target batch_size "
            f"({target.shape[:1]})."
        )
    if (input.shape[0], *input.shape[2:]) != tuple(target.shape):
        raise RuntimeError(
            f"Expected target size {[input.shape[0], *input.shape[2:]]}, got {list(target.shape)}"
        )
    if input.dim() > 2:
        input = input.movedim(1, -1).reshape(-1, input.shape[1])
    return input, target._data.reshape(-1), shape


def _row_weights(ids, classes, weight, ignore_index, dtype):
    """One weight per row: its class's, or 0 where the class is `ignore_index`; checks the range."""
    kept = ids != ignore_index
    safe = np.where(kept, ids, 0)
    if safe.size and (safe.min() < 0 or safe.max() >= classes):
        bad = safe[(safe < 0) | (safe >= classes)][0]
        raise IndexError(f"Target {bad} is out of bounds.")
    return safe, kept.astype(dtype) if weight is None else weight[safe] * kept


def _class_loss(primitive, input, target, weight, ignore_index, reduction):
    """Reduce a row primitive over class ids, in any of torch's input shapes."""
    if target._data.dtype not in (np.int64, np.uint8):
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {target.dtype}")
    if input.dim() < 1 or input.dim() - target.dim() != 1:
        raise ValueError(
            f"input of {input.dim()} dimensions wants a target of one less, not {target.dim()}"
        )
    rows, ids, shape = _class_rows(input, target)
    classes = rows.shape[1]
    _check_class_weight(weight, classes)
    ids, w = _row_weights(ids, classes, _array(weight), ignore_index, rows._data.dtype)
    loss = primitive(rows, target=ids, weight=w, reduction=reduction)
    return loss.reshape(shape) if reduction == "none" else loss


def _check_class_weight(weight, classes):
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but "
            f"got weight tensor of shape: {list(weight.shape)}"
        )


def nll_loss(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
):
    """-input[target] of log-probabilities (N, C, ...), averaged over what is not ignored."""
    reduction = _check_loss("nll_loss", input, target, size_average, reduce, reduction)
    return _class_loss(_losses.nll_rows, input, target, weight, ignore_index, reduction)


def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """Cross-entropy of logits (N, C, ...) with class ids (N, ...) or probabilities (N, C, ...)."""
    reduction = _check_loss("cross_entropy", input, target, size_average, reduce, reduction)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.shape == target.shape and target._data.dtype.kind == "f":
        return _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    hard = _class_loss(_losses.cross_entropy_rows, input, target, weight, ignore_index, reduction)
    if label_smoothing == 0:
        return hard
    smooth = _smooth_part(input, target, weight, ignore_index, reduction)
    return hard * (1 - label_smoothing) + smooth * (
        label_smoothing / input.shape[_class_dim(input)]
    )


def _class_dim(input):
    return 1 if input.dim() > 1 else 0


def _by_class(weight, input):
    """A class weight shaped so that it multiplies input (N, C, ...) or (C)."""
    return weight.reshape(-1, *(1,) * (input.dim() - 2)) if input.dim() > 1 else weight


def _smooth_part(input, target, weight, ignore_index, reduction):
    """-sum over classes of w_c log p_c where not ignored; the mean divides by target weights."""
    dim = _class_dim(input)
    log_p = log_softmax(input, dim)
    loss = -(log_p if weight is None else log_p * _by_class(weight, input)).sum(dim)
    loss = loss.masked_fill(target == ignore_index, 0)
    if reduction != "mean":
        return _reduce(loss, reduction)
    _, w = _row_weights(
        target._data.reshape(-1), input.shape[dim], _array(weight), ignore_index, input._data.dtype
    )
    return loss.sum() / wrap(w.sum())


def _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing):
    """Cross-entropy with probabilities as targets; a mean is over the batch."""
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    dim = _class_dim(input)
    _check_class_weight(weight, input.shape[dim])
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / input.shape[dim]
    loss = log_softmax(input, dim) * target
    loss = -(loss if weight is None else loss * _by_class(weight, input))
    if reduction == "none":
        return loss.sum(dim)
    rows = input.numel() // max(input.shape[dim], 1)
    return loss.sum() / rows if reduction == "mean" else loss.sum()


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """log(1 + exp(-y x)), averaged."""
    reduction = _check_reduction(reduction, size_average, reduce)
    return _reduce(-logsigmoid(target * input), reduction)


def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """x where y = 1, max(0, margin - x) where y = -1, averaged."""
    reduction = _check_reduction(reduction, size_average, reduce)
    zero = input.detach() * 0
    near = ops.where(target != -1, input, zero)
    return _reduce(near + ops.where(target != 1, (margin - input).clamp(min=0), zero), reduction)


def margin_ranking_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """max(0, -y (x1 - x2) + margin), averaged."""
    reduction = _check_reduction(reduction, size_average, reduce)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError("margin_ranking_loss : All input tensors should have same dimension")
    return _reduce((-target * (input1 - input2) + margin).clamp(min=0), reduction)


def cosine_embedding_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """1 - cos where y = 1, max(0, cos - margin) where y = -1, averaged."""
    reduction = _check_reduction(reduction, size_average, reduce)
    if input1.dim() != target.dim() + 1 or input1.dim() not in (1, 2):
        raise RuntimeError(
            f"cosine_embedding_loss expects (N, D) inputs with an (N) target, or (D) with (), not "
            f"{input1.shape}, {input2.shape} and {target.shape}"
        )
    cos = _cosine(input1, input2)
    zero = cos.detach() * 0
    same = ops.where(target == 1, 1 - cos, zero)
    return _reduce(same + ops.where(target == -1, (cos - margin).clamp(min=0), zero), reduction)


def _cosine(x1, x2, eps=1e-12):
    """The cosine along the last axis as this loss has it: eps inside the root."""
    square1, square2 = (x1 * x1).sum(-1) + eps, (x2 * x2).sum(-1) + eps
    return (x1 * x2).sum(-1) / (square1 * square2).sqrt()


def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p=2,
    eps=1e-6,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """max(0, d(a, p) - d(a, n) + margin), averaged; source: Schroff et al., 2015."""
    reduction = _check_reduction(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            "The anchor, positive, and negative tensors must have as many dimensions"
        )
    near, far = (
        pairwise_distance(anchor, positive, p, eps),
        pairwise_distance(anchor, negative, p, eps),
    )
    if swap:
        far = ops.minimum(far, pairwise_distance(positive, negative, p, eps))
    return _reduce((margin + near - far).clamp(min=0), reduction)


def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
):
    """max(0, d(a, p) - d(a, n) + margin), with any distance d; averaged."""
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ops.minimum(far, distance(positive, negative))
    return _reduce((near - far + margin).clamp(min=0), _check_reduction(reduction))


def multi_margin_loss(
    input,
    target,
    p=1,
    margin=1.0,
    weight=None,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """Mean over the wrong classes of max(0, margin - x[target] + x[class])^p, averaged."""
    reduction = _check_reduction(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    x, ids = ops.PUBLIC["atleast_2d"](input), target.reshape(-1, 1)
    terms = relu(margin - x.gather(1, ids) + x) ** p
    if weight is not None:
        terms = terms * weight[ids]
    values = terms.scatter(1, ids, 0.0).sum(1) / x.shape[1]
    return _reduce(values if input.dim() == 2 else values[0], reduction)


def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """Binary cross-entropy of logits, averaged over classes (with weights) and examples."""
    reduction = _check_reduction(reduction, size_average, reduce)
    values = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    return _reduce((values if weight is None else values * weight).mean(-1), reduction)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """(log var + (x - y)^2 / var) / 2, averaged; var is kept above eps, without gradient there."""
    _check_reduction(reduction)
    if not isinstance(var, Tensor):
        var = input.detach() * 0 + var
    if var.shape != input.shape:
        if var.shape == input.shape[:-1]:
            var = var.unsqueeze(-1)
        elif var.shape != (*input.shape[:-1], 1):
            raise ValueError("var is of incorrect size")
    if (var._data < 0).any():
        raise ValueError("var has negative entry/entries")
    floor = np.maximum(var._data, var._data.dtype.type(eps)) - var._data
    var = var + wrap(floor)  # torch clamps without gradient: the slope stays that of the identity
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    return _reduce(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def poisson_nll_loss(
    input,
    target,
    log_input=True,
    full=False,
    size_average=None,
    eps=1e-8,
    reduce=None,
    reduction="mean",
):
    """exp(x) - y x (or x - y log(x + eps)), averaged; `full` adds Stirling's term."""
    reduction = _check_reduction(reduction, size_average, reduce)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        y = np.maximum(target._data, 1)
        stirling = y * np.log(y) - y + 0.5 * np.log(2 * math.pi * y)
        loss = loss + wrap(np.where(target._data > 1, stirling, 0).astype(input._data.dtype))
    return _reduce(loss, reduction)


def ctc_loss(
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    blank=0,
    reduction="mean",
    zero_infinity=False,
):
    """-log of the probability of all alignments of `targets` (N, S) with log_probs (T, N, C).

    Source: Graves et al., 2006, section 4.1, in logarithms.
    """
    _floating("ctc_loss", log_probs)
    reduction, single = _check_reduction(reduction), log_probs.dim() == 2
    log_probs = log_probs.unsqueeze(1) if single else log_probs
    frames, sizes = (
        np.asarray(getattr(v, "_data", v)).reshape(-1) for v in (input_lengths, target_lengths)
    )
    values = _ctc.negative_log(log_probs, targets._data, frames, sizes, blank)
    if zero_infinity:
        values = values.masked_fill(values == math.inf, 0)
    if reduction == "mean":
        return (values / wrap(np.maximum(sizes, 1).astype(values._data.dtype))).mean()
    return values.sum() if reduction == "sum" else values[0] if single else values


# --- normalisation ----------------------------------------------------------------------------


def _check_normalized(name, input, normalized_shape, *affine):
    _floating(name, input)
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(f"{name}(): argument 'normalized_shape' must be tuple of ints")
    shape = tuple(normalized_shape)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, "
            f"{', '.join(map(str, shape))}], but got input of size{list(input.shape)}"
        )
    for t in affine:
        if t is not None and tuple(t.shape) != shape:
            raise RuntimeError(
                f"Expected weight and bias to be of same shape as normalized_shape, but got "
                f"{list(t.shape)} and normalized_shape = {list(shape)}"
            )
    return len(shape)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Mean 0 and variance 1 over the last axes, then weight and bias."""
    ndim = _check_normalized("layer_norm", input, normalized_shape, weight, bias)
    return _norm.layer_norm(input, weight, bias, ndim=ndim, eps=eps)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Root mean square 1 over the last axes, then weight; eps defaults to the dtype's."""
    ndim = _check_normalized("rms_norm", input, normalized_shape, weight)
    eps = float(np.finfo(input._data.dtype).eps) if eps is None else eps
    return _norm.rms_norm(input, weight, ndim=ndim, eps=eps)


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Mean 0 and variance 1 over each group of channels of each example, then weight and bias."""
    _floating("group_norm", input)
    if input.dim() < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.dim()}"
        )
    if num_groups <= 0 or input.shape[1] % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(input.shape)} and num_groups={num_groups}"
        )
    _check_channels(input, weight=weight, bias=bias)
    values = input.shape[1] // num_groups * math.prod(input.shape[2:]) * input.shape[0]
    if values == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got size {input.shape}"
        )
    return _norm.group_norm(input, weight, bias, groups=num_groups, eps=eps)


def _check_channels(input, **per_channel):
    for name, t in per_channel.items():
        if t is not None and tuple(t.shape) != (input.shape[1],):
            raise RuntimeError(
                f"{name} should contain {input.shape[1]} elements not {t.numel()}: one per channel"
            )


def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """Normalise each channel by the batch's statistics (training) or by the running ones.

    In training the running statistics are updated in place, the variance with Bessel's correction.
    """
    _floating("batch_norm", input)
    if input.dim() < 2:
        raise RuntimeError(f"batch_norm expects (N, C, ...), not {input.dim()} dimensions")
    _check_channels(
        input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if training:
        count = input.numel() // max(input.shape[1], 1)
        if count == 1:
            raise ValueError(
                f"Expected more than 1 value per channel when training, got size {input.shape}"
            )
        seen = _running_update(running_mean, running_var, momentum, count)
        return _norm.batch_norm(input, weight, bias, eps=eps, seen=seen)
    if running_mean is None or running_var is None:
        raise RuntimeError("running_mean and running_var must be defined in evaluation mode")
    return _fixed_norm(input, running_mean, running_var, weight, bias, eps)


def _running_update(running_mean, running_var, momentum, count):
    """A function that moves the running statistics towards a batch's, or None without any."""
    if running_mean is None:
        return None

    def seen(mean, var):
        unbiased = var * (count / (count - 1))
        for running, now in ((running_mean._data, mean), (running_var._data, unbiased)):
            running *= 1 - momentum
            running += momentum * now

    return seen


def _fixed_norm(input, mean, var, weight, bias, eps):
    """(x - mean) / sqrt(var + eps) * weight + bias with given statistics, per channel."""
    per_channel = (-1, *(1,) * (input.dim() - 2))
    scale = 1 / (var + eps).sqrt()
    scale = scale if weight is None else scale * weight
    y = (input - mean.reshape(per_channel)) * scale.reshape(per_channel)
    return y if bias is None else y + bias.reshape(per_channel)


def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    """Normalise each channel of each example; running statistics average the examples."""
    _floating("instance_norm", input)
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "Expected running_mean and running_var when use_input_stats is false"
            )
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    space = math.prod(input.shape[2:])
    if space == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape}"
        )
    _check_channels(
        input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    update = _running_update(running_mean, running_var, momentum, space)
    if update is not None:
        flat = input._data.reshape(*input.shape[:2], -1)
        update(flat.mean((0, 2)), flat.var(2).mean(0))
    return _norm.group_norm(input, weight, bias, groups=input.shape[1], eps=eps)


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """x / (k + alpha * mean of x^2 over `size` neighbouring channels)^beta."""
    if input.dim() < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality input (got {input.dim()} dimensions)"
        )
    squares = (input * input).unsqueeze(1)  # (N, 1, C, ...)
    flat = squares.reshape(input.shape[0], 1, input.shape[1], -1)
    framed = pad(flat, (0, 0, size // 2, (size - 1) // 2))
    mean = avg_pool2d(framed, (size, 1), stride=1).reshape(input.shape)
    return input / (mean * alpha + k) ** beta


# --- convolution ------------------------------------------------------------------------------


def _images(name, input, n):
    """Input of n spatial axes, batched or not, as (N, C, H, W), and a function that undoes it."""
    _floating(name, input)
    if input.dim() not in (n + 1, n + 2):
        raise RuntimeError(
            f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {name}, "
            f"but got input of size: {list(input.shape)}"
        )
    batched = input.dim() == n + 2
    x = input if batched else input.unsqueeze(0)
    x = x.unsqueeze(2) if n == 1 else x

    def undo(y):
        y = y.squeeze(2) if n == 1 else y
        return y if batched else y.squeeze(0)

    return x, undo


def _pair(value, n, name, neutral):
    """(height, width) of an option; one spatial axis has height `neutral`."""
    value = as_tuple(value, n, name)
    return (neutral, *value) if n == 1 else value


def _geometry(n, stride, padding, dilation, groups):
    stride, dilation = _pair(stride, n, "stride", 1), _pair(dilation, n, "dilation", 1)
    padding = _pair(padding, n, "padding", 0)
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(dilation) <= 0:
        raise RuntimeError("dilation should be greater than zero")
    return Geometry(stride, padding, dilation, groups)


def _check_conv(name, x, weight, bias, groups, n, channels, out_channels):
    _floating(name, weight)
    if weight.dim() != n + 2:
        raise RuntimeError(f"{name} expects a weight of {n + 2} dimensions, not {weight.dim()}")
    _linear.same_dtype(x._data, weight._data, _array(bias))
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    if weight.shape[0] % groups:
        raise RuntimeError(
            f"{weight.shape[0]} output channels are not divisible by groups={groups}"
        )
    if x.shape[1] != channels:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input"
            f"{list(x.shape)} to have {channels} channels, but got {x.shape[1]} channels instead"
        )
    if bias is not None and tuple(bias.shape) != (out_channels,):
        raise RuntimeError(f"expected bias to be 1-dimensional with {out_channels} elements")


def _string_padding(x, kernel, padding, stride, dilation, n):
    """ "valid" and "same" as numbers; where "same" needs one more cell at the end, x gets it."""
    if padding == "valid":
        return x, 0
    if padding != "same":
        raise ValueError(f"padding must be 'same', 'valid' or numbers, not {padding!r}")
    if any(s != 1 for s in as_tuple(stride, n, "stride")):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (k - 1) for d, k in zip(as_tuple(dilation, n, "dilation"), kernel, strict=True)]
    if any(t % 2 for t in total):
        x = pad(x, [w for t in reversed(total) for w in (0, t % 2)])
    return x, tuple(t // 2 for t in total)


def _conv_nd(n, name, input, weight, bias, stride, padding, dilation, groups):
    x, undo = _images(name, input, n)
    _check_conv(name, x, weight, bias, groups, n, weight.shape[1] * groups, weight.shape[0])
    if isinstance(padding, str):
        x, padding = _string_padding(x, weight.shape[2:], padding, stride, dilation, n)
    geo = _geometry(n, stride, padding, dilation, groups)
    w = weight.unsqueeze(2) if n == 1 else weight
    out = geo.out_size(x.shape[2:], w.shape[2:])
    if min(out) <= 0:
        padded = [s + 2 * p for s, p in zip(x.shape[2:], geo.padding, strict=True)]
        raise RuntimeError(
            f"Calculated padded input size per channel: {padded[-n:]}. Kernel size: "
            f"{list(weight.shape[2:])}. Kernel size can't be greater than actual input size"
        )
    return undo(_conv.conv2d(x, w, bias, geo=geo))


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of (N, C, L) or (C, L) with weight (O, C / groups, k)."""
    return _conv_nd(1, "conv1d", input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of (N, C, H, W) or (C, H, W) with weight (O, C / groups, kh, kw)."""
    return _conv_nd(2, "conv2d", input, weight, bias, stride, padding, dilation, groups)


def _conv_transpose_nd(n, name, input, weight, bias, stride, padding, extra, groups, dilation):
    x, undo = _images(name, input, n)
    out_channels = weight.shape[1] * groups
    _check_conv(name, x, weight, bias, groups, n, weight.shape[0], out_channels)
    geo = _geometry(n, stride, padding, dilation, groups)
    extra = _pair(extra, n, "output_padding", 0)
    if any(
        e < 0 or e >= max(s, d) for e, s, d in zip(extra, geo.stride, geo.dilation, strict=True)
    ):
        raise RuntimeError("output padding must be smaller than either stride or dilation")
    w = weight.unsqueeze(2) if n == 1 else weight
    size = tuple(
        (m - 1) * s - 2 * p + d * (k - 1) + e + 1
        for m, k, e, s, p, d in zip(x.shape[2:], w.shape[2:], extra, *geo[:3], strict=True)
    )
    if min(size) <= 0:
        raise RuntimeError(f"Calculated output size {list(size[-n:])} is too small")
    return undo(_conv.conv_transpose2d(x, w, bias, geo=geo, size=size))


def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of conv1d: (N, C, l) or (C, l) with weight (C, O / groups, k)."""
    return _conv_transpose_nd(
        1,
        "conv_transpose1d",
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of conv2d: (N, C, h, w) or (C, h, w) with weight (C, O / groups, kh, kw)."""
    return _conv_transpose_nd(
        2,
        "conv_transpose2d",
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


# --- patches ----------------------------------------------------------------------------------


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Every patch of (N, C, H, W) as a column: (N, C kh kw, L)."""
    x, undo = _images("unfold", input, 2)
    geo = _geometry(2, stride, padding, dilation, 1)
    kernel = as_tuple(kernel_size, 2, "kernel_size")
    out = geo.out_size(x.shape[2:], kernel)
    if min(out) <= 0 or min(kernel) <= 0:
        raise RuntimeError(
            f"Given input with spatial size {tuple(x.shape[2:])} and kernel_size={kernel}, the "
            f"calculated shape of the array of sliding blocks is {out}: it must be at least one"
        )
    return undo(_image.unfold(x, kernel=kernel, out=out, geo=geo))


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add columns (N, C kh kw, L) back into images (N, C, *output_size)."""
    _floating("fold", input)
    if input.dim() not in (2, 3):
        raise RuntimeError(f"fold expects (N, C kh kw, L) or (C kh kw, L), not {input.dim()}D")
    size, kernel = as_tuple(output_size, 2, "output_size"), as_tuple(kernel_size, 2, "kernel_size")
    geo = _geometry(2, stride, padding, dilation, 1)
    out = geo.out_size(size, kernel)
    x = input if input.dim() == 3 else input.unsqueeze(0)
    if x.shape[1] % math.prod(kernel) or x.shape[2] != math.prod(out):
        raise RuntimeError(
            f"fold: input {list(input.shape)} does not hold {kernel} patches at the {out} places "
            f"of an image of size {size}"
        )
    y = _image.fold(x, size=size, kernel=kernel, out=out, geo=geo)
    return y if input.dim() == 3 else y.squeeze(0)


def pixel_shuffle(input, upscale_factor):
    """(..., C r^2, H, W) -> (..., C, H r, W r); source: Shi et al., 2016."""
    r = upscale_factor
    if input.dim() < 3 or r <= 0 or input.shape[-3] % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects the number of channels to be divisible by the square of "
            f"upscale_factor, but input has shape {list(input.shape)} and upscale_factor is {r}"
        )
    *lead, C, H, W = input.shape
    n = len(lead)
    x = input.reshape(*lead, C // (r * r), r, r, H, W)
    x = x.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2)  # (..., C, H, r, W, r)
    return x.reshape(*lead, C // (r * r), H * r, W * r)


def pixel_unshuffle(input, downscale_factor):
    """(..., C, H r, W r) -> (..., C r^2, H, W): the inverse of pixel_shuffle."""
    r = downscale_factor
    if input.dim() < 3 or r <= 0 or input.shape[-2] % r or input.shape[-1] % r:
        raise RuntimeError(
            "pixel_unshuffle expects height and width to be divisible by downscale_factor, but "
            f"input has shape {list(input.shape)} and downscale_factor is {r}"
        )
    *lead, C, H, W = input.shape
    n = len(lead)
    x = input.reshape(*lead, C, H // r, r, W // r, r)
    x = x.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3)  # (..., C, r, r, H, W)
    return x.reshape(*lead, C * r * r, H // r, W // r)


def channel_shuffle(input, groups):
    """Interleave the channels of (N, C, ...) across `groups`."""
    if groups <= 0 or input.shape[1] % groups:
        raise RuntimeError(f"{input.shape[1]} channels are not divisible by groups={groups}")
    x = input.reshape(input.shape[0], groups, input.shape[1] // groups, -1)
    return x.transpose(1, 2).reshape(input.shape)


def pad(input, pad, mode="constant", value=None):
    """Frame the last axes: `pad` is (before, after), last axis first; negative ones crop."""
    pad = tuple(int(p) for p in pad)
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) // 2 > input.dim():
        raise RuntimeError(
            f"Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {input.dim()}"
        )
    pairs = list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    widths = [(0, 0)] * (input.dim() - len(pairs)) + pairs
    if mode == "constant":
        _check_cropping(input, widths)
        return _image.constant_pad(input, widths=widths, value=0.0 if value is None else value)
    if mode not in _image.BORDERS:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None:
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    return _pad_border(input, widths, len(pairs), mode)


def _check_cropping(input, widths):
    if any(n + a + b < 0 for n, (a, b) in zip(input.shape, widths, strict=True)):
        raise RuntimeError(f"padding {widths} makes an axis of {list(input.shape)} negative")


def _pad_border(input, widths, axes, mode):
    if input.dim() not in (axes + 1, axes + 2) or axes > 3:
        raise NotImplementedError(
            f"Padding size {2 * axes} is not supported for {input.dim()}D input tensor."
        )
    for dim, (n, (a, b)) in enumerate(zip(input.shape, widths, strict=True)):
        limit = {"reflect": n - 1, "circular": n, "replicate": math.inf}[mode]
        if max(a, b) > limit or n + a + b < 1 <= n:
            raise RuntimeError(
                f"Padding size should be less than the corresponding input dimension, but got: "
                f"padding ({a}, {b}) at dimension {dim} of input {list(input.shape)}"
            )
        if mode == "circular" and min(a, b) < 0:  # what is cut off does not come around
            input = input.narrow(dim, max(-a, 0), n + min(a, 0) + min(b, 0))
            n, a, b = input.shape[dim], max(a, 0), max(b, 0)
        if a or b:
            index = _image.border_index(n, a, b, mode)
            input = _image.take_along(input, index=index, dim=dim)
    return input


# --- pooling ----------------------------------------------------------------------------------


def _pool_size(size, kernel, geo, ceil_mode):
    """Output (height, width); with `ceil_mode` a last window may start before the far padding."""
    out = []
    for n, k, s, p, d in zip(size, kernel, *geo[:3], strict=True):
        span = n + 2 * p - d * (k - 1) - 1
        m = (-(-span // s) if ceil_mode else span // s) + 1
        out.append(m - 1 if ceil_mode and (m - 1) * s >= n + p else m)
    if min(out) <= 0:
        raise RuntimeError(f"Given input size: {size}. Calculated output size: {out}. Too small")
    return tuple(out)


def _pool_setup(name, n, input, kernel_size, stride, padding, dilation, ceil_mode):
    if input.dim() not in (n + 1, n + 2) or 0 in input.shape[-n - 1 :]:
        raise RuntimeError(
            f"{name}: expected non-empty {n + 1}D or {n + 2}D tensor, not {input.shape}"
        )
    x = input if input.dim() == n + 2 else input.unsqueeze(0)
    x = x.unsqueeze(2) if n == 1 else x
    kernel = _pair(kernel_size, n, "kernel_size", 1)
    if min(kernel) <= 0:
        raise RuntimeError("kernel size should be greater than zero")
    stride = kernel[-n:] if stride is None or stride == () or stride == [] else stride
    geo = _geometry(n, stride, padding, dilation, 1)
    if any(
        2 * p > d * (k - 1) + 1 for k, p, d in zip(kernel, geo.padding, geo.dilation, strict=True)
    ):
        raise RuntimeError(
            f"pad should be at most half of effective kernel size, but got pad={padding}, "
            f"kernel_size={kernel_size} and dilation={dilation}"
        )
    return x, kernel, geo, _pool_size(x.shape[2:], kernel, geo, ceil_mode)


def _unpool_view(y, input, n):
    y = y.squeeze(2) if n == 1 else y
    return y if input.dim() == n + 2 else y.squeeze(0)


def _max_pool(n, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    name = f"max_pool{n}d"
    x, kernel, geo, out = _pool_setup(
        name, n, input, kernel_size, stride, padding, dilation, ceil_mode
    )
    if not return_indices:
        return _unpool_view(_pool.max_pool2d(x, kernel=kernel, out=out, geo=geo), input, n)
    index = wrap(_pool.max_positions(x._data, kernel, out, geo))
    y = x.flatten(2).gather(2, index.flatten(2)).unflatten(2, out)
    return _unpool_view(y, input, n), _unpool_view(index, input, n)


def max_pool1d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Maximum of each window of (N, C, L) or (C, L)."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Maximum of each window of (N, C, H, W) or (C, H, W)."""
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_unpool(n, input, indices, kernel_size, stride, padding, output_size):
    kernel, p = (as_tuple(v, n, "kernel_size and padding") for v in (kernel_size, padding))
    stride = kernel if stride is None else as_tuple(stride, n, "stride")
    sizes = zip(input.shape[-n:], stride, kernel, p, strict=True)
    size = [(m - 1) * s + k - 2 * q for m, s, k, q in sizes]
    if output_size is not None:
        wanted = list(output_size)[-n:]
        if any(not abs(a - b) < s for a, b, s in zip(wanted, size, stride, strict=True)):
            raise ValueError(f"invalid output_size {wanted}: expected about {size}")
        size = wanted
    x, at = input.flatten(-n), indices.flatten(-n)
    return x.new_zeros(*x.shape[:-1], math.prod(size)).scatter(-1, at, x).unflatten(-1, size)


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Each value at the place where `max_pool1d` found it, zeros elsewhere."""
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Each value at the place where `max_pool2d` found it, zeros elsewhere."""
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def _avg_pool(n, input, kernel_size, stride, padding, ceil_mode, include_pad, divisor=None):
    name = f"avg_pool{n}d"
    _floating(name, input)
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
    x, kernel, geo, out = _pool_setup(name, n, input, kernel_size, stride, padding, 1, ceil_mode)
    y = _pool.avg_pool2d(
        x, kernel=kernel, out=out, geo=geo, include_pad=include_pad, divisor=divisor
    )
    return _unpool_view(y, input, n)


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Mean of each window of (N, C, L) or (C, L)."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Mean of each window of (N, C, H, W) or (C, H, W)."""
    return _avg_pool(
        2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _adaptive(primitive, name, n, input, output_size):
    _floating(name, input)
    if input.dim() not in (n + 1, n + 2) or 0 in input.shape[-n - 1 :]:
        raise RuntimeError(
            f"{name}: expected non-empty {n + 1}D or {n + 2}D tensor, not {input.shape}"
        )
    size = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * n
    if len(size) != n:
        raise RuntimeError(f"{name}: output_size must be {n} ints, not {output_size}")
    out = tuple(input.shape[i - n] if s is None else s for i, s in enumerate(size))
    if min(out) < 0:
        raise RuntimeError(f"{name}: elements of output_size must be greater than or equal to 0")
    if n == 2:
        return primitive(input, out=out)
    return primitive(input.unsqueeze(-2), out=(1, *out)).squeeze(-2)


def adaptive_avg_pool1d(input, output_size):
    """Mean over `output_size` nearly equal windows of (N, C, L) or (C, L)."""
    return _adaptive(_pool.adaptive_avg_pool2d, "adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input, output_size):
    """Mean over `output_size` nearly equal windows of (N, C, H, W) or (C, H, W)."""
    return _adaptive(_pool.adaptive_avg_pool2d, "adaptive_avg_pool2d", 2, input, output_size)


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """Maximum over `output_size` nearly equal windows of (N, C, L) or (C, L)."""
    refuse(return_indices=return_indices)
    return _adaptive(_pool.adaptive_max_pool2d, "adaptive_max_pool1d", 1, input, output_size)


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """Maximum over `output_size` nearly equal windows of (N, C, H, W) or (C, H, W)."""
    refuse(return_indices=return_indices)
    return _adaptive(_pool.adaptive_max_pool2d, "adaptive_max_pool2d", 2, input, output_size)


# --- resampling -------------------------------------------------------------------------------

_DIMS_OF_MODE = {"linear": 3, "bilinear": 4, "trilinear": 5}


def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """Resample the spatial axes of (N, C, ...) to `size` or by `scale_factor`.

    Modes: nearest, nearest-exact, linear (3-D input), bilinear (4-D), trilinear (5-D), area.
    """
    refuse(antialias=antialias)
    _floating("interpolate", input)
    n = input.dim() - 2
    if mode not in ("nearest", "nearest-exact", "area", *_DIMS_OF_MODE):
        raise NotImplementedError(f"interpolate does not support mode={mode!r}")
    if align_corners is not None and mode not in _DIMS_OF_MODE:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: "
            "linear | bilinear | trilinear"
        )
    if n < 1 or n > 3 or _DIMS_OF_MODE.get(mode, n + 2) != n + 2:
        raise NotImplementedError(f"Got {input.dim()}D input, but {mode} mode does not take it")
    size, scales = _target_size(input, n, size, scale_factor, recompute_scale_factor)
    if mode == "area":
        pools = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)
        return pools[n - 1](input, size)
    for i in range(n):
        input = _resample(input, i + 2, size[i], scales[i], mode, bool(align_corners))
    return input


def _target_size(input, n, size, scale_factor, recompute):
    """Output sizes, and each axis's scale factor (None: the ratio of the sizes)."""
    if (size is None) == (scale_factor is None):
        raise ValueError(
            "either size or scale_factor should be defined, but not both: "
            "only one of size or scale_factor should be defined"
        )
    if size is not None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return _per_axis(size, n, "size"), (None,) * n
    factors = _per_axis(scale_factor, n, "scale_factor")
    out = tuple(math.floor(input.shape[i + 2] * f) for i, f in enumerate(factors))
    return out, (None,) * n if recompute else factors


def _per_axis(value, n, name):
    value = tuple(value) if isinstance(value, (tuple, list)) else (value,) * n
    if len(value) != n:
        raise ValueError(f"{name} must match the {n} spatial dimensions of the input, not {value}")
    if min(value) <= 0:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got {name}={value}"
        )
    return value


def _resample(x, dim, out, factor, mode, align_corners):
    n = x.shape[dim]
    if out <= 0 or n <= 0:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got {n} and {out}"
        )
    step = n / out if factor is None else 1 / factor  # cells of the input per cell of the output
    cells = np.arange(out)
    if mode.startswith("nearest"):
        offset = 0.5 if mode == "nearest-exact" else 0.0
        low = np.floor((cells + np.float32(offset)) * np.float32(step)).astype(np.int64)
        return _image.take_along(x, index=np.minimum(low, n - 1), dim=dim)
    if align_corners:
        at = cells * ((n - 1) / (out - 1) if out > 1 else 0.0)
    else:
        at = np.maximum((cells + 0.5) * step - 0.5, 0)
    low = np.minimum(at.astype(np.int64), n - 1)
    high = np.minimum(low + 1, n - 1)
    return _image.blend_along(x, low=low, high=high, share=at - low, dim=dim)


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """The older name of `interpolate`."""
    return interpolate(input, size, scale_factor, mode, align_corners)


# --- attention --------------------------------------------------------------------------------


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """softmax(scale q k^T + mask) v: query (..., L, E), key (..., S, E), value (..., S, V).

    A bool mask (..., L, S) is True where attention is allowed; a float mask is added.
    """
    _floating("scaled_dot_product_attention", query, key, value)
    _linear.same_dtype(query._data, key._data, value._data)
    if min(query.dim(), key.dim(), value.dim()) < 2:
        raise RuntimeError("query, key and value must have at least 2 dimensions")
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise RuntimeError(
            f"shapes do not fit: query {query.shape}, key {key.shape}, value {value.shape}"
        )
    if enable_gqa:
        key, value = (_repeat_heads(t, query.shape[-3]) for t in (key, value))
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    mask = _additive_mask(query, key, attn_mask, is_causal)
    if dropout_p > 0 or (mask is not None and mask.requires_grad):
        scores = query @ key.transpose(-2, -1) * scale
        weights = softmax(scores if mask is None else scores + mask, -1)
        return dropout(weights, dropout_p) @ value
    return _attention.attention(query, key, value, mask=_array(mask), scale=scale)


def _repeat_heads(t, heads):
    """Grouped queries: each of few key heads serves several query heads."""
    if heads % t.shape[-3]:
        raise RuntimeError(f"{heads} query heads are not a multiple of {t.shape[-3]} key heads")
    return t.repeat_interleave(heads // t.shape[-3], -3)


def _additive_mask(query, key, attn_mask, is_causal):
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError("Explicit attn_mask should not be set when is_causal=True")
        return wrap(_attention.causal_mask(query.shape[-2], key.shape[-2], query._data.dtype))
    if attn_mask is None:
        return None
    shape = (query.shape[-2], key.shape[-2])
    try:
        np.broadcast_shapes(attn_mask.shape[-2:], shape)
    except ValueError:
        raise RuntimeError(
            f"attn_mask {attn_mask.shape} does not fit scores (..., {shape})"
        ) from None
    if attn_mask._data.dtype == bool:
        return wrap(np.where(attn_mask._data, 0, -np.inf).astype(query._data.dtype))
    if attn_mask._data.dtype != query._data.dtype:
        raise RuntimeError(f"attn_mask must be bool or {query.dtype}, not {attn_mask.dtype}")
    return attn_mask


# --- activations written over their input -------------------------------------------------------

relu_, leaky_relu_, elu_, celu_, selu_, hardtanh_, threshold_ = map(
    in_place, (relu, leaky_relu, elu, celu, selu, hardtanh, threshold)
)


# --- volumes, and images read at any place ------------------------------------------------------

from ._volume import (  # noqa: E402, F401 -- they use the functions above
    adaptive_avg_pool3d,
    affine_grid,
    avg_pool3d,
    conv3d,
    conv_transpose3d,
    grid_sample,
    max_pool3d,
)
