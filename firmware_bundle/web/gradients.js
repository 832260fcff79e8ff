/**
 * What the models see of a grey picture: 35 numbers for every cell of 4 x 4 pixels, each of them to
 * the last bit what `examples/camera/faces/features.py` computes. Sums of a histogram are exact in
 * double; what is computed in single precision there is rounded after every step here.
 */

/** @typedef {import('./pyramid.js').Grey} Grey */
/** The numbers of all cells, row by row, 35 for each. @typedef {{rows: number, columns: number, data: Float32Array}} Cells */

/** The name by which a detector's declaration calls them. */
export const FEATURES = 'gradients-35x7x7-1';
export const CELL = 4;
export const WINDOW = 36;
/** Cells a side that the models see of a window. */
export const SEEN = 7;
export const CHANNELS = 35;
export const MARGIN = 2 * CELL;

const SIGNED = 18;
const UNSIGNED = 9;
const ENERGIES = SIGNED + UNSIGNED;
const QUARTERS = 31;
const FLOOR = 40;
const CLIP = Math.fround(0.4);
const ENERGY = Math.fround(0.2357);
const CONTRAST = 100;
const BRIGHTNESS = Math.fround(0.15);
const AROUND = 4;
const STEPS = 511;

/** Direction and weight of the gradient (dy + 255, dx + 255). */
const votes = (() => {
  const directions = new Uint8Array(STEPS * STEPS);
  const weights = new Float32Array(STEPS * STEPS);
  for (let dy = -255, at = 0; dy <= 255; dy++) {
    for (let dx = -255; dx <= 255; dx++, at++) {
      const turn = Math.floor(Math.atan2(dy, dx) * (SIGNED / (2 * Math.PI)) + 0.5);
      directions[at] = (turn + SIGNED) % SIGNED;
      weights[at] = Math.sqrt(dx * dx + dy * dy) / 16;
    }
  }
  return { directions, weights };
})();

/**
 * @param {Grey} grey
 * @returns {Cells}
 */
export function featuresOf(grey) {
  const [rows, columns] = [Math.floor(grey.height / CELL), Math.floor(grey.width / CELL)];
  const cells = { rows, columns, data: new Float32Array(CHANNELS * rows * columns) };
  if (cells.data.length === 0) return cells;
  countDirections(grey, cells);
  normalise(cells, cornerNorms(cells));
  addBrightness(grey, cells);
  return cells;
}

/** Mean gradient of each cell by direction: signed, then unsigned. @param {Grey} grey @param {Cells} cells */
function countDirections({ width, height, data }, { rows, columns, data: out }) {
  const counted = new Float64Array(SIGNED);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at += CHANNELS) {
      counted.fill(0);
      for (let y = row * CELL; y < row * CELL + CELL; y++) {
        const line = y * width;
        const above = y === 0 ? line : line - width;
        const below = y === height - 1 ? line : line + width;
        for (let x = column * CELL; x < column * CELL + CELL; x++) {
          const dx = data[line + (x === width - 1 ? x : x + 1)] - data[line + (x === 0 ? x : x - 1)];
          const dy = data[below + x] - data[above + x];
          const place = (dy + 255) * STEPS + dx + 255;
          counted[votes.directions[place]] += votes.weights[place];
        }
      }
      out.set(counted, at);
      for (let k = 0; k < UNSIGNED; k++) out[at + SIGNED + k] = out[at + k] + out[at + k + UNSIGNED];
    }
  }
}

/**
 * For each corner of a cell 1 / the square root of the energy of the four cells that meet there.
 * @param {Cells} cells
 */
function cornerNorms({ rows, columns, data }) {
  const { fround } = Math;
  const energy = new Float32Array(rows * columns);
  for (let i = 0; i < energy.length; i++) {
    for (let k = SIGNED; k < ENERGIES; k++) {
      const value = data[i * CHANNELS + k];
      energy[i] += fround(value * value);
    }
  }
  const norms = new Float32Array((rows + 1) * (columns + 1));
  for (let y = 0, at = 0; y <= rows; y++) {
    const [upper, lower] = [Math.max(y - 1, 0) * columns, Math.min(y, rows - 1) * columns];
    for (let x = 0; x <= columns; x++, at++) {
      const [left, right] = [Math.max(x - 1, 0), Math.min(x, columns - 1)];
      let sum = fround(energy[upper + left] + energy[upper + right]);
      sum = fround(fround(sum + energy[lower + left]) + energy[lower + right]);
      norms[at] = 1 / fround(Math.sqrt(fround(sum + FLOOR)));
    }
  }
  return norms;
}

