/**
 * Pixels to one row, as the contract says and edge_infer does:
 * mode → resize → low + p * (high - low) / 255, p being the pixel (or 255 - p where it inverts).
 */

import { checkPixels } from './picture_file.js';
import { resize } from './resample.js';
import { Refusal } from './refusal.js';

/** @typedef {import('./contract.js').Picture} Picture */
/** @typedef {import('./resample.js').Pixels} Pixels */

/**
 * @param {{width: number, height: number, data: Uint8ClampedArray}} rgba as a canvas gives it
 * @param {Picture} wanted
 * @returns {Float64Array} height x width x channels values
 * @throws {Refusal} it is transparent somewhere
 */
export function pictureRow(rgba, wanted) {
  checkPixels(wanted.width, rgba.height);
  const { data } = resize(withMode(rgba, wanted.mode), wanted.width, wanted.height, wanted.resample);
  const span = wanted.high - wanted.low;
  return Float64Array.from(data, (p) => wanted.low + ((wanted.invert ? 255 - p : p) * span) / 255);
}

/**
 * @param {{width: number, height: number, data: Uint8ClampedArray}} rgba
 * @param {'L' | 'RGB'} mode
 * @returns {Pixels}
 */
export function withMode({ width, height, data }, mode) {
  const count = width * height;
  const channels = mode === 'L' ? 1 : 3;
  const found = new Uint8ClampedArray(count * channels);
  for (let i = 0; i < count; i++) {
    const [r, g, b, a] = [data[4 * i], data[4 * i + 1], data[4 * i + 2], data[4 * i + 3]];
    if (a !== 255) throw new Refusal('BadInput', 'picture_transparent');
    if (mode === 'L') found[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    else found.set([r, g, b], 3 * i);
  }
  return { width, height, channels, data: found };
}
