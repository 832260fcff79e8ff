/** Questions to the worker and its answers, matched by number. */

import { Refusal } from './refusal.js';

/** @typedef {import('./worker.js').Answered} Answered */

/** A worker that runs the very bytes that were verified. */
export class Questions {
  #next = 0;
  /** @type {Map<number, {resolve: (found: any) => void, reject: (error: Error) => void}>} */
  #open = new Map();
  /** @type {Worker} */
  #worker;

  /** @param {Uint8Array<ArrayBuffer>} program */
  constructor(program) {
    const url = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
    this.#worker = new Worker(url);
    this.#worker.onmessage = ({ data }) => this.#settle(data);
    this.#worker.onerror = (event) => this.#fail(event.message);
  }

  /**
   * @param {string} operation
   * @param {object} given
   * @param {Transferable[]} [transfer]
   * @returns {Promise<any>}
   */
  ask(operation, given, transfer = []) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#worker.postMessage({ id, operation, given }, transfer);
    });
  }

  /** @param {{id: number, found?: unknown, refused?: {name: any, key: string, message: string}}} answer */
  #settle({ id, found, refused }) {
    const asked = this.#open.get(id);
    this.#open.delete(id);
    if (refused === undefined) asked?.resolve(found);
    else asked?.reject(Object.assign(new Error(refused.message), { name: refused.name, key: refused.key }));
  }

  /** @param {string} said */
  #fail(said) {
    const error = new Refusal('Unavailable', 'worker_failed', { actual: said || '–' });
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}
