// Pictures of what happens inside: reports on layers, the loss around the weights, the Hessian.

import * as api from "./api.js";
import { all, app, find, fit, style } from "./app.js";

const PAUSE = 1000; // milliseconds between two pictures of a training that runs
const BANDS = 14; // of the loss

const asked = { surface: 0, spectrum: 0 }; // when
const seen = { surface: "", spectrum: "" }; // of which frame

export const wantsLayers = () => find("#layers").open;

export function drawLayers(reports) {
  const names = [...app.told.activations, "output"];
  const rows = reports.map((report, index) => {
    const row = document.createElement("tr");
    const cells = [
      `${index + 1}, ${names[index]}`,
      report.gradient?.toExponential(1) ?? "not finite",
      report.weights?.toFixed(2) ?? "not finite",
      `${Math.round(100 * report.dead)} %`,
      `${Math.round(100 * report.saturated)} %`,
      report.said,
    ];
    cells.forEach((text, column) => {
      const cell = document.createElement(column ? "td" : "th");
      if (!column) cell.scope = "row";
      row.append(Object.assign(cell, { textContent: text }));
    });
    return row;
  });
  find("#layers tbody").replaceChildren(...rows);
}

// Asks for the open pictures that are older than the frame, one at a time; limits: the numbers of
// parameters up to which they are made.
export async function refresh(playing, limits) {
  for (const [name, draw] of Object.entries({ surface: drawSurface, spectrum: drawSpectrum })) {
    const key = `${app.told.hash} ${app.frame?.epoch} ${app.frame?.train}`;
    if (!find(`#${name}`).open || seen[name] === key) continue;
    if (playing && performance.now() - asked[name] < PAUSE) continue;
    [asked[name], seen[name]] = [performance.now(), key];
    const size = app.frame.parameters.length;
    const fits = size <= limits[name];
    for (const canvas of all(`#${name} canvas`)) canvas.hidden = !fits;
    if (fits) draw(await api.control(name));
    else find(`#${name} .note`).textContent = `This picture needs at most ${limits[name]} parameters; the network has ${size}.`;
  }
}

const number = (value) => (value === null ? "not finite" : Number(value.toPrecision(3)).toString());

function drawSurface({ losses, x, y, paths, share, points }) {
  const [small, large] = all("#surface canvas");
  const finite = losses.flat().filter((loss) => loss !== null);
  const low = Math.min(...finite);
  const spread = Math.max(...finite) - low || 1;
  const height = (loss) => Math.log1p((1000 * (loss - low)) / spread) / Math.log1p(1000);
  const picture = new ImageData(51, 51);
  losses.forEach((row, across) => {
    row.forEach((loss, up) => {
      const band = loss === null ? 1 : Math.floor(BANDS * Math.min(height(loss), 0.999)) / BANDS;
      const ink = [255 - 200 * (1 - band), 250 - 150 * (1 - band), 240 - 60 * (1 - band), 255];
      picture.data.set(ink, 4 * (51 * (50 - up) + across));
    });
  });
  small.getContext("2d").putImageData(picture, 0, 0);
  const context = large.getContext("2d");
  const place = ([a, b]) => [(600 * (a - x[0])) / (x[1] - x[0]), 600 - (600 * (b - y[0])) / (y[1] - y[0])];
  context.clearRect(0, 0, 600, 600);
  paths.forEach((path, which) => {
    context.strokeStyle = context.fillStyle = which ? "#c0392b" : "#111";
    context.lineWidth = 3;
    context.beginPath();
    path.forEach((point) => context.lineTo(...place(point)));
    context.stroke();
    context.beginPath();
    context.arc(...place(path.at(-1)), 8, 0, 2 * Math.PI);
    context.fill();
  });
  const rival = paths.length > 1 ? " The red path is the second network's." : "";
  find("#surface .note").textContent =
    `Loss of ${points} points from ${number(low)} (dark) to ${number(Math.max(...finite))} (light), in logarithmic bands. ` +
    `The directions are those in which the weights have moved most; ${Math.round(100 * share)} % of all their moves lie in this plane.${rival}`;
}

// Heights are logarithmic on both sides of 0.
function drawSpectrum({ values, gradient }) {
  const canvas = find("#spectrum canvas");
  const [width, height] = fit(canvas);
  const context = canvas.getContext("2d");
  const finite = values.filter((value) => value !== null);
  const largest = Math.max(1e-12, ...finite.map(Math.abs));
  const rise = (value) => (Math.sign(value) * Math.log1p(Math.abs(value) * (1e6 / largest))) / Math.log1p(1e6);
  context.clearRect(0, 0, width, height);
  const step = width / values.length;
  finite.forEach((value, index) => {
    context.fillStyle = value < 0 ? "#f59322" : "#0877bd";
    const length = (rise(value) * height) / 2;
    context.fillRect(index * step, height / 2 - Math.max(length, 0), Math.max(1, step - 1), Math.abs(length));
  });
  context.fillStyle = style("--soft");
  context.fillRect(0, height / 2, width, 1);
  const negative = finite.filter((value) => value < -1e-6 * largest).length;
  const shape = negative ? `${negative} of them negative: downhill on both sides, as at a saddle` : "none of them negative: a valley";
  find("#spectrum .note").textContent =
    `${values.length} eigenvalues from ${number(values[0])} to ${number(values.at(-1))}, ${shape}. The gradient has norm ${number(gradient)}.`;
}
