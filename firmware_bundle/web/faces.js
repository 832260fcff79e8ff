/** Faces on the page: boxes over the live camera, a picture with them, a table, every digit as JSON. */

import { announce, digits } from './answers.js';
import { drawBoxes } from './boxes.js';
import { Camera } from './camera.js';
import { element, made, show, write } from './elements.js';
import { Live } from './live.js';
import { say } from './strings.js';

/** @typedef {import('./looking.js').Looked} Looked */
/** @typedef {import('./questions.js').Questions} Questions */
/** @typedef {(asking: () => Promise<Looked>, wanted?: () => boolean) => Promise<Looked | null>} Answering */

/**
 * @param {Questions} questions
 * @param {(error: unknown) => void} refuse
 */
export function serveFaces(questions, refuse) {
  /** What comes too late to be wanted is not shown: it would hide why. @type {Answering} */
  const answering = async (asking, wanted = () => true) => {
    try {
      const looked = await asking();
      if (!wanted()) return null;
      drawOver(looked.preview === null ? looked : null);
      showFaces(looked);
      return looked;
    } catch (error) {
      drawOver(null);
      if (wanted()) refuse(error);
      return null;
    }
  };
  const camera = new Camera(null, (error) => {
    live.stop();
    refuse(error);
  });
  /** @param {boolean} preview */
  const look = (preview) => answering(async () => {
    const { bitmap } = await camera.frame();
    return questions.ask('faces_frame', { bitmap, preview }, [bitmap]);
  }, () => camera.running);
  const live = new Live(camera, () => look(false));
  /** @param {() => Promise<unknown>} action */
  const trying = (action) => () => action().catch(refuse);
  element('camera_start').addEventListener('click', trying(async () => {
    live.stop();
    drawOver(null);
    if (camera.running) camera.stop();
    else await camera.start();
  }));
  element('camera_turn').addEventListener('click', trying(() => camera.turn()));
  element('camera_take').addEventListener('click', () => {
    live.stop();
    return look(true);
  });
  element('camera_live').addEventListener('click', () => {
    if (!live.running) return live.start();
    live.stop();
    return drawOver(null);
  });
  element('file').addEventListener('change', () => {
    const [file] = element('file').files;
    if (file !== undefined) answering(() => questions.ask('faces_file', { file }));
    element('file').value = '';
  });
}

/** @param {Looked} looked */
function showFaces({ faces, undecided, json, ms, preview }) {
  const found = say(['face_none', 'face_one'][faces.length] ?? 'face_many', { faces: faces.length });
  show('refused', false);
  show('answer', true);
  write('label', found);
  element('label').classList.add('long');
  element('rows_listed').replaceChildren(...faces.map(({ box, score }, i) => {
    const row = made('tr', '');
    const place = box.map((edge) => Math.round(edge)).join(', ');
    row.append(made('th', String(i + 1), { scope: 'row' }), made('td', place), made('td', digits(score)));
    return row;
  }));
  show('rows_table', faces.length > 0);
  show('looked', preview !== null);
  if (preview !== null) {
    Object.assign(element('looked'), { width: preview.width, height: preview.height });
    element('looked').getContext('bitmaprenderer').transferFromImageBitmap(preview);
  }
  write('json', json.join('\n'));
  const time = say('time_one', { ms: digits(ms) });
  write('time', undecided === 0 ? time : `${time} ${say('faces_undecided', { windows: undecided })}`);
  announce(found);
}

/** Boxes over what the camera shows, in the pixels of its frame. @param {Looked | null} looked */
function drawOver(looked) {
  const canvas = element('boxes');
  const { width, height, faces } = looked ?? { width: 1, height: 1, faces: [] };
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  context.clearRect(0, 0, width, height);
  drawBoxes(context, faces, 1);
}
