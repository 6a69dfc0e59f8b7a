"""Sequence to sequence with additive attention: learns to reverse, decodes step by step."""
# ruff: noqa

import random

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.nn.utils.rnn import pad_sequence

SOS, EOS, PAD, VOCAB = 0, 1, 2, 9
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class EncoderRNN(nn.Module):
    def __init__(self, input_size, hidden_size, dropout_p=0.0):
        super(EncoderRNN, self).__init__()
        self.embedding = nn.Embedding(input_size, hidden_size, padding_idx=PAD)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout_p)
        self.merge = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, input):
        embedded = self.dropout(self.embedding(input))
        output, hidden = self.gru(embedded)
        hidden = torch.tanh(self.merge(torch.cat([hidden[0], hidden[1]], dim=1)))
        return self.merge(output), hidden.unsqueeze(0)


class BahdanauAttention(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.Wa = nn.Linear(hidden_size, hidden_size)
        self.Ua = nn.Linear(hidden_size, hidden_size)
        self.Va = nn.Linear(hidden_size, 1)

    def forward(self, query, keys, mask):
        scores = self.Va(torch.tanh(self.Wa(query) + self.Ua(keys)))  # (B, T, 1)
        scores = scores.squeeze(2).unsqueeze(1)
        scores = scores.masked_fill(mask.unsqueeze(1), -1e9)
        weights = F.softmax(scores, dim=-1)
        return torch.bmm(weights, keys), weights


class AttnDecoderRNN(nn.Module):
    def __init__(self, hidden_size, output_size):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attention = BahdanauAttention(hidden_size)
        self.gru = nn.GRU(2 * hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)

    def forward(self, encoder_outputs, encoder_hidden, mask, target=None, steps=6):
        batch_size = encoder_outputs.size(0)
        decoder_input = torch.empty(batch_size, 1, dtype=torch.long, device=device).fill_(SOS)
        hidden, outputs, attentions = encoder_hidden, [], []
        for i in range(steps):
            output, hidden, attn = self.forward_step(decoder_input, hidden, encoder_outputs, mask)
            outputs.append(output)
            attentions.append(attn)
            if target is not None and random.random() < 0.7:
                decoder_input = target[:, i].unsqueeze(1)
            else:
                _, topi = output.topk(1)
                decoder_input = topi.squeeze(-1).detach()
        outputs = F.log_softmax(torch.cat(outputs, dim=1), dim=-1)
        return outputs, torch.cat(attentions, dim=1)

    def forward_step(self, input, hidden, encoder_outputs, mask):
        embedded = self.embedding(input)
        query = hidden.permute(1, 0, 2)
        context, attn = self.attention(query, encoder_outputs, mask)
        output, hidden = self.gru(torch.cat((embedded, context), dim=2), hidden)
        return self.out(output), hidden, attn


def pairs(n=32):
    rng = np.random.default_rng(6)
    for _ in range(n):
        word = rng.integers(3, VOCAB, rng.integers(2, 6))
        yield torch.tensor(word.tolist() + [EOS]), torch.tensor(word[::-1].tolist() + [EOS])


def models():
    return {"encoder": EncoderRNN(VOCAB, 12), "decoder": AttnDecoderRNN(12, VOCAB)}


def train(m):
    encoder, decoder = m["encoder"].to(device), m["decoder"].to(device)
    random.seed(1)
    data = list(pairs())
    source = pad_sequence([a for a, _ in data], batch_first=True, padding_value=PAD)
    target = pad_sequence([b for _, b in data], batch_first=True, padding_value=PAD)
    params = list(encoder.parameters()) + list(decoder.parameters())
    optimizer = optim.RMSprop(params, lr=5e-3)
    criterion = nn.NLLLoss(ignore_index=PAD)
    curve = []
    for epoch in range(6):
        rows = torch.arange(epoch % 2, len(data), 2)
        x, y = source[rows], target.index_select(0, rows)
        optimizer.zero_grad()
        outputs, hidden = encoder(x)
        logp, _ = decoder(outputs, hidden, x == PAD, y)
        loss = criterion(logp.view(-1, logp.size(-1)), y.view(-1))
        loss.backward()
        nn.utils.clip_grad_value_(params, 0.5)
        optimizer.step()
        curve.append(loss.item())
    with torch.no_grad():
        outputs, hidden = encoder(source[:2])
        logp, attention = decoder(outputs, hidden, source[:2].eq(PAD))
        words = [row.tolist() for row in logp.argmax(-1)]
    return curve, words, attention.sum(-1).tolist()
