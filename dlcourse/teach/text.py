"""Markdown with formulas to HTML that is safe to show: raw HTML is escaped, no script survives.

Formulas between dollar signs come out between TeX delimiters for the page's own MathJax to typeset.
"""

import html
from functools import cache

import nh3
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

_TAGS = {"p", "br", "hr", "em", "strong", "a", "span", "div", "h3", "h4", "h5", "blockquote"}
_TAGS |= {"code", "pre", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"}
_ATTRIBUTES = {
    "span": {"class"},
    "div": {"class"},
    "code": {"class"},
    "a": {"href"},
    "th": {"style"},
    "td": {"style"},
}


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return parser.use(dollarmath_plugin, allow_space=False, double_inline=True, renderer=_tex)


def _tex(source: str, options: dict) -> str:
    left, right = (r"\[", r"\]") if options.get("display_mode") else (r"\(", r"\)")
    return f"{left}{html.escape(source)}{right}"


def to_html(markdown: str) -> str:
    """The HTML of a whole text: paragraphs, lists, tables, code blocks, formulas."""
    return nh3.clean(_parser().render(markdown), tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None)


def to_inline_html(markdown: str) -> str:
    """The HTML of one line of text, without a paragraph around it."""
    return nh3.clean(
        _parser().renderInline(markdown), tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None
    )


def escape(text: str) -> str:
    """`text` as HTML that shows exactly its characters: for anything a learner wrote."""
    return html.escape(text)
