"""`save` and `load`: checkpoints as safetensors files, which hold data and can run nothing.

A dict of tensors becomes a plain file of that format, which torch reads with
`safetensors.torch.load_file(path)`; `load` reads files that `safetensors.torch.save_file` wrote.
Nested checkpoints (dicts, lists, tuples, numbers, strings) keep their structure as JSON in the
file's metadata.  The format: the length of a JSON header in 8 bytes, the header, the raw arrays
(https://huggingface.co/docs/safetensors).
"""

import json
import math
import os

import numpy as np

from .autograd import Tensor, wrap

_CODES = {
    "F64": "<f8",
    "F32": "<f4",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}
_CODE_OF = {np.dtype(text): code for code, text in _CODES.items()}
_TREE = "dlcourse.tree"
_PLAIN = (str, int, float, bool, type(None))


def save(obj, f):
    """Write tensors, or a nested checkpoint of them, to a path or a binary file.

    A path is replaced only once the new file is complete.
    """
    arrays = {}
    tree = _flatten(obj, "", arrays)
    plain = isinstance(obj, dict) and arrays.keys() == obj.keys() and _all_tensors(obj)
    metadata = {} if plain else {_TREE: json.dumps(tree)}
    data = _encode(arrays, metadata)
    if hasattr(f, "write"):
        f.write(data)
        return
    unfinished = f"{os.fspath(f)}.part"
    with open(unfinished, "wb") as file:
        file.write(data)
    os.replace(unfinished, f)


def load(f, map_location=None, *, weights_only=True):
    """Read what `save`, or `safetensors.torch.save_file`, wrote to a path or a binary file.

    No file is ever unpickled, whatever `weights_only` allows: ours need no more than tensors.
    """
    if str(map_location) not in ("None", "cpu"):
        raise NotImplementedError(f"map_location={map_location!r}: tensors live on the cpu here")
    if hasattr(f, "read"):
        data = f.read()
    else:
        with open(f, "rb") as file:
            data = file.read()
    arrays, metadata = _decode(data)
    if _TREE not in metadata:
        return {name: wrap(array) for name, array in arrays.items()}
    try:
        return _restore(_parse(metadata[_TREE]), arrays)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("the checkpoint's structure is damaged") from error


# --- the file -------------------------------------------------------------------------------


def _encode(arrays, metadata):
    header, at = {"__metadata__": metadata} if metadata else {}, 0
    for name, a in arrays.items():
        header[name] = {
            "dtype": _CODE_OF[a.dtype],
            "shape": list(a.shape),
            "data_offsets": [at, at + a.nbytes],
        }
        at += a.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the arrays start aligned
    return b"".join(
        [len(text).to_bytes(8, "little"), text, *(a.tobytes() for a in arrays.values())]
    )


def _decode(data):
    """The arrays and metadata of a file's bytes; ValueError unless they are well-formed."""
    if data[:2] in (b"PK", b"\x80\x02"):
        raise ValueError(
            "this file was written by torch.save, which pickles: in torch, write "
            "safetensors.torch.save_file(state_dict, path) and load that file here"
        )
    start = 8 + int.from_bytes(data[:8], "little")
    if len(data) < 8 or start > len(data):
        raise ValueError("not a safetensors file, or only a part of one")
    header = _parse(data[8:start])
    metadata = header.pop("__metadata__", {}) if isinstance(header, dict) else None
    if not isinstance(metadata, dict):
        raise ValueError("not a safetensors file: its header is not an object")
    return {name: _read(name, info, data[start:]) for name, info in header.items()}, metadata


def _read(name, info, body):
    try:
        dtype, shape = np.dtype(_CODES[info["dtype"]]), tuple(info["shape"])
        low, high = info["data_offsets"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"entry {name!r} is damaged or of a dtype this engine lacks") from error
    numbers = all(isinstance(n, int) and n >= 0 for n in (*shape, low, high))
    if not numbers or high > len(body) or high - low != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"entry {name!r} does not fit the file: it is damaged or cut short")
    return np.frombuffer(body[low:high], dtype).reshape(shape).copy()


def _parse(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("not a safetensors file: its header is not JSON") from error


# --- nested checkpoints ---------------------------------------------------------------------


def _flatten(obj, path, arrays):
    """The structure of `obj` as JSON; its arrays go to `arrays` under their paths."""
    if isinstance(obj, (Tensor, np.ndarray, np.generic)):
        array = obj._data if isinstance(obj, Tensor) else np.asarray(obj)
        if array.dtype not in _CODE_OF:
            raise TypeError(f"cannot save {path or 'this'}: arrays of {array.dtype} have no place")
        path = path or "tensor"
        while path in arrays or path == "__metadata__":  # {"a.b": x, "a": {"b": y}}
            path += "_"
        arrays[path] = array
        return {"tensor" if isinstance(obj, Tensor) else "array": path}
    if isinstance(obj, dict):
        return {"dict": [[_key(k), _flatten(v, _join(path, k), arrays)] for k, v in obj.items()]}
    if isinstance(obj, (list, tuple)):
        kind = "tuple" if isinstance(obj, tuple) else "list"
        return {kind: [_flatten(v, _join(path, i), arrays) for i, v in enumerate(obj)]}
    if isinstance(obj, _PLAIN):
        return {"value": obj}
    raise TypeError(
        f"cannot save a {type(obj).__name__}: save the state_dict() of a module or an optimizer"
    )


def _all_tensors(mapping):
    return all(isinstance(v, Tensor) for v in mapping.values())


def _join(path, key):
    return f"{path}.{key}" if path else str(key)


def _key(key):
    if not isinstance(key, _PLAIN):
        raise TypeError(f"cannot save a dict with the key {key!r}: use strings or numbers")
    return key


def _restore(tree, arrays):
    ((kind, value),) = tree.items()
    if kind in ("tensor", "array"):
        return wrap(arrays[value]) if kind == "tensor" else arrays[value]
    if kind == "dict":
        return {k: _restore(v, arrays) for k, v in value}
    if kind in ("list", "tuple"):
        items = [_restore(v, arrays) for v in value]
        return items if kind == "list" else tuple(items)
    return value
