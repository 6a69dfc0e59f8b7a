// The softmax bench: ten logits as sliders with probability and gradient beside them, and the loss curve.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { dropdown, readable } from "../../show/kit/controls.js";
import { chart } from "../../show/kit/draw.js";

const SOFTMAX_CSS = `
.sxb-grid { display: grid; grid-template-columns: auto minmax(5rem, 1.3fr) minmax(6.5rem, 1fr) minmax(6.5rem, 1fr); gap: 0.1rem 0.9rem; align-items: center; font-variant-numeric: tabular-nums; }
.sxb-grid > .dlx-soft { font-size: 0.85em; }
.sxb-class { display: flex; gap: 0.4em; align-items: center; cursor: pointer; }
.sxb-class input { accent-color: var(--dlc-accent); margin: 0; }
.sxb-row-on { font-weight: 700; color: var(--dlc-accent); }
.sxb-bar { position: relative; height: 1.35rem; }
.sxb-bar span { position: absolute; top: 0.2rem; bottom: 0.2rem; left: var(--from); width: var(--wide); background: var(--c); border-radius: 2px; }
.sxb-bar b { position: absolute; font-weight: 400; font-size: 0.86em; top: 0.1rem; left: calc(var(--from) + var(--wide) + 4px); white-space: nowrap; }
.sxb-two b { left: auto; right: 0; }
.sxb-two::before { content: ""; position: absolute; left: 35%; top: 0; bottom: 0; width: 1px; background: var(--dlc-line); }
.sxb-image { width: 4.2rem; height: 4.2rem; image-rendering: pixelated; border: 1px solid var(--dlc-line); border-radius: 4px; }
.sxb-curve { margin-top: 0.8rem; display: grid; grid-template-columns: minmax(0, 1fr) 5rem; gap: 0.75rem; align-items: start; }
@container (max-width: 300px) { .sxb-grid { grid-template-columns: auto minmax(2.6rem, 1fr) 3.6rem 4.2rem !important; gap: 0.1rem 0.3rem !important; font-size: 0.86em; } }
@container (max-width: 440px) { .sxb-grid { gap: 0.1rem 0.4rem; grid-template-columns: auto minmax(4rem, 1fr) 5.2rem 5.6rem; } .sxb-curve { grid-template-columns: minmax(0, 1fr); } }
`;

export default explorable((bench) => {
  const knob = bench.knobs.loss;
  const list = dropdown(knob, bench, knob.options.filter(([v]) => v !== "yours" || bench.spec.own.includes("function")));
  const rows = logitRows(bench);
  const curve = lossCurve(bench);
  const image = h("canvas", { className: "sxb-image", width: 8, height: 8, role: "img" });
  const node = h("div", {}, rows.node, h("div", { className: "sxb-curve" }, curve.node, h("div", {}, image)));
  return {
    node,
    side: list.node,
    draw: (frame, settings) => {
      list.draw();
      rows.draw(frame, settings);
      curve.draw(frame, settings);
      drawDigit(image, frame.image, frame.numbers.label);
    },
    close: curve.close,
  };
}, { css: SOFTMAX_CSS });

