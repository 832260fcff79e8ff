/** Where the page's files come from: the folder it was served from, or the page itself. */

import { fromBase64, gunzip, sha256, toHex } from './encoding.js';
import { Refusal } from './refusal.js';

/**
 * @typedef {object} Source
 * @property {boolean} single whether the page is one file
 * @property {(name: string) => Promise<Uint8Array<ArrayBuffer>>} read
 */

const PARTS = 'script[data-name]';
const SHELL = 'phone.html';
const DOCTYPE = '<!DOCTYPE html>\n';

/** To be called before anything changes the document. @returns {Source} */
export function pageSource() {
  return document.body.dataset['form'] === 'single' ? singleFile() : folder();
}

/** @returns {Source} */
function folder() {
  return {
    single: false,
    read: async (name) => {
      const response = await fetch(name, { cache: 'no-cache', redirect: 'error' }).catch(() => null);
      if (response === null || !response.ok) throw new Refusal('Unavailable', 'file_missing', { name });
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

/**
 * The files stand in the page as base64, of gzip where that is shorter; then the digest of the gzip
 * stands beside it, for other bytes may unpack to the same. What remains of the page without them is the file
 * `phone.html` of the signed list: the document, as it was parsed, is spelled as the file is.
 * Then it is made anew of that spelling: a shadow root that the parser attached is in no spelling,
 * and would be shown in place of what was signed.
 * @returns {Source}
 */
function singleFile() {
  /** @type {Map<string, {text: string, packed: string | undefined}>} */
  const parts = new Map();
  for (const part of document.querySelectorAll(PARTS)) {
    const { name, packed } = /** @type {HTMLElement} */ (part).dataset;
    parts.set(name ?? '', { text: part.textContent ?? '', packed });
    part.textContent = '';
  }
  const known = document.doctype?.name === 'html' && document.doctype.publicId === '';
  const shell = (known ? DOCTYPE : '') + document.documentElement.outerHTML;
  document.documentElement.innerHTML = document.documentElement.innerHTML;
  return {
    single: true,
    read: async (name) => {
      if (name === SHELL) return new TextEncoder().encode(shell);
      const { text, packed } = parts.get(name) ?? { text: '', packed: undefined };
      const bytes = fromBase64(text);
      const isWhole = bytes !== null && bytes.length > 0
        && (packed === undefined || toHex(await sha256(bytes)) === packed);
      if (!isWhole) throw new Refusal('Untrusted', 'file_altered', { name });
      return packed === undefined ? bytes : gunzip(bytes);
    },
  };
}
