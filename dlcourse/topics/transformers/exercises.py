"""Exercises on attention: the formula, masks, a step with a cache, positions, and drawing."""

import numpy as np

from ...teach.exercise import Case, Exercise, Property, Wrong


def _softmax(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    e = np.exp(scores - scores.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# --- scaled_dot_product_attention ----------------------------------------------------------------


def scaled_dot_product_attention(q, k, v):
    """What each query reads: (T, V), for queries (T, D), keys (S, D) and values (S, V)."""
    scores = q @ k.T / np.sqrt(q.shape[1])  #: how well each query fits each key, scaled
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = e / e.sum(axis=1, keepdims=True)  #: each query's shares of all the keys
    return weights @ v  #: the values, mixed by these shares


def _attention_inputs(rng: np.random.Generator, T: int, S: int, D: int, V: int) -> dict:
    return {
        "q": rng.normal(size=(T, D)),
        "k": rng.normal(size=(S, D)),
        "v": rng.normal(size=(S, V)),
    }


def _attention_corners(rng: np.random.Generator) -> list[Case]:
    large = _attention_inputs(rng, 3, 5, 2, 2)
    large["q"] = 2000 * large["q"]
    return [
        Case("one key: there is nothing to choose", _attention_inputs(rng, 3, 1, 5, 2)),
        Case("scores in the thousands, which must not overflow", large),
    ]


def _attention(scale=lambda q: np.sqrt(q.shape[1]), axis=1):
    def wrong(q, k, v):
        return _softmax(q @ k.T / scale(q), axis) @ v

    return wrong


def _overflowing(q, k, v):
    with np.errstate(all="ignore"):
        e = np.exp(q @ k.T / np.sqrt(q.shape[1]))
        return e / e.sum(axis=1, keepdims=True) @ v


SCALED_DOT_PRODUCT_ATTENTION = Exercise(
    id="scaled_dot_product_attention",
    title="Attention in four lines",
    asks="""Compute $\\mathrm{softmax}(Q K^\\top / \\sqrt{D})\\, V$ in NumPy.

| array | `q` | `k` | `v` | result |
| --- | --- | --- | --- | --- |
| shape | (T, D) | (S, D) | (S, V) | (T, V) |

Row `t` of the result is a mixture of the rows of `v`; its weights sum to one **over the keys**.
Scores may be in the thousands, and `exp` must not overflow.""",
    reference=scaled_dot_product_attention,
    inputs=_attention_inputs,
    corners=_attention_corners,
    properties=(
        Property(
            "a mixture of the values",
            lambda i, parts: bool(
                (parts["result"] <= i["v"].max(0) + 1e-9).all()
                and (parts["result"] >= i["v"].min(0) - 1e-9).all()
            ),
            "Each number of the result must lie between the smallest and the largest value of "
            "its column, because the weights are shares.",
        ),
    ),
    wrongs=(
        Wrong(
            "no-scale",
            _attention(lambda q: 1.0),
            "**The scores are not scaled.** A sum of D products grows like $\\sqrt D$; for large "
            "D one key then takes nearly everything, and the softmax stops learning.",
            belief="A-01",
            see="attention-loom#no-scale",
            decoy="scores = q @ k.T",
        ),
        Wrong(
            "scale-by-size",
            _attention(lambda q: q.shape[1]),
            "**The scores are divided by D, not by its square root.** They become so small that "
            "the weights are nearly equal, and nothing is singled out.",
            belief="A-02",
            see="attention-loom#scale-by-size",
            decoy="scores = q @ k.T / q.shape[1]",
        ),
        Wrong(
            "over-queries",
            _attention(axis=0),
            "**The softmax runs over the queries.** The shares of one *key* sum to one; a query "
            "may then read three values' worth, or almost nothing.",
            belief="A-03",
            see="attention-loom#over-queries",
            decoy="weights = e / e.sum(axis=0, keepdims=True)",
        ),
        Wrong(
            "no-softmax",
            lambda q, k, v: q @ k.T / np.sqrt(q.shape[1]) @ v,
            "**There is no softmax.** Raw scores may be negative or large; weights are shares "
            "that sum to one.",
        ),
        Wrong(
            "scaled-after",
            lambda q, k, v: _softmax(q @ k.T) / np.sqrt(q.shape[1]) @ v,
            "**The weights are divided, not the scores.** The scale must come before the softmax; "
            "after it, the shares no longer sum to one.",
            belief="A-01",
        ),
        Wrong(
            "turned",
            lambda q, k, v: _softmax(-(q @ k.T) / np.sqrt(q.shape[1])) @ v,
            "**The sign is turned.** The key that fits worst gets the largest share.",
        ),
        Wrong(
            "scale-by-keys",
            _attention(lambda q: 1.0 if q.shape[0] < 0 else np.sqrt(q.shape[0] + 1e-12)),
            "**The scale is taken from the number of queries.** What grows is the sum over the D "
            "entries of a query, so D decides.",
        ),
        Wrong(
            "overflow",
            _overflowing,
            "**Large scores overflow.** $e^{1000}$ is infinite, and infinity over infinity is not "
            "a number. Subtract the row's largest score first; the shares stay the same.",
            belief="C-03",
            telling=False,
        ),
    ),
    hints=(
        "One number for each pair of a query and a key: which product of `q` and `k` has the "
        "shape (T, S)?",
        "The shares of one query lie in one row. Along which axis must they sum to one?",
        "Subtract the largest number of each row before `exp`, with `keepdims=True`.",
    ),
    why="""A query is compared with every key by a product; the products become shares by a
softmax over the keys; the shares mix the values. The scale keeps the scores near size one: a sum
of D products of unit size has a standard deviation of $\\sqrt D$.""",
    objectives=("TR-1",),
    minutes=8,
    difficulty=2,
)


# --- causal_weights ------------------------------------------------------------------------------


def causal_weights(scores):
    """Attention weights (T, S) that see no future; the queries are the last T of S places."""
    T, S = scores.shape
    place = np.arange(S - T, S)[:, None]  #: where in the text each query stands, as a column
    hidden = np.arange(S) > place  #: which keys lie in the future of which query
    masked = np.where(hidden, -np.inf, scores)  #: a score that no softmax can see
    e = np.exp(masked - masked.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _causal_inputs(rng: np.random.Generator, T: int, P: int) -> dict:
    return {"scores": rng.normal(0, 1.5, size=(T, T + P))}


def _causal_corners(rng: np.random.Generator) -> list[Case]:
    return [
        Case("no past: as many queries as keys", {"scores": rng.normal(0, 1.5, size=(4, 4))}),
        Case("one query after six cached keys", {"scores": rng.normal(0, 1.5, size=(1, 7))}),
        Case(
            "rows of very different size",
            {"scores": np.array([[3000], [0], [-3000]]) + rng.normal(0, 1.5, size=(3, 5))},
        ),
    ]


def _future(scores: np.ndarray, shift: int = 0) -> np.ndarray:
    T, S = scores.shape
    return np.arange(S) > np.arange(S - T, S)[:, None] + shift


def _masked(scores: np.ndarray, hidden: np.ndarray, with_: float = -np.inf) -> np.ndarray:
    with np.errstate(all="ignore"):
        return _softmax(np.where(hidden, with_, scores))


def _top_left(scores):
    T, S = scores.shape
    return _masked(scores, np.arange(S) > np.arange(T)[:, None])


CAUSAL_WEIGHTS = Exercise(
    id="causal_weights",
    title="No look at the future",
    asks="""Turn `scores` (T, S) into attention weights (T, S) in which no query looks at a later
place. The queries are the **last** T places of a text of S: with a cache of earlier keys, S is
larger than T, and query 0 stands at place S − T. Each row sums to one, and a place may look at
itself.""",
    reference=causal_weights,
    inputs=_causal_inputs,
    corners=_causal_corners,
    valid=lambda i: i["scores"].shape[1] >= i["scores"].shape[0] >= 1,
    properties=(
        Property(
            "rows sum to one",
            lambda i, parts: bool(np.allclose(parts["result"].sum(1), 1)),
            "The weights of each query must sum to one.",
        ),
    ),
    wrongs=(
        Wrong(
            "multiplied",
            lambda scores: _masked(scores, _future(scores), 0.0),
            "**The scores are multiplied by the mask.** A hidden score becomes 0, and $e^0 = 1$ "
            "is a good share of the whole. Only minus infinity becomes 0.",
            belief="A-04",
            see="attention-loom#multiply",
            decoy="masked = scores * ~hidden",
        ),
        Wrong(
            "after-softmax",
            lambda scores: _softmax(scores) * ~_future(scores),
            "**The mask comes after the softmax.** The hidden keys were still counted in the "
            "denominator: rows sum to less than one, and the future leaks through it.",
            belief="A-05",
            see="attention-loom#after-softmax",
        ),
        Wrong(
            "diagonal-hidden",
            lambda scores: _masked(scores, _future(scores, -1)),
            "**A place cannot look at itself.** Only later places are the future. Without the "
            "diagonal, the first place of a text has nothing to look at, and its row is nan.",
            belief="A-08",
            decoy="hidden = np.arange(S) >= place",
        ),
        Wrong(
            "one-too-far",
            lambda scores: _masked(scores, _future(scores, 1)),
            "**Each place sees the one after it.** That is the very character the model is asked "
            "for, so its loss falls and its texts are noise.",
        ),
        Wrong(
            "turned",
            lambda scores: _masked(scores, ~_future(scores, -1)),
            "**The past is hidden and the future is kept.** The comparison is the wrong way round.",
            belief="A-06",
            see="attention-loom#inverted",
            decoy="hidden = np.arange(S) < place",
        ),
        Wrong(
            "top-left",
            _top_left,
            "**The queries are taken for the first T places.** With a cache they are the last "
            "ones. A single new query would see the first key only.",
            belief="A-09",
            decoy="place = np.arange(T)[:, None]",
        ),
        Wrong(
            "not-hidden",
            _softmax,
            "**Nothing is hidden.** This is the softmax of all the scores.",
        ),
        Wrong(
            "minus-one",
            lambda scores: _masked(scores, _future(scores), -1.0),
            "**A score of −1 hides nothing.** Its share is $e^{-1}$ of what a score of 0 gets. "
            "Minus infinity is the one score with a share of nothing.",
            belief="A-04",
        ),
    ),
    hints=(
        "Write down which keys the last query may see, and which the first one, for T = 2 and "
        "S = 5.",
        "Compare a row of the key places, (S,), with a column of the query places, (T, 1).",
        "Which score has a share of exactly nothing? It must be there before the softmax.",
    ),
    why="""A mask must act before the softmax and with minus infinity, because a softmax gives
every finite score a share. And the places must be counted in the text, not in the array: with a
cache the queries are its end.""",
    objectives=("TR-2", "TR-4"),
    minutes=8,
    difficulty=2,
)


# --- cached_step ---------------------------------------------------------------------------------


def cached_step(x, keys, values, w_q, w_k, w_v):
    """What a new token x (C,) reads, (D,), and the grown caches of keys and values, (P+1, D)."""
    keys = np.concatenate([keys, (w_k @ x)[None]])  #: one more row, behind the others
    values = np.concatenate([values, (w_v @ x)[None]])
    scores = keys @ (w_q @ x) / np.sqrt(len(w_q))  #: the new query against every key, scaled
    e = np.exp(scores - scores.max())
    return e / e.sum() @ values, keys, values  #: the mixture, and both caches


def _step_inputs(rng: np.random.Generator, P: int, C: int, D: int) -> dict:
    shapes = {
        "x": (C,), "keys": (P, D), "values": (P, D), "w_q": (D, C), "w_k": (D, C), "w_v": (D, C),
    }  # fmt: skip
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def _step_corners(rng: np.random.Generator) -> list[Case]:
    large = _step_inputs(rng, 4, 3, 2)
    large["w_q"] = 5000 * large["w_q"]
    return [
        Case("the first token: both caches are empty", _step_inputs(rng, 0, 3, 2)),
        Case("scores in the thousands, which must not overflow", large),
    ]


def _read(query, keys, values):
    return _softmax(keys @ query / np.sqrt(len(query))) @ values


def _old_only(x, keys, values, w_q, w_k, w_v):
    _, new_keys, new_values = cached_step(x, keys, values, w_q, w_k, w_v)
    if not len(keys):
        return np.zeros(len(w_v)), new_keys, new_values
    return _read(w_q @ x, keys, values), new_keys, new_values


def _in_front(x, keys, values, w_q, w_k, w_v):
    out, _, _ = cached_step(x, keys, values, w_q, w_k, w_v)
    return (
        out,
        np.concatenate([(w_k @ x)[None], keys]),
        np.concatenate([(w_v @ x)[None], values]),
    )


def _first_only(x, keys, values, w_q, w_k, w_v):
    _, keys, values = cached_step(x, keys, values, w_q, w_k, w_v)
    return values[0].copy(), keys, values


def _swapped(x, keys, values, w_q, w_k, w_v):
    keys = np.concatenate([keys, (w_v @ x)[None]])
    values = np.concatenate([values, (w_k @ x)[None]])
    return _read(w_q @ x, keys, values), keys, values


CACHED_STEP = Exercise(
    id="cached_step",
    title="One token with a cache",
    asks="""A text is written token by token. The keys and values of the P earlier tokens are
kept; only the new token's vector `x` comes in. Compute what its query reads from **all** P + 1
tokens, itself included.

| array | `x` | `keys`, `values` | `w_q`, `w_k`, `w_v` | result |
| --- | --- | --- | --- | --- |
| shape | (C,) | (P, D) | (D, C) | (D,), (P+1, D), (P+1, D) |

Return what is read, the grown keys and the grown values.""",
    reference=cached_step,
    inputs=_step_inputs,
    corners=_step_corners,
    returns=("read", "keys", "values"),
    wrongs=(
        Wrong(
            "old-only",
            _old_only,
            "**The new token does not look at itself.** Its own key and value belong to the "
            "cache before its query is asked.",
            belief="A-08",
        ),
        Wrong(
            "cache-not-grown",
            lambda x, keys, values, *w: (
                cached_step(x, keys, values, *w)[0],
                keys.copy(),
                values.copy(),
            ),
            "**The grown caches are not returned.** The next token would not see this one.",
            decoy="return e / e.sum() @ values, keys[:-1], values[:-1]",
        ),
        Wrong(
            "in-front",
            _in_front,
            "**The new row stands in front.** What this query reads does not depend on the "
            "order, but masks and later rows do: the newest token belongs at the end.",
        ),
        Wrong(
            "first-only",
            _first_only,
            "**Only the first token is seen.** A triangular mask for one query keeps the first "
            "key alone. The one query of a cached step may see every key.",
            belief="A-09",
        ),
        Wrong(
            "no-scale",
            lambda x, keys, values, w_q, w_k, w_v: (
                _softmax(np.concatenate([keys, (w_k @ x)[None]]) @ (w_q @ x))
                @ np.concatenate([values, (w_v @ x)[None]]),
                *cached_step(x, keys, values, w_q, w_k, w_v)[1:],
            ),
            "**The scores are not scaled.** The whole text was computed with the square root; a "
            "step without it gives other logits.",
            belief="A-01",
            decoy="scores = keys @ (w_q @ x)",
        ),
        Wrong(
            "keys-and-values-swapped",
            _swapped,
            "**The new key went to the values and the new value to the keys.** Both have the "
            "same shape, so nothing complains.",
        ),
        Wrong(
            "query-is-key",
            lambda x, keys, values, w_q, w_k, w_v: (
                _read(
                    w_k @ x,
                    np.concatenate([keys, (w_k @ x)[None]]),
                    np.concatenate([values, (w_v @ x)[None]]),
                ),
                *cached_step(x, keys, values, w_q, w_k, w_v)[1:],
            ),
            "**The new key is used as the query.** What a token asks for and what it offers come "
            "from different matrices.",
            decoy="scores = keys @ (w_k @ x) / np.sqrt(len(w_q))",
        ),
    ),
    hints=(
        "First let the caches grow: one row each. `np.concatenate` wants a row as (1, D).",
        "Then there is one query and P + 1 keys: one score for each key.",
    ),
    why="""The keys and values of earlier tokens never change, because no token looks ahead. So
they need not be computed again, and there is nothing to mask: all that is cached lies in the
past. The cost is memory, one row of keys and one of values for every token, head and block.""",
    objectives=("TR-4",),
    minutes=8,
    difficulty=2,
)


# --- sinusoidal_positions ------------------------------------------------------------------------


def sinusoidal_positions(length, width):
    """The vectors (length, width) that say where a token stands: sines and cosines in turn."""
    place = np.arange(length)[:, None]  #: 0, 1, 2, ... as a column
    rate = 10000.0 ** (-np.arange(0, width, 2) / width)  #: one frequency for each pair of columns
    table = np.empty((length, width))
    table[:, 0::2] = np.sin(place * rate)  #: the even columns
    table[:, 1::2] = np.cos(place * rate)  #: the odd columns
    return table


def _positions_inputs(rng: np.random.Generator, T: int, H: int) -> dict:
    return {"length": T + 1, "width": 2 * H}


def _positions(rate=lambda w: 10000.0 ** (-np.arange(0, w, 2) / w), first=0):
    def wrong(length, width):
        table = np.zeros((length, width))
        angle = np.arange(first, first + length)[:, None] * rate(width)
        table[:, 0::2], table[:, 1::2] = np.sin(angle), np.cos(angle)
        return table

    return wrong


def _halves(length, width):
    table = sinusoidal_positions(length, width)
    return np.concatenate([table[:, 0::2], table[:, 1::2]], axis=1)


def _exchanged(length, width):
    table = sinusoidal_positions(length, width)
    return table.reshape(length, -1, 2)[:, :, ::-1].reshape(length, width)


SINUSOIDAL_POSITIONS = Exercise(
    id="sinusoidal_positions",
    title="Where a token stands",
    asks="""Build the table (length, width) of Vaswani et al. (2017). For place $t$ and pair
$i = 0, 1, \\dots$ of columns:

$$ P_{t, 2i} = \\sin(t\\, r_i), \\qquad P_{t, 2i+1} = \\cos(t\\, r_i), \\qquad
r_i = 10000^{-2i/\\text{width}}. $$

`width` is even, and places are counted from 0.""",
    reference=sinusoidal_positions,
    inputs=_positions_inputs,
    corners=lambda rng: [Case("a longer table", {"length": 40, "width": 8})],
    valid=lambda i: i["length"] >= 1 and i["width"] >= 2 and i["width"] % 2 == 0,
    wrongs=(
        Wrong(
            "halves",
            _halves,
            "**Sines fill the first half, cosines the second.** The formula gives them in turn. "
            "(Many libraries do use halves; a table and the weights trained with it must agree.)",
        ),
        Wrong(
            "from-one",
            _positions(first=1),
            "**The first place is counted as 1.** Places begin at 0, where all sines are 0.",
            decoy="place = np.arange(1, length + 1)[:, None]",
        ),
        Wrong(
            "exchanged",
            _exchanged,
            "**Sine and cosine are exchanged.** The even columns are sines, so row 0 reads 0, 1, "
            "0, 1.",
        ),
        Wrong(
            "half-exponent",
            _positions(lambda w: 10000.0 ** (-np.arange(w // 2) / w)),
            "**The exponent misses its factor 2.** It is $2i$, the number of the even column, "
            "over the width; with $i$ the frequencies cover half the range.",
            decoy="rate = 10000.0 ** (-np.arange(width // 2) / width)",
        ),
        Wrong(
            "growing",
            _positions(lambda w: 10000.0 ** (np.arange(0, w, 2) / w)),
            "**The frequencies grow.** The exponent is negative: later pairs turn more slowly, so "
            "that they tell far places apart.",
        ),
        Wrong(
            "one-frequency",
            _positions(lambda w: np.ones(w // 2)),
            "**All pairs turn at the same speed.** Then places one full turn apart look alike, "
            "and further columns add nothing.",
        ),
    ),
    hints=(
        "A column of places times a row of frequencies gives a table of angles, one column for "
        "each pair.",
        "`table[:, 0::2]` are the even columns. How many frequencies do they need?",
    ),
    why="""Without positions, attention treats its inputs as a set. The table gives every place a
vector of its own: quick pairs tell neighbours apart, slow pairs tell far places apart, and a
shift of the place is a fixed rotation of each pair.""",
    objectives=("TR-3",),
    minutes=8,
    difficulty=2,
)


# --- next_token_probabilities --------------------------------------------------------------------


def next_token_probabilities(logits, temperature, top_p):
    """The probabilities (V,) of the next token after temperature and then top-p."""
    e = np.exp((logits - logits.max()) / temperature)  #: the temperature divides the logits
    p = e / e.sum()
    order = np.argsort(-p)  #: the likeliest token first
    before = np.cumsum(p[order]) - p[order]  #: what the likelier ones have together
    p[order[before >= top_p]] = 0
    return p / p.sum()  #: the rest shares the whole


def _p_inputs(rng: np.random.Generator, V: int) -> dict:
    return {
        "logits": rng.permutation(np.linspace(-2, 2.3, V + 3)) + rng.uniform(0, 0.05, V + 3),
        "temperature": float(rng.choice([0.5, 0.6, 1.7, 2.0])),
        "top_p": float(rng.choice([0.55, 0.75])),
    }


def _p_corners(rng: np.random.Generator) -> list[Case]:
    logits = np.log(np.array([0.1, 0.45, 0.15, 0.3]))
    return [
        Case("all is kept", {"logits": logits, "temperature": 1.0, "top_p": 1.0}),
        Case("the likeliest alone is enough", {"logits": logits, "temperature": 1, "top_p": 0.2}),
        Case(
            "a cold start: large logits",
            {"logits": 900 * logits, "temperature": 0.5, "top_p": 0.9},
        ),
    ]


def _nucleus(p: np.ndarray, top_p: float, inclusive: bool = True) -> np.ndarray:
    order = np.argsort(-p, kind="stable")
    cumulative = np.cumsum(p[order])
    kept = (cumulative - p[order] < top_p) if inclusive else (cumulative <= top_p)
    kept[0] = True
    out = np.zeros_like(p)
    out[order[kept]] = p[order[kept]]
    return out


def _p_filter_first(logits, temperature, top_p):
    p = _nucleus(_softmax(logits), top_p)
    with np.errstate(divide="ignore"):
        logs = np.log(p)
    return _softmax(logs / temperature)


def _p_multiplied(logits, temperature, top_p):
    p = _nucleus(_softmax(logits * temperature), top_p)
    return p / p.sum()


def _p_too_few(logits, temperature, top_p):
    p = _nucleus(_softmax(logits / temperature), top_p, inclusive=False)
    return p / p.sum()


def _p_threshold(logits, temperature, top_p):
    p = _softmax(logits / temperature)
    p = np.where((p >= top_p) | (p == p.max()), p, 0)
    return p / p.sum()


def _p_tail(logits, temperature, top_p):
    p = _softmax(logits / temperature)
    order = np.argsort(p)
    before = np.cumsum(p[order]) - p[order]
    p[order[before >= top_p]] = 0
    return p / p.sum()


def _p_unordered(logits, temperature, top_p):
    p = _softmax(logits / temperature)
    p[np.cumsum(p) - p >= top_p] = 0
    return p / p.sum()


NEXT_TOKEN_PROBABILITIES = Exercise(
    id="next_token_probabilities",
    title="Temperature, then top-p",
    asks="""From the `logits` (V,) of the next token, compute the probabilities (V,) to draw from.

1. Divide the logits by `temperature` (above 0) and take the softmax.
2. **Top-p**: keep the fewest likeliest tokens whose probability is at least `top_p` together, and
set the others to 0.
3. Share the whole among those that are left.""",
    reference=next_token_probabilities,
    inputs=_p_inputs,
    corners=_p_corners,
    valid=lambda i: i["temperature"] > 0 and 0 < i["top_p"] <= 1 and len(i["logits"]) >= 1,
    wrongs=(
        Wrong(
            "filter-first",
            _p_filter_first,
            "**Top-p comes before the temperature.** Then it keeps what was likely at "
            "temperature 1, whatever the temperature is. The order changes the kept set.",
            belief="A-15",
        ),
        Wrong(
            "multiplied",
            _p_multiplied,
            "**The logits are multiplied by the temperature.** A low temperature must sharpen the "
            "choice, so it divides.",
            decoy="e = np.exp((logits - logits.max()) * temperature)",
        ),
        Wrong(
            "not-shared-again",
            lambda logits, temperature, top_p: _nucleus(_softmax(logits / temperature), top_p),
            "**The kept probabilities do not sum to one.** What the others had must be shared "
            "among those that are left.",
            decoy="return p",
        ),
        Wrong(
            "too-few",
            _p_too_few,
            "**The token that crosses the line is dropped.** The kept tokens must reach `top_p` "
            "together; without it they fall short.",
        ),
        Wrong(
            "threshold",
            _p_threshold,
            "**`top_p` is compared with each token's own probability.** It is a bound for the "
            "sum of the kept ones; a filter on single probabilities is called min-p.",
        ),
        Wrong(
            "tail",
            _p_tail,
            "**The unlikeliest tokens are kept.** Sort from the likeliest down.",
            decoy="order = np.argsort(p)",
        ),
        Wrong(
            "unordered",
            _p_unordered,
            "**The tokens are summed in the order of the vocabulary.** Then their numbers decide "
            "what is kept. Sort by probability first.",
        ),
        Wrong(
            "no-top-p",
            lambda logits, temperature, top_p: _softmax(logits / temperature),
            "**Nothing is cut off.** This is the softmax with a temperature alone.",
        ),
    ),
    hints=(
        "What does a temperature near 0 do to the gaps between the logits?",
        "Go through the tokens from the likeliest down. A token stays if those before it have "
        "not reached `top_p` yet.",
    ),
    why="""A temperature reshapes all the probabilities; top-p cuts off the long tail of tokens
that are unlikely one by one and likely together. The cut depends on the shape, so the order
matters: temperature first.""",
    objectives=("TR-5",),
    minutes=10,
    difficulty=3,
)


# --- two_games -----------------------------------------------------------------------------------


def two_games(ids, hide, mask):
    """Inputs and targets of a masked and of a causal model, for texts ids (N, T).

    hide (N, T) is True where the masked model has a gap, mask the number that stands there.
    """
    gapped = np.where(hide, mask, ids)  #: what the masked model reads
    filled = np.where(hide, ids, -100)  #: what it is asked for; -100 is left out of the loss
    return gapped, filled, ids[:, :-1], ids[:, 1:]  #: and the causal model's pair


def _games_inputs(rng: np.random.Generator, N: int, T: int) -> dict:
    ids = np.cumsum(rng.integers(1, 9, (N, T + 2)), 1) % 40
    hide = rng.random((N, T + 2)) < 0.4
    hide[:, 0], hide[:, 1] = True, False
    return {"ids": ids, "hide": hide, "mask": 40}


def _games_corners(rng: np.random.Generator) -> list[Case]:
    none, every = _games_inputs(rng, 2, 5), _games_inputs(rng, 2, 5)
    none["hide"], every["hide"] = np.zeros((2, 7), bool), np.ones((2, 7), bool)
    return [
        Case("texts without a gap", none),
        Case("texts that are all gaps", every),
        Case(
            "a gap at the very end",
            {"ids": np.array([[3, 1, 2]]), "hide": np.array([[False, False, True]]), "mask": 9},
        ),
    ]


def _games(**changes):
    def wrong(ids, hide, mask):
        gapped, filled, x, y = two_games(ids, hide, mask)
        found = {"gapped": gapped, "filled": filled, "x": x, "y": y}
        found |= {name: make(ids, hide, mask) for name, make in changes.items()}
        return tuple(found.values())

    return wrong


TWO_GAMES = Exercise(
    id="two_games",
    title="Two games with one text",
    asks="""From the same texts `ids` of shape (N, T), make the inputs and targets of two models:

1. a **masked** one (BERT): where `hide` (N, T) is True it reads the number `mask` and is asked for
   the token that stood there; elsewhere it reads the token, and the target is -100, which
   `cross_entropy` leaves out;
2. a **causal** one (GPT): at every place it reads the text so far and is asked for the next token.

Return `gapped, filled, x, y`: the masked model's inputs and targets, both (N, T), then the causal
model's, both (N, T - 1).""",
    reference=two_games,
    returns=("gapped", "filled", "x", "y"),
    inputs=_games_inputs,
    corners=_games_corners,
    valid=lambda inputs: (
        inputs["ids"].shape == inputs["hide"].shape
        and inputs["ids"].shape[1] > 1
        and bool((inputs["ids"] != inputs["mask"]).all())
    ),
    wrongs=(
        Wrong(
            "asked-everywhere",
            _games(filled=lambda ids, hide, mask: ids),
            "**The masked model is asked for every token, those that it can read as well.** Most "
            "of its loss is then for copying, which teaches nothing; only the gaps are targets.",
            decoy="filled = ids",
        ),
        Wrong(
            "nothing-hidden",
            _games(gapped=lambda ids, hide, mask: ids),
            "**Nothing is hidden: the answer stands in the input.** The loss falls to 0 at once, "
            "and the model has learned to copy.",
            decoy="gapped = ids",
        ),
        Wrong(
            "turned",
            lambda ids, hide, mask: two_games(ids, ~hide, mask),
            "**`hide` is used the wrong way round.** True marks the places of the gaps.",
            belief="A-06",
            decoy="gapped = np.where(hide, ids, mask)",
        ),
        Wrong(
            "mask-as-target",
            _games(filled=lambda ids, hide, mask: np.where(hide, mask, -100)),
            "**The target at a gap is the mask itself.** The model would learn to answer "
            '"a gap". It is asked for the token that stood there.',
        ),
        Wrong(
            "target-elsewhere-zero",
            _games(filled=lambda ids, hide, mask: np.where(hide, ids, 0)),
            "**Outside the gaps your target is 0, and 0 is a token.** `cross_entropy` leaves out "
            "-100 and nothing else.",
            belief="S-10",
            decoy="filled = np.where(hide, ids, 0)",
        ),
        Wrong(
            "shifted-gaps",
            _games(filled=lambda ids, hide, mask: np.where(hide, np.roll(ids, -1, 1), -100)),
            "**The masked model's targets are shifted.** It is asked for the token *at* the gap; "
            "the shift belongs to the causal model.",
        ),
        Wrong(
            "not-shifted",
            _games(x=lambda ids, hide, mask: ids[:, :-1], y=lambda ids, hide, mask: ids[:, :-1]),
            "**The causal model's targets are its inputs.** It can read the answer at the very "
            "place where it is asked; the target is the *next* token.",
            belief="S-01",
        ),
        Wrong(
            "shifted-back",
            _games(x=lambda ids, hide, mask: ids[:, 1:], y=lambda ids, hide, mask: ids[:, :-1]),
            "**The causal model is asked for the token before.** Inputs are all but the last "
            "token, targets all but the first.",
        ),
        Wrong(
            "causal-gaps",
            _games(x=lambda ids, hide, mask: np.where(hide, mask, ids)[:, :-1]),
            "**The causal model reads gaps, too.** Its future is hidden by the mask within "
            "attention; the input is the text as it is.",
        ),
    ),
    hints=(
        "Which of the two models may read the tokens after the place where it is asked? What must "
        "then be missing from its input?",
        "`np.where(condition, a, b)` takes from a where the condition is True, and from b "
        "elsewhere; you need it twice.",
        "For the causal model, leave out one column at one end for the inputs, and one at the "
        "other end for the targets.",
    ),
    why="""The causal model hides the future inside attention, so every place of the input is a
question: T - 1 targets a text. The masked model sees both sides, so what it is asked for must be
taken out of the input, and only the gaps are questions: a few targets a text, better answered. The
one can write, the other can read.""",
    objectives=("TR-6",),
    minutes=7,
    difficulty=2,
)


# --- pairs_in_order ------------------------------------------------------------------------------


def pairs_in_order(stars, guess):
    """Of the pairs of things with different stars (N,), the share that guess (N,) puts in order."""
    better = stars[:, None] > stars[None, :]  #: (N, N): row got more stars than column
    gap = guess[:, None] - guess[None, :]  #: (N, N): above 0 where the guess agrees
    right = np.where(gap == 0, 0.5, gap > 0)  #: a tie of the guesses is worth a half
    return right[better].mean()


def _order_inputs(rng: np.random.Generator, N: int) -> dict:
    stars = rng.integers(1, 6, N + 6).astype(float)
    stars[:2] = 1.0, 5.0  # one pair at least
    return {"stars": stars, "guess": np.round(stars * 0.6 + rng.normal(0, 1.2, N + 6), 1)}


def _order_corners(rng: np.random.Generator) -> list[Case]:
    stars = np.array([5.0, 3.0, 3.0, 1.0, 4.0])
    return [
        Case(
            "one guess for everything, which knows nothing",
            {"stars": stars, "guess": np.full(5, 3.2)},
        ),
        Case("guesses in the right order, all too high", {"stars": stars, "guess": stars + 10}),
        Case("guesses in the opposite order", {"stars": stars, "guess": -stars}),
    ]


def _in_order(better=lambda d: d > 0, right=lambda g: np.where(g == 0, 0.5, g > 0)):
    def wrong(stars, guess):
        d, gap = (a[:, None] - a[None, :] for a in (stars, guess))
        return right(gap)[better(d)].mean()

    return wrong


def _correlated(stars, guess):
    d, g = stars - stars.mean(), guess - guess.mean()
    return (d * g).sum() / np.sqrt((d**2).sum() * (g**2).sum() + 1e-12)


def _over_all(stars, guess):
    d, gap = (a[:, None] - a[None, :] for a in (stars, guess))
    return (np.where(gap == 0, 0.5, gap > 0) * (d > 0)).sum() / (len(stars) * (len(stars) - 1) / 2)


PAIRS_IN_ORDER = Exercise(
    id="pairs_in_order",
    title="Is the order right?",
    asks="""One person gave `stars` (N,) to N things; a recommender guessed `guess` (N,). For a
list of recommendations only the **order** matters. Look at all pairs of things to which the person
gave *different* stars, and return the share of them that the guess puts in the same order. A pair
with the same guess counts one half. At least two things have different stars.""",
    reference=pairs_in_order,
    inputs=_order_inputs,
    corners=_order_corners,
    valid=lambda inputs: (
        inputs["stars"].shape == inputs["guess"].shape and len(set(inputs["stars"].tolist())) > 1
    ),
    wrongs=(
        Wrong(
            "equal-stars-too",
            _over_all,
            "**You divide by all pairs.** A pair with the same stars has no order that could be "
            "right; it belongs neither above nor below the line.",
        ),
        Wrong(
            "at-least",
            _in_order(better=lambda d: d >= 0),
            "**Pairs with the same stars are counted, and every thing with itself.** Only pairs "
            "with *different* stars have an order.",
            decoy="better = stars[:, None] >= stars[None, :]",
        ),
        Wrong(
            "ties-right",
            _in_order(right=lambda g: (g >= 0).astype(float)),
            "**A tie of the guesses counts as right.** Then a recommender that says the same of "
            "everything would be perfect. It knows nothing: one half.",
            decoy="right = gap >= 0",
        ),
        Wrong(
            "ties-wrong",
            _in_order(right=lambda g: (g > 0).astype(float)),
            "**A tie of the guesses counts as wrong.** A coin would get half of these pairs, so "
            "each counts one half.",
            decoy="right = gap > 0",
        ),
        Wrong(
            "turned",
            _in_order(right=lambda g: np.where(g == 0, 0.5, g < 0)),
            "**That is the share in the wrong order.** Where the stars are higher, the guess is to "
            "be higher.",
        ),
        Wrong(
            "neighbours",
            lambda stars, guess: np.mean(
                [
                    0.5 if b == a else float((b > a) == (d > c))
                    for a, b, c, d in zip(guess, guess[1:], stars, stars[1:], strict=False)
                    if c != d
                ]
                or [0.5]
            ),
            "**Only neighbours in the list are compared.** All pairs count, the first thing and "
            "the last one as well.",
        ),
        Wrong(
            "correlation",
            _correlated,
            "**That is the correlation of stars and guesses.** It also asks how far apart they "
            "are, and its chance level is 0; here only the order counts, and chance is one half.",
        ),
        Wrong(
            "same-number",
            lambda stars, guess: np.mean(np.round(guess) == stars),
            "**You count guesses with the right number of stars.** A guess may be one star too "
            "high everywhere and still put everything in the right order.",
        ),
    ),
    hints=(
        "`stars[:, None] - stars[None, :]` holds the difference for every pair, in both "
        "directions. Which of its entries stand for pairs that count, each once?",
        "Make the same table of the guesses. When is a pair right, when is it a tie?",
        "Take the values of right pairs (1), ties (one half) and wrong ones (0) at the places of "
        "the pairs that count, and their mean.",
    ),
    why="""The error in stars rewards a model for guessing everyone's mean well; a list of
recommendations is judged by its order. One half is chance, whatever the stars look like, so the
number can be compared between people and with popularity, which orders the same way for everyone.
For two kinds of stars it is the area under the ROC curve.""",
    objectives=("TR-7",),
    minutes=8,
    difficulty=3,
)


EXERCISES = (
    SCALED_DOT_PRODUCT_ATTENTION,
    CAUSAL_WEIGHTS,
    CACHED_STEP,
    SINUSOIDAL_POSITIONS,
    NEXT_TOKEN_PROBABILITIES,
    TWO_GAMES,
    PAIRS_IN_ORDER,
)
