// Fold the plane: lines with two handles each, the network's output and its flat pieces, units as thumbnails.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { readable } from "../../show/kit/controls.js";
import { chart } from "../../show/kit/draw.js";

const FOLD_CSS = `
.fpl-units { display: flex; flex-wrap: wrap; gap: 0.6rem; margin-top: 0.6rem; align-items: flex-end; }
.fpl-unit { width: 5.6rem; font-size: 0.86em; text-align: center; font-variant-numeric: tabular-nums; }
.fpl-unit canvas { width: 100%; border: 1px solid var(--dlc-line); border-radius: 4px; }
.fpl-unit input { width: 100%; }
.fpl-buttons { display: flex; flex-direction: column; gap: 0.3rem; }
`;
const MOST_UNITS = 8, FOLD_TINTS = ["plus", "minus", "right", "grad", "mark", "accent", "soft", "wrong"];

export default explorable((bench) => {
  const plane = chart({ height: (w) => w, margin: [2, 2, 2, 2] });
  const pieces = chart({ height: (w) => w, margin: [2, 2, 2, 2] });
  const put = (unit, at, x, y, fine) => {
    const folds = [...bench.settings.folds], i = 5 * unit + at;
    const [dx, dy] = [x - folds[i], y - folds[i + 1]];
    [folds[i], folds[i + 1]] = [round(x), round(y)];
    if (at === 0) { folds[i + 2] = round(folds[i + 2] + dx); folds[i + 3] = round(folds[i + 3] + dy); } // the arrow comes along
    bench.turn({ folds: folds.map((v) => Math.max(-6, Math.min(6, v))) }, fine);
  };
  for (let unit = 0; unit < MOST_UNITS; unit++) for (const [at, what] of [[0, "line"], [2, "arrow"]]) {
    const one = plane.handle({
      label: `Unit ${unit + 1}, ${what}`, step: [0.1, 0.1], name: at ? "grad" : "accent",
      get: () => { const { folds, epochs } = bench.settings; return !epochs && 5 * unit < folds.length ? [folds[5 * unit + at], folds[5 * unit + at + 1]] : null; },
      set: (x, y, fine) => put(unit, at, x, y, fine),
    });
    one.button.classList.add(at ? "dlx-handle-small" : "dlx-handle-middle");
  }
  const units = unitRow(bench);
  const figure = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);
  const title = h("figcaption", {}, "");
  const node = h("div", {}, h("div", { className: "dlx-pair" }, figure("Drag a line by its dot, turn it by its arrow", plane), h("figure", { className: "dlx-figure" }, title, pieces.node)), units.node);
  const axes = { x: [-3, 3], y: [-3, 3], bare: true };
  const draw = (frame, settings) => {
    const text = bench.frame.says.join(" ").replace(/<[^>]*>/g, ""), { lines, count, activation } = frame.numbers;
    title.textContent = count === undefined ? "Flat pieces" : activation === "relu" ? `${count} flat pieces` : activation === "linear" ? "1 flat piece" : "No flat pieces";
    plane.draw((pen) => {
      pen.axes(axes);
      if (frame.output) {
        pen.heat(frame.output, 80, 80, { low: 0, high: 255, signed: true, smooth: true, alpha: 0.55 });
        pen.contour(Float32Array.from(frame.output, (v) => v - 127.5), 80, 80, [0], "ink", { width: 2.2, alpha: 0.9 });
      }
      scatter(pen, frame);
      lines.forEach((line, i) => foldLine(pen, line, FOLD_TINTS[i]));
      if (!settings.epochs) arrows(pen, settings.folds);
      frameBox(pen);
    }, `The plane with ${frame.labels.length} points and ${lines.length} fold lines. ${text}`);
    pieces.draw((pen) => {
      pen.axes(axes);
      if (!frame.regions) pen.words("Predict first.", pen.width / 2, pen.tall / 2, "soft", "center", 14);
      else paintRegions(pen, frame.regions, activation === "relu");
      lines.forEach((line, i) => foldLine(pen, line, FOLD_TINTS[i]));
      frameBox(pen);
    }, count === undefined ? "The pieces are shown after the prediction." : `${count} flat pieces. ${text}`);
    units.draw(frame, settings);
  };
  return { node, draw, close: () => { plane.close(); pieces.close(); } };
}, { css: FOLD_CSS });

const round = (v) => Number(v.toFixed(2));

function scatter(pen, frame) {
  for (const [label, name, shape] of [[0, "minus", "circle"], [1, "plus", "square"]]) for (const right of [1, 0]) {
    const xs = [], ys = [];
    frame.labels.forEach((v, i) => { if (v === label && (frame.right ? frame.right[i] : 1) === right) { xs.push(frame.points[2 * i]); ys.push(frame.points[2 * i + 1]); } });
    pen.points(xs, ys, name, { size: right ? 2.6 : 3.4, shape, hollow: !right });
  }
}

