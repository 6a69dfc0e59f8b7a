"""Recurrent layers: RNN, LSTM, GRU over sequences, and their single steps."""

import itertools
import math
import warnings

import numpy as np

from ... import ops
from ...autograd import wrap
from .. import _rnn, init
from .. import functional as F
from ..parameter import empty
from .module import Module

_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "GRU": 3, "LSTM": 4}


class RNNBase(Module):
    """Layers and directions around one recurrence, which `mode` names."""

    def __init__(
        self,
        mode,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        device=None,
        dtype=None,
    ):
        super().__init__()
        _check_sizes(input_size, hidden_size, num_layers, dropout)
        if proj_size:
            raise NotImplementedError("proj_size is not supported: apply a Linear to the output")
        self.mode, self.input_size, self.hidden_size = mode, input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = float(dropout), bidirectional, 0
        for layer in range(num_layers):
            for suffix in self._suffixes(layer):
                self._add_weights(layer, suffix, {"device": device, "dtype": dtype})
        self.reset_parameters()

    def _suffixes(self, layer):
        return [f"_l{layer}", f"_l{layer}_reverse"][: 1 + self.bidirectional]

    def _add_weights(self, layer, suffix, options):
        rows, directions = _GATES[self.mode] * self.hidden_size, 1 + self.bidirectional
        columns = self.hidden_size * directions if layer else self.input_size
        setattr(self, "weight_ih" + suffix, empty(rows, columns, **options))
        setattr(self, "weight_hh" + suffix, empty(rows, self.hidden_size, **options))
        if self.bias:
            setattr(self, "bias_ih" + suffix, empty(rows, **options))
            setattr(self, "bias_hh" + suffix, empty(rows, **options))

    def reset_parameters(self):
        """Uniform on +-1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def flatten_parameters(self):
        """Nothing to do: torch uses this to rearrange GPU memory."""

    @property
    def all_weights(self):
        """The weights of every layer and direction, as lists."""
        layers = range(self.num_layers)
        return [self._weights(s) for i in layers for s in self._suffixes(i)]

    def _names(self, suffix):
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[: 4 if self.bias else 2]
        return [kind + suffix for kind in kinds]

    def _weights(self, suffix):
        return [getattr(self, name) for name in self._names(suffix)]

    @property
    def _flat_weights_names(self):  # torch's own helper, which lessons read
        layers = range(self.num_layers)
        return [n for i in layers for s in self._suffixes(i) for n in self._names(s)]

    def forward(self, input, hx=None):
        """input (T, N, I), (N, T, I) with batch_first, (T, I) or packed -> output, final state."""
        if hasattr(input, "batch_sizes"):
            return self._forward_packed(input, hx)
        x, batched = self._time_first(input)
        states = self._initial(x, hx, batched)
        x, finals = self._layers(x, states)
        if not batched:
            return x.squeeze(1), self._outward([f.squeeze(1) for f in finals])
        return x.transpose(0, 1) if self.batch_first else x, self._outward(finals)

    def _forward_packed(self, input, hx):
        sizes = input.batch_sizes.tolist()
        x, there, back = input.data, input.sorted_indices, input.unsorted_indices
        states = self._initial(x[: sizes[0]].unsqueeze(0), hx, True)
        if hx is not None and there is not None:
            states = [s.index_select(1, there) for s in states]
        runs = [(n, len(list(steps))) for n, steps in itertools.groupby(sizes)]
        x, finals = self._layers(x, states, lambda *args: self._run_packed(runs, *args))
        if back is not None:
            finals = [f.index_select(1, back) for f in finals]
        return input._replace(data=x), self._outward(finals)

    def _run_packed(self, runs, x, state, suffix, reverse):
        """`_run` over packed x (rows, I), in `runs` (sequences, steps) of one width."""
        parts = x.split([n * steps for n, steps in runs])
        pairs = list(zip(parts, runs, strict=True))
        outs, ended, now = [], [], [s[:0] for s in state] if reverse else state
        for part, (n, steps) in reversed(pairs) if reverse else pairs:
            if reverse:  # more sequences begin at their ends
                now = [ops.cat([s, first[len(s) : n]]) for s, first in zip(now, state, strict=True)]
            else:  # some sequences end here
                ended.append([s[n:] for s in now])
                now = [s[:n] for s in now]
            out, now = self._run(part.unflatten(0, (steps, n)), now, suffix, reverse)
            outs.append(out.flatten(0, 1))
        ended.append(now)
        return ops.cat(outs[::-1] if reverse else outs), tuple(
            ops.cat(list(parts)) for parts in zip(*ended[::-1], strict=True)
        )

    def _time_first(self, input):
        if input.dim() not in (2, 3):
            raise ValueError(
                f"{self.mode}: Expected input to be 2D or 3D, got {input.dim()}D instead"
            )
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, "
                f"got {input.shape[-1]}"
            )
        if input.dim() == 2:
            return input.unsqueeze(1), False
        return (input.transpose(0, 1) if self.batch_first else input), True

    def _state_count(self):
        return 2 if self.mode == "LSTM" else 1

    def _initial(self, x, hx, batched):
        """The initial states, each (layers * directions, N, H): those given, or zeros."""
        shape = (self.num_layers * (1 + self.bidirectional), x.shape[1], self.hidden_size)
        if hx is None:
            return [wrap(np.zeros(shape, x._data.dtype))] * self._state_count()
        given = list(hx) if self.mode == "LSTM" else [hx]
        expected = shape if batched else (shape[0], shape[2])
        for h in given:
            if tuple(h.shape) != expected:
                raise RuntimeError(f"Expected hidden size {expected}, got {list(h.shape)}")
        return given if batched else [h.unsqueeze(1) for h in given]

    def _outward(self, finals):
        return tuple(finals) if self.mode == "LSTM" else finals[0]

    def _layers(self, x, states, run=None):
        """Run all layers over x (T, N, I); returns the output and final states, stacked."""
        finals, k, run = [], 0, run or self._run
        for layer in range(self.num_layers):
            outs = []
            for suffix in self._suffixes(layer):
                out, final = run(x, [s[k] for s in states], suffix, len(outs) == 1)
                outs.append(out)
                finals.append(final)
                k += 1
            x = outs[0] if len(outs) == 1 else ops.cat(outs, -1)
            if self.dropout and self.training and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout)
        return x, [ops.stack(list(parts)) for parts in zip(*finals, strict=True)]

    def _run(self, x, state, suffix, reverse):
        """One layer, one direction: x (T, N, I) -> all h (T, N, H), final states (N, H)."""
        x = x.flip(0) if reverse else x
        weights = [*self._weights(suffix), None, None][:4]
        if self.mode == "LSTM":
            out, cell = _rnn.lstm(x, *state, *weights)
            final = (out[-1], cell)
        elif self.mode == "GRU":
            out = _rnn.gru(x, *state, *weights)
            final = (out[-1],)
        else:
            out = _rnn.rnn(x, *state, *weights, nonlinearity=self.mode[4:].lower())
            final = (out[-1],)
        return out.flip(0) if reverse else out, final

    def extra_repr(self):
        parts = [f"{self.input_size}, {self.hidden_size}"]
        usual = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0}
        for name, value in {**usual, "bidirectional": False}.items():
            if getattr(self, name) != value:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts)


def _check_sizes(input_size, hidden_size, num_layers, dropout):
    if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
        raise ValueError("dropout should be a number in range [0, 1], the share of zeroed elements")
    if not isinstance(hidden_size, int):
        raise TypeError(f"hidden_size should be of type int, got: {type(hidden_size).__name__}")
    if hidden_size <= 0 or num_layers <= 0:
        raise ValueError("hidden_size and num_layers must be greater than zero")
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
            f"expects num_layers greater than 1, but got dropout={dropout} and num_layers=1",
            stacklevel=4,
        )


class RNN(RNNBase):
    """h_t = tanh(W x_t + b + U h_{t-1} + b'), or relu with nonlinearity="relu"."""

    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", **options):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        self.__dict__["nonlinearity"] = nonlinearity
        mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(mode, input_size, hidden_size, num_layers, **options)


class LSTM(RNNBase):
    """Gates i, f, g, o: c_t = f c_{t-1} + i g, h_t = o tanh(c_t); returns output, (h_n, c_n)."""

    def __init__(self, input_size, hidden_size, *args, **options):
        super().__init__("LSTM", input_size, hidden_size, *args, **options)


class GRU(RNNBase):
    """Gates r, z, n: h_t = (1 - z) n + z h_{t-1}."""

    def __init__(self, input_size, hidden_size, *args, **options):
        super().__init__("GRU", input_size, hidden_size, *args, **options)


class _Cell(Module):
    """One step of a recurrence, as a module."""

    gates = 1

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows, options = self.gates * hidden_size, {"dtype": dtype, "device": device}
        self.weight_ih = empty(rows, input_size, **options)
        self.weight_hh = empty(rows, hidden_size, **options)
        self.register_parameter("bias_ih", empty(rows, **options) if bias else None)
        self.register_parameter("bias_hh", empty(rows, **options) if bias else None)
        self.reset_parameters()

    reset_parameters = RNNBase.reset_parameters

    def _step(self, primitive, input, states, **options):
        """Run a sequence primitive over one step: x (N, I) or (I), states (N, H) or (H)."""
        if input.dim() not in (1, 2):
            raise ValueError(f"{type(self).__name__}: Expected input to be 1D or 2D")
        shape = (*input.shape[:-1], self.hidden_size)
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input has inconsistent input_size: got {input.shape[-1]}, "
                f"expected {self.input_size}"
            )
        if any(tuple(s.shape) != shape for s in states):
            raise RuntimeError(f"hidden states must have the shape {shape}")
        x = input.reshape(1, -1, self.input_size)
        states = [s.reshape(-1, self.hidden_size) for s in states]
        weights = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        out = primitive(x, *states, *weights, **options)
        parts = out if isinstance(out, tuple) else (out,)
        return tuple(p.reshape(shape) for p in parts)

    def _zeros(self, input):
        return wrap(np.zeros((*input.shape[:-1], self.hidden_size), input._data.dtype))

    def extra_repr(self):
        bias = "" if self.bias else f", bias={self.bias}"
        return f"{self.input_size}, {self.hidden_size}{bias}"


class RNNCell(_Cell):
    """One step of RNN: (N, I), (N, H) -> (N, H)."""

    def __init__(
        self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None, dtype=None
    ):
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        hx = self._zeros(input) if hx is None else hx
        return self._step(_rnn.rnn, input, [hx], nonlinearity=self.nonlinearity)[0]

    def extra_repr(self):
        other = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + other


class LSTMCell(_Cell):
    """One step of LSTM: (N, I), ((N, H), (N, H)) -> (N, H), (N, H)."""

    gates = 4

    def forward(self, input, hx=None):
        states = [self._zeros(input)] * 2 if hx is None else list(hx)
        return self._step(_rnn.lstm, input, states)


class GRUCell(_Cell):
    """One step of GRU: (N, I), (N, H) -> (N, H)."""

    gates = 3

    def forward(self, input, hx=None):
        return self._step(_rnn.gru, input, [self._zeros(input) if hx is None else hx])[0]
