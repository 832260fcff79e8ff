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
 * @typedef {{label: Values | undefined, prediction: Values | undefined, verb: string, scores: Values | undefined,
 *   bars: {name: string, value: number}[], kind: string}} Answer
 */

const SCORES = ['predict_proba', 'decision_function'];

/** What is asked of the graph for each row, and how its outputs are read: settled once. */
export class Model {
  /**
   * @param {Engine} engine
   * @param {Contract} contract
   */
  constructor(engine, contract) {
    this.engine = engine;
    this.contract = contract;
    const served = verbs(contract);
    this.verb = served.includes('predict') ? 'predict' : served[0];
    this.labels = outputsOf(contract, this.verb);
    this.isLabel = this.labels[0].kind === 'label';
    this.kind = (this.isLabel && SCORES.find((one) => served.includes(one))) || '';
    this.scores = this.kind === '' ? [] : outputsOf(contract, this.kind);
    this.checks = contract.checks ?? [];
    this.names = [...this.labels, ...this.scores, ...this.checks].map((one) => one.name);
    this.classNames = classNames(contract.classes);
    const classes = [contract.classes, ...(contract.target_classes ?? [])].filter((one) => one !== null);
    /** A graph has no bool labels. */
    this.isBool = this.isLabel && classes.length > 0 && classes.every((one) => one.dtype === 'bool');
  }

  /**
   * @param {Map<string, Table>} feeds
   * @returns {Promise<Answer[]>} one for each row
   * @throws {Refusal} scikit-learn raises on a row
   */
  async answer(feeds) {
    const found = await this.engine.run(this.names, feeds);
    refuseRows(this.checks, found);
    const labels = rowsOf(this.labels, found, this.isBool);
    const scores = rowsOf(this.scores, found, false);
    /** @type {Answer[]} */
    const answers = [];
    for (let row = 0; row < labels.length; row++) {
      const given = scores[row];
      answers.push({
        verb: this.verb,
        label: this.isLabel ? labels[row] : undefined,
        prediction: this.isLabel ? undefined : labels[row],
        scores: given,
        kind: this.kind,
        bars: bars(given, this.classNames),
      });
    }
    return answers;
  }
}

/**
 * One line of strict JSON for an answer, every digit of it.
 * @param {Answer} given
 */
export function asJson(given) {
  const fields = [];
  if (given.label !== undefined) fields.push(`"label": ${spelled(given.label)}`);
  else if (given.verb === 'predict') fields.push(`"prediction": ${spelled(given.prediction)}`);
  else fields.push(`${JSON.stringify(given.verb)}: ${spelled(given.prediction)}`);
  if (given.scores !== undefined) fields.push(`"scores": ${byClass(given.scores, given.bars)}`);
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
 * @param {boolean} asBool
 * @returns {Values[]}
 */
function rowsOf(outputs, found, asBool) {
  if (outputs.length === 0) return [];
  const columns = outputs.map(({ name }) => rowsOfTable(/** @type {Table} */ (found.get(name)), asBool));
  if ((outputs[0].target ?? null) === null) return columns[0];
  return columns[0].map((_, row) => /** @type {Values} */ (columns.map((column) => column[row])));
}

/**
 * @param {Table} table
 * @param {boolean} asBool
 * @returns {(Value | Value[])[]}
 */
function rowsOfTable({ shape, values }, asBool) {
  const items = /** @type {ArrayLike<number | bigint | string>} */ (values);
  let width = 1;
  for (let axis = 1; axis < shape.length; axis++) width *= shape[axis];
  const rows = [];
  for (let row = 0, at = 0; row < shape[0]; row++) {
    /** @type {Value[]} */
    const cells = [];
    for (let i = 0; i < width; i++, at++) cells.push(asBool ? Boolean(Number(items[at])) : items[at]);
    rows.push(shape.length === 1 ? cells[0] : cells);
  }
  return rows;
}

/** As Python prints them, whose floats have a point. @param {Classes | null} classes */
function classNames(classes) {
  if (classes === null) return null;
  const floats = classes.dtype === 'float64';
  return classes.values.map((one) => (floats && Number.isInteger(one) ? `${one}.0` : shown(one)));
}

/**
 * @param {Values | undefined} scores
 * @param {string[] | null} names
 * @returns {{name: string, value: number}[]}
 */
function bars(scores, names) {
  if (names === null || scores === undefined) return [];
  if (!Array.isArray(scores)) return names.length === 2 ? [{ name: names[1], value: Number(scores) }] : [];
  if (scores.length !== names.length || Array.isArray(scores[0])) return [];
  return names.map((name, i) => ({ name, value: Number(scores[i]) }));
}

/**
 * @param {Values} scores
 * @param {{name: string, value: number}[]} named
 */
function byClass(scores, named) {
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
