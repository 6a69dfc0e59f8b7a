// The backprop microscope: a digit to paint on, a graph to step through, an edge's arithmetic, a table.

import { h, setHtml } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { dropdown, readable, scrub } from "../../show/kit/controls.js";
import { cells } from "../../show/kit/cells.js";
import { graph } from "../../show/kit/svg.js";

const MICROSCOPE_CSS = `
.bpm-top { display: grid; grid-template-columns: minmax(7rem, 10rem) minmax(0, 1fr); gap: 0.5rem 1.25rem; align-items: start; }
@container (max-width: 560px) { .bpm-top { grid-template-columns: minmax(0, 1fr); } .bpm-digit { display: flex; gap: 0.75rem; align-items: center; } .bpm-digit .dlx-cells { max-width: 8rem; } }
.bpm-chosen { box-shadow: inset 0 0 0 2px var(--dlc-mark); }
.bpm-below { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(28rem, 100%), 1fr)); gap: 0 0.75rem; }
.bpm-digit .dlx-cell { position: relative; }
.bpm-dot::after { content: ""; position: absolute; inset: 50%; width: var(--dot); height: var(--dot); border-radius: 50%; transform: translate(-50%, -50%); background: var(--dot-colour); box-shadow: 0 0 0 1px var(--dlx-paper); }
.bpm-steps { display: flex; flex-wrap: wrap; align-items: center; gap: 0.35rem; margin-top: 0.4rem; }
.bpm-steps .dlx-range { flex: 1; min-width: 6rem; }
.bpm-now { min-width: 8.5em; text-align: right; }
.dlx-step { padding: 0.1em 0.55em; }
.bpm-sum-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.3rem 0.8rem; }
.bpm-edge { width: auto; }
.bpm-weight { white-space: nowrap; }
.bpm-products { display: flex; flex-wrap: wrap; gap: 0.4rem 2rem; margin: 0.4rem 0; }
.bpm-product { display: flex; max-width: 100%; align-items: flex-start; gap: 0.5rem; }
.bpm-to { width: 5.5em; padding-top: 0.15em; }
@container (max-width: 330px) { .bpm-product { flex-wrap: wrap; } .bpm-to { width: 100% !important; } }
.bpm-term { display: inline-flex; flex-direction: column; align-items: center; max-width: 8.5em; text-align: center; }
.bpm-number { font-size: 1.15em; font-weight: 600; font-variant-numeric: tabular-nums; }
.bpm-under { line-height: 1.25; font-size: 0.82em; color: var(--dlc-soft); }
.bpm-upstream .bpm-number, .bpm-result .bpm-number { color: var(--dlx-grad); }
.bpm-op { padding-top: 0.1em; }
.bpm-note { font-size: 0.94em; }
.bpm-bad th { color: var(--dlc-wrong); }
.bpm-naming .dlx-control { max-width: 22rem; }
`;

const FORWARD = ["z0", "z1", "z2", "a0", "a1", "a2", "o0", "o1", "loss"];
const BACKWARD = ["loss", "o0", "o1", "a0", "a1", "a2", "z0", "z1", "z2", "x"];

export default explorable((bench) => {
  const parts = [rule(bench), digit(bench), steps(bench), network(bench), arithmetic(bench), table(bench), naming(bench)];
  const [pick, image, walk, net, sum, check, name] = parts;
  const node = h("div", { className: "bpm" },
    h("div", { className: "bpm-top" }, image.node, h("div", { className: "bpm-net" }, net.node, walk.node)));
  return {
    node,
    side: pick.node,
    below: h("div", { className: "bpm-below" }, check.node, sum.node, name.node),
    draw: (frame, settings) => parts.forEach((part) => part.draw(frame, settings)),
    close: net.close,
  };
}, { presets: false, css: MICROSCOPE_CSS });

/** The rule, with the line of code that it changes; hidden rounds and an absent function are not offered. */
function rule(bench) {
  const knob = bench.knobs.rule;
  const offered = knob.options.filter(([value]) => !value.startsWith("hidden") && (value !== "yours" || bench.spec.own.includes("backward")));
  const list = dropdown(knob, bench, [...offered, ["", "hidden: name it below"]]);
  list.select.lastElementChild.disabled = true;
  const draw = () => {
    const hidden = bench.settings.rule.startsWith("hidden");
    list.select.lastElementChild.hidden = !hidden;
    list.select.value = hidden ? "" : bench.settings.rule;
  };
  list.node.classList.add("bpm-rule");
  return { node: list.node, draw };
}

