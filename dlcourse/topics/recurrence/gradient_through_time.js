// Gradient through time: its length over steps back, a text with walls to look through, and clipping.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { readable } from "../../show/kit/controls.js";
import { chart, tabs } from "../../show/kit/draw.js";

const TIME_CSS = `
.gtt-text { display: flex; flex-wrap: wrap; font-family: var(--jp-code-font-family, monospace); row-gap: 0.4rem; margin: 0.4rem 0 0.8rem; }
.gtt-char { font: inherit; min-width: 1.15em; padding: 0.3rem 0.05rem; border: 0; border-left: 2px solid transparent; background: transparent; color: inherit; cursor: pointer; position: relative; }
.gtt-char i { position: absolute; inset: 0; background: var(--dlx-plus); z-index: 0; opacity: var(--depth, 0); pointer-events: none; }
.gtt-char b { position: relative; z-index: 1; font-weight: inherit; color: var(--dlc-ink); }
.gtt-wall { border-left-color: var(--dlx-minus); }
.gtt-at b { font-weight: 700; text-decoration: underline 2px; }
.gtt-later { opacity: 0.75; }
.gtt-bars { display: grid; grid-template-columns: auto 1fr auto; gap: 0.15rem 0.6rem; align-items: center; max-width: 26rem; font-size: 0.92em; }
.gtt-bars span:nth-child(3n+1) { font-family: var(--jp-code-font-family, monospace); }
.gtt-bar { height: 0.8em; background: var(--dlx-plus); min-width: 1px; }
`;

export default explorable((bench) => tabs(bench, "tab", { jacobians: stepsTab(bench), text: textTab(bench), clip: clipTab(bench) }), { css: TIME_CSS });

const timeFigure = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);
const timeWords = (bench) => bench.frame.says.join(" ").replace(/<[^>]*>/g, "");
const visible = (c) => ({ " ": "␣", "\n": "⏎" })[c] ?? c;

function stepsTab(bench) {
  const length = chart({ height: 290, margin: [8, 10, 34, 58] });
  const circle = chart({ height: (w) => Math.min(290, w), margin: [8, 8, 34, 40] });
  circle.handle({
    label: "Spectral radius", step: [0.05, 0.05], name: "minus", say: ([x]) => `radius ${readable(x)}`,
    get: () => [bench.settings.radius, 0],
    set: (x, y, fine) => bench.turn({ radius: Math.min(1.7, Math.max(0.3, Number(x.toFixed(2)))) }, fine),
  });
  const node = h("div", { className: "dlx-pair" }, timeFigure("Length of the gradient (dashed: the radius to the power of k)", length), timeFigure("Eigenvalues of the recurrent matrix: drag the largest size", circle));
  const draw = (frame) => {
    const { steps, radius } = frame.numbers;
    const k = Array.from({ length: steps + 1 }, (_, i) => i);
    length.draw((pen) => {
      pen.axes({ x: [0, Math.max(1, steps)], y: [1e-16, 1e12], ylog: true, xlabel: "steps back k", ylabel: "length" });
      pen.rule(1, "soft");
      pen.curve(k, frame.powers, "soft", { dash: [5, 4] });
      if (!frame.curve) return pen.words("Predict first.", pen.width / 2, pen.tall / 2, "soft", "center", 14);
      pen.curve(k, frame.curve, "plus", { width: 2.6 });
      const end = Math.min(1e11, Math.max(1e-15, frame.curve[steps]));
      pen.words(readable(frame.curve[steps]), pen.box.right - 6, pen.Y(end) - 8, "plus", "right", 12);
    }, timeWords(bench));
    circle.draw((pen) => {
      const { left, right, top, bottom } = pen.box;
      const wide = (1.8 * (right - left)) / (bottom - top); // a circle looks like one
      pen.axes({ x: [-wide, wide], y: [-1.8, 1.8], xlabel: "real part", ylabel: "imaginary part" });
      const round = (r) => [Array.from({ length: 91 }, (_, i) => r * Math.cos((i * Math.PI) / 45)), Array.from({ length: 91 }, (_, i) => r * Math.sin((i * Math.PI) / 45))];
      pen.curve(...round(1), "soft", { width: 1.2 });
      pen.curve(...round(radius), "minus", { width: 1, dash: [4, 4] });
      const part = (j) => Array.from({ length: frame.roots.length / 2 }, (_, i) => frame.roots[2 * i + j]);
      pen.points(part(0), part(1), "minus", { size: 3.2 });
    }, `32 eigenvalues; the largest has the size ${readable(radius)}. The grey circle has radius 1.`);
  };
  return { node, draw, close: () => { length.close(); circle.close(); } };
}