/** Directions relative to the energy around the cell, and the energies. @param {Cells} cells @param {Float32Array} norms */
function normalise({ rows, columns, data }, norms) {
  const { fround } = Math;
  const wide = columns + 1;
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, at += CHANNELS) {
      const corner = y * wide + x;
      const [a, b, c, d] = [norms[corner], norms[corner + 1], norms[corner + wide], norms[corner + wide + 1]];
      let total = 0;
      for (let k = 0; k < SIGNED; k++) total = fround(total + data[at + k]);
      total = fround(total * ENERGY);
      data[at + ENERGIES] = total * a;
      data[at + ENERGIES + 1] = total * b;
      data[at + ENERGIES + 2] = total * c;
      data[at + ENERGIES + 3] = total * d;
      const twice = fround(fround(fround(fround(a + b) + c) + d) * 0.5);
      for (let k = 0; k < ENERGIES; k++) data[at + k] = Math.min(fround(data[at + k] * twice), CLIP);
    }
  }
}

/** Brightness of each quarter of a cell, relative to its surroundings. @param {Grey} grey @param {Cells} cells */
function addBrightness({ width, data }, { rows, columns, data: out }) {
  const { fround } = Math;
  const [tall, wide] = [2 * rows, 2 * columns];
  const half = new Float64Array(tall * wide);
  for (let y = 0, at = 0; y < tall; y++) {
    for (let x = 0, from = 2 * y * width; x < wide; x++, at++, from += 2) {
      half[at] = (data[from] + data[from + 1] + data[from + width] + data[from + width + 1] + 2) >> 2;
    }
  }
  const means = boxMeans(half, wide, tall);
  const squares = boxMeans(half.map((value) => value * value), wide, tall);
  for (let y = 0, at = 0; y < tall; y++) {
    for (let x = 0; x < wide; x++, at++) {
      const mean = means[at];
      const spread = fround(Math.sqrt(fround(Math.max(fround(squares[at] - fround(mean * mean)), 0) + CONTRAST)));
      const relative = fround(fround(fround(half[at] - mean) / spread) * BRIGHTNESS);
      const cell = (y >> 1) * columns + (x >> 1);
      out[cell * CHANNELS + QUARTERS + 2 * (y % 2) + (x % 2)] = relative;
    }
  }
}

/**
 * Mean of the 9 x 9 values around each, the edge repeated. The values are whole, so the sums are exact.
 * @param {Float64Array} values
 * @param {number} wide
 * @param {number} tall
 */
function boxMeans(values, wide, tall) {
  const side = 2 * AROUND + 1;
  const scale = 1 / (side * side);
  const across = new Float64Array(values.length);
  for (let y = 0; y < tall; y++) {
    const line = y * wide;
    const at = (/** @type {number} */ x) => values[line + Math.min(Math.max(x, 0), wide - 1)];
    let sum = 0;
    for (let x = -AROUND; x <= AROUND; x++) sum += at(x);
    for (let x = 0; x < wide; x++) {
      across[line + x] = sum;
      sum += at(x + AROUND + 1) - at(x - AROUND);
    }
  }
  const found = new Float32Array(values.length);
  const sums = new Float64Array(wide);
  const line = (/** @type {number} */ y) => Math.min(Math.max(y, 0), tall - 1) * wide;
  for (let y = -AROUND; y <= AROUND; y++) for (let x = 0; x < wide; x++) sums[x] += across[line(y) + x];
  for (let y = 0; y < tall; y++) {
    const [next, last] = [line(y + AROUND + 1), line(y - AROUND)];
    for (let x = 0; x < wide; x++) {
      found[y * wide + x] = sums[x] * scale;
      sums[x] += across[next + x] - across[last + x];
    }
  }
  return found;
}
