/** The worker: opens the verified model, runs its golden vectors, then answers one question at a time. */

import { benchmark } from './benchmark.js';
import { decodeFile, pixelsOf } from './decode.js';
import { FRAME_PIXELS, look, PICTURE_PIXELS } from './looking.js';
import { asJson } from './model.js';
import { Motion } from './motion.js';
import { openFiles } from './opening.js';
import { pictureRow } from './picture.js';
import { asPlain } from './refusal.js';
import { feedsOfRow, readRows } from './rows.js';

/** @typedef {import('./contract.js').Contract} Contract */
/** @typedef {import('./model.js').Answer} Answer */
/** @typedef {{x: number, y: number, width: number, height: number}} Part */
/** @typedef {{answers: Answer[], json: string[], ms: number, motion?: {moves: boolean, change: number}}} Answered */

/** @type {{model: import('./model.js').Model, contract: Contract, golden: Uint8Array<ArrayBuffer>} | null} */
let ready = null;
/** @type {import('./detector.js').Detector | null} */
let detector = null;
const motion = new Motion();

/** @param {Record<string, Uint8Array<ArrayBuffer>>} files all of them verified */
async function open(files) {
  const { model, contract, engine, selfTest, detector: found } = await openFiles(files);
  detector = found;
  if (model !== null) ready = { model, contract, golden: files['artifact/golden.bin'] };
  return { contract, engine, selfTest, detects: detector !== null };
}

function opened() {
  if (ready === null) throw new Error('the golden vectors come first');
  return ready;
}

function detecting() {
  if (detector === null) throw new Error('the page asks for faces only where there is a detector');
  return detector;
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
  faces_file: async (/** @type {{file: Blob}} */ { file }) => look(detecting(), await decodeFile(file), { most: PICTURE_PIXELS, preview: true }),
  faces_frame: async (/** @type {{bitmap: ImageBitmap, preview: boolean}} */ { bitmap, preview }) => {
    const pixels = pixelsOf(bitmap);
    const moved = motion.next(pixels);
    return { ...(await look(detecting(), pixels, { most: FRAME_PIXELS, preview })), motion: moved };
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
