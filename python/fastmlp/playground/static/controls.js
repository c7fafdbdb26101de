// The controls: made once from what the server offers, and set to the state of the address.

import { all, app, find, hasClasses, on } from "./app.js";
import { syncPen } from "./drawing.js";
import { FEATURES, drawFeature, drawPoints } from "./pictures.js";

const DATASETS = { dataset: ["circle", "xor", "gauss", "spiral", "own"], regDataset: ["reg-plane", "reg-gauss", "own"] };

// Settings that leave the network and its points as they are.
const CALM = new Set([
  ...["showTestData", "discretize", "learningRate", "optimizer", "momentum", "clipNorm"],
  ...["schedule", "scheduleEpochs", "rivalLearningRate"],
]);

// Settings that follow from others: one activation for all layers is that of each.
const WITH = { activation: { activations: "" } };

const readable = (name) => name.replaceAll("_", " ");
const options = (names) => names.map((name) => new Option(readable(name), name));

export function syncControls() {
  const { state, told } = app;
  find("[data-key=loss]").replaceChildren(...options(told.losses));
  for (const control of all("[data-key]")) {
    const value = control.dataset.key === "loss" ? told.loss : state[control.dataset.key];
    if (control.type === "checkbox") control.checked = value === "true";
    else if (control.type === "range") syncRange(control, value);
    else syncSelect(control, value);
  }
  for (const button of all("#datasets button")) {
    const fits = (button.dataset.name === "dataset") === (state.problem === "classification");
    const own = told.own && (told.own.problem === "classification") === (button.dataset.name === "dataset");
    button.hidden = !fits || (button.value === "own" && !own);
    const chosen = state[button.dataset.name] === button.value;
    button.setAttribute("aria-checked", chosen);
    button.tabIndex = chosen ? 0 : -1;
  }
  for (const part of all("[data-control]")) part.hidden = on(`${part.dataset.control}_hide`);
  find("#article").hidden = on("hideText");
  find(".scale").hidden = hasClasses();
  find("[data-key=classes]").disabled = state.problem !== "classification";
  find("#rival").hidden = state.rivalOptimizer === "none";
  const count = told.sizes.length - 2;
  find("#n-layers").value = `${count} hidden layer${count === 1 ? "" : "s"}`;
  find("#remove-layer").disabled = count === 0;
  find("#add-layer").disabled = count === 32;
  syncPen();
  syncColumns();
}

function syncRange(control, value) {
  if (Number(value) > Number(control.max)) control.max = value;
  control.value = value;
  if (control.value !== value) Object.assign(control, { step: "any", value });
  control.parentElement.querySelector("output").value = value;
}

// An address may have values that the list has not.
function syncSelect(control, value) {
  const same = [...control.options].find((option) => option.value === value || Number(option.value) === Number(value));
  if (!same) control.add(new Option(value, value));
  control.value = same ? same.value : value;
}

// Columns of a table can be chosen where there are more than two.
function syncColumns() {
  const columns = app.told.own?.columns ?? [];
  find("#columns").hidden = columns.length < 3;
  if (find("#up").options.length === columns.length) return;
  const choices = columns.map((name, index) => new Option(name, index));
  find("#across").replaceChildren(new Option("principal components", ""), ...choices.map((option) => option.cloneNode(true)));
  find("#up").replaceChildren(...choices);
  find("#up").disabled = true;
}

// actions: set(values), which starts the network again; look(values), which does not; open(message).
export function makeControls(choices, thumbnails, actions) {
  for (const [key, names] of [["optimizer", choices.optimizer], ["schedule", choices.schedule], ["rivalOptimizer", choices.rival_optimizer]]) {
    find(`[data-key=${key}]`).replaceChildren(...options(names));
  }
  makeDatasets(thumbnails, actions.set);
  makeFeatures(actions.show);
  for (const control of all("[data-key]")) {
    control.onchange = () => {
      const value = control.type === "checkbox" ? String(control.checked) : control.value;
      const { key } = control.dataset;
      (CALM.has(key) ? actions.look : actions.set)({ [key]: value, ...WITH[key] });
    };
    if (control.type === "range") {
      control.oninput = () => (control.parentElement.querySelector("output").value = control.value);
    }
  }
  const { state } = app;
  find("#more").open = state.rivalOptimizer !== "none" || Number(state.classes) > 2 || Number(state.clipNorm) > 0;
  find("#all-points").onclick = () => actions.set({ batchSize: String(app.told.n_train) });
  find("#across").onchange = find("#up").onchange = () => {
    const [across, up] = [find("#across").value, find("#up").value];
    find("#up").disabled = across === "";
    actions.open({ columns: across === "" ? null : [Number(across), Number(up)] });
  };
}

function makeDatasets(thumbnails, set) {
  for (const [name, some] of Object.entries(DATASETS)) {
    for (const value of some) {
      const button = document.createElement("button");
      const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 60 });
      Object.assign(button, { value, onclick: () => set({ [name]: value, ...ownClasses(value) }) });
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

const ownClasses = (value) => (value === "own" ? { classes: String(app.told.own.classes) } : {});

function makeFeatures(show) {
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
