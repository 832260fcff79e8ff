/** What rows look like: the contract's columns, and a golden row to begin with. */

import { columnNames, isTyped } from './contract.js';
import { element } from './elements.js';
import { listed, readTensor } from './golden.js';
import { say } from './strings.js';

/** @typedef {import('./contract.js').Contract} Contract */

const MOST_NAMES = 12;

/** @param {Contract} contract */
export function rowsHint(contract) {
  const names = columnNames(contract);
  if (names === null) return say('rows_hint_plain', { columns: contract.inputs[0].shape[1] });
  const listed = names.slice(0, MOST_NAMES).join(', ') + (names.length > MOST_NAMES ? ', …' : '');
  return say(isTyped(contract.inputs) ? 'rows_hint_typed' : 'rows_hint_named', { columns: names.length, names: listed });
}

/**
 * @param {Contract} contract
 * @param {Uint8Array<ArrayBuffer>} golden
 */
export function fillExample(contract, golden) {
  const names = columnNames(contract);
  const tables = new Map(contract.golden.inputs.map((one) => [one.name, readTensor(one, golden)]));
  const cells = isTyped(contract.inputs)
    ? (names ?? []).map((name) => {
      const input = contract.inputs.find((one) => one.columns?.[0] === name);
      const value = tables.get(input?.name ?? '')?.values[0] ?? '';
      return value === input?.missing ? '' : cell(value, input?.accepts ?? []);
    })
    : listed(tables.get(contract.inputs[0].name)?.values).slice(0, Number(contract.inputs[0].shape[1])).map((value) => cell(value, []));
  const head = names === null ? [] : [names.map((name) => cell(name, [])).join(',')];
  element('rows_text').value = [...head, cells.join(',')].join('\n');
}

/**
 * @param {string | number | bigint} value
 * @param {string[]} accepts
 */
function cell(value, accepts) {
  if (accepts.includes('bool') && !accepts.includes('float64')) return value ? 'true' : 'false';
  const text = Number.isNaN(value) ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
