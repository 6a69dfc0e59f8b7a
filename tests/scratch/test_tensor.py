"""What surrounds the ops: dtypes and promotion, conversions, copies, names, refusals."""

import copy
import itertools
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from dlcourse import scratch
from dlcourse.scratch import ops

KINDS = (ValueError, TypeError, IndexError, RuntimeError, NotImplementedError)
DTYPES = ["float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"]
OPERANDS = [
    *(f"T.ones(2,dtype=T.{d})" for d in DTYPES),
    *(f"T.tensor(1,dtype=T.{d})" for d in DTYPES),
]
NUMBERS = ["2", "1.5", "True", "np.float64(2)", "np.int64(2)"]


@pytest.mark.parametrize("left", OPERANDS)
def test_result_types_are_torchs(left):
    for right, op in itertools.product(OPERANDS + NUMBERS, "+*/"):
        text = f"{left} {op} {right}"
        theirs, ours = (eval(text, {"T": engine, "np": np}).dtype for engine in (torch, scratch))
        assert repr(theirs) == repr(ours), text


@pytest.mark.parametrize("default", ["float32", "float64"])
def test_default_dtype(default):
    try:
        for engine in (torch, scratch):
            engine.set_default_dtype(getattr(engine, default))
        for text in [
            "T.tensor(1.5)",
            "T.zeros(2)",
            "T.tensor([1]) / 2",
            "T.arange(3.0)",
            "T.rand(2)",
        ]:
            theirs, ours = (eval(text, {"T": engine}).dtype for engine in (torch, scratch))
            assert repr(theirs) == repr(ours), text
    finally:
        for engine in (torch, scratch):
            engine.set_default_dtype(engine.float32)
    with pytest.raises(TypeError):
        scratch.set_default_dtype(scratch.int64)


def test_numpy_shares_memory_and_tensor_copies():
    a = np.arange(6.0).reshape(2, 3)
    assert np.shares_memory(scratch.from_numpy(a).numpy(), a)
    assert not np.shares_memory(scratch.tensor(a).numpy(), a)
    assert scratch.tensor(a).dtype is scratch.float64
    assert scratch.tensor(a.T).tolist() == a.T.tolist()
    assert np.asarray(scratch.ones(2)).tolist() == [1.0, 1.0]
    assert (np.ones(2) * scratch.ones(2)).tolist() == [1.0, 1.0]
    assert (scratch.ones(2) * np.ones(2)).dtype is scratch.float64


@pytest.mark.parametrize("engine", [torch, scratch])
def test_data_is_a_detached_view(engine):
    p = engine.ones(3, requires_grad=True)
    p.data -= 0.5
    p.data[0] = 7
    assert p.tolist() == [7.0, 0.5, 0.5]
    assert not p.data.requires_grad
    p.data = engine.zeros(3)
    assert p.tolist() == [0.0] * 3
    assert p.requires_grad


@pytest.mark.parametrize("engine", [torch, scratch])
def test_deepcopy_and_pickle(engine):
    p = engine.ones(2, requires_grad=True)
    (p * 3).sum().backward()
    twin = copy.deepcopy(p)
    twin.data.add_(1)
    assert (p.tolist(), twin.tolist(), twin.grad.tolist()) == ([1.0, 1.0], [2.0, 2.0], [3.0, 3.0])
    again = pickle.loads(pickle.dumps(p))
    assert again.tolist() == [1.0, 1.0]
    assert again.requires_grad
    assert pickle.loads(pickle.dumps(engine.float32)) is engine.float32
    with pytest.raises(RuntimeError):
        copy.deepcopy(p * 2)


@pytest.mark.parametrize("engine", [torch, scratch])
def test_tensors_as_python_values(engine):
    assert [0, 1, 2][engine.tensor(1)] == 1
    assert float(engine.tensor(2.5)) == 2.5
    assert bool(engine.tensor([True]))
    assert [t.tolist() for t in engine.arange(4).reshape(2, 2)] == [[0, 1], [2, 3]]
    assert engine.tensor(2) in [engine.tensor(2)]
    assert 3 in engine.arange(5)
    assert len({engine.ones(1), engine.ones(1)}) == 2
    for wrong in ["float(t)", "t.item()", "bool(t)", "int(t)", "[0, 1][t]"]:
        with pytest.raises(KINDS):
            eval(wrong, {"t": engine.ones(2)})
    with pytest.raises(TypeError):
        len(engine.tensor(1))


def test_named_results():
    x = scratch.tensor([[3.0, 1.0], [2.0, 5.0]])
    values, indices = x.max(dim=1)
    assert (values.tolist(), indices.tolist()) == ([3.0, 5.0], [0, 1])
    assert x.sort(descending=True).indices.tolist() == [[0, 1], [1, 0]]
    assert x.topk(1).values.tolist() == [[3.0], [5.0]]
    assert repr(x.min(0)) == repr(torch.tensor([[3.0, 1.0], [2.0, 5.0]]).min(0))


