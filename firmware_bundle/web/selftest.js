/** The golden vectors, run in a batch and row by row before the first prediction. */

import { listed, readTensor, sliced } from './golden.js';
import { Refusal } from './refusal.js';

/** @typedef {import('./contract.js').Contract} Contract */
/** @typedef {import('./contract.js').Output} Output */
/** @typedef {import('./golden.js').Table} Table */
/** @typedef {import('./engine.js').Engine} Engine */

/**
 * @param {Engine} engine
 * @param {Contract} contract
 * @param {Uint8Array<ArrayBuffer>} golden
 * @returns {Promise<{rows: number, compared: number, difference: number}>}
 * @throws {Refusal} a vector gives something else, or there are none for an output
 */
export async function runGolden(engine, contract, golden) {
  const inputs = readAll(contract.golden.inputs, contract.inputs, contract.golden.rows, golden);
  const wanted = readAll(contract.golden.outputs, contract.outputs, contract.golden.rows, golden);
  const checks = (contract.checks ?? []).map((one) => one.name);
  const names = [...wanted.keys(), ...checks];
  let compared = 0;
  let difference = 0;
  /** @param {Map<string, Table>} feeds @param {number} start @param {string} way */
  const compareFrom = async (feeds, start, way) => {
    const got = await engine.run(names, feeds);
    for (const output of contract.outputs) {
      const table = /** @type {Table} */ (got.get(output.name));
      const want = sliced(/** @type {Table} */ (wanted.get(output.name)), start, table.shape[0]);
      difference = Math.max(difference, compare(output, table, want, contract, `${way}, ${start}`));
      compared += table.values.length;
    }
    for (const name of checks) {
      if (listed(got.get(name)?.values).some(Boolean)) {
        throw new Refusal('Incompatible', 'golden_refused', { name });
      }
    }
  };
  await compareFrom(inputs, 0, 'batch');
  for (let row = 0; row < contract.golden.rows; row++) {
    const one = new Map([...inputs].map(([name, table]) => [name, sliced(table, row, 1)]));
    await compareFrom(one, row, 'row');
  }
  return { rows: contract.golden.rows, compared, difference };
}

/**
 * @param {import('./contract.js').Tensor[]} tensors
 * @param {{name: string}[]} wanted
 * @param {number} rows
 * @param {Uint8Array<ArrayBuffer>} data
 */
function readAll(tensors, wanted, rows, data) {
  const found = new Map(tensors.map((tensor) => [tensor.name, readTensor(tensor, data)]));
  const all = wanted.every(({ name }) => found.has(name)) && found.size === new Set(wanted.map((w) => w.name)).size;
  if (!all || rows < 1 || tensors.some(({ shape }) => shape[0] !== rows)) {
    throw new Refusal('Incompatible', 'golden_missing');
  }
  return found;
}

/**
 * Largest |got - want| / max(|want|, S) of a score, 0 for labels, which must be equal.
 * @param {Output} output
 * @param {Table} got
 * @param {Table} want
 * @param {Contract} contract
 * @param {string} place
 */
function compare(output, got, want, contract, place) {
  const same = got.shape.length === want.shape.length && got.shape.every((n, i) => n === want.shape[i]);
  let worst = same ? 0 : Infinity;
  for (let i = 0; same && i < got.values.length; i++) {
    const [g, w] = [got.values[i], want.values[i]];
    if (g === w || (g !== g && w !== w)) continue;
    const scale = Math.max(Math.abs(Number(w)), output.scale);
    const relative = output.kind === 'label' ? Infinity : Math.abs(Number(g) - Number(w)) / scale;
    worst = Number.isFinite(scale) && relative <= worst ? worst : relative;
    if (!(worst <= contract.certificate.relative_tolerance && Number.isFinite(scale))) {
      throw differs(output, place, w, g);
    }
  }
  if (!same) throw differs(output, place, want.shape, got.shape);
  return worst;
}

/**
 * @param {Output} output
 * @param {string} place
 * @param {unknown} expected
 * @param {unknown} actual
 */
function differs(output, place, expected, actual) {
  const named = { verb: output.verb, place, expected: String(expected), actual: String(actual) };
  return new Refusal('Incompatible', 'golden_differs', named);
}
