/** A picture file, a frame of the camera or a drawing to pixels, off the main thread. */

import { describePicture } from './picture_file.js';
import { Refusal } from './refusal.js';

/**
 * @param {Blob} file
 * @returns {Promise<ImageData>}
 * @throws {Refusal} it cannot be served or decoded
 */
export async function decodeFile(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const described = describePicture(bytes);
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes], { type: `image/${described.format}` }), {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
    });
  } catch {
    throw new Refusal('BadInput', 'picture_broken');
  }
  return pixelsOf(bitmap);
}

/**
 * @param {ImageBitmap} bitmap which is closed
 * @param {{x: number, y: number, width: number, height: number}} [part] all of it where none is named
 */
export function pixelsOf(bitmap, part) {
  const { x, y, width, height } = part ?? { x: 0, y: 0, width: bitmap.width, height: bitmap.height };
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true, colorSpace: 'srgb' });
  if (context === null) throw new Refusal('Unavailable', 'too_little_memory', { actual: 'canvas' });
  context.drawImage(bitmap, x, y, width, height, 0, 0, width, height);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}
