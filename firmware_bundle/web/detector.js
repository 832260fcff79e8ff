/**
 * Faces: the cascade that `detector.json` declares, on the two verified models. Every score that
 * decides comes from a model; a score within the certificate's tolerance of a threshold is counted,
 * since another engine may see that window otherwise.
 */

import { featuresOf, MARGIN, WINDOW } from './gradients.js';
import { grouped } from './grouping.js';
import { pyramid } from './pyramid.js';
import { Refusal } from './refusal.js';
import { fillRow, picked, productOf, ROW, scoresOf, windowBox } from './windows.js';

/** @typedef {import('./declaration.js').Declared} Declared */
/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {import('./contract.js').Contract} Contract */
/** @typedef {import('./windows.js').Box} Box */
/** @typedef {{engine: Engine, contract: Contract}} Stage */
/** @typedef {{box: Box, score: number}} Face */

/** Side in pixels of the smallest face that is searched for, in a frame of 640 x 480. */
export const SMALLEST = 47;
/** By how much the product may stray from the model that it stands for. */
const SLACK = 1e-3;
/** Windows of one picture that the second model looks at, the first one's best. */
const MOST = 1000;
/** Log-odds count no further: beyond, 1 - p has too few digits to be the same everywhere. */
const SUREST = 12;
const PROBED = 245;
const CHECKED = 20;

export class Detector {
  #scan;
  #judge;
  #declared;
  /** @type {import('./windows.js').Product} */
  #product = { weights: new Float64Array(), bias: 0 };

  /**
   * @param {Stage} scan
   * @param {Stage} judge
   * @param {Declared} declared
   */
  constructor(scan, judge, declared) {
    this.#scan = scan;
    this.#judge = judge;
    this.#declared = declared;
  }

