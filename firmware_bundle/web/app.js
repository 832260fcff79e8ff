/** The page: verify, open the model, then take pictures and rows. */

import { digits, showAnswers } from './answers.js';
import { Camera } from './camera.js';
import { element, show, write } from './elements.js';
import { fillExample, rowsHint } from './example.js';
import { serveFaces } from './faces.js';
import { Live } from './live.js';
import { Pad } from './pad.js';
import { modelParts } from './parts.js';
import { checkPins } from './pins.js';
import { showProof } from './proof.js';
import { Questions } from './questions.js';
import { asPlain, Refusal } from './refusal.js';
import { pageSource } from './source.js';
import { say } from './strings.js';
import { startTabs } from './tabs.js';
import { fetchAgain, keepForOffline } from './updates.js';
import { verifyFiles } from './verification.js';

/** @typedef {import('./contract.js').Contract} Contract */
/** @typedef {import('./worker.js').Answered} Answered */
/** @typedef {(asking: () => Promise<Answered>, wanted?: () => boolean) => Promise<Answered | null>} Answering */

const FEATURES = ['DecompressionStream', 'OffscreenCanvas', 'createImageBitmap', 'Worker', 'BigInt64Array'];

/** What the model cannot do without. @throws {Refusal} this browser lacks it */
function checkBrowser() {
  if (typeof WebAssembly !== 'object') throw new Refusal('Unavailable', 'no_webassembly');
  if (!isSecureContext || crypto.subtle === undefined) {
    throw new Refusal('Unavailable', 'no_secure_context', { actual: 'WebCrypto' });
  }
  const missing = FEATURES.filter((name) => !(name in globalThis));
  if (missing.length > 0) {
    throw new Refusal('Unavailable', 'browser_too_old', { actual: missing.join(', ') });
  }
}

async function start() {
  const source = pageSource();
  element('again').addEventListener('click', fetchAgain);
  show('not_started', false);
  try {
    checkBrowser();
    show('progress', true);
    const { signed, files } = await verifyFiles(source, (done, all) => {
      Object.assign(element('bar'), { max: all + 2, value: done });
    });
    write('stage', say('stage_model'));
    const file = (/** @type {string} */ name) => /** @type {Uint8Array<ArrayBuffer>} */ (files.get(name));
    const pins = checkPins(signed, file('bundle.json'));
    const questions = new Questions(file('worker.js'));
    const wanted = ['engine.bin', ...modelParts(files)];
    const opened = await questions.ask('open', Object.fromEntries(wanted.map((name) => [name, file(name)])));
    pins.settle(opened.contract);
    showProof(signed, opened, pins.by, signed.digests.size);
    if (opened.detects) serveDetector(questions);
    else serve(questions, opened.contract, file('artifact/golden.bin'));
    show('progress', false);
    state('verified');
    performance.mark('verified');
    if (source.single) write('offline', say('offline_single'));
    else await keepForOffline();
  } catch (error) {
    show('progress', false);
    show('work', false);
    refuse(error, 'refused_whole');
    show('again', !source.single);
    state('not_verified');
  }
}

/** @param {'verified' | 'not_verified'} key */
function state(key) {
  write('state', say(key));
  element('state').className = key;
  document.body.dataset['state'] = key;
}

/**
 * @param {unknown} error
 * @param {string} [title]
 */
function refuse(error, title = 'refused_one') {
  const named = error instanceof Error && 'key' in error;
  const { name, message } = named ? error : asPlain(error);
  show('answer', false);
  write('refused_title', say(title));
  write('refused_text', message);
  write('refused_kind', name);
  show('refused', true);
}

/** @param {Questions} questions */
function serveDetector(questions) {
  startTabs(['camera', 'file']);
  show('bench', false);
  write('camera_hint', say('faces_hint'));
  write('file_hint', say('faces_file_hint'));
  write('camera_take', say('faces_take'));
  write('column_row', say('column_face'));
  write('column_answer', say('column_box'));
  write('column_score', say('column_sure'));
  serveFaces(questions, refuse);
  show('work', true);
}

/**
 * @param {Questions} questions
 * @param {Contract} contract
 * @param {Uint8Array<ArrayBuffer>} golden
 */
function serve(questions, contract, golden) {
  /** What comes too late to be wanted is not shown: it would hide why. @type {Answering} */
  const answering = async (asking, wanted = () => true) => {
    try {
      const answered = await asking();
      if (!wanted()) return null;
      showAnswers(answered);
      return answered;
    } catch (error) {
      if (wanted()) refuse(error);
      return null;
    }
  };
  const { image } = contract;
  startTabs(image === null ? ['rows'] : image.mode === 'L' ? ['camera', 'file', 'draw', 'rows'] : ['camera', 'file', 'rows']);
  if (image !== null) servePictures(questions, image, answering);
  element('bench').addEventListener('click', async () => {
    const { median, worst, runs } = await questions.ask('bench', {});
    write('bench_said', say('bench_said', { median: digits(median), worst: digits(worst), runs }));
  });
  write('rows_hint', rowsHint(contract));
  element('rows_go').addEventListener('click', () => answering(() => questions.ask('rows', { text: element('rows_text').value })));
  element('rows_example').addEventListener('click', () => fillExample(contract, golden));
  element('rows_file').addEventListener('change', async () => {
    const [file] = element('rows_file').files;
    if (file !== undefined) element('rows_text').value = await file.text();
  });
  show('work', true);
}

/**
 * @param {Questions} questions
 * @param {import('./contract.js').Picture} image
 * @param {Answering} answering
 */
function servePictures(questions, image, answering) {
  const camera = new Camera(image.width / image.height, (error) => {
    live.stop();
    refuse(error);
  });
  const look = () => answering(async () => {
    const { bitmap, part } = await camera.frame();
    return questions.ask('frame', { bitmap, part }, [bitmap]);
  }, () => camera.running);
  const live = new Live(camera, look);
  /** @param {() => Promise<unknown>} action */
  const trying = (action) => () => action().catch((error) => refuse(error));
  element('camera_start').addEventListener('click', trying(async () => {
    live.stop();
    if (camera.running) camera.stop();
    else await camera.start();
  }));
  element('camera_turn').addEventListener('click', trying(() => camera.turn()));
  element('camera_take').addEventListener('click', () => {
    live.stop();
    return look();
  });
  element('camera_live').addEventListener('click', () => (live.running ? live.stop() : live.start()));
  element('file').addEventListener('change', () => {
    const [file] = element('file').files;
    if (file !== undefined) answering(() => questions.ask('file', { file }));
    element('file').value = '';
  });
  const pad = new Pad(image, () => answering(async () => {
    const bitmap = await pad.picture();
    return questions.ask('frame', { bitmap, part: undefined }, [bitmap]);
  }));
}

start();
