// The network: units with their maps, links with their weights, controls of the layers.

import { color, image } from "./colors.js";

const TOP = 88; // above the units: the controls of a layer
const SIDE = 34; // of a unit, where there is room
const NARROW = 62; // of a layer with its controls
const MANY = 600; // parameters up to which links are curves of moving dashes, above them plain lines
const REACH = 8; // pixels within which a click meets a link

const element = (name, values) => Object.assign(document.createElement(name), values);

// The share of its height that a curve has gained at a share of its width: x(t) = 1.5 t (1 - t) + t³
// is inverted by bisection, y(t) = t² (3 - 2 t).
function curveRise(share) {
  let [low, high] = [0, 1];
  for (let round = 0; round < 12; round++) {
    const t = (low + high) / 2;
    if (1.5 * t * (1 - t) + t ** 3 < share) low = t;
    else high = t;
  }
  return (3 - 2 * low) * low ** 2;
}

export class NetworkView {
  constructor(home, actions) {
    this.home = home;
    this.canvas = home.querySelector("canvas");
    this.actions = actions;
    this.sheet = document.createElement("canvas");
    this.kept = document.createElement("canvas"); // the lines of a large network
    this.age = 0;
    home.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.sizes && this.layout()).observe(home);
  }

  // sizes: widths of all layers, inputs first; names: of the inputs; rows: their heights on the page;
  // activations: of the hidden layers.
  build(sizes, names, rows, activations) {
    Object.assign(this, { sizes, names, rows, activations });
    this.frame = null; // of another network
    this.home.style.minWidth = `${NARROW * (sizes.length - 1)}px`;
    this.home.querySelectorAll(".unit, .layer").forEach((old) => old.remove());
    this.offsets = [0];
    for (let layer = 1; layer < sizes.length; layer++) {
      this.offsets.push(this.offsets.at(-1) + (sizes[layer - 1] + 1) * sizes[layer]);
      for (let unit = 0; unit < sizes[layer]; unit++) this.addUnit(layer, unit);
      if (layer < sizes.length - 1) this.addControls(layer);
    }
    this.sheet.width = 10;
    this.sheet.height = 10 * sizes.slice(1).reduce((sum, size) => sum + size, 0);
    this.layout();
  }

  addUnit(layer, unit) {
    const button = element("button", { className: "unit" });
    button.setAttribute("aria-label", `Weights of ${this.name(layer, unit)}`);
    const show = (place) => () => this.actions.show(place);
    button.onmouseenter = button.onfocus = show([layer, unit]);
    button.onmouseleave = button.onblur = show(null);
    button.onclick = () => this.actions.edit(layer, unit, null);
    button.dataset.place = `${layer},${unit}`;
    this.home.append(button);
  }

  addControls(layer) {
    const box = element("div", { className: "layer" });
    for (const [sign, change, verb] of [["+", 1, "Add a unit to"], ["−", -1, "Remove a unit from"]]) {
      const button = element("button", { textContent: sign });
      button.setAttribute("aria-label", `${verb} layer ${layer}`);
      button.onclick = () => this.actions.resize(layer, this.sizes[layer] + change);
      box.append(button);
    }
    const count = this.sizes[layer];
    box.append(element("div", { textContent: `${count} unit${count === 1 ? "" : "s"}` }));
    const list = document.querySelector("[data-key=activation]").cloneNode(true);
    delete list.dataset.key;
    list.setAttribute("aria-label", `Activation of layer ${layer}`);
    list.value = this.activations[layer - 1];
    list.onchange = () => this.actions.activate(layer, list.value);
    box.append(list);
    this.home.append(box);
  }

  name(layer, unit) {
    if (layer === 0) return this.names[unit];
    return layer === this.sizes.length - 1 ? "the output" : `unit ${unit + 1} of layer ${layer}`;
  }

  layout() {
    const { clientWidth: width, clientHeight: height } = this.home;
    const ratio = devicePixelRatio;
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    const last = this.sizes.length - 1;
    this.places = this.sizes.map((size, layer) => {
      const pitch = (height - TOP) / Math.max(size, 8);
      const side = layer === 0 ? 0 : Math.min(SIDE, 0.85 * pitch, (0.6 * width) / last);
      const left = (layer / last) * (width - SIDE);
      const first = layer === last ? (height + TOP - size * pitch) / 2 : TOP;
      return Array.from({ length: size }, (_, unit) => {
        const row = layer === 0 && this.rows ? this.rows[unit] : first + (unit + 0.5) * pitch;
        return { left, middle: row, side };
      });
    });
    this.home.querySelectorAll(".unit").forEach((button) => {
      const [layer, unit] = button.dataset.place.split(",");
      const { left, middle, side } = this.places[layer][unit];
      const sizes = { left, top: middle - side / 2, width: side, height: side };
      for (const [name, value] of Object.entries(sizes)) button.style[name] = `${value}px`;
    });
    const room = Math.min(84, (width - SIDE) / last - 4);
    this.home.querySelectorAll(".layer").forEach((box, index) => {
      const left = this.places[index + 1][0].left + (SIDE - room) / 2;
      Object.assign(box.style, { left: `${left}px`, width: `${room}px` });
    });
    if (this.frame) this.draw(this.frame, this.colors, false);
  }

  // A weight, or the bias for input -1.
  weight(layer, unit, input) {
    const { parameters } = this.frame;
    if (input < 0) return parameters[this.offsets[layer] - this.sizes[layer] + unit];
    return parameters[this.offsets[layer - 1] + unit * this.sizes[layer - 1] + input];
  }

  get nParameters() {
    return this.offsets.at(-1);
  }

  *links() {
    for (let layer = 1; layer < this.sizes.length; layer++) {
      for (const [unit, to] of this.places[layer].entries()) {
        for (const [input, from] of this.places[layer - 1].entries()) {
          yield { layer, unit, input, x: from.left + from.side, y: from.middle, u: to.left, v: to.middle };
        }
      }
    }
  }

  draw(frame, colors, running) {
    Object.assign(this, { frame, colors, running });
    const context = this.canvas.getContext("2d");
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.home.clientWidth, this.home.clientHeight);
    if (this.isLarge) this.drawKeptLines(context);
    else this.drawCurves(context);
    this.drawUnits(context);
  }

  get isLarge() {
    return this.nParameters > MANY;
  }

  drawCurves(context) {
    context.setLineDash([9, 1]);
    context.lineDashOffset = -this.frame.epoch / 3;
    for (const { layer, unit, input, x, y, u, v } of this.links()) {
      const weight = this.weight(layer, unit, input);
      const half = (x + u) / 2;
      context.beginPath();
      context.moveTo(x, y);
      context.bezierCurveTo(half, y, half, v, u, v);
      context.lineWidth = Math.min(10, 1 + 1.8 * Math.abs(weight));
      context.strokeStyle = color(weight);
      context.stroke();
    }
  }

  // Lines are drawn anew in every fifth frame of a training that runs, and in every other frame.
  drawKeptLines(context) {
    const { kept } = this;
    const { width, height } = this.canvas;
    this.age = this.running ? this.age + 1 : 0;
    if (this.age % 5 === 0) {
      Object.assign(kept, { width, height }); // which clears it
      const lines = kept.getContext("2d");
      lines.setTransform(context.getTransform());
      this.drawLines(lines);
    }
    context.drawImage(kept, 0, 0, this.home.clientWidth, this.home.clientHeight);
  }

  // One path for all weights that round to the same quarter; those near 0 are not seen.
  drawLines(context) {
    const paths = new Map();
    for (const { layer, unit, input, x, y, u, v } of this.links()) {
      const weight = this.weight(layer, unit, input);
      const quarter = Math.round(4 * Math.max(-5, Math.min(5, weight)));
      if (quarter === 0 || Number.isNaN(quarter)) continue;
      if (!paths.has(quarter)) paths.set(quarter, new Path2D());
      paths.get(quarter).moveTo(x, y);
      paths.get(quarter).lineTo(u, v);
    }
    for (const [quarter, path] of paths) {
      context.lineWidth = 0.4 + 0.18 * Math.abs(quarter);
      context.strokeStyle = color(quarter / 4);
      context.stroke(path);
    }
  }

  drawUnits(context) {
    this.sheet.getContext("2d").putImageData(image(this.frame.small, 10, this.colors), 0, 0);
    context.imageSmoothingEnabled = false;
    let row = 0;
    this.places.slice(1).forEach((places, index) => {
      for (const [unit, { left, middle, side }] of places.entries()) {
        const top = middle - side / 2;
        context.drawImage(this.sheet, 0, 10 * row++, 10, 10, left, top, side, side);
        context.fillStyle = color(this.weight(index + 1, unit, -1));
        context.fillRect(left - 3, top + side - 4, 6, 6);
      }
    });
  }

  // The link that comes nearest to a click.
  click(event) {
    if (event.target.closest("button") || !this.frame) return;
    const box = this.home.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let nearest = REACH;
    let found = null;
    for (const link of this.links()) {
      const share = (px - link.x) / (link.u - link.x);
      if (share < 0 || share > 1) continue;
      const rise = this.isLarge ? share : curveRise(share);
      const distance = Math.abs(link.y + rise * (link.v - link.y) - py);
      if (distance < nearest) [nearest, found] = [distance, link];
    }
    if (found) this.actions.edit(found.layer, found.unit, found.input);
  }
}
