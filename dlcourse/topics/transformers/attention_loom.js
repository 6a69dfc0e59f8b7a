// The attention loom: scores, weights, what a query reads, and the leak meter.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { chart } from "../../show/kit/draw.js";

const LOOM_CSS = `
.loom-meters { display: grid; grid-template-columns: fit-content(45%) minmax(3rem, 1fr) max-content; gap: 0.3rem 0.75rem; align-items: center; margin-top: 0.75rem; }
.loom-bar { height: 0.8rem; border: 1px solid var(--dlc-line); border-radius: 3px; background: var(--dlx-paper); overflow: hidden; }
.loom-bar span { display: block; height: 100%; background: var(--dlx-plus); }
.loom-bar.loom-leak span { background: var(--dlx-minus); }
`;

export default explorable((loom) => {
  const scores = chart({ height: (w) => w, margin: [0, 0, 0, 0] });
  const weights = chart({ height: (w) => w, margin: [0, 0, 0, 0] });
  const meters = h("div", { className: "loom-meters" });
  const figure = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);
  const node = h("div", {}, h("div", { className: "dlx-pair" },
    figure("Scores: a row for each query, a column for each key", scores),
    figure("Weights after mask and softmax", weights)), meters);
  const mark = (plot) => plot.canvas.addEventListener("click", (event) => {
    const count = loom.frame.numbers.words.length, place = placed(plot.canvas.clientWidth, count);
    const row = Math.floor((event.offsetY - place.top) / place.cell);
    if (row >= 0 && row < count) loom.turn({ query: row }, true);
  });
  [scores, weights].forEach(mark);
  const draw = (frame) => {
    const { words, row } = frame.numbers, text = loom.frame.says.join(" ").replace(/<[^>]*>/g, "");
    const most = Math.max(...frame.scores.map(Math.abs), 1e-6);
    scores.draw((pen) => matrix(pen, frame.scores, words, row, { low: -most, high: most, signed: true }, most), `Scores of ${words.length} words. ${text}`);
    weights.draw((pen) => {
      if (!frame.weights) return pen.words("Predict first.", pen.width / 2, pen.tall / 2, "soft", "center", 14);
      matrix(pen, frame.weights, words, row, { low: 0, high: 1, to: "plus" }, 1);
    }, `Weights. ${text}`);
    meters.replaceChildren(...meterRows(frame.numbers));
  };
  return { node, draw, close: () => { scores.close(); weights.close(); } };
}, { css: LOOM_CSS });

function placed(width, count) {
  const left = 46, top = 22;
  return { left, top, cell: (width - left - 4) / count };
}

function matrix(pen, values, words, row, colours, most) {
  const count = words.length, { left, top, cell } = placed(pen.width, count);
  pen.heat(values, count, count, { ...colours, at: { left, top, right: left + cell * count, bottom: top + cell * count } });
  for (let i = 0; i < count; i++) {
    pen.words(words[i], left - 4, top + (i + 0.5) * cell + 4, i === row ? "ink" : "soft", "right", 11);
    pen.words(words[i], left + (i + 0.5) * cell, top - 6, "soft", "center", 11);
  }
  if (cell > 26) values.forEach((value, i) => {
    const [r, c] = [Math.floor(i / count), i % count];
    pen.words(value.toFixed(Math.abs(value) < 10 ? 2 : 0), left + (c + 0.5) * cell, top + (r + 0.5) * cell + 4, Math.abs(value) > 0.6 * most ? "paper" : "ink", "center", Math.min(11, cell / 3.2));
  });
  pen.c.strokeStyle = pen.colour("mark");
  pen.c.lineWidth = 2;
  pen.c.strokeRect(left, top + row * cell, cell * count, cell);
}

function meterRows(numbers) {
  const known = numbers.leak_keys !== undefined;
  const rows = [["Largest share", numbers.largest, "", `${Math.round(100 * numbers.largest)} %`]];
  if (known) rows.push(
    ["Leak through later values", Math.min(1, numbers.leak_values), "loom-leak", small(numbers.leak_values)],
    ["Leak through later keys", Math.min(1, numbers.leak_keys), "loom-leak", small(numbers.leak_keys)],
    ["Smallest sum of a row", Math.min(1, numbers.sums[0]), "", numbers.sums[0].toFixed(2)]);
  return rows.flatMap(([words, share, kind, value]) => {
    const fill = h("span");
    fill.style.width = `${100 * share}%`;
    return [h("span", {}, words), h("div", { className: `loom-bar ${kind}`, aria: { hidden: "true" } }, fill), h("b", {}, value)];
  });
}

const small = (value) => (value < 1e-9 ? "0" : value.toPrecision(2));
