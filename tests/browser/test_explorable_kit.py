"""The kit's own logic in JavaScript: the same numbers, links and arrays as in Python."""

import base64
import json
import math

import numpy as np
import pytest

from dlcourse.show.base import KIT, bundle
from dlcourse.teach.explorable import number, pack
from dlcourse.topics import all_explorables


@pytest.fixture(scope="module")
def kit(chromium):
    """A blank page with the functions of the kit."""
    page = chromium.new_page()
    names = "readable, scaled, ticks, unpack, linkOf, clipped, chart"
    source = bundle(KIT / "explorable.js")
    page.add_script_tag(content=f"{source}\nwindow.kit = {{ {names} }};", type="module")
    page.wait_for_function("() => window.kit")
    yield page
    page.close()


@pytest.mark.parametrize(
    "value", [0.0, 1.0, -1.5, 0.5, 12.26, 1234.6, 99999.0, 1e5, -3.2e7, 1e-3, 9.9e-4, 2e-10, 1e-5]
)
def test_numbers_are_written_as_python_writes_them(kit, value):
    assert kit.evaluate("v => kit.readable(v)", value) == number(value)


def test_what_is_no_number_is_said(kit):
    found = kit.evaluate("() => [NaN, null, Infinity, -Infinity].map((v) => kit.readable(v))")
    assert found == ["not a number", "not a number", "∞", "−∞"]
    assert number(math.nan) == "not a number"
    assert (number(math.inf), number(-math.inf)) == ("∞", "−∞")


@pytest.mark.parametrize(
    ("low", "high", "count", "log", "wanted"),
    [
        (0, 1, 5, False, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-12, 12, 5, False, [-10, -5, 0, 5, 10]),
        (0, 60, 4, False, [0, 20, 40, 60]),
        (-1.83, 1.83, 3, False, [-1, 0, 1]),
        (1e-5, 1e10, 6, True, [1e-5, 1e-2, 1e1, 1e4, 1e7, 1e10]),
        (1, 256, 5, True, [1, 10, 100]),
    ],
)
def test_ticks_are_round(kit, low, high, count, log, wanted):
    found = kit.evaluate("([a, b, n, log]) => kit.ticks(a, b, n, log)", [low, high, count, log])
    assert found == pytest.approx(wanted)


def test_arrays_arrive_as_they_were_packed(kit):
    rng = np.random.default_rng(0)
    arrays = {
        "a": rng.integers(0, 255, (3, 5)).astype(np.uint8),
        "b": rng.normal(size=(7,)),
        "c": np.arange(-3, 3),
    }
    contents, block = pack(arrays)
    for skew in (0, 3):  # a message's buffer need not begin at a multiple of 8
        found = kit.evaluate(
            """([contents, text, skew]) => {
                 const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
                 const room = new Uint8Array(raw.length + skew);
                 room.set(raw, skew);
                 const arrays = kit.unpack(contents, new DataView(room.buffer, skew, raw.length));
                 return Object.entries(arrays).map(([k, v]) => [k, [...v], v.shape]);
               }""",
            [contents, base64.b64encode(block).decode(), skew],
        )
        for name, values, shape in found:
            assert tuple(shape) == arrays[name].shape
            np.testing.assert_allclose(values, arrays[name].ravel(), rtol=1e-6)


@pytest.mark.parametrize("explorable", all_explorables(), ids=lambda e: e.id)
def test_links_of_the_page_are_links_of_python(kit, explorable):
    knobs = [json.loads(json.dumps(k.public(), default=list)) for k in explorable.knobs]
    everything = [p.settings for p in explorable.presets]
    everything += [m.start for m in explorable.missions]
    for changes in everything:
        settings = explorable.settings(changes)
        link = kit.evaluate(
            "([id, knobs, settings]) => kit.linkOf({ spec: { id, knobs }, settings })",
            [explorable.id, knobs, json.loads(json.dumps(settings))],
        )
        back = explorable.from_link(link)
        for name, value in settings.items():
            np.testing.assert_array_equal(
                np.asarray(back[name], object) == np.asarray(value, object), True, err_msg=link
            )


def test_sliders_in_the_logarithm_reach_both_ends(kit):
    knob = {"low": 1e-12, "high": 0.1, "start": 1e-5, "step": 1, "log": True}
    ends = kit.evaluate(
        """(knob) => {
             const s = kit.scaled(knob);
             return [s.low, s.high, s.from(s.low), s.from(s.high), s.from(-5)];
           }""",
        knob,
    )
    assert ends == pytest.approx([-12, -1, 1e-12, 0.1, 1e-5])


@pytest.mark.parametrize(
    ("p", "q", "wanted"),
    [
        ([1, 1], [9, 9], [[1, 1], [9, 9]]),
        ([5, -1e9], [5, 1e9], [[5, 0], [5, 10]]),
        ([-10, 5], [20, 5], [[0, 5], [10, 5]]),
        ([-1, -1], [-1, 99], None),
        ([-4, 2], [2, -4], None),
    ],
)
def test_only_the_visible_part_of_a_line_is_drawn(kit, p, q, wanted):
    box = {"left": 0, "top": 0, "right": 10, "bottom": 10}
    found = kit.evaluate("([p, q, box]) => kit.clipped(p, q, box)", [p, q, box])
    if wanted is None:
        assert found is None
    else:
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_a_ribbon_is_darkest_where_most_values_lie(kit):
    drawn = """async () => {
        const plot = kit.chart({ height: 200, margin: [0, 0, 0, 0] });
        plot.node.style.width = "200px";
        document.body.append(plot.node);
        plot.draw((pen) => {
            pen.axes({ x: [0, 2], y: [0, 4], bare: true });
            const shares = [0.5, 0.3, 0.2, 0, 0, 0, 0, 1];
            pen.ribbon([0.5, 1.5], shares, 4, "rgb(0,0,0)", { low: 0, high: 4 });
        }, "a ribbon");
        const laidOut = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        while (plot.canvas.width !== 200) await laidOut(); // charts draw when they know their width
        const at = (x, y) => plot.canvas.getContext("2d").getImageData(x, y, 1, 1).data[3];
        const found = [50, 150].map((x) => [175, 125, 75, 25].map((y) => at(x, y)));
        plot.close();
        plot.node.remove();
        return found;
    }"""
    first, second = kit.evaluate(drawn)
    assert first == sorted(first, reverse=True)
    assert first[0] > first[1] > first[2] > first[3] == 0
    assert second == [0, 0, 0, 255]
