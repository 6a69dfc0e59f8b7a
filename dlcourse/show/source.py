"""Show the library's own code in a lesson, coloured by JupyterLab's theme."""

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from IPython.display import Markdown


def source(*things: Callable[..., Any] | type, doc: bool = False) -> Markdown:
    """The source of functions or classes as one code block; `doc=True` keeps the docstrings."""
    return Markdown("```python\n" + "\n\n".join(_text(t, doc) for t in things) + "\n```")


def _text(thing: Callable[..., Any] | type, doc: bool) -> str:
    text = textwrap.dedent(inspect.getsource(inspect.unwrap(thing))).rstrip()
    written = inspect.unwrap(thing).__doc__
    return text if doc or not written else _without(text, written)


def _without(text: str, written: str) -> str:
    for quotes in ('"""', "'''"):
        before, opened, rest = text.partition(quotes)
        body, closed, after = rest.partition(quotes)
        if opened and closed and inspect.cleandoc(body) == inspect.cleandoc(written):
            return before.rstrip() + after
    return text
