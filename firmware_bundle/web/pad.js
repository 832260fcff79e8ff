/** The drawing pad: a pointer draws, and so do the arrow keys. Its picture is what the model sees. */

import { element } from './elements.js';

const STEP = 12;
const STROKE = 0.11;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Pad {
  /** @type {HTMLCanvasElement} */
  #canvas = element('pad');
  /** @type {CanvasRenderingContext2D} */
  #context;
  #ink;
  #paper;
  #pen = { x: 0, y: 0, down: false };
  #changed;

  /**
   * @param {import('./contract.js').Picture} picture
   * @param {() => void} changed after each stroke
   */
  constructor(picture, changed) {
    this.#ink = picture.invert ? '#000' : '#fff';
    this.#paper = picture.invert ? '#fff' : '#000';
    this.#changed = changed;
    this.#canvas.height = Math.round((this.#canvas.width * picture.height) / picture.width);
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d', { alpha: false, willReadFrequently: true }));
    this.#canvas.addEventListener('pointerdown', (event) => this.#press(event));
    this.#canvas.addEventListener('pointermove', (event) => this.#drag(event));
    for (const name of ['pointerup', 'pointercancel']) {
      this.#canvas.addEventListener(name, () => this.#lift());
    }
    this.#canvas.addEventListener('keydown', (event) => this.#key(event));
    element('pad_clear').addEventListener('click', () => this.clear());
    this.clear();
  }

  clear() {
    const { width, height } = this.#canvas;
    Object.assign(this.#pen, { x: width / 2, y: height / 4, down: false });
    this.#context.fillStyle = this.#paper;
    this.#context.fillRect(0, 0, width, height);
    element('pad_hint').hidden = false;
  }

  picture() {
    return createImageBitmap(this.#canvas);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    this.#canvas.setPointerCapture(event.pointerId);
    Object.assign(this.#pen, this.#place(event), { down: true });
    this.#to(this.#pen.x, this.#pen.y);
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (!this.#pen.down) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const { x, y } = this.#place(one);
      this.#to(x, y);
    }
  }

  #lift() {
    if (!this.#pen.down) return;
    this.#pen.down = false;
    this.#changed();
  }

  /** Arrows move the pen; with shift held they draw. @param {KeyboardEvent} event */
  #key(event) {
    const arrow = ARROWS[event.key];
    if (arrow === undefined) return;
    event.preventDefault();
    const x = Math.min(Math.max(this.#pen.x + arrow[0] * STEP, 0), this.#canvas.width);
    const y = Math.min(Math.max(this.#pen.y + arrow[1] * STEP, 0), this.#canvas.height);
    if (event.shiftKey) {
      this.#to(x, y);
      this.#changed();
    } else Object.assign(this.#pen, { x, y });
  }

  /** @param {PointerEvent} event */
  #place(event) {
    const box = this.#canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * this.#canvas.width,
      y: ((event.clientY - box.top) / box.height) * this.#canvas.height,
    };
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  #to(x, y) {
    element('pad_hint').hidden = true;
    const context = this.#context;
    context.strokeStyle = this.#ink;
    context.lineWidth = STROKE * this.#canvas.width;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(this.#pen.x, this.#pen.y);
    context.lineTo(x, y);
    context.stroke();
    Object.assign(this.#pen, { x, y });
  }
}
