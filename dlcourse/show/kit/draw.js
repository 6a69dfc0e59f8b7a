// Charts on a canvas: scales, axes, heat maps, contours, curves, points, and handles to drag.

import { h } from "./dom.js";
import { readable } from "./controls.js";
import { watchWidth } from "./svg.js";

/** Round tick positions between low and high, about `count` of them; powers of ten if `log`. */
export function ticks(low, high, count = 5, log = false) {
  const found = [];
  if (log) {
    const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const skip = Math.max(1, Math.ceil((to - from + 1) / count));
    for (let e = from; e <= to; e += skip) found.push(10 ** e);
    return found;
  }
  const rough = (high - low) / count, size = 10 ** Math.floor(Math.log10(rough));
  const within = (s) => Math.floor(high / s + 1e-9) - Math.ceil(low / s - 1e-9) + 1;
  const steps = [1, 2, 5, 10].map((m) => m * size);
  const step = [...steps.filter((s) => s >= rough * 0.999), ...steps.reverse()].find((s) => within(s) > 1) ?? size; // two marks at least
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

const COLOURS = { ink: "--dlc-ink", soft: "--dlc-soft", line: "--dlc-line", accent: "--dlc-accent", plus: "--dlx-plus",
  minus: "--dlx-minus", grad: "--dlx-grad", mark: "--dlc-mark", right: "--dlc-right", wrong: "--dlc-wrong", paper: "--dlx-paper", black: "#000", white: "#fff" };

let themeAge = 0;

/** To be called when the page's theme has changed: charts look its colours up again. */
export function newTheme() { themeAge += 1; }

/** Colours and font at `canvas`, kept: asking for a style makes the page compute all that has changed. */
function palette(canvas) {
  let seen = null, known = {};
  const kept = (key, find) => {
    if (seen !== themeAge) { seen = themeAge; known = {}; }
    if (known[key]) return known[key];
    const style = getComputedStyle(canvas), found = find(style);
    if (style.getPropertyValue(COLOURS.ink)) known[key] = found; // or the sheet is still to come
    return found;
  };
  return { rgb: (name) => kept(name, (style) => rgb(style, name)), get font() { return kept("font family", (style) => style.fontFamily); } };
}

/** A colour of the theme as [r, g, b]. */
function rgb(style, name) {
  const probe = rgb.probe ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  for (const under of ["paper", name]) { // the theme's softer inks are half transparent
    const known = COLOURS[under];
    probe.fillStyle = (known.startsWith("--") ? style.getPropertyValue(known).trim() : known) || "#888";
    probe.fillRect(0, 0, 1, 1);
  }
  return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

/**
 * A chart.  draw(paint, label) calls paint(pen) at the node's present width; `height` may be a function
 * of the width.  `handle(options)` adds something to drag, which is also a button with arrow keys.
 */
export function chart({ height = 240, margin = [10, 12, 34, 46] } = {}) {
  const canvas = h("canvas", { role: "img", aria: { label: "A chart, drawn when it comes into view" } });
  const node = h("div", { className: "dlx-chart" }, canvas);
  const handles = [];
  const theme = palette(canvas);
  let last = null, pen = null;
  let width = 0; // asking the node would lay out the whole page in each frame
  const draw = (paint, label) => {
    last = [paint, label];
    if (!width) return;
    const tall = Math.round(typeof height === "function" ? height(width) : height);
    if (width <= margin[1] + margin[3] || tall <= margin[0] + margin[2]) return; // while a page is laid out
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(tall * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(tall * ratio);
      canvas.style.height = `${tall}px`;
    }
    canvas.setAttribute("aria-label", label);
    pen = makePen(canvas, theme, ratio, width, tall, margin);
    paint(pen);
    handles.forEach((one) => one.place(pen));
  };
  const close = watchWidth(node, (now) => { width = now; if (last) draw(...last); });
  const add = (options) => { const one = makeHandle(node, () => pen, options); handles.push(one); return one; };
  return { node, canvas, draw, close, handle: add, get pen() { return pen; } };
}

/** The part of the segment from p to q inside the box (Liang & Barsky, 1984), or null. */
export function clipped(p, q, { left, top, right, bottom }) {
  const [dx, dy] = [q[0] - p[0], q[1] - p[1]];
  let [from, to] = [0, 1];
  for (const [d, room] of [[-dx, p[0] - left], [dx, right - p[0]], [-dy, p[1] - top], [dy, bottom - p[1]]]) {
    if (d === 0) { if (room < 0) return null; continue; }
    const t = room / d;
    if (d < 0) from = Math.max(from, t); else to = Math.min(to, t);
  }
  return from > to ? null : [[p[0] + from * dx, p[1] + from * dy], [p[0] + to * dx, p[1] + to * dy]];
}

function makePen(canvas, theme, ratio, width, tall, [top, right, bottom, left]) {
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, tall);
  const box = { left, top, right: width - right, bottom: tall - bottom };
  const colour = (name) => (COLOURS[name] ? `rgb(${theme.rgb(name).join(",")})` : name);
  const pen = { c, box, width, tall, colour, X: (v) => v, Y: (v) => v };

  pen.axes = ({ x, y, xlog = false, ylog = false, xlabel = "", ylabel = "", bare = false }) => {
    const [fx, fy] = [xlog ? Math.log10 : Number, ylog ? Math.log10 : Number];
    const [x0, x1, y0, y1] = [fx(x[0]), fx(x[1]), fy(y[0]), fy(y[1])];
    pen.X = (v) => box.left + ((fx(v) - x0) / (x1 - x0)) * (box.right - box.left);
    pen.Y = (v) => box.bottom - ((fy(v) - y0) / (y1 - y0)) * (box.bottom - box.top);
    const raise = (log) => (log ? (v) => 10 ** v : Number);
    pen.atX = (px) => raise(xlog)(x0 + ((px - box.left) / (box.right - box.left)) * (x1 - x0));
    pen.atY = (py) => raise(ylog)(y0 + ((box.bottom - py) / (box.bottom - box.top)) * (y1 - y0));
    pen.range = { x, y };
    if (bare) return;
    c.font = `11px ${theme.font}`;
    c.strokeStyle = colour("line");
    c.fillStyle = colour("soft");
    c.lineWidth = 1;
    c.textAlign = "center";
    for (const v of ticks(...x, Math.max(2, Math.round((box.right - box.left) / 70)), xlog)) { line([pen.X(v), box.bottom], [pen.X(v), box.bottom + 4]); c.fillText(readable(v), pen.X(v), box.bottom + 15); }
    c.textAlign = "right";
    for (const v of ticks(...y, Math.max(2, Math.round((box.bottom - box.top) / 45)), ylog)) { line([box.left - 4, pen.Y(v)], [box.left, pen.Y(v)]); c.fillText(readable(v), box.left - 7, pen.Y(v) + 4); }
    c.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    c.textAlign = "center";
    c.fillText(xlabel, (box.left + box.right) / 2, box.bottom + 29);
    c.save();
    c.translate(11, (box.top + box.bottom) / 2);
    c.rotate(-Math.PI / 2);
    c.fillText(ylabel, 0, 0);
    c.restore();
  };
  const line = ([ax, ay], [bx, by]) => { c.beginPath(); c.moveTo(ax, ay); c.lineTo(bx, by); c.stroke(); };
  const within = (act) => { c.save(); c.beginPath(); c.rect(box.left, box.top, box.right - box.left, box.bottom - box.top); c.clip(); act(); c.restore(); };

  pen.curve = (xs, ys, name, { width: w = 2, dash = [], alpha = 1 } = {}) => within(() => {
    c.strokeStyle = colour(name); c.lineWidth = w; c.globalAlpha = alpha; c.lineJoin = "round"; c.setLineDash(dash);
    c.beginPath();
    let last = null, at = null;
    for (let i = 0; i < xs.length; i++) {
      const next = [pen.X(xs[i]), pen.Y(ys[i])];
      const ok = next.every(Number.isFinite);
      // Only what is in the box: dashes of a line that runs far out would cost seconds.
      const seen = last && ok ? clipped(last, next, box) : null;
      if (seen) {
        if (!at || at[0] !== seen[0][0] || at[1] !== seen[0][1]) c.moveTo(...seen[0]);
        c.lineTo(...seen[1]);
        at = seen[1];
      }
      last = ok ? next : null;
    }
    c.stroke();
  });
  pen.points = (xs, ys, name, { size = 3, hollow = false, alpha = 1, shape = "circle" } = {}) => within(() => {
    c.globalAlpha = alpha; c.fillStyle = hollow ? colour("paper") : colour(name); c.strokeStyle = colour(hollow ? name : "paper"); c.lineWidth = hollow ? 1.6 : 0.8;
    for (let i = 0; i < xs.length; i++) {
      const [px, py] = [pen.X(xs[i]), pen.Y(ys[i])];
      c.beginPath();
      if (shape === "square") c.rect(px - size, py - size, 2 * size, 2 * size); else c.arc(px, py, size, 0, 2 * Math.PI);
      c.fill(); c.stroke();
    }
  });
  pen.rule = (at, name, { vertical = false, dash = [5, 4], words = "" } = {}) => within(() => {
    c.strokeStyle = colour(name); c.setLineDash(dash); c.lineWidth = 1.2;
    if (vertical) line([pen.X(at), box.top], [pen.X(at), box.bottom]); else line([box.left, pen.Y(at)], [box.right, pen.Y(at)]);
    if (words) pen.words(words, vertical ? pen.X(at) + 5 : box.right - 5, vertical ? box.top + 12 : pen.Y(at) - 5, name, vertical ? "left" : "right");
  });
  pen.words = (text, px, py, name = "ink", align = "left", size = 11) => {
    c.save(); c.setLineDash([]); c.font = `${size}px ${theme.font}`; c.textAlign = align; c.lineWidth = 3; c.strokeStyle = colour("paper");
    if (name !== "paper") c.strokeText(text, px, py); // a margin around words over lines; none around words on a dark cell
    c.fillStyle = colour(name); c.fillText(text, px, py); c.restore();
  };
  /** Values (rows from the top) as colours: signed between minus and plus, or from `from` to `to`. */
  pen.heat = (values, rows, columns, { low, high, signed = false, from = "paper", to = "ink", at = box, smooth = false, alpha = 1 }) => {
    const image = new ImageData(columns, rows);
    const [a, b, zero] = [theme.rgb(signed ? "minus" : from), theme.rgb(signed ? "plus" : to), theme.rgb("paper")];
    for (let i = 0; i < values.length; i++) {
      let t = (values[i] - low) / (high - low), first = a;
      let second = b;
      if (signed) { t = 2 * t - 1; first = zero; second = t < 0 ? a : b; t = Math.abs(t); }
      t = Math.max(0, Math.min(1, t));
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = first[k] + t * (second[k] - first[k]);
      image.data[4 * i + 3] = Number.isNaN(values[i]) ? 0 : 255;
    }
    const small = (pen.heat.small ??= document.createElement("canvas"));
    small.width = columns; small.height = rows;
    small.getContext("2d").putImageData(image, 0, 0);
    c.save(); c.imageSmoothingEnabled = smooth; c.globalAlpha = alpha;
    c.drawImage(small, at.left, at.top, at.right - at.left, at.bottom - at.top);
    c.restore();
  };
  /** A histogram ribbon: over each x a column of `bins` shares from low to high, darker where more values lie. */
  pen.ribbon = (xs, shares, bins, name, { low, high, width: w = 0.8 }) => within(() => {
    c.fillStyle = colour(name);
    const tallest = Math.max(...shares, Number.MIN_VALUE), step = (high - low) / bins;
    for (let i = 0; i < xs.length; i++) for (let b = 0; b < bins; b++) {
      c.globalAlpha = Math.sqrt(shares[i * bins + b] / tallest); // or the thin tails would be invisible
      const [x0, x1, y0, y1] = [pen.X(xs[i] - w / 2), pen.X(xs[i] + w / 2), pen.Y(low + b * step), pen.Y(low + (b + 1) * step)];
      c.fillRect(x0, y1, x1 - x0, y0 - y1);
    }
  });
  /** Lines of equal value over the box, by marching squares; rows from the top, samples at cell centres. */
  pen.contour = (values, rows, columns, levels, name, { width: w = 1, alpha = 0.7 } = {}) => within(() => {
    c.strokeStyle = colour(name); c.lineWidth = w; c.globalAlpha = alpha;
    const px = (j) => box.left + ((j + 0.5) / columns) * (box.right - box.left), py = (i) => box.top + ((i + 0.5) / rows) * (box.bottom - box.top);
    c.beginPath();
    for (const level of levels) for (let i = 0; i + 1 < rows; i++) for (let j = 0; j + 1 < columns; j++) {
      const v = [values[i * columns + j], values[i * columns + j + 1], values[(i + 1) * columns + j + 1], values[(i + 1) * columns + j]];
      const corners = [[j, i], [j + 1, i], [j + 1, i + 1], [j, i + 1]];
      const cuts = [];
      for (let k = 0; k < 4; k++) {
        const [p, q] = [v[k], v[(k + 1) % 4]];
        if (p < level === q < level) continue;
        const t = (level - p) / (q - p), [[ax, ay], [bx, by]] = [corners[k], corners[(k + 1) % 4]];
        cuts.push([px(ax + t * (bx - ax)), py(ay + t * (by - ay))]);
      }
      for (let k = 0; k + 1 < cuts.length; k += 2) { c.moveTo(...cuts[k]); c.lineTo(...cuts[k + 1]); }
    }
    c.stroke();
  });
  return pen;
}

/** Something to drag over a chart: get() and set(x, y, fine) in the chart's own units; `step` for the arrow keys. */
function makeHandle(node, penNow, { label, get, set, step = [0.1, 0.1], name = "accent", say = ([x, y]) => `${readable(x)}, ${readable(y)}` }) {
  const button = h("button", { type: "button", className: `dlx-handle dlx-handle-${name}`, aria: { label } }); // named before it is first drawn
  let held = false, last = null;
  const to = (x, y, fine) => {
    const { range } = penNow();
    const clamp = (v, [a, b]) => Math.min(Math.max(a, b), Math.max(Math.min(a, b), v));
    last = [clamp(x, range.x), clamp(y, range.y)];
    set(...last, fine);
  };
  button.addEventListener("pointerdown", (event) => { held = true; last = null; button.setPointerCapture(event.pointerId); });
  button.addEventListener("pointermove", (event) => {
    if (!held) return;
    const edge = node.getBoundingClientRect();
    to(penNow().atX(event.clientX - edge.left), penNow().atY(event.clientY - edge.top), false);
  });
  const end = () => { if (held) { held = false; if (last) to(...last, true); } };
  button.addEventListener("pointerup", end);
  button.addEventListener("pointercancel", end);
  const moves = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  button.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const [x, y] = get(), far = event.shiftKey ? 5 : 1, by = typeof step === "function" ? step([x, y]) : step;
    to(x + far * move[0] * by[0], y + far * move[1] * by[1], true);
  });
  node.append(button);
  return {
    button,
    place: (pen) => {
      const at = get();
      button.hidden = !at;
      if (!at) return;
      button.style.left = `${Math.max(pen.box.left, Math.min(pen.box.right, pen.X(at[0])))}px`;
      button.style.top = `${Math.max(pen.box.top, Math.min(pen.box.bottom, pen.Y(at[1])))}px`;
      button.setAttribute("aria-label", `${label}: ${say(at)}. Drag, or use the arrow keys.`);
      button.title = `${label}: ${say(at)}`;
    },
  };
}

