// The page of every explorable: question, stage, controls, sentences, presets, missions.
// A view gives `explorable(build)`; `build(bench)` returns { node, draw(frame, settings) } and, if it
// likes, `side` (above the controls), `below` (under both, full width) and `close`.

import { h, setHtml, panel, tell, unique } from "./dom.js";
import { control } from "./controls.js";
import { newTheme } from "./draw.js";

const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

/** The arrays of a frame by name, each a typed array with its `shape`, looked at in place. */
export function unpack(contents, data) {
  const aligned = data.byteOffset % 8 === 0;
  const buffer = aligned ? data.buffer : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  const from = aligned ? data.byteOffset : 0;
  const arrays = {};
  for (const { name, kind, shape, offset } of contents) {
    const size = shape.reduce((a, b) => a * b, 1);
    arrays[name] = Object.assign(new ARRAYS[kind](buffer, from + offset, size), { shape });
  }
  return arrays;
}

/**
 * The ES module of one explorable.  `options.css`: the view's own styles;
 * `options.presets === false`: the view offers the presets itself.
 */
export function explorable(build, options = {}) {
  return {
    render({ model, el }) {
      const spec = model.get("spec");
      const view = panel(model, el, "explorable", spec.title);
      view.root.classList.add("dlc-panel");
      view.root.dataset.explorable = spec.id;
      if (options.css) el.prepend(h("style", { textContent: options.css }));
      const bench = makeBench(model, view, spec);
      const parts = [
        header(bench), gate(bench), stage(bench, build), says(bench),
        options.presets === false ? null : presets(bench), missions(bench),
      ].filter(Boolean);
      view.body.append(...parts.map((part) => part.node));
      bench.parts = parts;
      bench.refresh();
      view.root.addEventListener("dlc:preset", (event) => { // a verdict elsewhere on the page says "See it"
        const preset = spec.presets.find((p) => p.name === event.detail);
        if (preset) bench.turn({ ...spec.start, ...preset.settings });
      });
      // Canvases take their colours when they are drawn; the new theme's sheet may come a little later.
      const recolour = () => { newTheme(); bench.refresh(); };
      const theme = new MutationObserver(() => { recolour(); for (const wait of [400, 2000]) setTimeout(recolour, wait); });
      theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
      return () => { theme.disconnect(); bench.close(); parts.forEach((part) => part.close?.()); view.close(); };
    },
  };
}

/** Where the knobs are, and the conversation with the kernel: the newest setting wins. */
function makeBench(model, view, spec) {
  const knobs = Object.fromEntries(spec.knobs.map((knob) => [knob.name, knob]));
  const past = [];
  let asked = 0; // the ticket of the last message, until the kernel has answered it
  let ahead = null; // what was turned since: the page is ahead of the kernel by this
  const bench = { model, view, spec, knobs, parts: [], settings: { ...model.get("settings") }, frame: null };
  let resting = bench.settings;

  bench.refresh = () => {
    view.root.classList.toggle("dlx-empty", !bench.frame); // an error came before any frame
    bench.parts.forEach((part) => part.draw(bench.frame));
  };
  // A key on a slider is an `input` and a `change` at once: what one event turns goes out together.
  // The kernel computes while the page shows where the knobs are now.
  let soon = null;
  const send = (changes, fine) => {
    bench.settings = { ...bench.settings, ...changes };
    ahead = { changes: { ...ahead?.changes, ...changes }, fine };
    soon ??= setTimeout(() => { soon = null; flush(); bench.refresh(); });
  };
  const rest = () => { // a step that Undo goes back over
    if (JSON.stringify(resting) === JSON.stringify(bench.settings)) return;
    past.push(resting);
    resting = bench.settings;
  };
  bench.turn = (changes, fine = true) => {
    send(changes, fine);
    if (fine) rest();
  };
  bench.undo = () => {
    send(past.pop() ?? resting, true);
    resting = bench.settings;
    bench.refresh(); // at once: with nothing left to undo, the button must not be pressed again
  };
  bench.begin = (mission) => { // the knobs are where it starts before the kernel says so: a learner may turn them at once
    bench.mission = mission.id;
    bench.settings = { ...bench.settings, ...mission.start };
    ahead = null;
    bench.tell("mission", { mission: mission.id });
    bench.refresh();
  };
  bench.canUndo = () => past.length > 0;
  bench.tell = (event, data) => { asked = tell(model, view, event, data); };

  function flush() {
    if (asked || !ahead) return;
    const { fine } = ahead;
    ahead = null;
    bench.tell("turn", { settings: bench.settings, fine });
  }
  // Where the kernel has put the knobs, and on top of it what was turned before its answer came.
  const settle = () => {
    if (asked) return;
    bench.settings = { ...model.get("settings"), ...ahead?.changes };
    if (!ahead && model.get("frame").fine !== false) rest();
  };
  const heard = () => {
    if (model.get("heard") < asked) return; // an answer to something older
    asked = 0;
    settle();
    flush();
  };
  const framed = () => {
    const frame = model.get("frame");
    if (!frame.n) return;
    bench.frame = { ...frame, ...unpack(frame.contents, model.get("data")), numbers: frame.numbers };
    settle();
    bench.refresh();
  };
  const redraw = () => bench.refresh();
  model.on("change:heard", heard);
  model.on("change:frame", framed);
  model.on("change:gate", redraw);
  model.on("change:missions", redraw);
  bench.close = () => {
    clearTimeout(soon);
    model.off("change:heard", heard);
    model.off("change:frame", framed);
    model.off("change:gate", redraw);
    model.off("change:missions", redraw);
  };
  framed();
  return bench;
}

