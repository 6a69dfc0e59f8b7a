"""Reading what others wrote: size first, then no entities, no markup that could run."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.parsers import expat

from .plain import Refused

LARGEST = 5_000_000  # bytes: a bank of a thousand questions has about one
_DEEPEST = 40
_MOST = 100_000
_ACTIVE = re.compile(r"<\s*(script|iframe|object|embed|svg|style|link|meta)\b", re.IGNORECASE)
_HANDLER = re.compile(
    r"<[^>]*\son\w+\s*=|(?:javascript|vbscript)\s*:|data\s*:\s*text/html", re.IGNORECASE
)


def read_text(source: Path | bytes | str) -> str:
    """The text of a file or of bytes; raises `Refused` if it is too large or no UTF-8."""
    if isinstance(source, Path):
        if source.stat().st_size > LARGEST:
            raise Refused(_too_large(source.stat().st_size))
        source = source.read_bytes()
    raw = source.encode() if isinstance(source, str) else source
    if len(raw) > LARGEST:
        raise Refused(_too_large(len(raw)))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("The file is not in UTF-8; save it as UTF-8 and try again.") from None
    if "\x00" in text:
        raise Refused("The file is not a text file; export the questions again.")
    return text


def _too_large(size: int) -> str:
    return (
        f"The file has {size / 1e6:.0f} MB, more than the {LARGEST / 1e6:.0f} MB that are read; "
        "split it into smaller ones."
    )


def inert(text: str) -> str:
    """`text`, if nothing in it could run in a page; raises `Refused` naming what could."""
    found = _ACTIVE.search(text) or _HANDLER.search(text)
    if found:
        raise Refused(f"A text holds {found[0]!r}, which could run in a page; take it out.")
    return text


def tree(text: str) -> ET.Element:
    """The XML tree of `text`; raises `Refused` for document types, entities, depth and size."""
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate(encoding="UTF-8")
    depth = count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > _DEEPEST or count > _MOST:
            raise Refused(
                "The file nests too deeply or holds too many parts to be a question bank."
            )
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.EntityDeclHandler = _no_doctype
    parser.ExternalEntityRefHandler = _no_doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise Refused(f"The file is not well-formed XML: {error}. Export it again.") from None
    return builder.close()


def _no_doctype(*_: object) -> int:
    raise Refused("The file declares a document type or entities; take the declaration out.")
