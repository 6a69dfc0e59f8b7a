// The transfer balance: the target's images, accuracy over the labels, every split at one number of labels.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { chart } from "../../show/kit/draw.js";

const BALANCE_CSS = `
.trb-top { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; align-items: center; margin-bottom: 0.5rem; }
.trb-top > :first-child { flex: 1 1 15rem; min-width: 0; max-width: 24rem; }
.trb-big { display: flex; flex-wrap: wrap; gap: 0.1rem 1.5rem; align-items: baseline; }
.trb-big b { font-size: 1.8em; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -0.02em; }
`;

const LINES = ["soft", "plus", "grad", "minus", "right", "ink"];
const KS = ["1", "3", "10", "30"], YOURS = 5;
const percent = (v) => `${Math.round(100 * v)} %`;

export default explorable((bench) => {
  const pictures = chart({ height: (w) => w / 8 + 2, margin: [0, 0, 0, 0] });
  const curves = chart({ height: 270, margin: [10, 12, 36, 44] });
  const dots = chart({ height: 270, margin: [10, 12, 36, 12] });
  const mine = h("b"), rival = h("b"), kept = h("b");
  const big = h("div", { className: "trb-big" }, h("span", {}, mine, " your way"), h("span", {}, rival, " best without a loan"), h("span", {}, kept, " of the source kept"));
  const caption = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);
  const chosen = h("span");
  const node = h("div", {}, h("div", { className: "trb-top" }, pictures.node, big),
    h("div", { className: "dlx-pair" }, caption("Accuracy over the labels: drag the mark", curves), h("figure", { className: "dlx-figure" }, h("figcaption", {}, chosen), dots.node)));
  curves.handle({
    label: "Labels of each class", step: [1, 0], name: "accent", say: ([x]) => `${KS[Math.round(x)]} labels of each class`,
    get: () => [KS.indexOf(bench.settings.k), bench.frame.numbers.mine ?? 0.5],
    set: (x, y, fine) => bench.turn({ k: KS[Math.max(0, Math.min(3, Math.round(x)))] }, fine),
  });
  const draw = (frame) => {
    const { names, at, k, mine: own, best, kept: left, own: learners, target } = frame.numbers, ways = frame.ways;
    const text = bench.frame.says.join(" ").replace(/<[^>]*>/g, "").replaceAll("&nbsp;", " ");
    big.hidden = own === undefined;
    if (own !== undefined) { mine.textContent = percent(own); rival.textContent = percent(best); kept.textContent = percent(left); kept.parentNode.hidden = learners; }
    chosen.textContent = `With ${k} label${k > 1 ? "s" : ""}: one dot a split, a bar at the mean`;
    pictures.draw((pen) => {
      const size = pen.width / 8;
      for (let i = 0; i < 8; i++) pen.heat([...frame.images.slice(144 * i, 144 * (i + 1))], 12, 12, { low: 0, high: 255, from: "black", to: "white", at: { left: i * size, top: 0, right: (i + 1) * size - 3, bottom: size - 3 } });
    }, `Eight images of the target: ${bench.knobs.target.options.find(([name]) => name === target)[1]}.`);
    const value = (w, j, s) => ways[(w * 4 + j) * 3 + s], seeds = [0, 1, 2];
    const shown = ways ? LINES.map((_, w) => w).filter((w) => value(w, 0, 0) >= 0) : [];
    const mean = (w, j) => seeds.reduce((sum, s) => sum + value(w, j, s), 0) / 3;
    curves.draw((pen) => {
      pen.axes({ x: [-0.15, 3.15], y: [0, 1], bare: true });
      frameOf(pen, [0, 1, 2, 3], KS, "labels of each class");
      pen.c.textAlign = "right";
      for (const v of [0, 0.25, 0.5, 0.75, 1]) pen.c.fillText(percent(v), pen.box.left - 6, pen.Y(v) + 4);
      if (!ways) return pen.words("Predict first.", pen.width / 2, pen.tall / 2, "soft", "center", 14);
      pen.rule(at, "soft", { vertical: true });
      for (const w of shown) {
        for (const j of [0, 1, 2, 3]) { const all = seeds.map((s) => value(w, j, s)); pen.curve([j, j], [Math.min(...all), Math.max(...all)], LINES[w], { width: 1.2, alpha: 0.55 }); }
        pen.curve([0, 1, 2, 3], [0, 1, 2, 3].map((j) => mean(w, j)), LINES[w], { width: w === YOURS ? 3 : 1.6, dash: w === YOURS ? [] : [6, 3] });
      }
    }, ways ? `Accuracy of ${shown.length} ways over the number of labels, with the range of three splits. ${text}` : "Accuracies are shown after the prediction.");
    dots.draw((pen) => {
      pen.axes({ x: [0, 1], y: [shown.length || 1, 0], bare: true });
      frameOf(pen, [0, 0.25, 0.5, 0.75, 1], [0, 0.25, 0.5, 0.75, 1].map(percent), "accuracy");
      if (!ways) return pen.words("Predict first.", pen.width / 2, pen.tall / 2, "soft", "center", 14);
      shown.forEach((w, row) => {
        const y = row + 0.68;
        pen.points(seeds.map((s) => value(w, at, s)), seeds.map(() => y), LINES[w], { size: 4.5, alpha: 0.75 });
        pen.c.globalAlpha = 1;
        pen.c.fillStyle = pen.colour(LINES[w]);
        pen.c.fillRect(pen.X(mean(w, at)) - 1.5, pen.Y(y) - 9, 3, 18);
        pen.words(`${names[w]}: ${percent(mean(w, at))}`, pen.box.left + 6, pen.Y(row + 0.3) + 4, LINES[w], "left", 12);
      });
    }, ways ? shown.map((w) => `${names[w]} ${percent(mean(w, at))}`).join(", ") : "Splits are shown after the prediction.");
  };
  return { node, draw, close: () => { pictures.close(); curves.close(); dots.close(); } };
}, { css: BALANCE_CSS });

/** A box with marks below it, at `places`, in `words`. */
function frameOf(pen, places, words, label) {
  const { c, box } = pen;
  c.strokeStyle = pen.colour("line");
  c.lineWidth = 1;
  c.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  c.fillStyle = pen.colour("soft");
  c.font = "11px sans-serif";
  c.textAlign = "center";
  places.forEach((at, i) => c.fillText(words[i], pen.X(at), box.bottom + 15));
  c.fillText(label, (box.left + box.right) / 2, box.bottom + 30);
}
