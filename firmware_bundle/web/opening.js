/** Verified files to what answers: the engine, the graphs, their golden vectors. */

import { readContract } from './contract.js';
import { readDeclaration } from './declaration.js';
import { Detector } from './detector.js';
import { unpacked } from './encoding.js';
import { openEngine } from './engine.js';
import { Model } from './model.js';
import { artifactParts, DECLARATION, STAGES } from './parts.js';
import { runGolden } from './selftest.js';

/** @typedef {import('./contract.js').Contract} Contract */
/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {Record<string, Uint8Array<ArrayBuffer>>} Files by their names in the page's folder */
/** @typedef {{rows: number, compared: number, difference: number}} SelfTest */
/**
 * What was opened: a model, or a detector under a contract that speaks for both of its stages.
 * @typedef {object} Opened
 * @property {Contract} contract
 * @property {string} engine
 * @property {SelfTest} selfTest
 * @property {Model | null} model
 * @property {Detector | null} detector
 */

/**
 * @param {Files} files all of them verified
 * @returns {Promise<Opened>}
 */
export async function openFiles(files) {
  const wasm = await unpacked(files['engine.bin']);
  if (DECLARATION in files) return openDetector(files, wasm);
  const { engine, contract, selfTest } = await openArtifact(files, 'artifact', wasm);
  return { contract, engine: engine.name, selfTest, model: new Model(engine, contract), detector: null };
}

/**
 * @param {Files} files
 * @param {string} folder
 * @param {Uint8Array<ArrayBuffer>} wasm
 */
async function openArtifact(files, folder, wasm) {
  const [contractFile, golden, onnx] = artifactParts(folder).map((name) => files[name]);
  const contract = readContract(contractFile);
  const engine = await openEngine(/** @type {any} */ (globalThis).ort, wasm, onnx, contract);
  return { engine, contract, selfTest: await runGolden(engine, contract, golden) };
}

/**
 * @param {Files} files
 * @param {Uint8Array<ArrayBuffer>} wasm
 * @returns {Promise<Opened>}
 */
async function openDetector(files, wasm) {
  const [scan, judge] = [
    await openArtifact(files, `artifact/${STAGES[0]}`, wasm),
    await openArtifact(files, `artifact/${STAGES[1]}`, wasm),
  ];
  const declared = await readDeclaration(files[DECLARATION], [scan.contract, judge.contract]);
  const detector = new Detector(scan, judge, declared);
  await detector.prepare();
  const [a, b] = [scan.selfTest, judge.selfTest];
  return {
    contract: together(scan.contract, judge.contract),
    engine: scan.engine.name,
    selfTest: { rows: a.rows + b.rows, compared: a.compared + b.compared, difference: Math.max(a.difference, b.difference) },
    model: null,
    detector,
  };
}

/**
 * The name that a detector keeps from release to release, the earliest expiry, both proofs.
 * @param {Contract} scan
 * @param {Contract} judge
 * @returns {Contract}
 */
function together(scan, judge) {
  const ends = [scan.expires, judge.expires].filter((one) => one !== null).sort();
  return {
    ...scan,
    name: scan.name.slice(0, scan.name.lastIndexOf('-')),
    expires: ends[0] ?? null,
    certificate: { ...scan.certificate, parity: [...scan.certificate.parity, ...judge.certificate.parity] },
    source: { ...scan.source, estimator: `${scan.source.estimator}; ${judge.source.estimator}` },
  };
}
