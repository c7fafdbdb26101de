// The playground's page: controls send settings, frames come back and are drawn.

import * as api from "./api.js";
import { image } from "./colors.js";
import { NetworkView } from "./network.js";
import { Curve, FEATURES, drawFeature, drawPoints } from "./pictures.js";

const find = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const [mapCanvas, pointCanvas] = all("#map canvas");
const curve = new Curve(find("#curve"));
const network = new NetworkView(find("#network"), { show, edit, resize });
const DATASETS = { dataset: ["circle", "xor", "gauss", "spiral", "own"], regDataset: ["reg-plane", "reg-gauss", "own"] };

// Settings that leave the network and its points as they are.
const CALM = new Set(["showTestData", "discretize", "learningRate", "optimizer", "momentum"]);

let state = {}; // the keys of the address, as texts
let told = null; // what the server last said about points and sizes
let shown = null; // [layer, unit] of the large map, or null for the output
let latest = null; // frame
let playing = false;
let wanted = 0; // epochs of the next frame where not playing
let stale = true; // a frame is wanted
let settled = null; // promise of the last change of the parameters

const values = (hash) => Object.fromEntries(hash.split("&").map((pair) => pair.split(/=(.*)/s)));
const on = (key) => state[key] === "true";

function say(text) {
  find("#message").textContent = text;
  find("#message").hidden = !text;
}

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    play(false);
    say(error instanceof api.Refused ? error.message : "the server does not answer");
    syncControls();
  }
}

const act = (action, message) => attempt(async () => accept(await api.control(action, message)));
const set = (changed) => act("set", { values: changed });

function accept(answer) {
  told = answer;
  state = values(answer.hash);
  history.replaceState(null, "", `#${answer.hash}`);
  say("");
  shown = null;
  curve.clear();
  syncControls();
  const labels = FEATURES.filter(([key]) => on(key)).map(([, name]) => name);
  network.build(told.sizes, labels, featureRows());
  drawData();
  stale = true;
}

// Heights of the chosen features, where they stand beside the network.
function featureRows() {
  if (matchMedia("(max-width: 900px)").matches) return null;
  const top = find("#network").getBoundingClientRect().top;
  return all("#features input:checked").map((box) => {
    const label = box.parentElement.getBoundingClientRect();
    return (label.top + label.bottom) / 2 - top;
  });
}

function drawData() {
  const test = on("showTestData");
  const points = test ? told.points : told.points.slice(0, told.n_train);
  drawPoints(pointCanvas, points, { radius: 6, rim: (index) => (index < told.n_train ? "#fff" : "#222") });
}

function syncControls() {
  for (const control of all("[data-key]")) {
    const value = state[control.dataset.key];
    if (control.type === "checkbox") control.checked = value === "true";
    else if (control.type === "range") syncRange(control, value);
    else syncSelect(control, value);
  }
  for (const button of all("#datasets button")) {
    const fits = (button.dataset.name === "dataset") === (state.problem === "classification");
    button.hidden = !fits || (button.value === "own" && told.own !== button.dataset.name);
    const chosen = state[button.dataset.name] === button.value;
    button.setAttribute("aria-checked", chosen);
    button.tabIndex = chosen ? 0 : -1;
  }
  for (const part of all("[data-control]")) part.hidden = on(`${part.dataset.control}_hide`);
  find("#article").hidden = on("hideText");
  const count = told.sizes.length - 2;
  find("#n-layers").value = `${count} hidden layer${count === 1 ? "" : "s"}`;
  find("#remove-layer").disabled = count === 0;
  find("#add-layer").disabled = count === 32;
}

function syncRange(control, value) {
  if (Number(value) > Number(control.max)) control.max = value;
  control.value = value;
  if (control.value !== value) Object.assign(control, { step: "any", value });
  control.parentElement.querySelector("output").value = value;
}