/** Tabs of a view: choices of the knob `name`, each with its part; only the chosen part is shown. */
export function tabs(bench, name, parts) {
  const knob = bench.knobs[name];
  const buttons = knob.options.map(([value, words]) => h("button", { type: "button", role: "tab", className: "dlx-tab", onclick: () => bench.turn({ [name]: value }) }, words));
  const list = h("div", { className: "dlx-tabs", role: "tablist", aria: { label: knob.label } }, ...buttons);
  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = (knob.options.findIndex(([v]) => v === bench.settings[name]) + by + buttons.length) % buttons.length;
    buttons[next].focus();
    bench.turn({ [name]: knob.options[next][0] });
  });
  const panels = knob.options.map(([value, words]) => h("div", { role: "tabpanel", aria: { label: words } }, parts[value].node));
  const draw = (frame, settings) => knob.options.forEach(([value], i) => {
    const on = settings[name] === value;
    buttons[i].setAttribute("aria-selected", String(on));
    buttons[i].tabIndex = on ? 0 : -1;
    panels[i].hidden = !on;
    if (on && frame.numbers[name] === value) parts[value].draw(frame, settings);
  });
  return { node: h("div", {}, list, ...panels), draw, close: () => Object.values(parts).forEach((part) => part.close?.()) };
}
