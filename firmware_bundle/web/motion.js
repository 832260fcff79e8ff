/** Whether something moves: how much a small grey picture of a frame differs from the last one. */

import { withMode } from './picture.js';
import { resize } from './resample.js';

const WIDTH = 32;
const HEIGHT = 24;
/** Noise of a camera stays below; a hand that moves through the picture is above. */
const MOVES = 0.02;

export class Motion {
  /** @type {Uint8ClampedArray | Uint8Array | null} */
  #last = null;

  /**
   * @param {ImageData} frame
   * @returns {{moves: boolean, change: number}} mean difference of a pixel, 0 to 1
   */
  next(frame) {
    const { data } = resize(withMode(frame, 'L'), WIDTH, HEIGHT, 'nearest');
    const last = this.#last;
    this.#last = data;
    if (last === null) return { moves: false, change: 0 };
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += Math.abs(data[i] - last[i]);
    const change = sum / data.length / 255;
    return { moves: change > MOVES, change };
  }
}
