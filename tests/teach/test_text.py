"""Text of the course is shown as written; nothing in it can run."""

from html.parser import HTMLParser

import pytest

from dlcourse.teach.text import escape, to_html, to_inline_html


class Seen(HTMLParser):
    """The live tags and attributes of a piece of HTML."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs


def test_formulas_reach_mathjax_untouched_by_markdown():
    assert r"\(a_1 * b_2 * c\)" in to_html("so $a_1 * b_2 * c$ holds")
    assert r"\[\frac{a}{b}\]" in to_html("$$\\frac{a}{b}$$")
    assert r"\(x &lt; y\)" in to_inline_html("$x < y$")


def test_code_keeps_its_characters():
    assert "<code>a &lt; b &amp; c</code>" in to_inline_html("`a < b & c`")
    assert 'class="language-python"' in to_html("```python\nx = 1\n```")


def test_dollars_in_prose_are_not_formulas():
    assert to_inline_html("it costs 5$ or 6$ there") == "it costs 5$ or 6$ there"


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "$</span><script>alert(1)</script>$",
        "```\n</code><svg onload=alert(1)>\n```",
        '<a href="x" onclick="alert(1)">x</a>',
    ],
)
def test_nothing_in_a_text_can_run(attack):
    for shown in (to_html(attack), to_inline_html(attack)):
        seen = Seen()
        seen.feed(shown)
        assert not seen.tags & {"script", "img", "svg", "iframe", "style"}
        assert not any(name.startswith("on") for name, _ in seen.attributes)
        assert not any("javascript:" in (value or "") for _, value in seen.attributes)


def test_escape_shows_exactly_what_was_typed():
    assert escape("<b>&\"'") == "&lt;b&gt;&amp;&quot;&#x27;"
