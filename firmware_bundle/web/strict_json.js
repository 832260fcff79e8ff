/**
 * JSON as two readers cannot read it differently: bounded, no duplicate key, finite numbers,
 * and every digit of an integer. `JSON.parse` keeps the last of two keys and rounds integers.
 */

const MAX_CHARACTERS = 4 << 20;
const MAX_DEPTH = 32;
const JSON_NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y;
const SPACE = /[ \t\n\r]*/y;

/** An integer that no double holds is a bigint. @typedef {null|boolean|number|bigint|string} Scalar */
/** @typedef {Scalar | Json[] | {[key: string]: Json}} Json */

/**
 * @param {string} text
 * @returns {Json}
 * @throws {SyntaxError} it is anything else
 */
export function parseStrict(text) {
  if (text.length > MAX_CHARACTERS) throw new SyntaxError(`more than ${MAX_CHARACTERS} characters`);
  let at = 0;

  /** @param {RegExp} pattern */
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) throw new SyntaxError(`unexpected text at character ${at}`);
    at = pattern.lastIndex;
    return found;
  };
  const skip = () => void take(SPACE);
  /** @param {string} wanted */
  const expect = (wanted) => {
    if (!text.startsWith(wanted, at)) throw new SyntaxError(`no ${wanted} at character ${at}`);
    at += wanted.length;
  };
  const string = () => /** @type {string} */ (JSON.parse(take(STRING)[0]));

  /** @returns {number | bigint} */
  const number = () => {
    const [digits, fraction, exponent] = take(JSON_NUMBER);
    const value = Number(digits);
    if (!Number.isFinite(value)) throw new SyntaxError(`${digits.slice(0, 32)} overflows a double`);
    const whole = fraction === undefined && exponent === undefined;
    return whole && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  };

  /**
   * @param {string} close
   * @param {() => void} item
   */
  const items = (close, item) => {
    at += 1;
    skip();
    if (text[at] !== close) {
      for (;;) {
        skip();
        item();
        skip();
        if (text[at] !== ',') break;
        at += 1;
      }
    }
    expect(close);
  };

  /**
   * @param {number} depth
   * @returns {Json}
   */
  const value = (depth) => {
    if (depth > MAX_DEPTH) throw new SyntaxError('nested too deeply');
    const first = text[at];
    if (first === '"') return string();
    if (first === '[') {
      /** @type {Json[]} */
      const list = [];
      items(']', () => list.push(value(depth + 1)));
      return list;
    }
    if (first === '{') {
      /** @type {{[key: string]: Json}} */
      const object = Object.create(null);
      items('}', () => {
        const key = string();
        if (key in object) throw new SyntaxError(`${key} stands twice in one object`);
        skip();
        expect(':');
        skip();
        object[key] = value(depth + 1);
      });
      return object;
    }
    for (const [word, meant] of WORDS) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meant;
      }
    }
    return number();
  };

  skip();
  const found = value(1);
  skip();
  if (at !== text.length) throw new SyntaxError(`more text at character ${at}`);
  return found;
}

/** @type {[string, boolean | null][]} */
const WORDS = [['true', true], ['false', false], ['null', null]];