  /**
   * Takes the first model's weights from its own answers, and compares.
   * @throws {Refusal} it is not linear in its rows, or a stage is none
   */
  async prepare() {
    checkStage(this.#scan, 'decision_function', [null]);
    checkStage(this.#judge, 'predict_proba', [null, 2]);
    const [bias] = await this.#decisions(new Float64Array(ROW), 1);
    const weights = new Float64Array(ROW);
    for (let first = 0; first < ROW; first += PROBED) {
      const units = new Float64Array(PROBED * ROW);
      for (let i = 0; i < PROBED; i++) units[i * ROW + first + i] = 1;
      weights.set((await this.#decisions(units, PROBED)).map((score) => score - bias), first);
    }
    this.#product = productOf(weights, bias);
    const cells = { rows: CHECKED, columns: CHECKED, data: noise((ROW / 49) * CHECKED * CHECKED) };
    const { wide, scores } = scoresOf(this.#product, cells);
    const rows = windowRows([...scores.keys()].map((at) => ({ cells, top: Math.floor(at / wide), left: at % wide })));
    const strayed = (await this.#decisions(rows, scores.length)).map((want, i) => Math.abs(want - scores[i]));
    if (!(Math.max(...strayed) <= SLACK / 2)) throw new Refusal('Incompatible', 'scan_not_linear');
  }

  /**
   * @param {import('./pyramid.js').Grey} grey
   * @param {number} [smallest] side in pixels of the smallest face, no less than the window
   * @returns {Promise<{faces: Face[], undecided: number}>} best first
   */
  async detect(grey, smallest = SMALLEST) {
    const { step, least, doubt, min_score: minScore } = this.#declared;
    const windows = [];
    for (const { grey: level, scale } of pyramid(grey, { smallest, step, window: WINDOW, margin: MARGIN })) {
      const cells = featuresOf(level);
      for (const place of picked(this.#product, cells, least - SLACK)) windows.push({ ...place, cells, scale });
    }
    const decided = await this.#decisions(windowRows(windows), windows.length);
    const scanned = windows.map((window, i) => ({ ...window, score: decided[i] }));
    const best = scanned.filter(({ score }) => score >= least).sort((a, b) => b.score - a.score).slice(0, MOST);
    const odds = await this.#odds(windowRows(best), best.length);
    const seen = best.map((one, i) => ({ box: windowBox(one, one.scale), score: odds[i].value - doubt }));
    const faces = grouped(seen.filter(({ score }) => score > 0));
    const undecided = scanned.filter(({ score }) => Math.abs(score - least) <= tolerance(this.#scan, score)).length
      + odds.filter(({ value, band }) => Math.abs(value - doubt) <= band).length;
    return { faces: faces.filter(({ score }) => score >= minScore).map((face) => this.#within(face)), undecided };
  }

  /** @param {Float64Array} rows @param {number} count @returns {Promise<number[]>} */
  async #decisions(rows, count) {
    if (count === 0) return [];
    return numbers(this.#scan, 'decision_function', rows, count);
  }

  /**
   * log(p / (1 - p)), and by how much another engine's may differ.
   * @param {Float64Array} rows
   * @param {number} count
   */
  async #odds(rows, count) {
    if (count === 0) return [];
    const chances = await numbers(this.#judge, 'predict_proba', rows, count);
    const surest = 1 / (1 + Math.exp(SUREST));
    const clipped = chances.map((p) => Math.min(Math.max(p, surest), 1 - surest));
    return Array.from({ length: count }, (_, i) => {
      const [no, yes] = [clipped[2 * i], clipped[2 * i + 1]];
      return { value: Math.log(yes) - Math.log(no), band: tolerance(this.#judge, 1) / (yes * no) };
    });
  }

  /** The face within its window. @param {Face} face @returns {Face} */
  #within({ box: [x0, y0, x1], score }) {
    const side = x1 - x0;
    const [left, top, right, bottom] = this.#declared.box.map((part) => side * part);
    return { box: [x0 + left, y0 + top, x0 + right, y0 + bottom], score };
  }
}

/**
 * @param {Stage} stage
 * @param {string} verb
 * @param {Float64Array} rows
 * @param {number} count
 * @returns {Promise<number[]>}
 */
async function numbers({ engine, contract }, verb, rows, count) {
  const { name } = outputOf(contract, verb);
  const feeds = new Map([[contract.inputs[0].name, { shape: [count, ROW], values: rows }]]);
  const found = await engine.run([name], feeds);
  return Array.from(/** @type {Float64Array} */ (found.get(name)?.values));
}

/**
 * @param {Contract} contract
 * @param {string} verb
 */
function outputOf(contract, verb) {
  const found = contract.outputs.find((one) => one.verb === verb);
  if (found === undefined) throw new Refusal('Incompatible', 'other_stage', { expected: verb });
  return found;
}

/**
 * @param {Stage} stage
 * @param {string} verb
 * @param {(number | null)[]} shape
 * @throws {Refusal} it does not answer so, or not to such rows
 */
function checkStage({ contract }, verb, shape) {
  const shapes = [contract.inputs[0].shape, outputOf(contract, verb).shape].map(String);
  if (shapes[0] !== String([null, ROW]) || shapes[1] !== String(shape)) {
    throw new Refusal('Incompatible', 'other_stage', { expected: verb });
  }
}

/** @param {Stage} stage @param {number} score */
function tolerance({ contract }, score) {
  const scale = Math.max(Math.abs(score), ...contract.outputs.map((one) => one.scale));
  return contract.certificate.relative_tolerance * scale;
}

/** @param {{cells: import('./gradients.js').Cells, top: number, left: number}[]} windows */
function windowRows(windows) {
  const rows = new Float64Array(windows.length * ROW);
  windows.forEach((one, i) => fillRow(one.cells, one, rows.subarray(i * ROW, (i + 1) * ROW)));
  return rows;
}

/** The same numbers of 0 to 0.4 each time. @param {number} length */
function noise(length) {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (0.4 * state) / 2 ** 32;
  });
}
