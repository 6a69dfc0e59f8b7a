// One input per question type: `{node, read(), mark(result)}`. Positions go to the kernel, never keys.
import { h, setHtml } from "./dom.js";

/** The input of a card; `at` holds a page-unique name, the model and the answer to start from. */
export function quizInput(card, at) {
  return QUIZ_INPUTS[card.type](card.body, at, card);
}

function quizOption(at, type, i, html, checked) {
  const text = h("span", { className: "dlcq-text" });
  setHtml(at.model, text, html);
  const box = h("input", { type, name: at.name, value: String(i), checked });
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

const QUIZ_INPUTS = {
  single: quizChoose("radio"),
  multi: quizChoose("checkbox"),
  numeric: quizLine("Your number"),
};
