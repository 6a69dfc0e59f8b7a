// The leak detector: steps to put in order, arrows that carry test rows, reported against true accuracy.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { chart } from "../../show/kit/draw.js";

const LEAK_CSS = `
.lkd-flow { display: flex; flex-wrap: wrap; gap: 0.5rem 0.35rem; align-items: flex-start; margin: 0.2rem 0 0.9rem; list-style: none; padding: 0; }
.lkd-flow li { display: flex; align-items: flex-start; gap: 0.35rem; }
.lkd-arrow { font-size: 1.3em; line-height: 2rem; color: var(--dlc-soft); }
.lkd-arrow.lkd-leak { color: var(--dlx-minus); font-weight: 700; }
.lkd-step { font: inherit; min-height: 2rem; padding: 0.2rem 0.65rem; border: 1.5px solid var(--dlc-line); border-radius: 6px; background: var(--dlc-card); color: var(--dlc-ink); cursor: grab; touch-action: none; }
.lkd-step:focus-visible { outline: 2px solid var(--dlc-accent); outline-offset: 2px; }
.lkd-step.lkd-split { border-color: var(--dlc-accent); border-width: 2px; font-weight: 600; }
.lkd-step.lkd-off { border-style: dashed; background: none; font-style: italic; }
.lkd-step.lkd-leak { border-color: var(--dlx-minus); border-width: 2px; }
.lkd-step.lkd-held { cursor: grabbing; box-shadow: 0 2px 8px rgb(0 0 0 / 0.3); }
.lkd-note { display: block; font-size: 0.82em; color: var(--dlx-minus); min-height: 1.3em; text-align: center; }
`;

export default explorable((bench) => {
  const flow = pipeline(bench), scores = scoreChart(bench);
  const node = h("div", {}, h("div", { className: "dlx-label" }, "Drag the steps into an order, or move them with the arrow keys; dashed steps are switched off"),
    flow.node, h("figure", { className: "dlx-figure" }, h("figcaption", {}, "Accuracy: one dot a run, a bar at the mean"), scores.node));
  return { node, draw: (frame) => { flow.draw(frame); scores.draw(frame); }, close: scores.close };
}, { css: LEAK_CSS });

const BLOCKS = ["split", "scale", "select", "augment", "balance"];
const percent = (v) => `${Math.round(100 * v)} %`;

/** The steps as buttons in their order; the order is a place for each of the five. */
function pipeline(bench) {
  const node = h("ol", { className: "lkd-flow", aria: { label: "Steps in order" } });
  const steps = {};
  // As they are set, which may be ahead of the frame; steps on one place in their usual order.
  const inOrder = () => BLOCKS.map((name, i) => [bench.settings.order[i], name]).sort((a, b) => a[0] - b[0]).map(([, name]) => name);
  const put = (name, to) => {
    const order = inOrder().filter((n) => n !== name);
    order.splice(Math.max(0, Math.min(4, to)), 0, name);
    bench.turn({ order: BLOCKS.map((n) => order.indexOf(n)) });
  };
  for (const name of [...BLOCKS, "choose"]) {
    const arrow = h("span", { className: "lkd-arrow", aria: { hidden: "true" } }, "→");
    const button = h("button", { type: "button", className: `lkd-step${name === "split" ? " lkd-split" : ""}` });
    const note = h("span", { className: "lkd-note" });
    const item = h("li", {}, arrow, h("span", {}, button, note));
    steps[name] = { arrow, button, note, item };
    if (name === "choose") { button.disabled = true; continue; }
    button.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      const at = inOrder().indexOf(name);
      const to = by ? at + by : { Home: 0, End: 4 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      put(name, to);
    });
    drag(button, (x, y) => {
      const order = inOrder();
      const near = order.map((n) => { const box = steps[n].button.getBoundingClientRect(); return Math.hypot(box.x + box.width / 2 - x, 2 * (box.y + box.height / 2 - y)); });
      const to = near.indexOf(Math.min(...near));
      if (order[to] !== name) put(name, to);
    }, () => draw(bench.frame));
  }
  const draw = (frame) => {
    const { used, words, reach, models } = frame.numbers, order = inOrder();
    const shown = [...order, "choose"].map((name) => steps[name].item);
    // A step that is held keeps its place in the document, or the pointer would lose it.
    const held = Object.values(steps).some((step) => step.button.classList.contains("lkd-held"));
    shown.forEach((item, i) => { item.style.order = held ? i : ""; });
    if (!held && shown.some((item, i) => node.children[i] !== item)) {
      const focused = node.getRootNode().activeElement;
      node.replaceChildren(...shown);
      if (focused && node.contains(focused)) focused.focus();
    }
    for (const [name, { arrow, button, note, item }] of Object.entries(steps)) {
      const share = reach?.[name] ?? 0, on = name === "choose" ? models > 1 : used.includes(name), first = name === order[0];
      item.hidden = name === "choose" && models === 1;
      arrow.hidden = first;
      arrow.classList.toggle("lkd-leak", share > 0);
      button.textContent = words[name];
      button.classList.toggle("lkd-off", !on);
      button.classList.toggle("lkd-leak", share > 0);
      note.textContent = share > 0 ? `${percent(share)} of test rows` : "";
      button.setAttribute("aria-label", `${words[name]}, step ${order.indexOf(name) + 1}${on ? "" : ", switched off"}${share > 0 ? `, lets in ${percent(share)} of the test rows` : ""}`);
    }
  };
  return { node, draw };
}