function header(bench) {
  const undo = h("button", { className: "dlc-button dlc-quiet", type: "button", onclick: bench.undo }, "Undo");
  const reset = h("button", { className: "dlc-button dlc-quiet", type: "button", onclick: () => { bench.mission = null; bench.turn(bench.spec.start); } }, "Reset");
  const link = h("button", { className: "dlc-button dlc-quiet", type: "button" }, "Copy link");
  link.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(`explore("${linkOf(bench)}")`);
    link.textContent = "Copied";
    setTimeout(() => { link.textContent = "Copy link"; }, 1500);
  });
  const title = h("div", { className: "dlx-title", role: "heading", aria: { level: 4 } }, bench.spec.title);
  return {
    node: h("div", { className: "dlx-header" }, title, h("div", { className: "dlx-tools" }, undo, reset, link)),
    draw: () => { undo.disabled = !bench.canUndo(); },
  };
}

/** The same short text as Python's `Explorable.link`. */
export function linkOf(bench) {
  const parts = [];
  for (const knob of bench.spec.knobs) {
    const text = knobText(knob, bench.settings[knob.name]);
    if (JSON.stringify(bench.settings[knob.name]) !== JSON.stringify(knob.start)) parts.push(`${knob.name}=${text}`);
  }
  return bench.spec.id + (parts.length ? "?" + parts.join("&") : "");
}

function knobText(knob, value) {
  if (knob.kind === "toggle") return value ? "on" : "off";
  if (knob.kind === "slider") return String(Number(value.toPrecision(6)));
  if (knob.kind !== "numbers") return encodeURIComponent(value);
  if (value.length !== knob.start.length) return value.map((v) => Number(v.toPrecision(4))).join(",");
  return value.map((v, i) => (v === knob.start[i] ? null : `${i}:${Number(v.toPrecision(4))}`)).filter((t) => t !== null).join(",");
}

/** The prediction: a radio group until it is answered or skipped, then guess against truth. */
function gate(bench) {
  const { model, spec } = bench;
  const node = h("div", { className: "dlx-gate" });
  const name = unique("dlx-guess");
  let drawn = null;
  const draw = () => {
    const state = model.get("gate");
    const key = JSON.stringify(state);
    if (key === drawn) return;
    drawn = key;
    node.replaceChildren(...(state.open ? answered(state) : asking()));
    node.hidden = state.open && state.choice === null;
  };
  const asking = () => {
    const options = spec.options.map((html, i) => {
      const words = h("span");
      setHtml(model, words, html);
      return h("label", { className: "dlx-option" }, h("input", { type: "radio", name, value: String(i) }), words);
    });
    const legend = h("legend", { className: "dlx-asks" });
    setHtml(model, legend, `<span class="dlx-kicker">Predict first</span> ${spec.asks}`);
    const commit = h("button", { className: "dlc-button dlc-primary", type: "submit", disabled: true }, "Commit and look");
    const skip = h("button", { className: "dlc-button dlc-quiet", type: "button", onclick: () => bench.tell("predict") }, "Show me without guessing");
    const form = h("form", { onchange: () => { commit.disabled = false; } },
      h("fieldset", { className: "dlx-fieldset" }, legend, ...options),
      h("div", { className: "dlc-row" }, commit, skip));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const picked = form.querySelector("input:checked");
      if (picked) bench.tell("predict", { choice: Number(picked.value) });
    });
    return [form];
  };
  const answered = (state) => {
    if (state.choice === null) return [];
    const verdict = h("p", { className: state.right ? "dlc-right" : "dlc-wrong", role: "status" });
    const word = state.right ? "As you predicted." : "Not as you predicted.";
    setHtml(model, verdict, `<strong>${word}</strong> ${state.says} <span class="dlx-soft">Your guess: ${state.guess}.</span>`);
    return [verdict];
  };
  return { node, draw };
}