function digit(bench) {
  let shown = new Float32Array(64), base = null, caption = h("div", { className: "dlx-caption" });
  const ink = (i) => bench.settings.ink[i];
  const grid = cells({
    rows: 8, columns: 8, low: 0, high: 1, step: 0.1, paint: 1, label: "Pixels of the digit. Arrow keys move, plus and minus change the ink.",
    get: (i) => shown[i],
    set: (i, value, fine) => {
      const all = [...bench.settings.ink];
      all[i] = Number((value - (base ? base[i] : 0)).toFixed(4));
      all[i] = Math.max(-1, Math.min(1, all[i]));
      shown[i] = value;
      bench.turn({ ink: all }, fine);
    },
    show: () => "",
    tint: (value) => `color-mix(in srgb, var(--dlx-ink) ${Math.round(value * 100)}%, var(--dlx-paper))`,
  });
  const draw = (frame, settings) => {
    shown = Float32Array.from(frame.image);
    base = shown.map((v, i) => v - ink(i));
    const marks = Object.fromEntries(frame.numbers.crop.pixels.map((p) => [p, "bpm-chosen"]));
    grid.draw(marks);
    dots(grid.all, settings.step > FORWARD.length + 9 ? frame.g_image : null);
    caption.textContent = `A ${frame.numbers.label}: paint on it. The framed pixels feed the graph.` +
      (frame.g_image ? " Dots: more ink there would raise (orange) or lower (blue) the loss." : "");
  };
  return { node: h("div", { className: "bpm-digit" }, grid.node, caption), draw };
}

/** On each pixel a dot as large as its gradient. */
function dots(all, gradient) {
  const most = gradient ? Math.max(...gradient.map(Math.abs), 1e-12) : 1;
  all.forEach((cell, i) => {
    const size = gradient ? Math.sqrt(Math.abs(gradient[i]) / most) : 0;
    cell.classList.toggle("bpm-dot", size > 0.05);
    cell.style.setProperty("--dot", `${Math.round(10 * size)}px`);
    cell.style.setProperty("--dot-colour", gradient?.[i] > 0 ? "var(--dlx-minus)" : "var(--dlx-plus)");
  });
}

function steps(bench) {
  const last = bench.knobs.step.high;
  const to = (step) => bench.turn({ step: Math.max(0, Math.min(last, step)) });
  const button = (words, title, step) => h("button", { className: "dlc-button dlx-step", type: "button", title, aria: { label: title }, onclick: () => to(step()) }, words);
  const range = h("input", { type: "range", min: 0, max: last, step: 1, className: "dlx-range", aria: { label: "Step through the forward and the backward pass" } });
  range.addEventListener("input", () => bench.turn({ step: Number(range.value) }, false));
  range.addEventListener("change", () => to(Number(range.value)));
  const now = h("span", { className: "dlx-soft bpm-now" });
  const node = h("div", { className: "bpm-steps" },
    button("Start", "To the beginning", () => 0), button("‹ Back", "One node back", () => bench.settings.step - 1),
    button("Next ›", "One node on", () => bench.settings.step + 1), button("End", "To the end", () => last), range, now);
  return {
    node,
    draw: (frame, { step }) => {
      range.value = step;
      range.style.setProperty("--at", `${(100 * step) / last}%`);
      const words = step <= FORWARD.length ? `forward ${step} of ${FORWARD.length}` : `backward ${step - FORWARD.length} of ${BACKWARD.length}`;
      now.textContent = words;
      range.setAttribute("aria-valuetext", words);
    },
  };
}

function network(bench) {
  const view = graph({ pick: (edge) => bench.turn({ edge, nudge: edge === bench.settings.edge ? bench.settings.nudge : 0 }), height: 350 });
  const draw = (frame, settings) => {
    const { crop, hidden } = frame.numbers;
    const outs = settings.fan_out ? [...Array(10).keys()] : crop.logits;
    view.draw(columns(outs), edges(outs), look(frame, settings, outs, hidden), graphLabel(frame, crop));
  };
  const legend = h("div", { className: "dlx-legend" },
    h("span", { className: "dlx-key dlx-key-value" }, "value"), h("span", { className: "dlx-key dlx-key-gradient" }, "∂L/∂value, below"),
    h("span", { className: "dlx-key dlx-key-plus" }, "weight > 0"), h("span", { className: "dlx-key dlx-key-minus" }, "weight < 0"),
    h("span", { className: "dlx-key dlx-key-off" }, "not as it should be"));
  return { node: h("div", {}, view.node, legend), draw, close: view.close };
}

function columns(outs) {
  return [
    { title: "pixels", nodes: ["x0", "x1", "x2", "x3"] }, { title: "sums z", nodes: ["z0", "z1", "z2"] },
    { title: "ReLU", nodes: ["a0", "a1", "a2"] }, { title: "logits", nodes: outs.map((k) => `o${k}`) }, { title: "loss", nodes: ["loss"] },
  ];
}

