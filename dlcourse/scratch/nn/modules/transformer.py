"""Multi-head attention and the transformer of Vaswani et al., 2017."""

import copy
import math

import numpy as np

from ... import ops
from ...autograd import wrap
from .. import functional as F
from .. import init
from ..parameter import empty
from .container import ModuleList
from .linear import Linear
from .module import Module
from .normalization import LayerNorm
from .pooling import Dropout


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear` under the name that torch prints for attention's output projection."""


class MultiheadAttention(Module):
    """Several attentions side by side, each on its own projection of queries, keys and values."""

    def __init__(
        self,
        embed_dim,
        num_heads,
        dropout=0.0,
        bias=True,
        add_bias_kv=False,
        add_zero_attn=False,
        kdim=None,
        vdim=None,
        batch_first=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got {embed_dim} and {num_heads}"
            )
        if embed_dim % num_heads:
            raise ValueError("embed_dim must be divisible by num_heads")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        self._same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self._register(bias, add_bias_kv, {"dtype": dtype, "device": device})
        self.reset_parameters()

    def _register(self, bias, add_bias_kv, options):
        E, same = self.embed_dim, self._same_embed_dim
        widths = {"q_proj_weight": E, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        for name, width in widths.items():
            self.register_parameter(name, None if same else empty(E, width, **options))
        self.register_parameter("in_proj_weight", empty(3 * E, E, **options) if same else None)
        self.register_parameter("in_proj_bias", empty(3 * E, **options) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(E, E, bias=bias, **options)
        self.bias_k = empty(1, 1, E, **options) if add_bias_kv else None
        self.bias_v = empty(1, 1, E, **options) if add_bias_kv else None

    def reset_parameters(self):
        """Xavier weights, zero biases."""
        for name, p in self.named_parameters(recurse=False):
            if name.endswith("proj_weight"):
                init.xavier_uniform_(p)
            elif name.startswith("bias_"):
                init.xavier_normal_(p)
            else:
                init.zeros_(p)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query,
        key,
        value,
        key_padding_mask=None,
        need_weights=True,
        attn_mask=None,
        average_attn_weights=True,
        is_causal=False,
    ):
        """query (L, N, E), key and value (S, N, ...) -> (L, N, E), weights (N, L, S) or None.

        With batch_first the batch comes first; without a batch axis all are 2-D.  Masks are True
        (or -inf) where attention is forbidden: attn_mask (L, S) or (N heads, L, S),
        key_padding_mask (N, S).
        """
        batched = query.dim() == 3
        self._check(query, key, value, batched)
        if is_causal and attn_mask is None:
            raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
        batch_axis = 0 if not batched else 0 if self.batch_first else 1
        q, k, v = self._project(query, key, value)
        if not batched or not self.batch_first:
            move = (lambda t: t.unsqueeze(0)) if not batched else (lambda t: t.transpose(0, 1))
            q, k, v = map(move, (q, k, v))  # (N, L, E), (N, S, E)
        mask = self._merged_mask(q, k, attn_mask, key_padding_mask)
        k, v, mask = self._extra_keys(k, v, mask)
        q, k, v = map(self._heads, (q, k, v))  # (N, heads, L or S, d)
        out, weights = self._attend(q, k, v, mask, need_weights)
        out = self.out_proj(out)  # (N, L, E)
        if not batched:
            out, weights = out.squeeze(0), weights if weights is None else weights.squeeze(0)
        elif batch_axis:
            out = out.transpose(0, 1)
        if weights is not None and average_attn_weights:
            weights = weights.mean(-3)
        return out, weights

    def _check(self, query, key, value, batched):
        if query.dim() not in (2, 3) or not query.dim() == key.dim() == value.dim():
            raise ValueError(
                "query, key and value must all be 2-D (unbatched) or all 3-D, but have "
                f"{query.dim()}, {key.dim()} and {value.dim()} dimensions"
            )
        if query.shape[-1] != self.embed_dim:
            raise ValueError(
                f"was expecting embedding dimension of {self.embed_dim}, but got {query.shape[-1]}"
            )
        if tuple(key.shape[:-1]) != tuple(value.shape[:-1]):
            raise ValueError(f"key {key.shape} and value {value.shape} differ in their axes")

    def _project(self, query, key, value):
        if self._same_embed_dim and query is key and key is value:  # one product for all three
            return F.linear(query, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        if self._same_embed_dim:
            weights = self.in_proj_weight.chunk(3)
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        return [F.linear(*args) for args in zip((query, key, value), weights, biases, strict=True)]

    def _merged_mask(self, q, k, attn_mask, key_padding_mask):
        """One additive mask (N or 1, heads or 1, L, S) from torch's two, or None."""
        N, L, S = len(q), q.shape[1], k.shape[1]
        mask = None
        if attn_mask is not None:
            shapes = {2: (L, S), 3: (N * self.num_heads, L, S)}
            if tuple(attn_mask.shape) != shapes.get(attn_mask.dim()):
                raise RuntimeError(
                    f"The shape of the attn_mask is {attn_mask.shape}, but should be "
                    f"{shapes[2]} or {shapes[3]}."
                )
            lead = (1, 1) if attn_mask.dim() == 2 else (N, self.num_heads)
            mask = _additive(attn_mask, q).reshape(*lead, L, S)
        if key_padding_mask is not None:
            if tuple(key_padding_mask.shape) not in {(N, S), (S,) * (N == 1) or (N, S)}:
                raise ValueError(
                    f"expected key_padding_mask of shape {(N, S)}, got {key_padding_mask.shape}"
                )
            padding = _additive(key_padding_mask, q).reshape(N, 1, 1, S)
            mask = padding if mask is None else mask + padding
        return mask

    def _extra_keys(self, k, v, mask):
        """A learned key and value (add_bias_kv) and a zero one (add_zero_attn), always allowed."""
        extra = []
        if self.bias_k is not None:
            extra.append((self.bias_k, self.bias_v))
        if self.add_zero_attn:
            zero = wrap(np.zeros((1, 1, self.embed_dim), k._data.dtype))
            extra.append((zero, zero))
        for more_k, more_v in extra:
            k = ops.cat([k, more_k.expand(len(k), 1, -1)], 1)
            v = ops.cat([v, more_v.expand(len(v), 1, -1)], 1)
            mask = None if mask is None else F.pad(mask, (0, 1))
        return k, v, mask

    def _heads(self, t):
        """(N, L, E) -> (N, heads, L, E / heads)."""
        return t.reshape(*t.shape[:2], self.num_heads, self.head_dim).transpose(1, 2)

    def _attend(self, q, k, v, mask, need_weights):
        """(N, heads, L, d) -> joined heads (N, L, E), and weights (N, heads, L, S) if wanted."""
        N, _, L, _ = q.shape
        dropout = self.dropout if self.training else 0.0
        if not need_weights:
            out, weights = F.scaled_dot_product_attention(q, k, v, mask, dropout), None
        else:
            scores = (q * self.head_dim**-0.5) @ k.transpose(-2, -1)
            weights = F.softmax(scores if mask is None else scores + mask, -1)
            weights = F.dropout(weights, dropout)
            out = weights @ v
        return out.transpose(1, 2).reshape(N, L, self.embed_dim), weights


def _additive(mask, like):
    """A bool mask (True is forbidden) as 0 and -inf; a float mask as it is."""
    if mask._data.dtype == bool:
        return wrap(np.where(mask._data, -np.inf, 0).astype(like._data.dtype))
    if mask._data.dtype.kind != "f":
        raise ValueError("only bool and floating types of masks are supported")
    return mask


_ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu}


def _activation(activation):
    if not isinstance(activation, str):
        return activation
    if activation not in _ACTIVATIONS:
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return _ACTIVATIONS[activation]


class _TransformerLayer(Module):
    """What encoder and decoder layers share: attention, feed-forward, norms around each."""

    attentions = ("self_attn",)

    def __init__(
        self,
        d_model,
        nhead,
        dim_feedforward=2048,
        dropout=0.1,
        activation=F.relu,
        layer_norm_eps=1e-5,
        batch_first=False,
        norm_first=False,
        bias=True,
        device=None,
        dtype=None,
    ):
        super().__init__()
        options = {"bias": bias, "device": device, "dtype": dtype}
        for name in self.attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout=dropout, batch_first=batch_first, **options
            )
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, **options)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **options)
        self.norm_first = norm_first
        parts = range(1, len(self.attentions) + 2)
        for i in parts:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, **options))
        for i in parts:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = _activation(activation)

    def _feed_forward(self, x):
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def _residual(self, x, part, i):
        """x plus dropout(part(x)), normalised before or after."""
        norm, drop = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        return x + drop(part(norm(x))) if self.norm_first else norm(x + drop(part(x)))


class TransformerEncoderLayer(_TransformerLayer):
    """Self-attention, then a two-layer network, each with residual, dropout and layer norm."""

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        """src (T, N, E), or (N, T, E) with batch_first -> the same shape."""

        def attend(x):
            masks = {"attn_mask": src_mask, "key_padding_mask": src_key_padding_mask}
            causal = is_causal and src_mask is not None
            return self.self_attn(x, x, x, need_weights=False, is_causal=causal, **masks)[0]

        return self._residual(self._residual(src, attend, 1), self._feed_forward, 2)


class TransformerDecoderLayer(_TransformerLayer):
    """Self-attention, attention to the encoder's output, then a two-layer network."""

    attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt,
        memory,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        tgt_is_causal=False,
        memory_is_causal=False,
    ):
        """tgt (T, N, E) and memory (S, N, E) -> like tgt."""

        def look_back(x):
            masks = {"attn_mask": tgt_mask, "key_padding_mask": tgt_key_padding_mask}
            return self.self_attn(x, x, x, need_weights=False, **masks)[0]

        def look_at_memory(x):
            masks = {"attn_mask": memory_mask, "key_padding_mask": memory_key_padding_mask}
            return self.multihead_attn(x, memory, memory, need_weights=False, **masks)[0]

        x = self._residual(self._residual(tgt, look_back, 1), look_at_memory, 2)
        return self._residual(x, self._feed_forward, 3)


def _clones(module, n):
    return ModuleList(copy.deepcopy(module) for _ in range(n))


class TransformerEncoder(Module):
    """A stack of copies of an encoder layer, then an optional norm."""

    def __init__(
        self, encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True
    ):
        super().__init__()
        self.layers, self.num_layers, self.norm = (
            _clones(encoder_layer, num_layers),
            num_layers,
            norm,
        )

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=None):
        for layer in self.layers:
            src = layer(src, src_mask=mask, src_key_padding_mask=src_key_padding_mask)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """A stack of copies of a decoder layer, then an optional norm."""

    def __init__(self, decoder_layer, num_layers, norm=None):
        super().__init__()
        self.layers, self.num_layers, self.norm = (
            _clones(decoder_layer, num_layers),
            num_layers,
            norm,
        )

    def forward(
        self,
        tgt,
        memory,
        tgt_mask=None,
        memory_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        tgt_is_causal=None,
        memory_is_causal=False,
    ):
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks)
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """Encoder and decoder."""

    def __init__(
        self,
        d_model=512,
        nhead=8,
        num_encoder_layers=6,
        num_decoder_layers=6,
        dim_feedforward=2048,
        dropout=0.1,
        activation=F.relu,
        custom_encoder=None,
        custom_decoder=None,
        layer_norm_eps=1e-5,
        batch_first=False,
        norm_first=False,
        bias=True,
        device=None,
        dtype=None,
    ):
        super().__init__()
        options = {"bias": bias, "device": device, "dtype": dtype}
        sizes = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)
        layout = {"batch_first": batch_first, "norm_first": norm_first, **options}

        def stack(whole, layer, count):
            norm = LayerNorm(d_model, eps=layer_norm_eps, **options)
            return whole(layer(*sizes, **layout), count, norm)

        self.encoder = custom_encoder or stack(
            TransformerEncoder, TransformerEncoderLayer, num_encoder_layers
        )
        self.decoder = custom_decoder or stack(
            TransformerDecoder, TransformerDecoderLayer, num_decoder_layers
        )
        for p in self.parameters():
            if p.dim() > 1:
                init.xavier_uniform_(p)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self,
        src,
        tgt,
        src_mask=None,
        tgt_mask=None,
        memory_mask=None,
        src_key_padding_mask=None,
        tgt_key_padding_mask=None,
        memory_key_padding_mask=None,
        src_is_causal=None,
        tgt_is_causal=None,
        memory_is_causal=False,
    ):
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        batch_axis = 0 if self.batch_first else 1
        if src.dim() == 3 and src.shape[batch_axis] != tgt.shape[batch_axis]:
            raise RuntimeError("the batch number of src and tgt must be equal")
        memory = self.encoder(src, src_mask, src_key_padding_mask)
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        return self.decoder(tgt, memory, *masks)

    @staticmethod
    def generate_square_subsequent_mask(sz, device=None, dtype=None):
        """-inf above the diagonal, 0 elsewhere: (sz, sz)."""
        return wrap(np.triu(np.full((sz, sz), -math.inf, np.float32), 1))
