// Momentum terrain: a valley with paths and a start to drag, a pad of step and momentum, Adam's ledger.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { readable } from "../../show/kit/controls.js";
import { chart, tabs } from "../../show/kit/draw.js";

const TERRAIN_CSS = `
.mmt-legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; font-size: 0.88em; margin: 0.25rem 0 0.5rem; }
.mmt-legend i { display: inline-block; width: 1.3em; height: 3px; vertical-align: 0.25em; margin-right: 0.4em; background: var(--c); }
.mmt-table { max-height: 15rem; overflow: auto; }
`;
const TERRAIN_COLOURS = ["soft", "plus", "right", "minus", "grad"];
const TERRAIN_DASHES = [[2, 3], [], [7, 3], [], [2, 2]];

export default explorable((bench) => tabs(bench, "tab", { descent: descentTab(bench), adam: adamTab(bench) }), { css: TERRAIN_CSS });

function descentTab(bench) {
  const valley = chart({ height: (w) => Math.min(340, w * 0.62), margin: [8, 8, 34, 40] });
  const pad = chart({ height: (w) => Math.min(300, w * 0.75), margin: [8, 8, 34, 42] });
  const error = chart({ height: 200, margin: [8, 8, 34, 52] });
  const round = (v, n) => Number(v.toFixed(n));
  valley.handle({ label: "Start", step: [0.2, 0.1], name: "grad", get: () => bench.settings.start, set: (x, y, fine) => bench.turn({ start: [round(x, 2), round(y, 2)] }, fine) });
  pad.handle({ label: "Rate η and momentum β", step: [0.005, 0.01], get: () => [bench.settings.alpha, bench.settings.beta], set: (x, y, fine) => bench.turn({ alpha: round(x, 4), beta: round(y, 3) }, fine) });
  const legend = h("div", { className: "mmt-legend" });
  const figure = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);
  const node = h("div", {}, figure("The valley: drag the start", valley), legend,
    h("div", { className: "dlx-pair" }, figure("Drag rate and momentum: more colour is faster", pad), figure("Momentum’s error, along and across the valley", error)));
  const draw = (frame) => {
    const { methods, mu, limit, rate } = frame.numbers, text = bench.frame.says.join(" ").replace(/<[^>]*>/g, "");
    const n = frame.paths ? frame.paths.shape[1] : 0;
    const along = (m, axis) => Array.from({ length: n }, (_, t) => frame.paths[(m * n + t) * 2 + axis]);
    valley.draw((pen) => {
      pen.axes({ x: [-10, 10], y: [-4, 4], xlabel: "along the valley", ylabel: "across" });
      contours(pen, mu);
      if (!n) return pen.words("Predict first.", pen.width / 2, pen.Y(1), "soft", "center", 14);
      methods.forEach((_, m) => {
        pen.curve(along(m, 0), along(m, 1), TERRAIN_COLOURS[m], { width: m === 1 ? 2.4 : 1.5, dash: TERRAIN_DASHES[m] });
        pen.points(along(m, 0), along(m, 1), TERRAIN_COLOURS[m], { size: m === 1 ? 2.6 : 1.8 });
      });
    }, text);
    legend.replaceChildren(...methods.map((name, m) => { const key = h("i"); key.style.setProperty("--c", `var(--${["dlc-soft", "dlx-plus", "dlc-right", "dlx-minus", "dlx-grad"][m]})`); return h("span", {}, key, name); }));
    pad.draw((pen) => {
      pen.axes({ x: [0.005, 0.42], y: [0, 0.99], xlabel: "rate η", ylabel: "momentum β" });
      if (!frame.rates) return pen.words("?", pen.width / 2, pen.tall / 2, "soft", "center", 22);
      pen.heat(frame.rates, 60, 60, { low: 1, high: Math.min(...frame.rates), to: "plus", smooth: true });
      pen.contour(frame.rates, 60, 60, [1], "minus", { width: 2, alpha: 1 });
      pen.words("diverges", pen.box.right - 8, pen.box.bottom - 8, "minus", "right");
    }, limit === undefined ? "Rates are shown after the prediction." : `The error changes by the factor ${readable(rate)} a step at rate ${readable(bench.settings.alpha)} and momentum ${readable(bench.settings.beta)}; the limit of the rate is ${readable(limit)}.`);
    error.draw((pen) => {
      pen.axes({ x: [0, n ? Math.max(1, n - 1) : bench.settings.steps], y: [1e-6, 1e3], ylog: true, xlabel: "steps", ylabel: "error" });
      if (!n) return;
      const t = Array.from({ length: n }, (_, i) => i);
      pen.curve(t, along(1, 0).map((v) => Math.abs(v) + 1e-9), "plus", { width: 2 });
      pen.curve(t, along(1, 1).map((v) => Math.abs(v) + 1e-9), "minus", { width: 2, dash: [6, 3] });
      pen.words("along", pen.box.right - 6, pen.box.top + 14, "plus", "right");
      pen.words("across (dashed)", pen.box.right - 6, pen.box.top + 29, "minus", "right");
    }, `Error of momentum along and across the valley over ${n} steps.`);
  };
  return { node, draw, close: () => [valley, pad, error].forEach((plot) => plot.close()) };
}