function stage(bench, build) {
  const built = build(bench);
  const shown = bench.spec.knobs.filter((knob) => !knob.on_stage);
  const controls = shown.map((knob) => control(knob, bench));
  const side = h("div", { className: "dlx-side" }, built.side, ...controls.map((c) => c.node));
  const grid = h("div", { className: `dlx-bench${shown.length || built.side ? "" : " dlx-wide"}` },
    h("div", { className: "dlx-stage" }, built.node), side);
  const node = h("div", {}, grid, built.below);
  return {
    node,
    draw: (frame) => {
      controls.forEach((c, i) => {
        c.node.hidden = !present(shown[i], bench);
        c.draw();
      });
      if (frame) built.draw(frame, bench.settings);
    },
    close: () => built.close?.(),
  };
}

/** Whether a knob has its control now: what it depends on must be there, too. */
function present({ when }, bench) {
  return !when || (when[1].includes(bench.settings[when[0]]) && present(bench.knobs[when[0]], bench));
}

function says(bench) {
  const node = h("div", { className: "dlx-says", role: "status" });
  let drawn = null;
  return {
    node,
    draw: (frame) => {
      const key = frame ? frame.says.join("\n") : "";
      if (key === drawn) return;
      drawn = key;
      setHtml(bench.model, node, (frame?.says ?? []).map((html) => `<p>${html}</p>`).join(""));
    },
  };
}

/** Named settings as buttons; those that show a misconception stand apart, under "Break it". */
function presets(bench) {
  const groups = [["Try", (p) => !p.breaks], ["Break it", (p) => p.breaks]];
  const buttons = [];
  const rows = groups.map(([label, belongs]) => {
    const found = bench.spec.presets.filter(belongs);
    if (!found.length) return null;
    const chips = found.map((preset) => {
      const chip = h("button", { className: "dlx-chip", type: "button", title: preset.breaks ? `Misconception ${preset.breaks}` : "",
        onclick: () => bench.turn({ ...bench.spec.start, ...preset.settings }) }, preset.label);
      buttons.push([chip, preset]);
      return chip;
    });
    return h("div", { className: "dlx-chips", role: "group", aria: { label } }, h("span", { className: "dlx-soft" }, label), ...chips);
  }).filter(Boolean);
  const node = h("div", { className: "dlx-presets" }, ...rows);
  return {
    node,
    draw: () => {
      const open = bench.model.get("gate").open;
      node.hidden = !open;
      for (const [chip, preset] of buttons) {
        const on = Object.entries({ ...bench.spec.start, ...preset.settings })
          .every(([k, v]) => JSON.stringify(bench.settings[k]) === JSON.stringify(v));
        chip.setAttribute("aria-pressed", String(on));
      }
    },
  };
}

function missions(bench) {
  const { model, spec } = bench;
  if (!spec.missions.length) return null;
  const items = spec.missions.map((mission) => {
    const mark = h("span", { className: "dlx-mark", aria: { hidden: "true" } });
    const asks = h("span", { className: "dlx-mission-asks" });
    setHtml(model, asks, mission.asks);
    const state = h("span", { className: "dlc-sr" });
    const answer = h("div", { className: "dlx-mission-says", role: "status" });
    const start = h("button", { className: "dlc-button dlc-quiet", type: "button" }, "Start");
    start.setAttribute("aria-label", `Start mission: ${asks.textContent}`);
    start.addEventListener("click", () => bench.begin(mission));
    const node = h("li", { className: "dlx-mission" }, mark, h("div", {}, asks, state, answer), start);
    return { mission, node, mark, state, answer, start, drawn: null };
  });
  const count = h("span", { className: "dlx-soft" });
  const node = h("details", { className: "dlx-missions" }, h("summary", {}, "Missions ", count), h("ol", {}, ...items.map((i) => i.node)));
  return {
    node,
    draw: () => {
      const states = model.get("missions");
      node.hidden = !model.get("gate").open;
      const done = items.filter((i) => states[i.mission.id]?.solved).length;
      count.textContent = `${done} of ${items.length} done`;
      for (const item of items) {
        const { solved, state, says: words } = states[item.mission.id] ?? {};
        const active = bench.mission === item.mission.id;
        item.node.classList.toggle("dlx-active", active);
        item.node.classList.toggle("dlx-solved", Boolean(solved));
        item.mark.textContent = solved ? "✓" : active ? "▸" : "○";
        item.state.textContent = solved ? " (done)" : "";
        item.start.textContent = solved ? "Again" : active ? "Restart" : "Start";
        const shown = active || (solved && state === "correct") ? words : "";
        if (shown !== item.drawn) { setHtml(model, item.answer, shown); item.drawn = shown; }
      }
    },
  };
}
