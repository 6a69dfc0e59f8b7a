"""Recurrent layers: a whole sequence, one layer and one direction, as one node.

Inside, arrays are (T, features, N): time first, batch fastest, so every gate of a step is one
contiguous block.  All local derivatives are taken for all steps before the backward loop, and the
weight gradient is one product over all steps.  sigmoid(z) = tanh(z / 2) / 2 + 1/2, so that one tanh
call serves gates of both kinds (and tanh costs half of exp).
"""

import numpy as np

from ..autograd import op

# torch stacks the LSTM's gates as i, f, g, o; here the three sigmoids come first: i, f, o, g.
_LSTM_ORDER = np.array([0, 1, 3, 2])


def _regate(w, order=_LSTM_ORDER):
    """Exchange the last two of four stacked gates (the order is its own inverse)."""
    return w.reshape(4, -1, *w.shape[1:])[order].reshape(w.shape)


def _sigmoid_rows(z):
    """tanh(z) -> sigmoid(2 z), in place."""
    z *= 0.5
    z += 0.5


def _steps_last(x):
    """(T, features, N) -> (features, T N), to sum a product over steps and batch in one matmul."""
    return x.transpose(1, 0, 2).reshape(x.shape[1], -1)


def _lstm_inputs(x, h0, H):
    """Z[t] = [x_t, h_{t-1}, 1] for every step, and room for h_T: (T + 1, I + H + 1, N)."""
    T, N, I = x.shape
    Z = np.empty((T + 1, I + H + 1, N), x.dtype)
    Z[:T, :I] = x.transpose(0, 2, 1)
    Z[:, -1] = 1
    Z[0, I:-1] = h0.T
    return Z


def _lstm_weight(w_ih, w_hh, b_ih, b_hh):
    """[W_ih W_hh b], gates as i, f, o, g, sigmoid rows halved: (4H, I + H + 1)."""
    bias = np.zeros((len(w_ih), 1), w_ih.dtype) if b_ih is None else (b_ih + b_hh)[:, None]
    W = _regate(np.concatenate([w_ih, w_hh, bias], 1))
    W[: 3 * w_hh.shape[1]] *= 0.5
    return W


def _lstm_forward(W, Z, hs, c0):
    """Run all steps, writing h_t into `hs`; returns gates (T, 4H, N), cells and tanh of cells."""
    (T, H, N), dtype = (len(hs) - 1, *hs.shape[1:]), hs.dtype
    G, C = np.empty((T, 4 * H, N), dtype), np.empty((T + 1, H, N), dtype)
    tanh_c, product = np.empty((T, H, N), dtype), np.empty((H, N), dtype)
    C[0] = c0.T
    for t in range(T):
        gates, c = G[t], C[t + 1]
        np.matmul(W, Z[t], out=gates)
        np.tanh(gates, out=gates)
        _sigmoid_rows(gates[: 3 * H])
        np.multiply(gates[H : 2 * H], C[t], out=c)  # f * c
        np.multiply(gates[:H], gates[3 * H :], out=product)  # i * g
        c += product
        np.tanh(c, out=tanh_c[t])
        np.multiply(gates[2 * H : 3 * H], tanh_c[t], out=hs[t + 1])  # o * tanh(c)
    return G, C, tanh_c


def _lstm_slopes(G, C, tanh_c):
    """What multiplies dc (i, f, g) and dh (o) to give each gate's pre-activation gradient."""
    T, H, N = tanh_c.shape
    gates = G.reshape(T, 4, H, N)
    i, f, o, g = gates.transpose(1, 0, 2, 3)
    D = np.empty_like(gates)
    np.subtract(1, gates[:, :3], out=D[:, :3])
    D[:, :3] *= gates[:, :3]
    D[:, 0] *= g
    D[:, 1] *= C[:T]
    D[:, 2] *= tanh_c
    D[:, 3] = (1 - g * g) * i
    dc_dh = tanh_c * tanh_c
    np.subtract(1, dc_dh, out=dc_dh)
    dc_dh *= o
    return D, dc_dh, f


