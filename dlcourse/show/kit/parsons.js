// Lines of code to put in order: by mouse or finger (drag, or tap to move), and by keyboard alone.
import { h } from "./dom.js";

/**
 * A pool of lines and a program.  `pieces` are texts; `read()` gives the chosen indices in order.
 * Keys on a line: Enter or Space moves it between the lists, Up and Down move it within the program
 * (in the pool they move the focus), and what happened is said in a live region.
 */
export function parsonsView({ pieces, head = "", chosen = [], onchange = () => {} }) {
  let program = [...chosen];
  const pool = h("ol", { className: "dlce-lines dlce-pool", aria: { label: "Lines to choose from" } });
  const made = h("ol", { className: "dlce-lines dlce-program", aria: { label: "Your program" } });
  const live = h("p", { className: "dlc-sr", role: "status" });
  const say = (text) => { live.textContent = text; };

  const move = (i, to) => {
    const from = program.indexOf(i);
    if (from >= 0) program.splice(from, 1);
    if (to !== null) program.splice(Math.max(0, Math.min(to, program.length)), 0, i);
    draw();
    onchange(program);
  };
  const focus = (i) => [...pool.children, ...made.children].find((n) => n.dataset.piece === String(i))?.focus();

  const onkeydown = (event, i, node) => {
    const at = program.indexOf(i);
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      const next = node.nextElementSibling ?? node.previousElementSibling;
      move(i, at < 0 ? program.length : null);
      say(at < 0 ? `Added as line ${program.length}` : "Taken out");
      if (at < 0 && next) next.isConnected ? next.focus() : focus(next.dataset.piece);
      else focus(i);
    } else if (step && at >= 0) {
      move(i, at + step);
      focus(i);
      say(`Line ${program.indexOf(i) + 1} of ${program.length}`);
    } else if (step) {
      (step > 0 ? node.nextElementSibling : node.previousElementSibling)?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const line = (i) => {
    const inProgram = program.includes(i);
    const text = pieces[i];
    const node = h("li", {
      className: "dlce-line", tabIndex: 0, data: { piece: String(i) },
      aria: { label: `${text.trim()}. ${inProgram ? `Line ${program.indexOf(i) + 1}` : "Not used"}` },
      onclick: () => { if (!node.dragged) move(i, inProgram ? null : program.length); },
      onkeydown: (event) => onkeydown(event, i, node),
      onpointerdown: (event) => drag(event, i, node),
    }, h("code", { style: `--dlce-hang: ${text.search(/\S|$/) + 4}ch` }, text));
    return node;
  };

  const drag = (event, i, node) => {
    if (event.button !== 0) return;
    const start = [event.clientX, event.clientY];
    node.dragged = false;
    const onmove = (e) => {
      if (!node.dragged && Math.hypot(e.clientX - start[0], e.clientY - start[1]) < 6) return;
      if (!node.dragged) { node.dragged = true; node.setPointerCapture(e.pointerId); node.classList.add("dlce-dragged"); }
      node.style.transform = `translate(${e.clientX - start[0]}px, ${e.clientY - start[1]}px)`;
      mark(place(e, i));
    };
    const onup = (e) => {
      node.removeEventListener("pointermove", onmove);
      node.removeEventListener("pointerup", onup);
      node.removeEventListener("pointercancel", onup);
      node.classList.remove("dlce-dragged");
      node.style.transform = "";
      mark(null);
      if (node.dragged && e.type === "pointerup") move(i, place(e, i));
      setTimeout(() => { node.dragged = false; });
    };
    node.addEventListener("pointermove", onmove);
    node.addEventListener("pointerup", onup);
    node.addEventListener("pointercancel", onup);
  };

  /** Where in the program a drop at this point goes; null for the pool. */
  const place = (e, i) => {
    const box = made.getBoundingClientRect();
    const inside = e.clientX >= box.left && e.clientX <= box.right && e.clientY >= box.top - 12 && e.clientY <= box.bottom + 12;
    if (!inside) return null;
    const others = [...made.children].filter((n) => n.dataset.piece && n.dataset.piece !== String(i));
    return others.filter((n) => { const b = n.getBoundingClientRect(); return e.clientY > b.top + b.height / 2; }).length;
  };
  const mark = (at) => {
    const lines = [...made.children].filter((n) => n.dataset.piece && !n.classList.contains("dlce-dragged"));
    lines.forEach((n, k) => {
      n.classList.toggle("dlce-before", k === at);
      n.classList.toggle("dlce-after", at === lines.length && k === lines.length - 1);
    });
    made.classList.toggle("dlce-target", at !== null);
  };

  const draw = () => {
    const rest = pieces.map((_, i) => i).filter((i) => !program.includes(i));
    pool.replaceChildren(...rest.map(line));
    made.replaceChildren(...program.map(line));
    if (!program.length) made.append(h("li", { className: "dlce-empty" }, "Drag lines here, or choose one and press Enter."));
    if (!rest.length) pool.append(h("li", { className: "dlce-empty" }, "Every line is in use."));
  };
  draw();
  const node = h("div", { className: "dlce-parsons" },
    h("div", {}, h("p", { className: "dlc-kicker" }, "Lines, some of which do not belong"), pool),
    h("div", {}, h("p", { className: "dlc-kicker" }, "Your program"), head ? h("pre", { className: "dlce-head" }, h("code", {}, head)) : null, made),
    live);
  return { node, read: () => [...program] };
}
