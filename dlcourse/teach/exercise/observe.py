"""Put an answer to use on private copies of the inputs, and write down what came of it.

An `Observation` holds plain arrays only: whatever clever object an answer returns, what is judged
is a copy of its numbers.
"""

import contextlib
import copy
import inspect
import io
import random
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MOST_TEXT = 2_000  # characters of print() that are kept per case
_LEAF_LIMIT = 10_000_000  # numbers in one returned array


@dataclass(frozen=True)
class Part:
    """One returned array or number.  `kind` says what it was; `array` is None if it is neither."""

    kind: str  # array, tensor, number, list, None, or the name of a class
    array: np.ndarray | None = None
    text: str = ""


@dataclass(frozen=True)
class Raised:
    """What an answer raised: its type, its text, and the line of the learner's own code."""

    type: str
    text: str
    line: int | None = None  # of the file or cell


@dataclass(frozen=True)
class Observation:
    """What came of one case: named parts, or an error; what was printed; which inputs changed."""

    parts: dict[str, Part] = field(default_factory=dict)
    container: str = "single"  # single, tuple of n, dict
    raised: Raised | None = None
    changed: tuple[str, ...] = ()
    printed: str = ""


class Printed(io.TextIOBase):
    """A stdout that keeps the first `MOST_TEXT` characters and lets the rest go."""

    def __init__(self) -> None:
        self.kept = ""

    def write(self, text: str) -> int:
        if len(self.kept) < MOST_TEXT:
            self.kept += str(text)[: MOST_TEXT - len(self.kept)]
        return len(text)


def observe(
    attempt: Any, drive: Callable[..., Any], inputs: dict[str, Any], returns: tuple[str, ...] = ()
) -> Observation:
    """Drive `attempt` once on a private copy of `inputs`; errors of any kind are written down."""
    mine = {name: copy.deepcopy(value) for name, value in inputs.items()}  # never one array twice
    before = _fingerprints(inputs)
    raised, result, printed = None, None, Printed()
    with _quiet(printed), _same_luck(), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning is no error, whatever the caller's filters say
        try:
            result = drive(attempt, **mine)
            if inspect.iscoroutine(result):
                result.close()  # nobody awaits it
        except BaseException as error:  # noqa: BLE001 -- a learner's code may raise anything
            raised = _raised(error, attempt)
    changed = tuple(name for name, print in _fingerprints(mine).items() if print != before[name])
    if raised is not None:
        return Observation(raised=raised, changed=changed, printed=printed.kept)
    container, parts = _parts(result, returns)
    return Observation(parts, container, None, changed, printed.kept)


@contextlib.contextmanager
def _quiet(printed: Printed) -> Iterator[None]:
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield


@contextlib.contextmanager
def _same_luck(seed: int = 0) -> Iterator[None]:
    """Fix every random generator an answer could use, and put them back as they were."""
    torch = sys.modules.get("torch")
    before = random.getstate(), np.random.get_state(), torch and torch.get_rng_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 -- the global generator is the one that answers may use
    if torch:
        torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
        if torch:
            torch.set_rng_state(before[2])


def _fingerprints(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: _fingerprint(value) for name, value in inputs.items()}


def _fingerprint(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if _is_tensor(value):
        return tuple(value.shape), value.detach().cpu().numpy().tobytes()
    if isinstance(value, dict):
        return {key: _fingerprint(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_fingerprint(item) for item in value]
    return value if isinstance(value, int | float | str | bool | None) else None


def _is_tensor(value: Any) -> bool:
    return type(value).__name__ in ("Tensor", "Parameter") and hasattr(value, "detach")


def _parts(result: Any, returns: tuple[str, ...]) -> tuple[str, dict[str, Part]]:
    if isinstance(result, dict):
        return "dict", {str(key): _part(value) for key, value in result.items()}
    many = isinstance(result, tuple) or (isinstance(result, list) and len(returns) > 1)
    if not many:
        return "single", {returns[0] if len(returns) == 1 else "result": _part(result)}
    named = returns if len(returns) == len(result) else [f"[{i}]" for i in range(len(result))]
    parts = {name: _part(value) for name, value in zip(named, result, strict=True)}
    return f"tuple of {len(result)}", parts


def _part(value: Any) -> Part:
    if value is None:
        return Part("None")
    if _is_tensor(value):
        return _numbers("tensor", value.detach().cpu().numpy())
    if isinstance(value, np.ndarray):
        return _numbers("array", np.array(value, subok=False))
    if isinstance(value, bool | int | float | np.generic):
        return _numbers("number", np.asarray(value))
    if isinstance(value, list | tuple):
        return _numbers(type(value).__name__, _as_array(value))
    return Part(type(value).__name__, None, _short_repr(value))


def _numbers(kind: str, array: np.ndarray | None) -> Part:
    plain = array is not None and array.dtype.kind in "biuf" and array.size <= _LEAF_LIMIT
    return Part(kind, array if plain else None, "" if array is None else str(array.dtype))


def _as_array(value: Any) -> np.ndarray | None:
    try:
        return np.asarray([_as_array(v) if isinstance(v, list | tuple) else v for v in value])
    except (ValueError, TypeError, RuntimeError):
        return None


def _short_repr(value: Any) -> str:
    if isinstance(value, str):
        return repr(value[:60])
    return f"a {type(value).__name__}"


def _raised(error: BaseException, attempt: Any) -> Raised:
    text = str(error).strip().split("\n")[0][:300] if _safe_str(error) else ""
    return Raised(type(error).__name__, text, _line(error, attempt))


def _safe_str(error: BaseException) -> bool:
    try:
        return bool(str(error))
    except Exception:  # noqa: BLE001 -- an exception class of the learner's own may fail here
        return False


def _line(error: BaseException, attempt: Any) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    files = _files(attempt)
    frames = traceback.extract_tb(error.__traceback__, limit=200)
    lines = [f.lineno for f in frames if f.filename in files and f.lineno]
    return lines[-1] if lines else None


def _files(attempt: Any) -> set[str]:
    """The files in which the answer's own code stands; a cell of a notebook counts as one."""
    parts = [attempt, *vars(attempt).values()] if isinstance(attempt, type) else [attempt]
    codes = [getattr(part, "__code__", None) for part in parts]
    return {code.co_filename for code in codes if code is not None}
