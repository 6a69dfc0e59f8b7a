"""The report on the page: whole without a kernel, the same each time, and safe."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

from dlcourse import data
from dlcourse.models import MLP
from dlcourse.show.twins import compare, compare_function

PART = data.digits().train
BATCH = (PART.x[:16], PART.y[:16])


@pytest.fixture(scope="module")
def shown():
    return compare(MLP, [64, 16, 10], BATCH, optimizer="SGD", steps=5, options={"momentum": 0.9})


def page(report):
    return report._repr_mimebundle_()["text/html"]


def picture(html):
    return base64.b64decode(re.search(r"svg\+xml;base64,([^\"]+)", html)[1]).decode()


def test_it_is_whole_without_a_kernel(shown):
    html = page(shown)
    assert "<script" not in html
    assert 'src="http' not in html
    assert "MLP on dlcourse.scratch and MLP on torch" in html
    assert html.count("<tr") == 6
    assert html.count("✓") == 10
    assert "The two loss curves lie on top of each other: from" in html
    assert repr(shown) == shown._repr_mimebundle_()["text/plain"]


def test_it_is_the_same_each_time(shown):
    again = compare(MLP, [64, 16, 10], BATCH, optimizer="SGD", steps=5, options={"momentum": 0.9})
    assert page(again) == page(shown)
    assert " at 0x" not in page(shown) + repr(shown)


def test_the_curves_lie_on_top_of_each_other(shown):
    curves = re.findall(r'<path d="(M[0-9. L]+)" fill="none" stroke="#', picture(page(shown)))
    assert len(curves) == 2
    assert curves[0] == curves[1]
    heights = [float(p.split()[1]) for p in curves[0][1:].split("L")]
    assert heights == sorted(heights)  # down the page is down in loss


def test_curves_that_differ_are_drawn_apart():
    class Half(MLP(torch)):
        def forward(self, x):
            return 0.5 * super().forward(x)

    found = compare((Half, MLP(torch)), [64, 16, 10], BATCH)
    html = page(found)
    assert not found.equal
    assert "✗" in html
    assert "They first differ here: the output of the model" in html
    curves = re.findall(r'<path d="(M[0-9. L]+)" fill="none" stroke="#', picture(html))
    assert curves[0] != curves[1]
    with pytest.raises(AssertionError):
        found.assert_equal()


def test_names_from_a_learner_are_only_text():
    class Sneaky(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.add_module("<img src=x onerror=alert(1)>", torch.nn.Linear(4, 2))

        def forward(self, x):
            return next(self.children())(x)

    Sneaky.__name__ = "<script>alert(1)</script>"
    x = np.ones((3, 4)), np.zeros(3, np.int64)
    html = page(compare((Sneaky, lambda: torch.nn.Sequential(torch.nn.Linear(4, 2))), (), x))
    html += picture(html)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;" in html


def test_a_function_is_shown_without_curves():
    shown = compare_function(lambda x: x.tanh(), torch.tanh, [np.linspace(-1, 1, 5)])
    html = page(shown)
    assert shown.equal
    assert "<img" not in html
    assert html.count("✓") == 4


def test_the_table_has_heads_for_readers_of_the_screen(shown):
    class Counter(HTMLParser):
        heads = 0

        def handle_starttag(self, tag, attrs):
            self.heads += tag == "th" and dict(attrs).get("scope") in ("col", "row")

    counter = Counter()
    counter.feed(page(shown))
    assert counter.heads == 3 + 5
