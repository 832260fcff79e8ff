/** Live mode: frame after frame to the worker, one at a time, so that none waits in a queue. */

import { element, show, write } from './elements.js';
import { say } from './strings.js';

/** @typedef {import('./camera.js').Camera} Camera */
/** @typedef {{motion?: {moves: boolean}}} Answered */

const SMOOTHING = 0.9;

export class Live {
  #camera;
  #ask;
  #running = false;

  /**
   * @param {Camera} camera
   * @param {() => Promise<Answered | null>} ask about the frame that is shown now
   */
  constructor(camera, ask) {
    this.#camera = camera;
    this.#ask = ask;
  }

  get running() {
    return this.#running;
  }

  stop() {
    this.#running = false;
    element('camera_live').setAttribute('aria-pressed', 'false');
    show('live', false);
  }

  async start() {
    this.#running = true;
    element('camera_live').setAttribute('aria-pressed', 'true');
    show('live', true);
    let interval = 0;
    let last = performance.now();
    while (this.#running && this.#camera.running) {
      const answered = await this.#ask();
      if (answered === null) break;
      const now = performance.now();
      interval = interval === 0 ? now - last : SMOOTHING * interval + (1 - SMOOTHING) * (now - last);
      last = now;
      write('rate', say('rate', { rate: Math.round(1000 / interval) }));
      write('motion', say(answered.motion?.moves ? 'motion_yes' : 'motion_no'));
      element('motion').classList.toggle('moves', answered.motion?.moves === true);
      await this.#camera.next();
    }
    this.stop();
  }
}
