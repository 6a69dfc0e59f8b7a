// The memory and roofline ledger: a stacked bar, dots under a roof, and two lanes of time.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { readable } from "../../show/kit/controls.js";
import { chart, tabs } from "../../show/kit/draw.js";

const LEDGER_CSS = `
.rlg-bars { display: grid; grid-template-columns: auto minmax(3rem, 1fr) auto; gap: 0.25rem 0.7rem; align-items: center; font-size: 0.92em; }
.rlg-bar { height: 0.8em; min-width: 1px; border-radius: 2px; }
.rlg-key { display: inline-block; width: 0.8em; height: 0.8em; border-radius: 2px; margin-right: 0.4em; vertical-align: -0.05em; }
`;

const LEDGER_PARTS = [["weights", "plus"], ["gradients", "minus"], ["optimizer states", "grad"], ["activations", "right"]];
const LEDGER_INK = { plus: "var(--dlx-plus)", minus: "var(--dlx-minus)", grad: "var(--dlx-grad)", right: "var(--dlc-right)" };
const LEDGER_BOUND = { arithmetic: "plus", memory: "minus", launches: "grad" };
const ledgerWords = (bench) => bench.frame.says.join(" ").replace(/<[^>]*>/g, "").replaceAll("&nbsp;", " ");
const ledgerFigure = (words, ...what) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), ...what);

export default explorable((bench) => tabs(bench, "tab", { memory: memoryTab(bench), roofline: rooflineTab(bench), clock: clockTab(bench) }), { css: LEDGER_CSS });

function memoryTab(bench) {
  const plot = chart({ height: 150, margin: [26, 16, 36, 12] });
  const list = h("div", { className: "rlg-bars" });
  plot.handle({
    label: "End of the activations: the batch", name: "right", say: () => `batch ${bench.settings.batch}`,
    step: () => [perText(bench.frame) || 1, 0],
    get: () => (bench.frame.sizes && !bench.settings.only ? [bench.frame.numbers.total, 0.5] : null),
    set: (x, y, fine) => {
      const fixed = bench.frame.numbers.total - bench.frame.sizes[3];
      const texts = Math.round((x - fixed) / (perText(bench.frame) || 1));
      bench.turn({ batch: Math.min(1024, Math.max(1, texts)) }, fine);
    },
  });
  const perText = (frame) => (frame.sizes ? frame.sizes[3] / frame.numbers.batch : 0);
  const node = h("div", {},
    ledgerFigure("Memory that a training step holds: drag the end of the bar to change the batch", plot.node),
    ledgerFigure("In GiB", list));
  const draw = (frame) => {
    const { room, card, total, told, only } = frame.numbers;
    plot.draw((pen) => {
      pen.axes({ x: [0, 1.08 * Math.max(total ?? 0, room)], y: [0, 1], xlabel: "GiB", ylabel: "", bare: true });
      const { c, box } = pen;
      c.font = "11px sans-serif"; c.fillStyle = pen.colour("soft"); c.textAlign = "center";
      const most = 1.08 * Math.max(total ?? 0, room);
      for (const v of [0, 0.25, 0.5, 0.75, 1]) c.fillText(readable(v * most, 2), pen.X(v * most), box.bottom + 15);
      c.fillText("GiB", (box.left + box.right) / 2, box.bottom + 30);
      c.strokeStyle = pen.colour("line"); c.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
      pen.rule(room, "soft", { vertical: true });
      pen.words(`${card}: ${readable(room)}`, pen.X(room), box.top - 8, "soft", pen.X(room) > pen.width / 2 ? "right" : "left");
      if (!frame.sizes) return pen.words("Predict first.", pen.width / 2, (box.top + box.bottom) / 2, "soft", "center", 14);
      let left = 0;
      LEDGER_PARTS.forEach(([, ink], i) => {
        const size = frame.sizes[i];
        if (only && i > 0) return;
        c.fillStyle = pen.colour(ink);
        c.fillRect(pen.X(left), pen.Y(0.8), Math.max(1, pen.X(left + size) - pen.X(left)), pen.Y(0.2) - pen.Y(0.8));
        left += size;
      });
      if (only) { c.setLineDash([4, 4]); c.strokeStyle = pen.colour("wrong"); c.strokeRect(pen.X(told), pen.Y(0.8), pen.X(total) - pen.X(told), pen.Y(0.2) - pen.Y(0.8)); c.setLineDash([]); }
    }, ledgerWords(bench));
    const most = frame.sizes ? Math.max(...frame.sizes) : 1;
    list.replaceChildren(...(frame.sizes ? LEDGER_PARTS.flatMap(([name, ink], i) => row(name, frame.sizes[i] / most, readable(frame.sizes[i]), ink)) : []));
  };
  return { node, draw, close: plot.close };
}

