// The playground's page: controls send settings, frames come back and are drawn.

import * as api from "./api.js";
import { all, app, find, hasClasses, on } from "./app.js";
import { classColor, color, image, palette } from "./colors.js";
import { makeControls, syncControls } from "./controls.js";
import { editWeights, pasteTable, reading, save } from "./dialogs.js";
import { makeDrawing } from "./drawing.js";
import { drawLayers, refresh, wantsLayers } from "./inside.js";
import { NetworkView } from "./network.js";
import { Curve, FEATURES, drawPoints } from "./pictures.js";

const [mapCanvas, pointCanvas] = all("#map canvas");
const curve = new Curve(find("#curve"));
const network = new NetworkView(find("#network"), { show, edit, resize, activate });

let limits = {}; // parameters up to which the server makes its larger pictures
let shown = null; // [layer, unit] of the large map, or null for the output
let playing = false;
let wanted = 0; // epochs of the next frame where not playing
let stale = true; // a frame is wanted
let coming = null; // the frame that is on its way
let settled = null; // promise of the last change of the parameters

const values = (hash) => Object.fromEntries(hash.split("&").map((pair) => pair.split(/=(.*)/s)));

function say(text, canGoBack = false) {
  find("#message span").textContent = text;
  find("#message").hidden = !text;
  find("#go-back").hidden = !canGoBack;
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

// After the frame that is on its way, which is of the state before.
async function control(action, message) {
  await Promise.allSettled([coming?.frame]);
  return api.control(action, message);
}

// Changes that start a network; those of looks and rates, which do not; those of the parameters.
const act = (action, message) => attempt(async () => accept(await control(action, message)));
const set = (changed) => act("set", { values: changed });

function look(changed) {
  attempt(async () => {
    note(await control("set", { values: changed }));
    drawData();
  });
}

function change(action, message) {
  settled = attempt(async () => {
    await control(action, message);
    say("");
    stale = true;
  });
}

function note(answer) {
  app.told = answer;
  app.state = values(answer.hash);
  history.replaceState(null, "", `#${answer.hash}`);
  say("");
  syncControls();
  stale = true;
}

function accept(answer) {
  note(answer);
  shown = null;
  curve.clear();
  const labels = FEATURES.filter(([key]) => on(key)).map(([, name]) => name);
  network.build(app.told.sizes, labels, featureRows(), app.told.activations);
  drawData();
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
  const { points, n_train: nTrain } = app.told;
  const rim = (index) => (index < nTrain ? "#fff" : "#222");
  const seen = on("showTestData") ? points : points.slice(0, nTrain);
  drawPoints(pointCanvas, seen, { radius: 6, rim, ink: hasClasses() ? classColor : color });
}

const reshape = (sizes, more = {}) => set({ networkShape: sizes.join(","), ...more });

function resize(layer, units) {
  const sizes = app.told.sizes.slice(1, -1);
  sizes[layer - 1] = units;
  reshape(sizes);
}

function activate(layer, name) {
  set({ activations: app.told.activations.with(layer - 1, name).join(",") });
}

function show(place) {
  shown = place;
  stale = true;
}

async function edit(layer, unit, input) {
  await settled;
  await attempt(async () => draw(await ask(0)));
  editWeights(network, layer, unit, input, (message) => change("edit", message));
}

// A frame after some epochs, or after a single batch.
const ask = (epochs, batch = false) =>
  api.frame({ epochs, batch, show: shown, layers: wantsLayers() }, network.nParameters);

function play(start) {
  playing = start;
  stale = true;
  find("#play").textContent = start ? "Pause" : "Play";
  find("#play").setAttribute("aria-pressed", start);
}

const rounded = (loss) => (loss === null ? "not finite" : loss.toFixed(3));

function draw(frame) {
  app.frame = frame;
  const discretize = on("discretize");
  const classes = hasClasses();
  const whole = palette({ discretize, classes });
  mapCanvas.getContext("2d").putImageData(image(frame.large, 100, shown ? palette({ discretize }) : whole), 0, 0);
  network.draw(frame, palette({ discretize }), playing);
  curve.add(frame);
  curve.draw();
  find("#epoch").value = frame.epoch.toLocaleString("en");
  if (playing) find("#time").value = `${(1000 * frame.seconds).toPrecision(2)} ms`;
  find("#train").value = rounded(frame.train);
  find("#test").value = rounded(frame.test);
  find("#back").disabled = frame.moments === 0;
  if (frame.rival) drawRival(frame, whole);
  if (frame.layers) drawLayers(frame.layers);
  const what = shown ? network.name(...shown) : "the network";
  find("#result-title").textContent = shown ? `Output of ${what}` : "Output";
  mapCanvas.setAttribute("aria-label", `Output of ${what} over the plane`);
  if (frame.message) {
    play(false);
    say(frame.message, true);
  }
}

function drawRival({ rival, rivalMap }, colors) {
  find("#rival-map").getContext("2d").putImageData(image(rivalMap, 100, colors), 0, 0);
  find("#rival-train").value = rival.message ? "diverged" : rounded(rival.train);
  find("#rival-test").value = rival.message ? "diverged" : rounded(rival.test);
}

// Asks for the next frame.
function request() {
  const batch = playing && find("#speed").value === "batch";
  const epochs = batch ? 0 : playing ? Number(find("#speed").value) : Math.min(wanted, 1000);
  wanted -= playing ? 0 : epochs;
  stale = wanted > 0;
  const frame = ask(epochs, batch);
  frame.catch(() => {}); // of a frame that nobody awaits any more
  return { asked: app.told, frame };
}

// While a frame of a training is drawn, the server computes the next one.
async function loop() {
  if (app.told && (playing || stale || coming)) {
    await attempt(async () => {
      coming ??= request();
      const { asked, frame } = coming;
      const arrived = await frame.finally(() => (coming = null));
      if (asked === app.told) {
        if (playing && !arrived.message) coming = request();
        draw(arrived);
      } else stale = true; // it is of a network that is no more
    });
  }
  if (app.frame) await attempt(() => refresh(playing, limits));
  requestAnimationFrame(loop);
}

function makeButtons() {
  find("#play").onclick = () => play(!playing);
  find("#step").onclick = () => {
    play(false);
    wanted += 1; // play has asked for a frame
  };
  find("#back").onclick = find("#go-back").onclick = () => {
    play(false);
    change("back", {});
  };
  for (const [selector, action] of [["#restart", "restart"], ["#same-start", "same_start"]]) {
    find(selector).onclick = () => {
      play(false);
      act(action);
    };
  }
  find("#regenerate").onclick = () => act("regenerate");
  find("#add-layer").onclick = () => reshape([...app.told.sizes.slice(1, -1), 2]);
  find("#remove-layer").onclick = () => reshape(app.told.sizes.slice(1, -2));
  find("#paste").onclick = () => pasteTable((message) => act("open", message));
  find("#file").onchange = () => attempt(async () => accept(await control("open", { table: await find("#file").files[0].text() })));
  find("#export").onchange = (event) => {
    attempt(async () => say(await save(event.target.value)));
    event.target.value = "";
  };
  find("#map").onpointermove = (event) => app.frame && (find("#reading").textContent = reading(event, hasClasses() && !shown));
  find("#map").onpointerleave = () => (find("#reading").textContent = "\u00a0");
  for (const part of all("#inside details")) part.ontoggle = () => (stale = true);
}

async function start() {
  const first = await api.open(location.hash.slice(1));
  app.state = values(first.hash);
  limits = first.limits;
  makeControls(first.choices, first.thumbnails, { set, look, show, open: (message) => act("open", message) });
  makeButtons();
  makeDrawing(find("#map"), pointCanvas, (points) => act("draw", { points }));
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
