// The quiz: a card per question. All grading happens in the kernel; the page knows no key.
import { h, panel, tell, setHtml, follow, unique } from "./dom.js";
import { quizInput } from "./quiz_inputs.js";
import { verdictSee } from "./verdict.js";

const QUIZ_SURE = [["guess", "a guess"], ["think", "I think so"], ["sure", "I am sure"]];
const QUIZ_ICON = { correct: "✓", "not yet": "✗", "not attempted": "…", refused: "?", kept: "✓" };

/** One question: its text, its input, its buttons and its feedback; `draw()` follows the model. */
function quizCard(model, view, i) {
  const card = model.get("cards")[i];
  const name = unique("dlcq");
  const input = quizInput(card, { name, model, answer: model.get("answers")[i] });
  let confidence = null;
  let since = performance.now();

  const check = h("button", { className: "dlc-button dlc-primary", type: "submit" }, "Check");
  const hint = h("button", { className: "dlc-button", type: "button", onclick: () => tell(model, view, "hint", { question: i }) });
  const solve = h("button", { className: "dlc-button", type: "button", onclick: () => tell(model, view, "solution", { question: i }) }, "Show the solution");
  const again = h("button", { className: "dlc-button", type: "button", onclick: () => tell(model, view, "again", { question: i }) }, "New numbers");
  const hints = h("div", { className: "dlcq-hints", role: "status" });
  const status = h("div", { className: "dlcq-feedback", role: "status" });
  const place = h("div", { className: "dlcq-place" });
  const solution = h("div", { className: "dlcq-solution", role: "status" });
  const buttons = h("div", { className: "dlc-row dlcq-buttons" }, check, hint, solve, again);

  const form = h("form", {
    className: "dlcq-form",
    // JupyterLab keeps Enter from submitting a form out of a text box, so it is done here.
    onkeydown: (event) => {
      if (event.key !== "Enter" || !event.target.matches("input[type=text]")) return;
      event.preventDefault();
      event.stopPropagation();
      form.requestSubmit();
    },
    onsubmit: (event) => {
      event.preventDefault();
      const seconds = Math.round(performance.now() - since) / 1000;
      tell(model, view, "answer", { question: i, answer: input.read(), confidence, seconds }, 8000);
    },
  }, h("fieldset", {}, h("legend", { className: "dlcq-stem" }), quizAsk(card.type), input.node), card.confidence ? quizSure(name, (v) => { confidence = v; }) : null, buttons);
  setHtml(model, form.querySelector("legend"), card.stem + quizCode(card.code) + (card.body.graph ? "" : card.figure));

  const why = h("p", { className: "dlc-kicker dlcq-why" });
  if (card.why) setHtml(model, why, card.why);
  const count = model.get("cards").length;
  const minutes = `about ${card.minutes} minute${card.minutes > 1 ? "s" : ""}`;
  const kicker = h("p", { className: "dlc-kicker" }, `Question ${i + 1} of ${count}, ${minutes}`);
  const root = h("section", { className: "dlcq-card", aria: { label: `Question ${i + 1} of ${count}` } }, kicker, card.why ? why : null, form, hints, status, place, solution);

  const shown = {};
  const fill = (node, key, html) => {
    if (shown[key] === html) return;
    shown[key] = html;
    setHtml(model, node, html);
  };
  const draw = () => {
    const result = model.get("results")[i];
    const help = model.get("helps")[i] ?? {};
    const practice = model.get("mode") === "practice";
    fill(status, "status", result ? quizFeedback(result) : "");
    status.className = "dlcq-feedback" + (result ? ` dlcq-${result.state.replace(" ", "-")}` : "");
    fill(hints, "hints", help.hint ? `<strong>Hint</strong>${help.hint}` : "");
    const worked = result?.solution || help.solution;
    fill(solution, "solution", worked ? `<strong>Solution</strong>${worked}` : "");
    const left = card.hints - (help.hints ?? 0);
    hint.textContent = help.hints ? `Another hint (${left} left)` : "Hint";
    hint.hidden = !card.hints || left <= 0 || result?.state === "correct";
    solve.hidden = !practice || !result?.can_solve || Boolean(worked);
    again.hidden = !card.again || result?.state !== "correct";
    check.textContent = { exam: "Keep this answer", survey: "Send" }[model.get("mode")] ?? (result?.can_solve ? "Check again" : "Check");
    check.disabled = Boolean(result?.locked);
    input.mark(result ?? null);
    const wanted = result?.state === "not yet" ? result.see : "";
    if (shown.see !== wanted) place.replaceChildren(...(wanted ? [verdictSee(model, view, wanted)] : []));
    shown.see = wanted;
  };
  draw();
  return { root, draw, same: (other) => other.id === card.id && other.seed === card.seed, reset: () => { since = performance.now(); } };
}

