/** The camera: what it shows is what the model sees, cut to the contract's proportions. */

import { element, show, write } from './elements.js';
import { Refusal } from './refusal.js';
import { say } from './strings.js';

/** @type {Record<string, string>} what a browser says to the sentence that the page says */
const REASONS = {
  NotAllowedError: 'camera_denied',
  SecurityError: 'camera_denied',
  NotFoundError: 'camera_none',
  OverconstrainedError: 'camera_none',
  NotReadableError: 'camera_busy',
  AbortError: 'camera_busy',
};

export class Camera {
  /** @type {HTMLVideoElement} */
  #video = element('video');
  /** @type {MediaStream | null} */
  #stream = null;
  #facing = 'environment';
  #ratio;
  #refused;

  /**
   * @param {number | null} ratio width by height of what the model sees; null for all of the frame
   * @param {(error: unknown) => void} refused
   */
  constructor(ratio, refused) {
    this.#ratio = ratio;
    this.#refused = refused;
    if (ratio !== null) this.#video.style.aspectRatio = String(ratio);
  }

  get running() {
    return this.#stream !== null;
  }

  /** @throws {Refusal} there is none, or it is not to be used */
  async start() {
    this.stop();
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Refusal('Unavailable', isSecureContext ? 'browser_too_old' : 'no_secure_context', { actual: 'camera' });
    }
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: this.#facing }, width: { ideal: 640 }, height: { ideal: 480 } },
      });
    } catch (error) {
      const name = error instanceof DOMException ? error.name : '';
      throw new Refusal('Unavailable', REASONS[name] ?? 'camera_failed', { actual: error });
    }
    for (const track of this.#stream.getVideoTracks()) {
      track.addEventListener('ended', () => this.#unplugged());
    }
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    this.#shown(true);
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#video.srcObject = null;
    this.#shown(false);
  }

  async turn() {
    this.#facing = this.#facing === 'environment' ? 'user' : 'environment';
    await this.start();
  }

  /**
   * The frame that is shown now, and the part of it within the viewfinder.
   * @returns {Promise<{bitmap: ImageBitmap, part: import('./worker.js').Part}>}
   */
  async frame() {
    const bitmap = await createImageBitmap(this.#video);
    const ratio = this.#ratio ?? bitmap.width / bitmap.height;
    const width = Math.min(bitmap.width, Math.round(bitmap.height * ratio));
    const height = Math.min(bitmap.height, Math.round(bitmap.width / ratio));
    const x = Math.floor((bitmap.width - width) / 2);
    const y = Math.floor((bitmap.height - height) / 2);
    return { bitmap, part: { x, y, width, height } };
  }

  /** The next frame that the camera gives. @returns {Promise<void>} */
  next() {
    return new Promise((resolve) => {
      if ('requestVideoFrameCallback' in this.#video) this.#video.requestVideoFrameCallback(() => resolve());
      else requestAnimationFrame(() => resolve());
    });
  }

  #unplugged() {
    if (this.#stream === null) return;
    this.stop();
    this.#refused(new Refusal('Unavailable', 'camera_unplugged'));
  }

  /** @param {boolean} running */
  #shown(running) {
    for (const id of ['camera_take', 'camera_live', 'camera_turn', 'finder']) show(id, running);
    write('camera_start', say(running ? 'camera_stop' : 'camera_start'));
    element('camera_start').classList.toggle('main', !running);
  }
}
