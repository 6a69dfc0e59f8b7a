// The overfit dial: points and a curve, the error over all capacities, and the train/eval switch.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { readable } from "../../show/kit/controls.js";
import { chart, tabs } from "../../show/kit/draw.js";

const DIAL_CSS = `
.ovd-big { display: flex; flex-wrap: wrap; gap: 0.25rem 2rem; align-items: baseline; margin-bottom: 0.5rem; }
.ovd-big b { font-size: 2.1em; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -0.02em; color: var(--dlx-minus); }
.ovd-big .ovd-right { color: var(--dlc-right); }
`;

export default explorable((bench) => tabs(bench, "tab", { dial: dialTab(bench), switch: switchTab(bench) }), { css: DIAL_CSS });

const dialFigure = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);

function dialTab(bench) {
  const curve = chart({ height: 290, margin: [8, 8, 34, 40] });
  const error = chart({ height: 290, margin: [8, 10, 34, 58] });
  const point = () => bench.frame.numbers.pulled;
  const still = () => bench.frame.y[point()] - bench.frame.numbers.pull; // its height before it was pulled
  curve.handle({
    label: "One of the points", step: [0, 0.1], name: "plus", say: ([, y]) => `height ${readable(y)}`,
    get: () => [bench.frame.x[point()], Math.max(-3, Math.min(3, still() + (bench.settings.pulled[0] === point() ? bench.settings.pulled[1] : 0)))],
    set: (x, y, fine) => bench.turn({ pulled: [point(), Number((y - still()).toFixed(2))] }, fine),
  });
  curve.canvas.addEventListener("click", (event) => {
    const px = event.offsetX, xs = [...bench.frame.x].map((x) => Math.abs(curve.pen.X(x) - px));
    bench.turn({ pulled: [xs.indexOf(Math.min(...xs)), 0] });
  });
  error.handle({
    label: "Degree", step: [1, 0], name: "minus", say: ([x]) => `degree ${Math.round(x)}`,
    get: () => { const { degree } = bench.settings; return bench.frame.curves ? [degree, Math.min(1e10, Math.max(1e-5, bench.frame.curves[3 * degree + 1]))] : null; },
    set: (x, y, fine) => bench.turn({ degree: Math.round(Math.max(0, Math.min(60, x))) }, fine),
  });
  const node = h("div", { className: "dlx-pair" }, dialFigure("Points (drag one), truth (dashed) and fit", curve), dialFigure("Error at every degree: drag along the curve", error));
  const draw = (frame, settings) => {
    const text = bench.frame.says.join(" ").replace(/<[^>]*>/g, "").replaceAll("&nbsp;", " "), { n } = frame.numbers;
    curve.draw((pen) => {
      pen.axes({ x: [-1.05, 1.05], y: [-3, 3], xlabel: "x", ylabel: "y" });
      pen.curve(frame.grid, frame.truth, "soft", { dash: [5, 4], width: 1.5 });
      if (frame.fit) pen.curve(frame.grid, frame.fit, "minus", { width: 2.4 });
      pen.points(frame.x, frame.y, "plus", { size: 4 });
    }, text);
    error.draw((pen) => {
      pen.axes({ x: [0, 60], y: [1e-5, 1e10], ylog: true, xlabel: "degree", ylabel: "mean squared error" });
      if (!frame.curves) return pen.words("Predict first.", pen.width / 2, pen.tall / 2, "soft", "center", 14);
      const d = Array.from({ length: 61 }, (_, i) => i), column = (j) => d.map((i) => Math.max(1e-7, frame.curves[3 * i + j]));
      pen.rule(n - 1, "soft", { vertical: true });
      pen.words("parameters = points", pen.X(n - 1) + 6, pen.box.bottom - 10, "soft");
      pen.curve(d, column(0), "plus", { dash: [6, 4] });
      pen.curve(d, column(1), "minus", { width: 2.4 });
      pen.words("test", pen.X(55), pen.Y(column(1)[55]) - 8, "minus", "center");
      pen.words("training", pen.box.left + 5, pen.Y(1e-4), "plus");
    }, frame.curves ? `Training and test error over degrees 0 to 60. ${text}` : "Errors are shown after the prediction.");
  };
  return { node, draw, close: () => { curve.close(); error.close(); } };
}

function switchTab(bench) {
  const sweep = chart({ height: 260, margin: [8, 10, 34, 46] });
  const means = chart({ height: 260, margin: [8, 10, 34, 46] });
  const now = h("b"), right = h("b", { className: "ovd-right" });
  const big = h("div", { className: "ovd-big" }, h("span", {}, now, " in this mode"), h("span", {}, right, " used rightly"));
  const second = dialFigure("Hidden units: running mean against this batch’s mean", means);
  const node = h("div", {}, big, h("div", { className: "dlx-pair" }, dialFigure("The same weights, in batches of other sizes", sweep), second));
  sweep.handle({
    label: "Batch size", step: ([x]) => [Math.max(1, x), 0], name: "minus", say: ([x]) => `batches of ${Math.round(x)}`,
    get: () => { const a = bench.frame.numbers.accuracy; return a === null || a === undefined ? null : [bench.settings.size, a]; },
    set: (x, y, fine) => bench.turn({ size: Math.max(1, Math.min(256, Math.round(x))) }, fine),
  });
  const percent = (v) => (v === null ? "error" : `${(100 * v).toFixed(1)} %`);
  const draw = (frame) => {
    const { accuracy, right: best, layer, repeats } = frame.numbers, text = bench.frame.says.join(" ").replace(/<[^>]*>/g, "").replaceAll("&nbsp;", " ");
    now.textContent = percent(accuracy);
    right.textContent = percent(best);
    sweep.draw((pen) => {
      pen.axes({ x: [1, 256], y: [0, 1], xlog: true, xlabel: "batch size", ylabel: "accuracy" });
      pen.rule(best, "right");
      pen.curve(frame.sizes, frame.sweep, "minus");
      pen.points(frame.sizes, frame.sweep, "minus", { size: 3.5 });
      pen.points(repeats.map(() => bench.settings.size), repeats, "grad", { size: 2.5, alpha: 0.7 });
    }, text);
    second.hidden = layer !== "batch norm";
    means.draw((pen) => {
      const most = Math.max(1, ...[...frame.batch_mean, ...frame.running_mean].map(Math.abs)) * 1.05;
      pen.axes({ x: [-most, most], y: [-most, most], xlabel: "running mean", ylabel: "mean of the batch" });
      pen.curve([-most, most], [-most, most], "soft", { dash: [4, 4], width: 1 });
      pen.points(frame.running_mean, frame.batch_mean, "plus", { size: 3.5, alpha: 0.8 });
    }, `Running and batch means of 64 hidden units; on the diagonal they agree.`);
  };
  return { node, draw, close: () => { sweep.close(); means.close(); } };
}