/** Lines of equal height of (mu x² + L y²) / 2: ellipses. */
function contours(pen, mu) {
  const { c, box } = pen;
  c.save(); c.beginPath(); c.rect(box.left, box.top, box.right - box.left, box.bottom - box.top); c.clip();
  c.strokeStyle = pen.colour("line"); c.lineWidth = 1;
  for (let r = 0.7; r < 16; r += 1.1) {
    c.beginPath();
    c.ellipse(pen.X(0), pen.Y(0), (r / Math.sqrt(mu)) * (pen.X(1) - pen.X(0)), (r / Math.sqrt(10)) * (pen.Y(0) - pen.Y(1)), 0, 0, 2 * Math.PI);
    c.stroke();
  }
  pen.words("×", pen.X(0), pen.Y(0) + 4, "ink", "center", 14);
  c.restore();
}

function adamTab(bench) {
  const weight = chart({ height: 230, margin: [8, 10, 34, 52] });
  const steps = chart({ height: 230, margin: [8, 10, 34, 52] });
  const names = ["t", "g", "m", "v", "m̂", "v̂", "step / lr", "w"];
  const body = h("tbody");
  const figure = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);
  const table = h("div", { className: "mmt-table", tabIndex: 0, role: "region", aria: { label: "Adam's quantities in the first 20 steps" } },
    h("table", { className: "dlx-table" }, h("thead", {}, h("tr", {}, ...names.map((n) => h("th", { scope: "col" }, n)))), body));
  const node = h("div", {}, h("div", { className: "dlx-pair" }, figure("The weight over 200 steps (dashed: the right rule)", weight), figure("The first 20 steps, in units of lr", steps)), table);
  const draw = (frame) => {
    const text = bench.frame.says.join(" ").replace(/<[^>]*>/g, "");
    const t = Array.from({ length: 200 }, (_, i) => i + 1);
    const span = (values, least) => { const f = [...values].filter(Number.isFinite); const [a, b] = [Math.min(...f, least[0]), Math.max(...f, least[1])]; return [a - 0.05 * (b - a), b + 0.05 * (b - a)]; };
    weight.draw((pen) => {
      pen.axes({ x: [0, 200], y: span([...frame.w, ...frame.w_right], [0, 1]), xlabel: "step", ylabel: "w" });
      pen.curve(t, frame.w_right, "soft", { dash: [5, 4] });
      pen.curve(t, frame.w, "minus", { width: 2.4 });
    }, text);
    steps.draw((pen) => {
      pen.axes({ x: [0, 20], y: span(frame.steps, [-0.2, 1.2]), xlabel: "t", ylabel: "step / lr" });
      pen.rule(1, "right", { words: "1 × lr" });
      pen.curve(t.slice(0, 20), frame.steps, "minus");
      pen.points(t.slice(0, 20), frame.steps, "minus", { size: 3 });
    }, `The first step is ${readable(frame.numbers.first)} times the learning rate.`);
    const cell = (row, i) => readable(row === 5 ? frame.table[20 * row + i] / frame.numbers.lr : frame.table[20 * row + i]);
    body.replaceChildren(...Array.from({ length: 20 }, (_, i) => h("tr", {}, h("th", { scope: "row" }, String(i + 1)), ...[0, 1, 2, 3, 4, 5, 6].map((row) => h("td", {}, cell(row, i))))));
  };
  return { node, draw, close: () => [weight, steps].forEach((plot) => plot.close()) };
}
