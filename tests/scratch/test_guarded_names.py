"""Names around the mathematics: devices, compilers, processes. Present, truthful, or refusing."""

import importlib
import types
import warnings

import pytest
import torch

from dlcourse import scratch

IMPORTS = """
amp cuda cuda.amp backends.cudnn backends.cuda backends.mps mps xpu distributed jit hub fft
nn.parallel nn.attention utils.checkpoint utils.data autograd nn.utils.rnn
"""
IMPORTS = IMPORTS.split()


@pytest.mark.parametrize("path", IMPORTS)
def test_submodules_can_be_imported_as_torchs(path):
    importlib.import_module(f"torch.{path}")
    module = importlib.import_module(f"dlcourse.scratch.{path}")
    found = scratch
    for name in path.split("."):
        found = getattr(found, name)
    assert isinstance(module, types.ModuleType)
    assert found is module


@pytest.mark.parametrize(
    "text",
    [
        "T.cuda.is_available()",
        "T.cuda.device_count()",
        "T.cuda.memory_allocated()",
        "T.cuda.is_initialized()",
        "isinstance(T.ones(2), T.cuda.FloatTensor)",
        "T.xpu.is_available()",
        "T.backends.mps.is_available()",
        "T.float16.is_floating_point, T.complex64.is_complex, T.bfloat16.itemsize",
        "{'a': T.float32, 'b': T.bfloat16}['a'] == T.ones(1).dtype",
        "T.ones(1).dtype in (T.half, T.cfloat)",
        "T.jit.is_scripting()",
        "T.utils.checkpoint.checkpoint(lambda x: x * 2, T.ones(2), use_reentrant=False).tolist()",
        "T.utils.checkpoint.checkpoint_sequential(T.nn.Sequential(T.nn.ReLU()), 1, -T.ones(2), "
        "use_reentrant=False).tolist()",
        "list(T.nn.DataParallel(T.nn.Linear(2, 3)).state_dict())",
        "T.nn.DataParallel(T.nn.ReLU())(-T.ones(2)).tolist()",
        "T.amp.GradScaler('cpu', enabled=False).scale(T.ones(2)).tolist()",
    ],
)
def test_answers_are_torchs(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, ours = (eval(text, {"T": T}) for T in (torch, scratch))
    assert ours == theirs


@pytest.mark.parametrize(
    "text",
    [
        "T.zeros(2, dtype=T.float16)",
        "T.ones(2).half()",
        "T.ones(2).to(T.bfloat16)",
        "T.fft.fft(T.ones(4))",
        "T.complex(T.ones(2), T.ones(2))",
        "T.view_as_complex(T.ones(2, 2))",
        "T.sparse_coo_tensor(T.zeros(2, 1), T.ones(1), (2, 2))",
        "T.distributed.init_process_group('gloo')",
        "T.nn.parallel.DistributedDataParallel(T.nn.Linear(2, 3))",
        "T.cuda.get_device_name(0)",
        "T.hub.load('a/b', 'c')",
    ],
)
def test_what_cannot_be_is_refused_by_name(text):
    with pytest.raises(NotImplementedError, match=r"engine|GPU|downloads"):
        eval(text, {"T": scratch})


def test_lower_precision_is_off_without_a_gpu():
    with pytest.warns(UserWarning, match="not available"), scratch.autocast("cuda"):
        assert scratch.ones(2).dtype is scratch.float32
    with scratch.amp.autocast("cpu", enabled=False):
        assert scratch.ones(2).dtype is scratch.float32


def test_compilers_return_what_they_are_given():
    def double(x):
        return 2 * x

    assert scratch.jit.script(double) is scratch.compile(double) is double
    assert scratch.jit.trace(double, scratch.ones(2)) is double
