// Orange for -1, grey for 0, blue for 1; a colour for each class; and pictures of bytes in these.

const GREY = [232, 234, 235];
const [ORANGE, BLUE] = [[245, 147, 34], [8, 119, 189]];
const CLASSES = [ORANGE, BLUE, [0, 158, 115], [204, 90, 150], [150, 110, 60], [110, 80, 200]];
export const CLASS_SHADES = 42; // bytes of each class

const mixed = (from, to, share) => from.map((start, index) => Math.round(start + share * (to[index] - start)));
const mix = (value) => mixed(GREY, value < 0 ? ORANGE : BLUE, Math.min(1, Math.abs(value)));

function table(inks) {
  const colors = new Uint32Array(256);
  const bytes = new Uint8Array(colors.buffer);
  for (let shade = 0; shade < 256; shade++) bytes.set([...inks(shade), 255], 4 * shade);
  return colors;
}

const classInk = (sure) => (shade) => {
  const ink = CLASSES[Math.min(5, Math.floor(shade / CLASS_SHADES))];
  return mixed(GREY, ink, sure ? 1 : (shade % CLASS_SHADES) / (CLASS_SHADES - 1));
};

const SMOOTH = table((shade) => mix(shade / 127.5 - 1));
const TWO = table((shade) => mix(shade < 127.5 ? -1 : 1));
const CLASS_SMOOTH = table(classInk(false));
const CLASS_FLAT = table(classInk(true));

export const palette = ({ discretize, classes }) =>
  classes ? (discretize ? CLASS_FLAT : CLASS_SMOOTH) : discretize ? TWO : SMOOTH;

const INKS = Array.from({ length: 201 }, (_, index) => `rgb(${mix(index / 100 - 1)})`);
export const color = (value) => INKS[Math.round(100 * Math.max(-1, Math.min(1, value || 0))) + 100];
export const classColor = (label) => `rgb(${CLASSES[label]})`;

// Shades row by row, `width` in a row, as an image.
export function image(shades, width, colors) {
  const picture = new ImageData(width, shades.length / width);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let index = 0; index < shades.length; index++) pixels[index] = colors[shades[index]];
  return picture;
}
