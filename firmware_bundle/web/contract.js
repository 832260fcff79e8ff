/** `contract.json`: read strictly. Its fields are those of edge_infer's dataclasses, generated. */

import { fromUtf8 } from './encoding.js';
import { Refusal } from './refusal.js';
import { FORMAT, SCHEMA } from './contract_schema.js';
import { parseStrict } from './strict_json.js';

/** @typedef {number | bigint | string | boolean} Label */
/** @typedef {{dtype: string, values: Label[], numpy?: string | null}} Classes */
/** @typedef {{name: string, dtype: string, shape: number[], offset_bytes: number, size_bytes: number}} Tensor */
/** @typedef {{name: string, message: string}} Check */

/**
 * @typedef {object} Input
 * @property {string} name
 * @property {string} dtype
 * @property {(number | null)[]} shape
 * @property {string[] | null} columns
 * @property {string[]} accepts
 * @property {boolean} nan
 * @property {boolean} infinite
 * @property {number | null} limit
 * @property {string | null} [missing]
 */

/**
 * @typedef {object} Picture
 * @property {string} input
 * @property {'L' | 'RGB'} mode
 * @property {number} width
 * @property {number} height
 * @property {number} low
 * @property {number} high
 * @property {boolean} invert
 * @property {string} resample
 */

/**
 * @typedef {object} Output
 * @property {string} verb
 * @property {string} name
 * @property {string} dtype
 * @property {(number | null)[]} shape
 * @property {'label' | 'score'} kind
 * @property {number} scale
 * @property {number | null} [target]
 */

/**
 * @typedef {object} Contract
 * @property {number} format
 * @property {string} name
 * @property {number} sequence
 * @property {string} created
 * @property {string | null} expires
 * @property {string} target
 * @property {Input[]} inputs
 * @property {Picture | null} image
 * @property {Output[]} outputs
 * @property {Classes | null} classes
 * @property {{rows: number, inputs: Tensor[], outputs: Tensor[]}} golden
 * @property {{relative_tolerance: number, probes: {kind: string, rows: number}[],
 *   parity: {output: string, compared: number, differ: number, undecided: number}[],
 *   engine: string, notes: string[]}} certificate
 * @property {{estimator: string, sha256: string | null, versions: Record<string, string>}} source
 * @property {{minimum: string, refused: string[]}} runtimes
 * @property {Classes[]} [target_classes]
 * @property {Check[]} [checks]
 * @property {object[]} [texts]
 */

const MODES = { L: 1, RGB: 3 };
const FILTERS = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'];

/**
 * @param {Uint8Array} bytes
 * @returns {Contract}
 * @throws {Refusal} it is of another format, or describes what a browser does not serve
 */
export function readContract(bytes) {
  /** @type {any} */
  let value;
  try {
    value = parseStrict(fromUtf8(bytes) ?? '');
  } catch (error) {
    throw new Refusal('Incompatible', 'contract_malformed', { actual: error });
  }
  if (value?.format !== FORMAT) {
    throw new Refusal('Incompatible', 'newer_format', { expected: FORMAT, actual: value?.format });
  }
  hold(value, 'Contract', 'contract.json');
  /** @type {Contract} */
  const contract = value;
  checkServed(contract);
  return contract;
}

/**
 * Hold parsed JSON against a type: a dataclass by name, or `list:T`, `dict:T`, `A|B`.
 * @param {any} value
 * @param {string} type
 * @param {string} where
 */
export function hold(value, type, where) {
  const options = type.split('|');
  if (options.length > 1) {
    const fits = options.find((option) => !misfit(value, option));
    if (fits === undefined) throw mistyped(where, type);
    hold(value, fits, where);
    return;
  }
  if (misfit(value, type)) throw mistyped(where, type);
  const [outer, inner] = type.split(/:(.*)/);
  if (outer === 'list' || outer === 'dict') {
    for (const [key, item] of Object.entries(value)) hold(item, inner.replaceAll('/', '|'), `${where}.${key}`);
  } else if (outer in SCHEMA) {
    const fields = /** @type {Record<string, Record<string, [string, boolean]>>} */ (SCHEMA)[outer];
    const unknown = Object.keys(value).filter((name) => !Object.keys(fields).includes(name));
    const missing = Object.keys(fields).filter((name) => fields[name][1] && !(name in value));
    if (unknown.length > 0 || missing.length > 0) {
      throw new Refusal('Incompatible', 'contract_fields', {
        where, unknown: unknown.join(', ') || '–', missing: missing.join(', ') || '–',
      });
    }
    for (const [name, item] of Object.entries(value)) hold(item, fields[name][0], `${where}.${name}`);
  }
}

/**
 * @param {any} value
 * @param {string} type
 */
function misfit(value, type) {
  if (type === 'null') return value !== null;
  if (type === 'str') return typeof value !== 'string';
  if (type === 'bool') return typeof value !== 'boolean';
  if (type === 'float') return typeof value !== 'number' && typeof value !== 'bigint';
  if (type === 'int') return !(Number.isSafeInteger(value) || typeof value === 'bigint');
  if (type.startsWith('list:')) return !Array.isArray(value);
  return value === null || typeof value !== 'object' || Array.isArray(value);
}

/**
 * @param {string} where
 * @param {string} expected
 */
function mistyped(where, expected) {
  return new Refusal('Incompatible', 'contract_type', { where, expected });
}

/** @param {Contract} contract */
function checkServed(contract) {
  if ((contract.texts ?? []).length > 0) throw new Refusal('Incompatible', 'text_model');
  const { inputs, image } = contract;
  const matrix = inputs.length === 1 && inputs[0].dtype === 'float64'
    && inputs[0].shape.length === 2 && (inputs[0].shape[1] ?? 0) >= 1;
  const columns = isTyped(inputs) && inputs.every(
    (one) => ['float64', 'str'].includes(one.dtype) && one.shape[1] === 1 && one.columns?.length === 1,
  );
  if (contract.outputs.length === 0 || !(matrix || columns)) {
    throw new Refusal('Incompatible', 'other_inputs');
  }
  if (image === null) return;
  const known = Object.keys(MODES).includes(image.mode) && FILTERS.includes(image.resample);
  if (!known || image.width * image.height * MODES[image.mode] !== inputs[0].shape[1]) {
    throw new Refusal('Incompatible', 'other_picture', { actual: `${image.mode}, ${image.resample}` });
  }
}

/** Whether each input is a column of a table, and not one matrix of numbers. @param {Input[]} inputs */
export function isTyped(inputs) {
  return inputs.length > 1 || (inputs[0].accepts.length === 1 && inputs[0].accepts[0] === 'str');
}

/** Names of the columns, each once: several inputs may be made of one. @param {Contract} contract */
export function columnNames(contract) {
  const { inputs } = contract;
  if (!isTyped(inputs)) return inputs[0].columns;
  return [...new Set(inputs.map((one) => one.columns?.[0] ?? ''))];
}

/** The verbs that the model serves, in the contract's order. @param {Contract} contract */
export function verbs(contract) {
  return [...new Set(contract.outputs.map((one) => one.verb))];
}
