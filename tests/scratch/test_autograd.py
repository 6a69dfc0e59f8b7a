"""The graph: what is recorded, what backward does, and what in-place writes may and may not do."""

import gc
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from parity import KINDS

from dlcourse import scratch
from dlcourse.scratch.autograd import OPS, Node

# Each line is a small program in both libraries: `w` and `v` are (2, 3) leaves, `L` the result.
# Values, gradients of w and v, and the leaves afterwards must agree, or both must raise.
WRITES = """
x=w*1; x+=1; L=x
x=w*1; x*=2; L=x
x=w*1; x*=v; L=x
x=w*1; x/=v; L=x*x
x=w*1; x-=v; x*=x; L=x
x=w*1; x.mul_(x); L=x
x=w*1; y=x*x; x+=1; L=y
x=w*1; y=x+1; x*=2; L=y+x
x=w*1; y=x.exp(); y+=1; L=y
x=w*1; y=x.exp(); x+=1; L=y
x=w*1; y=x.relu(); y+=1; L=y
x=w*1; y=x.tanh(); y*=2; L=y
x=w*1; y=x*2; x+=1; L=y+x
x=w*1; y=x*v; x+=1; L=y
x=w*1; y=x.sigmoid(); x.zero_(); L=y
x=w*1; x[0]=0; L=x
x=w*1; x[0]=v[1]; L=x*x
x=w*1; x[:,1]+=1; L=x*x
x=w*1; x[:,1]*=v[:,0]; L=x*x
x=w*1; x[x>0]=0; L=x
x=w*1; x[x>0]*=2; L=x
x=w*1; x[[0,1],[1,1]]=v[0,0]; L=x*x
x=w*1; r=x[0]; r+=1; L=x*x
x=w*1; r=x[0]; r*=v[1]; L=x*r
x=w*1; r=x[0]; x+=1; L=r*2
x=w*1; r=x[0]; x*=v; L=(r*r).sum()+x.sum()
x=w*1; t=x.t(); t+=1; L=x*x
x=w*1; t=x.t(); t*=v.t(); L=(x*x).sum()+t.sum()
x=w*1; t=x.view(-1); t.mul_(3); L=x*x
x=w*1; a,b=x.split(1); a+=1; L=x
x=w*1; a,b=x.chunk(2); L=a*b
x=w*1; a=x.unbind(0)[0]; a.mul_(2); L=x
w+=1; L=w
w[0]=1; L=w
w.add_(1); L=w
w.zero_(); L=w
w.data.add_(1); L=w*w
r=w[0]; r+=1; L=w
r=w.view(-1); r.mul_(2); L=w
w.t().add_(1); L=w
x=T.zeros(2,3); x[0]=w[1]; L=x*x
x=T.zeros(2,3); x+=w; L=x*x
x=T.zeros(2,3); x[:,1]+=w[:,0]; L=x*x
x=T.zeros(2,3); r=x[0]; r+=w[1]; L=x*x
x=T.zeros(2,3); x.copy_(w); L=x*x
x=T.zeros(2,3); x[0]=w[0]; x[1]=x[0]*2; L=x*x
x=T.zeros(2,3,dtype=T.int64); x+=w; L=w
x=T.zeros(2,3); x+=T.ones(2,2,3); L=w
x=T.zeros(3); x+=w; L=x
x=T.ones(2,3).expand(2,3); x=x*w; x.fill_(2); L=x+w
x=w*1; x.fill_(3); L=x+w
x=w*1; x.masked_fill_(v>0,0.); L=x*x
x=w*1; x.clamp_(0,1); L=x
x=w*1; x.copy_(v); L=x*w
x=w*1; x.relu_(); L=x
x=w*1; x.exp_(); L=x
x=w*1; x.pow_(2); L=x
x=w*1; x.unsqueeze_(0); L=x*x
x=w*1; x.t_(); L=x*v.t()
x=w*1; x.squeeze_(0); L=x
x=w*1; x.detach_(); L=x*w
x=w*1; x.scatter_(1,T.tensor([[0],[1]]),2.); L=x
x=w*1; x.scatter_add_(1,T.tensor([[0],[1]]),v[:,:1]); L=x*x
x=w*1; x.index_add_(0,T.tensor([0]),v[:1]); L=x*x
x=w*1; x.lerp_(v,0.5); L=x
x=w*1; x.addcmul_(w,v,value=2); L=x
x=w*1; x//=2; L=w
x=w*1; x%=2; L=x
x=w*1; x**=2; L=x
x=w*1; x@=v.t(); L=x
x=w*1; x.normal_(); L=w
x=w*1; y=x*x; d=x.detach(); d+=1; L=y
x=w*1; d=x.detach(); d+=1; L=x*w
x=w.detach(); x+=1; L=w*w
y=w*w; N=T.no_grad(); N.__enter__(); w.add_(1); N.__exit__(None,None,None); L=y
N=T.no_grad(); N.__enter__(); w.add_(1); N.__exit__(None,None,None); y=w*w; L=y
x=w*1; N=T.no_grad(); N.__enter__(); x.add_(1); N.__exit__(None,None,None); L=x*x
x=w*1; y=x*x; N=T.no_grad(); N.__enter__(); x.add_(1); N.__exit__(None,None,None); L=y
x=w.clone(); x[0,0]=5; L=x*w
x=w*1; x[0]=x[1]; L=x*x
x=w*1; x[0]+=x[1]; x[1]+=x[0]; L=x*x
x=w*1; x[:]=v; L=x*w
x=w*1; x[...,0]=1; L=x
x=w*1; x[None,0]=1; L=x
x=w*1; x[0]='a'; L=x
x=w*1; x[0]=[1,2,3]; L=x
x=w*1; x[5]=1; L=x
x=w*1; x[0]=v; L=x
x=w*1; x[0]=v[:1]; L=x*x
x=w*1; y=x.view(6); x+=1; L=y
x=w*1; y=x.clone(); x+=1; L=y*x
x=w*1; y=x+0; x+=1; L=y*x
x=w*1; y=x@v.t(); x+=1; L=y
x=w*1; y=x@v.t(); y+=1; L=y
x=w*1; y=x.softmax(-1); y*=2; L=y
x=w*1; y=x.log_softmax(-1); x*=2; L=y
x=w*1; y=x.sum(0); x*=2; L=y
x=w*1; y=x.mean(); y*=2; L=y
x=w*1; y=x.max(0).values; x*=2; L=y
x=w*1; y=x/v; x*=2; L=y
x=w*1; y=v/x; x*=2; L=y
x=w*1; y=x.std(0); y*=2; L=y
x=w*1; y=T.cat([x,x]); x*=2; y*=3; L=y
x=w*1; y=x.clamp(0,1); y*=2; L=y
x=w*1; y=x.clamp(0,1); x*=2; L=y
x=w*1; y=T.where(v>0,x,v); x*=2; L=y
x=w*1; y=x.reshape(3,2); y*=2; L=x*x
x=w*1; y=x.t().reshape(-1); y*=2; L=x.t().reshape(-1)*y
x=w*1; y=x.transpose(0,1).contiguous(); y*=2; L=x.t()*y
x=w*1; y=x[[0,1]]; y*=2; L=x*y
""".strip().split("\n")
BACKWARD = """
y=w*w; s=y.sum(); s.backward(); s.backward(); L=w
y=w*w; s=y.sum(); s.backward(retain_graph=True); s.backward(); L=w*0
y=(w*w).backward(); L=w
y=(w*w).sum().detach().backward(); L=w
(w*w).backward(v); L=w*0
(w*w).backward(v[0]); L=w
(w*w).sum().backward(create_graph=False,retain_graph=False); L=w*0
y=w*w; y.retain_grad(); (y*3).sum().backward(); L=y.grad*w
y=w*w; h=[]; y.register_hook(lambda g: h.append(g*1)); (y*3).sum().backward(); L=h[0]*w
y=w*w; y.register_hook(lambda g: g*2); (y*3).sum().backward(); L=w*0
w.register_hook(lambda g: g*2); (w*w).sum().backward(); L=w*0
h=w.register_hook(lambda g: g*2); h.remove(); (w*w).sum().backward(); L=w*0
w.requires_grad=False; L=(w*v).sum()
y=w*w; y.requires_grad_(False); L=y
y=w*w; y.requires_grad=True; L=y
x=T.ones(2); x.requires_grad=True; L=x*x
x=T.tensor([1]); x.requires_grad_(); L=w
w.grad=1; L=w
w.grad=T.ones(3); L=w
w.grad=T.ones(2,3); (w*w).sum().backward(); L=w*0
x=w.numpy(); L=w
x=np.asarray(w.detach()); L=w*T.from_numpy(x)
L=T.autograd.grad((w*w).sum(),w)[0]+w*0
L=T.autograd.grad((w*w).sum(),[w,v])[0]
a,b=T.autograd.grad((w*w).sum(),[w,v],allow_unused=True); L=a+w*0
a,b=T.autograd.grad((w*w).sum(),[w,v],materialize_grads=True); L=a+b+w*0
y=w*2; L=T.autograd.grad((y*y).sum(),y)[0]+w*0
T.autograd.grad(w*w,w); L=w
L=T.autograd.grad(w*w,w,grad_outputs=v)[0]+w*0
T.autograd.backward([(w*w).sum(),(w*v).sum()]); L=w*0
(w*v).sum().backward(inputs=[w]); L=w*0
y=w*2; (y*y).sum().backward(inputs=[y]); L=y.grad*w
x=T.no_grad()(lambda: w*w)(); L=x
N=T.no_grad(); N.__enter__(); x=w*w; N.__exit__(None,None,None); L=x*w
T.set_grad_enabled(False); x=w*w; T.set_grad_enabled(True); L=x*w
""".strip().split("\n")


