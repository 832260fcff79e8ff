/** How long one row takes here: the first golden row, again and again. */

import { readTensor, sliced } from './golden.js';

/** Browsers round their clock, so a few runs are timed together; the first ones warm up. */
const TOGETHER = 10;
const TIMES = 100;
const WARM = 200;

/**
 * @param {import('./model.js').Model} model
 * @param {Uint8Array<ArrayBuffer>} golden
 * @returns {Promise<{median: number, worst: number, runs: number}>} microseconds a row
 */
export async function benchmark(model, golden) {
  const { inputs } = model.contract.golden;
  const feeds = new Map(inputs.map((one) => [one.name, sliced(readTensor(one, golden), 0, 1)]));
  const times = [];
  for (let i = -WARM; i < TIMES; i++) {
    const start = performance.now();
    for (let run = 0; run < TOGETHER; run++) await model.answer(feeds);
    if (i >= 0) times.push((1000 * (performance.now() - start)) / TOGETHER);
  }
  times.sort((a, b) => a - b);
  return { median: times[TIMES >> 1], worst: times[TIMES - 1], runs: TIMES * TOGETHER };
}