/** What kind of answer is wanted, where the input alone does not say it. */
function quizAsk(type) {
  const words = { multi: "Choose every one that is true.", hotspot: "Choose one or more.", gate: "A prediction: it is not graded." }[type];
  return words ? h("p", { className: "dlc-kicker dlcq-how" }, words) : null;
}

function quizCode(code) {
  return code ? h("div", {}, h("pre", {}, h("code", {}, code))).innerHTML : "";
}

/** The confidence that goes with an answer: sure and wrong comes back first. */
function quizSure(name, set) {
  const choices = QUIZ_SURE.map(([value, text]) =>
    h("label", {}, h("input", { type: "radio", name: `${name}-sure`, value, onchange: () => set(value) }), ` ${text}`));
  return h("fieldset", { className: "dlcq-sure" }, h("legend", {}, "How sure are you?"), ...choices);
}

/** The feedback: a word, the answer that was given, what the mistake is called, and why. */
function quizFeedback(r) {
  const icon = `<span class="dlcq-icon" aria-hidden="true">${QUIZ_ICON[r.state] ?? "✗"}</span>`;
  const partly = r.state === "not yet" && r.score > 0 ? ` <span class="dlcq-score">${Math.round(100 * r.score)} % of it is right</span>` : "";
  const mistake = r.mistake ? `<p class="dlcq-mistake"><span>This mistake is known:</span> ${r.mistake}</p>` : "";
  return `<p class="dlcq-word">${icon}<strong>${r.word}</strong>${partly}</p>${mistake}<div>${r.html}</div>`;
}

/** How far the quiz is, in words. */
function quizTally(model) {
  const results = model.get("results");
  const done = results.filter((r) => r && ["correct", "kept"].includes(r.state)).length;
  const word = model.get("mode") === "practice" || model.get("finished") ? "right" : "kept";
  return `${done} of ${results.length} ${word}`;
}

/** Minutes and seconds that are left, as one reads them on a clock. */
function quizClock(ms) {
  const left = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

/** The clock of a timed exam; it hands in when the time is up, and says when little is left. */
function quizTimer(model, hand) {
  const clock = h("p", { className: "dlcq-clock", role: "timer" });
  const said = h("p", { className: "dlc-sr", role: "status" });
  let last = Infinity;
  const tick = () => {
    const end = model.get("deadline");
    const running = end > 0 && !model.get("finished");
    clock.hidden = !running;
    if (!running) return;
    const left = end - Date.now();
    clock.textContent = `${quizClock(left)} left`;
    for (const minutes of [5, 1]) if (left <= 60000 * minutes && last > 60000 * minutes && last < Infinity) said.textContent = `${minutes} minute${minutes > 1 ? "s" : ""} left.`;
    if (left <= 0 && last > 0) hand();
    last = left;
  };
  const beat = setInterval(tick, 500);
  return { nodes: [clock, said], tick, stop: () => clearInterval(beat) };
}

export default {
  render({ model, el }) {
    const view = panel(model, el, "quiz", `Quiz ${model.get("name")}`);
    view.root.classList.add("dlc-panel");
    const tally = h("p", { className: "dlcq-tally" });
    const note = h("p", {});
    const list = h("div", {});
    const hand = h("button", { className: "dlc-button dlc-primary", type: "button", onclick: () => tell(model, view, "finish") }, "Hand in");
    const begin = h("button", { className: "dlc-button dlc-primary", type: "button", onclick: () => tell(model, view, "start") }, "Start");
    const end = h("div", { className: "dlc-row dlcq-hand" }, hand);
    const timer = quizTimer(model, () => tell(model, view, "finish"));
    view.body.append(tally, ...timer.nodes, note, begin, list, end);
    let cards = [];

    const draw = () => {
      const wanted = model.get("cards");
      cards = wanted.map((card, i) => {
        if (cards[i]?.same(card)) return cards[i];
        const made = quizCard(model, view, i);
        if (cards[i]) cards[i].root.replaceWith(made.root);
        else list.append(made.root);
        return made;
      });
      for (const card of cards) card.draw();
      tally.textContent = wanted.length ? quizTally(model) : "";
      note.textContent = model.get("note");
      note.hidden = !model.get("note");
      begin.hidden = !model.get("waiting");
      end.hidden = model.get("mode") !== "exam" || model.get("finished") || !wanted.length;
      timer.tick();
    };
    const stop = follow(model, ["cards", "results", "helps", "finished", "note", "waiting", "deadline"], draw);
    return () => { stop(); timer.stop(); view.close(); };
  },
};
