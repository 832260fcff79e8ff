/** Text to the feeds of the graph, as the contract takes them, or a refusal. */

import { columnNames, isTyped } from './contract.js';
import { checkWidth, MISSING, number, parseCsv } from './csv.js';
import { Refusal } from './refusal.js';

/** @typedef {import('./contract.js').Contract} Contract */
/** @typedef {import('./contract.js').Input} Input */
/** @typedef {import('./csv.js').Line} Line */
/** @typedef {import('./golden.js').Table} Table */

const LARGEST_SINGLE = 3.4028234663852886e38;
const BOOLS = new Map([['true', 1], ['false', 0], ['1', 1], ['0', 0]]);

/**
 * @param {string} text CSV, or tab-separated
 * @param {Contract} contract
 * @returns {Map<string, Table>} by input of the graph
 * @throws {Refusal} a cell is not what the contract accepts
 */
export function readRows(text, contract) {
  const lines = parseCsv(text);
  return isTyped(contract.inputs) ? readTable(lines, contract) : readMatrix(lines, contract.inputs[0]);
}

/**
 * A picture's row, or any numbers, held against the contract's policy.
 * @param {Float64Array} values of one row
 * @param {Contract} contract
 */
export function feedsOfRow(values, contract) {
  const wanted = contract.inputs[0];
  checkValues(values, values.length, wanted);
  return new Map([[wanted.name, { shape: [1, values.length], values }]]);
}

/**
 * @param {Line[]} lines
 * @param {Input} wanted
 */
function readMatrix(lines, wanted) {
  const names = wanted.columns;
  const f = Number(wanted.shape[1]);
  const words = lines[0].cells.filter((cell) => cell.trim() !== '');
  const isNames = names?.every((name) => lines[0].cells.includes(name)) ?? false;
  const isWords = words.length > 0 && words.every((cell) => number(cell) === null && !MISSING.has(cell));
  // What pandas writes over columns without names reads as a row, and may be one.
  if (!isNames && lines.length > 1 && lines[0].cells.every((cell, at) => cell === String(at))) {
    throw new Refusal('BadInput', 'rows_counted', { actual: lines[0].cells.join(',').slice(0, 60) });
  }
  const header = isNames || isWords
    ? lines.shift()?.cells ?? [] : null;
  if (lines.length === 0) throw new Refusal('BadInput', 'rows_none');
  const width = (header ?? lines[0].cells).length;
  const order = header === null || names === null ? null : orderOf(header, names);
  if (order === null && width !== f) {
    throw new Refusal('BadInput', 'rows_columns', { expected: f, actual: width });
  }
  const values = new Float64Array(lines.length * f);
  lines.forEach((line, row) => {
    checkWidth(line, width);
    for (let column = 0; column < f; column++) {
      const cell = line.cells[order === null ? column : order[column]];
      const value = number(cell);
      if (value === null) throw notANumber(line, names?.[column] ?? String(column + 1), cell);
      values[row * f + column] = value;
    }
  });
  checkValues(values, f, wanted);
  return new Map([[wanted.name, { shape: [lines.length, f], values }]]);
}

/**
 * @param {Line[]} lines
 * @param {Contract} contract
 */
function readTable(lines, contract) {
  const names = columnNames(contract) ?? [];
  const header = lines.shift()?.cells ?? [];
  const order = orderOf(header, names);
  if (lines.length === 0) throw new Refusal('BadInput', 'rows_none');
  for (const line of lines) checkWidth(line, header.length);
  /** @type {Map<string, Table>} */
  const feeds = new Map();
  for (const wanted of contract.inputs) {
    const name = wanted.columns?.[0] ?? '';
    const at = order[names.indexOf(name)];
    const cells = lines.map((line) => cellValue(line, line.cells[at], wanted, name));
    const values = wanted.dtype === 'str' ? /** @type {string[]} */ (cells)
      : Float64Array.from(/** @type {number[]} */ (cells));
    if (values instanceof Float64Array) checkValues(values, 1, wanted);
    feeds.set(wanted.name, { shape: [lines.length, 1], values });
  }
  return feeds;
}

