// The kernel bench: photograph, kernel to edit, response; rows of cells; overlaps.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { readable } from "../../show/kit/controls.js";
import { cells } from "../../show/kit/cells.js";
import { chart, tabs } from "../../show/kit/draw.js";
import { s, watchWidth } from "../../show/kit/svg.js";

const KERNEL_CSS = `
.knb-kernel { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.5rem 1.25rem; align-items: start; margin-top: 0.75rem; }
@container (max-width: 480px) { .knb-kernel { grid-template-columns: minmax(0, 1fr); } }
.knb-kernel .dlx-cells { width: 10.5rem; max-width: 100%; }
.knb-kernel .dlx-cell { cursor: ns-resize; }
.knb-sizes { display: flex; gap: 0.35rem; margin-top: 0.4rem; }
.knb-sum { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: center; }
.knb-mini { display: inline-grid; gap: 1px; grid-template-columns: repeat(var(--columns), minmax(1.4rem, 2.6rem)); font-size: 0.8em; font-variant-numeric: tabular-nums; }
.knb-mini span { display: grid; place-items: center; aspect-ratio: 1.25; }
.knb-shapes svg { display: block; }
.knb-shapes text { fill: var(--dlc-soft); font-size: 11px; text-anchor: middle; }
.knb-shapes .knb-left { text-anchor: start; }
.knb-cell { fill: var(--dlc-page); stroke: var(--dlc-soft); }
.knb-pad { stroke-dasharray: 2 2; fill: var(--dlc-card); }
.knb-seen { fill: color-mix(in srgb, var(--dlc-accent) 25%, var(--dlc-page)); stroke: var(--dlc-accent); }
.knb-lost { fill: color-mix(in srgb, var(--dlx-minus) 30%, var(--dlc-page)); stroke: var(--dlx-minus); }
.knb-link { stroke: var(--dlc-accent); opacity: 0.6; }
`;

export default explorable((bench) => {
  const view = tabs(bench, "tab", { kernel: kernelTab(bench), shapes: shapesTab(bench), upsampling: upsamplingTab(bench) });
  return view;
}, { css: KERNEL_CSS });

const signed = (value, most) => `color-mix(in srgb, var(${value < 0 ? "--dlx-minus" : "--dlx-plus"}) ${Math.round(70 * Math.min(1, Math.abs(value) / most))}%, var(--dlx-paper))`;

