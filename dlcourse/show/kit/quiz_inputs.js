// One input per question type: `{node, read(), mark(result)}`. Positions go to the kernel, never keys.
import { h, setHtml } from "./dom.js";

/** The input of a card; `at` holds a page-unique name, the model and the answer to start from. */
export function quizInput(card, at) {
  return QUIZ_INPUTS[card.type](card.body, at, card);
}

function quizOption(at, type, i, html, checked) {
  const text = h("span", { className: "dlcq-text" });
  const plain = h("span");
  plain.innerHTML = html; // sanitised by the kernel; the formula's TeX is its spoken form
  setHtml(at.model, text, html);
  const label = /\\\(/.test(plain.textContent) ? plain.textContent.trim() : null;
  const box = h("input", { type, name: at.name, value: String(i), checked, aria: label ? { label } : {} });
  return h("label", { className: "dlcq-option" }, box, text, h("span", { className: "dlcq-mark", aria: { hidden: "true" } }));
}

function quizChoose(type) {
  return (body, at) => {
    const held = (i) => (type === "radio" ? at.answer === i : (at.answer ?? []).includes(i));
    const options = body.options.map((html, i) => quizOption(at, type, i, html, held(i)));
    const boxes = options.map((o) => o.querySelector("input"));
    const chosen = () => boxes.flatMap((box, i) => (box.checked ? [i] : []));
    return {
      node: h("div", { className: "dlcq-options" }, ...options),
      read: () => (type === "radio" ? chosen()[0] ?? null : chosen()),
      mark: (result) => {
        const open = result && ["correct", "not yet"].includes(result.state);
        for (const [i, option] of options.entries()) {
          const marked = open && boxes[i].checked && (type === "radio" || result.state === "correct");
          option.classList.toggle("dlcq-is-right", marked && result.state === "correct");
          option.classList.toggle("dlcq-is-wrong", marked && result.state !== "correct");
          option.querySelector(".dlcq-mark").textContent = marked ? (result.state === "correct" ? "✓" : "✗") : "";
          boxes[i].disabled = Boolean(result?.locked);
        }
      },
    };
  };
}

function quizLine(label) {
  return (body, at) => {
    const box = h("input", { type: "text", className: "dlcq-line", autocomplete: "off", spellcheck: false, value: at.answer ?? "", placeholder: body.placeholder ?? "", aria: { label } });
    return {
      node: h("div", { className: "dlcq-row" }, box, body.unit ? h("span", { className: "dlcq-unit" }, body.unit) : null),
      read: () => box.value,
      mark: (result) => {
        box.readOnly = Boolean(result?.locked);
        box.setAttribute("aria-invalid", String(["not yet", "refused"].includes(result?.state)));
      },
    };
  };
}


/** A text area for code or words; Tab leaves it, as everywhere on the page. */
function quizArea(label, rows, text, code) {
  return h("textarea", { className: `dlcq-line dlcq-area${code ? "" : " dlcq-prose"}`, rows, spellcheck: !code, value: text ?? "", aria: { label } });
}

function quizCurve(points) {
  const low = Math.min(...points), span = Math.max(...points) - low || 1;
  const path = points.map((v, i) => `${((100 * i) / (points.length - 1)).toFixed(1)},${(54 - (48 * (v - low)) / span).toFixed(1)}`).join(" ");
  return `<svg viewBox="-4 0 108 60" class="dlcq-curve" aria-hidden="true"><path d="M0 0V56H104" fill="none" stroke="currentColor" stroke-opacity="0.5"/><polyline points="${path}" fill="none" stroke="var(--dlc-accent)" stroke-width="2.5" stroke-linejoin="round"/></svg>`;
}

/** A curve to draw: its points move up and down, by mouse, by finger or by key. */
function quizSketch({ draw, x, y }, at) {
  const { points: count, low, high } = draw;
  const W = 320, H = 180, edge = 12, span = high - low;
  const across = (i) => edge + (i * (W - 2 * edge)) / (count - 1);
  const up = (v) => H - edge - ((v - low) * (H - 2 * edge)) / span;
  let heights = at.answer ? [...at.answer] : Array(count).fill(low + span / 2);
  let touched = Boolean(at.answer), held = false, locked = false;
  const mark = (tag, set) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(set)) node.setAttribute(name, value);
    return node;
  };
  const svg = mark("svg", { viewBox: `0 0 ${W} ${H}`, class: "dlcq-sketch", role: "group" });
  svg.append(mark("path", { d: `M${edge / 2} ${edge / 2}V${H - edge / 2}H${W - edge / 2}`, class: "dlcq-axes" }));
  const truth = mark("polyline", { class: "dlcq-truth" });
  const line = mark("polyline", { class: "dlcq-drawn" });
  const words = h("span", {});
  words.innerHTML = `${y}, at place `;
  const knobs = heights.map((_, i) => mark("circle", { r: 8, cx: across(i), tabindex: 0, role: "slider", "data-lm-suppress-shortcuts": "true", "aria-label": `${words.textContent}${i + 1} of ${count}`, "aria-valuemin": low, "aria-valuemax": high, "aria-orientation": "vertical" }));
  svg.append(truth, line, ...knobs);
  const draws = () => {
    line.setAttribute("points", heights.map((v, i) => `${across(i)},${up(v)}`).join(" "));
    svg.classList.toggle("dlcq-untouched", !touched);
    for (const [i, knob] of knobs.entries()) {
      knob.setAttribute("cy", up(heights[i]));
      knob.setAttribute("aria-valuenow", heights[i]);
      knob.setAttribute("aria-valuetext", String(Number(heights[i].toPrecision(3))));
    }
  };
  const put = (i, value) => {
    if (locked) return;
    heights[i] = Number(Math.min(high, Math.max(low, value)).toPrecision(6));
    touched = true;
    draws();
  };
  const drag = (event) => {
    const box = svg.getBoundingClientRect();
    const sx = ((event.clientX - box.left) * W) / box.width, sy = ((event.clientY - box.top) * H) / box.height;
    const i = Math.max(0, Math.min(count - 1, Math.round(((sx - edge) * (count - 1)) / (W - 2 * edge))));
    put(i, low + ((H - edge - sy) * span) / (H - 2 * edge));
    return i;
  };
  svg.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    held = true;
    svg.setPointerCapture(event.pointerId);
    knobs[drag(event)].focus({ preventScroll: true });
  });
  svg.addEventListener("pointermove", (event) => { if (held) drag(event); });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { held = false; });
  svg.addEventListener("keydown", (event) => {
    const i = knobs.indexOf(event.target);
    const move = { ArrowUp: 0.02, ArrowDown: -0.02, PageUp: 0.1, PageDown: -0.1 }[event.key];
    const edges = { Home: low, End: high }[event.key];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (i < 0 || (move ?? edges ?? step) === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (step) knobs[i + step]?.focus();
    else put(i, edges ?? heights[i] + move * span);
  });
  const axes = h("p", { className: "dlc-kicker" });
  setHtml(at.model, axes, `Across: ${x}. Up: ${y}, from ${low} to ${high}.`);
  const how = h("p", { className: "dlc-kicker" }, "Drag the points, or draw across them. By key: left and right choose a point, up and down move it.");
  svg.setAttribute("aria-label", "Your curve");
  draws();
  return {
    node: h("div", {}, axes, svg, how),
    read: () => (touched ? heights : null),
    mark: (result) => {
      locked = Boolean(result?.locked);
      const curve = result?.reveal?.curve ?? [];
      truth.setAttribute("points", curve.map((v, i) => `${edge + (i * (W - 2 * edge)) / (curve.length - 1)},${up(Math.min(high, Math.max(low, v)))}`).join(" "));
    },
  };
}