/** While a step is held, `move` is told where the pointer is; `drop` when it is let go. */
function drag(button, move, drop) {
  const held = () => button.classList.contains("lkd-held");
  button.addEventListener("pointerdown", (event) => { button.classList.add("lkd-held"); button.setPointerCapture(event.pointerId); });
  button.addEventListener("pointermove", (event) => { if (held()) move(event.clientX, event.clientY); });
  for (const end of ["pointerup", "pointercancel"]) button.addEventListener(end, () => { button.classList.remove("lkd-held"); drop(); });
}

function scoreChart(bench) {
  const plot = chart({ height: 170, margin: [12, 26, 34, 14] });
  const draw = (frame) => plot.draw((pen) => {
    pen.axes({ x: [0, 1], y: [0, 2], xlabel: "accuracy", ylabel: "", bare: true });
    const { c, box } = pen;
    c.fillStyle = pen.colour("soft");
    c.font = "11px sans-serif";
    c.textAlign = "center";
    for (const v of [0, 0.2, 0.4, 0.6, 0.8, 1]) c.fillText(percent(v), pen.X(v), box.bottom + 15);
    c.strokeStyle = pen.colour("line");
    c.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    const { chance, reported } = frame.numbers;
    pen.rule(chance, "soft", { vertical: true });
    pen.words("chance", pen.X(chance) + (chance > 0.8 ? -5 : 5), box.bottom - 6, "soft", chance > 0.8 ? "right" : "left");
    if (reported === undefined) return pen.words("Predict first.", pen.width / 2, pen.tall / 2, "soft", "center", 14);
    for (const [y, values, name, words] of [[1.5, frame.reports, "minus", "reported"], [0.6, frame.truths, "plus", "on untouched rows"]]) {
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      pen.points([...values], [...values].map(() => y), name, { size: 4.5, alpha: 0.75 });
      c.fillStyle = pen.colour(name);
      c.fillRect(pen.X(mean) - 1.5, pen.Y(y) - 14, 3, 28);
      const right = mean < 0.55;
      pen.words(`${words}: ${percent(mean)}`, pen.X(right ? Math.max(...values) : Math.min(...values)) + (right ? 12 : -12), pen.Y(y) + 4, name, right ? "left" : "right", 13);
    }
  }, bench.frame.says.join(" ").replace(/<[^>]*>/g, "").replaceAll("&nbsp;", " "));
  return { node: plot.node, draw, close: plot.close };
}
