/**
 * What a picture file says of itself before it is decoded: which format, how large, how deep,
 * how many frames. What edge_infer refuses is refused here, and what no browser decodes.
 */

import { Refusal } from './refusal.js';

const MAX_FILE_BYTES = 64 << 20;
const MAX_PIXELS = 20_000_000;
const MAX_SIDE = 65_535;
const FRAME_MARKERS = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];

/** @typedef {{format: string, width: number, height: number}} Described */

/**
 * @param {Uint8Array} bytes
 * @returns {Described}
 * @throws {Refusal} no picture that is served
 */
export function describePicture(bytes) {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new Refusal('BadInput', 'picture_bytes', { expected: MAX_FILE_BYTES >> 20, actual: bytes.length >> 20 });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const read = READERS.find(([magic]) => startsWith(bytes, magic))?.[1];
  let described;
  try {
    described = read === undefined ? null : read(bytes, view);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('BadInput', 'picture_broken');
  }
  if (described === null) throw read === undefined ? unknownFormat(bytes) : new Refusal('BadInput', 'picture_broken');
  checkPixels(described.width, described.height);
  return described;
}

/**
 * @param {number} width
 * @param {number} height
 * @throws {Refusal} so many pixels are not decoded or made, or in so long a strip
 */
export function checkPixels(width, height) {
  const pixels = width * height;
  if (pixels <= MAX_PIXELS && Math.max(width, height) <= MAX_SIDE && pixels >= 1) return;
  throw new Refusal('BadInput', pixels < 1 ? 'picture_broken' : 'picture_pixels', {
    expected: MAX_PIXELS / 1e6,
    side: MAX_SIDE,
    actual: `${width} × ${height} = ${Math.round(pixels / 1e5) / 10}`,
  });
}

/** @type {[string, (bytes: Uint8Array, view: DataView) => Described | null][]} */
const READERS = [
  ['\x89PNG\r\n\x1a\n', png],
  ['\xff\xd8\xff', jpeg],
  ['GIF87a', gif],
  ['GIF89a', gif],
  ['BM', bmp],
  ['RIFF', webp],
];

/**
 * @param {Uint8Array} bytes
 * @param {string} text one character a byte
 * @param {number} [at]
 */
function startsWith(bytes, text, at = 0) {
  return Array.from(text).every((c, i) => bytes[at + i] === c.charCodeAt(0));
}

/** @param {Uint8Array} bytes */
function unknownFormat(bytes) {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  if (/^....ftyp(?:hei|hev|mif1|msf1|avif)/s.test(head)) return new Refusal('BadInput', 'picture_heic');
  if (/^\s*(?:\ufeff|ï»¿)?\s*<(?:\?xml|!--|!DOCTYPE svg|svg)/i.test(head)) return new Refusal('BadInput', 'picture_svg');
  if (/^(?:II\*\0|MM\0\*|P[1-6]\s)/.test(head)) return new Refusal('BadInput', 'picture_no_decoder');
  return new Refusal('BadInput', 'picture_unknown');
}

/** @param {string} name @returns {Refusal} */
function animated(name) {
  return new Refusal('BadInput', 'picture_frames', { actual: name });
}

/** @param {Uint8Array} bytes @param {DataView} view */
function png(bytes, view) {
  if (bytes[24] > 8) throw new Refusal('BadInput', 'picture_depth', { actual: bytes[24] });
  // Browsers show what there is of a file that was cut short; Pillow refuses it.
  let ended = false;
  for (let at = 8; !ended && at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (startsWith(bytes, 'acTL', at + 4) && view.getUint32(at + 8) !== 1) throw animated('APNG');
    if (startsWith(bytes, 'eXIf', at + 4)) refuseTurned(view, at + 8);
    ended = startsWith(bytes, 'IEND', at + 4);
  }
  if (!ended) return null;
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) };
}

/** @param {Uint8Array} bytes @param {DataView} view */
function jpeg(bytes, view) {
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff) return null;
    if (marker === 0xff) {
      at += 1;
    } else if (FRAME_MARKERS.includes(marker)) {
      const [depth, channels] = [bytes[at + 4], bytes[at + 9]];
      if (depth > 8) throw new Refusal('BadInput', 'picture_depth', { actual: depth });
      if (channels === 4) throw new Refusal('BadInput', 'picture_cmyk');
      if (!endsWithin(bytes, at)) return null;
      return { format: 'jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  return null;
}

/** Whether the mark of a JPEG's end stands behind a place. @param {Uint8Array} bytes @param {number} from */
function endsWithin(bytes, from) {
  for (let at = bytes.length - 2; at > from; at--) if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  return false;
}

/** @param {Uint8Array} bytes @param {DataView} view */
function gif(bytes, view) {
  let frames = 0;
  const table = (/** @type {number} */ flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  for (let at = 13 + table(bytes[10]); at < bytes.length && bytes[at] !== 0x3b;) {
    if (bytes[at] === 0x2c) {
      frames += 1;
      at += 11 + table(bytes[at + 9]);
    } else if (bytes[at] === 0x21) at += 2;
    else return null;
    while (bytes[at] > 0) at += 1 + bytes[at];
    at += 1;
  }
  if (frames > 1) throw animated('GIF');
  if (frames === 0) return null;
  return { format: 'gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** @param {Uint8Array} _bytes @param {DataView} view */
function bmp(_bytes, view) {
  const old = view.getUint32(14, true) === 12;
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const height = old ? view.getUint16(20, true) : Math.abs(view.getInt32(22, true));
  return { format: 'bmp', width, height };
}

/** @param {Uint8Array} bytes @param {DataView} view */
function webp(bytes, view) {
  if (!startsWith(bytes, 'WEBP', 8) || 8 + view.getUint32(4, true) > bytes.length) return null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    if (startsWith(bytes, 'ANIM', at)) throw animated('WebP');
    if (startsWith(bytes, 'EXIF', at)) {
      refuseTurned(view, at + (startsWith(bytes, 'Exif\0\0', at + 8) ? 14 : 8));
    }
    at += 8 + size + (size & 1);
  }
  const at = 20;
  if (startsWith(bytes, 'VP8 ', 12)) {
    return { format: 'webp', width: view.getUint16(at + 6, true) & 0x3fff, height: view.getUint16(at + 8, true) & 0x3fff };
  }
  if (startsWith(bytes, 'VP8L', 12)) {
    const bits = view.getUint32(at + 1, true);
    return { format: 'webp', width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  const three = (/** @type {number} */ i) => view.getUint16(i, true) | (bytes[i + 2] << 16);
  return { format: 'webp', width: three(at + 4) + 1, height: three(at + 7) + 1 };
}

/**
 * Browsers turn a JPEG upright by its EXIF block; of PNG and WebP they differ, so one that is
 * not upright is refused.
 * @param {DataView} view
 * @param {number} at where TIFF's header stands
 */
function refuseTurned(view, at) {
  const little = view.getUint16(at) === 0x4949;
  const start = at + view.getUint32(at + 4, little);
  for (let i = 0; i < view.getUint16(start, little); i++) {
    const entry = start + 2 + 12 * i;
    const turned = view.getUint16(entry, little) === 0x0112 && view.getUint16(entry + 8, little) > 1;
    if (turned) throw new Refusal('BadInput', 'picture_turned');
  }
}
