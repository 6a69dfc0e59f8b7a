"""Names that guarded torch code asks for (`cuda.is_available()`, ...), answered truthfully.

What cannot exist here (complex numbers, several processes, ...) has its name too: using it says so.
"""

import contextlib
import sys
import warnings
from types import ModuleType
from typing import Any

from .devices import device

_HERE = __name__.rpartition(".")[0]


def _no(*args, **kwargs):
    """There is none."""
    return False


def _nothing(*args, **kwargs):
    """There is nothing to do."""


def _zero(*args, **kwargs):
    """There is none of it."""
    return 0


def _itself(function=None, *args, **kwargs):
    """The function or module itself, as call or decorator."""
    return (lambda f: f) if function is None else function


def _refused(name, reason):
    def refuse(*args, **kwargs):
        raise NotImplementedError(f"{name}: {reason}")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"Refused: {reason}."
    return refuse


def refusals(names, reason):
    """{name: a function that refuses, and says why}."""
    return {n: _refused(n, reason) for n in names.split()}


def room(path, doc, **members):
    """A module of these members that `import torch.<path>` finds."""
    made: Any = ModuleType(f"{_HERE}.{path}", doc)
    vars(made).update(members, __path__=[])  # a path: rooms may have rooms
    sys.modules[made.__name__] = made
    return made


# --- nothing to compile, nothing to save ------------------------------------------------------


def get_num_threads():
    """One: NumPy's BLAS decides on threads by itself (OPENBLAS_NUM_THREADS)."""
    return 1


set_num_threads = set_num_interop_threads = _nothing
set_float32_matmul_precision = _nothing
set_flush_denormal = get_num_interop_threads = are_deterministic_algorithms_enabled = _no
__version__ = "2.13.0+scratch"  # the release of torch whose names and results these are


def use_deterministic_algorithms(mode, *, warn_only=False):
    """The engine is deterministic anyway."""


def compile(model=None, **options):
    """The model itself: there is nothing to compile, as call or decorator."""
    return _itself(model)


def detect_anomaly(mode=True, check_nan=True):
    """A context without effect: what was overwritten or freed is found and named in any case."""
    return contextlib.nullcontext()


set_detect_anomaly = detect_anomaly


# --- lower precision --------------------------------------------------------------------------


@contextlib.contextmanager
def autocast(device_type="cpu", dtype=None, enabled=True, cache_enabled=None):
    """A context without effect if disabled, or if for a GPU; half precision does not exist here."""
    absent = device(device_type).type != "cpu"
    if enabled and absent:
        warnings.warn(f"autocast: {device_type} is not available, so it is disabled", stacklevel=3)
    elif enabled:
        raise NotImplementedError(
            "autocast: the engine computes in float32 and float64 only; pass enabled=False"
        )
    yield


class GradScaler:
    """Does nothing: float32 needs no scaling of the loss (Micikevicius et al., 2018)."""

    def __init__(self, device="cuda", *args, enabled=True, **options):
        pass

    scale = staticmethod(lambda loss: loss)
    step = staticmethod(lambda optimizer, *args, **kwargs: optimizer.step(*args, **kwargs))
    update = unscale_ = staticmethod(_nothing)
    is_enabled = staticmethod(_no)
    get_scale = staticmethod(lambda: 1.0)
    state_dict = staticmethod(dict)
    load_state_dict = staticmethod(_nothing)


# --- other devices ----------------------------------------------------------------------------


class _Never(type):
    def __instancecheck__(cls, instance):
        return False


class _OnGPU(metaclass=_Never):
    """The type of tensors on a GPU: none is one."""

    def __new__(cls, *data):
        raise RuntimeError("there is no GPU here: make tensors on the CPU")


_ABSENT = {
    "is_available": _no,
    "device_count": _zero,
    "manual_seed": _nothing,
    "manual_seed_all": _nothing,
    "empty_cache": _nothing,
    "synchronize": _nothing,
}
_GPU = "there is no GPU here: guard it by torch.cuda.is_available()"
amp = room("amp", "Lower precision: none.", autocast=autocast, GradScaler=GradScaler)
cuda = room(
    "cuda",
    "GPUs: none.",
    **_ABSENT,
    **refusals(
        "current_device get_device_name get_device_properties set_device Event Stream", _GPU
    ),
    **dict.fromkeys(["is_bf16_supported", "is_initialized"], _no),
    **dict.fromkeys(["memory_allocated", "max_memory_allocated", "memory_reserved"], _zero),
    reset_peak_memory_stats=_nothing,
    **dict.fromkeys(["FloatTensor", "DoubleTensor", "LongTensor", "ByteTensor"], _OnGPU),
)
cuda.amp = room(
    "cuda.amp",
    "Lower precision on a GPU: none.",
    autocast=lambda enabled=True, **options: autocast("cuda", enabled=enabled),
    GradScaler=GradScaler,
)
mps = room("mps", "Apple's GPUs: none.", **_ABSENT)
xpu = room("xpu", "Intel's GPUs: none.", **_ABSENT)
accelerator = room("accelerator", "Accelerators: none.", **_ABSENT, current_accelerator=_nothing)
compiler = room(
    "compiler",
    "Nothing is compiled.",
    **dict.fromkeys(["disable", "allow_in_graph"], _itself),
    **dict.fromkeys(["is_compiling", "is_dynamo_compiling"], _no),
    reset=_nothing,
)
version = room("version", "Of what torch was built.", cuda=None, __version__=__version__)
backends = room(
    "backends",
    "The libraries below: only NumPy.",
    mps=room("backends.mps", "None.", is_available=_no, is_built=_no),
    cuda=room(
        "backends.cuda",
        "None.",
        is_built=_no,
        matmul=ModuleType("matmul"),
        sdp_kernel=lambda **options: contextlib.nullcontext(),
        **dict.fromkeys(
            ["enable_flash_sdp", "enable_math_sdp", "enable_mem_efficient_sdp"], _nothing
        ),
    ),
    cudnn=room(
        "backends.cudnn",
        "None.",
        enabled=False,
        deterministic=True,
        benchmark=False,
        allow_tf32=False,
        is_available=_no,
    ),
)
backends.cuda.matmul.allow_tf32 = False

# --- rooms that code imports from -------------------------------------------------------------

jit = room(
    "jit",
    "Nothing is compiled: functions and modules stay what they are.",
    **dict.fromkeys(["script", "trace", "ignore", "export", "unused"], _itself),
    **dict.fromkeys(["is_scripting", "is_tracing"], _no),
    **refusals("save load", "save a state_dict by torch.save"),
)
distributed = room(
    "distributed",
    "One process only.",
    **dict.fromkeys(["is_available", "is_initialized"], _no),
    **refusals(
        "init_process_group destroy_process_group get_rank get_world_size barrier all_reduce "
        "all_gather broadcast",
        "this engine runs in one process: guard it by torch.distributed.is_available()",
    ),
)
hub = room("hub", "No downloads.", **refusals("load load_state_dict_from_url", "no downloads"))
_COMPLEX = "this engine has no complex numbers: keep real and imaginary parts in two tensors"
fft = room(
    "fft",
    "Fourier transforms: none.",
    **refusals("fft ifft rfft irfft fft2 ifft2 rfft2 irfft2 fftn ifftn fftshift", _COMPLEX),
)
REFUSED = {
    **refusals("complex polar view_as_complex view_as_real real imag angle stft istft", _COMPLEX),
    **refusals(
        "sparse_coo_tensor sparse_csr_tensor", "this engine has no sparse tensors: use dense ones"
    ),
    **refusals("vmap", "write a leading batch dimension instead"),
}
