// Points, thumbnails of data sets and features, and the curve of the losses.

import { color, image } from "./colors.js";

export const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function drawPoints(canvas, points, { radius, rim = () => "#fff" }) {
  const context = canvas.getContext("2d");
  const scale = canvas.width / 12;
  context.clearRect(0, 0, canvas.width, canvas.height);
  points.forEach(([x, y, label], index) => {
    context.beginPath();
    context.arc((x + 6) * scale, (6 - y) * scale, radius, 0, 2 * Math.PI);
    context.fillStyle = color(label);
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
  canvas.getContext("2d").putImageData(image(shades, 10, false), 0, 0);
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

  // An epoch that is drawn again adds nothing; going back takes what came later away.
  add({ epoch, train, test }) {
    while (this.points.length && this.points.at(-1)[0] >= epoch) this.points.pop();
    if (train !== null && test !== null) this.points.push([epoch, train, test]);
    if (this.points.length > LONGEST) this.points = this.points.filter((_, index) => index % 2 === 0);
  }

  draw() {
    const { canvas, points } = this;
    const ratio = devicePixelRatio;
    const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    if (!points.length) return;
    const last = Math.max(1, points.at(-1)[0]);
    const top = points.reduce((most, [, train, test]) => Math.max(most, train, test), 1e-9);
    [[1, style("--soft")], [2, style("--text")]].forEach(([which, ink]) => {
      context.beginPath();
      for (const point of points) {
        context.lineTo((point[0] / last) * width, (1 - point[which] / top) * (height - 4) + 2);
      }
      context.strokeStyle = ink;
      context.lineWidth = 1.5 * ratio;
      context.stroke();
    });
  }
}
