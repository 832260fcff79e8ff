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
  const found = new Float64Array(tall * wide).fill(bias);
  for (let strip = 0; strip < SEEN; strip++) {
    const part = weights.subarray(strip * STRIP, (strip + 1) * STRIP);
    for (let top = 0, at = 0; top < tall; top++) {
      let from = (top + strip) * columns * CHANNELS;
      for (let left = 0; left < wide; left++, at++, from += CHANNELS) {
        // Four sums, none of which waits for another.
        let [a, b, c, d] = [0, 0, 0, 0];
        let i = 0;
        for (; i + 3 < STRIP; i += 4) {
          a += part[i] * data[from + i];
          b += part[i + 1] * data[from + i + 1];
          c += part[i + 2] * data[from + i + 2];
          d += part[i + 3] * data[from + i + 3];
        }
        for (; i < STRIP; i++) a += part[i] * data[from + i];
        found[at] += a + b + (c + d);
      }
    }
  }
  return { tall, wide, scores: found };
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