@op
def lstm(x, h0, c0, w_ih, w_hh, b_ih, b_hh, /):
    """Long short-term memory over a sequence.

    Formula: i, f, o = sigmoid(...), g = tanh(...) of W_ih x_t + W_hh h_{t-1} + b;
             c_t = f c_{t-1} + i g; h_t = o tanh(c_t)
    Shapes: x (T, N, I), h0 and c0 (N, H), w_ih (4H, I), w_hh (4H, H), biases (4H)
    -> h_1 ... h_T (T, N, H) and c_T (N, H).
    Gradient: backpropagation through time; dc_t gathers dh_t o (1 - tanh(c_t)^2) and f dc_{t+1}.
    Source: Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000.
    """
    (T, N, I), H = x.shape, w_hh.shape[1]
    W, Z = _lstm_weight(w_ih, w_hh, b_ih, b_hh), _lstm_inputs(x, h0, H)
    hs = Z[:, I:-1]  # a view: h_{t-1} is part of step t's input
    G, C, tanh_c = _lstm_forward(W, Z, hs, c0)

    def back(g, needs):
        g, dc = g
        D, dc_dh, f = _lstm_slopes(G, C, tanh_c)
        w_back = np.ascontiguousarray(_regate(w_hh).T)
        g, dc = np.ascontiguousarray(g.transpose(0, 2, 1)), dc.T.copy()  # (T, H, N), (H, N)
        dh, product = np.zeros_like(dc), np.empty_like(dc)
        for t in range(T - 1, -1, -1):
            d = D[t]
            dh += g[t]
            np.multiply(dh, dc_dh[t], out=product)
            dc += product
            d[2] *= dh
            d[:2] *= dc
            d[3] *= dc
            dc *= f[t]
            np.matmul(w_back, d.reshape(4 * H, N), out=dh)
        D2 = _steps_last(D.reshape(T, 4 * H, N))  # (4H, T N)
        dW = _regate(D2 @ _steps_last(Z[:T]).T)
        dx = (_regate(w_ih).T @ D2).reshape(I, T, N).transpose(1, 2, 0) if needs[0] else None
        db = None if b_ih is None else dW[:, -1]
        return dx, dh.T, dc.T, dW[:, :I], dW[:, I:-1], db, db

    return (hs[1:].transpose(0, 2, 1), C[T].T), back


def _bias_rows(b, n, dtype):
    return np.zeros((n, 1), dtype) if b is None else b[:, None]


def _input_products(w_ih, b_ih, x):
    """W_ih x_t + b_ih for every step: x (T, N, I) -> (T, gates, N)."""
    out = w_ih @ x.transpose(0, 2, 1)
    out += _bias_rows(b_ih, len(w_ih), x.dtype)
    return out


def _hidden_states(x, h0, H):
    hs = np.empty((len(x) + 1, H, x.shape[1]), x.dtype)
    hs[0] = h0.T
    return hs


def _weight_grads(x, hs, d_input, d_hidden, w_ih, has_bias):
    """dx, dw_ih, dw_hh, db_ih, db_hh from the gradients (T, gates, N) of the two products."""
    T, N, I = x.shape
    di, dh = _steps_last(d_input), _steps_last(d_hidden)
    dx = (w_ih.T @ di).reshape(I, T, N).transpose(1, 2, 0)
    dw_ih = di @ x.reshape(T * N, I) if x.flags.c_contiguous else di @ _steps_last(x.mT).T
    dw_hh = dh @ _steps_last(hs[:T]).T
    biases = (di.sum(1), dh.sum(1)) if has_bias else (None, None)
    return dx, dw_ih, dw_hh, *biases