/** Options with their curves above the words. */
function quizPlots(body, at) {
  if (body.draw) return quizSketch(body, at);
  const input = quizChoose("radio")(body, at);
  const flat = (c) => Math.max(...c) === Math.min(...c);
  for (const [i, option] of [...input.node.children].entries()) {
    const curve = flat(body.curves[i]) ? body.curves[i].map(() => 0).concat() : body.curves[i];
    option.querySelector(".dlcq-text").insertAdjacentHTML("afterbegin", quizCurve(curve));
  }
  input.node.classList.add("dlcq-plots");
  const axes = h("p", { className: "dlc-kicker" });
  setHtml(at.model, axes, `Across: ${body.x}. Up: ${body.y}.`);
  return { ...input, node: h("div", {}, axes, input.node) };
}

function quizTable(body, at) {
  const boxes = {};
  const cell = (entry, row, c) => {
    const td = h(c === 0 ? "th" : "td", c === 0 ? { scope: "row" } : {});
    if (entry.blank === undefined) setHtml(at.model, td, entry);
    else {
      const where = h("div", {});
      where.innerHTML = `${row} ${body.columns[c]}`;
      boxes[entry.blank] = h("input", { type: "text", className: "dlcq-line dlcq-cell", autocomplete: "off", value: at.answer?.[entry.blank] ?? "", aria: { label: where.textContent.replace(/\\[()]/g, "") } });
      td.append(boxes[entry.blank]);
    }
    return td;
  };
  const head = body.columns.map((html) => { const th = h("th", { scope: "col" }); setHtml(at.model, th, html); return th; });
  const rows = body.rows.map((row) => h("tr", {}, ...row.map((entry, c) => cell(entry, row[0], c))));
  return {
    node: h("div", { className: "dlcq-scroll" }, h("table", { className: "dlcq-table" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows))),
    read: () => Object.fromEntries(Object.entries(boxes).map(([name, box]) => [name, box.value])),
    mark: (result) => {
      for (const [name, box] of Object.entries(boxes)) {
        const bad = result?.state === "not yet" && result.failed[0] === name; // the others may follow from it
        box.setAttribute("aria-invalid", String(bad));
        box.readOnly = Boolean(result?.locked);
      }
    },
  };
}

