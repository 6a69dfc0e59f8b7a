"""Names that guarded torch code asks for (`cuda.is_available()`, ...), answered truthfully."""

import contextlib
from types import SimpleNamespace

from .devices import check_device


def _no(*args, **kwargs):
    """There is none."""
    return False


def _nothing(*args, **kwargs):
    """There is nothing to do."""


cuda = SimpleNamespace(
    is_available=_no,
    device_count=lambda: 0,
    empty_cache=_nothing,
    manual_seed=_nothing,
    manual_seed_all=_nothing,
    synchronize=_nothing,
    is_bf16_supported=_no,
)
mps = SimpleNamespace(is_available=_no, manual_seed=_nothing, empty_cache=_nothing)
backends = SimpleNamespace(
    mps=SimpleNamespace(is_available=_no, is_built=_no),
    cuda=SimpleNamespace(matmul=SimpleNamespace(allow_tf32=False), is_built=_no),
    cudnn=SimpleNamespace(
        enabled=False, deterministic=True, benchmark=False, allow_tf32=False, is_available=_no
    ),
)
accelerator = SimpleNamespace(
    is_available=_no, device_count=lambda: 0, current_accelerator=_nothing
)
version = SimpleNamespace(cuda=None)
__version__ = "2.13.0+scratch"  # the release of torch whose names and results these are


def get_num_threads():
    """One: NumPy's BLAS decides on threads by itself (OPENBLAS_NUM_THREADS)."""
    return 1


set_num_threads = set_num_interop_threads = _nothing
set_float32_matmul_precision = _nothing


def use_deterministic_algorithms(mode, *, warn_only=False):
    """The engine is deterministic anyway."""


def compile(model=None, **options):
    """The model itself: there is nothing to compile, as call or decorator."""
    return (lambda m: m) if model is None else model


@contextlib.contextmanager
def autocast(device_type="cpu", dtype=None, enabled=True, cache_enabled=None):
    """A context without effect if disabled; half precision does not exist here."""
    check_device(device_type)
    if enabled:
        raise NotImplementedError("autocast: the engine computes in float32 and float64 only")
    yield


class GradScaler:
    """Does nothing: float32 needs no scaling of the loss (Micikevicius et al., 2018)."""

    def __init__(self, device="cpu", enabled=True, **options):
        check_device(device)

    scale = staticmethod(lambda loss: loss)
    step = staticmethod(lambda optimizer, *args, **kwargs: optimizer.step(*args, **kwargs))
    update = unscale_ = staticmethod(_nothing)
    is_enabled = staticmethod(_no)
    get_scale = staticmethod(lambda: 1.0)
    state_dict = staticmethod(dict)
    load_state_dict = staticmethod(_nothing)


amp = SimpleNamespace(autocast=autocast, GradScaler=GradScaler)
cuda.amp = SimpleNamespace(autocast=lambda enabled=True: autocast("cpu", enabled=enabled))
cuda.amp.GradScaler = lambda **options: GradScaler("cpu", **options)