function edges(outs) {
  const all = [];
  const add = (from, to) => all.push({ id: `${from}-${to}`, from, to });
  for (let i = 0; i < 4; i++) for (let j = 0; j < 3; j++) add(`x${i}`, `z${j}`);
  for (let j = 0; j < 3; j++) { add(`z${j}`, `a${j}`); outs.forEach((k) => add(`a${j}`, `o${k}`)); }
  outs.forEach((k) => add(`o${k}`, "loss"));
  return all;
}

/** Which nodes the pass has reached, their values and gradients, and where they are not what they should be. */
function look(frame, settings, outs, hidden) {
  const { crop } = frame.numbers;
  const done = new Set(FORWARD.slice(0, settings.step));
  const back = new Set(settings.step > FORWARD.length && frame.g_logits ? BACKWARD.slice(0, settings.step - FORWARD.length) : []);
  const order = (id) => (id[0] === "o" ? `o${Math.max(0, crop.logits.indexOf(Number(id.slice(1))))}` : id);
  const nodes = {}, lines = {};
  const off = (is, should) => Math.abs(is - should) > 1e-5 * (Math.abs(is) + Math.abs(should)) + 1e-12;
  const set = (id, value, gradient, should, name) => {
    const reached = id[0] === "x" || done.has(order(id));
    const backed = back.has(order(id)) || (id[0] === "x" && back.has("x"));
    nodes[id] = {
      name, value: reached ? value : undefined, gradient: backed ? gradient : undefined,
      state: backed ? "back" : reached ? "done" : "idle",
      off: backed && should !== undefined && off(gradient, should) ? `should be ${readable(should)}` : null,
    };
  };
  for (let i = 0; i < 4; i++) set(`x${i}`, frame.x[i], frame.g_image?.[crop.pixels[i]], undefined, null);
  for (let j = 0; j < 3; j++) {
    set(`z${j}`, frame.z[j], frame.g_z?.[j], frame.right_z?.[j], `unit ${crop.hidden[j]}`);
    set(`a${j}`, frame.a[j], frame.g_a?.[j], frame.right_a?.[j], null);
    for (let i = 0; i < 4; i++) lines[`x${i}-z${j}`] = { weight: frame.W1[i * 3 + j], lit: done.has(`z${j}`) };
    lines[`z${j}-a${j}`] = { weight: 0, lit: done.has(`a${j}`) };
    for (const k of outs) lines[`a${j}-o${k}`] = { weight: frame.W2[j * 10 + k], lit: done.has(order(`o${k}`)) };
  }
  for (const k of outs) {
    set(`o${k}`, frame.logits[k], frame.g_logits?.[k], frame.right_logits?.[k], outs.length > 2 ? String(k) : `class ${k}`);
    lines[`o${k}-loss`] = { weight: 0, lit: done.has("loss") };
  }
  set("loss", -Math.log(frame.p[frame.numbers.label]), 1, undefined, null);
  return { nodes, edges: lines, picked: hidden ? null : settings.edge };
}

function graphLabel(frame, crop) {
  return `Computation graph of 4 of 64 pixels, hidden units ${crop.hidden.join(", ")} and the logits of classes ${crop.logits.join(" and ")}. ` +
    frame.says.map((html) => html.replace(/<[^>]*>/g, "")).join(" ");
}

/** The chosen edge: upstream × local = what is passed on; the weight can be dragged. */
function arithmetic(bench) {
  const list = h("select", { className: "dlx-select bpm-edge", aria: { label: "Edge under the microscope" } });
  list.addEventListener("change", () => bench.turn({ edge: list.value, nudge: 0 }));
  let weight = null;
  const drag = scrub("Weight of this edge", {
    low: -6, high: 6, step: 0.01, get: () => weight ?? 0,
    set: (value, fine) => { const nudge = bench.settings.nudge + value - weight; weight = value; bench.turn({ nudge: Math.max(-3, Math.min(3, Number(nudge.toFixed(4)))) }, fine); },
  });
  const handle = h("label", { className: "bpm-weight" }, "weight w = ", drag.node, h("span", { className: "dlx-soft" }, " drag it"));
  const body = h("div", { className: "bpm-products" });
  const note = h("p", { className: "bpm-note" });
  const node = h("section", { className: "dlx-card bpm-sum", aria: { label: "Arithmetic on one edge" } },
    h("div", { className: "bpm-sum-head" }, h("span", { className: "dlx-kicker" }, "Edge"), list, handle), body, note);
  const draw = (frame, settings) => {
    const { edge, crop } = frame.numbers;
    node.hidden = !edge;
    if (!edge) return;
    const outs = settings.fan_out || !crop.logits.includes(Number(settings.edge.split("-")[1]?.[1])) ? [...Array(10).keys()] : crop.logits;
    fillEdges(list, crop, outs, settings.edge);
    weight = edge.weight ?? null;
    handle.hidden = weight === null;
    if (weight !== null) drag.draw();
    body.replaceChildren(...edge.products.map(productRow));
    note.textContent = edge.note;
    note.classList.toggle("dlc-wrong", Boolean(edge.wrong));
  };
  return { node, draw };
}