/** Cells of a matrix, or nodes of a graph, as toggle buttons; arrows move between them. */
function quizRegions(body, at, { figure }) {
  const held = new Set(at.answer ?? []);
  const buttons = new Map();
  const flip = (id) => {
    if (held.has(id)) held.delete(id);
    else held.add(id);
    buttons.get(id).setAttribute("aria-pressed", String(held.has(id)));
  };
  const toggle = (id, label) => {
    const button = h("button", { type: "button", className: "dlcq-region", aria: { pressed: String(held.has(id)) }, onclick: () => flip(id) });
    setHtml(at.model, button, label);
    buttons.set(id, button);
    return button;
  };
  const node = body.graph ? quizGraph(body.graph, figure, toggle) : quizMatrix(body, at, toggle);
  quizRegionKeys(node, buttons, body.columns?.length ?? 1, flip);
  return {
    node,
    read: () => [...held],
    mark: (result) => { for (const button of buttons.values()) button.disabled = Boolean(result?.locked); },
  };
}

/**
 * The keys of the regions.  They act when they go down: the browser's own click comes when Space goes
 * up, and is lost if anything on the page takes the focus in between.
 */
function quizRegionKeys(node, buttons, width, flip) {
  const all = [...buttons.values()], ids = [...buttons.keys()];
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: width, ArrowUp: -width };
  const presses = (event) => event.key === "Enter" || event.key === " ";
  node.addEventListener("keydown", (event) => {
    const place = all.indexOf(event.target);
    if (place < 0 || !(steps[event.key] || presses(event))) return;
    event.preventDefault();
    event.stopPropagation();
    if (steps[event.key]) all[place + steps[event.key]]?.focus();
    else if (!event.repeat) flip(ids[place]);
  });
  node.addEventListener("keyup", (event) => { if (presses(event) && all.includes(event.target)) event.preventDefault(); });
}

