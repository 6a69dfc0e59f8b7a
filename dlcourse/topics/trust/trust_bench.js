// The trust bench: maps and their tests, rates by group, and a digit read off its gradient.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { readable } from "../../show/kit/controls.js";
import { chart, tabs } from "../../show/kit/draw.js";

const TRUST_CSS = `
.trb-three { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0.75rem; margin-bottom: 0.6rem; }
.trb-two { display: grid; grid-template-columns: repeat(2, minmax(0, 14rem)); gap: 1.25rem; }
.trb-group0 { color: var(--dlx-plus); }
.trb-group1 { color: var(--dlx-minus); }
`;

export default explorable((bench) => tabs(bench, "tab", { lie: lieTab(bench), fair: fairTab(bench), peek: peekTab(bench) }), { css: TRUST_CSS });

const figureOf = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);
const square = () => chart({ height: (w) => w, margin: [0, 0, 0, 0] });
const spoken = (bench) => bench.frame.says.join(" ").replace(/<[^>]*>/g, "").replaceAll("&nbsp;", " ");
const plain = { x: [0, 8], y: [8, 0], bare: true };

function drawDigit(plot, values, label) {
  plot.draw((pen) => { pen.axes(plain); pen.heat(values, 8, 8, { low: 0, high: 1, from: "black", to: "white" }); }, label);
}

function drawMap(plot, values, label) {
  const most = Math.max(...[...values].map(Math.abs), 1e-12);
  plot.draw((pen) => { pen.axes(plain); pen.heat(values, 8, 8, { low: -most, high: most, signed: true }); }, label);
}

function lieTab(bench) {
  const digit = square(), map = square(), other = square();
  const curves = chart({ height: 230, margin: [10, 12, 34, 46] });
  const otherWords = h("figcaption");
  const third = h("figure", { className: "dlx-figure" }, otherWords, other.node);
  curves.handle({
    label: "Pixels painted over", step: [1, 0], name: "plus", say: ([x]) => `${Math.round(x)} pixels`,
    get: () => { const { painted } = bench.settings; return bench.frame.curve ? [painted, bench.frame.curve[painted]] : null; },
    set: (x, y, fine) => bench.turn({ painted: Math.round(Math.max(0, Math.min(32, x))) }, fine),
  });
  const node = h("div", {},
    h("div", { className: "trb-three" }, figureOf("What the network sees", digit), figureOf("The map (blue: for)", map), third),
    figureOf("Painted over, highest first: drag along the curve", curves));
  const draw = (frame, { layers }) => {
    const text = spoken(bench), { answer } = frame.numbers;
    drawDigit(digit, frame.picture, `The picture, answered ${answer}.`);
    drawMap(map, frame.map, `The map of the trained network. ${text}`);
    otherWords.textContent = { 0: "The same network", 1: "Last layer random", 2: "All weights random" }[layers];
    drawMap(other, frame.other, "The map of the compared network.");
    const n = Array.from({ length: 33 }, (_, i) => i);
    curves.draw((pen) => {
      pen.axes({ x: [0, 32], y: [0, 1], xlabel: "pixels painted over, of 64", ylabel: "probability" });
      if (!frame.curve) return pen.words("Predict first.", pen.width / 2, pen.tall / 2, "soft", "center", 14);
      pen.curve(n, frame.random, "soft", { dash: [2, 4] });
      pen.curve(n, frame.ink, "minus", { dash: [6, 4] });
      pen.curve(n, frame.curve, "plus", { width: 2.4 });
      pen.words("random order", pen.X(20), pen.Y(frame.random[20]) - 7, "soft");
      pen.words("the ink itself", pen.X(13), pen.Y(frame.ink[13]) - 7, "minus");
      pen.words("this map", pen.X(3), pen.Y(frame.curve[3]) + 4, "plus");
    }, frame.curve ? `Probability against pixels painted over, mean of 40 digits. ${text}` : "Curves are shown after the prediction.");
  };
  return { node, draw, close: () => [digit, map, other, curves].forEach((plot) => plot.close()) };
}

