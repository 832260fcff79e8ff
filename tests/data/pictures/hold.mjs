// What of `vectors.json` the page's own modules make otherwise: one line of JSON a case.
import { readFileSync } from 'node:fs';

import { pictureRow } from '../../../firmware_bundle/web/picture.js';

const { sources, cases } = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url)));
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'base64'));

let held = 0;
for (const [name, mode, width, height, resample, expected] of cases) {
  const { width: w, height: h, rgb } = sources[name];
  const pixels = bytes(rgb);
  const data = new Uint8ClampedArray(w * h * 4).fill(255);
  for (let i = 0; i < w * h; i++) data.set(pixels.subarray(3 * i, 3 * i + 3), 4 * i);
  const wanted = { mode, width, height, resample, low: 0, high: 255, invert: false };
  const row = pictureRow({ width: w, height: h, data }, wanted);
  const want = bytes(expected);
  const differ = want.filter((pixel, i) => pixel !== row[i]).length + Math.abs(want.length - row.length);
  if (differ > 0) console.log(JSON.stringify([name, mode, width, height, resample, differ]));
  held += 1;
}
console.log(JSON.stringify({ held }));
