"""A deep learning engine in NumPy that answers to torch's names.

`from dlcourse import scratch as torch`, and ordinary model code runs: tensors, autograd, `nn`,
`optim`, `utils.data`. A subset of torch, exactly: what is missing fails loudly.
"""

# ruff: noqa: F401 - this file is the list of public names

from math import e, inf, nan, pi

from . import autograd, dtypes, linalg, ops, random, stubs
from . import tensor as _spelling
from ._print import set_printoptions
from .autograd import (
    OPS,
    Tensor,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .creation import (
    BoolTensor,
    ByteTensor,
    DoubleTensor,
    FloatTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    allclose,
    arange,
    as_tensor,
    asarray,
    assert_close,
    broadcast_shapes,
    empty,
    empty_like,
    equal,
    eye,
    finfo,
    from_numpy,
    full,
    full_like,
    iinfo,
    is_complex,
    is_floating_point,
    is_tensor,
    isclose,
    linspace,
    logspace,
    meshgrid,
    numel,
    ones,
    ones_like,
    scalar_tensor,
    tensor,
    tril_indices,
    triu_indices,
    zeros,
    zeros_like,
)
from .devices import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    device,
    get_default_device,
    memory_format,
    preserve_format,
    set_default_device,
)
from .dtypes import (
    dtype,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    set_default_dtype,
    set_default_tensor_type,
    uint8,
)
from .dtypes import result_type_of as result_type
from .random import (
    Generator,
    bernoulli,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from .stubs import (
    GradScaler,
    __version__,
    accelerator,
    amp,
    are_deterministic_algorithms_enabled,
    autocast,
    backends,
    compile,
    compiler,
    cuda,
    distributed,
    fft,
    get_num_interop_threads,
    get_num_threads,
    hub,
    jit,
    mps,
    set_float32_matmul_precision,
    set_flush_denormal,
    set_num_interop_threads,
    set_num_threads,
    use_deterministic_algorithms,
    version,
    xpu,
)
from .tensor import Size

globals().update({n: f for n, f in ops.PUBLIC.items() if n not in ops.METHODS_ONLY})
globals().update(stubs.REFUSED)
globals().update(dtypes.ABSENT)
globals().update(dtypes.ALIASES)  # float, long, bool, ...: dtypes, as in torch

from . import distributions, nn, optim, utils  # noqa: E402 -- they use the names above
from .explain import explain  # noqa: E402
from .linalg import cholesky, det, logdet, matrix_power, slogdet  # noqa: E402
from .linalg import inv as inverse  # noqa: E402
from .linalg import pinv as pinverse  # noqa: E402
from .serialization import load, save  # noqa: E402

_LAYERS = """
adaptive_avg_pool1d adaptive_max_pool1d alpha_dropout avg_pool1d bilinear celu celu_ channel_shuffle
conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d cosine_embedding_loss
cosine_similarity dropout hardshrink hinge_embedding_loss layer_norm max_pool1d max_pool2d
max_pool3d pairwise_distance pdist pixel_shuffle pixel_unshuffle prelu relu_ rms_norm selu selu_
threshold threshold_
"""
globals().update({n: getattr(nn.functional, n) for n in _LAYERS.split()})  # torch has both
_SPECIAL = """
digamma erf erfc erfinv exp2 expm1 log1p log_softmax logit logsumexp softmax xlogy
"""
special = stubs.room(
    "special",
    "Functions of mathematics, under SciPy's names.",
    **{n: ops.PUBLIC[n] for n in _SPECIAL.split()},
    expit=ops.PUBLIC["sigmoid"],
    gammaln=ops.PUBLIC["lgamma"],
    psi=ops.PUBLIC["digamma"],
)
func = stubs.room(
    "func",
    "Functions of functions.",
    functional_call=nn.utils.stateless.functional_call,
    **stubs.refusals("vmap grad jacrev jacfwd hessian", "this engine has autograd.grad"),
)
testing = stubs.room("testing", "Comparison of results.", assert_close=assert_close)
newaxis = None
