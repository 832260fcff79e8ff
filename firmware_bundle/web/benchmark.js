/** How long one row takes here: the first golden row, again and again. */

import { readTensor } from './golden.js';
import { answer } from './model.js';
import { sliced } from './selftest.js';

/** Browsers round their clock, so a few runs are timed together. */
const TOGETHER = 20;
const TIMES = 40;

/**
 * @param {import('./engine.js').Engine} engine
 * @param {import('./contract.js').Contract} contract
 * @param {Uint8Array<ArrayBuffer>} golden
 * @returns {Promise<{median: number, worst: number, runs: number}>} microseconds a row
 */
export async function benchmark(engine, contract, golden) {
  const feeds = new Map(contract.golden.inputs.map((one) => [one.name, sliced(readTensor(one, golden), 0, 1)]));
  const times = [];
  for (let i = 0; i < TIMES; i++) {
    const start = performance.now();
    for (let run = 0; run < TOGETHER; run++) await answer(engine, contract, feeds);
    times.push((1000 * (performance.now() - start)) / TOGETHER);
  }
  times.sort((a, b) => a - b);
  return { median: times[TIMES >> 1], worst: times[TIMES - 1], runs: TIMES * TOGETHER };
}
