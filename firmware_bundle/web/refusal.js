/** What the page refuses, and why: the error tree of edge_infer, in a browser. */

import { say } from './strings.js';

/** @typedef {'Untrusted' | 'Incompatible' | 'BadInput' | 'Unavailable'} Kind */

/** A refusal in plain words. Its message is what the page shows. */
export class Refusal extends Error {
  /**
   * @param {Kind} kind
   * @param {string} key of the sentence in strings.js
   * @param {Record<string, unknown>} [values] that the sentence names
   */
  constructor(kind, key, values = {}) {
    super(say(key, values));
    this.name = kind;
    this.key = key;
  }
}

/**
 * Any error as plain values, to be sent from the worker to the page.
 * @param {unknown} error
 * @returns {{name: string, key: string, message: string}}
 */
export function asPlain(error) {
  if (error instanceof Refusal) return { name: error.name, key: error.key, message: error.message };
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (error instanceof RangeError && /memory|allocat|array length/i.test(said)) {
    return asPlain(new Refusal('Unavailable', 'too_little_memory', { actual: said }));
  }
  return asPlain(new Refusal('Unavailable', 'unforeseen', { actual: said }));
}
