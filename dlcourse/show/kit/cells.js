// A grid of numbers to edit in place: a small image to paint on, or the cells of a kernel.

import { h } from "./dom.js";
import { readable } from "./controls.js";

/**
 * cells({ rows, columns, label, low, high, step, get, set, paint, show }).  `get(i)` and `set(i, value, fine)`
 * read and write one cell; `paint` sets cells to `paint` while the pointer is down, otherwise a vertical
 * drag changes one cell.  Arrow keys move, + and − change, Delete sets zero; digits can be typed.
 */
export function cells({ rows, columns, label, low, high, step, get, set, paint = null, show = readable, tint }) {
  const node = h("div", { className: "dlx-cells", role: "grid", aria: { label } });
  node.style.setProperty("--columns", columns);
  const all = [];
  let active = 0, held = null, typed = "";
  const put = (i, value, fine) => set(i, Number(Math.min(high, Math.max(low, value)).toFixed(6)), fine);
  for (let r = 0; r < rows; r++) {
    const row = h("div", { role: "row", className: "dlx-cells-row" });
    for (let c = 0; c < columns; c++) {
      const i = r * columns + c;
      const cell = h("div", { className: "dlx-cell", role: "gridcell", tabIndex: 0, data: { index: i } });
      cell.tabIndex = i ? -1 : 0;
      row.append(cell);
      all.push(cell);
    }
    node.append(row);
  }
  const go = (i) => {
    all[active].tabIndex = -1;
    active = i;
    typed = "";
    all[i].tabIndex = 0;
    all[i].focus({ preventScroll: true });
  };
  const indexAt = (event) => {
    const cell = document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".dlx-cell");
    return cell && node.contains(cell) ? Number(cell.dataset.index) : null;
  };
  node.addEventListener("pointerdown", (event) => {
    const i = indexAt(event);
    if (i === null) return;
    event.preventDefault();
    node.setPointerCapture(event.pointerId);
    go(i);
    // Painting clears where the first cell is already dark, so that a second stroke undoes the first.
    held = paint === null ? { i, y: event.clientY, value: get(i) } : { ink: get(i) >= 0.5 * (low + high) ? low : high };
    if (paint !== null) put(i, held.ink, false);
  });
  node.addEventListener("pointermove", (event) => {
    if (!held) return;
    if (paint === null) return put(held.i, held.value + Math.round((held.y - event.clientY) / 4) * step, false);
    const i = indexAt(event);
    if (i !== null && get(i) !== held.ink) put(i, held.ink, false);
  });
  const end = () => { if (held) { held = null; put(active, get(active), true); } };
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
  node.addEventListener("keydown", (event) => {
    const r = Math.floor(active / columns), c = active % columns;
    const moves = { ArrowRight: c < columns - 1 ? 1 : 0, ArrowLeft: c ? -1 : 0, ArrowDown: r < rows - 1 ? columns : 0, ArrowUp: r ? -columns : 0 };
    const changes = { "+": step, "=": step, PageUp: step, "-": -step, PageDown: -step };
    if (event.key in moves) go(active + moves[event.key]);
    else if (event.key in changes) put(active, get(active) + changes[event.key], true);
    else if (event.key === "Delete" || event.key === "Backspace") { typed = ""; put(active, Math.max(low, 0), true); }
    else if (/^[0-9.]$/.test(event.key)) { typed += event.key; if (Number.isFinite(Number(typed))) put(active, Number(typed), true); }
    else return;
    event.preventDefault();
  });
  const draw = (marks = {}) => {
    all.forEach((cell, i) => {
      const value = get(i);
      cell.style.background = tint(value, i);
      cell.className = `dlx-cell${marks[i] ? ` ${marks[i]}` : ""}`;
      const words = show(value, i);
      if (cell.textContent !== words) cell.textContent = words;
      cell.setAttribute("aria-label", `row ${Math.floor(i / columns) + 1}, column ${(i % columns) + 1}: ${readable(value)}`);
    });
  };
  return { node, draw, all };
}
