/** Boxes around faces. */

/** @typedef {import('./detector.js').Face} Face */

/**
 * Dark around light, to be seen on any picture.
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context
 * @param {Face[]} faces
 * @param {number} scale
 */
export function drawBoxes(context, faces, scale) {
  for (const [colour, width] of /** @type {[string, number][]} */ ([['#000', 5], ['#fff', 2]])) {
    Object.assign(context, { strokeStyle: colour, lineWidth: width });
    for (const { box: [x0, y0, x1, y1] } of faces) {
      context.strokeRect(x0 * scale, y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale);
    }
  }
}