@op
def gru(x, h0, w_ih, w_hh, b_ih, b_hh, /):
    """Gated recurrent unit over a sequence.

    Formula: r, z = sigmoid(W x_t + U h_{t-1} + b);
             n = tanh(W x_t + b + r (U h_{t-1} + b')); h_t = (1 - z) n + z h_{t-1}
    Shapes: x (T, N, I), h0 (N, H), w_ih (3H, I), w_hh (3H, H), biases (3H) -> (T, N, H).
    Gradient: backpropagation through time; dh_{t-1} gathers z dh_t and U^T of the three gates.
    Source: Cho et al., 2014 (with the reset gate after the product, as cuDNN and torch have it).
    """
    (T, N, _), H = x.shape, w_hh.shape[1]
    P, hs = _input_products(w_ih, b_ih, x), _hidden_states(x, h0, H)  # P becomes r, z, n in place
    U = np.empty((T, 3 * H, N), x.dtype)  # U h + b'
    bias = _bias_rows(b_hh, 3 * H, x.dtype)
    for t in range(T):
        p, u, h = P[t], U[t], hs[t + 1]
        np.matmul(w_hh, hs[t], out=u)
        u += bias
        gates = p[: 2 * H]
        gates += u[: 2 * H]
        gates *= 0.5
        np.tanh(gates, out=gates)
        _sigmoid_rows(gates)
        r, z, n = p[:H], p[H : 2 * H], p[2 * H :]
        n += r * u[2 * H :]
        np.tanh(n, out=n)
        np.subtract(hs[t], n, out=h)
        h *= z
        h += n  # n + z (h - n)

    def back(g, needs):
        r, z, n = P.reshape(T, 3, H, N).transpose(1, 0, 2, 3)
        D = np.empty((T, 3, H, N), x.dtype)  # d loss / d pre-activation, in the products of x
        D[:, 2] = (1 - z) * (1 - n * n)
        D[:, 1] = z * (1 - z) * (hs[:T] - n)
        D[:, 0] = D[:, 2] * U[:, 2 * H :] * r * (1 - r)
        E = D.copy()  # and in the products of h
        E[:, 2] *= r
        g = np.ascontiguousarray(g.transpose(0, 2, 1))  # (T, H, N)
        w_back, dh = np.ascontiguousarray(w_hh.T), np.zeros((H, N), x.dtype)
        for t in range(T - 1, -1, -1):
            dh += g[t]
            D[t] *= dh
            E[t] *= dh
            dh *= z[t]
            dh += w_back @ E[t].reshape(3 * H, N)
        D2, E2 = D.reshape(T, 3 * H, N), E.reshape(T, 3 * H, N)
        dx, *weights = _weight_grads(x, hs, D2, E2, w_ih, b_ih is not None)
        return dx, dh.T, *weights

    return hs[1:].transpose(0, 2, 1), back


@op
def rnn(x, h0, w_ih, w_hh, b_ih, b_hh, /, *, nonlinearity="tanh"):
    """Plain recurrence over a sequence.

    Formula: h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), or relu in place of tanh
    Shapes: x (T, N, I), h0 (N, H), w_ih (H, I), w_hh (H, H), biases (H) -> (T, N, H).
    Gradient: backpropagation through time, dh_{t-1} = W_hh^T (dh_t (1 - h_t^2)).
    Source: Elman, 1990.
    """
    T, N, _ = x.shape
    P, hs = _input_products(w_ih, b_ih, x), _hidden_states(x, h0, len(w_hh))
    P += _bias_rows(b_hh, len(w_hh), x.dtype)
    for t in range(T):
        P[t] += w_hh @ hs[t]
        np.tanh(P[t], out=hs[t + 1]) if nonlinearity == "tanh" else np.maximum(
            P[t], 0, out=hs[t + 1]
        )

    def back(g, needs):
        D = 1 - hs[1:] ** 2 if nonlinearity == "tanh" else (hs[1:] > 0).astype(x.dtype)
        g = g.transpose(0, 2, 1)
        dh = np.zeros((len(w_hh), N), x.dtype)
        for t in range(T - 1, -1, -1):
            D[t] *= dh + g[t]
            dh = w_hh.T @ D[t]
        dx, *weights = _weight_grads(x, hs, D, D, w_ih, b_ih is not None)
        return dx, dh.T, *weights

    return hs[1:].transpose(0, 2, 1), back


# --- the same, one step at a time, from tensor operations: what a lesson reads -------------------


def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    """One step of the plain recurrent layer: x (N, I), h (N, H) -> new h."""
    return (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).tanh()


def lstm_step(x, h, c, w_ih, w_hh, b_ih, b_hh):
    """One step of the LSTM: x (N, I), h and c (N, H) -> new h, new c."""
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    """One step of the GRU: x (N, I), h (N, H) -> new h."""
    xr, xz, xn = (x @ w_ih.T + b_ih).chunk(3, 1)
    hr, hz, hn = (h @ w_hh.T + b_hh).chunk(3, 1)
    z = (xz + hz).sigmoid()
    n = (xn + (xr + hr).sigmoid() * hn).tanh()
    return (1 - z) * n + z * h
