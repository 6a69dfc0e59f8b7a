// What every view needs: elements, mathematics, keys, and a conversation with the kernel.

/** An element with properties, `on...` listeners, `data`/`aria` maps and children (text or nodes). */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "aria") for (const [k, v] of Object.entries(value)) node.setAttribute(`aria-${k}`, v);
    else if (name in node && !["list", "form", "role"].includes(name)) node[name] = value;
    else node.setAttribute(name, value);
  }
  // JupyterLab takes arrow and letter keys from a focused control unless the control itself says this.
  if (["input", "button", "select", "textarea", "summary"].includes(tag) || props.tabIndex === 0)
    node.setAttribute("data-lm-suppress-shortcuts", "true");
  node.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return node;
}

/** A name that no other element of the page has: every widget loads its own copy of this file, so they count together. */
export function unique(prefix) {
  globalThis.dlcourseNames = (globalThis.dlcourseNames ?? 0) + 1;
  return `${prefix}-${globalThis.dlcourseNames}`;
}

/** Put HTML that Python has sanitised into `node`, and typeset its formulas with JupyterLab's MathJax. */
export function setHtml(model, node, html) {
  node.innerHTML = html;
  typeset(model, node);
}

export function typeset(model, node) {
  const typesetter = model.widget_manager?._rendermime?.latexTypesetter;
  if (typesetter && /\\\(|\\\[/.test(node.textContent)) typesetter.typeset(node);
}

/** The root of a view: a labelled group, with a place where an error of the kernel's is shown. */
export function panel(model, el, kind, label) {
  const body = h("div", { className: "dlc-body" });
  const problem = h("div", { className: "dlc-problem", role: "alert" });
  const root = h("div", { className: `dlc dlc-${kind}`, role: "group", aria: { label } }, body, problem);
  const show = () => { problem.textContent = model.get("problem"); };
  model.on("change:problem", show);
  show();
  el.append(root);
  return { root, body, problem, close: () => model.off("change:problem", show) };
}

// Larger than any of an earlier page of the same kernel, or its answer to an old one would do for a new one.
let tickets = Date.now();

/** Tell the kernel `event`; if it has not heard after a while, say so on the page, with the cure.  Returns the message's ticket. */
export function tell(model, view, event, data = {}, patience = 4000) {
  const ticket = ++tickets;
  model.send({ event, ticket, ...data });
  const silence = "No answer from the kernel yet. If it was restarted, run this cell again: your progress is kept.";
  setTimeout(() => {
    if (model.get("heard") < ticket && view.root.isConnected) view.problem.textContent = silence;
  }, patience);
  const clear = () => {
    if (model.get("heard") < ticket) return;
    model.off("change:heard", clear);
    if (view.problem.textContent === silence) view.problem.textContent = model.get("problem");
  };
  model.on("change:heard", clear);
  return ticket;
}

/** Call `draw` now and whenever one of `names` changes; returns the function that stops it. */
export function follow(model, names, draw) {
  for (const name of names) model.on(`change:${name}`, draw);
  draw();
  return () => { for (const name of names) model.off(`change:${name}`, draw); };
}