@pytest.mark.parametrize("engine", [torch, scratch])
def test_sort_is_stable_both_ways(engine):
    x = engine.tensor([1, 3, 1, 3, 2])
    assert engine.sort(x, stable=True).indices.tolist() == [0, 2, 4, 1, 3]
    assert engine.sort(x, descending=True, stable=True).indices.tolist() == [1, 3, 4, 0, 2]


@pytest.mark.parametrize("engine", [torch, scratch])
def test_scatter_with_part_of_the_source_gives_zeros_to_the_rest(engine):
    x, y = engine.zeros(3, 4), engine.ones(3, 4, requires_grad=True)
    index = engine.tensor([[0, 1], [1, 0], [2, 3]])
    used = y[:, :2] if engine is torch else y  # torch has no gradient for the wider source
    out = x.scatter(1, index, used)
    (out * 2).sum().backward()
    assert y.grad.tolist() == [[2.0, 2.0, 0.0, 0.0]] * 3


CORE = """
add sub mul div neg pow exp log sqrt abs sin cos tanh sigmoid clamp maximum minimum where
eq ne lt le gt ge matmul mm bmm dot mv outer sum mean var std max min amax amin argmax
argmin prod logsumexp cumsum reshape view permute transpose squeeze unsqueeze flatten
expand cat stack split chunk gather index_select masked_fill tril triu softmax log_softmax
relu log1p expm1 rsqrt square reciprocal tan erf sign floor round logical_not addmm einsum
any all cumprod t unflatten broadcast_to repeat tile flip roll movedim hstack vstack
unbind narrow select scatter scatter_add masked_select diagonal diag topk sort argsort
zeros_like ones_like full_like arange eye linspace clone contiguous item
"""
CORE = CORE.split()
AROUND = """
tensor as_tensor from_numpy zeros ones full empty arange linspace eye rand randn randint
randperm normal bernoulli multinomial zeros_like ones_like full_like empty_like rand_like
randn_like manual_seed Generator get_default_dtype set_default_dtype no_grad enable_grad
set_grad_enabled inference_mode set_num_threads compile cuda backends autograd nn optim
utils device Size float32 float64 int64 int32 bool
"""
AROUND = AROUND.split()
METHODS = """
data device to cpu float double long int bool type dim size numel new_zeros new_ones
new_tensor clone tolist requires_grad_ retain_grad register_hook is_floating_point add_
mul_ zero_ fill_ copy_ normal_ uniform_ detach numpy T mT shape dtype grad backward view
expand repeat contiguous item
"""
METHODS = METHODS.split()


def test_every_promised_name_exists():
    for name in CORE:
        assert hasattr(scratch, name) or hasattr(scratch.Tensor, name), name
    for name in AROUND:
        assert hasattr(scratch, name), name
    for name in METHODS:
        assert hasattr(scratch.Tensor, name), name


def test_nothing_that_torch_lacks():
    for name in ops.PUBLIC:
        assert hasattr(torch, name) or hasattr(torch.Tensor, name), name


def test_functions_refuse_arguments_they_do_not_have():
    x, y = scratch.ones(2, 2), scratch.ones(2, 2)
    for function in ops.PUBLIC.values():
        for call in (lambda f: f(x, nonsense=1), lambda f: f(x, y, nonsense=1)):
            with pytest.raises(KINDS):  # the name of the function is in the traceback
                call(function)


@pytest.mark.parametrize("T", [torch, scratch])
def test_results_can_be_written_into_a_tensor(T):
    x, y, out = T.tensor([1.0, 5.0]), T.tensor([3.0, 2.0]), T.zeros(2)
    for function in (T.max, T.maximum):
        assert function(x, y, out=out) is out
        assert out.tolist() == [3, 5]
    view = out
    T.add(x, y, out=out)
    assert view.tolist() == [4, 7]
    T.matmul(T.ones(2, 2), x, out=out)
    assert out.tolist() == [6, 6]
    assert T.exp(x * 0, out=None).tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="out="):
        T.mul(x.requires_grad_(), 2, out=out)


def test_devices():
    assert scratch.ones(2, device=scratch.device("cpu")).device.type == "cpu"
    assert scratch.ones(2).to("cpu").tolist() == [1.0, 1.0]
    for wrong in ["cuda", "mps", scratch.device("cuda:0"), "toaster", 3]:
        with pytest.raises(KINDS):
            scratch.ones(2, device=wrong)
    with pytest.raises(RuntimeError, match="CPU"):
        scratch.ones(2).cuda()
    assert not scratch.cuda.is_available()
    assert scratch.compile(len) is len


def test_the_engine_imports_numpy_only():
    code = "import sys, dlcourse.scratch; print(sorted({m.partition('.')[0] for m in sys.modules}))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    for foreign in ("torch", "scipy", "matplotlib", "IPython", "pydantic"):
        assert f"'{foreign}'" not in out
