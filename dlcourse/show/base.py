"""What the widgets share: one ES module, a static face, a stable repr, errors on the page."""

import re
import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..teach import text

KIT = Path(__file__).parent / "kit"
_IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"(\.[^"]+)";?[ \t]*\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@cache
def bundle(view: Path) -> str:
    """The ES module `view` with all that it imports by relative path, as one text.

    A widget's code reaches the page as text, where relative imports have no meaning; so the
    imported modules are put in front, each once, in one scope: names must be unique among them.
    """
    modules: dict[Path, str] = {}
    _collect(view.resolve(), modules)
    return "\n".join(modules.values())


def _collect(path: Path, modules: dict[Path, str]) -> None:
    if path in modules:
        return
    source = path.read_text(encoding="utf-8")
    for name in _IMPORT.findall(source):
        _collect((path.parent / name).resolve(), modules)
    modules[path] = _EXPORT.sub("", _IMPORT.sub("", source))


@cache
def styles(*names: str) -> str:
    """The shared style sheet followed by the named ones of the kit."""
    return "\n".join((KIT / f"{n}.css").read_text(encoding="utf-8") for n in ("base", *names))


@dataclass(frozen=True)
class Face:
    """What a reader without a kernel sees in a widget's place: HTML, or a PNG with its alt text."""

    html: str | None = None
    png: bytes | None = None
    alt: str = ""


class Panel(anywidget.AnyWidget):
    """A widget of the course.

    The page sends `{"event": name, "ticket": n, ...}`; the method `on_<name>(content)` answers,
    and `heard` becomes n, so that the page can tell a slow kernel from a dead one.  An error in a
    handler is shown on the page (`problem`), not lost in a log.
    """

    problem = traitlets.Unicode("").tag(sync=True)
    heard = traitlets.Int(0).tag(sync=True)

    def __init__(self, **traits: Any):
        super().__init__(**traits)
        self.on_msg(self._dispatch)

    @property
    def title(self) -> str:
        """A short stable name for the repr, such as `question bp.chain.01`."""
        raise NotImplementedError

    def face(self) -> Face:
        """The static face; by default just the title."""
        return Face(html=f"<p>{text.escape(self.title)}</p>")

    def _dispatch(self, _widget: Any, content: dict[str, Any], buffers: list[memoryview]) -> None:
        handler = getattr(self, f"on_{content.get('event')}", None)
        try:
            if handler is None:
                raise LookupError(f"{self.title} knows no event {content.get('event')!r}")
            handler(content)
        except Exception as error:  # noqa: BLE001 -- whatever went wrong belongs on the page
            self.report(error)
        finally:  # an interrupted kernel has heard, too, and the page may go on
            self.heard = int(content.get("ticket") or 0)

    def report(self, error: BaseException) -> None:
        """Show `error` on the page, with the line of our code that raised it."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        self.problem = (
            f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"
        )

    def __repr__(self) -> str:
        return f"<{self.title}>"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        view = {"model_id": self.model_id, "version_major": 2, "version_minor": 0}
        data = {"application/vnd.jupyter.widget-view+json": view, "text/plain": repr(self)}
        face, metadata = self.face(), {}
        if face.html is not None:
            data["text/html"] = face.html
        if face.png is not None:
            data["image/png"] = face.png
            metadata["image/png"] = {"alt": face.alt}
        return data, metadata