function kernelTab(bench) {
  const photo = chart({ height: (w) => w / 1.5, margin: [0, 0, 0, 0] });
  const response = chart({ height: (w) => w / 1.5, margin: [0, 0, 0, 0] });
  const axes = { x: [0, 150], y: [100, 0], bare: true };
  const put = (x, y, fine) => bench.turn({ pixel: [Math.min(99, Math.max(0, Math.floor(y))), Math.min(149, Math.max(0, Math.floor(x)))] }, fine);
  for (const plot of [photo, response]) {
    plot.handle({ label: "Marked pixel", step: [1, -1], get: () => [bench.settings.pixel[1] + 0.5, bench.settings.pixel[0] + 0.5], set: put, name: "grad" });
    plot.canvas.addEventListener("click", (event) => put(plot.pen.atX(event.offsetX), plot.pen.atY(event.offsetY), true));
  }
  const editor = h("div"), sum = h("div", { className: "knb-sum" });
  let grid = null, side = 0;
  const sizes = [3, 5, 7].map((k) => h("button", { type: "button", className: "dlc-button dlx-step", onclick: () => bench.turn({ kernel: resized(bench.settings.kernel, k) }) }, `${k} × ${k}`));
  const figure = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);
  const node = h("div", {}, h("div", { className: "dlx-pair" }, figure("Photograph", photo), figure("Response: positive blue, negative orange", response)),
    h("div", { className: "knb-kernel" }, h("div", {}, h("div", { className: "dlx-label" }, "Kernel: drag a cell up or down"), editor, h("div", { className: "knb-sizes" }, ...sizes)),
      h("div", {}, h("div", { className: "dlx-label" }, "At the marked pixel"), sum)));
  const draw = (frame, { kernel, pixel, pool }) => {
    const k = Math.round(Math.sqrt(kernel.length));
    if (k !== side) { side = k; grid = makeGrid(bench, k); editor.replaceChildren(grid.node); }
    grid.draw();
    const box = (pen) => { const half = (frame.numbers.side - 1) / 2; pen.c.strokeStyle = pen.colour("mark"); pen.c.lineWidth = 2; const [x, y] = [pen.X(pixel[1] - half), pen.Y(pixel[0] - half)]; pen.c.strokeRect(x, y, pen.X(pixel[1] + half + 1) - x, pen.Y(pixel[0] + half + 1) - y); };
    const text = bench.frame.says.join(" ").replace(/<[^>]*>/g, "");
    photo.draw((pen) => { pen.axes(axes); pen.heat(frame.photo, 100, 150, { low: 0, high: 255, from: "black", to: "white", smooth: true }); box(pen); }, `The photograph in grey, with the ${k} by ${k} window of the marked pixel.`);
    response.draw((pen) => {
      pen.axes(axes);
      if (!frame.response) return pen.words("Predict first.", pen.width / 2, pen.tall / 2, "soft", "center", 14);
      const shown = pooledView(frame.response, pool);
      pen.heat(shown.values, shown.rows, shown.columns, { low: 0, high: 255, signed: true, smooth: pool === "none" });
    }, `The response. ${text}`);
    sum.replaceChildren(mini(frame.patch, k, (v) => { const grey = Math.round(255 * v); return `rgb(${grey} ${grey} ${grey})`; }, (v) => (v < 0.5 ? "#fff" : "#000")), "×",
      mini(frame.applied, k, (v) => signed(v, 4)), h("span", {}, "→ ", h("b", {}, frame.numbers.answer === undefined ? "?" : readable(frame.numbers.by_hand))));
  };
  return { node, draw, close: () => { photo.close(); response.close(); } };
}

function makeGrid(bench, k) {
  return cells({
    rows: k, columns: k, low: -9, high: 9, step: 0.25, label: "Cells of the kernel. Arrow keys move, plus and minus change, digits can be typed.",
    get: (i) => bench.settings.kernel[i] ?? 0,
    set: (i, value, fine) => { const kernel = [...bench.settings.kernel]; kernel[i] = value; bench.turn({ kernel }, fine); },
    show: (v) => readable(v, 2), tint: (v) => signed(v, 4),
  });
}

/** The same kernel in the middle of a larger one, or its middle. */
function resized(kernel, k) {
  const old = Math.round(Math.sqrt(kernel.length)), off = (k - old) / 2;
  return [...Array(k * k).keys()].map((i) => { const [r, c] = [Math.floor(i / k) - off, (i % k) - off]; return r >= 0 && c >= 0 && r < old && c < old ? kernel[r * old + c] : 0; });
}

function pooledView(values, pool) {
  if (pool === "none") return { values, rows: 100, columns: 150 };
  if (pool === "global") return { values: [values.reduce((a, b) => a + b, 0) / values.length], rows: 1, columns: 1 };
  const out = new Float32Array(50 * 75);
  for (let r = 0; r < 50; r++) for (let c = 0; c < 75; c++) { const i = 300 * r + 2 * c; out[75 * r + c] = Math.max(values[i], values[i + 1], values[i + 150], values[i + 151]); }
  return { values: out, rows: 50, columns: 75 };
}

function mini(values, k, tint, ink = () => "inherit") {
  const node = h("span", { className: "knb-mini", aria: { hidden: "true" } }, ...[...values].map((v) => { const cell = h("span", {}, k > 5 ? "" : readable(v, 2)); cell.style.background = tint(v); cell.style.color = ink(v); return cell; }));
  node.style.setProperty("--columns", k);
  return node;
}

/** Input cells above, outputs below; cells that no output sees are marked. */
function shapesTab(bench) {
  const node = h("div", { className: "knb-shapes" });
  let last = null, width = 0;
  const draw = (frame) => { last = frame; width ||= node.clientWidth; if (width) node.replaceChildren(rowsPicture(frame, width, bench.frame.says.join(" ").replace(/<[^>]*>/g, ""))); };
  const close = watchWidth(node, (now) => { width = now; if (last) draw(last); });
  return { node, draw, close };
}

