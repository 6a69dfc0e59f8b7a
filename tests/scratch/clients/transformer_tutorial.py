"""Language modelling with nn.TransformerEncoder, and translation with nn.Transformer."""
# ruff: noqa

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import Transformer, TransformerEncoder, TransformerEncoderLayer


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.0, max_len: int = 50):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(max_len, 1, d_model)
        pe[:, 0, 0::2] = torch.sin(position * div_term)
        pe[:, 0, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x + self.pe[: x.size(0)])


class TransformerModel(nn.Module):
    def __init__(self, ntoken=11, d_model=8, nhead=2, d_hid=16, nlayers=2):
        super().__init__()
        self.pos_encoder = PositionalEncoding(d_model)
        layers = TransformerEncoderLayer(d_model, nhead, d_hid, 0.0)
        self.transformer_encoder = TransformerEncoder(layers, nlayers, enable_nested_tensor=False)
        self.embedding = nn.Embedding(ntoken, d_model)
        self.d_model = d_model
        self.linear = nn.Linear(d_model, ntoken)
        self.embedding.weight.data.uniform_(-0.1, 0.1)
        self.linear.bias.data.zero_()

    def forward(self, src: Tensor, src_mask: Tensor = None) -> Tensor:
        src = self.pos_encoder(self.embedding(src) * math.sqrt(self.d_model))
        if src_mask is None:
            src_mask = nn.Transformer.generate_square_subsequent_mask(len(src))
        return self.linear(self.transformer_encoder(src, src_mask))


class Translator(nn.Module):
    def __init__(self, vocab=9, size=8):
        super().__init__()
        self.transformer = Transformer(
            d_model=size,
            nhead=2,
            num_encoder_layers=1,
            num_decoder_layers=2,
            dim_feedforward=16,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
        )
        self.src, self.tgt = nn.Embedding(vocab, size), nn.Embedding(vocab, size)
        self.generator = nn.Linear(size, vocab)

    def forward(self, src, trg, pad):
        mask = torch.triu(torch.ones(trg.size(1), trg.size(1), dtype=torch.bool), diagonal=1)
        outs = self.transformer(
            self.src(src),
            self.tgt(trg),
            tgt_mask=mask,
            src_key_padding_mask=pad,
            memory_key_padding_mask=pad,
        )
        return self.generator(outs)


def models():
    return {"lm": TransformerModel(), "translator": Translator()}


def train_lm(model):
    data = torch.from_numpy(np.arange(120) * 3 % 11).view(6, 20).t().contiguous()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1.0, gamma=0.95)
    curve = []
    for _ in range(5):
        model.train()
        output_flat = model(data[:-1]).view(-1, 11)
        loss = criterion(output_flat, data[1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        scheduler.step()
        curve.append(loss.item())
    return curve


def train_translator(model):
    rng = np.random.default_rng(1)
    src = torch.from_numpy(rng.integers(1, 9, (4, 6)))
    src[2:, 4:] = 0
    pad, tgt = src == 0, src.flip(1)
    optimizer = torch.optim.NAdam(model.parameters(), lr=5e-3)
    curve = []
    for _ in range(4):
        logits = model(src, tgt[:, :-1], pad)
        loss = nn.functional.cross_entropy(
            logits.transpose(1, 2), tgt[:, 1:], ignore_index=0, label_smoothing=0.1
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    with torch.no_grad():
        out = model(src, tgt[:, :-1], pad)
    return curve, out.mean().item(), out.std().item()


def train(m):
    return train_lm(m["lm"]), train_translator(m["translator"])
