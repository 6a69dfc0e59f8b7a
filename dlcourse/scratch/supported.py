"""Write SUPPORTED.md: every public name of the engine with its options, as the code has them.

python -m dlcourse.scratch.supported [FILE]
"""

import importlib
import inspect
import sys
from pathlib import Path

from .autograd import OPS, Tensor
from .explain import HERE, call_of

ROOMS = {
    "torch": "",
    "torch.nn": ".nn",
    "torch.nn.functional": ".nn.functional",
    "torch.nn.init": ".nn.init",
    "torch.nn.utils": ".nn.utils",
    "torch.nn.utils.rnn": ".nn.utils.rnn",
    "torch.nn.utils.parametrize": ".nn.utils.parametrize",
    "torch.nn.parallel": ".nn.parallel",
    "torch.optim": ".optim",
    "torch.optim.lr_scheduler": ".optim.lr_scheduler",
    "torch.utils.data": ".utils.data",
    "torch.utils.checkpoint": ".utils.checkpoint",
    "torch.autograd": ".autograd",
    "torch.linalg": ".linalg",
    "torch.distributions": ".distributions",
}
HEADER = """# What the engine supports

Written by `python -m dlcourse.scratch.supported` from the code itself; a test keeps it fresh.
Names, argument order and defaults are torch's. What is not listed does not exist here, and an
argument that is not listed is refused.
"""


def page():
    """The whole page as Markdown."""
    parts = [HEADER, f"{len(OPS)} registered ops have a hand-derived gradient or none to derive."]
    for title, path in ROOMS.items():
        module = _module(path)
        if module is not None:
            parts.append(f"\n## `{title}`\n\n" + "\n".join(_lines(public(module))))
    parts.append("\n## `torch.Tensor`\n\n" + "\n".join(_lines(_methods())))
    return "\n".join(parts) + "\n"


def _module(path):
    try:
        return importlib.import_module(HERE + path)
    except ModuleNotFoundError:
        return None


def public(module):
    """Names that client code may use: what `__all__` or torch would show, without helpers."""
    names = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
    members = {n: getattr(module, n) for n in names}
    return {n: v for n, v in members.items() if callable(v) and _ours(v)}


def _ours(value):
    return getattr(value, "__module__", "").startswith(HERE)


def _methods():
    members = {n: getattr(Tensor, n) for n in dir(Tensor) if not n.startswith("_")}
    return {n: v for n, v in members.items() if callable(v) or isinstance(v, property)}


def _lines(members):
    return [_line(name, members[name]) for name in sorted(members, key=str.lower)]


def _line(name, member):
    call = call_of(member) if callable(member) else ""
    told = (inspect.getdoc(member) or "").split("\n\n")[0].replace("\n", " ")
    return f"- `{name}{call}`" + (f": {told}" if told else "")


def main(arguments):
    """Write the page to the file named on the command line, or to SUPPORTED.md."""
    target = Path(arguments[0] if arguments else "SUPPORTED.md")
    target.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
