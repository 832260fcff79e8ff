/**
 * What the page was told to expect, by the link that opened it or by what this browser verified
 * before: the key, and no older release. A browser that keeps nothing compares with the link alone.
 */

import { fromUtf8 } from './encoding.js';
import { Refusal } from './refusal.js';

/** @typedef {import('./contract.js').Contract} Contract */

const KEY_OF = 'edge-infer key of';
const RELEASE_OF = 'edge-infer release of';

/**
 * @param {string} fingerprint of the key that signed
 * @param {Contract} contract
 * @param {Uint8Array} manifest the signed `bundle.json`, which may allow to go back
 * @returns {'link' | 'remembered' | 'first'} what the key was compared with
 * @throws {Refusal} another key was expected, or a later release was verified here before
 */
export function checkPins(fingerprint, contract, manifest) {
  const { name, sequence } = contract;
  const wanted = /SHA256:[A-Za-z0-9+/]{43}/.exec(decodeURIComponent(location.hash))?.[0];
  if (wanted !== undefined && wanted !== fingerprint) {
    throw new Refusal('Untrusted', 'key_not_of_link', { expected: wanted, actual: fingerprint });
  }
  const known = remembered(`${KEY_OF} ${name}`);
  if (known !== null && known !== fingerprint && wanted === undefined) {
    throw new Refusal('Untrusted', 'key_changed', { expected: known, actual: fingerprint });
  }
  const place = `${RELEASE_OF} ${name} by ${fingerprint}`;
  const latest = Number(remembered(place) ?? 0);
  const mayReplace = Number(JSON.parse(fromUtf8(manifest) ?? '{}').may_replace ?? 0);
  if (sequence < latest && mayReplace < latest) {
    throw new Refusal('Untrusted', 'older_release', { expected: latest, actual: sequence });
  }
  remember(`${KEY_OF} ${name}`, fingerprint);
  remember(place, String(sequence));
  if (wanted !== undefined) return 'link';
  return known === null ? 'first' : 'remembered';
}

/** @param {string} place */
function remembered(place) {
  try {
    return localStorage.getItem(place);
  } catch {
    return null;
  }
}

/**
 * @param {string} place
 * @param {string} value
 */
function remember(place, value) {
  try {
    localStorage.setItem(place, value);
  } catch {
    // Nothing is kept in a private window, or where the user forbids it.
  }
}
