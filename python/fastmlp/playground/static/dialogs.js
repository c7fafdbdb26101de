// The windows for weights and tables, and the files that leave the page.

import * as api from "./api.js";
import { all, app, find } from "./app.js";
import { CLASS_SHADES } from "./colors.js";

// Shows the weights of a unit, `input` first (null: the bias); set takes the message of a change.
export function editWeights(network, layer, unit, input, set) {
  const dialog = find("#editor");
  const inputs = Array.from({ length: app.told.sizes[layer - 1] }, (_, index) => network.name(layer - 1, index));
  find("#editor-title").textContent = `Weights of ${network.name(layer, unit)}`;
  find("#source").replaceChildren(...["bias", ...inputs].map((name, index) => new Option(name, index - 1)));
  find("#source").value = input ?? -1;
  const current = () => {
    const value = network.weight(layer, unit, Number(find("#source").value));
    find("#value").value = Number(value.toPrecision(6));
  };
  find("#source").onchange = current;
  current();
  ask(dialog, () => {
    const [source, value] = [Number(find("#source").value), find("#value").valueAsNumber];
    set({ layer, unit, input: source < 0 ? null : source, value });
  });
  find("#value").select();
}

export const pasteTable = (open) => ask(find("#paster"), () => open({ table: find("#table").value }));

function ask(dialog, use) {
  dialog.onclose = () => dialog.returnValue === "set" && use();
  dialog.returnValue = "";
  dialog.showModal();
}

// Saves the network or the map as a file; returns a sentence to be said, or "".
export async function save(form) {
  if (form === "address") return copyAddress();
  const link = document.createElement("a");
  if (form === "png") Object.assign(link, { download: "playground.png", href: mapPicture() });
  else {
    const { file, text, base64 } = await api.control("export", { form });
    const content = text ?? Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    Object.assign(link, { download: file, href: URL.createObjectURL(new Blob([content])) });
  }
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  return "";
}

// The settings without the token, which is for this machine alone.
async function copyAddress() {
  const command = `fastmlp playground '#${app.told.hash}'`;
  const copied = await navigator.clipboard.writeText(command).then(() => "Copied: ", () => "");
  return copied + command;
}

function mapPicture() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 600, height: 600 });
  for (const part of all("#map canvas")) canvas.getContext("2d").drawImage(part, 0, 0, 600, 600);
  return canvas.toDataURL();
}

// What the map says under the pointer.
export function reading(event, byClass) {
  const box = find("#map").getBoundingClientRect();
  const [column, row] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  const at = (share) => Math.max(0, Math.min(99, Math.floor(100 * share)));
  const shade = app.frame.large[100 * at(row) + at(column)];
  const [x, y] = [12 * column - 6, 6 - 12 * row];
  const value = byClass ? `class ${Math.floor(shade / CLASS_SHADES) + 1}` : (shade / 127.5 - 1).toFixed(2);
  return `x ${x.toFixed(1)}, y ${y.toFixed(1)}: ${value}`;
}
