// Points of one's own, drawn on the map with the mouse or a finger.

import { app, find, hasClasses } from "./app.js";
import { classColor, color } from "./colors.js";
import { drawPoints } from "./pictures.js";

const APART = 0.25; // of points of one stroke

let drawn = []; // [x, y, label]

// The labels that a pen can have: [value, name].
function labels() {
  if (!hasClasses()) return [["-1", "orange"], ["1", "blue"]];
  return Array.from({ length: Number(app.state.classes) }, (_, label) => [`${label}`, `class ${label + 1}`]);
}

export function syncPen() {
  const pen = find("#pen");
  const names = [["", "off"], ...labels()];
  if (pen.options.length === names.length && [...pen.options].every((option, index) => option.value === names[index][0])) return;
  pen.replaceChildren(...names.map(([value, name]) => new Option(name, value)));
  drawn = [];
}

// send: takes the points, where there are enough.
export function makeDrawing(map, canvas, send) {
  let last = null;

  function add(event) {
    const box = map.getBoundingClientRect();
    const x = (12 * (event.clientX - box.left)) / box.width - 6;
    const y = 6 - (12 * (event.clientY - box.top)) / box.height;
    if (Math.max(Math.abs(x), Math.abs(y)) > 6 || (last && Math.hypot(x - last[0], y - last[1]) < APART)) return;
    last = [x, y];
    drawn.push([x, y, Number(find("#pen").value)]);
    drawPoints(canvas, drawn, { radius: 6, ink: hasClasses() ? classColor : color });
  }

  map.addEventListener("pointerdown", (event) => {
    if (!find("#pen").value) return;
    map.setPointerCapture(event.pointerId);
    event.preventDefault();
    add(event);
  });
  map.addEventListener("pointermove", (event) => last && add(event));
  map.addEventListener("pointerup", () => {
    if (last && drawn.length > 1) send(drawn);
    last = null;
  });
  find("#pen").onchange = (event) => {
    map.classList.toggle("drawing", event.target.value !== "");
    find("#wipe").hidden = event.target.value === "";
  };
  find("#wipe").onclick = () => {
    drawn = [];
    drawPoints(canvas, drawn, { radius: 6 });
  };
}
