/** Answers on the page: the label, bars, a table of many rows, and every digit as JSON. */

import { element, made, show, write } from './elements.js';
import { shown } from './model.js';
import { say } from './strings.js';

/** @typedef {import('./model.js').Answer} Answer */
/** @typedef {import('./worker.js').Answered} Answered */

const MOST_LISTED = 200;
const MOST_BARS = 30;
const ANNOUNCED_MS = 2000;

let announced = { text: '', at: 0 };

/** @param {Answered} answered */
export function showAnswers({ answers, json, ms }) {
  show('refused', false);
  show('answer', true);
  const [first] = answers;
  const single = answers.length === 1;
  write('label', single ? labelOf(first) : say('rows_answered', { rows: answers.length }));
  element('label').classList.toggle('long', element('label').textContent.length > 12);
  drawBars(single ? first : null);
  listRows(single ? [] : answers.slice(0, MOST_LISTED));
  write('json', json.join('\n'));
  write('time', say(single ? 'time_one' : 'time_many', { ms: digits(ms), each: digits(ms / answers.length) }));
  announce(single ? say('announced', { label: labelOf(first) }) : say('rows_answered', { rows: answers.length }));
}

/** @param {Answer} one */
function labelOf(one) {
  return shown(one.label ?? one.prediction ?? '');
}

/** A screen reader hears a new label, and no more often than it can say one. @param {string} text */
export function announce(text) {
  const now = performance.now();
  if (text === announced.text || now - announced.at < ANNOUNCED_MS) return;
  announced = { text, at: now };
  write('announcement', text);
}

/** @param {Answer | null} one */
function drawBars(one) {
  const list = element('bars');
  const bars = one === null || one.bars.length > MOST_BARS ? [] : one.bars;
  const proba = one?.kind === 'predict_proba';
  const [low, high] = proba ? [0, 1] : range(bars.map(({ value }) => value));
  if (list.children.length !== bars.length) {
    list.replaceChildren(...bars.map(() => {
      const row = made('li', '');
      row.append(made('span', '', { class: 'class' }), made('meter', ''), made('span', '', { class: 'value' }));
      return row;
    }));
  }
  bars.forEach(({ name, value }, i) => {
    const [label, meter, number] = list.children[i].children;
    label.textContent = name;
    Object.assign(meter, { min: low, max: high, value });
    meter.setAttribute('aria-label', name);
    number.textContent = proba ? `${(100 * value).toFixed(1)} %` : digits(value);
    list.children[i].classList.toggle('best', name === labelOf(/** @type {Answer} */ (one)));
  });
  show('bars', bars.length > 0);
}

/** @param {number[]} values @returns {[number, number]} */
function range(values) {
  const [low, high] = [Math.min(...values, 0), Math.max(...values, 0)];
  return [low, high > low ? high : low + 1];
}

/** @param {Answer[]} answers */
function listRows(answers) {
  element('rows_listed').replaceChildren(...answers.map((one, i) => {
    const row = made('tr', '');
    const best = one.bars.length > 1 ? Math.max(...one.bars.map(({ value }) => value)) : null;
    const score = best === null ? '' : digits(best);
    row.append(made('th', String(i + 1), { scope: 'row' }), made('td', labelOf(one)), made('td', score));
    return row;
  }));
  show('rows_table', answers.length > 0);
}

/** @param {number} value */
export function digits(value) {
  return Math.abs(value) >= 1e5 || (Math.abs(value) < 1e-3 && value !== 0)
    ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}
