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
  let last = null;
  const draw = (columns, edges, look, label) => {
    last = [columns, edges, look, label];
    const width = node.clientWidth || 600;
    node.replaceChildren(picture(columns, edges, look, label, width, height, pick));
  };
  const close = watchWidth(node, () => { if (last) draw(...last); });
  return { node, draw, close };
}

function picture(columns, edges, look, label, width, height, pick) {
  const radius = Math.min(25, width / columns.length / 2.7);
  const at = places(columns, width, height, radius);
  const root = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label });
  columns.forEach((column, i) => root.append(s("text", { x: columnX(columns, i, width, radius), y: 14, class: "dlx-column" }, column.title)));
  for (const edge of edges) root.append(edgeMark(edge, at, look, radius, pick));
  for (const [id, place] of Object.entries(at)) root.append(nodeMark(place, look.nodes[id] ?? {}, radius));
  return root;
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
