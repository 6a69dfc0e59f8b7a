"""An exercise with tensors: attention in several heads."""

import math

import numpy as np
import torch
from torch.nn import functional as F

from ...teach.exercise import Case, Exercise, Wrong
from ...teach.exercise.form import call_with_tensors

# --- multi_head_attention ------------------------------------------------------------------------


def multi_head_attention(x, w_q, w_k, w_v, w_o, heads):
    """Attention in `heads` heads: (B, T, C), for x (B, T, C) and four matrices (C, C)."""
    B, T, C = x.shape
    parts = []
    for w in (w_q, w_k, w_v):
        t = (x @ w.T).view(B, T, heads, C // heads)  #: the width, cut into heads
        parts.append(t.permute(0, 2, 1, 3))  # (B, nh, T, hs)
    q, k, v = parts
    scores = q @ k.mT / math.sqrt(C // heads)  #: (B, nh, T, T), scaled
    y = scores.softmax(-1) @ v  # (B, nh, T, hs)
    y = y.permute(0, 2, 1, 3).reshape(B, T, C)  #: the heads side by side again
    return y @ w_o.T


def _inputs(rng: np.random.Generator, B: int, T: int, H: int, D: int) -> dict:
    C = H * D
    w = {
        name: rng.normal(0, 1.5 / np.sqrt(C), size=(C, C)) for name in ("w_q", "w_k", "w_v", "w_o")
    }
    return {"x": rng.normal(size=(B, T, C)), **w, "heads": H}


def _corners(rng: np.random.Generator) -> list[Case]:
    return [Case("one head: plain attention", _inputs(rng, 2, 3, 1, 4))]


def _heads(split, merge=None, scale=None, axis=-1, project=True):
    """A variant: how heads are split and merged, the scale, and the axis of the softmax."""

    def wrong(x, w_q, w_k, w_v, w_o, heads):
        B, T, C = x.shape
        q, k, v = (split(x @ w.T, heads) for w in (w_q, w_k, w_v))
        scores = q @ k.transpose(2, 3) / (scale or _root)(C, heads)
        y = scores.softmax(axis) @ v
        y = merge(y, B, T, C) if merge else y.transpose(1, 2).reshape(B, T, C)
        return y @ w_o.T if project else y

    return wrong


def _root(C: int, heads: int) -> float:
    return math.sqrt(C // heads)


def _right(t: torch.Tensor, heads: int) -> torch.Tensor:
    B, T, C = t.shape
    return t.view(B, T, heads, C // heads).transpose(1, 2)


def _cut_time(t: torch.Tensor, heads: int) -> torch.Tensor:
    B, T, C = t.shape
    return t.view(B, heads, T, C // heads)


def _strided(t: torch.Tensor, heads: int) -> torch.Tensor:
    B, T, C = t.shape
    return t.view(B, T, C // heads, heads).permute(0, 3, 1, 2)


def _one_head(x, w_q, w_k, w_v, w_o, heads):
    return multi_head_attention(x, w_q, w_k, w_v, w_o, 1)


def _in_a_row(x, w_q, w_k, w_v, w_o, heads):
    size = x.shape[2] // heads
    out = x
    parts = []
    for i in range(heads):
        at = slice(i * size, (i + 1) * size)
        q, k, v = out @ w_q[at].T, out @ w_k[at].T, out @ w_v[at].T
        part = F.softmax(q @ k.transpose(1, 2) / math.sqrt(size), -1) @ v
        parts.append(part)
        out = torch.cat([*parts, out[..., (i + 1) * size :]], -1)
    return torch.cat(parts, -1) @ w_o.T


MULTI_HEAD_ATTENTION = Exercise(
    id="multi_head_attention",
    title="Several heads",
    asks="""Compute attention in `heads` heads in PyTorch, without a mask.

| tensor | `x` | `w_q`, `w_k`, `w_v`, `w_o` | result |
| --- | --- | --- | --- |
| shape | (B, T, C) | (C, C), as in `nn.Linear`: `x @ w.T` | (B, T, C) |

Head `i` takes the columns `i * C / heads` up to `(i + 1) * C / heads` of the queries, keys and
values, and attends by itself, scaled by the size of a **head**. Then the heads stand side by side
again, and `w_o` mixes them. `math` and `torch.nn.functional` (as `F`) are there.""",
    reference=multi_head_attention,
    inputs=_inputs,
    corners=_corners,
    drive=call_with_tensors,
    valid=lambda i: i["heads"] >= 1 and i["x"].shape[2] % i["heads"] == 0,
    wrongs=(
        Wrong(
            "cut-time",
            _heads(_cut_time),
            "**The view cuts time into heads.** `view(B, heads, T, hs)` reads the numbers in "
            "memory order, so a head gets some of the tokens, whole, and not a part of each. Split "
            "the last axis first, then exchange the two axes.",
            decoy="    t = (x @ w.T).view(B, heads, T, C // heads)",
        ),
        Wrong(
            "not-back",
            _heads(_right, lambda y, B, T, C: y.reshape(B, T, C)),
            "**The heads are not brought back to the tokens.** Before the last `reshape` the "
            "axes are (B, heads, T, hs); without a transpose, one token's row holds other "
            "tokens' numbers.",
            decoy="y = y.reshape(B, T, C)",
        ),
        Wrong(
            "scale-by-width",
            _heads(_right, scale=lambda C, heads: math.sqrt(C)),
            "**The scale is taken from the whole width.** A head's product sums over its own "
            "C / heads entries.",
            belief="A-02",
            decoy="scores = q @ k.mT / math.sqrt(C)",
        ),
        Wrong(
            "no-scale",
            _heads(_right, scale=lambda C, heads: 1.0),
            "**The scores are not scaled.** A sum of hs products grows like its square root.",
            belief="A-01",
            see="attention-loom#no-scale",
        ),
        Wrong(
            "over-queries",
            _heads(_right, axis=-2),
            "**The softmax runs over the queries.** The weights of one query must sum to one over "
            "the keys, the last axis.",
            belief="A-03",
            see="attention-loom#over-queries",
        ),
        Wrong(
            "interleaved",
            _heads(_strided, lambda y, B, T, C: y.permute(0, 2, 3, 1).reshape(B, T, C)),
            "**A head takes every so many columns.** The head must be the outer of the two axes "
            "that the width is split into: (heads, C // heads), so that a head's columns are "
            "neighbours.",
        ),
        Wrong(
            "one-head",
            _one_head,
            "**There is one head only.** One softmax over the whole width gives one pattern of "
            "looking; several heads look at several places at once.",
        ),
        Wrong(
            "not-mixed",
            _heads(_right, project=False),
            "**`w_o` is missing.** Without it the heads stand side by side and never meet.",
        ),
        Wrong(
            "in-a-row",
            _in_a_row,
            "**The heads work one after the other.** Each should read the same `x`; heads are "
            "side by side, and blocks follow each other.",
            belief="A-11",
        ),
    ),
    hints=(
        "Split the last axis into (heads, C // heads). Where does the head's axis have to stand, "
        "so that `@` multiplies queries with keys for each head?",
        "`@` works on the last two axes. Before the heads are joined, the token's axis must stand "
        "in front of the head's again.",
    ),
    why="""Heads are a matter of axes: split the width, move the head's axis in front of time, do
all the attentions at once, and move it back. A `view` with the right numbers in the wrong order
gives a tensor of the right shape with other tokens' numbers in it.""",
    objectives=("TR-3",),
    minutes=10,
    difficulty=3,
    equivalent={
        "scores = q @ k.mT / math.sqrt(C // heads) -> scores = q @ k.mT / math.sqrt(C / heads)": (
            "heads divides C, so both divisions give the same number"
        ),
    },
)


EXERCISES = (MULTI_HEAD_ATTENTION,)
