// The verdict under a learner's own cell.
import { h, panel, follow } from "./dom.js";
import { verdictView, helpView, HELP_TRAITS } from "./verdict.js";

export default {
  render({ model, el }) {
    const view = panel(model, el, "exercise", `Check of ${model.get("name")}`);
    view.root.classList.add("dlce-check");
    const verdict = verdictView(model, view);
    const help = helpView(model, view);
    const row = h("div", { className: "dlc-row" }, help.buttons);
    view.body.append(verdict.node, row, ...help.nodes);
    const stop = follow(model, HELP_TRAITS, () => {
      verdict.draw();
      help.draw();
    });
    return () => { stop(); view.close(); };
  },
};
