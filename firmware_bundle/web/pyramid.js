/**
 * A grey picture at falling sizes, so that one window finds faces of every size: to the pixel what
 * OpenCV's `resize` gives the camera, whose bilinear form is fixed-point arithmetic.
 */

/** @typedef {{width: number, height: number, data: Uint8Array}} Grey */
/** One size of the picture with its margin; `scale` is its pixels for one of the picture. @typedef {{grey: Grey, scale: number}} Level */

const COEFFICIENT = 2048;

/**
 * Levels from the one where `smallest` pixels fill the window to the last that it fits, each smaller
 * by `step`. Between halvings each is interpolated from the last half.
 * @param {Grey} grey
 * @param {{smallest: number, step: number, window: number, margin: number}} wanted
 * @returns {Generator<Level>}
 */
export function* pyramid(grey, { smallest, step, window, margin }) {
  let [half, halfScale, scale] = [grey, 1, window / smallest];
  while (Math.min(grey.width, grey.height) * scale >= window) {
    for (; scale / halfScale <= 0.5; halfScale /= 2) half = halved(half);
    const resized = bilinear(half, roundHalfEven(grey.width * scale), roundHalfEven(grey.height * scale));
    yield { grey: padded(resized, margin), scale };
    scale /= step;
  }
}

/** As Python and OpenCV round. @param {number} value */
export function roundHalfEven(value) {
  const below = Math.floor(value);
  const over = value - below;
  return over > 0.5 || (over === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/**
 * Half the size: the mean of the pixels that each one covers.
 * @param {Grey} grey
 * @returns {Grey}
 */
export function halved({ width, height, data }) {
  const [columns, rows] = [width >> 1, height >> 1];
  if (width % 2 !== 0 || height % 2 !== 0) return averaged({ width, height, data }, columns, rows);
  const found = new Uint8Array(columns * rows);
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0, from = 2 * y * width; x < columns; x++, from += 2) {
      found[at++] = (data[from] + data[from + 1] + data[from + width] + data[from + width + 1] + 2) >> 2;
    }
  }
  return { width: columns, height: rows, data: found };
}

/**
 * The same where a side is odd, so that pixels count in part; sums in single precision.
 * @param {Grey} grey
 * @param {number} columns
 * @param {number} rows
 * @returns {Grey}
 */
function averaged({ width, height, data }, columns, rows) {
  const across = shares(width, columns);
  const found = new Uint8Array(columns * rows);
  shares(height, rows).forEach((line, y) => {
    const sum = new Float32Array(columns);
    line.forEach(({ from, share }, first) => {
      for (let x = 0; x < columns; x++) {
        let part = 0;
        for (const one of across[x]) part = Math.fround(part + Math.fround(data[from * width + one.from] * one.share));
        const weighted = Math.fround(part * share);
        sum[x] = first === 0 ? weighted : sum[x] + weighted;
      }
    });
    for (let x = 0; x < columns; x++) found[y * columns + x] = Math.min(255, roundHalfEven(sum[x]));
  });
  return { width: columns, height: rows, data: found };
}

/**
 * For each pixel of the smaller side those of the larger one that it covers, and by what share.
 * @param {number} from
 * @param {number} to
 */
function shares(from, to) {
  const scale = 1 / (to / from);
  return Array.from({ length: to }, (_, i) => {
    const [low, high] = [i * scale, i * scale + scale];
    const cell = Math.min(scale, from - low);
    const end = Math.min(Math.floor(high), from - 1);
    const start = Math.min(Math.ceil(low), end);
    const found = [];
    if (start - low > 1e-3) found.push({ from: start - 1, share: Math.fround((start - low) / cell) });
    for (let x = start; x < end; x++) found.push({ from: x, share: Math.fround(1 / cell) });
    if (high - end > 1e-3) {
      found.push({ from: end, share: Math.fround(Math.min(Math.min(high - end, 1), cell) / cell) });
    }
    return found;
  });
}

/**
 * @param {Grey} grey
 * @param {number} width
 * @param {number} height
 * @returns {Grey}
 */
export function bilinear(grey, width, height) {
  if (grey.width === width && grey.height === height) return grey;
  const across = neighbours(grey.width, width);
  const down = neighbours(grey.height, height);
  const found = new Uint8Array(width * height);
  /** Rows of the picture, resized along their length: two follow each other, so both are kept. */
  const lines = [{ row: -1, sums: new Int32Array(width) }, { row: -1, sums: new Int32Array(width) }];
  /** @param {number} row */
  const resizedRow = (row) => {
    const kept = lines[row % 2];
    if (kept.row !== row) {
      kept.row = row;
      const start = row * grey.width;
      for (let x = 0; x < width; x++) {
        const { first, second, near, far } = across[x];
        kept.sums[x] = grey.data[start + first] * near + grey.data[start + second] * far;
      }
    }
    return kept.sums;
  };
  for (let y = 0, at = 0; y < height; y++) {
    const { first, second, near, far } = down[y];
    const [upper, lower] = [resizedRow(first), resizedRow(second)];
    for (let x = 0; x < width; x++) {
      found[at++] = (((near * (upper[x] >> 4)) >> 16) + ((far * (lower[x] >> 4)) >> 16) + 2) >> 2;
    }
  }
  return { width, height, data: found };
}

/**
 * The two pixels between which each one of the other size lies, and their weights.
 * @param {number} from
 * @param {number} to
 */
function neighbours(from, to) {
  const scale = 1 / (to / from);
  return Array.from({ length: to }, (_, i) => {
    const place = Math.fround((i + 0.5) * scale - 0.5);
    let first = Math.floor(place);
    let share = Math.fround(place - first);
    if (first < 0) [first, share] = [0, 0];
    if (first >= from - 1) [first, share] = [from - 1, 0];
    const near = roundHalfEven(Math.fround(Math.fround(1 - share) * COEFFICIENT));
    const far = roundHalfEven(Math.fround(share * COEFFICIENT));
    return { first, second: Math.min(first + 1, from - 1), near, far };
  });
}

/**
 * With its edge repeated around it, so that a face at the edge has cells around it.
 * @param {Grey} grey
 * @param {number} margin
 * @returns {Grey}
 */
function padded({ width, height, data }, margin) {
  const [wide, tall] = [width + 2 * margin, height + 2 * margin];
  const found = new Uint8Array(wide * tall);
  for (let y = 0; y < tall; y++) {
    const row = Math.min(Math.max(y - margin, 0), height - 1) * width;
    const line = found.subarray(y * wide, (y + 1) * wide);
    line.fill(data[row], 0, margin);
    line.set(data.subarray(row, row + width), margin);
    line.fill(data[row + width - 1], margin + width);
  }
  return { width: wide, height: tall, data: found };
}
