"""What a reader without a kernel sees of a quiz: the questions and their options, no key."""

from collections.abc import Sequence
from typing import Any

from ..teach import text
from ..teach.quiz.delivery import Item, Session


def face_html(name: str, items: Sequence[Item]) -> str:
    """The questions of a quiz as plain HTML."""
    cards = Session(items, None).cards
    body = "".join(_card(n, card) for n, card in enumerate(cards, 1))
    title = f"<p><strong>Quiz: {text.escape(name)}</strong> (run the cell to answer)</p>"
    return f"<div>{title}{body}</div>"


def _card(number: int, card: dict[str, Any]) -> str:
    code = f"<pre><code>{text.escape(card['code'])}</code></pre>" if card["code"] else ""
    return f"<div><p>{number}.</p>{card['stem']}{card['figure']}{code}{_body(card)}</div>"


def _body(card: dict[str, Any]) -> str:
    body = card["body"]
    lists = [body[k] for k in ("options", "left", "right", "items", "symptoms") if k in body]
    lines = [
        f"<pre><code>{text.escape(chr(10).join(body[k]))}</code></pre>"
        for k in ("lines",)
        if k in body
    ]
    options = ("<ul>" + "".join(f"<li>{o}</li>" for o in group) + "</ul>" for group in lists)
    return "".join([*options, *lines])
