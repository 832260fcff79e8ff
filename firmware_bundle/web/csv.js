/** Typed or pasted text to cells, as Python's csv reads them; a table copied from a spreadsheet too. */

import { Refusal } from './refusal.js';

export const MOST_CHARACTERS = 32 << 20;
const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)$/i;

/** Words that pandas.read_csv takes as missing: in a column of text the training may have too. */
export const MISSING = new Set([
  '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA',
  'NULL', 'NaN', 'None', 'n/a', 'nan', 'null',
]);

/** @typedef {{line: number, cells: string[]}} Line */

/**
 * @param {string} text
 * @returns {Line[]} without empty lines
 * @throws {Refusal} it is not CSV
 */
export function parseCsv(text) {
  if (text.length > MOST_CHARACTERS) {
    throw new Refusal('BadInput', 'rows_too_large', { expected: MOST_CHARACTERS });
  }
  const plain = text.replace(/^\ufeff/, '');
  const first = plain.split(/[\r\n]/, 1)[0];
  const comma = first.split('\t').length > first.split(',').length ? '\t' : ',';
  const lines = splitLines(plain, comma);
  const [head] = lines;
  if (head?.cells.length === 1 && head.cells[0].includes(';')) {
    throw new Refusal('BadInput', 'rows_semicolons', { actual: head.cells[0].slice(0, 60) });
  }
  if (lines.length === 0) throw new Refusal('BadInput', 'rows_none');
  return lines;
}

/**
 * @param {string} text
 * @param {string} comma
 */
function splitLines(text, comma) {
  /** @type {Line[]} */
  const lines = [];
  let cells = [''];
  let line = 1;
  let started = 1;
  let quoted = false;
  let isRow = false; // an empty cell in quotation marks is a row, an empty line is none
  const close = () => {
    if (isRow || cells.length > 1 || cells[0] !== '') lines.push({ line: started, cells });
    cells = [''];
    isRow = false;
    started = line;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    const last = cells.length - 1;
    const ends = c === '\n' || c === '\r';
    if (c === '\n' || (c === '\r' && text[i + 1] !== '\n')) line += 1;
    if (quoted) {
      if (c !== '"') cells[last] += c;
      else if (text[i + 1] === '"') cells[last] += text[i++];
      else quoted = false;
    } else if (c === '"' && cells[last] === '') quoted = isRow = true;
    else if (c === comma) cells.push('');
    else if (ends) close();
    else cells[last] += c;
  }
  if (quoted) throw new Refusal('BadInput', 'rows_quote', { line: started });
  close();
  return lines;
}

/**
 * The number in a cell, NaN for an empty one, null for anything else, as Python reads it.
 * @param {string} cell
 */
export function number(cell) {
  const text = cell.trim();
  if (text === '') return NaN;
  if (!NUMBER.test(text)) return null;
  const word = /^([+-]?)inf/i.exec(text);
  if (word !== null) return word[1] === '-' ? -Infinity : Infinity;
  return /nan/i.test(text) ? NaN : Number(text);
}

/**
 * Refuse a line that is longer or shorter than the first.
 * @param {Line} line
 * @param {number} width
 */
export function checkWidth({ line, cells }, width) {
  if (cells.length !== width) {
    throw new Refusal('BadInput', 'rows_uneven', { line, expected: width, actual: cells.length });
  }
}