// An address may have values that the list has not.
function syncSelect(control, value) {
  const options = [...control.options];
  const same = options.find((option) => option.value === value || Number(option.value) === Number(value));
  if (!same) control.add(new Option(value, value));
  control.value = same ? same.value : value;
}

function makeControls() {
  for (const control of all("[data-key]")) {
    control.onchange = () => {
      const value = control.type === "checkbox" ? String(control.checked) : control.value;
      if (CALM.has(control.dataset.key)) look(control.dataset.key, value);
      else set({ [control.dataset.key]: value });
    };
    if (control.type === "range") {
      control.oninput = () => (control.parentElement.querySelector("output").value = control.value);
    }
  }
  find("#export").onchange = (event) => {
    attempt(() => save(event.target.value));
    event.target.value = "";
  };
  find("#file").onchange = () =>
    attempt(async () => accept(await api.control("open", { table: await find("#file").files[0].text() })));
  find("#play").onclick = () => play(!playing);
  find("#step").onclick = () => (play(false), (wanted += 1), (stale = true));
  find("#restart").onclick = () => (play(false), act("restart"));
  find("#same-start").onclick = () => (play(false), act("same_start"));
  find("#regenerate").onclick = () => act("regenerate");
  find("#back").onclick = () => (play(false), change("back"));
  find("#add-layer").onclick = () => reshape([...told.sizes.slice(1, -1), 2]);
  find("#remove-layer").onclick = () => reshape(told.sizes.slice(1, -2));
  find("#map").onmousemove = read;
  find("#map").onmouseleave = () => (find("#reading").textContent = "\u00a0");
}

function look(key, value) {
  attempt(async () => {
    const answer = await api.control("set", { values: { [key]: value } });
    state = values(answer.hash);
    history.replaceState(null, "", `#${answer.hash}`);
    syncControls();
    drawData();
    stale = true;
  });
}

// Changes of the parameters.
function change(action, message) {
  settled = attempt(async () => {
    await api.control(action, message);
    say("");
    stale = true;
  });
}

async function save(form) {
  const link = document.createElement("a");
  if (form === "png") Object.assign(link, { download: "playground.png", href: mapPicture() });
  else {
    const { file, text } = await api.control("export", { form });
    Object.assign(link, { download: file, href: URL.createObjectURL(new Blob([text])) });
  }
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function mapPicture() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 600, height: 600 });
  for (const part of [mapCanvas, pointCanvas]) canvas.getContext("2d").drawImage(part, 0, 0, 600, 600);
  return canvas.toDataURL();
}

const reshape = (sizes) => set({ networkShape: sizes.join(",") });

function resize(layer, units) {
  const sizes = told.sizes.slice(1, -1);
  sizes[layer - 1] = units;
  reshape(sizes);
}

function show(place) {
  shown = place;
  stale = true;
}

async function edit(layer, unit, input) {
  await settled;
  await attempt(async () => draw(await api.frame(0, shown, network.nParameters)));
  const dialog = find("#editor");
  const inputs = Array.from({ length: told.sizes[layer - 1] }, (_, index) => network.name(layer - 1, index));
  find("#editor-title").textContent = `Weights of ${network.name(layer, unit)}`;
  find("#source").replaceChildren(...["bias", ...inputs].map((name, index) => new Option(name, index - 1)));
  find("#source").value = input ?? -1;
  const current = () => {
    const value = network.weight(layer, unit, Number(find("#source").value));
    find("#value").value = Number(value.toPrecision(6));
  };
  find("#source").onchange = current;
  current();
  dialog.onclose = () => {
    if (dialog.returnValue !== "set") return;
    const [source, value] = [Number(find("#source").value), find("#value").valueAsNumber];
    change("edit", { layer, unit, input: source < 0 ? null : source, value });
  };
  dialog.returnValue = "";
  dialog.showModal();
  find("#value").select();
}

function play(start) {
  playing = start;
  stale = true;
  find("#play").textContent = start ? "Pause" : "Play";
  find("#play").setAttribute("aria-pressed", start);
}

