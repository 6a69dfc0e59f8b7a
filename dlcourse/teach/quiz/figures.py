"""Figures of questions as SVG text: drawn in the text's own colour, so that both themes work."""

import html
from base64 import b64encode

from .. import content
from .parts import Figure, Node

_W, _H, _R = 92, 64, 20  # distance of columns and rows, and the radius of a node, in pixels


def figure_svg(figure: Figure) -> str:
    """The figure as an SVG element (a graph) or an `img` (a PNG in quizzes/), with alt text."""
    return _image(figure) if figure.image else _graph(figure)


def _image(figure: Figure) -> str:
    name = str(figure.image)
    path = (content.quizzes() / name).resolve()
    if content.quizzes().resolve() not in path.parents or path.suffix != ".png":
        raise ValueError(f"The figure {name!r} is not a PNG file inside quizzes/.")
    data = b64encode(path.read_bytes()).decode()
    return f'<img alt="{html.escape(figure.alt)}" src="data:image/png;base64,{data}">'


def place(node: Node) -> tuple[float, float]:
    """The centre of a node, in pixels."""
    return 30 + node.x * _W, 28 + node.y * _H


def size(figure: Figure) -> tuple[float, float]:
    """Width and height of a graph, in pixels."""
    xs, ys = zip(*(place(n) for n in figure.nodes), strict=True)
    return max(xs) + 30, max(ys) + 28


def _graph(figure: Figure) -> str:
    width, height = size(figure)
    nodes = {n.id: n for n in figure.nodes}
    edges = "".join(_edge(nodes[a], nodes[b]) for a, b in figure.edges)
    discs = "".join(_disc(n) for n in figure.nodes)
    return (
        f'<svg role="img" aria-label="{html.escape(figure.alt)}" '
        f'viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" class="dlc-graph">{edges}{discs}</svg>'
    )


def _edge(a: Node, b: Node) -> str:
    (x1, y1), (x2, y2) = place(a), place(b)
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    tip = (x2 - ux * (_R + 2), y2 - uy * (_R + 2))
    left = (tip[0] - 8 * ux - 4 * uy, tip[1] - 8 * uy + 4 * ux)
    right = (tip[0] - 8 * ux + 4 * uy, tip[1] - 8 * uy - 4 * ux)
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in (tip, left, right))
    start = (x1 + ux * _R, y1 + uy * _R)
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{tip[0]:.1f}" y2="{tip[1]:.1f}" '
        f'stroke="currentColor"/><polygon points="{corners}" fill="currentColor"/>'
    )


def _disc(node: Node) -> str:
    x, y = place(node)
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{_R}" fill="none" stroke="currentColor"/>'
        f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle" fill="currentColor">'
        f"{html.escape(node.label)}</text>"
    )
