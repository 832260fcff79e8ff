/** A model whose golden vectors held: feeds in, answers out, as `edge-infer predict --json` gives. */

import { verbs } from './contract.js';
import { listed } from './golden.js';
import { Refusal } from './refusal.js';

/** @typedef {import('./contract.js').Contract} Contract */
/** @typedef {import('./contract.js').Classes} Classes */
/** @typedef {import('./contract.js').Output} Output */
/** @typedef {import('./golden.js').Table} Table */
/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {number | bigint | string | boolean} Value */
/** @typedef {Value | Value[] | Value[][]} Values */

/**
 * One row's answer. `bars` are names and numbers to be drawn, where there are any.
 * @typedef {{label?: Values, prediction?: Values, verb: string, scores?: Values,
 *   bars: {name: string, value: number}[], kind: string}} Answer
 */

const SCORES = ['predict_proba', 'decision_function'];

/**
 * @param {Engine} engine
 * @param {Contract} contract
 * @param {Map<string, Table>} feeds
 * @returns {Promise<Answer[]>} one for each row
 * @throws {Refusal} scikit-learn raises on a row
 */
export async function answer(engine, contract, feeds) {
  const served = verbs(contract);
  const verb = served.includes('predict') ? 'predict' : served[0];
  const isLabel = outputsOf(contract, verb)[0].kind === 'label';
  const scoreVerb = isLabel ? SCORES.find((one) => served.includes(one)) : undefined;
  const wanted = [...outputsOf(contract, verb), ...(scoreVerb ? outputsOf(contract, scoreVerb) : [])];
  const checks = contract.checks ?? [];
  const found = await engine.run([...wanted, ...checks].map((one) => one.name), feeds);
  refuseRows(checks, found);
  const labels = rowsOf(outputsOf(contract, verb), found, contract, isLabel);
  const scores = scoreVerb ? rowsOf(outputsOf(contract, scoreVerb), found, contract, false) : [];
  return labels.map((label, row) => ({
    verb,
    ...(isLabel ? { label } : { prediction: label }),
    ...(scoreVerb ? { scores: scores[row] } : {}),
    kind: scoreVerb ?? '',
    bars: bars(scores[row], contract.classes),
  }));
}

/**
 * One line of strict JSON for an answer, every digit of it.
 * @param {Answer} given
 * @param {Contract} contract
 */
export function asJson(given, contract) {
  const fields = [];
  if (given.label !== undefined) fields.push(`"label": ${spelled(given.label)}`);
  else if (given.verb === 'predict') fields.push(`"prediction": ${spelled(given.prediction)}`);
  else fields.push(`${JSON.stringify(given.verb)}: ${spelled(given.prediction)}`);
  if (given.scores !== undefined) fields.push(`"scores": ${byClass(given.scores, contract.classes)}`);
  return `{${fields.join(', ')}}`;
}

/**
 * @param {Contract} contract
 * @param {string} verb
 */
function outputsOf(contract, verb) {
  return contract.outputs.filter((one) => one.verb === verb);
}

/**
 * @param {import('./contract.js').Check[]} checks
 * @param {Map<string, Table>} found
 */
function refuseRows(checks, found) {
  for (const { name, message } of checks) {
    const row = listed(found.get(name)?.values).findIndex(Boolean);
    if (row >= 0) throw new Refusal('BadInput', 'row_refused', { row: row + 1, message });
  }
}

/**
 * For each row what the verb returns: a value, a list, or a list of lists for several targets.
 * @param {Output[]} outputs
 * @param {Map<string, Table>} found
 * @param {Contract} contract
 * @param {boolean} isLabel
 * @returns {Values[]}
 */
function rowsOf(outputs, found, contract, isLabel) {
  const columns = outputs.map((output) => {
    const { shape, values } = /** @type {Table} */ (found.get(output.name));
    const width = shape.slice(1).reduce((product, length) => product * length, 1);
    const cast = isLabel ? labelCast(contract) : (/** @type {Value} */ value) => value;
    return Array.from({ length: shape[0] }, (_, row) => {
      const items = listed(values.slice(row * width, (row + 1) * width)).map(cast);
      return shape.length === 1 ? items[0] : items;
    });
  });
  const several = outputs[0].target !== null && outputs[0].target !== undefined;
  return columns[0].map((one, row) => (several ? columns.map((c) => c[row]) : one)).map((v) => /** @type {Values} */ (v));
}

/** A graph has no bool labels. @param {Contract} contract */
function labelCast(contract) {
  const every = [contract.classes, ...(contract.target_classes ?? [])].filter((one) => one !== null);
  const bool = every.length > 0 && every.every((one) => one.dtype === 'bool');
  return (/** @type {Value} */ value) => (bool ? Boolean(Number(value)) : value);
}

/**
 * @param {Values | undefined} scores
 * @param {Classes | null} classes
 * @returns {{name: string, value: number}[]}
 */
function bars(scores, classes) {
  if (classes === null || scores === undefined) return [];
  const floats = classes.dtype === 'float64';
  const names = classes.values.map((one) => (floats && Number.isInteger(one) ? `${one}.0` : shown(one)));
  if (!Array.isArray(scores)) return names.length === 2 ? [{ name: names[1], value: Number(scores) }] : [];
  return scores.length === names.length && !scores.some(Array.isArray)
    ? names.map((name, i) => ({ name, value: Number(scores[i]) })) : [];
}

/**
 * @param {Values} scores
 * @param {Classes | null} classes
 */
function byClass(scores, classes) {
  const named = bars(scores, classes);
  if (named.length === 0) return spelled(scores);
  return `{${named.map(({ name, value }) => `${JSON.stringify(name)}: ${spelled(value)}`).join(', ')}}`;
}

/** A label as a person reads it, as Python prints it. @param {Values} value @returns {string} */
export function shown(value) {
  if (Array.isArray(value)) return value.map((one) => shown(one)).join(', ');
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

/** @param {Values | undefined} value @returns {string} */
function spelled(value) {
  if (Array.isArray(value)) return `[${value.map((one) => spelled(one)).join(', ')}]`;
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return Number.isNaN(value) ? 'null' : `"${value > 0 ? '' : '-'}Infinity"`;
  }
  if (typeof value === 'number') return Object.is(value, -0) ? '-0.0' : String(value);
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}
