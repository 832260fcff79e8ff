/** One face of many overlapping windows, as `examples/camera/faces/grouping.py` makes it. */

/** @typedef {import('./windows.js').Box} Box */
/** @typedef {{box: Box, score: number}} Found */

/** Intersection over union from which two windows show the same face. */
const SAME_FACE = 0.4;
/** Share of the smaller one's area from which it is taken for a part of the better face. */
const INSIDE = 0.5;

/**
 * The strongest window gathers what overlaps it, again and again; a face lies where its windows lie
 * on average, weighted by their scores, and scores their sum.
 * @param {Found[]} windows with scores > 0
 * @returns {Found[]} best first
 */
export function grouped(windows) {
  let left = bestFirst(windows);
  const faces = [];
  while (left.length > 0) {
    const near = left.filter(({ box }) => shared(left[0].box, box) >= SAME_FACE);
    left = left.filter((one) => !near.includes(one));
    const score = near.reduce((sum, one) => sum + one.score, 0);
    const edge = (/** @type {number} */ i) => near.reduce((sum, one) => sum + one.score * one.box[i], 0) / score;
    faces.push({ box: /** @type {Box} */ ([edge(0), edge(1), edge(2), edge(3)]), score });
  }
  return withoutParts(bestFirst(faces));
}

/** @param {Found[]} faces best first */
function withoutParts(faces) {
  /** @type {Found[]} */
  const kept = [];
  for (const face of faces) {
    const isPart = kept.some(
      ({ box }) => common(face.box, box) > INSIDE * Math.min(area(face.box), area(box)),
    );
    if (!isPart) kept.push(face);
  }
  return kept;
}

/** @param {Found[]} found */
function bestFirst(found) {
  return [...found].sort((a, b) => b.score - a.score);
}

/** Intersection over union. @param {Box} a @param {Box} b */
function shared(a, b) {
  const both = common(a, b);
  return both / (area(a) + area(b) - both);
}

/** @param {Box} a @param {Box} b */
function common(a, b) {
  const width = Math.max(Math.min(a[2], b[2]) - Math.max(a[0], b[0]), 0);
  return width * Math.max(Math.min(a[3], b[3]) - Math.max(a[1], b[1]), 0);
}

/** @param {Box} box */
function area([x0, y0, x1, y1]) {
  return (x1 - x0) * (y1 - y0);
}