def run(engine, program):
    """(value, gradients, leaf values) after `program` and a weighted backward, or its error."""
    r = np.random.default_rng(1)
    w, v = (
        engine.tensor(r.standard_normal((2, 3)).astype(np.float32), requires_grad=True)
        for _ in range(2)
    )
    names = {"T": engine, "w": w, "v": v, "np": np}
    try:
        exec(program, names)
        result = names["L"]
        value = result.detach().numpy().copy()
        weight = engine.arange(result.numel()).reshape(result.shape) % 5 - 1.7
        if result.requires_grad:
            (result * weight).sum().backward()
    except KINDS as error:
        return error
    finally:
        engine.set_grad_enabled(True)
    grads = [None if t.grad is None else t.grad.numpy() for t in (w, v)]
    return [value, *grads, w.detach().numpy(), v.detach().numpy()]


@pytest.mark.parametrize("program", WRITES + BACKWARD)
def test_program_does_what_it_does_in_torch(program):
    theirs, ours = run(torch, program), run(scratch, program)
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        assert isinstance(theirs, Exception), f"torch gives {theirs}, the engine {ours!r}"
        assert isinstance(ours, Exception), f"torch raises {theirs!r}, the engine gives {ours}"
        return
    for a, b in zip(theirs, ours, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(b, a, 1e-5, 1e-6)


# --- the walk ---------------------------------------------------------------------------------


def test_a_chain_of_100_000_ops():
    x = scratch.tensor([1.0, 2.0], requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1e-5
    (y * y).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [4.0, 6.0], rtol=1e-2)
    del y  # freeing the chain must not recurse either


def test_a_chain_that_is_dropped_without_backward():
    y = scratch.tensor([1.0], requires_grad=True)
    for _ in range(100_000):
        y = y + 1.0
    del y


def test_a_diamond_adds_up_once_per_path():
    x = scratch.tensor(3.0, requires_grad=True)
    a = x * x
    for _ in range(30):  # 2^30 paths; each node is visited once
        a = a + a
    a.backward()
    assert x.grad.item() == 6.0 * 2**30


def test_products_that_nobody_needs_are_not_computed():
    called = []

    def forward(x, y, /):
        return x * y, (lambda g: called.append("x") or g * y, lambda g: called.append("y") or g * x)

    forward.__name__ = "product_of_a_test"
    try:
        product = scratch.autograd.op(forward)
        x = scratch.tensor([1.0], requires_grad=True)
        product(x, scratch.tensor([2.0])).sum().backward()
    finally:
        del OPS["product_of_a_test"]
    assert called == ["x"]


def test_leaves_never_share_the_memory_of_their_gradients():
    a, b = (scratch.ones(3, requires_grad=True) for _ in range(2))
    (a + b).backward(g := scratch.ones(3))
    assert not np.shares_memory(a.grad.numpy(), b.grad.numpy())
    assert not np.shares_memory(a.grad.numpy(), g.numpy())
    c = scratch.ones(2, 3, requires_grad=True)
    c.reshape(3, 2).sum().backward()
    c.grad.add_(1)  # a broadcast gradient would be read-only
    assert c.grad.tolist() == [[2.0] * 3] * 2


def test_gradients_have_the_dtype_of_their_leaf():
    a = scratch.ones(2, requires_grad=True)
    b = scratch.ones(2, dtype=scratch.float64, requires_grad=True)
    (a * b).sum().backward()
    assert (a.grad.dtype, b.grad.dtype) == (scratch.float32, scratch.float64)


def test_double_backward_is_refused():
    x = scratch.ones(2, requires_grad=True)
    with pytest.raises(NotImplementedError, match="create_graph"):
        (x * x).sum().backward(create_graph=True)


def test_a_gradient_is_accumulated_in_place():
    x = scratch.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    first = x.grad
    (x * 2).sum().backward()
    assert x.grad is first
    assert first.tolist() == [4.0, 4.0]


# --- memory -----------------------------------------------------------------------------------


def step(x):
    y = (x @ x.T).softmax(-1)
    a, b = y.split(4, 1)
    z = scratch.cat([a.exp(), b.max(1, keepdim=True).values, b], 1)
    z[:, 0] += 1
    return (z.std(0) * z.mean(0)).sum()


def test_graphs_contain_no_reference_cycles():
    x = scratch.randn(8, 8, requires_grad=True)
    step(x).backward()  # once before, so that caches are filled
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            step(x)
            step(x).backward()
        found = gc.collect()
    finally:
        gc.enable()
    assert found == 0


def test_a_long_loop_does_not_grow():
    x = scratch.randn(200, 200, requires_grad=True)

    def peak(n):
        gc.collect()
        tracemalloc.start()
        for _ in range(n):
            x.grad = None
            ((x * 2).tanh() + 1).relu().sum().backward()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(2)
    assert peak(30) <= peak(2) + x.numel() * 4


def test_a_graph_keeps_only_what_gradients_need():
    x = scratch.ones(500_000, requires_grad=True)  # 2 MB
    tracemalloc.start()
    y = x
    for _ in range(20):
        y = (y + 1).reshape(1000, 500).T.reshape(-1)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 3 * 2_000_000
    assert y.requires_grad


# --- inputs -----------------------------------------------------------------------------------


def test_ops_change_no_input_and_share_memory_only_as_views():
    from expressions import DIFFERENTIABLE

    views = """
reshape view flatten unflatten squeeze expand broadcast transpose swapaxes permute .t( .T
.mT movedim contiguous split chunk unbind narrow select diagonal x[ .to( .float .double
.long .type ravel .int( .bool( .short( meshgrid as_tensor list( diag
"""
    views = views.split()
    for text in DIFFERENTIABLE:
        arrays = {k: np.random.default_rng(0).standard_normal((3, 4)) for k in "xy"}
        before = {k: a.copy() for k, a in arrays.items()}
        tensors = {k: scratch.from_numpy(a) for k, a in arrays.items()}
        try:
            out = eval(text, {"T": scratch, "np": np, "inf": np.inf, "nan": np.nan, **tensors})
        except KINDS:
            continue
        for k, a in arrays.items():
            np.testing.assert_array_equal(a, before[k], err_msg=text)
            outs = out if isinstance(out, tuple | list) else [out]
            if not any(v in text for v in views):
                for o in outs:
                    shared = isinstance(o, scratch.Tensor) and np.shares_memory(o.numpy(), a)
                    assert not shared, f"{text} shares memory with {k}"


# --- grad mode --------------------------------------------------------------------------------


def test_grad_mode_survives_exceptions():
    with pytest.raises(ZeroDivisionError), scratch.no_grad():
        raise ZeroDivisionError
    assert scratch.is_grad_enabled()
    with scratch.no_grad(), pytest.raises(ZeroDivisionError), scratch.enable_grad():
        raise ZeroDivisionError
    assert scratch.is_grad_enabled()


def test_grad_mode_is_of_each_thread():
    seen, ready, go = {}, threading.Event(), threading.Event()

    def other():
        seen["start"] = scratch.is_grad_enabled()
        with scratch.no_grad():
            ready.set()
            go.wait(10)
        seen["end"] = scratch.is_grad_enabled()

    with scratch.no_grad():
        thread = threading.Thread(target=other)
        thread.start()
        ready.wait(10)
    assert scratch.is_grad_enabled()  # while the other thread is still inside its own no_grad
    go.set()
    thread.join()
    assert seen == {"start": True, "end": True}


def test_threads_compute_gradients_side_by_side():
    errors = []

    def work(seed):
        for _ in range(50):
            x = scratch.full((20,), float(seed), requires_grad=True)
            (x * x).sum().backward()
            if x.grad.tolist() != [2.0 * seed] * 20:
                errors.append(seed)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []


@pytest.mark.parametrize("engine", [torch, scratch])
def test_grad_modes_as_decorators_and_nested(engine):
    @engine.no_grad()
    def plain():
        return engine.is_grad_enabled()

    @engine.enable_grad()
    def recorded():
        return engine.is_grad_enabled()

    assert plain() is False
    with engine.no_grad():
        assert recorded() is True
        with engine.set_grad_enabled(True):
            assert engine.is_grad_enabled()
        assert not engine.is_grad_enabled()
    with engine.inference_mode():
        assert engine.is_inference_mode_enabled()
        assert not (engine.ones(1, requires_grad=True) * 2).requires_grad
    engine.set_grad_enabled(False)
    assert not engine.is_grad_enabled()
    engine.set_grad_enabled(True)


def test_silence_about_infinities_stays_inside_the_engine():
    before = np.geterr()
    assert scratch.tensor([1.0, 0.0]).log().tolist()[1] == -np.inf
    x = scratch.tensor([0.0], requires_grad=True)
    x.sqrt().sum().backward()
    assert np.geterr() == before
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.log(np.zeros(1))


# --- functions of one's own -------------------------------------------------------------------


def clipped_exp(engine):
    class ClippedExp(engine.autograd.Function):
        @staticmethod
        def forward(ctx, x, limit):
            y = x.exp()
            ctx.save_for_backward(y)
            ctx.limit = limit
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return (g * y).clamp(-ctx.limit, ctx.limit), None

    return ClippedExp.apply


def swap(engine):
    class Swap(engine.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return b * 2, a * 3

        @staticmethod
        def backward(ctx, ga, gb):
            return gb * 3, ga * 2

    return Swap.apply


@pytest.mark.parametrize("engine", [torch, scratch])
def test_function_is_an_op_spelled_as_a_class(engine):
    x = engine.tensor([0.0, 1.0, 3.0], requires_grad=True)
    clipped_exp(engine)(x * 2, 5.0).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [2.0, 10.0, 10.0])
    a, b = (engine.ones(2, requires_grad=True) for _ in range(2))
    left, right = swap(engine)(a, b)
    (left * 5).sum().backward(retain_graph=True)
    assert a.grad.tolist() == [0.0, 0.0]
    assert b.grad.tolist() == [10.0, 10.0]
    (left + right).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([3.0, 3.0], [12.0, 12.0])


@pytest.mark.parametrize("engine", [torch, scratch])
def test_function_with_the_wrong_number_of_gradients_is_refused(engine):
    class Wrong(engine.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g

    x = engine.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="number of gradients"):
        Wrong.apply(x, x).sum().backward()


def test_nodes_can_be_walked():
    x = scratch.ones(2, requires_grad=True)
    node = (x * 2).exp().grad_fn
    assert isinstance(node, Node)
    assert repr(node).startswith("<ExpBackward0")
    ((inner, _),) = node.next_functions
    assert inner.next_functions == ((x, 0),)