const RATES = [["base", "would repay"], ["yes", "rate of yes"], ["tpr", "true positive rate"], ["fpr", "false positive rate"], ["accuracy", "right"]];

function fairTab(bench) {
  const roc = chart({ height: 290, margin: [8, 10, 34, 46] });
  const cells = RATES.map(() => [h("td"), h("td"), h("td")]);
  const head = h("tr", {}, h("th", {}, "Rate"), h("th", { className: "trb-group0" }, "Group 0"), h("th", { className: "trb-group1" }, "Group 1"), h("th", {}, "Gap"));
  const table = h("table", { className: "dlx-table" }, h("thead", {}, head), h("tbody", {}, ...RATES.map(([, words], i) => h("tr", {}, h("th", {}, words), ...cells[i]))));
  const grid = (i) => 0.02 + 0.02 * i;
  [["first", 0, "plus"], ["second", 1, "minus"]].forEach(([knob, g, name]) => roc.handle({
    label: `Threshold of group ${g}`, step: [0.02, 0], name, say: () => `threshold ${readable(bench.settings[knob], 2)}`,
    get: () => { const { fpr, tpr } = bench.frame.numbers; return fpr ? [fpr[g], tpr[g]] : null; },
    set: (x, y, fine) => {
      const curve = bench.frame.curves, at = (i, k) => curve[98 * g + 2 * i + k];
      let best = 0, least = Infinity;
      for (let i = 0; i < 49; i++) { const d = (at(i, 0) - x) ** 2 + (at(i, 1) - y) ** 2; if (d < least) { least = d; best = i; } }
      bench.turn({ [knob]: Number(grid(best).toFixed(2)) }, fine);
    },
  }));
  const node = h("div", { className: "dlx-pair" }, figureOf("Both groups, all thresholds: drag a group along its curve", roc),
    h("figure", { className: "dlx-figure" }, h("figcaption", {}, "At these thresholds"), h("div", { className: "dlx-scroll", tabIndex: 0, role: "region", aria: { label: "Rates at these thresholds, a table" } }, table)));
  const draw = (frame) => {
    RATES.forEach(([key], i) => {
      const [a, b] = frame.numbers[key];
      [a, b, b - a].forEach((v, k) => { cells[i][k].textContent = (k === 2 && v > 0 ? "+" : "") + v.toFixed(2).replace("-", "−"); });
    });
    roc.draw((pen) => {
      pen.axes({ x: [0, 1], y: [0, 1], xlabel: "false positive rate", ylabel: "true positive rate" });
      pen.curve([0, 1], [0, 1], "soft", { dash: [4, 4], width: 1 });
      ["plus", "minus"].forEach((name, g) => {
        const part = frame.curves.subarray(98 * g, 98 * (g + 1)), pick = (k) => Array.from({ length: 49 }, (_, i) => part[2 * i + k]);
        pen.curve(pick(0), pick(1), name, { width: 2.2, dash: g ? [7, 4] : [] });
      });
      pen.words("group 0", pen.X(0.62), pen.Y(0.3), "plus");
      pen.words("group 1 (dashed)", pen.X(0.62), pen.Y(0.22), "minus");
    }, `True against false positive rates of both groups. ${spoken(bench)}`);
  };
  return { node, draw, close: () => roc.close() };
}

function peekTab(bench) {
  const truth = square(), back = square();
  const node = h("div", { className: "trb-two" }, figureOf("The client’s digit", truth), figureOf("Rebuilt from the gradient", back));
  const draw = (frame) => {
    drawDigit(truth, frame.true, "The digit of the client.");
    drawDigit(back, frame.back, `What comes back. ${spoken(bench)}`);
  };
  return { node, draw, close: () => { truth.close(); back.close(); } };
}