function logitRows(bench) {
  const name = `sxb-${Math.random().toString(36).slice(2)}`;
  const node = h("div", { className: "sxb-grid", role: "group", aria: { label: "Logits, probabilities and gradients of the ten classes" } });
  node.append(...["class", "logit", "probability", "gradient"].map((words) => h("span", { className: "dlx-soft" }, words)));
  const rows = [...Array(10).keys()].map((k) => {
    const radio = h("input", { type: "radio", name, value: String(k), aria: { label: `Class ${k} is the right one` }, onchange: () => bench.turn({ label: String(k) }) });
    const label = h("label", { className: "sxb-class" }, radio, String(k));
    const slider = h("input", { type: "range", className: "dlx-range", min: -12, max: 12, step: 0.1, aria: { label: `Logit of class ${k}` } });
    const put = (fine) => { const logits = [...bench.settings.logits]; logits[k] = Number(slider.value); bench.turn({ logits }, fine); };
    slider.addEventListener("input", () => put(false));
    slider.addEventListener("change", () => put(true));
    const p = bar(), g = bar("sxb-two");
    node.append(label, slider, p.node, g.node);
    return { radio, label, slider, p, g };
  });
  const draw = (frame, { logits, label }) => {
    const widest = Math.max(...(frame.gradient ?? []).map((v) => Math.abs(v) || 0), 1e-12);
    rows.forEach((row, k) => {
      const right = String(k) === label;
      row.radio.checked = right;
      row.label.classList.toggle("sxb-row-on", right);
      if (Number(row.slider.value) !== logits[k]) row.slider.value = logits[k];
      row.slider.style.setProperty("--at", `${((logits[k] + 12) / 24) * 100}%`);
      row.slider.setAttribute("aria-valuetext", `${readable(logits[k])}, probability ${readable(frame.p[k])}`);
      row.p.draw(0, 58 * (Number.isNaN(frame.p[k]) ? 0 : Math.min(1, frame.p[k])), right ? "var(--dlc-accent)" : "var(--dlc-soft)", readable(frame.p[k]));
      const slope = frame.gradient?.[k];
      const wide = 33 * (Math.abs(slope || 0) / widest);
      row.g.draw(slope < 0 ? 35 - wide : 35, wide, slope < 0 ? "var(--dlx-plus)" : "var(--dlx-minus)", slope === undefined ? "" : readable(slope, 2));
    });
  };
  return { node, draw };
}

function bar(kind = "") {
  const fill = h("span"), words = h("b");
  const node = h("div", { className: `sxb-bar ${kind}` }, fill, words);
  return { node, draw: (from, wide, colour, text) => {
    node.style.setProperty("--from", `${from}%`);
    node.style.setProperty("--wide", `${wide}%`);
    node.style.setProperty("--c", colour);
    words.textContent = text;
  } };
}

function lossCurve(bench) {
  const plot = chart({ height: 230 });
  const right = () => bench.settings.logits[Number(bench.settings.label)];
  plot.handle({
    label: "Loss against the right logit", step: [0.2, 0], say: ([x]) => `logit ${readable(x)}, loss ${readable(bench.frame.numbers.loss)}`,
    get: () => { const loss = bench.frame.numbers.loss; return loss === undefined || loss === null ? null : [right(), loss]; },
    set: (x, y, fine) => { const logits = [...bench.settings.logits]; logits[Number(bench.settings.label)] = Number(x.toFixed(2)); bench.turn({ logits }, fine); },
  });
  const draw = (frame) => {
    const { floor, label, loss } = frame.numbers;
    const all = [...(frame.curve ?? []), ...(frame.reference ?? []), floor].filter(Number.isFinite);
    const low = Math.min(0, ...all), high = Math.min(Math.max(1, ...all), Math.max(6, 2 * (loss ?? 0), 3 * (floor ?? 0)));
    plot.draw((pen) => {
      pen.axes({ x: [-12, 12], y: [low - 0.04 * (high - low), high], xlabel: `logit of class ${label}`, ylabel: "loss" });
      if (!frame.curve) return pen.words("Predict first.", (pen.box.left + pen.box.right) / 2, pen.tall / 2, "soft", "center", 14);
      pen.curve(frame.sweep, frame.reference, "soft", { dash: [5, 4], width: 1.3 });
      pen.curve(frame.sweep, frame.curve, "minus", { width: 2.4 });
      if (floor !== null) pen.rule(floor, "right", { words: `no logits go below ${readable(floor, 4)}` });
    }, `Loss against the logit of class ${label}; dashed, cross-entropy. ${bench.frame.says.join(" ").replace(/<[^>]*>/g, "")}`);
  };
  return { node: plot.node, draw, close: plot.close };
}

function drawDigit(canvas, image, label) {
  const pen = canvas.getContext("2d"), data = pen.createImageData(8, 8);
  image.forEach((v, i) => data.data.set([0, 0, 0, Math.round(255 * v)], 4 * i));
  canvas.style.background = "#fff";
  pen.putImageData(data, 0, 0);
  canvas.setAttribute("aria-label", `The digit, of class ${label} unless you chose another`);
}
