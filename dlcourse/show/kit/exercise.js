// The exercise card: what is asked, and three levels of help in answering it.
import { h, panel, tell, setHtml, follow, unique } from "./dom.js";
import { verdictView, helpView, HELP_TRAITS } from "./verdict.js";
import { parsonsView } from "./parsons.js";

const EXERCISE_LEVELS = [["order", "Order the lines"], ["blanks", "Fill the blanks"], ["write", "Write it yourself"]];
const EXERCISE_STATUS = { correct: "✓ correct", "not yet": "→ not yet", "not attempted": "not attempted" };

/** Three tabs with one panel each; arrow keys move between them. */
function exerciseTabs(panels, onselect) {
  const name = unique("dlce");
  const tabs = EXERCISE_LEVELS.map(([key, label]) => h("button", {
    className: "dlce-tab", type: "button", role: "tab", id: `${name}-${key}`,
    aria: { controls: `${name}-${key}-panel` },
    onclick: () => select(key),
    onkeydown: (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      const at = (EXERCISE_LEVELS.findIndex(([k]) => k === key) + step + EXERCISE_LEVELS.length) % EXERCISE_LEVELS.length;
      select(EXERCISE_LEVELS[at][0]);
      tabs[at].focus();
      event.preventDefault();
    },
  }, label));
  const boxes = EXERCISE_LEVELS.map(([key]) => h("div", {
    className: "dlce-level", role: "tabpanel", id: `${name}-${key}-panel`, aria: { labelledby: `${name}-${key}` },
  }, panels[key]));
  const select = (key) => {
    EXERCISE_LEVELS.forEach(([k], i) => {
      tabs[i].setAttribute("aria-selected", String(k === key));
      tabs[i].tabIndex = k === key ? 0 : -1;
      boxes[i].hidden = k !== key;
    });
    onselect(key);
  };
  return { node: h("div", {}, h("div", { className: "dlce-tabs", role: "tablist", aria: { label: "How much help" } }, tabs), boxes), select };
}

/** The program with an input in place of each blank. */
function exerciseBlanks(lines, oncheck) {
  const inputs = [];
  const rows = lines.map(([left, ask, length]) => {
    if (ask === null) return h("div", { className: "dlce-row" }, h("span", {}, left || " "));
    const input = h("input", {
      className: "dlce-blank", type: "text", spellcheck: false, autocomplete: "off", autocapitalize: "off",
      size: Math.max(10, length + 2), placeholder: "...", aria: { label: `${left.trim()} blank: ${ask}` },
      onkeydown: (event) => { if (event.key === "Enter") { event.preventDefault(); oncheck(); } event.stopPropagation(); },
    });
    inputs.push(input);
    return h("div", { className: "dlce-row" }, h("span", {}, left), input, h("span", { className: "dlce-ask" }, `# ${ask}`));
  });
  return { node: h("div", { className: "dlce-code" }, rows), read: () => inputs.map((i) => i.value) };
}

/** The stub, to be copied into a cell. */
function exerciseStub(card) {
  const said = h("span", { className: "dlc-kicker", role: "status" });
  const code = `${card.blank}\n\ncheck(${card.name})`;
  const copy = h("button", { className: "dlc-button", type: "button", onclick: async () => {
    try { await navigator.clipboard.writeText(code); said.textContent = "Copied. Paste it into a new cell."; }
    catch { said.textContent = "The browser does not allow copying; select the code instead."; }
  } }, "Copy");
  return h("div", {}, h("p", {}, "Write it in a cell of the notebook, and check it there:"), h("pre", {}, h("code", {}, code)), h("div", { className: "dlc-row" }, copy, said));
}

export default {
  render({ model, el }) {
    const card = model.get("card");
    const view = panel(model, el, "exercise", `Exercise: ${card.title}`);
    view.root.classList.add("dlc-panel");
    const verdict = verdictView(model, view);
    const help = helpView(model, view);
    let level = "order";
    const check = h("button", { className: "dlc-button dlc-primary", type: "button", onclick: () => send() }, "Check");
    const parsons = parsonsView({ pieces: card.pieces, head: card.head });
    const blanks = exerciseBlanks(card.faded, () => send());
    const send = () => {
      check.disabled = true;
      setTimeout(() => { check.disabled = false; }, 12000);
      if (level === "order") tell(model, view, "order", { lines: parsons.read() }, 12000);
      else tell(model, view, "blanks", { texts: blanks.read() }, 12000);
    };
    const tabs = exerciseTabs({ order: parsons.node, blanks: blanks.node, write: exerciseStub(card) }, (key) => {
      level = key;
      check.hidden = key === "write";
    });
    const status = h("span", { className: "dlce-status" });
    const dots = "●".repeat(card.difficulty) + "○".repeat(5 - card.difficulty);
    const kicker = h("p", { className: "dlc-kicker dlce-kicker" },
      h("span", {}, `Exercise, about ${card.minutes} minutes, difficulty `, h("span", { role: "img", aria: { label: `${card.difficulty} of 5` } }, dots)), status);
    const asks = h("div", { className: "dlce-asks" });
    setHtml(model, asks, card.asks);
    view.body.append(kicker, h("h4", { className: "dlce-title" }, card.title), asks, tabs.node,
      h("div", { className: "dlc-row" }, check, help.buttons), verdict.node, ...help.nodes);
    tabs.select("order");
    const stop = follow(model, [...HELP_TRAITS, "heard"], () => {
      check.disabled = false;
      verdict.draw();
      help.draw();
      const word = model.get("status");
      status.textContent = EXERCISE_STATUS[word] ?? word;
      status.className = `dlce-status dlce-is-${word.replace(" ", "-")}`;
    });
    return () => { stop(); view.close(); };
  },
};
