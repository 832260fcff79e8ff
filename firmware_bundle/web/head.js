/** `bundle.json`, the head of the page: which model it is and which release, read strictly. */

import { fromUtf8 } from './encoding.js';
import { Refusal } from './refusal.js';
import { parseStrict } from './strict_json.js';

const HEAD_FORMAT = 1;

/**
 * @typedef {object} Head
 * @property {string} name
 * @property {bigint} sequence
 * @property {bigint} mayReplace the highest later release that this one may follow; 0 for none
 */

/**
 * @param {Uint8Array} bytes
 * @returns {Head}
 * @throws {Refusal} it is not the head of a page
 */
export function readHead(bytes) {
  /** @type {any} */
  let value;
  try {
    value = parseStrict(fromUtf8(bytes) ?? '');
  } catch (error) {
    throw new Refusal('Incompatible', 'head_malformed', { actual: error });
  }
  const { format, target, name, sequence, may_replace: mayReplace } = value ?? {};
  const numbers = [sequence, mayReplace ?? 0].map((one) => (Number.isInteger(one) ? BigInt(one) : one));
  const known = format === HEAD_FORMAT && target === 'phone' && typeof name === 'string';
  if (!known || numbers.some((one) => typeof one !== 'bigint') || numbers[0] < 1n || numbers[1] < 0n) {
    throw new Refusal('Incompatible', 'head_malformed', { actual: `${format}, ${target}, ${sequence}` });
  }
  return { name, sequence: numbers[0], mayReplace: numbers[1] };
}
