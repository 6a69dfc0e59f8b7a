"""Every registered op has a case here whose gradient agrees with finite differences."""

import numpy as np
import pytest

from dlcourse import scratch
from dlcourse.scratch.autograd import OPS, Node

# op -> expressions in x, y (positive and smooth), z (of both signs), v (a vector), c (a mask)
CASES = {
    "abs": ["z.abs()"],
    "acos": ["(x / 4).acos()"],
    "acosh": ["(x + 2).acosh()"],
    "add": ["x + y", "S.add(x, v, alpha=3)", "x + 2"],
    "amax": ["z.amax()", "z.amax(1)", "z.amax((0, 1), True)"],
    "amin": ["z.amin(0, True)"],
    "asin": ["(z / 4).asin()"],
    "asinh": ["z.asinh()"],
    "atan": ["z.atan()"],
    "atan2": ["S.atan2(z, x)"],
    "atanh": ["(z / 4).atanh()"],
    "cast": ["x.float().double() * 0 + x.double()", "x.float().double()"],
    "cat": ["S.cat([x, z])", "S.cat([x, z, y], 1)"],
    "ceil": ["z.ceil() * z"],
    "cholesky": ["S.linalg.cholesky(x[:, :3] @ x[:, :3].T + S.eye(3).double())"],
    "clamp": ["z.clamp(-0.5, 0.6)", "z.clamp(min=0.1)", "z.clamp(x - 1, y)"],
    "clone": ["z.clone()"],
    "copysign": ["S.copysign(z, y - 1.3)", "S.copysign(z, -1.5)"],
    "cos": ["z.cos()"],
    "cosh": ["z.cosh()"],
    "cumprod": ["z.cumprod(0)", "z.cumprod(-1)"],
    "cumsum": ["z.cumsum(1)"],
    "diag_matrix": ["v.diag()", "S.diag(v, -1)"],
    "diagonal": ["z.diagonal()", "z.diagonal(-1, 1, 0)"],
    "div": ["z / x", "x / 2", "S.div(z, x, rounding_mode='floor') * x"],
    "einsum": [
        "S.einsum('ij,kj->ik', x, z)",
        "S.einsum('ij,j', x, v)",
        "S.einsum('ij,ij->', x, z)",
        "S.einsum('ii->i', x @ z.T)",
        "S.einsum('...j,kj,j->...k', x, z, v)",
        "S.einsum('ij->j', x)",
    ],
    "digamma": ["x.digamma()", "(z / 3 - 0.4).digamma()"],
    "erf": ["z.erf()"],
    "erfc": ["z.erfc()"],
    "erfinv": ["(z / 4).erfinv()"],
    "exp": ["z.exp()"],
    "exp2": ["z.exp2()"],
    "expand": ["v.expand(3, 4)", "x[:1].expand(2, 3, 4)"],
    "expm1": ["z.expm1()"],
    "flip": ["z.flip(0)", "z.flip((0, 1))"],
    "floor": ["z.floor() * z"],
    "fmod": ["S.fmod(z, x)"],
    "frac": ["z.frac()"],
    "gather": ["z.gather(1, S.tensor([[0, 0], [1, 3], [2, 2]]))"],
    "getitem": [
        "z[1]",
        "z[:, 1:3]",
        "z[[0, 2, 2]]",
        "z[c]",
        "z[0, S.tensor([1, 1])]",
        "z[None, ..., 0]",
    ],
    "hypot": ["S.hypot(x, z)"],
    "in_order": ["z.T.contiguous()"],
    "index_add": ["z.index_add(0, S.tensor([0, 2, 0]), x, alpha=2)"],
    "index_select": ["z.index_select(1, S.tensor([3, 0, 3]))"],
    "lgamma": ["x.lgamma()"],
    "lerp": ["S.lerp(x, z, 0.3)", "S.lerp(x, z, y)"],
    "log": ["x.log()"],
    "log10": ["x.log10()"],
    "log1p": ["x.log1p()"],
    "log2": ["x.log2()"],
    "log_softmax": ["z.log_softmax(0)", "z.log_softmax(-1)"],
    "logaddexp": ["S.logaddexp(x, z)"],
    "logit": ["(x / 4).logit()", "(x / 4).logit(0.3)"],
    "logsumexp": ["z.logsumexp(1)", "z.logsumexp((0, 1), True)"],
    "masked_fill": ["z.masked_fill(c, 2.0)", "z.masked_fill(c, v[0])"],
    "masked_select": ["z.masked_select(c)"],
    "matmul": [
        "x @ z.T",
        "x @ v",
        "v @ x.T",
        "S.stack([x, z]) @ y.T",
        "x.T @ S.stack([y, z])",
        "v @ v",
    ],
    "max": ["z.max()"],
    "maximum": ["S.maximum(x, z)"],
    "mean": ["z.mean()", "z.mean(0)", "z.mean((0, 1), keepdim=True)"],
    "min": ["z.min()"],
    "minimum": ["S.minimum(x, z + 1)"],
    "mul": ["x * z", "x * v", "x * 3"],
    "nan_to_num": ["z.nan_to_num()"],
    "narrow": ["z.narrow(1, 1, 2)"],
    "neg": ["-z"],
    "norm": ["z.norm()", "z.norm(1, 0)", "z.norm(3, 1, True)", "z.norm(float('inf'), 0)"],
    "parts": ["S.cat([a * a for a in z.split([1, 3], 1)], 1)", "z.chunk(2)[0]"],
    "permute": ["z.permute(1, 0)", "z.unsqueeze(0).permute(2, 0, 1)"],
    "positive": ["+z"],
    "pow": ["x**3", "x**0.5", "x**-1.5", "2**z", "x**z"],
    "prod": ["z.prod()", "z.prod(0)", "z.prod(1, keepdim=True)"],
    "reciprocal": ["x.reciprocal()", "2 / x"],
    "relu": ["z.relu()"],
    "remainder": ["z % 0.7", "S.remainder(z, x)"],
    "reshape": ["z.reshape(2, 6)", "z.flatten()"],
    "roll": ["z.roll(1)", "z.roll((1, -1), (0, 1))"],
    "round": ["z.round() * z"],
    "rsqrt": ["x.rsqrt()"],
    "rsub": ["2 - z", "S.rsub(x, z)"],
    "scatter": [
        "z.scatter(1, S.tensor([[0], [1], [2]]), x)",
        "z.scatter(0, S.tensor([[0, 2]]), 1.5)",
    ],
    "scatter_add": ["z.scatter_add(1, S.tensor([[0, 0], [1, 1], [2, 3]]), x)"],
    "select": ["z.select(1, -1)"],
    "setitem": [
        "put(z, (0,), v)",
        "put(z, ([0, 2], 1), v[0])",
        "put(z, (c,), 0.0)",
        "put(z, (slice(None), 1), x[:, 0])",
    ],
    "sigmoid": ["z.sigmoid()"],
    "sign": ["z.sign() * z"],
    "sin": ["z.sin()"],
    "sinh": ["z.sinh()"],
    "slogdet": ["S.linalg.slogdet(x[:, :3])[1]"],
    "solve": ["S.linalg.solve(z[:, :3] + 3 * S.eye(3).double(), x)"],
    "softmax": ["z.softmax(0)", "z.softmax(-1)"],
    "sqrt": ["x.sqrt()"],
    "square": ["z.square()"],
    "squeeze": ["z.unsqueeze(1).squeeze(1)"],
    "stack": ["S.stack([x, z], 1)"],
    "std": ["z.std()", "z.std(0, unbiased=False)"],
    "sub": ["x - z", "S.sub(x, z, alpha=2)"],
    "sum": ["z.sum()", "z.sum(0)", "z.sum((0, 1), keepdim=True)"],
    "tan": ["(z / 3).tan()"],
    "tanh": ["z.tanh()"],
    "tile": ["z.repeat(2, 1, 3)", "z.tile(2)"],
    "transpose": ["z.transpose(0, 1)"],
    "tril": ["z.tril()"],
    "triu": ["z.triu(1)"],
    "trunc": ["z.trunc() * z"],
    "unbind": ["S.stack(z.unbind(1)[::2])"],
    "unsqueeze": ["z.unsqueeze(1)"],
    "var": ["z.var()", "z.var(1, correction=0, keepdim=True)"],
    "where": ["S.where(c, x, z)", "S.where(c, z, 1.0)"],
    "xlogy": ["S.xlogy(z, x)"],
}
NO_GRADIENT = """
all any argmax argmin argsort bitwise_and bitwise_left_shift bitwise_not bitwise_or
bitwise_right_shift bitwise_xor count_nonzero
eq ge gt isfinite isinf isnan le logical_and logical_not logical_or
logical_xor lt ne
"""
NO_GRADIENT = NO_GRADIENT.split()
REFUSED = {  # torch has no derivative for these either, and says so in backward
    "floor_divide": "x // 2",
    "scatter_multiply": "z.scatter(1, S.tensor([[0], [1], [2]]), x, reduce='multiply')",
}