/**
 * Where each wanted name stands in the header.
 * @param {string[]} header
 * @param {string[]} names
 */
function orderOf(header, names) {
  const twice = header.filter((name, i) => header.indexOf(name) !== i);
  const missing = names.filter((name) => !header.includes(name));
  const unknown = header.filter((name) => !names.includes(name));
  if (twice.length + missing.length + unknown.length > 0) {
    throw new Refusal('BadInput', 'rows_names', {
      expected: names.join(', '),
      missing: missing.join(', ') || '–',
      unknown: unknown.join(', ') || '–',
      twice: twice.join(', ') || '–',
    });
  }
  return names.map((name) => header.indexOf(name));
}

/**
 * @param {Line} line
 * @param {string} cell
 * @param {Input} wanted
 * @param {string} name
 * @returns {string | number}
 */
function cellValue(line, cell, wanted, name) {
  if (wanted.accepts.includes('str')) {
    if (cell !== '') {
      if (MISSING.has(cell)) throw missing(line, name, cell);
      if (cell === wanted.missing) throw notThis(line, name, cell, 'str');
      return cell;
    }
    if (typeof wanted.missing !== 'string' || !wanted.nan) throw notThis(line, name, cell, 'str');
    return wanted.missing;
  }
  if (wanted.accepts.includes('float64')) {
    const value = number(cell);
    if (value === null) throw notANumber(line, name, cell);
    return value;
  }
  const word = cell.trim();
  const value = wanted.accepts.includes('bool') ? BOOLS.get(word.toLowerCase()) : integer(word);
  if (value === undefined) throw notThis(line, name, cell, wanted.accepts[0]);
  return value;
}

/**
 * @param {Line} line
 * @param {string} column
 * @param {string} actual
 */
function missing({ line }, column, actual) {
  return new Refusal('BadInput', 'rows_missing', { line, column, actual: JSON.stringify(actual) });
}

/** An integer that a double holds. @param {string} word */
function integer(word) {
  if (!/^-?\d+$/.test(word)) return undefined;
  const exact = BigInt(word);
  const largest = 2n ** 53n;
  return exact > largest || exact < -largest ? undefined : Number(exact);
}

/**
 * The contract's policy on NaN, infinity and magnitude, for no graph can raise.
 * @param {Float64Array} values
 * @param {number} width columns of a row
 * @param {Input} wanted
 */
function checkValues(values, width, wanted) {
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    const nan = x !== x && !wanted.nan;
    const infinite = (x === Infinity || x === -Infinity) && !wanted.infinite;
    const beyond = wanted.limit !== null && Number.isFinite(x) && Math.abs(x) > wanted.limit;
    if (nan || infinite || beyond) {
      const column = i % width;
      throw new Refusal('BadInput', nan ? 'value_nan' : infinite ? 'value_infinite' : beyondKey(wanted), {
        row: Math.floor(i / width) + 1,
        column: (isOne(wanted) ? wanted.columns?.[0] : wanted.columns?.[column]) ?? column + 1,
        expected: wanted.limit,
        actual: x,
      });
    }
  }
}

/** @param {Input} wanted */
function isOne(wanted) {
  return wanted.columns?.length === 1;
}

/** @param {Input} wanted */
function beyondKey(wanted) {
  return wanted.limit === LARGEST_SINGLE ? 'value_single' : 'value_limit';
}

/**
 * @param {Line} line
 * @param {string} column
 * @param {string} cell
 */
function notANumber({ line }, column, cell) {
  const actual = JSON.stringify(cell.slice(0, 60));
  return new Refusal('BadInput', 'rows_not_a_number', { line, column, actual });
}

/**
 * @param {Line} line
 * @param {string} column
 * @param {string} cell
 * @param {string} expected
 */
function notThis({ line }, column, cell, expected) {
  const actual = JSON.stringify(cell.slice(0, 60));
  return new Refusal('BadInput', 'rows_not_this', { line, column, expected, actual });
}
