/**
 * Resizing of 8-bit pictures to the pixel as Pillow does it (`Resample.c`, `Geometry.c`):
 * coefficients in double, then fixed point with 22 bits, columns first and rows second.
 */

/** @typedef {{width: number, height: number, channels: number, data: Uint8ClampedArray | Uint8Array}} Pixels */

const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);

/** @type {Record<string, [number, (x: number) => number]>} support and kernel by name */
const KERNELS = {
  box: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  hamming: [1, hamming],
  bicubic: [2, bicubic],
  lanczos: [3, (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

/**
 * @param {Pixels} picture
 * @param {number} width
 * @param {number} height
 * @param {string} filter
 * @returns {Pixels}
 */
export function resize(picture, width, height, filter) {
  if (picture.width === width && picture.height === height) return picture;
  if (filter === 'nearest') return nearest(picture, width, height);
  const [support, kernel] = KERNELS[filter];
  let found = picture;
  if (picture.width !== width) {
    found = resampled(found, coefficients(picture.width, width, support, kernel), true);
  }
  if (picture.height !== height) {
    found = resampled(found, coefficients(picture.height, height, support, kernel), false);
  }
  return found;
}

/** @typedef {{start: number, weights: Int32Array}[]} Coefficients */

/**
 * For each output pixel where its window starts and the weights in it.
 * @param {number} from pixels
 * @param {number} to pixels
 * @param {number} filterSupport
 * @param {(x: number) => number} kernel
 * @returns {Coefficients}
 */
function coefficients(from, to, filterSupport, kernel) {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = filterSupport * stretch;
  const inverse = 1 / stretch;
  return Array.from({ length: to }, (_, x) => {
    const center = (x + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), from);
    const weights = Float64Array.from(
      { length: end - start }, (_one, i) => kernel((i + start - center + 0.5) * inverse),
    );
    let sum = 0;
    for (const weight of weights) sum += weight;
    return { start, weights: Int32Array.from(weights, (weight) => fixed(sum === 0 ? weight : weight / sum)) };
  });
}

/** Rounded half away from zero. @param {number} weight */
function fixed(weight) {
  return Math.trunc((weight < 0 ? -0.5 : 0.5) + weight * (1 << PRECISION_BITS));
}

/**
 * One pass, along the columns or the rows.
 * @param {Pixels} picture
 * @param {Coefficients} windows
 * @param {boolean} horizontal
 * @returns {Pixels}
 */
function resampled(picture, windows, horizontal) {
  const { channels } = picture;
  const width = horizontal ? windows.length : picture.width;
  const height = horizontal ? picture.height : windows.length;
  const data = new Uint8ClampedArray(width * height * channels);
  const step = horizontal ? channels : picture.width * channels;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { start, weights } = windows[horizontal ? x : y];
      const first = horizontal ? y * picture.width + start : start * picture.width + x;
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        let at = first * channels + c;
        for (let i = 0; i < weights.length; i++, at += step) sum += picture.data[at] * weights[i];
        data[(y * width + x) * channels + c] = sum >> PRECISION_BITS;
      }
    }
  }
  return { width, height, channels, data };
}

/**
 * The pixel under the middle of each; the places are summed up, as Pillow does.
 * @param {Pixels} picture
 * @param {number} width
 * @param {number} height
 * @returns {Pixels}
 */
function nearest(picture, width, height) {
  const { channels } = picture;
  const columns = places(picture.width, width);
  const rows = places(picture.height, height);
  const data = new Uint8ClampedArray(width * height * channels);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * picture.width + column) * channels;
      for (let c = 0; c < channels; c++) data[at++] = picture.data[from + c];
    }
  }
  return { width, height, channels, data };
}

/**
 * @param {number} from pixels
 * @param {number} to pixels
 */
function places(from, to) {
  const step = from / to;
  let place = step * 0.5;
  return Array.from({ length: to }, () => {
    const found = Math.trunc(place);
    place += step;
    return Math.min(found, from - 1);
  });
}

/** @param {number} x */
function sinc(x) {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}

/** @param {number} x */
function hamming(x) {
  const distance = Math.abs(x);
  if (distance === 0) return 1;
  if (distance >= 1) return 0;
  const angle = distance * Math.PI;
  return (Math.sin(angle) / angle) * (Math.fround(0.54) + Math.fround(0.46) * Math.cos(angle));
}

/** Keys' kernel with a = -0.5. @param {number} x */
function bicubic(x) {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}