function read(event) {
  if (!latest) return;
  const box = find("#map").getBoundingClientRect();
  const [column, row] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  const at = (share) => Math.max(0, Math.min(99, Math.floor(100 * share)));
  const value = latest.large[100 * at(row) + at(column)] / 127.5 - 1;
  const [x, y] = [12 * column - 6, 6 - 12 * row];
  find("#reading").textContent = `x ${x.toFixed(1)}, y ${y.toFixed(1)}: ${value.toFixed(2)}`;
}

function draw(frame) {
  latest = frame;
  mapCanvas.getContext("2d").putImageData(image(frame.large, 100, on("discretize")), 0, 0);
  network.draw(frame, on("discretize"), playing);
  curve.add(frame);
  curve.draw();
  find("#epoch").value = frame.epoch.toLocaleString("en");
  find("#train").value = frame.train === null ? "not finite" : frame.train.toFixed(3);
  find("#test").value = frame.test === null ? "not finite" : frame.test.toFixed(3);
  find("#back").disabled = frame.moments === 0;
  const what = shown ? network.name(...shown) : "the network";
  find("#result-title").textContent = shown ? `Output of ${what}` : "Output";
  mapCanvas.setAttribute("aria-label", `Output of ${what} over the plane`);
  if (frame.message) {
    play(false);
    say(`${frame.message}. “Back” returns to the frame before.`);
  }
}

async function loop() {
  if (told && (playing || stale)) {
    const epochs = playing ? Number(find("#speed").value) : Math.min(wanted, 1000);
    const asked = told;
    wanted -= playing ? 0 : epochs;
    stale = wanted > 0;
    await attempt(async () => {
      const frame = await api.frame(epochs, shown, network.nParameters);
      if (asked === told) draw(frame); // not of a network that is no more
      else stale = true;
    });
  }
  requestAnimationFrame(loop);
}

function makeDatasets(thumbnails) {
  for (const [name, some] of Object.entries(DATASETS)) {
    for (const value of some) {
      const button = document.createElement("button");
      const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 60 });
      Object.assign(button, { value, onclick: () => set({ [name]: value }) });
      button.dataset.name = name;
      button.setAttribute("role", "radio");
      button.setAttribute("aria-label", value.replace("reg-", ""));
      button.append(thumbnails[value] ? canvas : "Own");
      find("#datasets").append(button);
      if (thumbnails[value]) drawPoints(canvas, thumbnails[value], { radius: 2, rim: () => "transparent" });
    }
  }
  find("#datasets").onkeydown = (event) => {
    const turn = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!turn) return;
    event.preventDefault();
    const buttons = all("#datasets button:not([hidden])");
    const next = buttons.at((buttons.indexOf(event.target) + turn) % buttons.length);
    next.focus();
    next.click();
  };
}

function makeFeatures() {
  for (const [key, name, value] of FEATURES) {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox" });
    box.dataset.key = key;
    const canvas = Object.assign(document.createElement("canvas"), { width: 10, height: 10 });
    label.append(box, canvas, Object.assign(document.createElement("span"), { textContent: name }));
    const place = () => [0, all("#features input:checked").indexOf(box)];
    label.onmouseenter = () => box.checked && show(place());
    label.onmouseleave = () => show(null);
    find("#features").append(label);
    drawFeature(canvas, value);
  }
}

async function start() {
  const first = await api.open(location.hash.slice(1));
  makeDatasets(first.thumbnails);
  find("[data-key=optimizer]").replaceChildren(...first.optimizers.map((name) => new Option(name.replaceAll("_", " "), name)));
  makeFeatures();
  makeControls();
  accept(first);
  loop();
}

addEventListener("pagehide", api.close);
addEventListener("hashchange", () => {
  api.close();
  location.reload();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (stale = true));
start().catch((error) => say(error.message));
