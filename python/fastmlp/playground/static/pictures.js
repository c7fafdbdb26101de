// Points, thumbnails of data sets and features, and the curve of the losses.

import { fit, style } from "./app.js";
import { color, image, palette } from "./colors.js";

export function drawPoints(canvas, points, { radius, rim = () => "#fff", ink = color }) {
  const context = canvas.getContext("2d");
  const scale = canvas.width / 12;
  context.clearRect(0, 0, canvas.width, canvas.height);
  points.forEach(([x, y, label], index) => {
    context.beginPath();
    context.arc((x + 6) * scale, (6 - y) * scale, radius, 0, 2 * Math.PI);
    context.fillStyle = ink(label);
    context.fill();
    context.strokeStyle = rim(index);
    context.stroke();
  });
}

export const FEATURES = [
  ["x", "X₁", (x) => x],
  ["y", "X₂", (x, y) => y],
  ["xSquared", "X₁²", (x) => x * x],
  ["ySquared", "X₂²", (x, y) => y * y],
  ["xTimesY", "X₁X₂", (x, y) => x * y],
  ["sinX", "sin(X₁)", (x) => Math.sin(x)],
  ["sinY", "sin(X₂)", (x, y) => Math.sin(y)],
];

export function drawFeature(canvas, value) {
  const shades = Uint8ClampedArray.from({ length: 100 }, (_, index) => {
    const [x, y] = [1.2 * (index % 10) - 5.4, 5.4 - 1.2 * Math.floor(index / 10)];
    return 127.5 * (value(x, y) + 1);
  });
  canvas.getContext("2d").putImageData(image(shades, 10, palette({})), 0, 0);
}

const LONGEST = 2000;

export class Curve {
  constructor(canvas) {
    this.canvas = canvas;
    this.points = [];
  }

  clear() {
    this.points = [];
  }

  // An epoch that is drawn again adds nothing; going back takes what came later away. A point is the
  // epoch, then training and test loss of each network.
  add({ epoch, train, test, rival }) {
    while (this.points.length && this.points.at(-1)[0] >= epoch) this.points.pop();
    this.points.push([epoch, train, test, ...(rival ? [rival.train, rival.test] : [])]);
    if (this.points.length > LONGEST) this.points = this.points.filter((_, index) => index % 2 === 0);
  }

  draw() {
    const { canvas, points } = this;
    const [width, height] = fit(canvas);
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    if (!points.length) return;
    const last = Math.max(1, points.at(-1)[0]);
    const top = points.reduce((most, [, ...losses]) => Math.max(most, ...losses), 1e-9);
    context.lineWidth = 1.5 * devicePixelRatio;
    ["--soft", "--text", "--rival-soft", "--rival"].forEach((ink, index) => {
      context.beginPath();
      for (const point of points) {
        const loss = point[index + 1] ?? null;
        if (loss !== null) context.lineTo((point[0] / last) * width, (1 - loss / top) * (height - 4) + 2);
      }
      context.strokeStyle = style(ink);
      context.stroke();
    });
  }
}
