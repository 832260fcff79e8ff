/** Which key the page was told to expect: by the link that opened it, or by what it verified before. */

import { Refusal } from './refusal.js';

const STORED = 'edge-infer key of';

/**
 * @param {string} fingerprint of the key that signed
 * @param {string} name of the model
 * @returns {'link' | 'remembered' | 'first'} what the key was compared with
 * @throws {Refusal} another key was expected
 */
export function checkPin(fingerprint, name) {
  const wanted = /SHA256:[A-Za-z0-9+/]{43}/.exec(decodeURIComponent(location.hash))?.[0];
  if (wanted !== undefined && wanted !== fingerprint) {
    throw new Refusal('Untrusted', 'key_not_of_link', { expected: wanted, actual: fingerprint });
  }
  const known = remembered(name);
  if (known !== null && known !== fingerprint && wanted === undefined) {
    throw new Refusal('Untrusted', 'key_changed', { expected: known, actual: fingerprint });
  }
  remember(name, fingerprint);
  if (wanted !== undefined) return 'link';
  return known === null ? 'first' : 'remembered';
}

/** @param {string} name */
function remembered(name) {
  try {
    return localStorage.getItem(`${STORED} ${name}`);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string} fingerprint
 */
function remember(name, fingerprint) {
  try {
    localStorage.setItem(`${STORED} ${name}`, fingerprint);
  } catch {
    // A browser that keeps nothing compares with the link alone.
  }
}
