/**
 * The windows of a level that the first model does not rule out. One product with all cells gives
 * every window's score up to rounding, and decides nothing but which windows are worth a row.
 */

import { CELL, CHANNELS, MARGIN, SEEN, WINDOW } from './gradients.js';

/** @typedef {import('./gradients.js').Cells} Cells */
/** x0, y0, x1, y1 in pixels of the picture. @typedef {[number, number, number, number]} Box */
/** @typedef {{weights: Float64Array, bias: number}} Product the weights in the order of the cells */

const SEEN_CELLS = SEEN * SEEN;
export const ROW = CHANNELS * SEEN_CELLS;
const STRIP = SEEN * CHANNELS;
/** Windows kept of one level, the best. */
const MOST_OF_A_LEVEL = 2000;

/**
 * @param {ArrayLike<number>} weights of a row, channel by channel
 * @param {number} bias
 * @returns {Product}
 */
export function productOf(weights, bias) {
  const found = new Float64Array(ROW);
  for (let k = 0; k < CHANNELS; k++) {
    for (let cell = 0; cell < SEEN_CELLS; cell++) found[cell * CHANNELS + k] = weights[k * SEEN_CELLS + cell];
  }
  return { weights: found, bias };
}

/**
 * Scores of all windows of a level, row by row.
 * @param {Product} product
 * @param {Cells} cells
 */
export function scoresOf({ weights, bias }, { rows, columns, data }) {
  const [tall, wide] = [Math.max(rows - SEEN + 1, 0), Math.max(columns - SEEN + 1, 0)];
  const scores = new Float64Array(tall * wide).fill(bias);
  for (let strip = 0; strip < SEEN; strip++) {
    const part = weights.subarray(strip * STRIP, (strip + 1) * STRIP);
    for (let top = 0; top < tall; top++) {
      const line = scores.subarray(top * wide, (top + 1) * wide);
      addStrip(line, part, data.subarray((top + strip) * columns * CHANNELS));
    }
  }
  return { tall, wide, scores };
}

/**
 * One row of cells to the windows of one row; four at a time, so that a weight is read once for all.
 * @param {Float64Array} line
 * @param {Float64Array} part
 * @param {Float32Array} data from the row's first cell on
 */
function addStrip(line, part, data) {
  let left = 0;
  for (; left + 4 <= line.length; left += 4) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0, from = left * CHANNELS; i < STRIP; i++, from++) {
      const weight = part[i];
      a += weight * data[from];
      b += weight * data[from + CHANNELS];
      c += weight * data[from + 2 * CHANNELS];
      d += weight * data[from + 3 * CHANNELS];
    }
    line[left] += a;
    line[left + 1] += b;
    line[left + 2] += c;
    line[left + 3] += d;
  }
  for (; left < line.length; left++) {
    let sum = 0;
    for (let i = 0, from = left * CHANNELS; i < STRIP; i++, from++) sum += part[i] * data[from];
    line[left] += sum;
  }
}

/**
 * First cells of the windows whose score is at least `least`, row by row; the best where there are
 * too many.
 * @param {Product} product
 * @param {Cells} cells
 * @param {number} least
 * @returns {{top: number, left: number}[]}
 */
export function picked(product, cells, least) {
  const { wide, scores } = scoresOf(product, cells);
  const found = [];
  for (let at = 0; at < scores.length; at++) if (scores[at] >= least) found.push(at);
  if (found.length > MOST_OF_A_LEVEL) {
    found.sort((a, b) => scores[b] - scores[a]);
    found.length = MOST_OF_A_LEVEL;
  }
  return found.map((at) => ({ top: Math.floor(at / wide), left: at % wide }));
}

/**
 * The row of a window, channel by channel, into `row`.
 * @param {Cells} cells
 * @param {{top: number, left: number}} window
 * @param {Float64Array} row
 */
export function fillRow({ columns, data }, { top, left }, row) {
  for (let y = 0, cell = 0; y < SEEN; y++) {
    let from = ((top + y) * columns + left) * CHANNELS;
    for (let x = 0; x < SEEN; x++, cell++, from += CHANNELS) {
      for (let k = 0; k < CHANNELS; k++) row[k * SEEN_CELLS + cell] = data[from + k];
    }
  }
}

/**
 * Where a window lies in the picture; its outermost cells are not seen.
 * @param {{top: number, left: number}} window
 * @param {number} scale pixels of the level for one of the picture
 * @returns {Box}
 */
export function windowBox({ top, left }, scale) {
  const x = ((left - 1) * CELL - MARGIN) / scale;
  const y = ((top - 1) * CELL - MARGIN) / scale;
  return [x, y, x + WINDOW / scale, y + WINDOW / scale];
}
