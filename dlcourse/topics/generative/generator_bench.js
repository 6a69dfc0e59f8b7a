// The generator bench: a latent plane to walk in, a duel on a ring, and a ladder of noise.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { chart, tabs } from "../../show/kit/draw.js";

const BENCH_CSS = `
.gnb-three { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 5fr) minmax(0, 2fr); gap: 0.75rem; align-items: start; margin-top: 0.5rem; }
.gnb-two { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0.75rem; margin-top: 0.5rem; }
@container (max-width: 560px) { .gnb-three { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); } }
`;
const REACH = 2.5;

export default explorable((bench) => tabs(bench, "tab", { latent: latentTab(bench), duel: duelTab(bench), ladder: ladderTab(bench) }), { css: BENCH_CSS });

const plain = (bench) => bench.frame.says.join(" ").replace(/<[^>]*>/g, "");
const figure = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);
const columns = (points, k) => Array.from({ length: points.length / 2 }, (_, i) => points[2 * i + k]);
const square = (margin = [4, 4, 4, 4]) => chart({ height: (w) => Math.min(w, 380), margin });

/** Left the plane as drawn digits, in the middle where test digits lie, right the chosen one. */
function latentTab(bench) {
  const plane = square([2, 2, 30, 34]), map = square([2, 2, 30, 34]), one = square();
  const axes = { x: [-REACH, REACH], y: [-REACH, REACH], xlabel: "first code number", ylabel: "second" };
  const set = (x, y, fine) => bench.turn({ z: [x, y] }, fine);
  for (const plot of [plane, map]) {
    plot.handle({ label: "Code", step: [0.1, 0.1], get: () => bench.settings.z, set, name: "grad" });
    plot.canvas.addEventListener("click", (event) => {
      const within = (v) => Math.max(-REACH, Math.min(REACH, v));
      set(within(plot.pen.atX(event.offsetX)), within(plot.pen.atY(event.offsetY)), true);
    });
  }
  const node = h("div", { className: "dlx-level gnb-three" }, figure("What is drawn for each code", plane), figure("Where test digits lie; some of their clouds", map), figure("The chosen code", one));
  const draw = (frame) => {
    const side = frame.sheet.shape[0];
    plane.draw((pen) => {
      pen.axes(axes);
      pen.heat(frame.sheet, side, side, { low: 0, high: 255 });
      tiles(pen, side / 8);
    }, `The latent plane as drawn digits. ${plain(bench)}`);
    map.draw((pen) => {
      pen.axes(axes);
      clouds(pen, frame);
      for (let i = 0; i < frame.labels.length; i++) {
        const [x, y] = [frame.codes[2 * i], frame.codes[2 * i + 1]];
        if (Math.abs(x) < REACH && Math.abs(y) < REACH) pen.words(String(frame.labels[i]), pen.X(x), pen.Y(y) + 4, "accent", "center", 10);
      }
    }, `The codes of test digits, each drawn as its label. ${plain(bench)}`);
    one.draw((pen) => { pen.axes({ x: [0, 8], y: [0, 8], bare: true }); const s = Math.min(pen.width, pen.tall); pen.heat(frame.drawn, 8, 8, { low: 0, high: 255, at: { left: 0, top: 0, right: s, bottom: s } }); }, `The digit drawn for the chosen code: the reader calls it a ${frame.numbers.called}.`);
  };
  return { node, draw, close: () => [plane, map, one].forEach((plot) => plot.close()) };
}

/** Lines between the drawn digits. */
function tiles({ c, box, colour }, count) {
  c.fillStyle = colour("line");
  for (let i = 1; i < count; i++) {
    c.fillRect(box.left + (i / count) * (box.right - box.left), box.top, 1, box.bottom - box.top);
    c.fillRect(box.left, box.top + (i / count) * (box.bottom - box.top), box.right - box.left, 1);
  }
}

