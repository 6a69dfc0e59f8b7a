// A checker's verdict on the page: a word, what was found, which properties hold, where to see it.
import { h, setHtml, tell } from "./dom.js";

const VERDICT_ICON = { correct: "✓", "not yet": "→", "not attempted": "…", timeout: "■", crash: "✗", refused: "?" };

/** A live region that follows `model.verdict`; returns { node, draw }. */
export function verdictView(model, view) {
  const node = h("div", { className: "dlce-verdict", role: "status" });
  let shown = null;
  const draw = () => {
    const v = model.get("verdict");
    if (v === shown) return;
    shown = v;
    node.replaceChildren();
    node.className = "dlce-verdict";
    if (!v.state) return;
    node.classList.add(`dlce-${v.state.replace(" ", "-")}`);
    const says = h("div", { className: "dlce-says" });
    setHtml(model, says, v.says);
    node.append(verdictWord(v), says);
    if (v.printed) node.append(verdictPrinted(v.printed));
    if (v.hint) {
      const hint = h("div", { className: "dlce-hint" });
      setHtml(model, hint, v.hint);
      node.append(h("details", { className: "dlce-more" }, h("summary", {}, "A hint for this"), hint));
    }
    if (v.see) node.append(verdictSee(model, view, v.see));
  };
  return { node, draw };
}

function verdictWord(v) {
  const total = v.passed.length + v.failed.length;
  const icon = h("span", { className: "dlce-icon", aria: { hidden: "true" } }, VERDICT_ICON[v.state] ?? "→");
  const head = h("div", { className: "dlce-word" }, icon, h("strong", {}, v.word));
  if (total && v.state !== "correct") head.append(verdictScore(v, total));
  return head;
}

/** Which properties hold: a row of marks that opens into the list of their names. */
function verdictScore(v, total) {
  const items = [...v.passed.map((name) => [name, true]), ...v.failed.map((name) => [name, false])];
  const dots = h("span", { className: "dlce-dots", aria: { hidden: "true" } }, items.map(([, ok]) => h("i", { className: ok ? "dlce-held" : "dlce-broken" })));
  const list = h("ul", { className: "dlce-properties" }, items.map(([name, ok]) =>
    h("li", { className: ok ? "dlce-held" : "dlce-broken" }, h("span", { aria: { hidden: "true" } }, ok ? "✓ " : "✗ "), name, h("span", { className: "dlc-sr" }, ok ? ": holds" : ": does not hold"))));
  return h("details", { className: "dlce-score" }, h("summary", {}, dots, `${v.passed.length} of ${total} properties hold`), list);
}

function verdictPrinted(text) {
  return h("details", { className: "dlce-more" }, h("summary", {}, "What your code printed"), h("pre", {}, text));
}

/** A button that brings the explorable into view at the preset, opening it here if the page has none. */
export function verdictSee(model, view, see) {
  const [name, preset] = see.split("#");
  const label = `See it in the ${name.replaceAll("-", " ")}`;
  const place = h("div", { className: "dlce-place" });
  const button = h("button", { className: "dlc-button", type: "button", onclick: () => {
    const there = document.querySelector(`[data-explorable="${CSS.escape(name)}"]`);
    if (!there) return tell(model, view, "see", { see }, 15000);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    there.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
    there.dispatchEvent(new CustomEvent("dlc:preset", { detail: preset, bubbles: false }));
  } }, label);
  const mount = async () => {
    const id = model.get("opened")[see];
    if (!id || place.childNodes.length) return;
    const child = await model.widget_manager.get_model(id);
    const shown = await model.widget_manager.create_view(child);
    place.append(shown.el);
    shown.trigger?.("displayed");
    button.hidden = true;
  };
  model.on("change:opened", mount);
  mount();
  return h("div", { className: "dlc-row" }, button, place);
}

/** Buttons for hints and solution, and the places where these appear; returns { buttons, nodes, draw }. */
export function helpView(model, view) {
  const hint = h("button", { className: "dlc-button", type: "button", onclick: () => tell(model, view, "hint") });
  const solve = h("button", { className: "dlc-button", type: "button", onclick: () => tell(model, view, "solution") }, "Solution");
  const hints = h("div", { className: "dlce-hints", role: "status" });
  const solution = h("div", { className: "dlce-solution", role: "status" });
  const shown = {};
  const fill = (node, key, html) => {
    if (shown[key] === html) return;
    shown[key] = html;
    setHtml(model, node, html);
  };
  const draw = () => {
    const given = model.get("hints");
    const left = model.get("hints_left");
    hint.textContent = given.length ? `Another hint (${left} left)` : "Hint";
    const done = model.get("verdict").state === "correct";
    hint.hidden = left === 0 || done;
    solve.textContent = done ? "Compare with a solution" : "Solution";
    solve.disabled = !model.get("may_solve");
    solve.title = model.get("may_solve") ? "" : "The solution opens after your first try";
    solve.hidden = Boolean(model.get("solution"));
    fill(hints, "hints", given.map((text, i) => `<p class="dlc-kicker">Hint ${i + 1} of ${given.length + left}</p>${text}`).join(""));
    const worked = model.get("solution");
    fill(solution, "solution", worked ? `<p class="dlc-kicker">A solution</p>${worked}` : "");
  };
  return { buttons: [hint, solve], nodes: [hints, solution], draw };
}

export const HELP_TRAITS = ["verdict", "hints", "hints_left", "may_solve", "solution", "status"];