/** The line a x + b y + c = 0 across the view. */
function foldLine(pen, [a, b, c], name) {
  const size = a * a + b * b;
  if (size < 1e-9) return;
  const [fx, fy] = [(-c * a) / size, (-c * b) / size], r = 12 / Math.sqrt(size);
  pen.curve([fx - r * b, fx + r * b], [fy + r * a, fy - r * a], name, { width: 1.8 });
}

function arrows(pen, folds) {
  for (let i = 0; i < folds.length; i += 5) pen.curve([folds[i], folds[i + 2]], [folds[i + 1], folds[i + 3]], "grad", { width: 2, dash: [2, 2] });
}

function frameBox(pen) {
  pen.c.strokeStyle = pen.colour("line");
  pen.c.strokeRect(pen.box.left, pen.box.top, pen.box.right - pen.box.left, pen.box.bottom - pen.box.top);
}

/** Neighbouring pieces in different tints: a few colours of the theme, mixed into the page. */
function paintRegions(pen, regions, counted) {
  const values = Float32Array.from(regions, (r) => (counted ? ((r * 5) % 16) - 7.5 : 0));
  pen.heat(values, 80, 80, { low: -8, high: 8, signed: true, alpha: 0.75 });
}

/** Each unit's own picture, and the weight with which it is added. */
function unitRow(bench) {
  const node = h("div", { className: "fpl-units" });
  let made = [];
  const change = (units) => {
    const folds = [...bench.settings.folds];
    if (units < 0) return folds.length > 5 ? folds.slice(0, -5) : folds;
    const angle = (folds.length / 5) * 2.4;
    return [...folds, round(1.2 * Math.cos(angle)), round(1.2 * Math.sin(angle)), round(2 * Math.cos(angle)), round(2 * Math.sin(angle)), -1];
  };
  const add = h("button", { type: "button", className: "dlc-button dlx-step", onclick: () => bench.turn({ folds: change(1) }) }, "Add a unit");
  const drop = h("button", { type: "button", className: "dlc-button dlx-step", onclick: () => bench.turn({ folds: change(-1) }) }, "Remove one");
  const buttons = h("div", { className: "fpl-buttons" }, add, drop);
  const build = (n) => {
    made = Array.from({ length: n }, (_, i) => {
      const canvas = h("canvas", { width: 40, height: 40, role: "img" }), words = h("div");
      const slider = h("input", { type: "range", className: "dlx-range", min: -3, max: 3, step: 0.05, aria: { label: `Output weight of unit ${i + 1}` } });
      const put = (fine) => { const folds = [...bench.settings.folds]; folds[5 * i + 4] = Number(slider.value); bench.turn({ folds }, fine); };
      slider.addEventListener("input", () => put(false));
      slider.addEventListener("change", () => put(true));
      return { canvas, words, slider, node: h("div", { className: "fpl-unit" }, canvas, words, slider) };
    });
    node.replaceChildren(...made.map((unit) => unit.node), buttons);
  };
  const draw = (frame, { folds, activation, epochs }) => {
    const n = folds.length / 5;
    if (made.length !== n) build(n);
    add.disabled = n >= MOST_UNITS;
    drop.disabled = n <= 1;
    frame.numbers.lines.slice(0, n).forEach((line, i) => {
      thumbnail(made[i].canvas, line, activation);
      made[i].canvas.setAttribute("aria-label", `Unit ${i + 1}: active where ${readable(line[0], 2)} x + ${readable(line[1], 2)} y + ${readable(line[2], 2)} is positive`);
      const weight = folds[5 * i + 4];
      made[i].words.textContent = epochs ? `unit ${i + 1}` : `× ${readable(weight)}`;
      if (Number(made[i].slider.value) !== weight) made[i].slider.value = weight;
      made[i].slider.style.setProperty("--at", `${((weight + 3) / 6) * 100}%`);
      made[i].slider.hidden = epochs > 0;
    });
  };
  return { node, draw };
}

function thumbnail(canvas, [a, b, c], activation) {
  const pen = canvas.getContext("2d"), image = pen.createImageData(40, 40);
  const act = { relu: (z) => Math.max(z, 0), tanh: Math.tanh, linear: (z) => z }[activation];
  for (let r = 0; r < 40; r++) for (let q = 0; q < 40; q++) {
    const v = act(a * ((q + 0.5) / 20 - 1) * 3 + b * (1 - (r + 0.5) / 20) * 3 + c), t = Math.min(1, Math.abs(v) / 3);
    image.data.set(v < 0 ? [184, 80, 12, 255 * t] : [22, 104, 184, 255 * t], 4 * (40 * r + q));
  }
  pen.putImageData(image, 0, 0);
}
