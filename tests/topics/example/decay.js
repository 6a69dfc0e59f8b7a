import { chart } from "../../../dlcourse/show/kit/draw.js";
import { explorable } from "../../../dlcourse/show/kit/explorable.js";

export default explorable(() => {
  const plot = chart();
  const draw = ({ w, says }) => plot.draw((pen) => {
    pen.axes({ x: [0, 20], y: [-1, 1], xlabel: "step", ylabel: "w" });
    if (w) pen.curve([...w.keys()], w, "accent");
  }, says.join(" "));
  return { node: plot.node, draw, close: plot.close };
});
