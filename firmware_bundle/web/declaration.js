/** `detector.json`: how two models make a detector, read strictly; each model's signed name holds its digest. */

import { hold } from './contract.js';
import { fromUtf8, sha256, toHex } from './encoding.js';
import { FEATURES } from './gradients.js';
import { DECLARATION } from './parts.js';
import { Refusal } from './refusal.js';
import { parseStrict } from './strict_json.js';

/** @typedef {import('./contract.js').Contract} Contract */
/**
 * @typedef {object} Declared
 * @property {string} features
 * @property {number} step
 * @property {number} least
 * @property {number} doubt
 * @property {number} min_score
 * @property {number[]} box
 */

const DETECTOR_FORMAT = 1;

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {Contract[]} contracts of the stages
 * @returns {Promise<Declared>}
 * @throws {Refusal} it is not the one that the models were signed with, or declares what is not known here
 */
export async function readDeclaration(bytes, contracts) {
  const digest = toHex(await sha256(bytes));
  const [one] = contracts;
  const isOneRelease = contracts.every(({ name, sequence, target }) => (
    name === one.name && sequence === one.sequence && target === one.target));
  if (!isOneRelease || !one.name.endsWith(`-${digest}`)) {
    throw new Refusal('Untrusted', 'other_declaration');
  }
  /** @type {any} */
  let value;
  try {
    value = parseStrict(fromUtf8(bytes) ?? '');
  } catch (error) {
    throw new Refusal('Incompatible', 'other_detector', { actual: error });
  }
  if (value?.format !== DETECTOR_FORMAT) {
    throw new Refusal('Incompatible', 'other_detector', { actual: `format ${value?.format}` });
  }
  hold(value, 'Detector', DECLARATION);
  /** @type {Declared} */
  const declared = value;
  const { features, step, box } = declared;
  if (features !== FEATURES) throw new Refusal('Incompatible', 'other_detector', { actual: features });
  if (!(step > 1) || box.length !== 4) throw new Refusal('Incompatible', 'other_detector', { actual: `${step}, ${box}` });
  return declared;
}
