/** Where the page's files come from: the folder it was served from, or the page itself. */

import { fromBase64 } from './encoding.js';
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
 * The files stand in the page as base64. What remains of the page without them is the file
 * `phone.html` of the signed list: the document, as it was parsed, is spelled as the file is.
 * Then it is made anew of that spelling: a shadow root that the parser attached is in no spelling,
 * and would be shown in place of what was signed.
 * @returns {Source}
 */
function singleFile() {
  /** @type {Map<string, string>} */
  const parts = new Map();
  for (const part of document.querySelectorAll(PARTS)) {
    parts.set(/** @type {HTMLElement} */ (part).dataset['name'] ?? '', part.textContent ?? '');
    part.textContent = '';
  }
  const known = document.doctype?.name === 'html' && document.doctype.publicId === '';
  const shell = (known ? DOCTYPE : '') + document.documentElement.outerHTML;
  document.documentElement.innerHTML = document.documentElement.innerHTML;
  return {
    single: true,
    read: async (name) => {
      const text = parts.get(name) ?? '';
      const bytes = name === SHELL ? new TextEncoder().encode(shell) : fromBase64(text);
      if (bytes === null || bytes.length === 0) throw new Refusal('Untrusted', 'file_altered', { name });
      return bytes;
    },
  };
}
