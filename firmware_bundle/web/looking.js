/** A picture or a frame to faces, and the picture with them drawn in where it is asked for. */

import { drawBoxes } from './boxes.js';
import { SMALLEST } from './detector.js';
import { Refusal } from './refusal.js';

/** @typedef {import('./detector.js').Detector} Detector */
/** @typedef {import('./detector.js').Face} Face */
/**
 * @typedef {object} Looked
 * @property {Face[]} faces
 * @property {number} undecided windows within the tolerance of a threshold
 * @property {number} width of the picture
 * @property {number} height
 * @property {string[]} json
 * @property {number} ms
 * @property {ImageBitmap | null} preview
 * @property {{moves: boolean, change: number}} [motion]
 */

/** Pixels of a frame, and of a picture, up to which faces of the smallest size are searched for. */
export const FRAME_PIXELS = 640 * 480;
export const PICTURE_PIXELS = 1920 * 1080;
const PREVIEW_SIDE = 640;

/**
 * @param {Detector} detector
 * @param {ImageData} pixels
 * @param {{most: number, preview: boolean}} wanted
 * @returns {Promise<Looked>}
 */
export async function look(detector, pixels, { most, preview }) {
  const start = performance.now();
  const { width, height } = pixels;
  const smallest = Math.ceil(SMALLEST * Math.max(1, Math.sqrt((width * height) / most)));
  const { faces, undecided } = await detector.detect(greyOf(pixels), smallest);
  const ms = performance.now() - start;
  const said = faces.map(({ box, score }) => ({ box, score }));
  const json = [JSON.stringify({ faces: said, width, height, smallest, undecided })];
  return { faces, undecided, width, height, json, ms, preview: preview ? drawn(pixels, faces) : null };
}

/**
 * Brightness as OpenCV weighs the colours.
 * @param {{width: number, height: number, data: Uint8ClampedArray}} pixels
 * @returns {import('./pyramid.js').Grey}
 * @throws {Refusal} it is transparent somewhere
 */
export function greyOf({ width, height, data: rgba }) {
  const data = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < data.length; i++, at += 4) {
    if (rgba[at + 3] !== 255) throw new Refusal('BadInput', 'picture_transparent');
    data[i] = (rgba[at] * 9798 + rgba[at + 1] * 19235 + rgba[at + 2] * 3735 + 16384) >> 15;
  }
  return { width, height, data };
}

/** @param {ImageData} pixels @param {Face[]} faces */
function drawn(pixels, faces) {
  const scale = Math.min(1, PREVIEW_SIDE / Math.max(pixels.width, pixels.height));
  const whole = new OffscreenCanvas(pixels.width, pixels.height);
  whole.getContext('2d')?.putImageData(pixels, 0, 0);
  const canvas = new OffscreenCanvas(Math.round(pixels.width * scale), Math.round(pixels.height * scale));
  const context = canvas.getContext('2d');
  if (context === null) return null;
  context.drawImage(whole, 0, 0, canvas.width, canvas.height);
  drawBoxes(context, faces, scale);
  return canvas.transferToImageBitmap();
}