function textTab(bench) {
  const line = h("div", { className: "gtt-text", role: "group", aria: { label: "The text. Choose the character after which to predict." } });
  const bars = h("div", { className: "gtt-bars" });
  const curve = chart({ height: 190, margin: [8, 10, 34, 58] });
  const node = h("div", {},
    h("p", {}, "Choose a character. The darker a character, the longer the gradient that the next prediction’s loss sends to it. Lines mark where windows begin."),
    line,
    h("div", { className: "dlx-pair" }, timeFigure("Length of the gradient at each character", curve), h("figure", { className: "dlx-figure" }, h("figcaption", {}, "What comes next?"), bars)));
  const keep = (event, i, n) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(n - 2, i + by));
    line.children[to].focus();
    bench.turn({ place: to });
  };
  const draw = (frame) => {
    const { words, place, window: size, wall, next } = frame.numbers;
    const most = Math.max(...frame.lengths, 1e-9), held = [...line.children].indexOf(document.activeElement);
    line.replaceChildren(...[...words].map((c, i) => {
      const starts = wall !== "none" && i % size === 0 && i > 0;
      const shade = h("i");
      const depth = frame.lengths[i] > 0 ? Math.max(0.04, 0.6 * Math.max(0, 1 + Math.log10(frame.lengths[i] / most) / 4)) : 0;
      shade.style.setProperty("--depth", depth.toFixed(3));
      const button = h("button", {
        type: "button", disabled: i === words.length - 1, tabIndex: i === place ? 0 : -1,
        className: `gtt-char${starts ? " gtt-wall" : ""}${i === place ? " gtt-at" : ""}${i > place ? " gtt-later" : ""}`,
        aria: { label: `${c === " " ? "space" : c}, character ${i + 1}${i <= place ? `, gradient ${readable(frame.lengths[i])}` : ""}`, pressed: String(i === place) },
        onclick: () => bench.turn({ place: i }), onkeydown: (event) => keep(event, i, words.length),
      }, shade, h("b", {}, c === " " ? "\u00a0" : c));
      return button;
    }));
    if (held >= 0) line.children[held]?.focus();
    bars.replaceChildren(...next.flatMap((c, j) => {
      const bar = h("div", { className: "gtt-bar" });
      bar.style.width = `${(100 * frame.chances[j]).toFixed(1)}%`;
      return [h("span", {}, visible(c)), bar, h("span", {}, frame.chances[j].toFixed(2))];
    }));
    curve.draw((pen) => {
      pen.axes({ x: [-0.5, words.length - 0.5], y: [1e-8, 10], ylog: true, xlabel: "character", ylabel: "length" });
      if (wall !== "none") for (let i = size; i < words.length; i += size) pen.rule(i - 0.5, "minus", { vertical: true, dash: [3, 3] });
      const at = [...frame.lengths].map((v, i) => [i, v]).filter(([, v]) => v > 0);
      pen.curve(at.map(([i]) => i), at.map(([, v]) => Math.max(v, 1e-8)), "plus", { width: 2.2 });
      pen.points(at.map(([i]) => i), at.map(([, v]) => Math.max(v, 1e-8)), "plus", { size: 2.6 });
    }, timeWords(bench));
  };
  return { node, draw, close: curve.close };
}

function clipTab(bench) {
  const before = chart({ height: (w) => Math.min(290, w), margin: [8, 8, 34, 46] });
  const after = chart({ height: (w) => Math.min(290, w), margin: [8, 8, 34, 46] });
  before.handle({
    label: "Gradient", step: [5, 1], name: "grad",
    get: () => bench.settings.gradient,
    set: (x, y, fine) => bench.turn({ gradient: [Math.round(x), Math.round(y)] }, fine),
  });
  const node = h("div", { className: "dlx-pair" }, timeFigure("The gradient: drag its tip", before), timeFigure("What clipping leaves (dashed: the old direction)", after));
  const arrow = (pen, x, y, name) => { pen.curve([0, x], [0, y], name, { width: 2.6 }); pen.points([x], [y], name, { size: 5 }); };
  const draw = (frame) => {
    const { size, after_size: left, turned } = frame.numbers;
    before.draw((pen) => {
      pen.axes({ x: [-105, 105], y: [-105, 105], xlabel: "first weight", ylabel: "second weight" });
      arrow(pen, ...frame.before, "grad");
    }, timeWords(bench));
    after.draw((pen) => {
      const reach = 1.25 * Math.max(left, 1e-6);
      pen.axes({ x: [-reach, reach], y: [-reach, reach], xlabel: "first weight", ylabel: "second weight" });
      if (size) pen.curve([0, (reach * frame.before[0]) / size], [0, (reach * frame.before[1]) / size], "soft", { dash: [5, 4], width: 1.5 });
      arrow(pen, ...frame.after, "plus");
      pen.words(`turned by ${turned.toFixed(0)}°`, pen.box.left + 8, pen.box.top + 16, turned > 0.5 ? "minus" : "right", "left", 12);
    }, `After clipping: length ${readable(left)}, turned by ${turned.toFixed(0)} degrees.`);
  };
  return { node, draw, close: () => { before.close(); after.close(); } };
}
