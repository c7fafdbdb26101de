// Orange for -1, grey for 0, blue for 1, and pictures of bytes in these colours.

const ENDS = [[245, 147, 34], [232, 234, 235], [8, 119, 189]];

function mix(value) {
  const [from, to] = value < 0 ? [ENDS[1], ENDS[0]] : [ENDS[1], ENDS[2]];
  const share = Math.min(1, Math.abs(value));
  return from.map((start, index) => Math.round(start + share * (to[index] - start)));
}

function table(value) {
  const colors = new Uint32Array(256);
  const bytes = new Uint8Array(colors.buffer);
  for (let shade = 0; shade < 256; shade++) bytes.set([...mix(value(shade)), 255], 4 * shade);
  return colors;
}

const SMOOTH = table((shade) => shade / 127.5 - 1);
const TWO = table((shade) => (shade < 127.5 ? -1 : 1));

export const color = (value) => `rgb(${mix(value)})`;

// Shades row by row, `width` in a row, as an image.
export function image(shades, width, discretize) {
  const picture = new ImageData(width, shades.length / width);
  const pixels = new Uint32Array(picture.data.buffer);
  const colors = discretize ? TWO : SMOOTH;
  for (let index = 0; index < shades.length; index++) pixels[index] = colors[shades[index]];
  return picture;
}
