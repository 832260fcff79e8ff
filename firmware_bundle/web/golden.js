/** `golden.bin`: little-endian tensors at the places that the contract gives. */

import { fromUtf8 } from './encoding.js';
import { Refusal } from './refusal.js';

/** @typedef {import('./contract.js').Tensor} Tensor */
/** @typedef {Float64Array | Float32Array | BigInt64Array | Uint8Array | string[]} Values */
/** @typedef {{shape: number[], values: Values}} Table */

const ITEM_BYTES = { bool: 1, int64: 8, float32: 4, float64: 8, str: 0 };

/**
 * @param {Tensor} tensor
 * @param {Uint8Array<ArrayBuffer>} data of the file
 * @returns {Table}
 * @throws {Refusal} the description does not fit the bytes
 */
export function readTensor(tensor, data) {
  const { dtype, shape, offset_bytes: offset, size_bytes: size } = tensor;
  const count = shape.reduce((product, length) => product * length, 1);
  const known = Object.keys(ITEM_BYTES).includes(dtype) && shape.every((length) => length >= 0);
  if (!known || offset < 0 || size < 0 || offset + size > data.length) throw tensorMisfit(tensor);
  const content = data.slice(offset, offset + size);
  if (dtype === 'str') return { shape, values: readStrings(tensor, content, count) };
  if (size !== count * ITEM_BYTES[/** @type {'bool'} */ (dtype)]) throw tensorMisfit(tensor);
  return { shape, values: readNumbers(tensor, content, count) };
}

/**
 * @param {Tensor} tensor
 * @param {Uint8Array<ArrayBuffer>} content
 * @param {number} count
 */
function readNumbers(tensor, content, count) {
  const view = new DataView(content.buffer);
  switch (tensor.dtype) {
    case 'float64': return Float64Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true));
    case 'float32': return Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
    case 'int64': return BigInt64Array.from({ length: count }, (_, i) => view.getBigInt64(8 * i, true));
    default:
      if (content.some((byte) => byte > 1)) throw tensorMisfit(tensor);
      return content;
  }
}

/**
 * @param {Tensor} tensor
 * @param {Uint8Array<ArrayBuffer>} content
 * @param {number} count
 */
function readStrings(tensor, content, count) {
  const view = new DataView(content.buffer);
  const strings = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > content.length) throw tensorMisfit(tensor);
    const end = at + 4 + view.getUint32(at, true);
    const text = end > content.length ? null : fromUtf8(content.subarray(at + 4, end));
    if (text === null) throw tensorMisfit(tensor);
    strings.push(text);
    at = end;
  }
  if (at !== content.length) throw tensorMisfit(tensor);
  return strings;
}

/** @param {Tensor} tensor */
function tensorMisfit(tensor) {
  return new Refusal('Incompatible', 'golden_misfit', { name: tensor.name });
}

/** Values of any kind as a list. @param {Values | undefined} values @returns {(number | bigint | string)[]} */
export function listed(values) {
  return Array.from(/** @type {ArrayLike<number | bigint | string>} */ (values ?? []));
}

/**
 * Some rows of a table.
 * @param {Table} table
 * @param {number} start
 * @param {number} count
 * @returns {Table}
 */
export function sliced(table, start, count) {
  const width = table.shape.slice(1).reduce((product, length) => product * length, 1);
  const values = table.values.slice(start * width, (start + count) * width);
  return { shape: [count, ...table.shape.slice(1)], values };
}
