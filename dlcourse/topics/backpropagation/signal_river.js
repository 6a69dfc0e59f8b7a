// Signal river: the histogram of every layer as a ribbon, and the sizes of values and gradients.

import { h } from "../../show/kit/dom.js";
import { explorable } from "../../show/kit/explorable.js";
import { readable } from "../../show/kit/controls.js";
import { chart } from "../../show/kit/draw.js";

const RIVER_BINS = 41, RIVER_BANKS = [0.1, 10];

export default explorable(river);

function river(bench) {
  const ribbon = chart({ height: 210, margin: [8, 10, 34, 52] });
  const sizes = chart({ height: 240, margin: [8, 10, 34, 60] });
  const slopes = chart({ height: 240, margin: [8, 10, 34, 60] });
  const figure = (words, plot) => h("figure", { className: "dlx-figure" }, h("figcaption", {}, words), plot.node);
  sizes.handle({
    label: "Layers", step: [1, 0], name: "plus", say: ([x]) => `${Math.round(x)} layers`,
    get: () => { const { sizes } = bench.frame, { depth } = bench.settings; return sizes ? [depth, sizes[Math.min(depth, sizes.length) - 1]] : null; },
    set: (x, y, fine) => bench.turn({ depth: Math.max(1, Math.min(50, Math.round(x))) }, fine),
  });
  const node = h("div", {}, figure("Each layer’s values, in units of their own size (darker: more of them)", ribbon),
    h("div", { className: "dlx-pair" }, figure("Size of the values, forwards: drag the end", sizes), figure("Size of the gradients, backwards", slopes)));
  const draw = (frame) => {
    const { depth } = frame.numbers, layers = Array.from({ length: depth }, (_, i) => i + 1);
    const text = bench.frame.says.join(" ").replace(/<[^>]*>/g, "");
    const hidden = (pen) => pen.words("Predict first.", pen.width / 2, pen.tall / 2, "soft", "center", 14);
    ribbon.draw((pen) => {
      pen.axes({ x: [0, 51], y: [-3, 3], xlabel: "layer", ylabel: "value / size" });
      if (!frame.shares) return hidden(pen);
      pen.ribbon(layers, frame.shares, RIVER_BINS, "plus", { low: -3, high: 3, width: 0.85 });
    }, frame.shares ? `Histograms of ${depth} layers. ${text}` : "Histograms are shown after the prediction.");
    const line = (plot, values, name, words) => plot.draw((pen) => {
      const seen = values ? [...values] : [1];
      const [low, high] = [Math.min(0.02, ...seen) / 2, Math.max(50, ...seen) * 2];
      pen.axes({ x: [0, 51], y: [low, high], ylog: true, xlabel: "layer", ylabel: "size" });
      RIVER_BANKS.forEach((at) => pen.rule(at, "right"));
      if (!values) return hidden(pen);
      pen.curve(layers, values, name, { width: 2.2 });
      pen.points(layers, values, name, { size: 2.6 });
    }, values ? `${words} from layer 1, ${readable(values[0])}, to layer ${depth}, ${readable(values[depth - 1])}; the dashed banks are 0.1 and 10.` : "Sizes are shown after the prediction.");
    line(sizes, frame.sizes, "plus", "Size of the values");
    line(slopes, frame.gradients, "grad", "Size of the gradients");
  };
  return { node, draw, close: () => [ribbon, sizes, slopes].forEach((plot) => plot.close()) };
}
