// What all parts of the page know: its settings, what the server has said, and the last frame.

export const app = {
  state: {}, // the keys of the address, as texts
  told: null, // what the server last said about points and sizes
  frame: null,
};

export const find = (selector) => document.querySelector(selector);
export const all = (selector) => [...document.querySelectorAll(selector)];
export const on = (key) => app.state[key] === "true";

// Whether there are more than two classes, and the map shows the likeliest.
export const hasClasses = () => app.state.problem === "classification" && Number(app.state.classes) > 2;

// The size of a canvas as it is shown, in the pixels of the screen.
export function fit(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * devicePixelRatio));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return [width, height];
}

export const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
