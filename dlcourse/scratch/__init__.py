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
    empty,
    empty_like,
    equal,
    eye,
    finfo,
    from_numpy,
    full,
    full_like,
    iinfo,
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
    memory_format,
    preserve_format,
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
    set_default_dtype,
    uint8,
)
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
    autocast,
    backends,
    compile,
    cuda,
    distributed,
    fft,
    get_num_threads,
    hub,
    jit,
    mps,
    set_float32_matmul_precision,
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
from .linalg import cholesky, det, matrix_power, slogdet  # noqa: E402
from .linalg import inv as inverse  # noqa: E402
from .linalg import pinv as pinverse  # noqa: E402
from .serialization import load, save  # noqa: E402
