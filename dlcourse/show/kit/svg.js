// SVG elements, colours for signed numbers, and the drawing of a computation graph.

import { h } from "./dom.js";
import { readable } from "./controls.js";

export function s(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) node.setAttribute(name, value);
  node.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return node;
}

/** Call `draw(width)` now and whenever the width of `node` changes; returns the function that stops it. */
export function watchWidth(node, draw) {
  let width = 0;
  const observer = new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now && now !== width) { width = now; draw(now); }
  });
  observer.observe(node);
  return () => observer.disconnect();
}

/**
 * A computation graph in columns.  `columns`: [{ title, nodes: [id] }], `edges`: [{ id, from, to }].
 * draw({ nodes: { id: { value, gradient, state, off } }, edges: { id: { weight, lit } }, picked }, label)
 */
export function graph({ pick, height = 340 }) {
  const node = h("div", { className: "dlx-graph" });
  let last = null, layout = "", shown = null;
  let width = 0; // asked once, then watched: to ask lays out the whole page
  const draw = (columns, edges, look, label) => {
    last = [columns, edges, look, label];
    width ||= node.clientWidth;
    if (!width) return; // not on the page yet
    const asked = JSON.stringify([columns, edges, width]);
    if (asked !== layout) {
      layout = asked;
      shown = picture(columns, edges, width, height, pick);
      node.replaceChildren(shown.root);
    }
    shown.root.setAttribute("aria-label", label);
    for (const mark of shown.marks) refresh(mark, look, shown.root);
  };
  const close = watchWidth(node, (now) => { width = now; if (last) draw(...last); });
  return { node, draw, close };
}

/** The empty picture, and its marks: `shows(look)` tells what a mark depends on, `make(look)` draws it. */
function picture(columns, edges, width, height, pick) {
  const radius = Math.min(25, width / columns.length / 2.7);
  const at = places(columns, width, height, radius);
  const root = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
  columns.forEach((column, i) => root.append(s("text", { x: columnX(columns, i, width, radius), y: 14, class: "dlx-column" }, column.title)));
  const marks = [
    ...edges.map((edge) => ({ shows: (look) => [look.edges[edge.id], look.picked === edge.id], make: (look) => edgeMark(edge, at, look, radius, pick) })),
    ...Object.entries(at).map(([id, place]) => ({ shows: (look) => [look.nodes[id]], make: (look) => nodeMark(place, look.nodes[id] ?? {}, radius) })),
  ];
  return { root, marks };
}

/** Draw a mark again, if what it shows has changed. */
function refresh(mark, look, root) {
  const shows = JSON.stringify(mark.shows(look));
  if (shows === mark.shown) return;
  const made = mark.make(look);
  if (mark.node) mark.node.replaceWith(made);
  else root.append(made);
  Object.assign(mark, { node: made, shown: shows });
}

function columnX(columns, i, width, radius) {
  const margin = radius + 6;
  return margin + (i * (width - 2 * margin)) / (columns.length - 1);
}

function places(columns, width, height, radius) {
  const top = 26, at = {};
  columns.forEach((column, i) => {
    const x = columnX(columns, i, width, radius);
    column.nodes.forEach((id, j) => { at[id] = { x, y: top + ((j + 0.5) * (height - top)) / column.nodes.length, tight: column.nodes.length > 6 }; });
  });
  return at;
}

function edgeMark({ id, from, to }, at, look, radius, pick) {
  const [a, b] = [at[from], at[to]];
  const { weight = 0, lit = true } = look.edges[id] ?? {};
  const sign = weight > 0 ? "dlx-plus" : weight < 0 ? "dlx-minus" : "dlx-plain";
  const path = { x1: a.x + radius * 0.8, y1: a.y, x2: b.x - radius * 0.8, y2: b.y };
  const width = 0.8 + 3.2 * Math.min(1, Math.abs(weight));
  const picked = look.picked === id;
  const group = s("g", { class: `dlx-edge ${sign}${lit ? "" : " dlx-dim"}${picked ? " dlx-picked" : ""}`, "data-edge": id },
    picked ? s("line", { ...path, class: "dlx-halo" }) : null,
    s("line", { ...path, "stroke-width": width.toFixed(2), class: "dlx-line" }),
    s("line", { ...path, class: "dlx-hit" }));
  group.addEventListener("click", () => pick(id));
  return group;
}

function nodeMark({ x, y, tight }, { value, gradient, state = "done", name, off }, radius) {
  const r = tight ? Math.min(15, radius) : radius;
  const group = s("g", { class: `dlx-node dlx-${state}${off ? " dlx-off" : ""}${tight ? " dlx-tight" : ""}`, transform: `translate(${x.toFixed(1)},${y.toFixed(1)})` },
    s("circle", { r }),
    value === undefined ? null : s("text", { y: 4, class: "dlx-node-value" }, readable(value, tight ? 2 : radius < 20 ? 2 : 3)));
  if (name) group.append(s("text", tight ? { x: -r - 4, y: 4, class: "dlx-node-name" } : { y: -r - 4, class: "dlx-node-name" }, name));
  if (gradient !== undefined && !tight) group.append(s("text", { y: r + 13, class: "dlx-node-gradient" }, readable(gradient, 2)));
  if (gradient !== undefined && tight) group.append(s("text", { x: r + 4, y: 4, class: "dlx-node-gradient dlx-beside" }, readable(gradient, 2)));
  if (off) group.append(s("title", {}, off));
  return group;
}
