"""Checkpoints survive the trip, torch reads them, and a hostile file only raises ValueError."""

import io
import json
import math
from collections import OrderedDict

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse import scratch
from dlcourse.scratch.serialization import load, save

ARRAYS = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.array(2.5, np.float64),
    np.zeros((0, 3), np.float32),
    np.array([True, False]),
    np.arange(4)[::-2],
    np.arange(3, dtype=np.int32),
    np.array([1, 255], np.uint8),
    np.array([np.inf, np.nan, -0.0]),
]


def same(a, b):
    a, b = a.numpy(), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.fixture
def state():
    return {f"layer.{i}": scratch.tensor(a) for i, a in enumerate(ARRAYS)}


def test_torch_reads_what_save_wrote(tmp_path, state):
    save(state, tmp_path / "a.safetensors")
    read = safetensors.torch.load_file(tmp_path / "a.safetensors")
    assert read.keys() == state.keys()
    assert all(same(state[k], v.numpy()) for k, v in read.items())


def test_load_reads_what_torch_wrote(tmp_path, state):
    theirs = {k: torch.from_numpy(v.numpy().copy()) for k, v in state.items()}
    safetensors.torch.save_file(theirs, tmp_path / "a.safetensors", metadata={"by": "torch"})
    read = load(str(tmp_path / "a.safetensors"), map_location="cpu")
    assert read.keys() == state.keys()
    assert all(same(read[k], v.numpy()) for k, v in theirs.items())


def test_a_buffer_serves_as_well_as_a_path(state):
    buffer = io.BytesIO()
    save(OrderedDict(state), buffer)
    buffer.seek(0)
    read = load(buffer, weights_only=True)
    assert all(same(read[k], v.numpy()) for k, v in state.items())
    read["layer.0"].numpy()[0, 0] = 7  # the arrays are the reader's own


def test_nested_checkpoints_keep_their_structure(tmp_path, state):
    checkpoint = {
        "epoch": 3,
        "best": math.inf,
        "model": state,
        "optimizer": {"state": {0: {"step": state["layer.1"]}}, "param_groups": [{"params": [0]}]},
        "history": [0.5, None, True, "note"],
        "betas": (0.9, 0.999),
        "raw": np.arange(3),
    }
    save(checkpoint, tmp_path / "c.pt")
    read = load(tmp_path / "c.pt")
    assert same(read["optimizer"]["state"][0].pop("step"), state["layer.1"].numpy())
    assert all(same(read["model"][k], v.numpy()) for k, v in state.items())
    assert read["raw"].tolist() == [0, 1, 2]
    keep = ("epoch", "best", "history", "betas")
    assert {k: read[k] for k in keep} == {k: checkpoint[k] for k in keep}
    assert read["optimizer"] == {"state": {0: {}}, "param_groups": [{"params": [0]}]}


def test_a_lone_tensor_and_colliding_names():
    for obj in (
        scratch.tensor([1.0]),
        {"a.b": scratch.tensor([1]), "a": {"b": scratch.tensor([2])}},
    ):
        buffer = io.BytesIO()
        save(obj, buffer)
        buffer.seek(0)
        read = load(buffer)
        if isinstance(obj, dict):
            assert read["a.b"].item() == 1
            assert read["a"]["b"].item() == 2
        else:
            assert read.item() == 1


def test_an_old_file_survives_a_save_that_fails(tmp_path):
    path = tmp_path / "a.pt"
    save({"w": scratch.tensor([1.0])}, path)
    with pytest.raises(TypeError, match="state_dict"):
        save({"w": scratch.tensor([2.0]), "net": object()}, path)
    assert load(path)["w"].item() == 1.0
    assert [p.name for p in tmp_path.iterdir()] == ["a.pt"]


def test_what_cannot_be_saved_or_loaded_is_refused(tmp_path):
    with pytest.raises(TypeError, match="state_dict"):
        save(lambda: 0, tmp_path / "a")
    with pytest.raises(TypeError, match="key"):
        save({(1, 2): 3}, tmp_path / "a")
    with pytest.raises(TypeError, match="no place"):
        save({"a": np.array(["text"])}, tmp_path / "a")
    save({}, tmp_path / "empty")
    assert load(tmp_path / "empty") == {}
    with pytest.raises(NotImplementedError, match="map_location"):
        load(tmp_path / "empty", map_location="cuda")
    assert load(tmp_path / "empty", weights_only=False) == {}


@pytest.mark.parametrize("zipped", [True, False])
def test_pickles_are_refused_with_the_cure(tmp_path, zipped):
    path = tmp_path / "torch.pt"
    torch.save({"w": torch.ones(2)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match="safetensors"):
        load(path)


def file_with(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return io.BytesIO(len(text).to_bytes(8, "little") + text + body)


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b"[]",
        b"[" * 100_000,
        {"w": 3},
        {"w": {**ENTRY, "dtype": "F16"}},
        {"w": {**ENTRY, "dtype": ["F32"]}},
        {"w": {**ENTRY, "shape": [3]}},
        {"w": {**ENTRY, "shape": [-2]}},
        {"w": {**ENTRY, "shape": [2.0]}},
        {"w": {**ENTRY, "shape": 2}},
        {"w": {**ENTRY, "data_offsets": [0, 16]}},
        {"w": {**ENTRY, "data_offsets": [-8, 0]}},
        {"w": {**ENTRY, "data_offsets": [8]}},
        {"w": {**ENTRY, "shape": [1 << 62, 4], "data_offsets": [0, 0]}},
        {"w": ENTRY, "__metadata__": 3},
        {"w": ENTRY, "__metadata__": {"dlcourse.tree": "["}},
        {"w": ENTRY, "__metadata__": {"dlcourse.tree": '{"tensor": "x"}'}},
        {"w": ENTRY, "__metadata__": {"dlcourse.tree": '{"list": 3}'}},
        {"w": ENTRY, "__metadata__": {"dlcourse.tree": "3"}},
        {"w": ENTRY, "__metadata__": {"dlcourse.tree": 3}},
    ],
)
def test_damaged_files_raise_value_errors(header):
    with pytest.raises(ValueError, match=r"damaged|not a safetensors|not fit"):
        load(file_with(header, bytes(8)))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_flipped_bit_does_more_than_raise(data):
    buffer = io.BytesIO()
    save({"a": {"w": scratch.tensor([1.0, 2.0]), "n": 3}}, buffer)
    raw = bytearray(buffer.getvalue())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        load(io.BytesIO(raw[: data.draw(st.integers(0, len(raw)))]))
    except (ValueError, NotImplementedError):
        return
