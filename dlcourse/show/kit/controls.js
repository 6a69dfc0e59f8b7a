// Controls of knobs, each with its label in words, its value and unit, and the keyboard.

import { h, unique } from "./dom.js";

/** A number as people read it: significant digits, a true minus sign, powers of ten in words. */
export function readable(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) {
    const [mantissa, exponent] = value.toExponential(Math.max(digits - 2, 0)).split("e");
    const raised = String(Number(exponent)).replace(/./g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻");
    const times = mantissa.replace("-", "−").replace(/\.0+$/, "");
    return `${times === "1" ? "" : `${times}·`}10${raised}`;
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** Numbers of the slider's own scale: a position in [low, high], evenly in the logarithm if asked. */
export function scaled(knob) {
  const to = knob.log ? Math.log10 : (v) => v;
  const from = knob.log ? (v) => 10 ** v : (v) => v;
  const places = Math.max(0, Math.ceil(-Math.log10(knob.step || 1)));
  const whole = Number.isInteger(knob.start) && Number.isInteger(knob.step) && !knob.log;
  const tidy = (v) => (knob.log ? Number(v.toPrecision(6)) : whole ? Math.round(v) : Number(v.toFixed(places + 2)));
  const within = (v) => Math.min(knob.high, Math.max(knob.low, v));
  return { to, from: (v) => within(tidy(from(v))), low: to(knob.low), high: to(knob.high), step: knob.step };
}

export function control(knob, bench) {
  return { slider, choice, toggle }[knob.kind](knob, bench);
}

export function slider(knob, bench) {
  const id = unique("dlx-slider");
  const scale = scaled(knob);
  const value = h("output", { className: "dlx-value" });
  value.setAttribute("for", id);
  const input = h("input", { type: "range", id, className: "dlx-range", min: scale.low, max: scale.high, step: scale.step, title: knob.about });
  input.addEventListener("input", () => bench.turn({ [knob.name]: scale.from(Number(input.value)) }, false));
  input.addEventListener("change", () => bench.turn({ [knob.name]: scale.from(Number(input.value)) }, true));
  const node = h("div", { className: "dlx-control" },
    h("div", { className: "dlx-label" }, h("label", { htmlFor: id }, knob.label), value), input);
  return {
    node,
    draw: () => {
      const now = bench.settings[knob.name];
      if (Number(input.value) !== scale.to(now)) input.value = scale.to(now);
      input.style.setProperty("--at", `${(100 * (scale.to(now) - scale.low)) / (scale.high - scale.low)}%`);
      const words = readable(now, 4) + (knob.unit ? ` ${knob.unit}` : "");
      value.textContent = words;
      input.setAttribute("aria-valuetext", words);
    },
  };
}

/** Up to four short options as a row of radio buttons, more of them as a list to drop down. */
export function choice(whole, bench) {
  // What is the learner's own is offered only where there is something of theirs.
  const knob = { ...whole, options: whole.options.filter(([value]) => value !== "yours" || bench.spec.own.length) };
  const short = knob.options.length <= 4 && knob.options.every(([, words]) => words.length < 16);
  return short ? segments(knob, bench) : dropdown(knob, bench);
}

function segments(knob, bench) {
  const name = unique("dlx-choice");
  const inputs = knob.options.map(([value]) => h("input", { type: "radio", name, value,
    onchange: () => bench.turn({ [knob.name]: value }) }));
  const node = h("fieldset", { className: "dlx-control dlx-fieldset", title: knob.about },
    h("legend", { className: "dlx-label" }, knob.label),
    h("div", { className: "dlx-segments" }, ...knob.options.map(([, words], i) => h("label", {}, inputs[i], h("span", {}, words)))));
  return { node, draw: () => inputs.forEach((input) => { input.checked = input.value === bench.settings[knob.name]; }) };
}

export function dropdown(knob, bench, options = knob.options) {
  const id = unique("dlx-choice");
  const select = h("select", { id, className: "dlx-select", title: knob.about },
    ...options.map(([value, words]) => h("option", { value }, words)));
  select.addEventListener("change", () => bench.turn({ [knob.name]: select.value }));
  const node = h("div", { className: "dlx-control" }, h("div", { className: "dlx-label" }, h("label", { htmlFor: id }, knob.label)), select);
  return { node, select, draw: () => { if (select.value !== bench.settings[knob.name]) select.value = bench.settings[knob.name]; } };
}

export function toggle(knob, bench) {
  const input = h("input", { type: "checkbox", className: "dlx-switch" });
  input.setAttribute("role", "switch");
  input.addEventListener("change", () => bench.turn({ [knob.name]: input.checked }));
  const node = h("label", { className: "dlx-control dlx-toggle", title: knob.about }, input, h("span", {}, knob.label));
  return { node, draw: () => { input.checked = bench.settings[knob.name]; } };
}

/** A number in a sentence that can be dragged sideways, or moved with the arrow keys. */
export function scrub(label, { low, high, step, get, set }) {
  const node = h("span", { className: "dlx-scrub", tabIndex: 0, role: "slider", aria: { label, valuemin: low, valuemax: high } });
  const put = (value, fine) => set(Number(Math.min(high, Math.max(low, value)).toFixed(6)), fine);
  let from = null;
  node.addEventListener("pointerdown", (event) => {
    from = { x: event.clientX, value: get() };
    node.setPointerCapture(event.pointerId);
    event.preventDefault();
    node.focus();
  });
  node.addEventListener("pointermove", (event) => { if (from) put(from.value + Math.round((event.clientX - from.x) / 2) * step, false); });
  const end = () => { if (from) { from = null; put(get(), true); } };
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
  const moves = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
  node.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    put(get() + move * step, true);
  });
  return { node, draw: (words = readable(get())) => { node.textContent = words; node.setAttribute("aria-valuenow", get()); node.setAttribute("aria-valuetext", words); } };
}
