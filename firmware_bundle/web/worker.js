/** The worker: opens the verified model, runs its golden vectors, then answers one question at a time. */

import { readContract } from './contract.js';
import { decodeFile, pixelsOf } from './decode.js';
import { gunzip } from './encoding.js';
import { openEngine } from './engine.js';
import { asJson, Model } from './model.js';
import { Motion } from './motion.js';
import { pictureRow } from './picture.js';
import { asPlain } from './refusal.js';
import { feedsOfRow, readRows } from './rows.js';
import { benchmark } from './benchmark.js';
import { runGolden } from './selftest.js';

/** @typedef {import('./contract.js').Contract} Contract */
/** @typedef {import('./model.js').Answer} Answer */
/** @typedef {{x: number, y: number, width: number, height: number}} Part */
/** @typedef {{answers: Answer[], json: string[], ms: number, motion?: {moves: boolean, change: number}}} Answered */

/** @type {{model: Model, contract: Contract, golden: Uint8Array<ArrayBuffer>} | null} */
let ready = null;
const motion = new Motion();

/**
 * @param {{engine: Uint8Array<ArrayBuffer>, contract: Uint8Array<ArrayBuffer>,
 *   onnx: Uint8Array<ArrayBuffer>, golden: Uint8Array<ArrayBuffer>}} files all of them verified
 */
async function open(files) {
  const contract = readContract(files.contract);
  const wasm = await gunzip(files.engine);
  const engine = await openEngine(/** @type {any} */ (globalThis).ort, wasm, files.onnx, contract);
  const selfTest = await runGolden(engine, contract, files.golden);
  ready = { model: new Model(engine, contract), contract, golden: files.golden };
  return { contract, engine: engine.name, selfTest };
}

function opened() {
  if (ready === null) throw new Error('the golden vectors come first');
  return ready;
}

/** @param {Map<string, import('./golden.js').Table>} feeds @returns {Promise<Answered>} */
async function answered(feeds) {
  const start = performance.now();
  const answers = await opened().model.answer(feeds);
  const ms = performance.now() - start;
  return { answers, json: answers.map((one) => asJson(one)), ms };
}

/** @param {ImageData} pixels */
function pictureFeeds(pixels) {
  const { contract } = opened();
  if (contract.image === null) throw new Error('the page offers pictures only where the contract has one');
  return feedsOfRow(pictureRow(pixels, contract.image), contract);
}

/** @type {Record<string, (given: any) => Promise<unknown>>} */
const OPERATIONS = {
  open,
  bench: () => benchmark(opened().model, opened().golden),
  rows: (/** @type {{text: string}} */ { text }) => answered(readRows(text, opened().contract)),
  file: async (/** @type {{file: Blob}} */ { file }) => answered(pictureFeeds(await decodeFile(file))),
  frame: async (/** @type {{bitmap: ImageBitmap, part: Part}} */ { bitmap, part }) => {
    const pixels = pixelsOf(bitmap, part);
    const moved = motion.next(pixels);
    return { ...(await answered(pictureFeeds(pixels))), motion: moved };
  },
};

self.onmessage = async ({ data }) => {
  const { id, operation, given } = data;
  try {
    self.postMessage({ id, found: await OPERATIONS[operation](given) });
  } catch (error) {
    self.postMessage({ id, refused: asPlain(error) });
  }
};
