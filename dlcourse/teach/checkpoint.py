"""A tree of tensors, arrays, lists, mappings and plain values in one file, without pickle.

The file is a NumPy archive: the arrays, and the tree around them as JSON.  It is written beside
its place and then moved there, so that a killed process never leaves half a file.
"""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def arrays(state: dict[str, Any]) -> dict[str, Array]:
    """A copy of a `state_dict` as arrays, which further training leaves alone."""
    return {name: _array(value).copy() for name, value in state.items()}


def write(path: Path, tree: Any) -> None:
    """Write `tree` to `path`; until all of it is on disk, what was there stays."""
    found: list[Array] = []
    text = json.dumps(_plain(tree, found))
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as file:
            named: dict[str, Any] = {f"a{i}": array for i, array in enumerate(found)}
            np.savez(file, tree=np.array(text), **named)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def read(path: Path, engine: Any) -> Any:
    """The tree that was written to `path`, its tensors made by `engine`.

    Raises `ValueError` where the file is damaged or no checkpoint.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return _thick(json.loads(str(kept["tree"])), kept, engine)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} cannot be read as a checkpoint ({error}). Delete it to start again, or choose "
            "another file."
        ) from error


def _plain(node: Any, found: list[Array]) -> Any:
    if isinstance(node, dict):
        return {"items": [[key, _plain(value, found)] for key, value in node.items()]}
    if isinstance(node, list | tuple):
        return {type(node).__name__: [_plain(value, found) for value in node]}
    if node is None or isinstance(node, bool | int | float | str):
        return {"value": node}
    found.append(_array(node))
    return {"array" if isinstance(node, np.ndarray) else "tensor": len(found) - 1}


def _array(node: Any) -> Array:
    # A copy of bytes owned by NumPy, whichever engine the tensor is of.
    return np.array(node if isinstance(node, np.ndarray | np.generic) else node.detach().numpy())


def _thick(node: Any, kept: Any, engine: Any) -> Any:
    ((kind, value),) = node.items()
    match kind:
        case "items":
            return {key: _thick(inner, kept, engine) for key, inner in value}
        case "list":
            return [_thick(inner, kept, engine) for inner in value]
        case "tuple":
            return tuple(_thick(inner, kept, engine) for inner in value)
        case "value":
            return value
        case "array":
            return kept[f"a{value}"]
        case "tensor":
            return engine.tensor(kept[f"a{value}"])
    raise ValueError(f"unknown kind {kind!r}")
