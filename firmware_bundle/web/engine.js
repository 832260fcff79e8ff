/** onnxruntime in the browser: one thread, the optimisers off that read a double as float32. */

import { sliced } from './golden.js';
import { Refusal } from './refusal.js';

/** @typedef {import('./golden.js').Table} Table */
/** @typedef {import('./contract.js').Contract} Contract */

const REFUSED = ['1.26', '1.27'];
const BLOCK_ROWS = 100;
const SINGLE_PRECISION = 'MatMulScaleFusion;NoopElimination';
const PAGE_BYTES = 65536;
/** The glue asks for 4 GiB of address space, which phones refuse; models of this kind need little. */
const MEMORY_BYTES = [1 << 30, 256 << 20];

/**
 * @typedef {object} Engine
 * @property {string} name
 * @property {(names: string[], feeds: Map<string, Table>) => Promise<Map<string, Table>>} run
 */

/**
 * @param {any} ort the module
 * @param {Uint8Array<ArrayBuffer>} wasm the engine, as it was verified
 * @param {Uint8Array} onnx the graph, as it was verified
 * @param {Contract} contract
 * @returns {Promise<Engine>}
 * @throws {Refusal} it cannot run here, or is a release that predicts something else
 */
export async function openEngine(ort, wasm, onnx, contract) {
  if (typeof WebAssembly !== 'object') throw new Refusal('Unavailable', 'no_webassembly');
  const version = String(ort.env.versions.web);
  checkRelease(version, contract.runtimes);
  Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: wasm.buffer, proxy: false });
  ort.env.logLevel = 'fatal';
  const session = await openSession(ort, onnx);
  checkNames(session, contract);
  return {
    name: `onnxruntime-web ${version}`,
    run: (names, feeds) => runInBlocks(ort, session, names, feeds),
  };
}

/**
 * @param {any} ort
 * @param {Uint8Array} onnx
 */
async function openSession(ort, onnx) {
  const Memory = WebAssembly.Memory;
  const options = {
    executionProviders: ['wasm'],
    logSeverityLevel: 4,
    extra: { optimization: { disable_specified_optimizers: SINGLE_PRECISION } },
  };
  let refused = /** @type {unknown} */ (null);
  for (const most of MEMORY_BYTES) {
    WebAssembly.Memory = smallerMemory(Memory, most);
    try {
      return await ort.InferenceSession.create(onnx, options);
    } catch (error) {
      refused = error;
      if (!/memory/i.test(String(error))) break;
    } finally {
      WebAssembly.Memory = Memory;
    }
  }
  const memory = /memory/i.test(String(refused));
  throw memory
    ? new Refusal('Unavailable', 'too_little_memory', { actual: refused })
    : new Refusal('Incompatible', 'graph_not_opened', { actual: refused });
}

/**
 * @param {typeof WebAssembly.Memory} Memory
 * @param {number} most bytes
 */
function smallerMemory(Memory, most) {
  /** @type {any} */
  const smaller = class extends Memory {
    /** @param {WebAssembly.MemoryDescriptor} asked */
    constructor(asked) {
      super({ ...asked, maximum: Math.min(asked.maximum ?? Infinity, most / PAGE_BYTES) });
    }
  };
  return smaller;
}

/**
 * @param {string} version
 * @param {{minimum: string, refused: string[]}} runtimes
 */
function checkRelease(version, runtimes) {
  const [major, minor] = version.split('.').map(Number);
  const [least, lesser] = runtimes.minimum.split('.').map(Number);
  const old = major < least || (major === least && minor < lesser);
  if (old || [...REFUSED, ...runtimes.refused].includes(`${major}.${minor}`)) {
    throw new Refusal('Incompatible', 'engine_release', { expected: runtimes.minimum, actual: version });
  }
}

/**
 * @param {any} session
 * @param {Contract} contract
 */
function checkNames(session, contract) {
  const wanted = contract.inputs.map((one) => one.name).sort();
  const found = [...session.inputNames].sort();
  const outputs = [...contract.outputs, ...(contract.checks ?? [])].map((one) => one.name);
  const missing = outputs.filter((name) => !session.outputNames.includes(name));
  if (wanted.join('\n') !== found.join('\n') || missing.length > 0) {
    throw new Refusal('Incompatible', 'other_graph', { actual: [...found, ...missing].join(', ') });
  }
}

/**
 * @param {any} ort
 * @param {any} session
 * @param {string[]} names
 * @param {Map<string, Table>} feeds
 * @returns {Promise<Map<string, Table>>}
 */
async function runInBlocks(ort, session, names, feeds) {
  const rows = Math.max(...Array.from(feeds.values(), ({ shape }) => shape[0]));
  const blocks = [];
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - start);
    /** @type {Record<string, any>} */
    const block = {};
    for (const [name, table] of feeds) {
      const { shape, values } = count === rows ? table : sliced(table, start, count);
      block[name] = new ort.Tensor(Array.isArray(values) ? 'string' : 'float64', values, shape);
    }
    blocks.push(await session.run(block, names));
  }
  /** @type {Map<string, Table>} */
  const found = new Map();
  for (const name of names) {
    const [{ dims, data }] = blocks.map((block) => block[name]);
    const values = blocks.length === 1 ? data : joined(blocks.map((block) => block[name].data));
    found.set(name, { shape: [rows, ...dims.slice(1)], values });
  }
  return found;
}

/**
 * @param {any[]} parts arrays of one kind
 * @returns {import('./golden.js').Values}
 */
function joined(parts) {
  if (Array.isArray(parts[0])) return parts.flat();
  const whole = new parts[0].constructor(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
