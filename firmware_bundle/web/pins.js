/**
 * What the page was told to expect, by the link that opened it or by what this browser verified
 * before: the key, no older release, no other one of the same number. A browser that keeps nothing
 * compares with the link alone.
 */

import { readHead } from './head.js';
import { modelParts } from './parts.js';
import { Refusal } from './refusal.js';

/** @typedef {import('./contract.js').Contract} Contract */
/** @typedef {import('./signature.js').Signed} Signed */

const KEY_OF = 'edge-infer key of';
const RELEASE_OF = 'edge-infer release of';

/**
 * Before anything of the page but its signature and its head is read.
 * @param {Signed} signed
 * @param {Uint8Array} manifest the verified `bundle.json`
 * @returns {{by: 'link' | 'remembered' | 'first', settle: (contract: Contract) => void}} what the
 *   key was compared with, and what ends the comparison once the model has passed its self-test
 * @throws {Refusal} another key was expected, or a later release was verified here before
 */
export function checkPins(signed, manifest) {
  const head = readHead(manifest);
  const { fingerprint } = signed;
  const wanted = keyOfLink();
  if (wanted !== null && wanted !== fingerprint) {
    throw new Refusal('Untrusted', 'key_not_of_link', { expected: wanted, actual: fingerprint });
  }
  const known = remembered(`${KEY_OF} ${head.name}`);
  if (known !== null && known !== fingerprint && wanted === null) {
    throw new Refusal('Untrusted', 'key_changed', { expected: known, actual: fingerprint });
  }
  const place = `${RELEASE_OF} ${head.name} by ${fingerprint}`;
  const content = modelParts(signed.digests).map((name) => signed.digests.get(name)).join('');
  const [, floor, installed] = /^(\d+) ?([0-9a-f]*)$/.exec(remembered(place) ?? '0') ?? ['', '0', ''];
  const latest = BigInt(floor);
  const isRepeated = head.sequence === latest && installed === content;
  if (head.sequence <= latest && head.mayReplace < latest && !isRepeated) {
    const key = head.sequence < latest ? 'older_release' : 'other_release';
    throw new Refusal('Untrusted', key, { expected: latest, actual: head.sequence });
  }
  const settle = (/** @type {Contract} */ contract) => {
    if (contract.name !== head.name || BigInt(contract.sequence) !== head.sequence) {
      throw new Refusal('Untrusted', 'head_differs', { expected: head.name, actual: contract.name });
    }
    if (installed !== content) checkExpiry(contract);
    remember(`${KEY_OF} ${head.name}`, fingerprint);
    remember(place, `${head.sequence > latest ? head.sequence : latest} ${content}`);
  };
  if (wanted !== null) return { by: 'link', settle };
  return { by: known === null ? 'first' : 'remembered', settle };
}

/** What stands after the link's #. A key that was cut short must not count as none. */
function keyOfLink() {
  let text = location.hash.slice(1);
  try {
    text = decodeURIComponent(text);
  } catch {
    // What is no text is no fingerprint either.
  }
  if (text === '') return null;
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return text;
  throw new Refusal('Untrusted', 'link_malformed', { actual: text });
}

/**
 * Counts where a model comes, not where it stays, and believes no clock before the signed date.
 * @param {Contract} contract
 */
function checkExpiry({ created, expires }) {
  if (expires === null) return;
  const now = Math.max(Date.now(), Date.parse(created));
  if (now < Date.parse(expires)) return;
  throw new Refusal('Incompatible', 'release_expired', { expected: expires });
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