def inputs():
    r = np.random.default_rng(3)
    x, y = r.uniform(0.6, 2, (2, 3, 4))
    z = r.choice([-1, 1], (3, 4)) * r.uniform(0.15, 1.85, (3, 4))
    return {"x": x, "y": y, "z": z, "v": r.uniform(0.5, 1.5, 4)}


def put(t, index, value):
    t = t.clone()
    t[index] = value
    return t


def evaluated(text, arrays):
    tensors = {k: scratch.tensor(a, requires_grad=True) for k, a in arrays.items()}
    c = scratch.tensor(arrays["z"] > 0)
    return eval(text, {"S": scratch, "put": put, "c": c, **tensors}), tensors


def ops_in_graph(tensor):
    names, stack = set(), [tensor.grad_fn]
    while stack:
        node = stack.pop()
        names.add(node.name)
        stack += [p for p in node.parents if isinstance(p, Node)]
    return names


def test_every_op_of_these_rooms_has_a_case():
    rooms = tuple(f"dlcourse.scratch.{room}" for room in ("ops", "tensor", "linalg"))
    ours = {name for name, f in OPS.items() if f.__module__.startswith(rooms)}
    assert ours == CASES.keys() | set(NO_GRADIENT) | REFUSED.keys()


@pytest.mark.parametrize(("name", "text"), REFUSED.items())
def test_a_missing_derivative_is_refused_never_zero(name, text):
    out, _ = evaluated(text, inputs())
    assert out.grad_fn.name == name
    with pytest.raises(RuntimeError, match="not implemented"):
        out.sum().backward()


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, ts in CASES.items() for t in ts])
def test_gradient_agrees_with_finite_differences(name, text):
    arrays = inputs()
    out, tensors = evaluated(text, arrays)
    assert name in ops_in_graph(out)
    weight = np.random.default_rng(5).standard_normal(out.shape)
    (out * scratch.tensor(weight)).sum().backward()

    def total(changed):
        return float((evaluated(text, changed)[0].detach().numpy() * weight).sum())

    step = 2e-3 if "float()" in text else 1e-6
    for key, array in arrays.items():
        analytic = tensors[key].grad
        numeric = np.empty_like(array)
        for i in np.ndindex(*array.shape):
            up, down = array.copy(), array.copy()
            up[i] += step
            down[i] -= step
            numeric[i] = (total(arrays | {key: up}) - total(arrays | {key: down})) / (2 * step)
        found = np.zeros_like(array) if analytic is None else analytic.numpy()
        tolerance = 1e-3 if "float()" in text else 2e-6
        np.testing.assert_allclose(found, numeric, tolerance, tolerance, err_msg=f"{text}: {key}")


@pytest.mark.parametrize("name", NO_GRADIENT)
def test_ops_without_gradient_record_nothing(name):
    x = scratch.tensor([1.0, 2.0], requires_grad=True)
    bits = name.startswith("bitwise")
    first = scratch.tensor([2, 1]) if bits else x
    binary = name in [
        "bitwise_and",
        "bitwise_left_shift",
        "bitwise_or",
        "bitwise_right_shift",
        "bitwise_xor",
        "eq",
        "ge",
        "gt",
        "le",
        "logical_and",
        "logical_or",
        "logical_xor",
        "lt",
        "ne",
    ]
    out = OPS[name](first, first) if binary else OPS[name](first)
    assert not out.requires_grad
    assert out.grad_fn is None


@pytest.mark.parametrize("name", [*CASES, *NO_GRADIENT])
def test_every_op_tells_its_formula_shapes_and_gradient(name):
    lines = [line.strip() for line in (OPS[name].__doc__ or "").splitlines()]
    assert lines[0].endswith(".")
    wanted = ["Formula:", "Shapes:"] + ["Gradient:"] * (name in CASES)
    for heading in wanted:
        assert any(line.startswith(heading) for line in lines), f"{name} lacks {heading}"