function quizMatrix(body, at, toggle) {
  const heading = (html, scope) => { const th = h("th", { scope }); setHtml(at.model, th, html); return th; };
  const head = h("tr", {}, h("td", {}), ...body.columns.map((html) => heading(html, "col")));
  const rows = body.cells.map((row, r) => h("tr", {}, heading(body.rows[r], "row"), ...row.map((html, c) => h("td", {}, toggle(`${r},${c}`, html || "&nbsp;")))));
  const node = h("div", { className: "dlcq-scroll" }, h("table", { className: "dlcq-table dlcq-matrix" }, h("tbody", {}, head, ...rows)));
  for (const button of node.querySelectorAll("button")) {
    const cell = button.parentElement, row = cell.parentElement;
    const column = head.children[[...row.children].indexOf(cell)];
    button.setAttribute("aria-label", `row ${row.firstChild.textContent}, column ${column.textContent}, ${button.textContent.trim()}`);
  }
  return node;
}

/** The picture of the graph with a round button over each node. */
function quizGraph(graph, figure, toggle) {
  const picture = h("div", { className: "dlcq-graph", role: "group", aria: { label: "Nodes" } });
  picture.innerHTML = figure;
  picture.style.width = `${graph.width}px`;
  for (const n of graph.nodes) {
    const button = toggle(n.id, h("span", {}, n.label).innerHTML);
    button.classList.add("dlcq-node");
    button.setAttribute("aria-label", `node ${n.label}`);
    Object.assign(button.style, { left: `${(100 * n.x) / graph.width}%`, top: `${(100 * n.y) / graph.height}%` });
    picture.append(button);
  }
  return picture;
}

/** Items with buttons that move them; the arrow keys on an item's handle do the same. */
function quizOrder(body, at) {
  let order = at.answer ?? body.items.map((_, i) => i);
  const list = h("ol", { className: "dlcq-order" });
  const said = h("p", { className: "dlc-sr", role: "status" });
  let locked = false;
  const texts = body.items.map((html) => { const span = h("span", { className: "dlcq-text" }); setHtml(at.model, span, html); return span; });
  const move = (place, step, focus) => {
    const to = place + step;
    if (locked || to < 0 || to >= order.length) return;
    order = order.slice();
    [order[place], order[to]] = [order[to], order[place]];
    draw();
    said.textContent = `${texts[order[to]].textContent}: now number ${to + 1} of ${order.length}.`;
    list.children[to].querySelector(focus)?.focus();
  };
  const button = (place, step, word, sign, css) =>
    h("button", { type: "button", className: `dlc-button dlcq-move ${css}`, disabled: locked || place + step < 0 || place + step >= order.length, aria: { label: `Move ${word}: ${texts[order[place]].textContent}` }, onclick: () => move(place, step, `.${css}:not(:disabled), .dlcq-move:not(:disabled)`) }, sign);
  const draw = () => list.replaceChildren(...order.map((i, place) => {
    const item = h("li", { className: "dlcq-option dlcq-item" }, texts[i], button(place, -1, "up", "↑", "dlcq-up"), button(place, 1, "down", "↓", "dlcq-down"));
    item.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      move(place, step, step < 0 ? ".dlcq-up:not(:disabled), .dlcq-down" : ".dlcq-down:not(:disabled), .dlcq-up");
    });
    return item;
  }));
  draw();
  return {
    node: h("div", {}, list, said),
    read: () => order,
    mark: (result) => { if (locked !== Boolean(result?.locked)) { locked = !locked; draw(); } },
  };
}