function rowsPicture(frame, width, label) {
  const { n, k, s: stride, p, d, out, left, fields } = frame.numbers, cell = Math.min(34, (width - 8) / (n + 2 * p)), gap = 92;
  const at = (i) => (width - (n + 2 * p) * cell) / 2 + (i + p) * cell;
  const high = 24 + 2 * cell + gap + 30 + 24 * (fields.length + 1);
  const root = s("svg", { viewBox: `0 0 ${width} ${high}`, width, height: high, role: "img", "aria-label": label });
  const last = out ? (out - 1) * stride - p + d * (k - 1) : -p - 1, first = -p;
  root.append(s("text", { x: width / 2, y: 14 }, `${n} input cells${p ? `, ${p} of padding on each side` : ""}`));
  const taps = new Set(out ? [...Array(k).keys()].map((j) => first + j * d) : []);
  for (let i = -p; i < n + p; i++) root.append(s("rect", { x: at(i) + 1, y: 24, width: cell - 2, height: cell - 2, rx: 3, class: `knb-cell${i < 0 || i >= n ? " knb-pad" : ""}${taps.has(i) ? " knb-seen" : ""}${i > last && left ? " knb-lost" : ""}` }));
  for (let o = 0; o < out; o++) {
    const centre = at(o * stride - p + (d * (k - 1)) / 2) + cell / 2;
    for (let j = 0; j < k; j++) root.append(s("line", { x1: at(o * stride - p + j * d) + cell / 2, y1: 24 + cell, x2: centre, y2: 24 + cell + gap, class: "knb-link", "stroke-width": o ? 0.5 : 1.8 }));
    root.append(s("rect", { x: centre - cell / 2 + 1, y: 24 + cell + gap, width: cell - 2, height: cell - 2, rx: 3, class: `knb-cell${o ? "" : " knb-seen"}` }));
  }
  root.append(s("text", { x: width / 2, y: 24 + 2 * cell + gap + 16 }, `${out} outputs${left ? `; ${left === 1 ? "1 cell in orange is" : `${left} cells in orange are`} never seen` : ""}`));
  root.append(...fieldBars(fields, width, 24 + 2 * cell + gap + 42));
  return root;
}

/** How far one output sees, layer after layer: bars as wide as the receptive field. */
function fieldBars(fields, width, top) {
  const unit = Math.min(14, (width - 170) / Math.max(...fields)), middle = (width + 130) / 2;
  return fields.flatMap((field, i) => [
    s("text", { x: 4, y: top + 24 * i + 13, class: "knb-left" }, `after ${i + 1} layer${i ? "s" : ""}: ${field} inputs`),
    ...[...Array(Math.min(field, 400)).keys()].map((j) => s("rect", { x: middle - (field * unit) / 2 + j * unit + 0.5, y: top + 24 * i, width: Math.max(unit - 1, 0.5), height: 16, rx: 2, class: "knb-cell knb-seen" })),
  ]);
}

function upsamplingTab(bench) {
  const plot = chart({ height: (w) => Math.min(w, 360), margin: [0, 0, 0, 0] });
  const draw = (frame) => plot.draw((pen) => {
    const width = frame.numbers.width, size = Math.min(pen.width, pen.tall), at = { left: 0, top: 0, right: size, bottom: size };
    pen.heat(frame.counts, width, width, { low: 0, high: frame.numbers.most, to: "plus", at });
    const cell = size / width;
    if (cell > 13) for (let i = 0; i < width * width; i++) pen.words(String(frame.counts[i]), ((i % width) + 0.5) * cell, (Math.floor(i / width) + 0.5) * cell + 4, "ink", "center", Math.min(12, cell * 0.6));
  }, bench.frame.says.join(" ").replace(/<[^>]*>/g, ""));
  return { node: h("figure", { className: "dlx-figure" }, h("figcaption", {}, "How often each output is written to"), plot.node), draw, close: plot.close };
}
