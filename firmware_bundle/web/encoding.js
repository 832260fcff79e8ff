/** Bytes to text and back, one spelling for each sequence of bytes. */

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * @param {string} text canonical base64
 * @returns {Uint8Array<ArrayBuffer> | null} null for any other spelling
 */
export function fromBase64(text) {
  if (text.length % 4 !== 0 || !BASE64.test(text)) return null;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  const last = binary.length % 3 || 3;
  return btoa(binary.slice(-last)) === text.slice(-4) ? bytes : null;
}

/** @param {Uint8Array} bytes a few of them */
export function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

/** @param {ArrayBuffer | Uint8Array} bytes */
export function toHex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string | null} null where they are not UTF-8
 */
export function fromUtf8(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes gzip
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function gunzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes gzip, or Zstandard where the page brings what reads it
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function unpacked(bytes) {
  const { fzstd } = /** @type {any} */ (globalThis);
  // A copy: what it gives lies within a larger buffer, which the engine would read from the start.
  return fzstd === undefined ? gunzip(bytes) : fzstd.decompress(bytes).slice();
}