/** Left sides with a letter to choose for each; the letters' texts stand beside them. */
function quizMatch(body, at) {
  const letter = (i) => String.fromCharCode(65 + i);
  const line = (html, before) => { const span = h("span", { className: "dlcq-text" }); setHtml(at.model, span, html); return h("div", { className: "dlcq-pair" }, before, span); };
  const selects = body.left.map((html, i) => {
    const plain = h("span", {});
    plain.innerHTML = html;
    const held = at.answer?.[i];
    return h("select", { className: "dlcq-select", aria: { label: `Partner of: ${plain.textContent}` } },
      h("option", { value: "" }, "–"), ...body.right.map((_, k) => h("option", { value: String(k), selected: held === k }, letter(k))));
  });
  const left = h("div", { className: "dlcq-side" }, ...body.left.map((html, i) => line(html, selects[i])));
  const right = h("div", { className: "dlcq-side dlcq-letters" }, ...body.right.map((html, k) => line(html, h("strong", {}, letter(k)))));
  return {
    node: h("div", { className: "dlcq-match" }, left, right),
    read: () => selects.map((s) => (s.value === "" ? null : Number(s.value))),
    mark: (result) => {
      for (const [i, select] of selects.entries()) {
        select.disabled = Boolean(result?.locked);
        select.setAttribute("aria-invalid", String(result?.state === "not yet" && result.failed.includes(String(i + 1))));
      }
    },
  };
}

