"""`explain("softmax")`: what an op computes and how its gradient follows, from its docstring."""

import difflib
import importlib
import inspect
import re
from dataclasses import dataclass

from .autograd import OPS

HERE = __name__.rpartition(".")[0]  # dlcourse.scratch
_ROOMS = ("", ".nn.functional", ".nn", ".nn.init", ".optim", ".optim.lr_scheduler", ".utils.data")


@dataclass(frozen=True, repr=False)
class Explanation:
    """A name, how it is called, and its derivation; printing it shows all three."""

    name: str
    call: str
    text: str
    code: str = ""

    def __repr__(self):
        parts = [f"{self.name}{self.call}", self.text, self.code]
        return "\n\n".join(part for part in parts if part)


def explain(what, source=False):
    """The formula, shapes, gradient and source of an op, function or class, by name or itself.

    With `source=True` the code that computes it follows.  Unknown names raise ValueError.
    """
    name, found = (what, _find(what)) if isinstance(what, str) else (what.__name__, what)
    told = [inspect.getdoc(found) or "It has no description."]
    told += [f"By `{op}`: {inspect.getdoc(OPS[op])}" for op in _primitives_of(found)]
    code = inspect.getsource(inspect.unwrap(found)) if source else ""
    return Explanation(name, call_of(found), "\n\n".join(told), code)


def _primitives_of(function):
    """The ops that a function's code names, or a layer's own name: there gradients arise."""
    if function in OPS.values():
        return []
    code = getattr(function, "__code__", None)
    if code is None:  # a class: LayerNorm -> layer_norm, LSTM -> lstm
        words = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", getattr(function, "__name__", "")).lower()}
    else:
        words = {*code.co_names, *(c for c in code.co_consts if isinstance(c, str))}
    return sorted(words & OPS.keys())


def call_of(function):
    """The signature as text; a primitive's inputs and options as its mathematics names them."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # NumPy's and Python's own functions may have none
        return "(...)"
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    text = str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))
    text = re.sub(r"<function (\w+) at 0x\w+>", r"\1", text)  # a default that is a function
    return text.replace("(self, ", "(").replace("(self)", "()")


def _find(name):
    """The op of that name, or what the public rooms have under it ("Adam", "nn.LSTM")."""
    if name in OPS:
        return OPS[name]
    known = set(OPS)
    for room in _ROOMS:
        module = importlib.import_module(HERE + room)
        path = name.split(".")
        found = module
        for part in path:
            found = getattr(found, part, None)
        if callable(found):
            return found
        known |= {n for n in vars(module) if not n.startswith("_")}
    close = difflib.get_close_matches(name, known, 3)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    raise ValueError(f"nothing here is called {name!r}{hint}")