function row(name, share, words, ink) {
  const bar = h("div", { className: "rlg-bar" });
  bar.style.width = `${Math.max(0.5, 100 * share).toFixed(1)}%`;
  bar.style.background = LEDGER_INK[ink];
  return [h("span", {}, name), bar, h("span", {}, words)];
}

function rooflineTab(bench) {
  const plot = chart({ height: 300, margin: [10, 14, 36, 56] });
  const list = h("div", { className: "rlg-bars" });
  const key = h("p", {}, ...Object.entries(LEDGER_BOUND).flatMap(([name, ink]) => {
    const mark = h("span", { className: "rlg-key" });
    mark.style.background = LEDGER_INK[ink];
    return [mark, `decided by ${name}  `];
  }));
  const node = h("div", { className: "dlx-pair" },
    ledgerFigure("Operations under the roof of the device", plot.node),
    ledgerFigure("Share of the step’s time", list, key));
  const draw = (frame) => {
    const { names, bounds, step, ridge, peak } = frame.numbers;
    plot.draw((pen) => {
      const low = Math.min(...frame.speed, frame.roof[0]) / 3;
      pen.axes({ x: [0.01, 10000], y: [low, 4 * peak], xlog: true, ylog: true, xlabel: "operations per byte moved", ylabel: "operations a second" });
      pen.rule(ridge, "line", { vertical: true });
      pen.curve(frame.roof_x, frame.roof, "soft", { width: 2.4 });
      names.forEach((name, i) => {
        pen.points([frame.intensity[i]], [frame.speed[i]], LEDGER_BOUND[bounds[i]], { size: 5.5 });
        const right = pen.X(frame.intensity[i]) < 0.55 * pen.width;
        pen.words(name, pen.X(frame.intensity[i]) + (right ? 9 : -9), pen.Y(frame.speed[i]) + 12, "ink", right ? "left" : "right");
      });
    }, ledgerWords(bench));
    const most = Math.max(...frame.times);
    list.replaceChildren(...names.flatMap((name, i) => row(name, frame.times[i] / most, `${Math.round((100 * frame.times[i]) / step)} %`, LEDGER_BOUND[bounds[i]])));
  };
  return { node, draw, close: plot.close };
}

function clockTab(bench) {
  const plot = chart({ height: 190, margin: [26, 16, 36, 66] });
  const node = ledgerFigure("The program asks, the device works; the black line is when the clock is read", plot.node);
  const draw = (frame) => {
    const { read, ends } = frame.numbers;
    plot.draw((pen) => {
      const most = 1.06 * Math.max(read, ends);
      pen.axes({ x: [0, most], y: [0, 2], xlabel: "", ylabel: "", bare: true });
      const { c, box } = pen;
      c.font = "11px sans-serif"; c.fillStyle = pen.colour("soft"); c.textAlign = "center";
      for (const v of [0, 0.25, 0.5, 0.75, 1]) c.fillText(readable(v * most, 2), pen.X(v * most), box.bottom + 15);
      c.fillText("microseconds", (box.left + box.right) / 2, box.bottom + 30);
      c.textAlign = "right";
      c.fillText("program", box.left - 8, pen.Y(1.5) + 4);
      c.fillText("device", box.left - 8, pen.Y(0.5) + 4);
      const lane = (from, to, y, ink) => {
        c.fillStyle = pen.colour(ink); c.strokeStyle = pen.colour("paper"); c.lineWidth = 1;
        c.fillRect(pen.X(from), pen.Y(y + 0.32), Math.max(1, pen.X(to) - pen.X(from)), pen.Y(y - 0.32) - pen.Y(y + 0.32));
        c.strokeRect(pen.X(from), pen.Y(y + 0.32), Math.max(1, pen.X(to) - pen.X(from)), pen.Y(y - 0.32) - pen.Y(y + 0.32));
      };
      for (let k = 0; k < frame.calls.length / 4; k++) {
        const [asked, launched, begins, done] = frame.calls.slice(4 * k, 4 * k + 4);
        lane(asked, launched, 1.5, "minus");
        lane(begins, done, 0.5, "plus");
      }
      c.strokeStyle = pen.colour("ink"); c.lineWidth = 2;
      c.beginPath(); c.moveTo(pen.X(read), box.top); c.lineTo(pen.X(read), box.bottom); c.stroke();
      pen.words(`read: ${readable(read)} µs`, pen.X(read), box.top - 8, "ink", pen.X(read) > pen.width / 2 ? "right" : "left", 12);
    }, ledgerWords(bench));
  };
  return { node, draw, close: plot.close };
}