/** A pool of lines and the program made of them: add, move, indent and take out, by button or by key. */
function quizParsons(body, at) {
  let program = (at.answer?.lines ?? []).map(([line, indent]) => ({ line, indent }));
  const words = { ...(at.answer?.blanks ?? {}) };
  const pool = h("div", { className: "dlcq-pool", role: "group", aria: { label: "Lines to choose from" } });
  const built = h("ol", { className: "dlcq-program", aria: { label: "Your program" } });
  const said = h("p", { className: "dlc-sr", role: "status" });
  let locked = false;
  const draw = (focus) => {
    const used = new Set(program.map((p) => p.line));
    pool.replaceChildren(...body.pool.map((text, i) => (used.has(i) ? null : h("button", { type: "button", className: "dlcq-codeline", disabled: locked, onclick: () => { program.push({ line: i, indent: program.at(-1)?.indent ?? 0 }); draw(program.length - 1); } }, ...quizBlanks(text)))).filter(Boolean));
    if (!pool.children.length) pool.append(h("span", { className: "dlc-kicker" }, "All lines are in use."));
    built.replaceChildren(...program.map(row));
    if (!program.length) built.append(h("li", { className: "dlc-kicker dlcq-empty" }, "Choose the first line."));
    if (focus !== undefined) (built.children[focus]?.querySelector("[tabindex]") ?? pool.querySelector("button"))?.focus();
  };
  const change = (place, what) => {
    if (locked) return;
    const item = program[place];
    let to = place;
    if (what === "out") program.splice(place, 1);
    else if (what === "in") item.indent = Math.min(item.indent + 1, body.deepest);
    else if (what === "back") item.indent = Math.max(item.indent - 1, 0);
    else {
      to = Math.max(0, Math.min(program.length - 1, place + (what === "up" ? -1 : 1)));
      program.splice(place, 1);
      program.splice(to, 0, item);
    }
    draw(to);
    said.textContent = what === "out" ? "Line taken out." : `Line ${to + 1} of ${program.length}, indented ${item.indent} times.`;
  };
  const keys = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "back", Delete: "out", Backspace: "out" };
  const row = ({ line, indent }, place) => {
    const box = (name) => h("input", { type: "text", className: "dlcq-line dlcq-fill", value: words[name] ?? "", autocomplete: "off", aria: { label: `Blank ${name}` }, oninput: (event) => { words[name] = event.target.value; } });
    const code = h("code", { className: "dlcq-codetext", tabIndex: 0, style: `padding-left: ${0.4 + 2.2 * indent}em` }, ...quizBlanks(body.pool[line], box));
    code.addEventListener("keydown", (event) => {
      if (event.target !== code || !keys[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      change(place, keys[event.key]);
    });
    const tool = (what, sign, label) => h("button", { type: "button", className: "dlc-button dlcq-move", disabled: locked, aria: { label: `${label}: ${body.pool[line]}` }, onclick: () => change(place, what) }, sign);
    return h("li", {}, code, h("span", { className: "dlcq-tools" }, tool("back", "←", "Indent less"), tool("in", "→", "Indent more"), tool("up", "↑", "Move up"), tool("down", "↓", "Move down"), tool("out", "×", "Take out")));
  };
  draw();
  const help = h("p", { className: "dlc-kicker" }, "Choose lines in order. In the program, arrow keys move and indent the focused line; Delete takes it out.");
  return {
    node: h("div", { className: "dlcq-parsons" }, help, pool, built, said),
    read: () => ({ lines: program.map((p) => [p.line, p.indent]), blanks: words }),
    mark: (result) => { if (locked !== Boolean(result?.locked)) { locked = !locked; draw(); } },
  };
}

/** A line of code with its `[[blanks]]` as boxes, or as gaps while it is only shown. */
function quizBlanks(text, box) {
  return text.split(/\[\[(\w+)\]\]/).map((part, i) => (i % 2 ? (box ? box(part) : "____") : part));
}

function quizHunt(body, at) {
  const lines = body.program.map((text, i) => {
    const radio = h("input", { type: "radio", name: `${at.name}-line`, value: String(i), checked: at.answer?.line === i, aria: { label: `Line ${i + 1}: ${text.trim()}` } });
    return h("label", { className: "dlcq-codeline" }, radio, h("span", { className: "dlcq-number", aria: { hidden: "true" } }, String(i + 1)), h("code", {}, text));
  });
  const symptoms = quizChoose("radio")({ options: body.symptoms }, { ...at, name: `${at.name}-why`, answer: at.answer?.symptom });
  const boxes = lines.map((line) => line.querySelector("input"));
  return {
    node: h("div", {},
      h("fieldset", { className: "dlcq-listing" }, h("legend", { className: "dlcq-ask" }, "The faulty line"), ...lines),
      h("fieldset", {}, h("legend", { className: "dlcq-ask" }, "What it leads to"), symptoms.node)),
    read: () => { const line = boxes.findIndex((b) => b.checked); return { line: line < 0 ? null : line, symptom: symptoms.read() }; },
    mark: (result) => {
      for (const box of boxes) box.disabled = Boolean(result?.locked);
      symptoms.mark(result?.state === "correct" || result?.locked ? result : null);
    },
  };
}

function quizProgram(body, at) {
  const asks = h("div", {});
  setHtml(at.model, asks, body.asks ?? "");
  const box = quizArea("Your function", 8, at.answer ?? `${body.stub}\n    ...\n`, true);
  return { node: h("div", {}, asks, box), read: () => box.value, mark: (result) => { box.readOnly = Boolean(result?.locked); } };
}

/** One's own words first; the model answer and the points to tick appear after they were sent. */
function quizExplain(body, at) {
  const box = quizArea("Your explanation", 4, at.answer?.text, false);
  const model = h("div", {});
  let points = null;
  const mark = (result) => {
    const rubric = result?.reveal?.rubric;
    if (!rubric || points) return;
    const held = at.answer?.points ?? [];
    points = rubric.map((html, i) => quizOption({ ...at, name: `${at.name}-points` }, "checkbox", i, html, held.includes(i)));
    const answer = h("div", {});
    setHtml(at.model, answer, result.reveal.model);
    model.className = "dlcq-model";
    model.append(h("strong", {}, "Model answer"), answer, h("fieldset", {}, h("legend", { className: "dlcq-ask" }, "Tick each point that your own text makes, then check again."), ...points));
  };
  return {
    node: h("div", {}, box, model),
    read: () => ({ text: box.value, points: points && points.flatMap((p, i) => (p.querySelector("input").checked ? [i] : [])) }),
    mark,
  };
}

const QUIZ_INPUTS = {
  single: quizChoose("radio"),
  gate: quizChoose("radio"),
  multi: quizChoose("checkbox"),
  predict_plot: quizPlots,
  numeric: quizLine("Your number"),
  shape: quizLine("Your shape"),
  expr: quizLine("Your formula"),
  predict_output: quizLine("What it prints"),
  trace: quizTable,
  hotspot: quizRegions,
  order: quizOrder,
  match: quizMatch,
  parsons: quizParsons,
  bug_hunt: quizHunt,
  code: quizProgram,
  explain: quizExplain,
};