/** Every tenth cloud as an ellipse of one deviation. */
function clouds(pen, frame) {
  const { c, box } = pen;
  c.save();
  c.beginPath(); c.rect(box.left, box.top, box.right - box.left, box.bottom - box.top); c.clip();
  c.strokeStyle = pen.colour("minus"); c.globalAlpha = 0.8; c.lineWidth = 1;
  for (let i = 0; i < frame.labels.length; i += 10) {
    const [x, y, a, b] = [frame.codes[2 * i], frame.codes[2 * i + 1], frame.widths[2 * i], frame.widths[2 * i + 1]];
    const [rx, ry] = [pen.X(a) - pen.X(0), pen.Y(0) - pen.Y(b)];
    if (rx > 5000 || ry > 5000 || Math.abs(x) > 50 || Math.abs(y) > 50) continue;
    c.beginPath(); c.ellipse(pen.X(x), pen.Y(y), rx, ry, 0, 0, 2 * Math.PI); c.stroke();
  }
  c.restore();
}

/** Left the judge's map with real and drawn points, right the clouds found so far. */
function duelTab(bench) {
  const field = square([2, 2, 30, 34]), found = chart({ height: (w) => Math.min(w, 380), margin: [10, 12, 34, 46] });
  const node = h("div", { className: "dlx-level gnb-two" }, figure("Real points small, drawn ones orange; blue where the judge says real", field), figure("Clouds found", found));
  const draw = (frame) => {
    field.draw((pen) => {
      pen.axes({ x: [-3, 3], y: [-3, 3] });
      pen.heat(frame.map, 24, 24, { low: 0, high: 1.8, to: "plus", smooth: true });
      pen.points(columns(frame.real, 0), columns(frame.real, 1), "soft", { size: 2 });
      pen.points(columns(frame.points, 0), columns(frame.points, 1), "minus", { size: 2.6 });
    }, `Real and drawn points over the judge's map. ${plain(bench)}`);
    found.draw((pen) => {
      const xs = [...frame.found.keys()].map((i) => (i * 30) / (frame.found.length - 1));
      pen.axes({ x: [0, 30], y: [-0.3, 8.3], xlabel: "epoch", ylabel: "clouds found, of eight" });
      pen.curve(xs, [...frame.found], "accent");
      pen.points(xs, [...frame.found], "accent");
      pen.rule(frame.numbers.epoch, "mark", { vertical: true });
    }, `Clouds found by epoch: ${[...frame.found].join(", ")}.`);
  };
  return { node, draw, close: () => { field.close(); found.close(); } };
}

/** The forward cloud at this step, the cloud that walks back, and the signal left. */
function ladderTab(bench) {
  const there = square(), back = square(), left = chart({ height: 130, margin: [8, 12, 34, 46] });
  const node = h("div", {}, h("div", { className: "dlx-level gnb-two" }, figure("Forwards: data with noise, at this step", there), figure("Backwards: walked here from pure noise", back)), figure("Share of the signal's variance that is left", left));
  const axes = { x: [-3.4, 3.4], y: [-3.4, 3.4], bare: true };
  const draw = (frame) => {
    for (const [plot, points, name, words] of [[there, frame.forward_points, "accent", "The forward cloud."], [back, frame.backward_points, "minus", "The points that walk back."]])
      plot.draw((pen) => { pen.axes(axes); pen.points(columns(points, 0), columns(points, 1), name, { size: 2.2, alpha: 0.8 }); }, `${words} ${plain(bench)}`);
    left.draw((pen) => {
      pen.axes({ x: [0, 1], y: [0, 1.02], xlabel: "share of the steps", ylabel: "signal left" });
      pen.curve([...frame.at], [...frame.share], "accent");
      pen.rule(frame.numbers.step / frame.numbers.steps, "mark", { vertical: true });
    }, `The signal left falls to ${frame.numbers.left.toFixed(4)}.`);
  };
  return { node, draw, close: () => [there, back, left].forEach((plot) => plot.close()) };
}