function fillEdges(list, crop, outs, edge) {
  const words = (id) => (id === "loss" ? "loss" : { x: (i) => `pixel (${(crop.pixels[i] >> 3) + 1}, ${(crop.pixels[i] % 8) + 1})`, z: (i) => `sum of unit ${crop.hidden[i]}`, a: (i) => `unit ${crop.hidden[i]}`, o: (i) => `logit ${i}` }[id[0]](Number(id[1])));
  const all = edges(outs).map(({ id, from, to }) => [id, `${words(from)} → ${words(to)}`]);
  const key = JSON.stringify(all);
  if (list.dataset.key !== key) {
    list.replaceChildren(...all.map(([value, text]) => h("option", { value }, text)));
    list.dataset.key = key;
  }
  list.value = edge;
}

function productRow({ to, upstream, local, product }) {
  const term = ([name, value], kind) => h("span", { className: `bpm-term ${kind}` }, h("span", { className: "bpm-number" }, readable(value)), h("span", { className: "bpm-under" }, name));
  return h("div", { className: "bpm-product" }, h("span", { className: "bpm-to dlx-soft" }, `to ${to}`),
    term(upstream, "bpm-upstream"), h("span", { className: "bpm-op" }, "×"), term(local, "bpm-local"), h("span", { className: "bpm-op" }, "="), term(product, "bpm-result"));
}

function table(bench) {
  const body = h("tbody");
  const note = h("span", { className: "dlx-soft" });
  const head = ["parameter", "norm ratio", "cosine", "relative error", "agrees"].map((words) => h("th", { scope: "col" }, words));
  const node = h("section", { className: "dlx-card bpm-check" }, h("div", {}, h("span", { className: "dlx-kicker" }, "Gradient check "), note),
    h("div", { className: "dlx-scroll", tabIndex: 0, role: "region", aria: { label: "Gradient check, a table" } }, h("table", { className: "dlx-table", aria: { label: "The rule's gradients against numerical ones" } }, h("thead", {}, h("tr", {}, ...head)), body)));
  return {
    node,
    draw: (frame) => {
      const { table: rows, N } = frame.numbers;
      node.hidden = !rows;
      if (!rows) return;
      note.textContent = `the rule against central differences, N = ${N}`;
      body.replaceChildren(...rows.map(checkRow));
    },
  };
}

/** One parameter; each number also has a place on a small scale, with the right place marked. */
function checkRow({ name, shape, ratio, cosine, error, ok }) {
  const onScale = (at, best) => { const g = h("span", { className: "dlx-gauge", aria: { hidden: "true" } }); g.style.setProperty("--at", `${at}%`); g.style.setProperty("--best", `${best}%`); return g; };
  const clamp = (v) => Math.max(0, Math.min(100, v));
  const ratioAt = ratio > 0 ? clamp(50 + 28 * Math.log10(ratio)) : 0;
  return h("tr", { className: ok ? "" : "bpm-bad" },
    h("th", { scope: "row" }, name, h("span", { className: "dlx-soft" }, ` ${shape.join("×")}`)),
    h("td", {}, onScale(ratioAt, 50), readable(ratio, 4)), h("td", {}, onScale(clamp(50 + 50 * (cosine ?? 0)), 100), cosine === null ? "–" : readable(cosine, 4)),
    h("td", {}, readable(error, 2)), h("td", { className: ok ? "dlc-word-right" : "dlc-word-wrong" }, ok ? "✓ yes" : "✗ no"));
}

/** In a hidden round: the answer to give, and what comes of it. */
function naming(bench) {
  const list = dropdown({ ...bench.knobs.named, label: "Which bug made this table?" }, bench);
  const says = h("p", { role: "status" });
  const node = h("section", { className: "dlx-card bpm-naming" }, list.node, h("p", { className: "dlx-soft" }, "The backward half of the graph is dark in this round: only the table speaks."), says);
  let drawn = null;
  const draw = (frame, { rule: round, named }) => {
    node.hidden = !frame.numbers.hidden;
    list.draw();
    const mission = bench.model.get("missions")[round.replace("hidden", "name")];
    const words = named && mission ? mission.says : "";
    if (words === drawn) return;
    drawn = words;
    setHtml(bench.model, says, words);
    says.className = mission?.state === "correct" ? "dlc-right" : words ? "dlc-wrong" : "";
  };
  return { node, draw };
}
