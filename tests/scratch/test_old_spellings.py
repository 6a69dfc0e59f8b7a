"""Spellings of older programs: typed constructors, `Variable`, memory formats. As in torch."""

import warnings

import numpy as np
import pytest
import torch

from dlcourse import scratch

SAME = [
    "T.Tensor(2, 3).shape",
    "T.Tensor().shape",
    "T.Tensor(T.Size([2, 3])).shape",
    "T.Tensor([1, 2]).tolist()",
    "T.Tensor((2, 3)).tolist()",
    "T.Tensor(range(3)).tolist()",
    "str(T.Tensor(np.ones((2, 2))).dtype)",
    "T.Tensor(np.array(3.0)).shape",
    "T.Tensor(T.ones(2).long()).tolist()",
    "T.Tensor([1, 2], device='cpu').tolist()",
    "T.nn.Parameter(T.Tensor(2, 3)).shape",
    "type(T.Tensor(2)) == T.Tensor",
    "T.Tensor(3.0)",
    "T.Tensor('a')",
    "T.Tensor(2, -1)",
    "T.LongTensor([1, 2]).tolist()",
    "T.LongTensor([1.7]).tolist()",
    "T.LongTensor(2, 3).shape",
    "T.LongTensor(np.array([1, 2], dtype=np.int32)).tolist()",
    "T.LongTensor(T.ones(2))",
    "str(T.ByteTensor([1, 0]).dtype)",
    "str(T.ShortTensor([1, 0]).dtype)",
    "isinstance(T.ones(2), T.FloatTensor), isinstance(T.ones(2), T.LongTensor)",
    "T.ones(2).long().new([3, 4]).tolist()",
    "T.ones(2).new(3, 4).shape",
    "str(T.ones(2).char().dtype)",
    "T.zeros_like(T.ones(2), memory_format=T.preserve_format).tolist()",
    "T.ones(1, 2, 3, 3).to(memory_format=T.channels_last).shape",
    "T.ones(2, 2).contiguous(memory_format=T.contiguous_format).is_contiguous()",
    "T.ones(2, 2).clone(memory_format=T.contiguous_format).tolist()",
    "len(T.nn.Conv2d(1, 1, 1).to(memory_format=T.channels_last).state_dict())",
    "T.ones(2).clone(memory_format='C')",
    "T.channels_last",
]


@pytest.mark.parametrize("text", SAME)
def test_old_spellings_mean_what_they_mean_in_torch(text):
    results = []
    for T in (torch, scratch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = eval(text, {"T": T, "np": np})
                results.append(list(found) if isinstance(found, tuple) else str(found))
            except (TypeError, RuntimeError):
                results.append("refused")
    assert results[1] == results[0]
